/*
 * 200 orders while programs are killed with SIGKILL at random moments, one or all of them, the parent too.  Every
 * order ends issued or in a clear state, what a client was given is still there, nothing is issued twice.
 * Takes about 150 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ApiError, PATIENCE_MS, file, sleep, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const ORDERS = Number(process.env.CHANCERY_KILL_ORDERS ?? 200)
const ZONES = 12 /* a primary domain has 20 free certificates (QTA-02) */
const ACCOUNTS = 5 /* level V2: 50 for any domain (QTA-10) */
const SIDE_BY_SIDE = 6
const PROGRAMS = ['server', 'signer', 'vault', 'keymaker', 'prober']
const seed = Number(process.env.CHANCERY_KILL_SEED ?? 20262)

/* The same seed gives the same kills, as far as time allows. */
let state = seed
const random = n => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return (state >>> 8) % n }

let dns, c
before(async () => {
  dns = await startDns({ zones: Array.from({ length: ZONES }, (_, i) => ({ name: `run${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

/* Whatever fails because a program is away is tried again; a refusal with a code of its own is not. */
const AWAY = /SystemError|NetworkError|InternalError/
const isAway = e => !(e instanceof ApiError) || AWAY.test(e.code)
const patiently = (what, fn) => until(what, async () => {
  try {
    return [await fn()]
  } catch (e) {
    if (!isAway(e)) e.final = true
    if (e.final) return [undefined, e]
    throw e
  }
}, 2 * PATIENCE_MS).then(([value, error]) => { if (error) throw error; return value })

/* An application whose answer was lost may stand: the alias finds it. */
const asked = new Map() /* name → what was asked and answered, for when it goes wrong */
async function applyOnce (account, name) {
  const story = []
  asked.set(name, story)
  const tell = what => story.push({ at: Date.now(), what })
  const find = async () => (await c.call(account, 'DescribeCertificates', { SearchKey: name })).Certificates.find(x => x.Domain === name)?.CertificateId
  return patiently(`apply ${name}`, async () => {
    try {
      const found = await find()
      tell(`found ${found}`)
      if (found) return found
      const { CertificateId } = await c.call(account, 'ApplyCertificate', { DvAuthMethod: 'DNS', DomainName: name, CsrEncryptAlgo: 'ECC', PackageType: '2' })
      tell(`applied ${CertificateId}`)
      return CertificateId
    } catch (e) {
      tell(`failed ${e.code ?? ''} ${e.message}`)
      throw e
    }
  })
}

async function order (account, name) {
  const id = await applyOnce(account, name)
  const proofs = await patiently(`proofs ${name}`, async () => (await c.describe(account, id)).DvAuthDetail.DvAuths)
  await placeRecords(dns, proofs)
  let asked = 0
  await patiently(`issue ${name}`, async () => {
    const { Status, StatusMsg } = await c.describe(account, id)
    if (Status === 1) return true
    assert.equal(Status, 0, `${name} is in status ${Status} ${StatusMsg}`)
    if (Date.now() - asked > 3000) {
      asked = Date.now()
      await c.call(account, 'CompleteCertificate', { CertificateId: id }).catch(e => { if (!isAway(e) && !/NotFoundOrAudited/.test(e.code)) throw e })
    }
    throw new Error(`status ${Status}, ${StatusMsg}`)
  })
  const files = await patiently(`download ${name}`, () => c.download(account, id))
  return { account, id, name, serial: new X509Certificate(file(files, 'Nginx', '_bundle.crt')).serialNumber }
}

/* The signer's own log: records of { magic, size, …, DER }, all little-endian; the certificate ends the record. */
function signedBySigner () {
  const log = readFileSync(`${c.data}/log/issued.log`)
  const found = []
  for (let at = 0; at < log.length;) {
    assert.equal(log.readUInt32LE(at), 0x6c616573, `no record at ${at}`)
    const end = at + log.readUInt32LE(at + 4)
    let der = at + 8
    while (!(log[der] === 0x30 && log[der + 1] === 0x82 && log.readUInt16BE(der + 2) + 4 === end - der)) der++
    found.push(new X509Certificate(log.subarray(der, end)))
    at = end
  }
  return found
}

test(`${ORDERS} orders under fire (seed ${seed})`, async t => {
  const accounts = []
  for (let i = 0; i < ACCOUNTS; i++) accounts.push(await c.createAccount({ name: `run ${i}`, level: 'v2' }))
  const kills = {}
  let firing = true
  const fire = async () => {
    while (firing) {
      await sleep(400 + random(1200))
      if (!firing) return
      const choice = random(PROGRAMS.length + 2)
      const what = choice < PROGRAMS.length ? PROGRAMS[choice] : choice === PROGRAMS.length ? 'all' : 'parent'
      kills[what] = (kills[what] ?? 0) + 1
      if (what === 'parent') {
        await c.crash()
        await c.start()
      } else {
        const pids = c.pids()
        for (const name of what === 'all' ? PROGRAMS : [what]) if (pids[name]) try { process.kill(pids[name], 'SIGKILL') } catch { /* it restarts just now */ }
      }
    }
  }
  const firing1 = fire()
  firing1.catch(() => { firing = false })

  const delivered = []
  let next = 0
  const applicant = async () => {
    for (let i = next++; i < ORDERS && firing; i = next++) delivered.push(await order(accounts[i % ACCOUNTS], `n${i}.run${i % ZONES}.com`))
  }
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, applicant))
  } finally {
    firing = false
  }
  await firing1
  t.diagnostic(`kills: ${JSON.stringify(kills)}`)
  assert.equal(delivered.length, ORDERS)

  await c.restart()
  for (const d of delivered) {
    const again = new X509Certificate(file(await c.download(d.account, d.id), 'Nginx', '_bundle.crt'))
    assert.equal(again.serialNumber, d.serial, `${d.name} is another certificate now`)
  }
  assert.equal(new Set(delivered.map(d => d.serial)).size, ORDERS, 'a serial was used twice')

  const twice = await c.sql("SELECT certificate_id, count(*) AS n FROM issued WHERE state = 'issued' GROUP BY certificate_id HAVING n > 1")
  assert.deepEqual(twice, [], 'issued twice')
  const doubled = await c.sql("SELECT domain, count(*) AS n FROM certificate WHERE deleted_at = 0 GROUP BY domain HAVING n > 1")
  for (const { domain } of doubled) {
    const rows = await c.sql(`SELECT certificate_id, account_id, seq, status, created_at FROM certificate WHERE domain = '${domain}'`)
    t.diagnostic(`${domain}: ${JSON.stringify(rows)}`)
    for (const { at, what } of asked.get(domain) ?? []) t.diagnostic(`  ${new Date(at).toISOString()} ${what}`)
  }
  assert.deepEqual(doubled, [], 'applied twice')
  await until('nothing half done', async () => (await c.sql("SELECT count(*) AS n FROM issued WHERE state = 'signing'"))[0].n === 0)

  const signed = signedBySigner().filter(x => /run\d+\.com/.test(x.subject))
  const serials = signed.map(x => x.serialNumber)
  assert.equal(new Set(serials).size, serials.length, 'the signer used a serial twice')
  for (const d of delivered) assert.ok(serials.includes(d.serial), `${d.name} is not in the signer's log`)
  const known = new Map((await c.sql('SELECT hex(serial) AS serial, state FROM issued')).map(r => [r.serial.replace(/^0+/, ''), r.state]))
  for (const serial of serials) assert.ok(known.has(serial.replace(/^0+/, '')), `${serial} was signed, and the database does not know it`)
  const valid = signed.filter(x => known.get(x.serialNumber.replace(/^0+/, '')) === 'issued').map(x => x.subject)
  assert.equal(new Set(valid).size, valid.length, 'two valid certificates for one order')

  assert.equal((await c.sql('PRAGMA integrity_check'))[0].integrity_check, 'ok')
  const loose = await c.sql(`SELECT c.certificate_id FROM certificate c LEFT JOIN issued i ON i.issued_id = c.issued_id WHERE c.status = 1 AND (i.der IS NULL OR length(i.der) = 0)`)
  assert.deepEqual(loose, [], 'issued without a certificate')
})
