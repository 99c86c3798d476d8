/*
 * issuance.off, written into the configuration file of the running service: nothing is issued from two seconds later on,
 * for the issuer, the profile and the method of validation alike; the owner is told why, and once it is gone what waited
 * is issued within seconds, by itself.
 * Takes about 30 s.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

let dns, c, account, dir, config
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chancery-stop-'))
  config = join(dir, 'chancery.conf')
  writeFileSync(config, '')
  dns = await startDns({ zones: [{ name: 'zone.com' }] })
  c = await startChancery({ dns, config, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  await dns?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const apply = async name => {
  const id = await c.apply(account, name, { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await placeRecords(dns, await c.proofs(account, id))
  return id
}

let n = 0
for (const word of ['dv-ecc', 'dv', 'dns']) {
  test(`${word} off and on again, without a restart`, async () => {
    const pids = c.pids()
    const from = c.log.length
    writeFileSync(config, `[issuance]\noff = ${word}\n`)
    await pause(2000)
    const held = await apply(`held${++n}.zone.com`)
    await c.call(account, 'CompleteCertificate', { CertificateId: held }).catch(() => {})
    await until('refused', () => /event=issue .*err=ISSUE_OFF/.test(c.log.slice(from)), 20_000)
    const waiting = await until('told', async () => {
      const d = await c.describe(account, held)
      return /^Issuing is switched off by the operator.*\(issuance\.off\)/.test(d.StatusMsg) && d
    })
    assert.equal(waiting.Status, 0)
    await pause(4000) /* tried again, and refused again: one request, one line in the log */
    assert.equal(c.log.slice(from).match(/event=issue .*err=ISSUE_OFF/g).length, 1)
    assert.equal((await c.sql(`SELECT state FROM issued WHERE certificate_id = '${held}'`)).map(r => r.state).join(), 'signing')
    writeFileSync(config, '[issuance]\noff =\n')
    const issued = await until('issued by itself', async () => { const d = await c.describe(account, held); return d.Status === 1 && d }, 8000)
    assert.equal(issued.StatusMsg ?? '', '')
    await c.waitStatus(account, await apply(`free${n}.zone.com`), 1)
    assert.deepEqual(c.pids(), pids)
  })
}
