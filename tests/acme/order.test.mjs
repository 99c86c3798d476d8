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
import { Acme, ders, jwkOf, makeCsr, makeKey } from '../lib/acme.mjs'

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

test('directory and newNonce: by POST-as-GET as well (RFC 8555 section 6.3); every other method hears which there are', async () => {
  const client = new Acme(c)
  await client.register()
  const directory = client.url('directory')
  const nonce = client.url('new-nonce')
  const signed = await client.post(directory)
  assert.equal(signed.status, 200, signed.text)
  assert.deepEqual(signed.body, (await client.raw('GET', directory)).body)
  const fresh = await client.post(nonce)
  assert.deepEqual([fresh.status, fresh.text], [204, ''])
  assert.match(fresh.headers['replay-nonce'], /^[\w-]{32}$/)
  for (const url of [directory, nonce]) {
    const wrong = await client.post(url, {})
    assert.deepEqual([wrong.status, wrong.type], [400, 'malformed'])
    assert.equal((await client.post(url, '', { jwk: jwkOf(client.key) })).type, 'malformed')
    assert.equal((await client.post(url, '', { key: makeKey() })).type, 'unauthorized')
  }
  const ways = { [directory]: 'GET, HEAD, POST', [nonce]: 'GET, HEAD, POST', [client.url('renewal-info/x.y')]: 'GET' }
  for (const path of ['new-account', 'new-order', 'revoke-cert', 'key-change', 'acct/1', 'acct/1/orders', 'order/1', 'order/1/finalize', 'authz/1', 'chall/1/http-01', 'cert/abcdefgh', 'cert/abcdefgh/1']) ways[client.url(path)] = 'POST'
  for (const [url, allow] of Object.entries(ways)) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter(one => !allow.includes(one))) {
      const refused = await client.raw(method, url, '', { 'Content-Type': 'application/jose+json' })
      assert.deepEqual([refused.status, refused.type, refused.headers.allow], [405, 'malformed', allow], `${method} ${url}: ${refused.text}`)
      assert.equal(refused.headers['content-type'], 'application/problem+json')
    }
    if (!allow.includes('POST')) continue
    for (const media of ['application/json', 'application/jose', 'text/plain', '']) {
      const refused = await client.post(url, '', { media })
      assert.deepEqual([refused.status, refused.type], [415, 'malformed'], `${media} ${url}: ${refused.text}`)
    }
    assert.notEqual((await client.post(url, '', { media: 'Application/JOSE+JSON; charset=utf-8' })).status, 415)
  }
})

/* RFC 8555 sections 6.5, 7.1 and 7.1.6: what each answer brings with it, and the states that order, authorization and challenge go through. */
test('an order\'s life: its states, and what every answer carries', async () => {
  const client = new Acme(c)
  const nonces = new Set()
  const links = (reply, rel) => [reply.headers.link].flat().join(', ').split(', ').filter(one => one.endsWith(`;rel="${rel}"`)).map(one => /<([^>]*)>/.exec(one)[1])
  const carries = (reply, { status, type = 'application/json', location, up, alternate = [] }) => {
    assert.equal(reply.status, status, reply.text)
    assert.deepEqual(links(reply, 'index'), [client.url('directory')])
    assert.deepEqual(links(reply, 'up'), up ? [up] : [])
    assert.deepEqual(links(reply, 'alternate'), alternate)
    assert.equal(reply.headers['content-type']?.split(';')[0], type)
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.equal(reply.location, location)
    assert.match(reply.headers['replay-nonce'], /^[\w-]{32}$/)
    assert.ok(!nonces.has(reply.headers['replay-nonce']), 'a nonce of its own')
    nonces.add(reply.headers['replay-nonce'])
    return reply.body
  }
  const states = async (order, authorization, challenge) => {
    const now = await client.post(orderUrl)
    const authz = await client.post(authzUrl)
    const ch = await client.post(challengeUrl)
    assert.deepEqual([carries(now, { status: 200, location: orderUrl }).status, carries(authz, { status: 200 }).status, carries(ch, { status: 200, up: authzUrl }).status], [order, authorization, challenge])
    assert.deepEqual([now.body.authorizations, now.body.finalize, now.body.identifiers], [made.body.authorizations, made.body.finalize, made.body.identifiers])
    assert.equal('certificate' in now.body, order === 'valid')
    assert.equal('error' in now.body, order === 'invalid')
    assert.equal('error' in ch.body, challenge === 'invalid')
    assert.equal('validated' in ch.body, challenge === 'valid')
    assert.ok(Date.parse(now.body.expires) > Date.now() && Date.parse(authz.body.expires) > Date.now())
    assert.deepEqual(authz.body.challenges.find(one => one.url === challengeUrl), ch.body)
    assert.match(ch.body.token, /^[\w-]{22,}$/)
    if (challenge !== 'pending') assert.equal(authz.body.challenges.length, 1) /* section 7.1.4: those that were tried */
    return now.body
  }
  carries(await client.register(), { status: 201, location: client.kid })
  carries(await client.register(), { status: 200, location: client.kid })
  carries(await client.post(client.kid), { status: 200, location: client.kid })
  carries(await client.post(`${client.kid}/orders`), { status: 200 })
  const name = 'life.acme-test.com'
  let made = await client.order([name])
  let [authzUrl] = made.body.authorizations
  let orderUrl = made.location
  carries(made, { status: 201, location: orderUrl })
  let challengeUrl = (await client.post(authzUrl)).body.challenges.find(ch => ch.type === 'http-01').url
  await states('pending', 'pending', 'pending')
  await byHttp(client).solve((await client.post(challengeUrl)).body)
  carries(await client.post(challengeUrl, {}), { status: 200, up: authzUrl })
  await client.wait(authzUrl)
  await states('ready', 'valid', 'valid')
  const { csr } = await makeCsr(c.dir, [name])
  carries(await client.post(made.body.finalize, { csr: csr.toString('base64url') }), { status: 200, location: orderUrl })
  await client.wait(orderUrl)
  const { certificate } = await states('valid', 'valid', 'valid')
  const pem = 'application/pem-certificate-chain'
  const first = await client.post(certificate)
  carries(first, { status: 200, type: pem, alternate: [`${certificate}/1`] })
  const second = await client.post(`${certificate}/1`)
  carries(second, { status: 200, type: pem, alternate: [certificate] })
  assert.match(first.text, /^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n)+$/) /* section 9.1 */
  assert.ok(second.text.startsWith(first.text))
  carries(await client.post(client.url('revoke-cert'), { certificate: ders(first.text)[0].toString('base64url') }), { status: 200, type: 'text/plain' })
  carries(await client.post(orderUrl, {}), { status: 400, type: 'application/problem+json' })
  carries(await client.post(client.url('order/987654321')), { status: 404, type: 'application/problem+json' })
  const valid = orderUrl
  /* and the way that ends badly: by a challenge, and by an authorization that is given up */
  const problem = 'urn:ietf:params:acme:error:'
  made = await client.order(['no-answer.acme-test.com'])
  orderUrl = made.location
  authzUrl = made.body.authorizations[0]
  challengeUrl = (await client.post(authzUrl)).body.challenges.find(ch => ch.type === 'http-01').url
  await client.post(challengeUrl, {})
  await client.wait(authzUrl)
  const { error } = await states('invalid', 'invalid', 'invalid')
  assert.deepEqual([error.type, error.status, error.detail.length > 10], [`${problem}incorrectResponse`, 403, true])
  assert.deepEqual((await client.post(challengeUrl)).body.error, error)
  const givenUp = await client.order(['given-up.acme-test.com'])
  carries(await client.post(givenUp.body.authorizations[0], { status: 'deactivated' }), { status: 200 })
  const ended = (await client.post(givenUp.location)).body
  assert.deepEqual([ended.status, ended.error.type], ['invalid', `${problem}unauthorized`])
  assert.deepEqual((await client.post(`${client.kid}/orders`)).body.orders, [valid]) /* invalid ones are left out (section 7.1.2.1) */
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
  const wild = await client.order(['*.wild2.acme-test.com', 'wild2.acme-test.com'])
  const [star, bare] = await Promise.all(wild.body.authorizations.map(async url => (await client.post(url)).body))
  assert.deepEqual([star.identifier, star.wildcard, star.challenges.map(ch => ch.type)], [{ type: 'dns', value: 'wild2.acme-test.com' }, true, ['dns-01']])
  assert.deepEqual([bare.identifier, bare.wildcard, bare.challenges.map(ch => ch.type)], [star.identifier, undefined, ['http-01', 'dns-01', 'tls-alpn-01']])
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
