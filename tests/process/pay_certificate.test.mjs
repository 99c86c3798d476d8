/*
 * A paid certificate the way the Terraform provider's resource for it works, call by call with the official SDK: create,
 * read, submit, order, read again; changed in the middle by cancelling, three immediate reads and a new submission; issued;
 * destroyed.  Then the free certificate's way into a paid one, and a renewal that the clock brings about.  Takes about 90 s.
 * PUR-16 PUR-19 UPG-02 UPG-03 REN-01 REN-03 MSG-05 LIFE
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { commonClient, sslClient } from '../api/client.mjs'
import { checkAnswer } from '../api/spec.mjs'
import { file, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords, serveAndFetch } from '../lib/place.mjs'

let dns, c, account, sdk, own
before(async () => {
  dns = await startDns({ zones: ['maple.com', 'beta.net', 'cedar.org'].map(name => ({ name, records: [[name, 'A', '127.0.0.1'], [`www.${name}`, 'A', '127.0.0.1']] })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount({ balance: 1000000 })
  sdk = sslClient(c, account)
  own = commonClient(c, account)
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

/* What the provider's block `information { … }` sends. */
const information = (CertificateId, CertificateDomain) => ({
  CertificateId, CsrType: 'online', CertificateDomain, DomainList: [CertificateDomain], OrganizationName: 'Example Ltd', OrganizationDivision: 'IT',
  OrganizationAddress: 'High Street 1', OrganizationCountry: 'GB', OrganizationCity: 'London', OrganizationRegion: 'London', PostalCode: 'W1',
  PhoneAreaCode: '020', PhoneNumber: '7946000', VerifyType: 'DNS', AdminFirstName: 'Ann', AdminLastName: 'Lee', AdminPhoneNum: '02079460001',
  AdminEmail: 'ann@example.com', AdminPosition: 'CTO', ContactFirstName: 'Ben', ContactLastName: 'Ray', ContactEmail: 'ben@example.com',
  ContactNumber: '02079460002', ContactPosition: 'admin'
})
const detail = async CertificateId => {
  const answer = await sdk.DescribeCertificateDetail({ CertificateId })
  checkAnswer('DescribeCertificateDetail', answer)
  return answer
}
const create = async wish => {
  const made = await sdk.CreateCertificate(wish)
  checkAnswer('CreateCertificate', made)
  return made
}
const submit = async (id, domain) => {
  const given = await sdk.SubmitCertificateInformation(information(id, domain))
  checkAnswer('SubmitCertificateInformation', given)
  const sent = await sdk.CertificateOrderSubmit({ CertId: id, VerifyType: 'DNS' })
  checkAnswer('CertificateOrderSubmit', sent)
  assert.equal(sent.Status, 0)
}
const order = async id => (await c.call(account, 'DescribeOrders', { CertificateId: id })).Orders[0]
const balance = async () => (await c.call(account, 'DescribeBalance', {})).Balance

test('created, submitted, changed, submitted again, issued, served', async () => {
  const had = await balance()
  const { CertificateIds: [id] } = await create({ ProductId: 104, DomainNum: 1, TimeSpan: 1 })
  const bought = await detail(id)
  assert.deepEqual([bought.Status, bought.ProductZhName, bought.CertType, bought.DomainType], [5, 'TrustAsia DV', 'DV', 1])
  await submit(id, 'www.beta.net')
  assert.equal((await detail(id)).Status, 0)

  /* a change of the information: cancel, read up to three times at once, resubmit, submit */
  await sdk.CancelAuditCertificate({ CertificateId: id })
  for (let i = 0; i < 3; i++) assert.equal((await detail(id)).Status, 7)
  await sdk.ModifyCertificateResubmit({ CertificateId: id })
  assert.equal((await detail(id)).Status, 5)
  await submit(id, 'www.maple.com')
  const pending = await detail(id)
  assert.equal(pending.Domain, 'www.maple.com')
  for (const p of pending.DvAuthDetail.DvAuths) for (const key of ['DvAuthKey', 'DvAuthValue', 'DvAuthVerifyType']) assert.equal(typeof p[key], 'string')

  await placeRecords(dns, pending.DvAuthDetail.DvAuths)
  await c.waitStatus(account, id, 1)
  const issued = await detail(id)
  assert.equal(issued.Status, 1)
  const leaf = new X509Certificate(issued.CertificatePublicKey)
  assert.match(leaf.subjectAltName, /DNS:www\.maple\.com/)
  const files = await c.download(account, id)
  await serveAndFetch('nginx', { files, root: c.root, name: 'www.maple.com' })

  const paid = await order(id)
  assert.deepEqual([paid.State, paid.Refundable, paid.TermBeginTime !== ''], ['paid', false, true])
  await assert.rejects(own.request('RefundOrder', { OrderId: paid.OrderId }), { code: 'FailedOperation.CancelOrderFailed' }) /* SIL-12 */
  assert.equal(await balance(), had - 39900) /* paid once, whatever was changed */
})

test('destroyed before it is issued: cancelled, and the money comes back when it is asked for', async () => {
  const had = await balance()
  const { CertificateIds: [id], DealIds: [OrderId] } = await create({ ProductId: 104, DomainNum: 1, TimeSpan: 1 })
  await submit(id, 'gone.maple.com')
  await assert.rejects(own.request('RefundOrder', { OrderId }), e => /cancel the application/.test(e.message))
  await sdk.CancelCertificateOrder({ CertificateId: id })
  assert.equal((await detail(id)).Status, 7)
  await own.request('RefundOrder', { OrderId })
  assert.equal((await detail(id)).Status, 14)
  await assert.rejects(sdk.ModifyCertificateResubmit({ CertificateId: id }), { code: 'FailedOperation.CertificateStatusNotAllowResubmit' })
  assert.equal(await balance(), had)
})

test('a multi-domain and a wildcard product are bought and issued', async () => {
  for (const [ProductId, DomainNum, names, expected] of [
    [11, 3, ['cedar.org', 'a.cedar.org', 'b.cedar.org'], /DNS:a\.cedar\.org/],
    [49, 1, ['*.cedar.org'], /DNS:\*\.cedar\.org/]
  ]) {
    const { CertificateIds: [id] } = await create({ ProductId, DomainNum, TimeSpan: 1 })
    await sdk.SubmitCertificateInformation({ ...information(id, names[0]), DomainList: names })
    await sdk.CertificateOrderSubmit({ CertId: id, VerifyType: 'DNS' })
    await placeRecords(dns, (await detail(id)).DvAuthDetail.DvAuths)
    await c.waitStatus(account, id, 1)
    assert.match(new X509Certificate((await detail(id)).CertificatePublicKey).subjectAltName, expected)
  }
})

test('a free certificate is upgraded to a paid one of its fixed name (UPG-02, UPG-03)', async () => {
  const free = await c.apply(account, 'up.beta.net', { CsrEncryptAlgo: 'ECC', PackageType: '2' })
  await placeRecords(dns, await c.proofs(account, free))
  await c.waitStatus(account, free, 1)
  const { Order: made } = await own.request('UpgradeCertificate', { CertificateId: free, TimeSpan: 2 })
  assert.deepEqual([made.PackageType, made.FixedDomain, made.OriginCertificateId], ['48', 'up.beta.net', free])
  const [id] = made.CertificateIds
  await assert.rejects(sdk.SubmitCertificateInformation(information(id, 'other.beta.net')), e => /up\.beta\.net/.test(e.message))
  await submit(id, 'up.beta.net')
  await placeRecords(dns, (await detail(id)).DvAuthDetail?.DvAuths ?? [])
  await c.waitStatus(account, id, 1)
  assert.equal((await detail(free)).CertificateExtra.RenewOrder, id)
  assert.equal((await detail(free)).Status, 1) /* goes on serving */
})

test('30 days before the end the renewal opens (MSG-05), and the new one is linked to the old (REN-03)', async () => {
  const { CertificateIds: [id] } = await create({ ProductId: 48, DomainNum: 1, TimeSpan: 1 })
  await submit(id, 'ren.beta.net')
  await placeRecords(dns, (await detail(id)).DvAuthDetail.DvAuths)
  await c.waitStatus(account, id, 1)
  await assert.rejects(own.request('RenewCertificate', { CertificateId: id }), { code: 'FailedOperation.InvalidCertificateStatusCode' })
  await c.moveClock(336 * 86400)
  const { Order: made } = await c.call(account, 'RenewCertificate', { CertificateId: id })
  assert.deepEqual([made.State, made.OriginCertificateId, made.TimeSpan], ['paid', id, 1])
  const next = await c.describe(account, made.CertificateIds[0])
  assert.equal(next.Status, 5)
  assert.equal(next.CertificateExtra.OriginCertificateId, id)
  await assert.rejects(c.call(account, 'RenewCertificate', { CertificateId: id }), /InvalidCertificateStatusCode/)
  /* a successor that was cancelled is paid for: it is taken up again, or refunded, and then there may be another */
  await c.call(account, 'SubmitCertificateInformation', information(made.CertificateIds[0], 'ren.beta.net'))
  await c.call(account, 'CertificateOrderSubmit', { CertId: made.CertificateIds[0], VerifyType: 'DNS' })
  await c.call(account, 'CancelAuditCertificate', { CertificateId: made.CertificateIds[0] })
  await assert.rejects(c.call(account, 'RenewCertificate', { CertificateId: id }), /InvalidCertificateStatusCode.*ModifyCertificateResubmit.*RefundOrder/)
  assert.equal((await c.describe(account, id)).RenewAble, false)
  await c.call(account, 'ModifyCertificateResubmit', { CertificateId: made.CertificateIds[0] })
  await c.call(account, 'RefundOrder', { OrderId: made.OrderId })
  assert.equal((await c.describe(account, id)).RenewAble, true)
  const { Order: again } = await c.call(account, 'RenewCertificate', { CertificateId: id })
  assert.equal((await c.describe(account, again.CertificateIds[0])).CertificateExtra.OriginCertificateId, id)
  assert.equal((await c.describe(account, id)).CertificateExtra.RenewOrder, again.CertificateIds[0])
})
