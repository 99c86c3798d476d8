/*
 * chancery-prober as a program: starting, ending, a server that talks nonsense or is replaced, many requests.  takes 20 s
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDns, startDnsFilter } from '../lib/dns.mjs'
import { soon, until } from '../lib/chancery.mjs'
import { startProber } from '../lib/prober.mjs'

const VALUE = 'the value'
let dns
let silent /* a resolver that never answers */
before(async () => {
  dns = await startDns({ zones: [{ name: 'plain.test', records: [['_dnsauth.plain.test', 'TXT', VALUE]] }] })
  silent = await startDnsFilter(dns, () => 'drop')
})
after(async () => {
  await silent.stop()
  await dns.stop()
})

const settings = address => ({ 'validation.resolver': address, 'validation.trust-anchor': 'none' })
const ask = (prober, timeMs) => prober.ask('txt', '_dnsauth.plain.test', VALUE, { timeMs })

/* Until the resolver has been asked by what `ask` begins: then it is in flight. */
async function inFlight (resolver, ask) {
  const asked = resolver.queries.length
  const reply = ask()
  reply.catch(() => {})
  await until('in flight', () => resolver.queries.length > asked)
  return { reply }
}

async function endsWell (prober) {
  await prober.stop()
  assert.equal(prober.exit, 0)
  assert.doesNotMatch(prober.stderr, /Sanitizer|runtime error|prober error/)
}

test('it starts without a resolver of the operator: from the root', async () => {
  await endsWell(await startProber())
})

test('settings that cannot work stop it with a sentence', async () => {
  for (const [name, value] of [['validation.resolver', 'no address'], ['validation.allow', '10.0.0.0/99'], ['validation.nothing', '1']]) {
    await assert.rejects(startProber({ settings: { [name]: value } }), new RegExp(name.replace('.', '\\.')))
  }
})

test('STOP: what is in flight is answered, then it ends', async () => {
  const prober = await startProber({ settings: settings(silent.address) })
  const { reply } = await inFlight(silent, () => ask(prober, 3000))
  const stopped = prober.stop()
  assert.equal((await reply).verdict, 'UNREACHABLE')
  await stopped
  assert.equal(prober.exit, 0)
})

test('the parent’s end ends it at once, in flight or not', async () => {
  await soon('it ends', 6000, async () => {
    const prober = await startProber({ settings: settings(silent.address) })
    await inFlight(silent, () => ask(prober, 10_000))
    const since = performance.now()
    prober.process.stdin.end()
    await prober.ended
    assert.equal(prober.exit, 0)
    return { since }
  })
})

test('signals of the terminal do not end it: the parent does', async () => {
  const prober = await startProber({ settings: settings(dns.address) })
  process.kill(prober.pid, 'SIGINT')
  process.kill(prober.pid, 'SIGTERM')
  await sleep(100)
  assert.equal((await ask(prober)).verdict, 'PASS')
  await endsWell(prober)
})

test('requests that are none are refused, one by one', async () => {
  const prober = await startProber({ settings: settings(dns.address) })
  const u32 = (...numbers) => { const b = Buffer.alloc(4 * numbers.length); numbers.forEach((n, i) => b.writeUInt32LE(n, 4 * i)); return b }
  const cases = [
    [200, '', ''], [200, u32(0, 1, 1, 0, 0), 'ab'], [200, u32(0, 1, 1, 0, 0, 0, 0), 'ab'], [200, u32(0, 3, 3, 0, 0, 9), 'ab'],
    [200, u32(0, 1, 0, 0, 0, 9), 'ab'], [200, u32(0, 0xffffffff, 1, 0, 0, 9), 'ab'], [200, u32(9, 1, 1, 0, 0, 9), 'ab'],
    [200, u32(0xffffffff, 1, 1, 0, 0, 9), 'ab'], [1, '', ''], [300, '', ''], [302, '', ''], [0, '', ''], [0xffffffff | 0, '', '']
  ]
  for (const [type, body, tail] of cases) {
    const reply = await prober.raw(type, body, tail)
    assert.ok(['IPC_FRAME', 'PARAM_VALUE'].includes(reply.err), JSON.stringify(reply))
  }
  assert.equal((await ask(prober)).verdict, 'PASS')
  await endsWell(prober)
})

test('no frames: the conversation is ended, the program lives and takes the next server', async () => {
  const prober = await startProber({ settings: settings(dns.address) })
  for (const junk of ['00', 'ff'.repeat(20), 'c800000001000000000000000500000000000000', '00'.repeat(100)]) {
    const lost = prober.lost
    prober.line('junk', junk)
    await until('the conversation is ended', () => prober.lost > lost)
    prober.line('server')
    assert.equal((await ask(prober)).verdict, 'PASS')
  }
  await prober.stop()
  assert.equal(prober.exit, 0)
  assert.match(prober.stderr, /server_talks_nonsense/)
})

test('a new server gets no answers to the questions of the old one', async () => {
  const prober = await startProber({ settings: settings(silent.address) })
  let strays = 0
  const { reply } = await inFlight(silent, () => ask(prober, 1500))
  reply.then(() => strays++, () => {})
  prober.line('server')
  assert.equal((await ask(prober, 4000)).verdict, 'UNREACHABLE')
  assert.equal(strays, 0)
  await endsWell(prober)
})

test('a thousand requests at once are all answered, in any order', async () => {
  const prober = await startProber({ settings: settings(dns.address) })
  const replies = await Promise.all(Array.from({ length: 1000 }, () => ask(prober)))
  for (const { verdict, detail } of replies) assert.match(verdict === 'PASS' ? '' : detail, /^$|time-out/) /* a slow machine's ten seconds may be over */
  assert.equal((await ask(prober)).verdict, 'PASS')
  await endsWell(prober)
})

test('a slow one does not hold up a quick one', async () => {
  const mixed = await startDnsFilter(dns, ({ name }) => (name.includes('slow') ? 'drop' : 'pass'))
  const prober = await startProber({ settings: settings(mixed.address) })
  await soon('a quick one', 4000, async round => {
    const asked = mixed.queries.length
    const slow = Array.from({ length: 100 }, (_, i) => prober.ask('txt', `_dnsauth.slow${round}x${i}.plain.test`, VALUE, { timeMs: 10_000 }))
    await until('in flight', () => mixed.queries.length >= asked + 100)
    const since = performance.now()
    const quick = await ask(prober)
    const took = performance.now() - since
    for (const reply of await Promise.all(slow)) assert.equal(reply.verdict, 'UNREACHABLE')
    assert.equal(quick.verdict, 'PASS')
    return { since: performance.now() - took }
  })
  await endsWell(prober)
  await mixed.stop()
})

test('hundreds of names that never answer, round after round, do not hold up or hurt the others', async () => {
  const mixed = await startDnsFilter(dns, ({ name }) => (name.includes('slow') ? 'drop' : 'pass'))
  const prober = await startProber({ settings: settings(mixed.address) })
  for (let round = 0; round < 4; round++) {
    const slow = await Promise.all(Array.from({ length: 256 }, (_, i) =>
      prober.ask('txt', `_dnsauth.slow${round}x${i}.plain.test`, VALUE, { timeMs: 1500 })))
    assert.ok(slow.every(reply => reply.verdict === 'UNREACHABLE'))
    await soon('another', 3000, async () => assert.equal((await ask(prober)).verdict, 'PASS'))
  }
  await endsWell(prober)
  await mixed.stop()
})
