/*
 * Compromised keys.  Whoever owns the certificate, or shows that they hold its key, ends it at once: no proof of the name,
 * no reviewer, no guard stands in the way (BR 4.9.1.1).  Everything certified for the key goes, in every account, and the
 * key is never accepted again by any way in: store_key_insert() refuses it, and so does every round of issue.
 */
#pragma once

#include "core/act.h"
#include "base/buf.h"

/*
 * `source`: owner, proof, operator.  Revokes what is issued for the key, fails what is applied for, and blocks the key; what was
 * revoked for another reason is said to be compromised (revoke_raise).  *ret_count: certificates that were revoked or raised now.
 */
MUST res compromise_report(struct act *act, struct bytes spki_hash, const char *source, int64_t *ret_count);

/*
 * By possession: a certificate request (PEM) that the key signed, whose common name is COMPROMISE_COMMON_NAME, so that no
 * request made for another purpose can be used.  ERR_CERT_INVALID, ERR_SIGNATURE; ERR_CERT_NOT_FOUND: nothing here was ever
 * made for this key.
 */
#define COMPROMISE_COMMON_NAME "Proof of key compromise"
MUST res compromise_prove(struct act *act, struct str csr_pem, int64_t *ret_count);
/* Is it a key that may not come in?  By the SHA-256 of its SubjectPublicKeyInfo, or by that.  ERR_KEY_BLOCKED. */
struct store_conn;
MUST res compromise_check_hash(struct store_conn *conn, struct bytes spki_hash);
MUST res compromise_check(struct act *act, struct bytes spki);
