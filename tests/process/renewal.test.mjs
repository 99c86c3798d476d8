/*
 * Renewing a free certificate by hand: only in its last 30 days, what was not said is carried over, old and new point to
 * each other, once only – but an application that came to nothing does not count.
 * REN-03 REN-04 REN-10 REN-11 LIFE-06 LIFE-15 SIL-07
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const DAY = 86400
let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }] })
  c = await startChancery({ dns })
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const apply = (parameters = {}) => c.call(account, 'ApplyCertificate', { DvAuthMethod: 'DNS', DomainName: 'shop.maple.com', PackageType: '83', ...parameters })
const detail = id => c.call(account, 'DescribeCertificateDetail', { CertificateId: id })

test('from the window to the link both ways; nothing goes by itself, and the new one takes a slot of its own (REN-04 FREE-20 FREE-21 FREE-26)', async () => {
  const old = (await apply({ Alias: 'the shop', ContactEmail: 'a@maple.com', ContactPhone: '+86 1', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1', Tags: [{ TagKey: 'env', TagValue: 'prod' }] })).CertificateId
  await placeRecords(dns, await c.proofs(account, old))
  await c.waitStatus(account, old, 1)
  await assert.rejects(apply({ OldCertificateId: old }), { code: 'FailedOperation.InvalidCertificateStatusCode' }) /* SIL-07 */
  await assert.rejects(c.call(account, 'RenewCertificate', { CertificateId: old }), { code: 'FailedOperation.InvalidCertificateStatusCode', message: /free/ })
  const used = async () => (await c.call(account, 'DescribeFreeQuota', {})).AnyDomains.Used
  assert.equal(await used(), 1)
  await c.moveClock(61 * DAY)
  assert.equal((await c.call(account, 'DescribeCertificates', { CertIds: [old] })).Certificates[0].HasRenewOrder, '')
  assert.equal((await c.call(account, 'DescribeCertificates', { CertIds: [old] })).Certificates[0].RenewAble, true)
  await assert.rejects(apply({ OldCertificateId: 'nobody12' }), { code: 'FailedOperation.CertificateNotFound' })
  await assert.rejects(apply({ OldCertificateId: old, DomainName: 'other.maple.com' }), { code: 'InvalidParameterValue' })

  const failed = (await apply({ OldCertificateId: old })).CertificateId
  await assert.rejects(apply({ OldCertificateId: old }), { code: 'FailedOperation.InvalidCertificateStatusCode' }) /* one at a time */
  const shown = async () => (await c.call(account, 'DescribeCertificates', { CertIds: [old] })).Certificates[0]
  assert.equal((await shown()).RenewAble, false)
  await c.call(account, 'CancelAuditCertificate', { CertificateId: failed })
  assert.equal((await shown()).RenewAble, true, 'what was cancelled renews nothing')
  await assert.rejects(c.call(account, 'RevokeCertificate', { CertificateId: old }), { code: 'FailedOperation.RevokeFailed' }) /* RVK-07: it is to be renewed still */
  await c.call(account, 'DeleteCertificate', { CertificateId: failed })
  assert.equal((await shown()).HasRenewOrder, '')

  /* of many at once one wins */
  const many = await Promise.allSettled(Array.from({ length: 4 }, () => apply({ OldCertificateId: old })))
  const won = many.filter(m => m.status === 'fulfilled').map(m => m.value.CertificateId)
  assert.equal(won.length, 1)
  for (const m of many) if (m.status === 'rejected') assert.equal(m.reason.code, 'FailedOperation.InvalidCertificateStatusCode')
  const [next] = won
  assert.equal(await used(), 2)
  const d = await detail(next), o = await detail(old)
  assert.deepEqual([d.CertificateExtra.OriginCertificateId, o.CertificateExtra.RenewOrder], [old, next])
  assert.deepEqual([d.Alias, d.EncryptAlgorithm, d.ProjectId, d.Tags], ['the shop', 'ECC prime256v1', '0', [{ TagKey: 'env', TagValue: 'prod' }]])
  assert.deepEqual([d.SubmittedData.ContactEmail, d.SubmittedData.ContactNumber], ['a@maple.com', '+86 1'])
  await placeRecords(dns, await c.proofs(account, next))
  await c.waitStatus(account, next, 1)
  assert.equal((await detail(old)).Status, 1) /* LIFE-15: it runs on to its end */
  assert.equal((await c.call(account, 'DescribeCertificates', { CertIds: [old] })).Certificates[0].HasRenewOrder, next)
})

test('what is said goes before what is carried over', async () => {
  const old = (await apply({ DomainName: 'b.maple.com', Alias: 'old' })).CertificateId
  await placeRecords(dns, await c.proofs(account, old))
  await c.waitStatus(account, old, 1)
  await c.moveClock(61 * DAY)
  const next = (await apply({ DomainName: 'b.maple.com', OldCertificateId: old, Alias: 'new', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1', Tags: [{ TagKey: 'k', TagValue: 'v' }] })).CertificateId
  const d = await detail(next)
  assert.deepEqual([d.Alias, d.EncryptAlgorithm, d.Tags], ['new', 'ECC prime256v1', [{ TagKey: 'k', TagValue: 'v' }]])
})
