/*
 * Ways to call the API in tests: the official SDKs, unchanged, in each of their modes; and raw requests that are
 * signed here, to be spoilt in one place.
 */
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const sdks = {
  main: require('tencentcloud-sdk-nodejs'),
  intl: require('tencentcloud-sdk-nodejs-intl-en')
}
for (const name of Object.keys(process.env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete process.env[name]

export const VERSION = '2019-12-05'

const profileOf = (server, { method = 'POST', signMethod = 'TC3-HMAC-SHA256', unsignedPayload = false } = {}) => ({
  signMethod,
  unsignedPayload,
  httpProfile: { endpoint: server.endpoint, protocol: 'https://', reqMethod: method, reqTimeout: 240, agent: server.agent }
})
const credentialOf = account => ({ secretId: account.SecretId, secretKey: account.SecretKey })

/*
 * The international SDK is the older kind: request objects made by its models, answers by callback, and no agent of
 * its own, so that its trust comes from the process.
 */
function intlClient (server, account, mode) {
  const { Client, Models } = sdks.intl.ssl.v20191205
  const Credential = require('tencentcloud-sdk-nodejs-intl-en/tencentcloud/common/credential.js')
  const { httpProfile, ...profile } = profileOf(server, mode)
  https.globalAgent.options.ca = readFileSync(server.root)
  const client = new Client(new Credential(account.SecretId, account.SecretKey), '', { ...profile, httpProfile: { ...httpProfile, headers: {} } })
  return new Proxy({}, {
    get: (_, action) => parameters => new Promise((resolve, reject) => {
      const request = new Models[`${action}Request`]()
      request.deserialize(parameters)
      client[action](request, (error, answer) => error ? reject(error) : resolve(answer))
    })
  })
}

/** Has the international SDK this action? */
export const intlKnows = action => action in sdks.intl.ssl.v20191205.Client.prototype

/** Typed client of the `ssl` service. sdk: main | intl. */
export function sslClient (server, account, { sdk = 'main', ...mode } = {}) {
  if (sdk === 'intl') return intlClient(server, account, mode)
  const { Client } = sdks[sdk].ssl.v20191205
  return new Client({ credential: credentialOf(account), region: '', profile: profileOf(server, mode) })
}

/** Any action of any service: .request(action, parameters). */
export function commonClient (server, account, { version = VERSION, ...mode } = {}) {
  const { CommonClient } = require('tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js')
  return new CommonClient(server.endpoint, version, { credential: credentialOf(account), region: '', profile: profileOf(server, mode) })
}

const sha256 = data => createHash('sha256').update(data).digest('hex')
const hmac = (key, data, encoding) => createHmac('sha256', key).update(data).digest(encoding)

/** TC3 headers for a POST of body; each part can be overridden. */
export function signedHeaders (server, account, { action, body, timestamp = Math.floor(Date.now() / 1000), version = VERSION,
  service = 'ssl', host = server.endpoint, path = '/', date, secretKey = account.SecretKey, secretId = account.SecretId }) {
  date ??= new Date(timestamp * 1000).toISOString().slice(0, 10)
  const type = 'application/json'
  const canonical = ['POST', path, '', `content-type:${type}`, `host:${host}`, '', 'content-type;host', sha256(body)].join('\n')
  const scope = `${date}/${service}/tc3_request`
  const text = ['TC3-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n')
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request')
  return {
    host,
    'content-type': type,
    'x-tc-action': action,
    'x-tc-version': version,
    'x-tc-timestamp': String(timestamp),
    authorization: `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${hmac(key, text, 'hex')}`
  }
}

/** { status, headers, text, json }; headers with value undefined are left out. */
export async function send (server, { method = 'POST', path = '/', headers = {}, body = '' }) {
  const given = Object.fromEntries(Object.entries(headers).filter(([, v]) => v !== undefined))
  const reply = await server.request({ method, path, headers: { ...given, 'content-length': Buffer.byteLength(body) }, body })
  let json = null
  try { json = JSON.parse(reply.text) } catch {}
  return { ...reply, json }
}

/**
 * One signed POST. `body` may be any text; `sign` overrides parts of what is signed, `headers` parts of what is sent.
 * Returns { status, headers, text, answer, error }.
 */
export async function call (server, account, action, body = '{}', { sign = {}, headers = {}, path = '/' } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await send(server, { path, body: text, headers: { ...signedHeaders(server, account, { action, body: text, ...sign }), ...headers } })
  return { ...reply, answer: reply.json?.Response, error: reply.json?.Response?.Error }
}

/** Settings for tests that validate nothing: nobody is asked, least of all the root servers. */
export const noDns = { 'validation.resolver': '127.0.0.1:1', 'validation.trust-anchor': 'none' }
