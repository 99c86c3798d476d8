/*
 * CAA as chancery-prober sees it in real zones: CAA-02 … CAA-06, CAA-09, DIAG-19, SIL-66, CON-36, RFC 8659, RFC 8657, and what a
 * failing look-up means (BR 3.2.2.8).  takes 40 s
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../lib/chancery.mjs'
import { startDns, startDnsFilter } from '../lib/dns.mjs'
import { startProber } from '../lib/prober.mjs'

const OURS = 'sectigo.com,ca.example.test'
const CAA = 257

const zones = [
  { name: 'test', dnssec: 'good', records: [] },
  { name: 'plain.test', records: [
    ['plain.test', 'A', '192.0.2.1'],
    ['ours.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['second.plain.test', 'CAA', '0 issue "CA.Example.Test"'],
    ['both.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['both.plain.test', 'CAA', '0 issuewild "sectigo.com"'],
    ['foreign.plain.test', 'CAA', '0 issue "letsencrypt.org"'],
    ['mixed.plain.test', 'CAA', '0 issue "letsencrypt.org"'],
    ['mixed.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['nobody.plain.test', 'CAA', '0 issue ";"'],
    ['iodef.plain.test', 'CAA', '0 iodef "mailto:x@plain.test"'],
    ['critical.plain.test', 'CAA', '128 unheardof "x"'],
    ['critical.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['broken.plain.test', 'CAA', '0 issue "sectigo.com;;"'],
    ['wildno.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['wildno.plain.test', 'CAA', '0 issuewild ";"'],
    ['wildonly.plain.test', 'CAA', '0 issue ";"'],
    ['wildonly.plain.test', 'CAA', '0 issuewild "sectigo.com"'],
    ['tied.plain.test', 'CAA', '0 issue "sectigo.com; accounturi=https://acme.test/1; validationmethods=dns-01"'],
    ['free.foreign.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ['alias.plain.test', 'CNAME', 'foreign.plain.test.'],
    ['nowhere.plain.test', 'CNAME', 'a.b.plain.test.'],
    ['ring.plain.test', 'CNAME', 'gnir.plain.test.'],
    ['gnir.plain.test', 'CNAME', 'ring.plain.test.'],
    ['many.plain.test', 'CAA', '0 issue "sectigo.com"'],
    ...Array.from({ length: 60 }, (_, i) => ['many.plain.test', 'CAA', `0 issue "ca${i}.other.test; filler=${'x'.repeat(100)}"`])
  ] },
  { name: 'signed.test', dnssec: 'good', records: [['foreign.signed.test', 'CAA', '0 issue "letsencrypt.org"']] },
  { name: 'nsec3.test', dnssec: 'good', nsec3: true, records: [] },
  { name: 'open.nsec3.test', records: [] },
  { name: 'locked.test', records: [['locked.test', 'CAA', '0 issue "letsencrypt.org"']] },
  { name: 'expired.test', dnssec: 'expired', records: [] }
]

let dns
let prober
before(async () => {
  dns = await startDns({ zones })
  prober = await startProber({ settings: { 'validation.resolver': dns.address, 'validation.trust-anchor': dns.trustAnchor } })
})
after(async () => {
  await prober?.stop()
  assert.equal(prober?.exit, 0)
  assert.equal(prober?.complaints, '')
  await dns?.stop()
})

const caa = (name, more) => prober.ask('caa', name, OURS, more)

describe('one record set, and the way up', () => {
  const cases = [
    ['DIAG-19 CAA-03 none anywhere', 'plain.test', 'PASS'],
    ['DIAG-19 a name that does not exist', 'a.b.c.d.plain.test', 'PASS'],
    ['DIAG-19 none, signed', 'signed.test', 'PASS'],
    ['CAA-06 ours', 'ours.plain.test', 'PASS'],
    ['CAA-06 both records', 'both.plain.test', 'PASS'],
    ['our second name, other case', 'second.plain.test', 'PASS'],
    ['CAA-04 another authority', 'foreign.plain.test', 'FORBIDDEN'],
    ['CAA-04 another authority, signed', 'foreign.signed.test', 'FORBIDDEN'],
    ['CON-36 another and ours', 'mixed.plain.test', 'PASS'],
    ['nobody', 'nobody.plain.test', 'FORBIDDEN'],
    ['only iodef', 'iodef.plain.test', 'PASS'],
    ['unknown critical property', 'critical.plain.test', 'FORBIDDEN'],
    ['malformed value', 'broken.plain.test', 'FORBIDDEN'],
    ['SIL-66 the parent of a name without records', 'www.foreign.plain.test', 'FORBIDDEN'],
    ['SIL-66 the grandparent', 'a.b.foreign.plain.test', 'FORBIDDEN'],
    ['SIL-66 the nearest decides', 'free.foreign.plain.test', 'PASS'],
    ['SIL-66 the nearest decides for names below it', 'x.free.foreign.plain.test', 'PASS'],
    ['at the end of a CNAME', 'alias.plain.test', 'FORBIDDEN'],
    ['a CNAME to a name without records: on at the name’s own parent', 'nowhere.plain.test', 'PASS'],
    ['SIL-66 wildcard: issue', '*.ours.plain.test', 'PASS'],
    ['SIL-66 wildcard: both', '*.both.plain.test', 'PASS'],
    ['SIL-66 wildcard: issuewild forbids', '*.wildno.plain.test', 'FORBIDDEN'],
    ['SIL-66 issuewild does not concern the name', 'wildno.plain.test', 'PASS'],
    ['SIL-66 wildcard: issuewild permits', '*.wildonly.plain.test', 'PASS'],
    ['SIL-66 issue forbids the name', 'wildonly.plain.test', 'FORBIDDEN'],
    ['an answer of several packets', 'many.plain.test', 'PASS']
  ]
  for (const [what, name, verdict] of cases) {
    test(what, async () => {
      const reply = await caa(name)
      assert.equal(reply.verdict, verdict, reply.detail)
      assert.equal(reply.good, true)
    })
  }

  test('DIAG-19 an empty answer says so', async () => {
    assert.match((await caa('signed.test')).detail, /No CAA record/)
    assert.equal((await caa('signed.test')).dnssec, 'SECURE')
  })

  test('CAA-04 the reason names the place and what stands there', async () => {
    const reply = await caa('www.foreign.plain.test')
    assert.match(reply.detail, /CAA at foreign\.plain\.test.*letsencrypt\.org/)
    assert.deepEqual(reply.values, ['0 issue "letsencrypt.org"'])
  })

  test('without a name of our own any issue record forbids', async () => {
    assert.equal((await prober.ask('caa', 'ours.plain.test', '')).verdict, 'FORBIDDEN')
    assert.equal((await prober.ask('caa', 'plain.test', '')).verdict, 'PASS')
  })

  test('RFC 8657: account and method', async () => {
    const right = { accountUri: 'https://acme.test/1', method: 'dns-01' }
    assert.equal((await caa('tied.plain.test', right)).verdict, 'PASS')
    assert.equal((await caa('tied.plain.test', { ...right, accountUri: 'https://acme.test/2' })).verdict, 'FORBIDDEN')
    assert.equal((await caa('tied.plain.test', { ...right, method: 'http-01' })).verdict, 'FORBIDDEN')
    assert.equal((await caa('tied.plain.test')).verdict, 'FORBIDDEN')
  })

  test('incident 1: of many names asked at once each gets its own answer', async () => {
    const names = ['ours', 'foreign', 'nobody', 'iodef', 'wildonly', 'both'].map(n => `${n}.plain.test`)
    const expected = ['PASS', 'FORBIDDEN', 'FORBIDDEN', 'PASS', 'FORBIDDEN', 'PASS']
    const replies = await Promise.all(Array.from({ length: 240 }, (_, i) => caa(names[i % 6])))
    replies.forEach((reply, i) => assert.equal(reply.verdict, expected[i % 6], `${names[i % 6]}: ${reply.detail}`))
  })
})

describe('CAA-09 a look-up that fails: incident 15', () => {
  let filter
  let behind
  const start = async more => {
    filter = await startDnsFilter(dns, () => 'pass')
    behind = await startProber({ settings: { 'validation.resolver': filter.address, 'validation.trust-anchor': dns.trustAnchor, ...more } })
  }
  const end = async () => {
    await behind.stop()
    assert.equal(behind.exit, 0)
    await filter.stop()
  }
  const failing = (zone, how) => ({ name, type }) => (type === CAA && name === zone ? how : 'pass')
  const cases = [
    ['signed zone: forbids', 'signed.test', 'servfail', 'UNKNOWN'],
    ['signed zone (NSEC3): forbids', 'nsec3.test', 'refused', 'UNKNOWN'],
    ['bogus zone: forbids', 'expired.test', 'servfail', 'UNKNOWN'],
    ['proved unsigned: permits', 'plain.test', 'servfail', 'PASS'],
    ['proved unsigned by NSEC3: permits', 'open.nsec3.test', 'servfail', 'PASS'],
    ['proved unsigned, garbage: permits', 'plain.test', 'garbage', 'PASS'],
    ['proved unsigned, silence: permits', 'plain.test', 'drop', 'PASS'],
    ['signed zone, silence: forbids', 'signed.test', 'drop', 'UNKNOWN']
  ]
  for (const [what, name, how, verdict] of cases) {
    test(what, async () => {
      await start()
      filter.rule = failing(name, how)
      const reply = await behind.ask('caa', name, OURS)
      assert.equal(reply.verdict, verdict, reply.detail)
      assert.ok(filter.queries.filter(q => q.type === CAA && q.name === name).length >= 2, 'asked again')
      if (verdict === 'PASS') assert.match(reply.detail, /failed where the zone is not signed/)
      await end()
    })
  }

  test('an excused failure does not hide a parent that forbids', async () => {
    await start()
    filter.rule = failing('www.locked.test', 'servfail')
    assert.equal((await behind.ask('caa', 'www.locked.test', OURS)).verdict, 'FORBIDDEN')
    await end()
  })

  test('nothing answers: forbids', async () => {
    await start()
    filter.rule = () => 'drop'
    assert.equal((await behind.ask('caa', 'plain.test', OURS, { timeMs: 3000 })).verdict, 'UNKNOWN')
    await end()
  })

  test('without validation nothing is proved: the name’s own failure forbids, one above its zone does not', async () => {
    await start({ 'validation.trust-anchor': 'none' })
    filter.rule = failing('test', 'refused')
    assert.equal((await behind.ask('caa', 'plain.test', OURS)).verdict, 'PASS')
    assert.equal((await behind.ask('caa', 'foreign.plain.test', OURS)).verdict, 'FORBIDDEN')
    filter.rule = failing('locked.test', 'servfail')
    assert.equal((await behind.ask('caa', 'locked.test', OURS)).verdict, 'UNKNOWN')
    await end()
  })

  test('what has no record above a name is not asked for again at once, the name itself always is', async () => {
    await start()
    const asked = name => filter.queries.filter(q => q.type === CAA && q.name === name).length
    let spared = false
    await until('a climb that did not ask above its name', async () => { /* two climbs may be more than two seconds apart on a slow machine */
      const before = { name: asked('a.nsec3.test'), parent: asked('nsec3.test') }
      assert.equal((await behind.ask('caa', 'a.nsec3.test', OURS)).verdict, 'PASS')
      assert.ok(asked('a.nsec3.test') > before.name, 'the name was not asked for')
      spared = asked('nsec3.test') === before.parent
      return spared
    })
    await dns.setRecord('nsec3.test', 'CAA', '0 issue "letsencrypt.org"')
    await until('the record that came above it', async () => (await behind.ask('caa', 'a.nsec3.test', OURS)).verdict === 'FORBIDDEN')
    await dns.removeRecord('nsec3.test', 'CAA')
    await end()
  })

  test('CNAMEs in a ring below an unsigned zone are the zone’s own fault', async () => {
    assert.equal((await caa('ring.plain.test')).verdict, 'PASS')
  })
})
