/*
 * What the ACME server refuses, and with which error; whose things are whose; what ends.  Takes about 60 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate, createHmac, createPrivateKey } from 'node:crypto'
import { connect } from 'node:tls'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { startNginx } from '../lib/web.mjs'
import { Acme, b64u, ders, jwkOf, jws, makeCsr, makeKey } from '../lib/acme.mjs'

let dns, web, c, client
const a = name => [name, 'A', '127.0.0.1']
before(async () => {
  dns = await startDns({ zones: [
    { name: 'refuse-test.com', records: [a('refuse-test.com'), a('*.refuse-test.com'), ['caa.refuse-test.com', 'CAA', '0 issue "other.example"'], a('caa.refuse-test.com'),
      ['uri.refuse-test.com', 'CAA', '0 issue "localhost; accounturi=https://elsewhere/acme/acct/1"'], a('uri.refuse-test.com'),
      ['method.refuse-test.com', 'CAA', '0 issue "localhost; validationmethods=dns-01"'], a('method.refuse-test.com'),
      ['inside.refuse-test.com', 'A', '10.0.0.1']] }
  ] })
  web = await startNginx()
  c = await startChancery({ dns, web, settings: { 'ca.caa-identities': 'localhost' } })
  client = new Acme(c)
  await client.register()
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

const byHttp = one => ({ type: 'http-01', solve: ch => web.setFile(`/.well-known/acme-challenge/${ch.token}`, one.answer(ch)) })
const is = (reply, type, status) => {
  assert.equal(reply.type, type, reply.text)
  if (status) assert.equal(reply.status, status, reply.text)
  assert.equal(reply.headers['content-type'], 'application/problem+json')
  assert.equal(reply.body.status, reply.status)
  assert.ok(reply.body.detail.length > 5)
  assert.match(reply.headers['replay-nonce'], /^[\w-]{32}$/)
}
const order = () => ({ identifiers: [{ type: 'dns', value: 'x.refuse-test.com' }] })
const newOrder = options => client.post(client.url('new-order'), order(), options)

test('nonces: used twice, made up, another service\'s, none, from before a restart', async () => {
  const nonce = await client.nonce()
  assert.equal((await newOrder({ nonce })).status, 201)
  is(await newOrder({ nonce }), 'badNonce', 400)
  for (const bad of ['', 'AAAA', 'x'.repeat(32), `${nonce.slice(0, 31)}${nonce.at(-1) === 'A' ? 'B' : 'A'}`, `${nonce}A`, '*'.repeat(32)]) is(await newOrder({ nonce: bad }), 'badNonce', 400)
  is(await newOrder({ nonce: null, header: { nonce: undefined } }), 'badNonce', 400)
  /* what is refused for its form spends no nonce */
  const spare = await client.nonce()
  is(await newOrder({ nonce: spare, tamper: p => { p.protected += '=' } }), 'malformed', 400)
  assert.equal((await newOrder({ nonce: spare })).status, 201)
  const old = await client.nonce()
  const port = c.port
  await c.restart()
  assert.equal(c.port, port)
  is(await newOrder({ nonce: old }), 'badNonce', 400)
  client.nonces.length = 0
  /* and over a kill: neither a spent one comes back to life, nor is one of the killed program's good any more */
  const [spent, unspent] = [await client.nonce(), await client.nonce()]
  assert.equal((await newOrder({ nonce: spent })).status, 201)
  await c.back('server', await c.kill('server'))
  await until('it answers', async () => (await client.raw('HEAD', client.url('new-nonce'))).status === 200)
  for (const nonce of [spent, unspent]) is(await newOrder({ nonce }), 'badNonce', 400)
  /* the answer to a nonce that is refused brings one that is good */
  const [fresh] = [(await newOrder({ nonce: spent })).headers['replay-nonce']]
  assert.equal((await newOrder({ nonce: fresh })).status, 201)
  client.nonces.length = 0
})

test('envelopes: media type, url, kid, key, algorithm, critical headers', async () => {
  is(await newOrder({ media: 'application/json' }), 'malformed', 415)
  is(await newOrder({ header: { url: client.url('new-account') } }), 'unauthorized', 403)
  is(await newOrder({ header: { url: client.url('new-order').replace('127.0.0.1', 'localhost') } }), 'unauthorized', 403)
  is(await newOrder({ kid: client.url('acct/999999') }), 'accountDoesNotExist', 400)
  is(await newOrder({ kid: client.kid.replace('127.0.0.1', 'localhost') }), 'accountDoesNotExist', 400)
  for (const kid of ['1', '', client.kid.replace('/acct/', '/acct/0'), `${client.kid}/`, `${client.kid}?`, `${client.kid}/orders`, client.kid.replace('https', 'http'), client.url('acct/')])
    is(await newOrder({ header: { jwk: undefined, kid } }), 'accountDoesNotExist', 400)
  is(await newOrder({ key: makeKey() }), 'unauthorized', 403)
  is(await newOrder({ jwk: jwkOf(client.key) }), 'malformed', 400)
  is(await client.post(client.url('new-account'), {}, { kid: client.kid }), 'malformed', 400)
  const rsa = makeKey('RS256')
  const mixed = await newOrder({ key: rsa, alg: 'RS256' })
  is(mixed, 'badSignatureAlgorithm', 400)
  assert.deepEqual(mixed.body.algorithms, ['ES256', 'ES384', 'RS256', 'EdDSA'])
  for (const alg of ['none', 'HS256', 'PS256']) is(await newOrder({ alg, tamper: p => { p.signature = 'AAAA' } }), 'badSignatureAlgorithm', 400)
  is(await newOrder({ header: { crit: ['exp'], exp: 1 } }), 'malformed', 400)
  is(await newOrder({ tamper: p => { p.signature = b64u('x'.repeat(64)) } }), 'unauthorized', 403)
  is(await newOrder({ tamper: p => { p.payload = b64u(JSON.stringify({ identifiers: [{ type: 'dns', value: 'y.refuse-test.com' }] })) } }), 'unauthorized', 403)
  is(await newOrder({ tamper: p => { p.header = { alg: 'none' } } }), 'malformed', 400)
  is(await client.raw('GET', client.url('new-order')), 'malformed', 405)
  is(await client.raw('GET', client.url('nothing')), 'malformed', 404)
  is(await client.raw('POST', client.url('new-order'), '', { 'Content-Type': 'application/jose+json' }), 'malformed', 400)
  is(await client.raw('POST', client.url('new-order'), '{'.repeat(5000), { 'Content-Type': 'application/jose+json' }), 'malformed', 400)
  is(await client.post(client.url('new-order'), '['.repeat(2000)), 'malformed', 400)
  is(await client.post(client.url('new-order'), `{"identifiers":${'['.repeat(17)}${']'.repeat(17)}}`), 'malformed', 400)
  const large = await client.raw('POST', client.url('new-order'), `{"payload":"${'A'.repeat(3e6)}"}`, { 'Content-Type': 'application/jose+json' }).catch(() => ({ status: 413 }))
  assert.equal(large.status, 413)
  is(await client.post(client.url('new-order'), '{"identifiers":[],"identifiers":[]}'), 'malformed', 400)
  is(await client.post(client.url('new-order'), ''), 'malformed', 400)
})

test('account keys and contacts', async () => {
  const fresh = makeKey()
  const register = contact => client.post(client.url('new-account'), { contact }, { jwk: jwkOf(fresh), key: fresh })
  is(await register(['tel:+123']), 'unsupportedContact', 400)
  is(await register(['mailto:']), 'invalidContact', 400)
  is(await register(['mailto:a@b.example,c@d.example']), 'invalidContact', 400)
  is(await register(['mailto:a@b.example?cc=c@d.example']), 'invalidContact', 400)
  is(await register(Array(11).fill('mailto:a@b.example')), 'invalidContact', 400)
  /* the same when they are changed; and nothing is changed then */
  const before = (await client.post(client.kid)).body.contact
  for (const [contact, type] of [[['tel:+123'], 'unsupportedContact'], [['mailto:good@b.example', 'https://a.example'], 'unsupportedContact'], [['mailto:a@b.example,c@d.example'], 'invalidContact'],
    [['mailto:a@'], 'invalidContact'], [['mailto:@b.example'], 'invalidContact'], [['mailto:a b@c.example'], 'invalidContact'], [['mailto:a@b..example'], 'invalidContact'], [['mailto:a@b.example\nmailto:c@d.example'], 'invalidContact'],
    [[''], 'unsupportedContact'], [[7], 'malformed'], ['mailto:a@b.example', 'malformed']]) is(await client.post(client.kid, { contact }), type, 400)
  assert.deepEqual((await client.post(client.kid)).body.contact, before)
  const weak = makeKey('RS256')
  is(await client.post(client.url('new-account'), {}, { jwk: { ...jwkOf(weak), e: 'Aw' }, key: weak, alg: 'RS256' }), 'unauthorized', 403)
  is(await client.post(client.url('new-account'), { onlyReturnExisting: true }, { jwk: jwkOf(fresh), key: fresh }), 'accountDoesNotExist', 400)
  const again = await client.post(client.url('new-account'), {}, { jwk: jwkOf(client.key) })
  assert.equal(again.status, 200)
  assert.equal(again.location, client.kid)
})

/* RFC 8555 sections 7.1.4 and 7.4, RFC 8738; incident 13 (reserved addresses) */
test('identifiers: each wrong one is named', async () => {
  const bad = {
    rejectedIdentifier: ['under_score.refuse-test.com', 'dot.refuse-test.com.', 'com', '*.com', '*.co.uk', '*.*.refuse-test.com', 'a.*.refuse-test.com', '*', 'localhost',
      'host', '1.2.3.4', '1.2.3', 'x.1', '-a.refuse-test.com', `${'a'.repeat(64)}.refuse-test.com`, `${'a.'.repeat(120)}refuse-test.com`, 'xn--a.refuse-test.com', 'bücher.refuse-test.com',
      ' a.refuse-test.com', 'a..refuse-test.com', 'a.in-addr.arpa', 'x.onion', 'x.invalid', 'a/b.refuse-test.com', 'a:b.refuse-test.com',
      /* what web clients read as an address, and addresses where a name belongs */
      '0x7f.1', '0x7f000001', '2130706433', '127.1', '127.0.1', '0177.0.0.1', '1.2.3.0x4', 'x.0x', 'x.00', '1.2.3.4.5', '256.256.256.256', '[::1]', '::1', '2001:4860:4860::8888', '127.0.0.1', '127.0.0.1.', '*.1.2.3.4', '8.8.8.8',
      /* public suffixes, their wildcards, and what is nobody's */
      'co.uk', '*.uk', '*.xn--p1ai', '*.xn--fiqs8s', 'xn--p1ai', '*.localhost', 'a.localhost', 'ip6.arpa', '1.0.ip6.arpa', 'a.local', 'a.internal', 'a.test', '*.arpa',
      /* labels and names */
      '_a.refuse-test.com', 'a_.refuse-test.com', '*_.refuse-test.com', '*a.refuse-test.com', 'a*.refuse-test.com', '*.', '.', '.refuse-test.com', 'a-.refuse-test.com', '-.refuse-test.com', 'a.-b.refuse-test.com', '*..refuse-test.com',
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(46)}.refuse-test.com`, 'a b.refuse-test.com', 'a\tb.refuse-test.com', 'a\nb.refuse-test.com', 'refuse-test.com\n', 'a%41.refuse-test.com', 'a,b.refuse-test.com', 'a@refuse-test.com',
      'https://refuse-test.com', 'refuse-test.com:443', 'refuse-test.com/', 'a\\.b.refuse-test.com',
      /* IDNA: not an A-label, one that no U-label gives, one of a character that is not allowed, the reserved kind, other dots and letters */
      'xn--.refuse-test.com', 'xn--ls8h.refuse-test.com', 'xn--abc-.refuse-test.com', 'ab--c.refuse-test.com', 'xn--nxa-.refuse-test.com', 'a\u3002refuse-test.com', '\uff41.refuse-test.com', 'stra\u00dfe.refuse-test.com', 'a\u200db.refuse-test.com'],
    malformed: ['a', '', '01.2.3.4', '::0001', '1.2.3.4/8', '127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '1.2.3', '1.2.3.4.5', '256.1.1.1', ' 8.8.8.8', '8.8.8.8 ', '8.8.8.8.', '*.8.8.8.8', '[2001:4860:4860::8888]',
      '2001:4860:4860:0::8888', '2001:4860:4860:0000:0000:0000:0000:8888', '2001:4860:4860::8888%1', '2001:4860:4860::888A', '::ffff:7f00:1', '::7f00:1'].map(value => ({ type: 'ip', value })),
    unsupportedIdentifier: [{ type: 'email', value: 'a@refuse-test.com' }, { type: '', value: 'x' }]
  }
  for (const [type, names] of Object.entries(bad)) for (const name of names) is(await client.order([typeof name === 'string' ? { type: 'dns', value: name } : name]), type, 400)
  for (const value of ['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.1.2.3', '100.64.0.1', '100.127.255.255', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.168.0.1', '198.18.0.1', '198.51.100.1',
    '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fec0::1', 'fc00::1', 'fd12:3456::1', 'ff02::1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001:db8::1',
    '2001::1', '2002:7f00:1::1']) is(await client.order([{ type: 'ip', value }]), 'rejectedIdentifier', 400)
  for (const identifiers of [null, {}, 'x', [null], ['x.refuse-test.com'], [{ type: 'dns' }], [{ value: 'x.refuse-test.com' }], [{ type: 'dns', value: ['x.refuse-test.com'] }], [{ type: 'dns', value: `${'a'.repeat(2000)}.refuse-test.com` }]])
    is(await client.post(client.url('new-order'), { identifiers }), 'malformed', 400)
  const several = await client.order(['good.refuse-test.com', 'under_score.refuse-test.com', { type: 'email', value: 'x' }])
  is(several, 'compound', 400)
  assert.deepEqual(several.body.subproblems.map(p => [p.type.split(':').at(-1), p.identifier.value]), [['rejectedIdentifier', 'under_score.refuse-test.com'], ['unsupportedIdentifier', 'x']])
  is(await client.post(client.url('new-order'), { identifiers: [] }), 'malformed', 400)
  is(await client.order(Array.from({ length: 101 }, (_, i) => `n${i}.refuse-test.com`)), 'malformed', 400)
  const upper = await client.order(['UPPER.refuse-test.com', 'upper.refuse-test.com'])
  assert.deepEqual(upper.body.identifiers, [{ type: 'dns', value: 'upper.refuse-test.com' }])
  /* the longest that there are, and a good A-label */
  const long = [`${'a'.repeat(63)}.refuse-test.com`, `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(45)}.refuse-test.com`, 'xn--bcher-kva.refuse-test.com', '*.xn--bcher-kva.refuse-test.com', 'xn--strae-oqa.refuse-test.com']
  assert.equal(long[1].length, 253)
  const good = await client.order(long)
  assert.deepEqual(good.body.identifiers?.map(one => one.value), long, good.text)
})

test('a life that cannot be had is refused, not changed', async () => {
  const at = seconds => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')
  const day = 86400
  for (const notAfter of [at(91 * day), at(-day), at(60), '2030-01-01', 'tomorrow', at(day).replace('Z', '.5Z'), at(day).replace('Z', ''), at(day).replace(/T.*/, 'T25:00:00Z')])
    is(await client.order(['x.refuse-test.com'], { notAfter }), 'malformed', 400)
  is(await client.order(['x.refuse-test.com'], { notAfter: 7 }), 'malformed', 400)
  is(await client.order(['x.refuse-test.com'], { notBefore: at(0) }), 'malformed', 400)
  assert.match((await client.order(['x.refuse-test.com'], { notAfter: at(91 * day) })).body.detail, /between 20\d\d-.* and 20\d\d-/)
  const made = await client.order(['x.refuse-test.com'], { notAfter: at(89 * day) })
  assert.equal(made.status, 201, made.text)
})

test('terms of service: told in the directory, agreed to by new accounts, and by old ones before their next order', async () => {
  const terms = 'https://refuse-test.com/terms?v=2'
  const old = new Acme(c)
  assert.equal((await old.register({ termsOfServiceAgreed: false })).body.termsOfServiceAgreed, false)
  assert.equal((await old.raw('GET', old.url('directory'))).body.meta.termsOfService, undefined)
  assert.equal((await old.order(['terms.refuse-test.com'])).status, 201)
  c.settings['acme.terms'] = terms
  await c.restart()
  assert.equal((await old.raw('GET', old.url('directory'))).body.meta.termsOfService, terms)
  const asks = reply => {
    is(reply, 'userActionRequired', 403)
    assert.equal(reply.body.instance, terms)
    assert.ok([reply.headers.link].flat().join().includes(`<${terms}>;rel="terms-of-service"`), reply.headers.link)
  }
  for (const termsOfServiceAgreed of [false, undefined]) asks(await new Acme(c).register({ termsOfServiceAgreed }))
  const fresh = new Acme(c)
  assert.equal((await fresh.register()).status, 201)
  assert.equal((await fresh.order(['terms.refuse-test.com'])).status, 201)
  asks(await old.order(['terms.refuse-test.com']))
  assert.equal((await old.post(old.kid)).status, 200)
  assert.equal((await old.post(old.kid, { termsOfServiceAgreed: true })).body.termsOfServiceAgreed, true)
  assert.equal((await old.order(['terms.refuse-test.com'])).status, 201)
  delete c.settings['acme.terms']
  await c.restart()
  client.nonces.length = 0
})

/* Every kind of address that holds somebody's thing, in every state that the thing can have, asked in every way. */
test('another account\'s things are not there, at every address', async () => {
  const owner = await c.createAccount({ name: 'shared' })
  const { KeyId, HmacKey } = await c.call(owner, 'CreateExternalAccount', {})
  const external = { keyId: KeyId, hmacKey: HmacKey }
  /* the sibling belongs to the same Chancery account; each from its own address, because they ask a lot */
  const [one, sibling, stranger] = [3, 4, 5].map(n => new Acme(c, { address: `127.0.1.${n}` }))
  for (const [who, options] of [[one, { external }], [sibling, { external }], [stranger, {}]]) assert.equal((await who.register(options)).status, 201)
  const done = await one.obtain(['mine.refuse-test.com'], byHttp(one))
  const pending = await one.order(['mine2.refuse-test.com', '*.mine2.refuse-test.com'])
  const failed = await one.order(['mine3.refuse-test.com'])
  await one.authorize(failed.body.authorizations[0], { type: 'http-01', solve: () => {} })
  const ready = await one.order(['mine.refuse-test.com'])
  assert.equal(ready.body.status, 'ready')
  const orders = [done.order, pending, failed, ready]
  const authorizations = [...new Set(orders.flatMap(order => order.body.authorizations))]
  const challenges = []
  for (const url of authorizations) challenges.push(...(await one.post(url)).body.challenges.map(ch => ch.url))
  assert.deepEqual([...new Set(challenges.map(url => url.split('/').at(-1)))].sort(), ['dns-01', 'http-01', 'tls-alpn-01'])
  const kinds = { /* addresses, and what is sent to them that would be right */
    account: [[one.kid], { contact: ['mailto:thief@a.example'] }, { status: 'deactivated' }],
    orders: [[`${one.kid}/orders`, `${one.kid}/orders?after=1`]],
    order: [orders.map(order => order.location)],
    finalize: [orders.map(order => order.body.finalize), { csr: b64u(done.csr) }],
    authorization: [authorizations, { status: 'deactivated' }],
    challenge: [challenges, {}],
    certificate: [[done.certificateUrl, `${done.certificateUrl}/1`]]
  }
  const mine = kinds.account[0].concat(kinds.orders[0], kinds.order[0], authorizations, challenges, kinds.certificate[0])
  const look = async () => { const seen = []; for (const url of mine) seen.push((await one.post(url)).text); return seen }
  const before = await look()
  const isRead = kind => kind !== 'finalize'
  for (const [kind, [urls, ...payloads]] of Object.entries(kinds)) {
    for (const url of urls) {
      const nobodys = url.replace(/\/(acct|order|authz|chall|cert)\/[^/]+/, (_, what) => `/${what}/${what === 'cert' ? 'zzzzzzzz' : '987654321'}`)
      for (const who of [sibling, stranger]) {
        for (const payload of ['', {}, [], 'x', ...payloads]) {
          const [theirs, none] = [await who.post(url, payload), await who.post(nobodys, payload)]
          const said = `${kind} ${url} ${JSON.stringify(payload)}: ${theirs.text}`
          assert.deepEqual([theirs.status, theirs.body, Object.keys(theirs.headers)], [none.status, none.body, Object.keys(none.headers)], said)
          if (payloads.includes(payload) || (payload === '' && isRead(kind))) is(theirs, 'malformed', 404)
          else assert.ok(theirs.type === 'malformed', said)
        }
        for (const method of ['GET', 'PUT', 'DELETE']) is(await who.raw(method, url), 'malformed', 405)
      }
    }
  }
  for (const who of [sibling, stranger]) {
    const [theirs, none] = [0, 1].map(i => who.post(who.url('revoke-cert'), { certificate: b64u(ders(done.pem)[i]) })) /* an issuer is nothing that was issued */
    is(await theirs, 'unauthorized', 403)
    assert.deepEqual((await theirs).body, (await none).body)
    is(await who.order(['mine.refuse-test.com'], { replaces: 'AAAA.AAAA' }), 'malformed', 400)
  }
  assert.deepEqual(await look(), before) /* nothing came of it */
  assert.equal((await one.post(ready.body.finalize, { csr: b64u((await makeCsr(c.dir, ['mine.refuse-test.com'])).csr) })).body.status, 'valid')
  assert.ok((await one.post(`${one.kid}/orders`)).body.orders.includes(pending.location))
  for (const who of [sibling, stranger]) assert.deepEqual((await who.post(`${who.kid}/orders`)).body.orders, [])
  /* what there is not, of one's own */
  for (const url of [done.certificateUrl.replace(/cert\/.*/, 'cert/zzzzzzzz'), `${done.certificateUrl}/7`, `${done.certificateUrl}/0`, `${done.certificateUrl}/x`, `${one.kid}/order`, `${done.order.location}/final`,
    `${authorizations[0]}/x`, one.url('order/'), one.url('order/x'), one.url('order/-1'), one.url('order/99999999999999999999'), one.url('')]) is(await one.post(url), 'malformed', 404)
  is(await one.post(challenges[0].replace(/[^/]*$/, 'email-reply-00'), {}), 'malformed', 404)
  const wild = (await one.post(pending.body.authorizations[1])).body.challenges
  assert.deepEqual(wild.map(ch => ch.type), ['dns-01'])
  for (const type of ['http-01', 'tls-alpn-01']) for (const payload of ['', {}]) is(await one.post(wild[0].url.replace('dns-01', type), payload), 'malformed', 404)
})

/* The limits of the reader hold for each resource, and whatever is not asked for is no way around them. */
test('oversize and deep JSON at each address; members that nobody asked for', async () => {
  const one = new Acme(c)
  await one.register()
  const order = await one.order(['deep.refuse-test.com'])
  const [authorization] = order.body.authorizations
  const { challenges: [{ url: challenge }] } = (await one.post(authorization)).body
  const fresh = makeKey()
  const change = one.url('key-change')
  const inner = payload => jws({ key: fresh, payload, header: { jwk: jwkOf(fresh), url: change } })
  const right = { /* with anything in the place of MORE */
    'new-account': '{"onlyReturnExisting":true,MORE}',
    'new-order': '{"identifiers":[{"type":"dns","value":"deep.refuse-test.com",MORE}],MORE}',
    [authorization]: '{"status":"deactivated",MORE}',
    [challenge]: '{MORE}',
    [order.body.finalize]: '{"csr":"AAAA",MORE}',
    [one.kid]: '{"contact":["mailto:deep@a.example"],MORE}',
    'revoke-cert': '{"certificate":"AAAA",MORE}',
    'key-change': JSON.stringify({ account: one.kid, oldKey: jwkOf(one.key), x: 0 }).replace('"x":0', 'MORE')
  }
  const send = (where, more) => {
    const url = where.startsWith('https') ? where : one.url(where)
    const payload = Buffer.from(right[where].replaceAll('MORE', more), 'latin1') /* so that it need not be UTF-8 */
    return one.post(url, where === 'key-change' ? inner(payload) : payload, where === 'new-account' ? { jwk: jwkOf(one.key) } : {})
  }
  const deep = n => `"x":${'['.repeat(n)}${']'.repeat(n)}`
  for (const where of Object.keys(right)) {
    for (const more of [deep(16), deep(2000), deep(20000), `"x":${'{"x":'.repeat(16)}1${'}'.repeat(16)}`, '"x":1,"x":2', '"x":"\\ud800"', '"x":"\xff"', '"x":', '"x":1}{', '"x":01', '"x":1,']) {
      const reply = await send(where, more)
      is(reply, 'malformed', 400)
    }
    const large = await one.raw('POST', where.startsWith('https') ? where : one.url(where), `{"payload":"${'A'.repeat(3e6)}"}`, { 'Content-Type': 'application/jose+json' }).catch(() => ({ status: 413 }))
    assert.equal(large.status, 413)
  }
  /* the same with members that are well formed: nobody minds */
  const more = `${deep(12)},"newNonce":"x","notBefore":null,"wildcard":true,"terms":{"a":[1.5e3,null,"\\u00e9"]}`
  const accepted = { 'new-account': 200, 'new-order': 201, [challenge]: 200, [one.kid]: 200, [authorization]: 400, [order.body.finalize]: 403, 'revoke-cert': 400, 'key-change': 200 }
  for (const [where, status] of Object.entries(accepted)) {
    const reply = await send(where, more)
    assert.equal(reply.status, status, `${where}: ${reply.text}`)
    if (status >= 400) assert.doesNotMatch(reply.body.detail, /payload/, 'it is not the reader that minds')
    if (where === 'key-change') one.key = fresh
  }
  /* an account's own picture of itself, sent back as clients do (RFC 8555 section 7.3.2) */
  const shown = (await one.post(one.kid)).body
  assert.deepEqual((await one.post(one.kid, { ...shown, orders: 'https://elsewhere', status: 'valid' })).body, shown)
  assert.deepEqual((await one.post(one.kid, { status: 'revoked' })).body, shown)
})

test('challenges that fail, say why, and end the order', async () => {
  const attempt = async (name, type, solve = () => {}) => {
    const made = await client.order([name])
    const result = await client.authorize(made.body.authorizations[0], { type, solve })
    assert.equal(result.status, 'invalid', JSON.stringify(result))
    assert.equal((await client.post(made.location)).body.status, 'invalid')
    is(await client.post(made.body.finalize, { csr: b64u((await makeCsr(c.dir, [name])).csr) }), 'orderNotReady', 403)
    return result.challenges[0].error.type.split(':').at(-1)
  }
  assert.equal(await attempt('absent.refuse-test.com', 'http-01'), 'incorrectResponse')
  assert.equal(await attempt('wrong.refuse-test.com', 'http-01', ch => web.setFile(`/.well-known/acme-challenge/${ch.token}`, `${ch.token}.wrong`)), 'incorrectResponse')
  assert.equal(await attempt('nodns.refuse-test.com', 'dns-01'), 'dns')
  assert.equal(await attempt('wrongtxt.refuse-test.com', 'dns-01', ch => dns.addRecord('_acme-challenge.wrongtxt.refuse-test.com', 'TXT', ch.token)), 'incorrectResponse')
  assert.equal(await attempt('inside.refuse-test.com', 'http-01'), 'connection')
  assert.match(await attempt('notls.refuse-test.com', 'tls-alpn-01'), /^(connection|tls)$/)
  const serve = byHttp(client).solve
  assert.equal(await attempt('caa.refuse-test.com', 'http-01', serve), 'caa')
  assert.equal(await attempt('uri.refuse-test.com', 'http-01', serve), 'caa')
  assert.equal(await attempt('method.refuse-test.com', 'http-01', serve), 'caa')
})

test('certificate requests that do not fit', async () => {
  const made = await client.order(['csr.refuse-test.com', 'csr2.refuse-test.com'])
  is(await client.post(made.body.finalize, { csr: b64u((await makeCsr(c.dir, ['csr.refuse-test.com'])).csr) }), 'orderNotReady', 403)
  for (const url of made.body.authorizations) assert.equal((await client.authorize(url, byHttp(client))).status, 'valid')
  const names = ['csr.refuse-test.com', 'csr2.refuse-test.com']
  const finalize = async (...args) => client.post(made.body.finalize, { csr: b64u((await makeCsr(c.dir, ...args)).csr) })
  is(await finalize(['csr.refuse-test.com']), 'badCSR', 400)
  is(await finalize([...names, 'csr3.refuse-test.com']), 'badCSR', 400)
  is(await finalize(names, { subject: '/CN=csr3.refuse-test.com' }), 'badCSR', 400)
  is(await finalize(names, { san: 'DNS:csr.refuse-test.com,DNS:csr2.refuse-test.com,email:a@refuse-test.com' }), 'badCSR', 400)
  is(await finalize(names, { keyOptions: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] }), 'badCSR', 400)
  is(await finalize(names, { keyOptions: ['-algorithm', 'ED25519'] }), 'badCSR', 400)
  is(await finalize(names, { key: client.key.export({ type: 'pkcs8', format: 'pem' }) }), 'badCSR', 400)
  is(await finalize(names, { keyOptions: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'] }), 'badCSR', 400)
  is(await finalize(names, { keyOptions: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }), 'badCSR', 400)
  is(await finalize(names, { keyOptions: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'] }), 'badCSR', 400)
  /* another ACME account's own key, and the key of somebody else's certificate */
  const other = new Acme(c)
  await other.register()
  is(await finalize(names, { key: other.key.export({ type: 'pkcs8', format: 'pem' }) }), 'badCSR', 400)
  const theirs = await other.obtain(['theirs.refuse-test.com'], byHttp(other))
  is(await finalize(names, { key: theirs.key }), 'badCSR', 400)
  is(await client.post(made.body.finalize, { csr: '' }), 'badCSR', 400)
  is(await client.post(made.body.finalize, { csr: 'AAAA' }), 'badCSR', 400)
  is(await client.post(made.body.finalize, { csr: '*' }), 'badCSR', 400)
  const { csr } = await makeCsr(c.dir, names)
  const broken = Buffer.from(csr)
  broken[broken.length - 5] ^= 1
  is(await client.post(made.body.finalize, { csr: b64u(broken) }), 'badCSR', 400)
  /* the order is as good as before */
  const both = await Promise.all([1, 2].map(() => client.nonce())).then(nonces => Promise.all(nonces.map(nonce => client.post(made.body.finalize, { csr: b64u(csr) }, { nonce }))))
  assert.deepEqual(both.map(r => r.body.status).sort(), [403, 'valid'])
  const leaf = new X509Certificate(ders((await client.post(both.find(r => r.status === 200).body.certificate)).text)[0])
  assert.equal(leaf.subjectAltName.split(', ').length, 2)
})

test('key change: wrong in each part, then right; deactivation', async () => {
  const one = new Acme(c)
  const two = new Acme(c)
  await one.register()
  await two.register()
  const fresh = makeKey('ES384')
  const url = one.url('key-change')
  const change = ({ account = one.kid, oldKey = jwkOf(one.key), key = fresh, alg = 'ES384', header = {}, jwk = jwkOf(key) } = {}) =>
    one.post(url, jws({ key, alg, payload: { account, oldKey }, header: { jwk, url, ...header } }))
  is(await change({ account: two.kid }), 'malformed', 400)
  is(await change({ oldKey: jwkOf(two.key) }), 'malformed', 400)
  is(await change({ header: { url: one.url('new-order') } }), 'malformed', 400)
  is(await change({ header: { nonce: 'n' } }), 'malformed', 400)
  is(await change({ header: { jwk: undefined, kid: one.kid } }), 'malformed', 400)
  is(await change({ header: { crit: ['exp'], exp: 1 } }), 'malformed', 400)
  is(await change({ header: { alg: 'none' } }), 'badSignatureAlgorithm', 400)
  is(await change({ header: { alg: 'ES256' } }), 'badSignatureAlgorithm', 400)
  is(await one.post(url, {}), 'malformed', 400)
  is(await one.post(url, jws({ key: fresh, alg: 'ES384', payload: { account: one.kid, oldKey: jwkOf(one.key) }, header: { jwk: jwkOf(fresh), url }, tamper: p => { p.payload += '=' } })), 'malformed', 400)
  is(await change({ jwk: jwkOf(makeKey('ES384')) }), 'unauthorized', 403)
  const taken = await change({ key: two.key, alg: 'ES256' })
  is(taken, 'malformed', 409)
  assert.equal(taken.location, two.kid)
  const done = await change()
  assert.equal(done.status, 200, done.text)
  is(await one.order(['x.refuse-test.com']), 'badSignatureAlgorithm', 400)
  Object.assign(one, { key: fresh, alg: 'ES384' })
  assert.equal((await one.order(['x.refuse-test.com'])).status, 201)
  /* of the same kind: the key before is nobody's now, and may begin anew */
  const old = two.key
  const next = makeKey()
  const inner = jws({ key: next, payload: { account: two.kid, oldKey: jwkOf(old) }, header: { jwk: jwkOf(next), url } })
  assert.equal((await two.post(url, inner)).status, 200)
  is(await two.post(two.kid), 'unauthorized', 403)
  is(await two.post(two.url('new-account'), { onlyReturnExisting: true }, { jwk: jwkOf(old) }), 'accountDoesNotExist', 400)
  is(await two.post(url, inner), 'unauthorized', 403) /* once is enough */
  assert.equal((await two.post(two.url('new-account'), { onlyReturnExisting: true }, { jwk: jwkOf(next), key: next })).location, two.kid)
  const anew = await two.post(two.url('new-account'), {}, { jwk: jwkOf(old) })
  assert.deepEqual([anew.status, anew.location === two.kid], [201, false])
  two.key = next
  const gone = await one.post(one.kid, { status: 'deactivated' })
  assert.equal(gone.body.status, 'deactivated')
  is(await one.order(['x.refuse-test.com']), 'unauthorized', 403)
  is(await one.post(one.url('new-account'), {}, { jwk: jwkOf(one.key) }), 'unauthorized', 403)
  /* a deactivated account's key is still its own */
  const dead = await two.post(url, jws({ key: one.key, alg: 'ES384', payload: { account: two.kid, oldKey: jwkOf(two.key) }, header: { jwk: jwkOf(one.key), url } }))
  is(dead, 'malformed', 409)
  assert.equal(dead.location, one.kid)
})

test('a deactivated account is refused at every address, and nothing comes of it; its certificate\'s key still revokes', async () => {
  const one = new Acme(c)
  await one.register()
  const done = await one.obtain(['gone.refuse-test.com'], byHttp(one))
  const ready = await one.order(['gone.refuse-test.com'])
  const pending = await one.order(['gone2.refuse-test.com'])
  const [authorization] = pending.body.authorizations
  const { challenges } = (await one.post(authorization)).body
  assert.equal((await one.post(one.kid, { status: 'deactivated' })).body.status, 'deactivated')
  const certificate = b64u(ders(done.pem)[0])
  const fresh = makeKey()
  const url = one.url('key-change')
  const ways = [[one.kid], [one.kid, { contact: [] }], [one.kid, { status: 'deactivated' }], [one.kid, { status: 'valid' }], [`${one.kid}/orders`], [one.url('new-order'), order()], [pending.location], [ready.location], [done.order.location],
    [ready.body.finalize, { csr: b64u(done.csr) }], [authorization], [authorization, { status: 'deactivated' }], ...challenges.flatMap(ch => [[ch.url], [ch.url, {}]]), [done.certificateUrl], [`${done.certificateUrl}/1`],
    [one.url('revoke-cert'), { certificate }], [url, jws({ key: fresh, payload: { account: one.kid, oldKey: jwkOf(one.key) }, header: { jwk: jwkOf(fresh), url } })], [one.url('directory')], [one.url('new-nonce')]]
  for (const [to, payload] of ways) is(await one.post(to, payload), 'unauthorized', 403)
  for (const payload of [{}, { onlyReturnExisting: true }, { status: 'valid', termsOfServiceAgreed: true }]) is(await one.post(one.url('new-account'), payload, { jwk: jwkOf(one.key) }), 'unauthorized', 403)
  const id = done.certificateUrl.split('/').at(-1)
  assert.deepEqual(await c.sql(`select revoked_at from issued where certificate_id = '${id}'`), [{ revoked_at: 0 }])
  const key = createPrivateKey(done.key)
  assert.equal((await one.post(one.url('revoke-cert'), { certificate, reason: 4 }, { jwk: jwkOf(key), key })).status, 200)
})

test('an authorization that is deactivated has to be proved again', async () => {
  const made = await client.obtain(['again.refuse-test.com'], byHttp(client))
  const [url] = made.order.body.authorizations
  assert.equal((await client.post(url, { status: 'deactivated' })).body.status, 'deactivated')
  const next = await client.order(['again.refuse-test.com'])
  assert.equal(next.body.status, 'pending')
  assert.notEqual(next.body.authorizations[0], url)
  is(await client.post(url, { status: 'valid' }), 'malformed', 400)
})

test('revocation by account, by key, by authorization; once, and with a reason that is one', async () => {
  const revoke = (who, pem, more = {}, options = {}) => who.post(who.url('revoke-cert'), { certificate: b64u(ders(pem)[0]), ...more }, options)
  const first = await client.obtain(['rev1.refuse-test.com'], byHttp(client))
  for (const reason of [2, 6, 7, 8, 9, 10, 11, -1]) is(await revoke(client, first.pem, { reason }), 'badRevocationReason', 400)
  is(await client.post(client.url('revoke-cert'), { certificate: 'AAAA' }), 'malformed', 400)
  is(await client.post(client.url('revoke-cert'), { certificate: b64u(ders(first.pem)[1]) }), 'unauthorized', 403)
  const done = await revoke(client, first.pem, { reason: 4 })
  assert.equal(done.status, 200, done.text)
  is(await revoke(client, first.pem, { reason: 4 }), 'alreadyRevoked', 400)
  assert.equal((await revoke(client, first.pem, { reason: 1 })).status, 200, 'BR 7.2.2: that the key is out is told later')
  is(await revoke(client, first.pem, { reason: 1 }), 'alreadyRevoked', 400)
  /* by its own key: the key is compromised and never comes back */
  const second = await client.obtain(['rev2.refuse-test.com'], byHttp(client))
  const key = createPrivateKey(second.key)
  const byKey = await revoke(client, second.pem, {}, { jwk: jwkOf(key), key })
  assert.equal(byKey.status, 200, byKey.text)
  const order = await client.order(['rev2.refuse-test.com'])
  is(await client.post(order.body.finalize, { csr: b64u(second.csr) }), 'badCSR', 400)
  /* by an account that may have the names */
  const third = await client.obtain(['rev3.refuse-test.com'], byHttp(client))
  const other = new Acme(c)
  await other.register()
  is(await revoke(other, third.pem), 'unauthorized', 403)
  const theirs = await other.order(['rev3.refuse-test.com'])
  assert.equal((await other.authorize(theirs.body.authorizations[0], byHttp(other))).status, 'valid')
  assert.equal((await revoke(other, third.pem, { reason: 5 })).status, 200)
  const reasons = await c.sql("select revoke_reason from issued where revoked_at > 0 and certificate_id in (select certificate_id from certificate where domain like 'rev_.refuse-test.com') order by issued_id")
  assert.deepEqual(reasons.map(r => r.revoke_reason), [1, 1, 5])
})

/* RFC 9773 section 4.1 */
async function certId (pem) {
  const leaf = new X509Certificate(ders(pem)[0])
  const [{ id }] = await c.sql(`select hex(serial) as id from issued where hex(serial) like '%${leaf.serialNumber}'`)
  const { stdout } = await run('openssl', ['x509', '-noout', '-ext', 'authorityKeyIdentifier'], { input: pem })
  const aki = Buffer.from(/([0-9A-F]{2}(:[0-9A-F]{2}){19})/.exec(stdout)[1].replaceAll(':', ''), 'hex')
  return `${aki.toString('base64url')}.${Buffer.from(id, 'hex').toString('base64url')}`
}

test('renewal information and what replaces what', async () => {
  const made = await client.obtain(['ari.refuse-test.com'], byHttp(client))
  const leaf = new X509Certificate(ders(made.pem)[0])
  const name = await certId(made.pem)
  const [aki, serial] = name.split('.').map(part => Buffer.from(part, 'base64url'))
  const info = await client.raw('GET', client.url(`renewal-info/${name}`))
  assert.equal(info.status, 200, info.text)
  const start = Date.parse(info.body.suggestedWindow.start)
  assert.ok(start > Date.parse(leaf.validFrom) + 55 * 86400e3 && Date.parse(info.body.suggestedWindow.end) < Date.parse(leaf.validTo))
  assert.ok(Number(info.headers['retry-after']) > 0)
  for (const wrong of ['x.y', aki.toString('base64url'), `${name}=`, `${name}.`, `.${name}`, `${name.split('.')[0]}.`, `.${name.split('.')[1]}`, 'A'.repeat(4000)]) is(await client.raw('GET', client.url(`renewal-info/${wrong}`)), 'malformed', 400)
  /* another issuer's key with our serial, and the serial with an octet in front: none of ours */
  is(await client.raw('GET', client.url(`renewal-info/${Buffer.alloc(20, 7).toString('base64url')}.${serial.toString('base64url')}`)), 'malformed', 404)
  is(await client.raw('GET', client.url(`renewal-info/${aki.toString('base64url')}.${Buffer.concat([Buffer.alloc(1), serial]).toString('base64url')}`)), 'malformed', 404)
  is(await client.raw('GET', client.url(`renewal-info/${aki.toString('base64url')}.AQ`)), 'malformed', 404)
  is(await client.order(['other-name.refuse-test.com'], { replaces: name }), 'malformed', 400)
  const stranger = new Acme(c)
  await stranger.register()
  is(await stranger.order(['ari.refuse-test.com'], { replaces: name }), 'malformed', 400)
  const next = await client.order(['ari.refuse-test.com'], { replaces: name })
  assert.equal(next.status, 201, next.text)
  assert.equal(next.body.replaces, name)
  is(await client.order(['ari.refuse-test.com'], { replaces: name }), 'alreadyReplaced', 409)
  const done = await client.post(next.body.finalize, { csr: b64u((await makeCsr(c.dir, ['ari.refuse-test.com'])).csr) })
  assert.equal(done.body.status, 'valid', done.text)
  const [old] = await c.sql(`select renew_certificate_id from certificate where certificate_id = '${made.certificateUrl.split('/').at(-1)}'`)
  assert.equal(old.renew_certificate_id, done.body.certificate.split('/').at(-1))
  /* revoked: renew at once */
  assert.equal((await client.post(client.url('revoke-cert'), { certificate: b64u(ders(made.pem)[0]), reason: 4 })).status, 200)
  const now = await client.raw('GET', client.url(`renewal-info/${name}`))
  assert.ok(Date.parse(now.body.suggestedWindow.end) <= Date.now() + 1000, now.text)
  /* the alternate chain ends in the root */
  const links = [made.certificate.headers.link].flat().join(', ')
  const [, alternate] = /<([^>]+)>;rel="alternate"/.exec(links)
  assert.equal(ders((await client.post(alternate)).text).length, ders(made.pem).length + 1)
})

test('external accounts: wrong in each part, required, disabled', async () => {
  const owner = await c.createAccount({ name: 'owner' })
  const made = await c.call(owner, 'CreateExternalAccount', {})
  const attempt = (change, options) => {
    const one = new Acme(c)
    const binding = one.external(made.KeyId, made.HmacKey, options?.(one))
    change?.(binding, one)
    return one.post(one.url('new-account'), { externalAccountBinding: binding }, { jwk: jwkOf(one.key) })
  }
  is(await attempt(b => { b.signature = b64u('x'.repeat(32)) }), 'unauthorized', 403)
  is(await attempt(b => { b.payload = b64u(JSON.stringify(jwkOf(makeKey()))) }), 'malformed', 400)
  is(await attempt(null, one => ({ key: makeKey() })), 'malformed', 400)
  is(await attempt(null, one => ({ url: one.url('new-order') })), 'malformed', 400)
  is(await attempt(b => { b.protected = b64u(JSON.stringify({ alg: 'HS256', kid: 'nobody', url: client.url('new-account') })) }), 'unauthorized', 403)
  is(await attempt(b => { b.protected = b64u(JSON.stringify({ alg: 'none', kid: made.KeyId, url: client.url('new-account') })) }), 'badSignatureAlgorithm', 400)
  is(await attempt(b => { b.signature = b.signature.slice(0, 20) }), 'unauthorized', 403)
  is(await attempt(b => { b.signature = '' }), 'malformed', 400)
  for (const part of ['protected', 'payload', 'signature']) {
    is(await attempt(b => { delete b[part] }), 'malformed', 400)
    is(await attempt(b => { b[part] += '=' }), 'malformed', 400)
  }
  /* whatever the header holds, signed with the right key: another key id's MAC, a nonce, a jwk, no url, ES256 */
  const signed = header => attempt((b, one) => {
    b.protected = b64u(JSON.stringify({ alg: 'HS256', kid: made.KeyId, url: one.url('new-account'), ...header }))
    b.signature = createHmac('sha256', Buffer.from(made.HmacKey, 'base64url')).update(`${b.protected}.${b.payload}`).digest('base64url')
  })
  const second = await c.call(owner, 'CreateExternalAccount', {})
  is(await signed({ kid: second.KeyId }), 'unauthorized', 403)
  is(await signed({ nonce: await client.nonce() }), 'malformed', 400)
  is(await signed({ kid: undefined, jwk: jwkOf(client.key) }), 'malformed', 400)
  is(await signed({ url: undefined }), 'malformed', 400)
  is(await signed({ alg: 'ES256' }), 'badSignatureAlgorithm', 400)
  is(await signed({ crit: ['exp'], exp: 1 }), 'malformed', 400)
  for (const alg of ['HS256', 'HS384', 'HS512']) assert.equal((await attempt(null, () => ({ alg }))).status, 201)
  const bound = new Acme(c)
  assert.equal((await bound.register({ external: { keyId: second.KeyId, hmacKey: second.HmacKey } })).status, 201)
  assert.equal((await c.cli(['eab', 'delete', second.KeyId], owner)).code, 0)
  assert.equal((await bound.order(['x.refuse-test.com'])).status, 201) /* who is bound stays so */
  const foreign = await c.createAccount({ name: 'foreign' })
  assert.notEqual((await c.cli(['eab', 'delete', made.KeyId], foreign)).code, 0)
  const listed = await c.cli(['eab', 'list', '--json'], owner)
  assert.equal(JSON.parse(listed.stdout).ExternalAccounts.find(one => one.KeyId === made.KeyId).UseCount, 3)
  assert.equal((await c.cli(['eab', 'delete', made.KeyId], owner)).code, 0)
  is(await attempt(), 'unauthorized', 403)
  const byHand = await c.cli(['eab', 'create', '--label', 'hand', '--name', 'refuse-test.com', '--tag', 'a=b', '--json'], owner)
  assert.match(JSON.parse(byHand.stdout).HmacKey, /^[\w-]{43}$/)
  c.settings['acme.external-account'] = 'required'
  await c.restart()
  const bare = new Acme(c)
  assert.deepEqual((await bare.raw('GET', bare.url('directory'))).body.meta, { website: `https://127.0.0.1:${c.port}/`, caaIdentities: ['localhost'], externalAccountRequired: true })
  is(await bare.register(), 'externalAccountRequired', 403)
  const key = JSON.parse(byHand.stdout)
  assert.equal((await bare.register({ external: { keyId: key.KeyId, hmacKey: key.HmacKey } })).status, 201)
  /* its names: themselves and what is below, nothing that ends in the same letters, no address */
  for (const names of [['refuse-test.com'], ['*.refuse-test.com'], ['a.b.refuse-test.com', '*.c.refuse-test.com']]) assert.equal((await bare.order(names)).status, 201)
  for (const names of [['norefuse-test.com'], ['com-refuse-test.com'], ['refuse-test.com.example.org'], ['9.9.9.9'], ['*.other-test.com']]) is(await bare.order(names), 'rejectedIdentifier', 400)
  /* what it orders is the owner's, with the key's tags and label, without a word from ACME */
  const got = await bare.obtain(['bound.refuse-test.com'], byHttp(bare))
  const { Certificates } = await c.call(owner, 'DescribeCertificates', { SearchKey: 'bound.refuse-test.com' })
  assert.deepEqual(Certificates.map(one => [one.CertificateId, one.Alias, one.Status, one.Tags]), [[got.certificateUrl.split('/').at(-1), 'hand', 1, [{ TagKey: 'a', TagValue: 'b' }]]])
  const { OrderId } = await c.describe(owner, Certificates[0].CertificateId)
  for (const query of [{}, { CertificateId: Certificates[0].CertificateId }]) assert.equal((await c.call(owner, 'DescribeOrders', query)).TotalCount, 0) /* nothing was bought */
  await assert.rejects(c.call(owner, 'RefundOrder', { OrderId }), { code: /Order/ })
  const { OperateLogs } = await c.call(owner, 'DescribeCertificateOperateLogs', {})
  assert.deepEqual(OperateLogs.filter(one => one.CertId === Certificates[0].CertificateId).map(one => one.Type), ['issued', 'apply'])
  /* deleted there: nobody's, for ACME too */
  const before = await certId(got.pem)
  assert.equal((await bare.raw('GET', bare.url(`renewal-info/${before}`))).status, 200)
  assert.equal((await bare.post(bare.url('revoke-cert'), { certificate: b64u(ders(got.pem)[0]) })).status, 200)
  await c.call(owner, 'DeleteCertificate', { CertificateId: Certificates[0].CertificateId })
  is(await bare.post(got.certificateUrl), 'malformed', 404)
  is(await bare.order(['bound.refuse-test.com'], { replaces: before }), 'malformed', 400)
  assert.equal((await bare.post(got.order.location)).body.status, 'invalid')
  delete c.settings['acme.external-account']
  await c.restart()
})

test('limits: failed challenges of one name are bounded, with Retry-After', async () => {
  const one = new Acme(c)
  await one.register()
  let reply
  for (let i = 0; i < 7; i++) {
    reply = await one.order(['limit.refuse-test.com'])
    if (reply.type === 'rateLimited') break
    await one.authorize(reply.body.authorizations[0], { type: 'http-01', solve: () => {} })
  }
  is(reply, 'rateLimited', 429)
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.equal((await one.order(['limit2.refuse-test.com'])).status, 201)
})

test('limits: one account that orders too much hears so, and others go on, for the same domain too', async () => {
  const greedy = new Acme(c)
  const modest = new Acme(c)
  await greedy.register()
  await modest.register()
  let reply /* the bucket fills by one a second: how many it takes depends on the machine */
  for (let i = 0; i < 5000 && reply?.status !== 429; i++) reply = await greedy.order([`g${i % 7}.refuse-test.com`])
  is(reply, 'rateLimited', 429)
  assert.match(reply.body.detail, /orders of this account/)
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.equal((await greedy.post(greedy.kid)).status, 200)
  await modest.obtain(['modest.refuse-test.com'], byHttp(modest))
})

test('limits: new accounts of one address are bounded, with Retry-After; those that are there go on', async () => {
  let reply
  for (let i = 0; i < 60 && reply?.status !== 429; i++) reply = await new Acme(c).register()
  is(reply, 'rateLimited', 429)
  assert.match(reply.body.detail, /accounts from this address/)
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.equal((await new Acme(c, { address: '127.0.2.2' }).register()).status, 201)
  assert.equal((await client.order(['x.refuse-test.com'])).status, 201)
})

/*
 * The bucket fills by a hundred a second, so requests come many at a time on one connection, and cost nobody but the service: they go on until
 * one is too many, however long that takes.
 */
test('limits: requests of one address are bounded, with Retry-After; other addresses go on, and so does this one later', async () => {
  const address = '127.0.2.1'
  const socket = connect({ host: '127.0.0.1', port: c.port, localAddress: address, rejectUnauthorized: false })
  const batch = `GET /acme/renewal-info/x.y HTTP/1.1\r\nHost: 127.0.0.1:${c.port}\r\n\r\n`.repeat(200)
  let text = ''
  let answered = 0
  socket.setEncoding('latin1')
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', () => socket.write(batch))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed after ${answered} answers`)))
    socket.on('data', part => {
      text += part
      const limited = /HTTP\/1\.1 429[\s\S]*?\r\n\r\n\{[^}]*\}/.test(text)
      const n = text.split('HTTP/1.1 ').length - 1
      if (limited) return resolve()
      if (n < 200) return
      answered += n
      text = ''
      if (answered > 1e6) reject(new Error('never limited'))
      else socket.write(batch)
    })
  }).finally(() => { socket.removeAllListeners('close'); socket.destroy() })
  assert.ok(answered + text.split('HTTP/1.1 4').length > 1000, 'a thousand at once are fine')
  const [, head, body] = /HTTP\/1\.1 429([\s\S]*?)\r\n\r\n(\{[^}]*\})/.exec(text)
  assert.match(head, /\r\ncontent-type: application\/problem\+json\r\n/i)
  assert.match(head, /\r\nretry-after: [1-9]\d*\r\n/i)
  assert.match(head, /\r\nreplay-nonce: [\w-]{32}\r\n/i)
  const problem = JSON.parse(body)
  assert.deepEqual([problem.type, problem.status], ['urn:ietf:params:acme:error:rateLimited', 429])
  assert.match(problem.detail, /requests from this address/)
  assert.equal((await client.order(['x.refuse-test.com'])).status, 201)
  const late = new Acme(c, { address })
  await until('it is let in again', async () => (await late.raw('GET', late.url('renewal-info/x.y'))).status !== 429)
})
