/*
 * issuance.off, written into the configuration file of the running service: nothing is issued from two seconds later on,
 * for the issuer, the profile and the method of validation alike; the owner is told why, and once it is gone what waited
 * is issued within seconds, by itself.  How long it waits changes nothing: the times of review are aims, not ends.
 * Takes about 40 s.  CON-17 FREE-18 FREE-28 RVW-04 RVW-05 RVW-33
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { Acme, b64u, makeCsr } from '../lib/acme.mjs'

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

/* Write what is off, and wait until the signer knows. */
async function switchOff (word) {
  const from = c.log.length
  writeFileSync(config, `[issuance]\noff = ${word}\n`)
  await until('the signer has it', () => /signer info event=reload setting=issuance\.off words=1/.test(c.log.slice(from)))
  return from
}

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
    const from = await switchOff(word)
    const held = await apply(`held${++n}.zone.com`)
    await c.call(account, 'CompleteCertificate', { CertificateId: held }).catch(() => {})
    await until('refused', () => /event=issue .*err=ISSUE_OFF/.test(c.log.slice(from)))
    const waiting = await until('told', async () => {
      const d = await c.describe(account, held)
      return /^Issuing is switched off by the operator.*\(issuance\.off\)/.test(d.StatusMsg) && d
    })
    assert.equal(waiting.Status, 0)
    await pause(4000) /* tried again, and refused again: one request, one line in the log */
    assert.equal(c.log.slice(from).match(/event=issue .*err=ISSUE_OFF/g).length, 1)
    assert.equal((await c.sql(`SELECT state FROM issued WHERE certificate_id = '${held}'`)).map(r => r.state).join(), 'signing')
    writeFileSync(config, '[issuance]\noff =\n')
    const issued = await until('issued by itself', async () => { const d = await c.describe(account, held); return d.Status === 1 && d })
    assert.equal(issued.StatusMsg ?? '', '')
    await c.waitStatus(account, await apply(`free${n}.zone.com`), 1)
    assert.deepEqual(c.pids(), pids)
  })
}

/* Incident 8: what a method proved before it was withdrawn is void when it comes to signing. */
test('dns-01 off: an ACME order that was proved by it waits, says when to ask again, and is valid by itself once it is on', async () => {
  const client = new Acme(c)
  await client.register()
  const name = 'acme.zone.com'
  const order = await client.order([name])
  const solve = challenge => dns.addRecord(`_acme-challenge.${name}`, 'TXT', client.dnsValue(challenge))
  assert.equal((await client.authorize(order.body.authorizations[0], { type: 'dns-01', solve })).status, 'valid')
  const from = await switchOff('dns-01')
  const { csr } = await makeCsr(dir, [name])
  const waiting = await client.post(order.body.finalize, { csr: b64u(csr) })
  assert.equal(waiting.body.status, 'processing', waiting.text)
  assert.match(waiting.headers['retry-after'], /^[1-9]\d*$/)
  await until('refused', () => /event=issue .*err=ISSUE_OFF/.test(c.log.slice(from)))
  const asked = await client.post(order.location)
  assert.equal(asked.body.status, 'processing')
  assert.match(asked.headers['retry-after'], /^[1-9]\d*$/)
  assert.equal((await client.post(order.body.finalize, { csr: b64u(csr) })).type, 'orderNotReady')
  writeFileSync(config, '[issuance]\noff =\n')
  const done = await client.wait(order.location, ['processing'])
  assert.equal(done.body.status, 'valid', done.text)
  assert.equal((await client.post(done.body.certificate)).status, 200)
})

test('what was proved is not lost by waiting: days beyond every aim and the deadline it is issued, and its owner is told (CON-17 FREE-18 FREE-28 RVW-33)', async () => {
  const from = await switchOff('dv-ecc')
  const held = await apply('late.zone.com')
  await c.call(account, 'CompleteCertificate', { CertificateId: held }).catch(() => {})
  await until('refused', () => /event=issue .*err=ISSUE_OFF/.test(c.log.slice(from)))
  await c.moveClock(4 * 86400) /* 30 minutes, 24 hours, one business day, and the three days that a proof may take */
  await pause(4000) /* jobs run each second */
  assert.equal((await c.describe(account, held)).Status, 0)
  writeFileSync(config, '[issuance]\noff =\n')
  await c.waitStatus(account, held, 1)
  const told = await c.sql(`SELECT text FROM notice WHERE certificate_id = '${held}' AND kind = 'issued'`)
  assert.deepEqual(told.map(n => n.text), ['The certificate for late.zone.com was issued.'])
})
