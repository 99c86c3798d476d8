/*
 * Names whose hosts and name servers mean harm – drip, endless bodies, bombs, floods of headers, silence – three hundred at once, of many
 * accounts, and a thousand connections that trickle: the others' orders and the directory go on as if they were alone.  And
 * redirects to where nobody may be sent, in every spelling.  Takes about 60 s.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { sleep, startChancery, until } from '../lib/chancery.mjs'
import { startDns, startDnsFilter } from '../lib/dns.mjs'
import { KINDS, startHostile } from '../lib/hostile.mjs'
import { Acme, b64u, makeCsr } from '../lib/acme.mjs'

const ZONE = 'hostile-test.com'
const ACCOUNTS = 20
const NAMES = 15
const SLOW = 1000
const ORDERS = 12
const DIRECTORY_MS = 200
let dns, filter, peers, c
before(async () => {
  const zone = [[ZONE, 'A', '127.0.0.1'], [`*.${ZONE}`, 'A', '127.0.0.1'], [`inside.${ZONE}`, 'A', '127.0.0.2']]
  dns = await startDns({ zones: [{ name: ZONE, records: zone }] })
  filter = await startDnsFilter(dns, ({ name, type }) => (name.startsWith('mute-') || (name.startsWith('caamute-') && type === 257) ? 'drop' : 'pass'))
  peers = await startHostile()
  c = await startChancery({ settings: { 'limits.rate': 'off', 'validation.resolver': filter.address, 'validation.trust-anchor': 'none',
    'validation.http-port': peers.port, 'validation.allow': '127.0.0.1/32' } })
})
after(async () => {
  await c?.stop()
  await peers?.stop()
  await filter?.stop()
  await dns?.stop()
})

const path = challenge => `/.well-known/acme-challenge/${challenge.token}`
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const p95 = list => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.95)]

async function register () {
  const client = new Acme(c)
  assert.equal((await client.register()).status, 201)
  return client
}

let names = 0
/* Milliseconds of a whole order, each of a name of its own; the request is made beforehand. */
async function orderMs (client) {
  const name = `good-${names++}.${ZONE}`
  const made = await makeCsr(c.dir, [name])
  const began = performance.now()
  await client.obtain([name], { csr: made, solve: challenge => peers.set(path(challenge), client.answer(challenge)) })
  return performance.now() - began
}

async function ordersMs (client) {
  const took = []
  for (let i = 0; i < ORDERS; i++) took.push(await orderMs(client))
  return took
}

async function directoryMs (client, count = 60) {
  const took = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    assert.equal((await client.raw('GET', client.url('directory'))).status, 200)
    took.push(performance.now() - began)
    await sleep(5)
  }
  return took
}

/* What one account has tried to get for harmful names, over and over; ends when told to. */
const SLOW_KINDS = ['silent', 'drip', 'driphead', 'mute', 'caamute'] /* they hold a look until its time is over */
const HARM = KINDS.filter(kind => kind !== 'good' && kind !== 'redirect').flatMap(kind => [kind, ...SLOW_KINDS])
/* One name of an account after the other, in as many rows as there are NAMES, so that something is always being looked at. */
async function row (client, number, state) {
  for (let round = 0; !state.over; round++) {
    const order = await client.order([`${HARM[(number + round) % HARM.length]}-${number}x${round}.${ZONE}`])
    assert.equal(order.status, 201, order.text)
    const [url] = order.body.authorizations
    const { challenges } = (await client.post(url)).body
    const challenge = challenges.find(one => one.type === 'http-01')
    await peers.set(path(challenge), client.answer(challenge)) /* only who is let serve it does */
    const tried = await client.post(challenge.url, {})
    assert.equal(tried.status, 200, tried.text)
    if (tried.body.status === 'processing') {
      assert.match(tried.headers['retry-after'], /^[1-9]\d*$/)
      state.told++
    }
    state.begun++
    let body
    do {
      await sleep(3000)
      body = (await client.post(url)).body
    } while (body.status === 'pending' && !state.over)
    assert.ok(state.over || body.status === 'invalid', JSON.stringify(body))
    state.ended += body.status === 'invalid'
  }
}

async function hostile (number, state) {
  const client = await register()
  await Promise.all(Array.from({ length: NAMES }, (_, i) => row(client, number * NAMES + i, state)))
}

test('three hundred hostile hosts and a thousand slow connections cost the others nothing', async t => {
  const honest = await register()
  await ordersMs(honest)
  let alone = median(await ordersMs(honest))
  let quiet = p95(await directoryMs(honest))
  const pids = c.pids()
  const state = { over: false, begun: 0, ended: 0, told: 0 }
  const harm = Promise.all(Array.from({ length: ACCOUNTS }, (_, i) => hostile(i, state)))
  harm.catch(() => { state.over = true })
  const beside = []
  const directory = []
  try {
    await peers.trickle({ tls: c.port, plain: c.publicPort }, SLOW)
    while (state.begun < ACCOUNTS * NAMES && !state.over) await sleep(100)
    beside.push(...await ordersMs(honest), ...await ordersMs(await register()))
    directory.push(...await directoryMs(honest), ...await directoryMs(honest))
    await until('the slow connections are there', async () => await peers.trickling() > SLOW * 0.9)
    while (state.ended < ACCOUNTS * NAMES && !state.over) await sleep(100) /* each was tried to its end, and none passed */
  } finally {
    state.over = true
  }
  await harm
  quiet = Math.max(quiet, p95(await directoryMs(honest))) /* a neighbour's work may have begun meanwhile */
  alone = Math.max(alone, median(await ordersMs(honest)))
  assert.ok(state.told > 0, 'nobody was told to come back')
  t.diagnostic(`an order: ${alone.toFixed(0)} ms alone, ${median(beside).toFixed(0)} ms beside, the slowest ${Math.max(...beside).toFixed(0)} ms; ` +
    `the directory: ${quiet.toFixed(1)} ms alone, ${p95(directory).toFixed(1)} ms beside; ${state.ended} hostile looks`)
  /*
   * Whoever is starved waits for the hostile looks before him: three hundred of ten seconds each, by a few dozen threads, is the better
   * part of a minute.  A machine that is busy with other things is seconds late now and then, and that is not our affair.
   */
  assert.ok(median(beside) <= Math.max(5000, alone * 10), `an order takes ${median(beside)} ms, alone ${alone} ms`)
  assert.ok(Math.max(...beside) <= Math.max(20_000, alone * 40), `the slowest order took ${Math.max(...beside)} ms, alone ${alone} ms`)
  const most = Math.max(DIRECTORY_MS, quiet * 20)
  assert.ok(median(directory) <= most, `the directory takes ${median(directory)} ms, and ${most} are allowed`)
  assert.ok(p95(directory) <= 10 * most, `the directory takes ${p95(directory)} ms now and then, and ${10 * most} are allowed`)
  assert.deepEqual(c.pids(), pids, 'a program died of it')
})

test('redirects to private addresses and other ports, in every spelling, reach nobody', async () => {
  const strays = []
  const canary = (port, host) => new Promise((resolve, reject) => {
    const server = createServer(socket => { strays.push(`${host}:${server.address().port}`); socket.destroy() })
    server.once('error', reject).listen(port, host, () => resolve(server))
  })
  const canaries = [await canary(peers.port, '127.0.0.2'), await canary(0, '127.0.0.1')]
  const other = canaries[1].address().port
  const port = peers.port
  const hosts = ['127.0.0.2', '127.0.0.2.', '2130706434', '0x7f000002', '0X7F000002', '017700000002', '127.2', '127.0.2', '0x7f.0.0.2', '0177.0.0.2', '0177.0.0.02', '127.0.0.0x2',
    '00000000177.0.0.2', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '[0:0:0:0:0:ffff:7f00:2]', '[::127.0.0.2]', '[64:ff9b::7f00:2]', '[2002:7f00:2::]', '127。0。0。2', '１２７.0.0.2',
    '%31%32%37.0.0.2', '127%2e0%2e0%2e2', `user@127.0.0.2`, `user:pass@127.0.0.2`, `good-0.${ZONE}@127.0.0.2`, `inside.${ZONE}`, `inside.${ZONE}.`, `INSIDE.${ZONE}`, '[::1]', 'localhost', '0', '0.0.0.0', '10.0.0.1', '169.254.169.254']
  const to = [
    ...hosts.map(host => `http://${host}:${port}/x`),
    ...[`http://good-0.${ZONE}:${other}/x`, `http://127.0.0.1:${other}/x`, `//good-0.${ZONE}:${other}/x`, `http:\\\\good-0.${ZONE}:${other}\\x`, `http://good-0.${ZONE}:0${other}/x`,
      `http://good-0.${ZONE}:${port}@good-0.${ZONE}:${other}/x`, `https://good-0.${ZONE}:${other}/x`, `ftp://good-0.${ZONE}:${other}/x`, `gopher://127.0.0.1:${other}/x`, 'file:///etc/passwd',
      `http://good-0.${ZONE}:${port + 65536}/x`, `http://good-0.${ZONE}:${other}#@good-0.${ZONE}:${port}/x`, `http://good-0.${ZONE}:${other}\\@good-0.${ZONE}:${port}/x`]
  ]
  await peers.redirects(to)
  await peers.set('/x', 'nothing')
  const client = await register()
  const order = await client.order(to.map((_, i) => `redirect-${i}.${ZONE}`))
  assert.equal(order.status, 201, order.text)
  await Promise.all(order.body.authorizations.map(async url => {
    const { challenges } = (await client.post(url)).body
    await client.post(challenges.find(one => one.type === 'http-01').url, {})
  }))
  for (const url of order.body.authorizations) {
    const { body } = await client.wait(url, ['pending'])
    assert.equal(body.status, 'invalid', `${body.identifier.value} ${to[Number(/\d+/.exec(body.identifier.value))]}`)
    assert.doesNotMatch(body.challenges[0].error.detail, /refused by|open port|timed out after/, 'an open port looks like a closed one')
  }
  assert.deepEqual(strays, [])
  for (const server of canaries) server.close()
  assert.equal((await client.post(order.body.finalize, { csr: b64u((await makeCsr(c.dir, [`redirect-0.${ZONE}`])).csr) })).type, 'orderNotReady')
})
