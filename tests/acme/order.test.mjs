/*
 * An ACME order, each step by itself: directory, account, order, each kind of challenge, finalize, download; and what comes of
 * it in the console's own lists.  Takes about 40 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { startNginx } from '../lib/web.mjs'
import { placeRecords, verifyChain } from '../lib/place.mjs'
import { Acme, ders, jwkOf, makeCsr } from '../lib/acme.mjs'

let dns, web, c
before(async () => {
  const a = name => [name, 'A', '127.0.0.1']
  dns = await startDns({ zones: [{ name: 'acme-test.com', records: [a('acme-test.com'), a('*.acme-test.com')] }, { name: 'maple-town.com', records: [a('maple-town.com'), a('console.maple-town.com')] }] })
  web = await startNginx()
  c = await startChancery({ dns, web })
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

export const byHttp = client => ({ type: 'http-01', solve: ch => web.setFile(`/.well-known/acme-challenge/${ch.token}`, client.answer(ch)) })
export const byDns = client => ({ type: 'dns-01', solve: (ch, authz) => dns.addRecord(`_acme-challenge.${authz.identifier.value}`, 'TXT', client.dnsValue(ch)) })

test('the directory and fresh nonces', async () => {
  const client = new Acme(c)
  const directory = await client.raw('GET', client.url('directory'))
  assert.equal(directory.status, 200)
  assert.match(directory.headers['content-type'], /^application\/json/)
  for (const name of ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange', 'renewalInfo']) assert.match(directory.body[name], /^https:\/\/127\.0\.0\.1:\d+\/acme\//)
  assert.deepEqual(directory.body.meta, { website: `https://127.0.0.1:${c.port}/`, caaIdentities: [], externalAccountRequired: false })
  const head = await client.raw('HEAD', directory.body.newNonce)
  assert.equal(head.status, 200)
  const get = await client.raw('GET', directory.body.newNonce)
  assert.equal(get.status, 204)
  assert.match(get.headers['cache-control'], /no-store/)
  assert.match(get.headers['replay-nonce'], /^[\w-]{32}$/)
  assert.notEqual(get.headers['replay-nonce'], head.headers['replay-nonce'])
})

test('an account: found again by its key, its contacts changed, its orders in pages', async () => {
  const client = new Acme(c)
  const made = await client.register({ contact: ['mailto:one@acme-test.com'] })
  assert.deepEqual([made.status, made.body.contact, made.body.orders], [201, ['mailto:one@acme-test.com'], `${client.kid}/orders`])
  const found = await client.post(client.url('new-account'), { onlyReturnExisting: true }, { jwk: jwkOf(client.key) })
  assert.deepEqual([found.status, found.location, found.body.contact], [200, client.kid, made.body.contact])
  for (const contact of [['mailto:two@acme-test.com', 'mailto:three@acme-test.com'], []]) {
    assert.deepEqual((await client.post(client.kid, { contact })).body.contact, contact)
    assert.deepEqual((await client.post(client.kid)).body.contact, contact)
  }
  const orders = []
  await Promise.all(Array.from({ length: 6 }, async () => { for (let i = 0; i < 17; i++) orders.push((await client.order([`page${i % 3}.acme-test.com`])).location) }))
  const first = await client.post(`${client.kid}/orders`)
  assert.equal(first.body.orders.length, 100)
  const [, next] = /<([^>]+)>;rel="next"/.exec([first.headers.link].flat().join(', '))
  const second = await client.post(next)
  assert.doesNotMatch([second.headers.link].flat().join(', '), /rel="next"/)
  assert.deepEqual([...first.body.orders, ...second.body.orders].sort(), orders.sort())
  assert.equal((await client.post(`${client.kid}/orders?after=x`)).type, 'malformed')
})

test('who has to come back hears when: Retry-After on what is pending', async () => {
  const client = new Acme(c)
  await client.register()
  const order = await client.order(['again.acme-test.com'])
  const [url] = order.body.authorizations
  const authorization = await client.post(url)
  const challenge = await client.post(authorization.body.challenges[0].url)
  for (const reply of [order, await client.post(order.location), authorization, challenge]) {
    assert.equal(reply.body.status, 'pending')
    assert.match(reply.headers['retry-after'], /^[1-9]\d*$/)
  }
  await client.authorize(url, byHttp(client))
  for (const reply of [await client.post(order.location), await client.post(url)]) assert.equal(reply.headers['retry-after'], undefined)
})

for (const alg of ['ES256', 'ES384', 'RS256', 'EdDSA']) {
  test(`http-01 with an account key of ${alg}`, async () => {
    const client = new Acme(c, { alg })
    const account = await client.register()
    assert.equal(account.status, 201, account.text)
    assert.equal(account.body.status, 'valid')
    const name = `${alg.toLowerCase()}.acme-test.com`
    const { pem, key } = await client.obtain([name], byHttp(client))
    const [leaf] = ders(pem).map(der => new X509Certificate(der))
    assert.equal(leaf.subjectAltName, `DNS:${name}`)
    assert.ok(leaf.checkPrivateKey(createPrivateKey(key)))
    assert.equal((Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 1000, 90 * 86400 - 1)
    await verifyChain({ chain: Buffer.from(pem), root: c.root, dir: c.dir, name })
  })
}

test('dns-01: a wildcard with its parent, and a name under a CNAME', async () => {
  const client = new Acme(c)
  await client.register()
  const { pem } = await client.obtain(['*.wild.acme-test.com', 'wild.acme-test.com'], byDns(client))
  const leaf = new X509Certificate(ders(pem)[0])
  assert.deepEqual(leaf.subjectAltName.split(', ').sort(), ['DNS:*.wild.acme-test.com', 'DNS:wild.acme-test.com'])
  await dns.setRecord('_acme-challenge.led.acme-test.com', 'CNAME', 'proofs.maple-town.com.')
  await client.obtain(['led.acme-test.com'], { type: 'dns-01', solve: ch => dns.addRecord('proofs.maple-town.com', 'TXT', client.dnsValue(ch)) })
})

test('a certificate ends when the order asked for it, and no later', async () => {
  const client = new Acme(c)
  await client.register()
  const end = Math.floor(Date.now() / 1000) + 5 * 86400
  const notAfter = new Date(end * 1000).toISOString().replace('.000', '')
  const { pem, order } = await client.obtain(['short.acme-test.com'], { ...byHttp(client), more: { notAfter } })
  assert.equal(order.body.notAfter, notAfter)
  assert.equal(Date.parse(new X509Certificate(ders(pem)[0]).validTo) / 1000, end)
  /* in another zone's words, and without a challenge */
  const again = await client.obtain(['short.acme-test.com'], { more: { notAfter: new Date((end + 8 * 3600) * 1000).toISOString().replace('.000Z', '+08:00') } })
  assert.equal(again.order.body.notAfter, notAfter)
  assert.equal(Date.parse(new X509Certificate(ders(again.pem)[0]).validTo) / 1000, end)
  const longest = await client.obtain(['short.acme-test.com'])
  assert.ok(Date.parse(new X509Certificate(ders(longest.pem)[0]).validTo) / 1000 > end + 80 * 86400)
})

/* It answers when we say so: whoever asked is told to come again, and the same request goes on. */
test('a slow host is asked once', async () => {
  const held = []
  const server = createServer((request, reply) => held.push(reply))
  await dns.addRecord('slow.acme-test.com', 'A', '127.0.0.9')
  await once(server.listen(web.httpPort, '127.0.0.9'), 'listening')
  try {
    const one = new Acme(c)
    await one.register()
    const order = await one.order(['slow.acme-test.com'])
    const [url] = order.body.authorizations
    const challenge = (await one.post(url)).body.challenges.find(ch => ch.type === 'http-01')
    const tried = await one.post(challenge.url, {})
    assert.equal(tried.body.status, 'processing', tried.text)
    await until('the request', () => held.length > 0)
    held[0].end(one.answer(challenge))
    assert.equal((await one.wait(url)).body.status, 'valid')
    assert.equal(held.length, 1)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a name that is proved needs no second challenge, and the console shows the certificates', async () => {
  const keys = await c.createAccount({ name: 'shop' })
  const made = await c.call(keys, 'CreateExternalAccount', { Names: ['reuse.acme-test.com'], Tags: [{ TagKey: 'team', TagValue: 'web' }] })
  const client = new Acme(c)
  const account = await client.register({ external: { keyId: made.KeyId, hmacKey: made.HmacKey } })
  assert.equal(account.status, 201, account.text)
  const first = await client.obtain(['reuse.acme-test.com'], byHttp(client))
  const again = await client.order(['reuse.acme-test.com'])
  assert.equal(again.body.status, 'ready')
  assert.deepEqual(again.body.authorizations, first.order.body.authorizations)
  const { csr } = await makeCsr(c.dir, ['reuse.acme-test.com'])
  const done = await client.post(again.body.finalize, { csr: csr.toString('base64url') })
  assert.equal(done.body.status, 'valid', done.text)
  const refused = await client.order(['other.acme-test.com'])
  assert.equal(refused.type, 'rejectedIdentifier')
  const list = await c.call(keys, 'DescribeCertificates', {})
  assert.equal(list.TotalCount, 2)
  assert.ok(list.Certificates.every(one => one.Domain === 'reuse.acme-test.com' && one.Status === 1 && one.Tags[0].TagValue === 'web'), JSON.stringify(list.Certificates[0]))
  /* a second ACME account of the same Chancery account shares what is proved */
  const second = new Acme(c)
  await second.register({ external: { keyId: made.KeyId, hmacKey: made.HmacKey } })
  assert.equal((await second.order(['reuse.acme-test.com'])).body.status, 'ready')
})

test('what the console proved, and what an operator vouches for, needs no challenge', async () => {
  const owner = await c.createAccount({ name: 'both' })
  const operator = await c.createAccount({ name: 'operator', role: 'operator' })
  const id = await c.apply(owner, 'console.maple-town.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await placeRecords(dns, await c.proofs(owner, id))
  await c.waitStatus(owner, id, 1)
  const made = await c.call(owner, 'CreateExternalAccount', {})
  const client = new Acme(c)
  await client.register({ external: { keyId: made.KeyId, hmacKey: made.HmacKey } })
  const proved = await client.obtain(['console.maple-town.com', '*.console.maple-town.com'], { solve: () => assert.fail('no challenge is needed') })
  assert.equal(new X509Certificate(ders(proved.pem)[0]).subjectAltName.split(', ').length, 2)
  await assert.rejects(c.call(owner, 'ApproveName', { Account: owner.Account, Name: 'vouched.maple-town.com', Days: 3 }), { code: 'AuthFailure.UnauthorizedOperation' })
  await assert.rejects(c.call(operator, 'ApproveName', { Account: owner.Account, Name: 'vouched.maple-town.com', Days: 0 }), { code: 'InvalidParameterValue' })
  await assert.rejects(c.call(operator, 'ApproveName', { Account: owner.Account, Name: 'no name', Days: 3 }), { code: 'FailedOperation.InvalidParam' })
  await c.call(operator, 'ApproveName', { Account: owner.Account, Name: 'vouched.maple-town.com', Days: 3 })
  await client.obtain(['vouched.maple-town.com'], { solve: () => assert.fail('no challenge is needed') })
  assert.equal((await client.order(['below.vouched.maple-town.com'])).body.status, 'pending')
  const stranger = new Acme(c)
  await stranger.register()
  assert.equal((await stranger.order(['vouched.maple-town.com'])).body.status, 'pending')
  /* the API's application for it passes too, though no record is there; another account's does not */
  const other = await c.createAccount({ name: 'other' })
  const [ours, theirs] = [await c.apply(owner, 'vouched.maple-town.com', { PackageType: '2' }), await c.apply(other, 'vouched.maple-town.com', { PackageType: '2' })]
  await c.waitStatus(owner, ours, 1)
  await c.check(other, theirs)
  assert.equal((await c.describe(other, theirs)).Status, 0)
  /* neither door takes it when it is over */
  await c.moveClock(4 * 86400)
  const late = await c.apply(owner, 'vouched.maple-town.com', { PackageType: '2' })
  await c.check(owner, late)
  assert.equal((await c.describe(owner, late)).Status, 0)
})
