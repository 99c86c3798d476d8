/*
 * issuance.off, written into the configuration file of the running service: nothing is issued from two seconds later on,
 * for the issuer, the profile and the method of validation alike, and everything again once it is gone.
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
    assert.equal((await c.describe(account, held)).Status, 0)
    writeFileSync(config, '[issuance]\noff =\n')
    await pause(2000)
    await c.waitStatus(account, await apply(`free${n}.zone.com`), 1)
    assert.deepEqual(c.pids(), pids)
  })
}
