/*
 * One call fails in the first start of an installation, while the directory, the master key, the CA, the signer's log and the
 * database are made: each site (fault_walk.mjs) of the parent, and each site of any program that writes or syncs, once, and of one
 * that writes, syncs or names files its last call too.  CHANCERY_FAULT_ALL=1 takes every site of every program, some 560.
 * The start succeeds all the same, or ends and says why; the next one – where the next call fails – goes on from what is there; and when
 * one succeeds the installation is as whole as one that nothing befell.
 *
 * Making RSA keys takes a second, so what comes in a start that finds its CA made is walked in copies of such a directory.
 * Walked is each sixteenth of them, the same ones in each run of a build; CHANCERY_FAULT_EACH=1 walks all, some 160 starts and ten minutes,
 * CHANCERY_FAULT_PART=3 the fourth sixteenth.  Takes about 40 s.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Chancery, until } from '../lib/chancery.mjs'
import { Fault } from '../lib/fault.mjs'

const ALL = process.env.CHANCERY_FAULT_ALL === '1'
const EACH = Number(process.env.CHANCERY_FAULT_EACH ?? 16)
const PART = Number(process.env.CHANCERY_FAULT_PART ?? 0)
const ONLY = process.env.CHANCERY_FAULT_ONLY ?? '' /* "server query" */
const SIDE_BY_SIDE = 2
const TWICE = ['write', 'sync', 'open']
const ERRORS = { alloc: [12], write: [28, 5], sync: [5], connect: [24], send: [105, 12], query: [10, 13, 7], open: [24, 28] }

let base, points, whole
const sleepy = process.env.CHANCERY_FAULT_TIMES

/* One at a time in one place: a plan of its own, and a directory that starts follow each other in. */
class Place {
  constructor (name) {
    this.dir = join(base, name)
    mkdirSync(this.dir)
    this.fault = new Fault(this.dir)
  }

  empty () {
    this.data = mkdtempSync(join(this.dir, 'data-'))
    rmSync(this.data, { recursive: true })
  }

  /** A directory whose keys are made, and nothing else; owners as they were. */
  withCa () {
    this.empty()
    execFileSync('cp', ['-a', join(base, 'ca'), this.data])
  }

  async start () {
    this.c = new Chancery(this.dir, { data: this.data, env: this.fault.env, settings: { 'limits.rate': 'off', 'validation.resolver': '127.0.0.1:9', 'validation.trust-anchor': 'none' } })
    try {
      await this.c.start()
      return true
    } catch (e) {
      assert.ok(this.c.exit, `neither ready nor ended: ${e.message}`)
      this.c.checkLog()
      if (this.c.exit.signal === 'SIGABRT') { /* the parent's arena */
        assert.match(this.c.log, /arena: out of memory/)
        return false
      }
      assert.equal(this.c.exit.code, 1, `ended with ${JSON.stringify(this.c.exit)}: ${this.c.log.slice(-3000)}`)
      assert.match(this.c.log, /chancery serve: \w.{9,}/, 'a sentence that says why') /* "Out of memory." is one */
      return false
    } finally {
      this.fault.disarm()
    }
  }
}

/* What every installation has, whatever happened while it was made. */
async function wholeOf (c) {
  const rows = await c.sql("SELECT 'shard' AS what, count(*) AS n FROM crl_shard UNION ALL SELECT 'check ' || integrity_check, 1 FROM pragma_integrity_check")
  const { Clean, Findings } = await control(c, '/control/audit')
  assert.deepEqual([Clean, Findings], [true, []])
  const roots = readFileSync(c.root, 'utf8').match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g).map(pem => new X509Certificate(pem))
  for (const root of roots) assert.ok(root.verify(root.publicKey))
  const issuer = await fetch(`${c.publicUrl}/ca/dv-ecc.cer`)
  assert.equal(issuer.status, 200)
  const intermediate = new X509Certificate(Buffer.from(await issuer.arrayBuffer()))
  assert.ok(roots.some(root => intermediate.verify(root.publicKey)), 'the intermediate is another root’s')
  await until('its list', async () => (await fetch(`${c.publicUrl}/crl/dv-ecc/1.crl`)).status === 200)
  return { rows, roots: roots.map(r => r.subject.replace(/ \S+$/, '')), keys: readdirSync(join(c.data, 'keys')).sort(), log: readdirSync(join(c.data, 'log')).sort() }
}

async function control (c, path) {
  const { code, stdout, stderr } = await c.cli(['audit', '--data', c.data, '--json'])
  assert.ok(code === 0 || stdout, stderr) /* 1: it found something, and tells */
  return JSON.parse(stdout)
}

async function learn (place, make) {
  const seen = new Map()
  for (let i = 0; i < 2; i++) {
    make()
    const known = new Map(place.fault.sites().map(s => [s.site, s.n]))
    place.fault.record(true)
    assert.ok(await place.start(), place.c.log)
    place.fault.record(false)
    whole ??= await wholeOf(place.c)
    await place.c.end()
    for (const s of place.fault.sites()) {
      const n = s.n - (known.get(s.site) ?? 0)
      if (n > 0) seen.set(s.site, { ...s, n: Math.min(n, seen.get(s.site)?.n ?? n), runs: (seen.get(s.site)?.runs ?? 0) + 1 })
    }
  }
  return [...seen.values()].filter(s => s.runs === 2)
}

before(async () => {
  base = mkdtempSync(join(tmpdir(), 'chancery-fault-start-'))
  const place = new Place('learn')
  const fresh = await learn(place, () => place.empty())
  execFileSync('cp', ['-a', place.data, join(base, 'ca')])
  for (const name of readdirSync(join(base, 'ca'))) if (/^(chancery\.db|control\.sock|lock)/.test(name)) rmSync(join(base, 'ca', name))
  const later = await learn(place, () => place.withCa())
  const known = new Set(later.map(s => s.site))
  const walked = s => ALL || s.program === 'parent' || ['write', 'sync'].includes(s.kind)
  const all = [...later.map(s => ({ ...s, withCa: true })), ...fresh.filter(s => !known.has(s.site))].filter(walked)
  points = all.filter(s => s.program !== 'other').flatMap(s => (TWICE.includes(s.kind) && s.n > 1 ? [1, s.n] : [1]).map(nth => ({ ...s, nth })))
  for (const p of points) p.error = ERRORS[p.kind][Number(p.site % BigInt(ERRORS[p.kind].length))] /* the same in each run of a build */
  if (!ALL && !ONLY) points = points.filter((_, i) => i % EACH === PART)
  if (sleepy) console.log(points.length, 'points')
  points = points.filter(p => `${p.program} ${p.kind}`.startsWith(ONLY))
})
after(() => rmSync(base, { recursive: true, force: true }))

test('each call of a first start fails, and the next start goes on', async t => {
  const missed = []
  let fired = 0, refused = 0
  const show = p => `${p.program} ${p.kind} ${p.site.toString(16)} call ${p.nth} error ${p.error} ${p.way}`

  async function check (place, since) {
    if (since.length === 0) return
    assert.ok(await place.start(), `after\n  ${since.join('\n  ')}\n${place.c.log}`)
    try {
      assert.deepEqual(await wholeOf(place.c), whole)
    } catch (e) {
      e.message = `after\n  ${since.join('\n  ')}\n${e.message}\n${place.c.log.slice(-3000)}`
      throw e
    }
    await place.c.end()
    rmSync(place.data, { recursive: true })
  }

  async function walkIn (place) {
    let since = [] /* what failed in this directory */
    const make = p => { since = []; if (p.withCa) place.withCa(); else place.empty() }
    let kind
    for (let p = points.shift(); p; p = points.shift()) {
      if (since.length === 0 || kind !== p.withCa) make(p)
      kind = p.withCa
      try {
        for (let tries = 0; tries < 2; tries++) {
          if (tries === 1) { /* something that failed before was in the way: is it whole? then anew */
            await check(place, since)
            make(p)
          }
          const began = Date.now()
          since.push(show(p))
          place.fault.arm(p)
          const ready = await place.start()
          const met = place.fault.fired > 0
          if (sleepy) console.log(Date.now() - began, 'ms', ready ? 'ready' : 'refused', met, show(p).slice(0, 60))
          if (met) fired++
          if (!ready) refused++
          if (ready) {
            assert.deepEqual(await wholeOf(place.c), whole)
            await place.c.end()
            rmSync(place.data, { recursive: true })
            make(p)
          }
          if (met) break
          if (tries === 1) missed.push(show(p))
        }
      } catch (e) {
        e.message = `after\n  ${since.join('\n  ')}\n${e.message}\n${place.c.log.slice(-3000)}`
        throw e
      }
    }
    await check(place, since)
  }

  const count = points.length
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, i) => walkIn(new Place(`place-${i}`))))
  for (const m of missed) t.diagnostic(`not met: ${m}`) /* what comes in most starts may not come in this */
  t.diagnostic(`${count} points, ${fired} failures, ${refused} starts ended, not met ${missed.length}`)
  assert.ok(fired > count / 3)
})
