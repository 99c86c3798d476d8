/*
 * Fails, in a running service, each call that an operation makes, one after the other, and looks what becomes of it.
 *
 * A call's **site** is who made it: program, kind, and all return addresses up to the thread's first function.  An operation is
 * run a few times, where nothing fails, to learn its sites; then each site fails once (where it is called more often in one
 * act, its first call and its last).  A site that has failed already in an operation before – reading the request, checking its
 * signature – does not fail again: the same code does the same there.  Sites that came in every act are tried until they are met, at last
 * after a fresh start; what comes now and then (a checkpoint, a commit by another thread) is tried once if it came twice.  Who is not met is
 * named and no failure: what each thread does once, or what a busy machine leaves to later, comes or not.  That faults do fall is asked of all
 * operations together (fault_test.mjs).
 *
 *   CHANCERY_FAULT_ALL=1           every call instead of every site
 *   CHANCERY_FAULT_ERRORS=1        each error at each point, instead of one
 *   CHANCERY_FAULT_ONLY='issue s'  only what begins so: operation, program, kind, site
 *   CHANCERY_FAULT_TIMES=1         a line a point
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { BUILD, sleep, until } from './chancery.mjs'
import { isRefusal, isSystem } from './fault_operations.mjs'

const ALL = process.env.CHANCERY_FAULT_ALL === '1'
const EACH_ERROR = process.env.CHANCERY_FAULT_ERRORS === '1'
const ONLY = process.env.CHANCERY_FAULT_ONLY ?? ''

/* errno, or SQLite's codes: IOERR, FULL, NOMEM, BUSY */
const ERRORS = { alloc: [12], write: [28, 5], sync: [5], connect: [24, 111], send: [105, 12], query: [10, 13, 7, 5], open: [24] }
const LEARN = 3
const LEARN_FAILURES = 5
const TRIES = 2
const WRONG = 5 /* enough to look at */
const SLOW_TRIES = 3 /* what took too long may have had a busy neighbour: it takes too long each time, or is good */
const GRACE_MS = 150 /* for what an act leaves to others: the stock of keys, jobs */
const RESTART_AFTER_DEATHS = 3 /* the parent's pause grows with each */
const WHO = ['parent', 'server', 'signer', 'vault', 'keymaker', 'prober']

const SEES_FILES = process.getuid() === 0 /* of a program that may not be dumped only root sees them; sanitizers and memory are watched for anybody */

/* But the database's: each thread of the server opens it at its first turn, and keeps it. */
const openFiles = pid => readdirSync(`/proc/${pid}/fd`).filter(fd => {
  try { return !/chancery\.db/.test(readlinkSync(`/proc/${pid}/fd/${fd}`)) } catch { return false }
}).length

/* What they are, with how many of each. */
function filesOf (pid) {
  const n = {}
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let what
    try { what = readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, '') } catch { continue }
    n[what] = (n[what] ?? 0) + 1
  }
  return JSON.stringify(n)
}

/* Of those that did not die meanwhile. */
async function nothingLeaks (o, before) {
  o.c.agent.destroy()
  if (!SEES_FILES) return
  for (const [name, { pid, files }] of Object.entries(before)) {
    if (o.c.pids()[name] !== pid) continue
    await until(`${name} has ${files} open files again`, () => {
      const now = openFiles(pid)
      if (now > files + 2) throw new Error(`it has ${now}: ${filesOf(pid)}`)
      return true
    })
  }
}

/* One that ends meanwhile has no files to count. */
const programsOf = o => Object.fromEntries(Object.entries(o.c.pids()).flatMap(([name, pid]) => {
  try { return [[name, { pid, files: SEES_FILES ? openFiles(pid) : 0 }]] } catch { return [] }
}))

/* The sites of one act where nothing fails: hash → site, with n for this act. */
async function sitesOf (o, operation, it) {
  const before = new Map(o.fault.sites().map(s => [s.site, s.n]))
  o.fault.record(true)
  try {
    await operation.act(o, it)
    await sleep(GRACE_MS)
  } finally {
    o.fault.record(false)
  }
  return new Map(o.fault.sites().map(s => [s.site, { ...s, n: s.n - (before.get(s.site) ?? 0) }]).filter(([, s]) => s.n > 0))
}

async function learn (o, operation) {
  const seen = new Map()
  let it
  for (let i = 0, failed = 0; i <= LEARN; i++) {
    it = operation.once && it ? it : await operation.begin(o)
    let sites, error
    try {
      sites = await sitesOf(o, operation, it)
    } catch (e) {
      error = e
    }
    await operation.settle(o, it, error)
    if (error) { /* a program that the walk before has ended may not know its partners yet */
      if (failed++ === LEARN_FAILURES) throw error
      i--
      continue
    }
    if (i === 0) continue /* statements are prepared, caches filled */
    for (const [hash, s] of sites) {
      const known = seen.get(hash)
      seen.set(hash, { ...s, runs: (known?.runs ?? 0) + 1, n: Math.min(s.n, known?.n ?? s.n), most: Math.max(s.n, known?.most ?? 0) })
    }
  }
  return { it, sites: [...seen.values()] }
}

function pointsOf (sites, kinds, done) {
  const points = []
  for (const s of sites.filter(x => kinds.includes(x.kind) && WHO.includes(x.program) && x.runs > 1)) {
    if (done.has(s.site) && !ALL) continue
    done.add(s.site)
    const nths = ALL ? Array.from({ length: s.most }, (_, i) => i + 1) : s.n > 1 ? [1, s.n] : [1]
    const errors = EACH_ERROR ? ERRORS[s.kind] : [ERRORS[s.kind][Number(s.site % BigInt(ERRORS[s.kind].length))]] /* the same in each run of a build */
    for (const nth of nths) for (const error of errors) points.push({ ...s, nth, steady: s.runs === LEARN && nth === 1, error })
  }
  return points
}

/* A long operation has points for minutes: each run takes every so many of them, whoever looks at it alone (CHANCERY_FAULT_ONLY) all. */
const strided = (points, { stride = 1 }) => (ONLY || ALL ? points : points.filter((_, i) => i % stride === 0))

/* true: the call was met and failed. */
async function failOne (o, operation, it, point) {
  let error
  o.fault.arm(point)
  try {
    await operation.act(o, it)
  } catch (e) {
    error = e
  }
  for (let i = 0; i < GRACE_MS / 10 && !o.fault.fired; i++) await sleep(10)
  const { fired } = o.fault
  o.fault.disarm()
  if (fired && error && isRefusal(error)) {
    assert.ok(isSystem(error), error.message)
    assert.match(error.message, /\w.{15,}/, 'a sentence')
  }
  await operation.settle(o, it, error)
  return fired > 0
}

/* The functions that the site's addresses lie in. */
function namesOf (way) {
  return way.trim().split(' ').filter(f => f.startsWith('chancery')).map(f => {
    const [program, at] = f.split('+')
    try {
      return execFileSync('addr2line', ['-f', '-s', '-e', `${BUILD}/${program}`, at], { encoding: 'utf8' }).trim().split('\n').reverse().join(' ')
    } catch { return f } /* no binutils here */
  }).filter(f => !f.startsWith('fault_alloc')).join('\n    ')
}

const show = p => `${p.program} ${p.kind} ${p.site.toString(16)} call ${p.nth} error ${p.error}\n    ${namesOf(p.way)}`

/** One test's body: all points of these kinds in the operation.  `done` holds the sites that have failed before.  How many points there were, how many of them failed. */
export async function walk (t, o, name, operation, kinds, done) {
  const { it: first, sites } = await learn(o, operation)
  const points = strided(pointsOf(sites, kinds, done), operation).filter(p => `${name} ${p.program} ${p.kind} ${p.site.toString(16)}`.startsWith(ONLY))
  assert.ok(sites.length > 0, 'nothing was seen: is libfault.so loaded?')
  const open = programsOf(o)
  const missed = [], wrong = []
  let fired = 0, deaths = 0, sinceRestart = 0, pids = o.c.pids()
  async function restart () {
    await o.c.restart()
    pids = o.c.pids()
    sinceRestart = 0
  }

  for (const point of points) {
    const began = Date.now()
    let met = false
    try {
      const attempt = async () => {
        for (let slow = 1; ; slow++) {
          try {
            return await failOne(o, operation, operation.once ? first : await operation.begin(o), point)
          } catch (e) {
            if (!e.isSlow || slow === SLOW_TRIES) throw e
          }
        }
      }
      for (let i = 0; i < (point.steady ? TRIES : 1) && !met; i++) met = await attempt()
      if (!met && point.steady) {
        await restart()
        met = await attempt()
      }
      if (met) fired++
      else if (point.steady) missed.push(show(point))
    } catch (e) {
      wrong.push(`${show(point)}\n  ${e.message}`)
      t.diagnostic(`${name}: ${wrong.at(-1)}\n${o.c.log.slice(-1500)}`)
      if (wrong.length === WRONG) break
      o.fault.disarm()
      if (operation.once) break
    }
    if (process.env.CHANCERY_FAULT_TIMES) console.log(name, `${Date.now() - began} ms`, point.steady, met, point.program, point.kind, point.site.toString(16), point.nth, point.error)
    const now = await until('all programs', () => { const found = o.c.pids(); return Object.keys(found).length === 5 && found })
    const died = WHO.filter(p => now[p] !== pids[p]).length
    deaths += died
    sinceRestart += died
    pids = now
    if (sinceRestart >= RESTART_AFTER_DEATHS) await restart()
  }
  for (const m of missed) t.diagnostic(`not met: ${m}`)
  t.diagnostic(`${name}: ${sites.length} sites, ${points.length} points, ${fired} failures, ${deaths} programs ended, not met ${missed.length}`)
  assert.equal(wrong.length, 0, wrong.join('\n'))
  o.c.checkLog()
  await nothingLeaks(o, open)
  await o.nothingHalf()
  await o.cleanAudit()
  return { points: points.length, fired }
}
