#!/bin/sh
# Call one action of the API with nothing but a shell, openssl and curl: an independent signer beside the SDKs.
#
#   SECRET_ID=… SECRET_KEY=… sign.sh https://127.0.0.1:8443 ACTION ['{"Json":"body"}']
#
# CA_FILE names the trust anchor (root.pem of the data directory).  SERVICE, VERSION and TIMESTAMP may be set for trials.
# It signs content-type, host and x-tc-action; the action's value in lower case, as many scripts do.
set -eu

endpoint=$1
action=$2
body=${3:-'{}'}
host=${endpoint#*://}
service=${SERVICE:-ssl}
version=${VERSION:-2019-12-05}
timestamp=${TIMESTAMP:-$(date +%s)}
date=$(date -u -d "@$timestamp" +%Y-%m-%d)
signed='content-type;host;x-tc-action'

hash() { printf %s "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
hmac() { printf %s "$2" | openssl dgst -sha256 -mac HMAC -macopt "$1" -r | cut -d' ' -f1; }

canonical="POST
/

content-type:application/json; charset=utf-8
host:$host
x-tc-action:$(printf %s "$action" | tr '[:upper:]' '[:lower:]')

$signed
$(hash "$body")"
scope="$date/$service/tc3_request"
text="TC3-HMAC-SHA256
$timestamp
$scope
$(hash "$canonical")"
key=$(hmac "key:TC3$SECRET_KEY" "$date")
key=$(hmac "hexkey:$key" "$service")
key=$(hmac "hexkey:$key" tc3_request)
signature=$(hmac "hexkey:$key" "$text")

exec curl -sS ${CA_FILE:+--cacert "$CA_FILE"} --noproxy '*' "$endpoint/" \
  -H "Authorization: TC3-HMAC-SHA256 Credential=$SECRET_ID/$scope, SignedHeaders=$signed, Signature=$signature" \
  -H "X-TC-Action: $action" -H "X-TC-Version: $version" -H "X-TC-Timestamp: $timestamp" \
  -H 'Content-Type: application/json; charset=utf-8' --data-binary "$body"
