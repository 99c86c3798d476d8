/*
 * One call fails: an allocation, a write, a sync, a socket, a send, a query, a name – the first, the second and so on, in
 * each program that an operation needs.  Nothing crashes that should not, nothing leaks, the answer is a clear refusal or
 * the thing itself, nothing is half stored, and the same request again succeeds.  Where an operation has more calls of a
 * kind than its allowance, every so many-th is taken; CHANCERY_FAULT_ALL=1 takes all.  Takes about 90 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiError, file, sleep, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { Fault } from '../lib/fault.mjs'
import { placeRecords } from '../lib/place.mjs'

const ALL = process.env.CHANCERY_FAULT_ALL === '1'
const ONLY = process.env.CHANCERY_FAULT_ONLY /* "apply server query" */

/* errno, or SQLite's codes: IOERR, FULL, NOMEM, BUSY */
const ERRORS = { alloc: [12], write: [28, 5], sync: [5], connect: [24, 111], send: [105, 12], query: [10, 13, 7, 5], open: [24] }
const ALLOWANCE = { alloc: 6, write: 5, sync: 2, connect: 3, send: 3, query: 10, open: 2 }
const RESTART_AFTER_DEATHS = 3 /* the parent's pause grows with each */

let fault, dns, c, account
before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chancery-fault-'))
  fault = new Fault(dir)
  dns = await startDns({ zones: Array.from({ length: 40 }, (_, i) => ({ name: `fault${i}.com` })) })
  c = await startChancery({ dns, dir, env: fault.env, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount({ name: 'first', level: 'v2' })
})
after(async () => {
  fault?.disarm()
  await c?.stop()
  await dns?.stop()
  fault?.close()
})

/* ---- the operations: act() may fail, settle() must bring it to its end ------------------------------------ */

let made = 0
let applicant = { account: null, used: 0 }
const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }

/* A free allowance is soon used up: 18 applications an account. */
async function applicantFor () {
  if (!applicant.account || applicant.used++ >= 18) applicant = { account: await patiently('account', () => c.createAccount({ name: `applicant ${made}`, level: 'v2' })), used: 1 }
  return applicant.account
}

const isRefusal = e => e instanceof ApiError
const isSystem = e => !isRefusal(e) || /SystemError|InternalError|NetworkError|GenCSRFail/.test(e.code)

/* Until it succeeds; a refusal that is not about the system is one too many. */
function patiently (what, fn) {
  let refused
  return until(what, async () => {
    try {
      return [await fn()]
    } catch (e) {
      if (isSystem(e)) throw e
      refused = e
      return [undefined]
    }
  }, Number(process.env.CHANCERY_FAULT_WAIT_MS ?? 90_000)).then(([value]) => { if (refused) throw refused; return value })
}

async function standing (owner, name) {
  const { Certificates } = await patiently(`list ${name}`, () => c.call(owner, 'DescribeCertificates', { SearchKey: name }))
  return Certificates.filter(x => x.Domain === name).map(x => x.CertificateId)
}

async function applied (name) {
  const owner = await applicantFor()
  return { owner, name, id: await patiently(`apply ${name}`, () => c.apply(owner, name, ecc)) }
}

async function issued (name) {
  const it = await applied(name)
  await placeRecords(dns, await patiently('proofs', () => c.proofs(it.owner, it.id)))
  await waitIssued(it)
  return it
}

async function waitIssued ({ owner, id }, ms = 60_000) {
  let asked = 0
  const began = Date.now()
  await until(`${id} issued`, async () => {
    const { Status, StatusMsg } = await patiently('describe', () => c.describe(owner, id))
    if (Status === 1) return true
    assert.equal(Status, 0, StatusMsg)
    if (Date.now() - asked > 300) {
      await c.call(owner, 'CompleteCertificate', { CertificateId: id }).catch(e => assert.ok(isSystem(e) || /NotFoundOrAudited/.test(e.code), e.message))
      asked = Date.now()
    }
    if (Date.now() - began > 500) await c.moveClock(601) /* the jobs' own next look; CAA is asked again after ten minutes */
    throw new Error(`status ${Status} ${StatusMsg}`)
  }, ms)
}

const serialOf = async it => new X509Certificate(file(await patiently('download', () => c.download(it.owner, it.id)), 'Nginx', '_bundle.crt')).serialNumber

const operations = {
  account: {
    begin: async () => ({ name: `made ${made}` }),
    act: async it => { it.account = await control('/control/account', { Name: it.name }) },
    settle: async it => {
      if (!it.account) it.account = await patiently('account', () => control('/control/account', { Name: it.name }))
      await patiently('its key', () => c.call(it.account, 'DescribeCertificates', {}))
    }
  },
  apply: {
    begin: async () => ({ owner: await applicantFor(), name: `a${made}.fault${made % 40}.com` }),
    act: async it => { it.id = await c.apply(it.owner, it.name, ecc) },
    settle: async (it, error) => {
      const there = await standing(it.owner, it.name)
      if (it.id) assert.deepEqual(there, [it.id])
      else if (isRefusal(error)) assert.deepEqual(there, [], `refused with ${error.message}, and it stands`)
      if (there.length === 0) it.id = await patiently('apply again', () => c.apply(it.owner, it.name, ecc))
      assert.ok(there.length < 2)
    }
  },
  issue: {
    long: true,
    begin: async () => {
      const it = await applied(`i${made}.fault${made % 40}.com`)
      await placeRecords(dns, await patiently('proofs', () => c.proofs(it.owner, it.id)))
      return it
    },
    act: async it => {
      await c.call(it.owner, 'CompleteCertificate', { CertificateId: it.id })
      for (let i = 0; i < 40; i++) { /* as long as a good one takes, or a little more */
        if ((await c.describe(it.owner, it.id)).Status === 1) return
        await sleep(10)
      }
    },
    settle: async it => {
      await waitIssued(it)
      const serial = await serialOf(it)
      assert.equal(await serialOf(it), serial)
    }
  },
  download: {
    long: true,
    begin: () => issued(`d${made}.fault${made % 40}.com`),
    act: it => c.download(it.owner, it.id),
    settle: serialOf,
    once: true /* one certificate is enough */
  },
  cancel: {
    long: true,
    begin: () => applied(`c${made}.fault${made % 40}.com`),
    act: it => c.call(it.owner, 'CancelAuditCertificate', { CertificateId: it.id }),
    settle: async (it, error) => {
      const { Status } = await patiently('describe', () => c.describe(it.owner, it.id))
      if (!error) assert.equal(Status, 7)
      else if (isRefusal(error)) assert.equal(Status, 0, `refused with ${error.message}, and it is done`)
      if (Status === 0) await patiently('cancel again', () => c.call(it.owner, 'CancelAuditCertificate', { CertificateId: it.id }))
      assert.equal((await patiently('describe', () => c.describe(it.owner, it.id))).Status, 7)
    }
  },
  audit: {
    begin: async () => ({}),
    act: () => control('/control/audit', {}),
    settle: () => cleanAudit()
  },
  crl: {
    long: true,
    begin: async () => ({ old: await thisUpdate() }),
    act: async it => {
      await c.moveClock(86400)
      for (let i = 0; i < 30 && await thisUpdate() === it.old; i++) await sleep(50)
    },
    settle: it => until('a newer list', async () => {
      await c.moveClock(61)
      assert.notEqual(await thisUpdate(), it.old)
      return true
    }, Number(process.env.CHANCERY_FAULT_WAIT_MS ?? 90_000))
  }
}

/* As the command line asks, without a process for each. */
const control = (path, body) => new Promise((resolve, reject) => {
  const request = http.request({ socketPath: `${c.data}/control.sock`, path, method: 'POST', headers: { 'Content-Type': 'application/json' }, timeout: 60_000 }, reply => {
    const parts = []
    reply.on('data', d => parts.push(d))
    reply.once('error', reject)
    reply.once('end', () => {
      const text = Buffer.concat(parts).toString()
      if (reply.headers['content-type'] !== 'application/json') return reject(new ApiError({ Code: 'InternalError', Message: text }))
      const answer = JSON.parse(text)
      if (answer.Error) reject(new ApiError(answer.Error))
      else resolve(answer)
    })
  })
  request.once('error', reject)
  request.once('timeout', () => request.destroy(new Error('no answer within 60 s')))
  request.end(JSON.stringify(body))
})

const cleanAudit = () => patiently('an audit', () => control('/control/audit', {})).then(({ Clean, Findings }) => assert.deepEqual([Clean, Findings], [true, []]))

const thisUpdate = () => until('the list', async () => {
  const reply = await fetch(`${c.publicUrl}/crl/dv-ecc/1.crl`)
  assert.equal(reply.status, 200)
  return /\d{12}Z/.exec(Buffer.from(await reply.arrayBuffer()).toString('latin1'))[0] /* the first time in it */
}, 30_000)

/* ---- what must hold all the while --------------------------------------------------------------------------- */

const nothing = async (what, query) => assert.deepEqual(await c.sql(query), [], what)

async function nothingHalf () {
  await nothing('an account without its user', 'SELECT a.account_id FROM account a LEFT JOIN member m ON m.account_id = a.account_id WHERE m.user_id IS NULL')
  await nothing('an account without a key', 'SELECT a.account_id FROM account a LEFT JOIN api_key k ON k.account_id = a.account_id WHERE k.key_id IS NULL')
  await nothing('an application without its proofs', 'SELECT certificate_id FROM certificate WHERE status = 0 AND certificate_id NOT IN (SELECT certificate_id FROM validation)')
  await nothing('a certificate without an order', 'SELECT certificate_id FROM certificate WHERE order_id NOT IN (SELECT order_id FROM cert_order)')
  await nothing('a key of nobody', 'SELECT key_id FROM cert_key WHERE key_id NOT IN (SELECT key_id FROM certificate)')
  await nothing('a slot of nobody', 'SELECT certificate_id FROM quota_use WHERE certificate_id NOT IN (SELECT certificate_id FROM certificate WHERE status IN (0, 1, 4, 8))')
  await nothing('an application without a slot', 'SELECT certificate_id FROM certificate WHERE status IN (0, 1) AND certificate_id NOT IN (SELECT certificate_id FROM quota_use)')
  await nothing('issued without its bytes', 'SELECT c.certificate_id FROM certificate c LEFT JOIN issued i ON i.issued_id = c.issued_id WHERE c.status = 1 AND (i.der IS NULL OR length(i.der) = 0)')
  await nothing('issued twice', "SELECT certificate_id FROM issued WHERE state = 'issued' GROUP BY certificate_id HAVING count(*) > 1")
  await nothing('counts that are not so', `SELECT * FROM (SELECT account_id, status, count(*) AS n FROM certificate WHERE deleted_at = 0 GROUP BY account_id, status)
    EXCEPT SELECT account_id, status, sum(amount) FROM certificate_count WHERE amount > 0 GROUP BY account_id, status`)
  assert.equal((await c.sql('PRAGMA integrity_check'))[0].integrity_check, 'ok')
}

const openFiles = pid => readdirSync(`/proc/${pid}/fd`).length

/* Of those that did not die meanwhile. */
async function nothingLeaks (before) {
  c.agent.destroy()
  for (const [name, { pid, files }] of Object.entries(before)) {
    if (c.pids()[name] !== pid) continue
    await until(`${name} has ${files} open files again`, () => {
      const now = openFiles(pid)
      if (now > files + 2) throw new Error(`it has ${now}`)
      return true
    }, 20_000)
  }
}

const programs = () => Object.fromEntries(Object.entries(c.pids()).map(([name, pid]) => [name, { pid, files: openFiles(pid) }]))

/* ---- the loop ------------------------------------------------------------------------------------------------- */

const KINDS = Object.keys(ERRORS)
const WHO = ['parent', 'server', 'signer', 'vault', 'keymaker', 'prober']

/* How many calls of each kind the operation makes, where nothing fails. */
async function census (operation) {
  const count = () => WHO.flatMap(program => KINDS.map(kind => ({ program, kind, n: fault.seen(program, kind) })))
  for (let i = 0; ; i++) { /* the second time: statements are prepared, caches are warm */
    made++
    const it = await operation.begin()
    const first = count()
    await operation.act(it)
    const second = count()
    await operation.settle(it)
    if (i === 1) return { it, calls: second.map((x, k) => ({ ...x, n: x.n - first[k].n })).filter(x => x.n > 0) }
  }
}

/* A look that lost its memory is waited for until its time is up. */
function chosen (n, kind, program) {
  const most = ALL ? n : Math.min(n, program === 'prober' ? 2 : ALLOWANCE[kind])
  return Array.from({ length: most }, (_, i) => 1 + Math.floor((i + 0.5) * n / most))
}

async function failOne (operation, it, point) {
  let error
  fault.arm(point)
  try {
    await operation.act(it)
  } catch (e) {
    error = e
  }
  const { fired } = fault
  fault.disarm()
  if (fired && error && isRefusal(error)) {
    assert.ok(isSystem(error), `${JSON.stringify(point)}: ${error.message}`)
    assert.match(error.message, /\w.{15,}/, 'a sentence')
  }
  await operation.settle(it, error)
  return fired > 0
}

for (const [name, operation] of Object.entries(operations).filter(([, o]) => ALL || !o.long)) {
  test(`${name}: every call fails in turn`, async t => {
    const { it: first, calls } = await census(operation)
    const open = programs()
    let points = 0, fired = 0, deaths = 0, pids = c.pids()
    for (const { program, kind, n } of calls) {
      if (ONLY && !`${name} ${program} ${kind}`.includes(ONLY)) continue
      for (const nth of chosen(n, kind, program)) {
        made++
        const point = { program, kind, nth, error: ERRORS[kind][points++ % ERRORS[kind].length] }
        const it = operation.once ? first : await operation.begin()
        const began = Date.now()
        try {
          fired += await failOne(operation, it, point)
          if (process.env.CHANCERY_FAULT_TIMES) console.log(name, JSON.stringify(point), n, fault.fired, Date.now() - began)
        } catch (e) {
          e.message = `${name} ${JSON.stringify(point)}: ${e.message}\n${c.log.slice(-3000)}`
          throw e
        }
        await until('all programs', () => Object.keys(c.pids()).length === 5, Number(process.env.CHANCERY_FAULT_WAIT_MS ?? 90_000))
        const now = c.pids()
        deaths += WHO.filter(p => now[p] !== pids[p]).length
        if (deaths > 0 && deaths % RESTART_AFTER_DEATHS === 0) await c.restart()
        pids = c.pids()
      }
    }
    t.diagnostic(`${points} points, ${fired} failures, ${deaths} programs ended`)
    c.checkLog()
    await nothingLeaks(open)
    await nothingHalf()
    await cleanAudit()
  })
}
