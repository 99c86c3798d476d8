/*
 * An ACME client for tests, each step by itself, so that any of them can be done wrongly.
 *
 *   const client = new Acme(c)                              c of chancery.mjs
 *   await client.register()                                 { contact, external: { keyId, hmacKey } }
 *   const order = await client.order(['a.test'])            { status, body, location, headers }
 *   const pem = await client.obtain(['a.test'], { solve })  the whole way; solve(challenge, authorization) places the answer
 *   await client.post(url, payload, { nonce, url, kid, alg, tamper })   one request with anything in it changed
 *
 * answer(challenge) is the key authorization, dnsValue(challenge) its hash for DNS.
 */
import assert from 'node:assert/strict'
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, sleep } from './chancery.mjs'

export const b64u = data => Buffer.from(data).toString('base64url')
const ALGORITHMS = {
  ES256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), sign: (key, data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }) },
  ES384: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), sign: (key, data) => sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' }) },
  RS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), sign: (key, data) => sign('sha256', data, key) },
  EdDSA: { make: () => generateKeyPairSync('ed25519'), sign: (key, data) => sign(null, data, key) }
}

export const makeKey = (alg = 'ES256') => ALGORITHMS[alg].make().privateKey
export const jwkOf = key => {
  const { kty, crv, x, y, n, e } = createPublicKey(key).export({ format: 'jwk' })
  return kty === 'RSA' ? { e, kty, n } : kty === 'OKP' ? { crv, kty, x } : { crv, kty, x, y }
}
export const thumbprint = key => createHash('sha256').update(JSON.stringify(jwkOf(key))).digest('base64url')

/** A flattened JWS; `tamper(parts)` may change { protected, payload, signature } before it is sent. */
export function jws ({ key, alg = 'ES256', header, payload, tamper }) {
  const parts = { protected: b64u(JSON.stringify({ alg, ...header })), payload: payload === '' ? '' : b64u(typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)) }
  parts.signature = b64u(ALGORITHMS[alg]?.sign(key, Buffer.from(`${parts.protected}.${parts.payload}`)) ?? '')
  tamper?.(parts)
  return JSON.stringify(parts)
}

/** A request for names by openssl, with a key of its own: { csr (DER), key (PEM) }. */
export async function makeCsr (dir, names, { key, subject = '/', keyOptions = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], san } = {}) {
  const base = join(dir, `csr-${randomBytes(6).toString('hex')}`)
  if (key) writeFileSync(`${base}.key`, key)
  else assert.equal((await run('openssl', ['genpkey', ...keyOptions, '-out', `${base}.key`])).code, 0)
  const list = san ?? names.map(n => (/^[\d.]+$|:/.test(n) ? `IP:${n}` : `DNS:${n}`)).join(',')
  const ext = list ? ['-addext', `subjectAltName=${list}`] : []
  const made = await run('openssl', ['req', '-new', '-key', `${base}.key`, '-subj', subject, ...ext, '-outform', 'DER', '-out', `${base}.csr`])
  assert.equal(made.code, 0, made.stderr)
  const { readFileSync } = await import('node:fs')
  return { csr: readFileSync(`${base}.csr`), key: readFileSync(`${base}.key`, 'utf8') }
}

export class Acme {
  constructor (c, { alg = 'ES256', key, address } = {}) { /* address: of ours, 127.x.y.z */
    Object.assign(this, { c, alg, address, key: key ?? makeKey(alg), nonces: [], base: `https://127.0.0.1:${c.port}` })
  }

  url (path) { return `${this.base}/acme/${path}` }

  async raw (method, url, body = '', headers = {}) {
    const { pathname, search } = new URL(url)
    const reply = await this.c.request({ method, path: pathname + search, body, localAddress: this.address, headers: { Host: `127.0.0.1:${this.c.port}`, ...headers } })
    if (reply.headers['replay-nonce']) this.nonces.push(reply.headers['replay-nonce'])
    let parsed
    try { parsed = JSON.parse(reply.text) } catch { parsed = undefined }
    return { status: reply.status, headers: reply.headers, text: reply.text, body: parsed, location: reply.headers.location, type: parsed?.type?.replace('urn:ietf:params:acme:error:', '') }
  }

  async nonce () {
    if (this.nonces.length === 0) await this.raw('HEAD', this.url('new-nonce'))
    return this.nonces.pop()
  }

  /** One signed request; badNonce is tried again as clients do, unless `nonce` was given. */
  async post (url, payload = '', { nonce, jwk, kid = this.kid, alg = this.alg, key = this.key, header = {}, tamper, media = 'application/jose+json', to = url } = {}) {
    for (let tries = 0; ; tries++) {
      const body = jws({ key, alg, payload, tamper, header: { ...(jwk || !kid ? { jwk: jwk ?? jwkOf(key) } : { kid }), nonce: nonce ?? await this.nonce(), url, ...header } })
      const reply = await this.raw('POST', to, body, { 'Content-Type': media })
      if (reply.type !== 'badNonce' || nonce !== undefined || tries === 5) return reply
    }
  }

  external (keyId, hmacKey, { alg = 'HS256', url = this.url('new-account'), key = this.key } = {}) {
    const parts = { protected: b64u(JSON.stringify({ alg, kid: keyId, url })), payload: b64u(JSON.stringify(jwkOf(key))) }
    parts.signature = createHmac(`sha${alg.slice(2)}`, Buffer.from(hmacKey, 'base64url')).update(`${parts.protected}.${parts.payload}`).digest('base64url')
    return parts
  }

  async register ({ contact = ['mailto:admin@acme.example.com'], external, ...more } = {}) {
    const payload = { termsOfServiceAgreed: true, contact, ...more }
    if (external) payload.externalAccountBinding = this.external(external.keyId, external.hmacKey)
    const reply = await this.post(this.url('new-account'), payload, { jwk: jwkOf(this.key) })
    if (reply.location) this.kid = reply.location
    return reply
  }

  order (names, more = {}) {
    const identifiers = names.map(n => (typeof n === 'object' ? n : { type: /^[\d.]+$|:/.test(n) ? 'ip' : 'dns', value: n }))
    return this.post(this.url('new-order'), { identifiers, ...more })
  }

  answer (challenge) { return `${challenge.token}.${thumbprint(this.key)}` }
  dnsValue (challenge) { return createHash('sha256').update(this.answer(challenge)).digest('base64url') }

  /** Poll until the status is none of these. */
  async wait (url, busy = ['pending', 'processing'], ms = 240_000) {
    const end = Date.now() + ms
    for (;;) {
      const reply = await this.post(url)
      if (!busy.includes(reply.body?.status) || Date.now() > end) return reply
      await sleep(100)
    }
  }

  async authorize (url, { type = 'http-01', solve }) {
    const authorization = (await this.post(url)).body
    if (authorization.status === 'valid') return authorization
    const challenge = authorization.challenges.find(ch => ch.type === type)
    assert.ok(challenge, `no ${type} for ${JSON.stringify(authorization)}`)
    await solve(challenge, authorization)
    await this.post(challenge.url, {})
    return (await this.wait(url)).body
  }

  /** From names to { order, pem, key, csr }. */
  async obtain (names, { type, solve, csr, more } = {}) {
    const order = await this.order(names, more)
    assert.equal(order.status, 201, order.text)
    for (const url of order.body.authorizations) {
      const authorization = await this.authorize(url, { type, solve })
      assert.equal(authorization.status, 'valid', JSON.stringify(authorization))
    }
    const made = csr ?? await makeCsr(this.c.dir, names)
    const finalized = await this.post(order.body.finalize, { csr: b64u(made.csr) })
    assert.equal(finalized.status, 200, finalized.text)
    const done = finalized.body.status === 'valid' ? finalized : await this.wait(order.location)
    assert.equal(done.body.status, 'valid', done.text)
    const certificate = await this.post(done.body.certificate)
    assert.equal(certificate.status, 200, certificate.text)
    return { order, done, pem: certificate.text, certificate, certificateUrl: done.body.certificate, ...made }
  }
}

/** The certificates of a chain as DER. */
export const ders = pem => pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  .map(text => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
export { createPrivateKey }
