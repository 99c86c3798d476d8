/*
 * What stands above a single order: CAA asked again before signing, keys that nobody may have, the account's quota, rates of one
 * registered domain, what time ends, and that evidence is for the very name that was asked.  Takes about 60 s.
 */
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { startNginx } from '../lib/web.mjs'
import { Acme, b64u, ders, jwkOf, jws, makeCsr, makeKey } from '../lib/acme.mjs'

const ZONE = 'rules-test.com'
let dns, web, c, dir, operator
let many /* certificates by one key each, for the last test */
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chancery-rules-'))
  chmodSync(dir, 0o755) /* read by the server's own user */
  cpSync(new URL('../../catalogue', import.meta.url), join(dir, 'catalogue'), { recursive: true })
  const a = name => [name, 'A', '127.0.0.1']
  dns = await startDns({ zones: [{ name: ZONE, records: [a(ZONE), a(`*.${ZONE}`)] }, { name: 'rate-test.com', records: [a('*.rate-test.com')] }] })
  web = await startNginx()
  c = await startChancery({ dns, web, settings: { 'ca.caa-identities': 'localhost', 'catalogue.dir': join(dir, 'catalogue') } })
  operator = await c.createAccount({ name: 'operator', role: 'operator' })
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const byHttp = one => ({ type: 'http-01', solve: ch => web.setFile(`/.well-known/acme-challenge/${ch.token}`, one.answer(ch)) })
const byDns = one => ({ type: 'dns-01', solve: (ch, authz) => dns.addRecord(`_acme-challenge.${authz.identifier.value}`, 'TXT', one.dnsValue(ch)) })
const is = (reply, type, status) => {
  assert.equal(reply.type, type, reply.text)
  assert.equal(reply.status, status, reply.text)
}
async function register (options) {
  const one = new Acme(c, options)
  assert.equal((await one.register()).status, 201)
  return one
}
/* An order whose names are all proved. */
async function ready (one, names, how = byHttp(one)) {
  const order = await one.order(names)
  assert.equal(order.status, 201, order.text)
  for (const url of order.body.authorizations) assert.equal((await one.authorize(url, how)).status, 'valid', names.join())
  return order
}
const finalize = (one, order, csr) => one.post(order.body.finalize, { csr: b64u(csr) })
const csrOf = async (names, more) => (await makeCsr(c.dir, names, more)).csr

/* ---- keys ---- */

const spec = readFileSync(new URL('../unit/pki_weak.h', import.meta.url), 'utf8')
const modulus = name => spec.match(new RegExp(`#define ${name} \\\\\\n((?: +"[0-9a-f]+"(?: \\\\)?\\n)+)`))[1].replace(/[^0-9a-f]/g, '')

/* RSA of two primes that lie close together is taken apart by Fermat in one step, so we can sign with it. */
function keyOfClosePrimes (n) {
  let root = 1n << 1024n
  for (let next = (root + n / root) >> 1n; next < root; next = (root + n / root) >> 1n) root = next
  let a = root * root < n ? root + 1n : root
  for (;; a++) {
    const square = a * a - n
    let b = 1n << (BigInt(square.toString(2).length) / 2n + 1n)
    for (let next = (b + square / b) >> 1n; next < b; next = (b + square / b) >> 1n) b = next
    if (b * b !== square) continue
    const [p, q, e] = [a + b, a - b, 65537n]
    const inverse = (x, m) => { let [r, s, u, v] = [m, x % m, 0n, 1n]; while (s) [r, s, u, v] = [s, r % s, v, u - (r / s) * v]; return (u + m) % m }
    const d = inverse(e, (p - 1n) * (q - 1n))
    const text = x => { const hex = x.toString(16); return Buffer.from(hex.padStart(hex.length + hex.length % 2, '0'), 'hex').toString('base64url') }
    return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', n: text(n), e: text(e), d: text(d), p: text(p), q: text(q), dp: text(d % (p - 1n)), dq: text(d % (q - 1n)), qi: text(inverse(q, p)) } })
  }
}

test('incident 10: a weak, a published and a compromised key is neither certified nor an account\'s', async () => {
  const one = await register()
  const name = `keys.${ZONE}`
  const order = await ready(one, [name])
  const debian = readFileSync(new URL('../vectors/keys/debian-weak.key', import.meta.url), 'utf8')
  const close = keyOfClosePrimes(BigInt(`0x${modulus('WEAK_CLOSE_PRIMES')}`))
  /* whatever no private half is at hand for takes the place of a good modulus: the gate stands before the signature */
  const good = await makeCsr(c.dir, [name], { keyOptions: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] })
  const place = good.csr.indexOf(Buffer.from(jwkOf(createPrivateKey(good.key)).n, 'base64url'))
  const swapped = hex => { const csr = Buffer.from(good.csr); Buffer.from(hex, 'hex').copy(csr, place); return csr }
  const refused = async (csr, says) => {
    const reply = await finalize(one, order, csr)
    is(reply, 'badCSR', 400)
    assert.match(reply.body.detail, says)
  }
  await refused(await csrOf([name], { key: debian }), /private half is known/)
  await refused(await csrOf([name], { key: close.export({ type: 'pkcs8', format: 'pem' }) }), /close/)
  await refused(swapped(modulus('WEAK_ROCA')), /ROCA/)
  await refused(swapped(modulus('WEAK_SMALL_FACTOR')), /factor/)
  /* one that was compromised: reported by its owner through this very door */
  const made = await one.obtain([name])
  const lost = createPrivateKey(made.key)
  assert.equal((await one.post(one.url('revoke-cert'), { certificate: b64u(ders(made.pem)[0]), reason: 1 })).status, 200)
  await refused(made.csr, /compromised/)
  const other = await register()
  const theirs = await ready(other, [name])
  is(await finalize(other, theirs, made.csr), 'badCSR', 400)
  /* and as an account's key: at newAccount and at keyChange */
  const url = one.url('key-change')
  for (const [key, alg, says] of [[createPrivateKey(debian), 'RS256', /private half is known/], [close, 'RS256', /close/], [lost, 'ES256', /compromised/]]) {
    const fresh = await one.post(one.url('new-account'), {}, { key, alg, jwk: jwkOf(key) })
    is(fresh, 'badPublicKey', 400)
    assert.match(fresh.body.detail, says)
    is(await one.post(url, jws({ key, alg, payload: { account: one.kid, oldKey: jwkOf(one.key) }, header: { jwk: jwkOf(key), url } })), 'badPublicKey', 400)
  }
  /* the order is as good as before */
  assert.equal((await finalize(one, order, good.csr)).body.status, 'valid')
})

/* ---- CAA (RFC 8659, RFC 8657) ---- */

test('RFC 8657: account and method of validation, each right and wrong; issue and issuewild', async () => {
  const one = await register()
  const other = await register()
  const record = async (name, value) => {
    await dns.setRecord(`${name}.${ZONE}`, 'CAA', `0 ${value}`)
    await dns.setRecord(`${name}.${ZONE}`, 'A', '127.0.0.1') /* the zone's wildcard does not cover a name that is there */
  }
  await record('own', `issue "localhost; accounturi=${one.kid}; validationmethods=http-01"`)
  await record('own2', `issue "localhost; accounturi=${one.kid}; validationmethods=http-01"`)
  const attempt = async (who, name, how) => {
    const order = await who.order([name])
    return (await who.authorize(order.body.authorizations[0], how))
  }
  const forbidden = result => {
    assert.equal(result.status, 'invalid')
    assert.match(result.challenges[0].error.type, /:caa$/, JSON.stringify(result))
  }
  forbidden(await attempt(other, `own.${ZONE}`, byHttp(other)))
  forbidden(await attempt(one, `own2.${ZONE}`, byDns(one)))
  await one.obtain([`own.${ZONE}`], byHttp(one))
  /* a sibling of the same Chancery account shares what is proved, but not what CAA says of the account, nor of the method */
  const { KeyId, HmacKey } = await c.call(await c.createAccount({ name: 'siblings' }), 'CreateExternalAccount', {})
  const [named, sibling] = [new Acme(c), new Acme(c)]
  for (const who of [named, sibling]) assert.equal((await who.register({ external: { keyId: KeyId, hmacKey: HmacKey } })).status, 201)
  await record('shared', `issue "localhost; accounturi=${named.kid}"`)
  await record('shared2', 'issue "localhost; validationmethods=http-01"')
  for (const name of ['shared', 'shared2']) await named.obtain([`${name}.${ZONE}`], byHttp(named))
  await dns.setRecord(`shared2.${ZONE}`, 'CAA', '0 issue "localhost; validationmethods=dns-01"')
  for (const [who, name, type] of [[sibling, 'shared', 'caa'], [sibling, 'shared2', 'caa'], [named, 'shared']]) {
    const order = await who.order([`${name}.${ZONE}`])
    assert.equal(order.body.status, 'ready')
    const reply = await finalize(who, order, await csrOf([`${name}.${ZONE}`]))
    if (type) is(reply, type, 403)
    else assert.equal(reply.body.status, 'valid', reply.text)
  }
  await record('wild', 'issue "localhost"')
  await dns.addRecord(`wild.${ZONE}`, 'CAA', '0 issuewild "other.example"')
  forbidden(await attempt(one, `*.wild.${ZONE}`, byDns(one)))
  await one.obtain([`wild.${ZONE}`], byDns(one))
})

test('incident 1: CAA is asked again before issuing, and the one name of several that forbids is enough, whichever it is', async () => {
  const one = await register()
  const stranger = await register()
  const N = 3
  const names = Array.from({ length: N + 1 }, (_, k) => Array.from({ length: N }, (_, i) => `k${k}n${i}.${ZONE}`))
  const orders = []
  for (const list of names) orders.push(await ready(one, list))
  for (let k = 0; k < N; k++) await dns.setRecord(names[k][k], 'CAA', '0 issue "other.example"')
  /* the same of account and method: a record that came after the challenge */
  const later = { mine: `accounturi=${one.kid}`, theirs: `accounturi=${stranger.kid}`, http: 'validationmethods=http-01', dns: 'validationmethods=dns-01' }
  for (const word of Object.keys(later)) orders.push(await ready(one, [`${word}.${ZONE}`]))
  for (const [word, value] of Object.entries(later)) await dns.setRecord(`${word}.${ZONE}`, 'CAA', `0 issue "localhost; ${value}"`)
  await c.moveClock(2 * 3600)
  for (let k = 0; k < N; k++) {
    const reply = await finalize(one, orders[k], await csrOf(names[k]))
    is(reply, 'caa', 403)
    assert.ok(reply.body.detail.includes(names[k][k]), reply.body.detail)
    assert.equal((await one.post(orders[k].location)).body.status, 'ready')
  }
  assert.equal((await finalize(one, orders[N], await csrOf(names[N]))).body.status, 'valid')
  const words = Object.keys(later)
  for (const [i, word] of words.entries()) {
    const reply = await finalize(one, orders[N + 1 + i], await csrOf([`${word}.${ZONE}`]))
    if (word === 'mine' || word === 'http') assert.equal(reply.body.status, 'valid', reply.text)
    else is(reply, 'caa', 403)
  }
  assert.equal((await c.sql(`select count(*) as n from issued where certificate_id in (select certificate_id from certificate where domain like 'k_n_.${ZONE}')`))[0].n, 1)
})

/* ---- evidence ---- */

test('incident 7: a redirect proves the name that was asked, and nothing for the host that it leads to', async () => {
  const one = await register()
  await web.configure({ http: `if ($host = "from.${ZONE}") { return 302 http://to.${ZONE}:${web.httpPort}$request_uri; }` })
  await one.obtain([`from.${ZONE}`], byHttp(one))
  await web.configure({ http: '' })
  for (const name of [`to.${ZONE}`, `x.from.${ZONE}`, `*.from.${ZONE}`, ZONE]) assert.equal((await one.order([name])).body.status, 'pending', name)
  assert.deepEqual((await c.sql(`select distinct name from evidence where name like '%to.${ZONE}' or name like '%from.${ZONE}'`)).map(r => r.name), [`from.${ZONE}`])
})

test('an order and its authorizations end with their time; a deactivated account leaves nothing to go on with', async () => {
  const one = await register()
  const order = await one.order([`late.${ZONE}`])
  const done = await ready(one, [`late2.${ZONE}`])
  const [url] = order.body.authorizations
  const [challenge] = (await one.post(url)).body.challenges
  await c.moveClock(8 * 86400)
  const ended = await one.post(order.location)
  assert.equal(ended.body.status, 'invalid')
  assert.match(ended.body.error.type, /^urn:ietf:params:acme:error:/)
  assert.equal((await one.post(url)).body.status, 'expired')
  is(await one.post(challenge.url, {}), 'malformed', 400)
  is(await finalize(one, order, await csrOf([`late.${ZONE}`])), 'orderNotReady', 403)
  is(await finalize(one, done, await csrOf([`late2.${ZONE}`])), 'orderNotReady', 403)
  const again = await one.order([`late.${ZONE}`])
  assert.equal(again.body.status, 'pending')
  assert.notEqual(again.body.authorizations[0], url)
  assert.equal((await one.order([`late2.${ZONE}`])).body.status, 'ready') /* 30 days for what was proved */
  assert.equal((await one.post(one.kid, { status: 'deactivated' })).body.status, 'deactivated')
  for (const [to, payload] of [[again.location], [again.body.authorizations[0]], [one.kid], [`${one.kid}/orders`], [again.body.finalize, { csr: '' }]]) is(await one.post(to, payload), 'unauthorized', 403)
})

/* ---- how many ---- */

test('quota = yes: what ACME orders takes slots of the account\'s free allowance, and gives them back', async () => {
  writeFileSync(join(dir, 'catalogue/quota.ini'), readFileSync(join(dir, 'catalogue/quota.ini'), 'utf8').replace(/(\[individual standard\]\n)home = \d+\nany = \d+/, '$1home = 0\nany = 2'))
  writeFileSync(join(dir, 'catalogue/products.ini'), readFileSync(join(dir, 'catalogue/products.ini'), 'utf8').replace('acme = yes\n', 'acme = yes\nquota = yes\n'))
  await c.call(operator, 'ReloadCatalogue', {})
  const owner = await c.createAccount({ name: 'limited' })
  const { KeyId, HmacKey } = await c.call(owner, 'CreateExternalAccount', {})
  const one = new Acme(c)
  const two = new Acme(c)
  for (const client of [one, two]) assert.equal((await client.register({ external: { keyId: KeyId, hmacKey: HmacKey } })).status, 201)
  const first = await one.obtain([`quota.${ZONE}`], byHttp(one))
  const third = await ready(two, [`quota.${ZONE}`])
  await one.obtain([`quota.${ZONE}`])
  const is429 = reply => {
    assert.equal(reply.type, 'rateLimited', reply.text)
    assert.match(reply.body.detail, /All 2 free certificates/)
    assert.ok(Number(reply.headers['retry-after']) > 0)
  }
  is429(await one.order([`quota.${ZONE}`]))
  is429(await finalize(two, third, await csrOf([`quota.${ZONE}`]))) /* both ACME accounts are that one's */
  assert.equal((await two.post(third.location)).body.status, 'ready')
  const free = await register()
  assert.equal((await free.order([`quota.${ZONE}`])).status, 201) /* another account has its own */
  assert.equal((await one.post(one.url('revoke-cert'), { certificate: b64u(ders(first.pem)[0]), reason: 4 })).status, 200)
  assert.equal((await finalize(two, third, await csrOf([`quota.${ZONE}`]))).body.status, 'valid')
  writeFileSync(join(dir, 'catalogue/products.ini'), readFileSync(join(dir, 'catalogue/products.ini'), 'utf8').replace('quota = yes\n', ''))
  await c.call(operator, 'ReloadCatalogue', {})
  assert.equal((await one.order([`quota.${ZONE}`])).status, 201)
})

test('limits: certificates of one registered domain are bounded over all accounts, with Retry-After; other domains go on', async () => {
  const names = ['a.rate-test.com', 'b.c.rate-test.com']
  const clients = await Promise.all(names.map(() => register()))
  const made = await Promise.all(names.map(name => makeCsr(c.dir, [name])))
  const csrs = made.map(one => one.csr)
  const spare = []
  for (const [i, one] of clients.entries()) spare.push(await ready(one, [names[i]]))
  /* the bucket fills by one a second, so it is emptied by several at once; how many it takes depends on the machine */
  let limited
  const worker = async i => {
    for (let n = 0; n < 5000 && !limited; n++) {
      const order = await clients[i].order([names[i]])
      const done = order.type === 'rateLimited' ? order : await finalize(clients[i], order, csrs[i])
      if (done.type === 'rateLimited') limited ??= done
      else assert.equal(done.status, 200, done.text)
      if (done.body?.certificate) many[i].certificate = done.body.certificate
    }
  }
  many = names.map((_, i) => ({ client: clients[i], key: createPrivateKey(made[i].key) }))
  await Promise.all([0, 1, 0, 1, 0, 1].map(worker))
  is(limited, 'rateLimited', 429)
  assert.match(limited.body.detail, /certificates for this registered domain|orders of this account/)
  if (/orders/.test(limited.body.detail)) assert.fail('the account\'s own limit came first')
  assert.ok(Number(limited.headers['retry-after']) > 0)
  const modest = await register()
  assert.equal((await modest.order([`other.${ZONE}`])).status, 201)
  /* refused at newOrder and at finalize alike, for every account and every name below; until the bucket has filled by one again */
  const refusals = [await modest.order(['new.rate-test.com']), await finalize(clients[0], spare[0], csrs[0]), await clients[1].order(['rate-test.com', `other.${ZONE}`])]
  assert.ok(refusals.some(reply => reply.type === 'rateLimited'), refusals.map(reply => reply.text).join())
})

/* Incident 6 (2024: revocation put off): what is wrong at once in hundreds of certificates ends by one request, and everybody hears. */
test('incident 6: a compromised key ends the hundreds of certificates made for it, its owner is told, and the list is out', async t => {
  const { client, key, certificate } = many[0]
  const [leaf] = ders((await client.post(certificate)).text)
  const spki = "certificate_id in (select certificate_id from certificate where domain = 'a.rate-test.com')"
  const issued = async () => c.sql(`select hex(serial) as serial, revoked_at, revoke_reason from issued where state = 'issued' and ${spki}`)
  await until('every order of it has ended', async () => (await c.sql(`select count(*) as n from issued where state = 'signing' and ${spki}`))[0].n === 0)
  const before = await issued()
  assert.ok(before.length > 50, `${before.length} certificates`)
  const began = performance.now()
  const done = await client.post(client.url('revoke-cert'), { certificate: b64u(leaf), reason: 1 }, { key, jwk: jwkOf(key) })
  assert.equal(done.status, 200, done.text)
  const after = await issued()
  t.diagnostic(`${after.length} certificates revoked within ${(performance.now() - began).toFixed(0)} ms`)
  assert.ok(after.every(row => row.revoked_at > 0 && row.revoke_reason === 1))
  const told = await c.sql(`select count(distinct certificate_id) as n from notice where kind like '%revoke%' and ${spki}`)
  assert.equal(told[0].n, after.length)
  const text = (await run('openssl', ['x509', '-inform', 'DER', '-noout', '-text'], { input: leaf })).stdout
  const url = /URI:(http:\S+\.crl)/.exec(text)[1]
  await until('the list holds them all', async () => {
    const list = Buffer.from(await (await fetch(url)).arrayBuffer())
    return after.every(row => list.includes(Buffer.from(row.serial, 'hex')))
  })
})
