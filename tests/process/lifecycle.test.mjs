/*
 * What time and people do to an application: deadlines, quota, cancel, delete, restarts.  Takes about 40 s.
 * DCV-02 CON-01 SIL-08 QTA-05 QTA-08 QTA-10 QTA-11 SIL-13 LIFE-13 DEL-01 PKP-01 CON-39
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { file, refused, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, placeRecords } from '../lib/place.mjs'

const DAY = 86400
let dns, c
before(async () => {
  dns = await startDns({ zones: Array.from({ length: 4 }, (_, i) => ({ name: `zone${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }

const issue = (account, name, parameters) => applyAndProve(c, dns, account, name, parameters)

test('cancel is visible at once, frees the quota, and only then can it be deleted (LIFE-13 SIL-13 DEL-01)', async () => {
  const account = await c.createAccount()
  const used = async () => { const q = await c.call(account, 'DescribeFreeQuota'); return JSON.stringify(q.Quota ?? { ...q, RequestId: '' }) }
  const before = await used()
  const id = await c.apply(account, 'a.zone0.com', ecc)
  assert.notEqual(await used(), before)
  await assert.rejects(c.call(account, 'DeleteCertificate', { CertificateId: id }), refused(/InvalidCertificateStatusCode/))
  assert.equal((await c.call(account, 'CancelAuditCertificate', { CertificateId: id })).Result, true)
  assert.equal((await c.describe(account, id)).Status, 7)
  assert.equal(await used(), before)
  await assert.rejects(c.call(account, 'CancelAuditCertificate', { CertificateId: id }), refused(/CantCancel/))
  assert.equal((await c.call(account, 'DeleteCertificate', { CertificateId: id })).DeleteResult, true)
  await assert.rejects(c.describe(account, id), refused(/CertificateNotFound/))
})

test('an issued one can be neither cancelled nor deleted, and goes on being downloaded (DEL-01)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'b.zone0.com')
  await assert.rejects(c.call(account, 'CancelAuditCertificate', { CertificateId: id }), refused(/CantCancel/))
  await assert.rejects(c.call(account, 'DeleteCertificate', { CertificateId: id }), refused(/CannotBeDeletedIssued/))
  assert.ok(await c.download(account, id))
})

test('a pending one cannot be downloaded', async () => {
  const account = await c.createAccount()
  const id = await c.apply(account, 'c.zone0.com', ecc)
  await assert.rejects(c.call(account, 'DownloadCertificate', { CertificateId: id }), refused(/NotAllowDownload/))
})

for (const [what, options, limit] of [['an enterprise gets 10 (QTA-11)', { identity: 'enterprise' }, 10], ['an individual of level standard gets 20 for any domain (QTA-08 QTA-09)', {}, 20]]) {
  test(`quota: ${what}, exactly, also side by side`, async () => {
    const account = await c.createAccount(options)
    const all = await Promise.allSettled(Array.from({ length: limit + 4 }, (_, i) => c.apply(account, `q${i}.zone${1 + i % 3}.com`, ecc)))
    const good = all.filter(r => r.status === 'fulfilled')
    assert.equal(good.length, limit, all.find(r => r.status === 'rejected')?.reason.message)
    for (const r of all.filter(r => r.status === 'rejected')) assert.equal(r.reason.code, 'FailedOperation.ExceedsFreeLimit')
    for (const r of good) await c.call(account, 'CancelAuditCertificate', { CertificateId: r.value })
    await c.apply(account, 'again.zone1.com', ecc)
  })
}

test('a key password: the package holds only the encrypted key, which the password opens (PKP-01 CON-39)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'secret.zone0.com', { ...ecc, CsrKeyPassword: 'Correct-Horse-9' })
  const files = await c.download(account, id)
  const pem = file(files, 'Nginx', '.key').toString()
  assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  assert.throws(() => createPrivateKey({ key: pem, passphrase: 'wrong' }))
  const key = createPrivateKey({ key: pem, passphrase: 'Correct-Horse-9' })
  assert.ok(new X509Certificate(file(files, 'Nginx', '_bundle.crt')).checkPrivateKey(key))
  for (const [name, content] of Object.entries(files)) assert.doesNotMatch(content.toString('latin1'), /BEGIN (EC |RSA )?PRIVATE KEY/, name)
})

test('a restart forgets nothing', async () => {
  const account = await c.createAccount()
  const issued = await issue(account, 'keep.zone0.com')
  const pending = await c.apply(account, 'later.zone0.com', ecc)
  const before = { issued: await c.describe(account, issued), pending: await c.describe(account, pending), files: await c.download(account, issued) }
  const root = (await import('node:fs')).readFileSync(c.root, 'utf8')
  await c.restart()
  assert.equal((await import('node:fs')).readFileSync(c.root, 'utf8'), root)
  const strip = ({ RequestId, ...rest }) => rest
  assert.deepEqual(strip(await c.describe(account, issued)), strip(before.issued))
  assert.deepEqual(strip(await c.describe(account, pending)), strip(before.pending))
  const files = await c.download(account, issued)
  assert.deepEqual(file(files, 'Nginx', '.key'), file(before.files, 'Nginx', '.key'))
  await placeRecords(dns, await c.proofs(account, pending))
  await c.waitStatus(account, pending, 1)
})

/* These move the clock and stand last. */

test('the deadline: three days to the second, then failed, and the quota is given back (DCV-02 CON-01 SIL-08 SIL-13)', async () => {
  const account = await c.createAccount()
  const id = await c.apply(account, 'late.zone0.com', ecc)
  await c.moveClock(3 * DAY - 120)
  assert.equal((await c.describe(account, id)).Status, 0)
  await c.moveClock(180)
  await c.waitStatus(account, id, 2)
  await placeRecords(dns, [{ DvAuthKey: '_dnsauth.late.zone0.com', DvAuthVerifyType: 'TXT', DvAuthValue: 'x' }])
  await assert.rejects(c.call(account, 'CompleteCertificate', { CertificateId: id }), refused(/NotFoundOrAudited|StatusNotAllow/))
  assert.equal((await c.call(account, 'DeleteCertificate', { CertificateId: id })).DeleteResult, true)
})

test('a year later it has expired and frees the quota (QTA-05)', async () => {
  const account = await c.createAccount({ identity: 'enterprise' })
  const id = await issue(account, 'old.zone0.com')
  await c.moveClock(366 * DAY)
  await c.waitStatus(account, id, 3)
  const all = await Promise.allSettled(Array.from({ length: 11 }, (_, i) => c.apply(account, `y${i}.zone2.com`, ecc)))
  assert.equal(all.filter(r => r.status === 'fulfilled').length, 10)
})
