/*
 * Certificates through the typed SDK: every member of every answer has the described kind, and says the right thing
 * before and after issue.  FREE-05 FREE-06 FREE-07 FREE-12 FREE-13 DCV-05 DCV-06 DCV-08 DCV-15 DCV-16 CON-01 CON-03 ACC-09 ACC-11
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { commonClient, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let dns, server, account, client
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }, { name: 'beta.net' }] })
  server = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await server.createAccount({ identity: 'individual' })
  client = sslClient(server, account)
})
after(async () => {
  await server?.stop()
  await dns?.stop()
})

const ecc = { CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1' }
const apply = async (name, more = {}) => (await client.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: name, ...ecc, ...more })).CertificateId
const gmt8 = text => Date.parse(`${text.replace(' ', 'T')}+08:00`)
const GMT8 = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/
const DAY = 86400_000

async function describeAll (CertificateId) {
  const describe = await client.DescribeCertificate({ CertificateId })
  const detail = await client.DescribeCertificateDetail({ CertificateId })
  const list = await client.DescribeCertificates({ CertIds: [CertificateId] })
  checkAnswer('DescribeCertificate', describe)
  checkAnswer('DescribeCertificateDetail', detail)
  checkAnswer('DescribeCertificates', list)
  assert.equal(list.TotalCount, 1)
  return { describe, detail, item: list.Certificates[0] }
}

test('an application is described right after it was made (FREE-03 FREE-11 FREE-12 FREE-13 ACC-09 ACC-10 ACC-11)', async () => {
  const id = await apply('shop.maple.com', { Alias: '商店 ü', ContactEmail: 'a@maple.com', ProjectId: 0 })
  assert.match(id, /^[A-Za-z0-9]{8}$/)
  const { describe, detail, item } = await describeAll(id)
  for (const answer of [describe, detail, item]) {
    assert.equal(answer.CertificateId, id)
    assert.equal(answer.OwnerUin, account.Account)
    assert.equal(answer.ProjectId, '0')
    assert.equal(answer.Domain, 'shop.maple.com')
    assert.equal(answer.Alias, '商店 ü')
    assert.equal(answer.Status, 0)
    assert.equal(answer.StatusName, 'To be validated')
    assert.equal(answer.From, 'trustasia')
    assert.equal(answer.CertificateType, 'SVR')
    assert.equal(answer.PackageType, '2')
    assert.equal(answer.ValidityPeriod, '12')
    assert.equal(answer.VerifyType, 'DNS')
    assert.equal(answer.CertBeginTime, '')
    assert.equal(answer.CertEndTime, '')
    assert.match(answer.InsertTime, GMT8)
    assert.ok(Math.abs(gmt8(answer.InsertTime) - Date.now()) < 600_000)
    assert.equal(answer.IsDv, true)
    assert.equal(answer.IsVip, false)
    assert.equal(answer.IsWildcard, false)
    assert.equal(answer.Deployable, false)
    assert.equal(answer.CertificateExtra.DomainNumber, '1')
    assert.equal(answer.CertificateExtra.OriginCertificateId, null)
    assert.deepEqual(answer.Tags, [])
  }
  assert.deepEqual(describe.SubjectAltName, ['shop.maple.com'])
  assert.deepEqual(item.SubjectAltName, ['shop.maple.com'])
  assert.deepEqual(detail.SubjectAltName, [])
  assert.equal(describe.PackageTypeName, detail.TypeName)
  assert.equal(describe.SubmittedData.CertificateDomain, 'shop.maple.com')
  assert.equal(describe.SubmittedData.ContactEmail, 'a@maple.com')
  assert.equal(describe.SubmittedData.KeyPassword, null)
  assert.deepEqual([detail.CertificatePublicKey, detail.CertificatePrivateKey, detail.CertFingerprint], ['', '', ''])
  assert.equal(gmt8(item.DVAuthDeadline) - gmt8(item.InsertTime), 3 * DAY) /* CON-01 */
  assert.equal(item.ValidationPassedTime, '--')
  assert.equal(item.AllowDownload, false)
  assert.equal(item.HostingStatus, -1)
  assert.equal(item.HostingConfig, null)
})

test('what to show: TXT, CNAME and FILE (DCV-05 DCV-06 DCV-08 DCV-15 DCV-16 CON-03)', async () => {
  const txt = (await client.DescribeCertificate({ CertificateId: await apply('txt.maple.com') })).DvAuthDetail
  assert.equal(txt.DvAuths.length, 1)
  assert.deepEqual(txt.DvAuths[0], {
    DvAuthKey: '_dnsauth.txt.maple.com', DvAuthValue: txt.DvAuthValue, DvAuthDomain: 'maple.com', DvAuthPath: '',
    DvAuthSubDomain: '_dnsauth.txt', DvAuthVerifyType: 'TXT', Domain: 'txt.maple.com'
  })
  assert.deepEqual([txt.DvAuthKey, txt.DvAuthDomain, txt.DvAuthKeySubDomain, txt.DvAuthPath],
    ['_dnsauth.txt.maple.com', 'maple.com', '_dnsauth.txt', ''])

  const cname = (await client.DescribeCertificate({ CertificateId: await apply('cname.maple.com', { PackageType: '83', ValidityPeriod: '3' }) })).DvAuthDetail
  const [entry] = cname.DvAuths
  assert.equal(entry.DvAuthVerifyType, 'CNAME')
  assert.ok(entry.DvAuthKey.endsWith('.cname.maple.com'), entry.DvAuthKey)
  assert.equal(`${entry.DvAuthSubDomain}.${entry.DvAuthDomain}`, entry.DvAuthKey)

  const file = (await client.DescribeCertificate({ CertificateId: await apply('www.maple.com', { DvAuthMethod: 'FILE' }) })).DvAuthDetail
  assert.deepEqual(file.DvAuths.map(a => a.Domain).sort(), ['maple.com', 'www.maple.com'])
  for (const a of file.DvAuths) {
    assert.deepEqual([a.DvAuthVerifyType, a.DvAuthPath, a.DvAuthKey, a.DvAuthDomain],
      ['FILE', '/.well-known/pki-validation/', 'fileauth.txt', a.Domain])
    assert.match(a.DvAuthValue, /^20\d{15}[a-z0-9]{40}$/)
  }
})

test('once issued: nothing left to show, and certificate, key and chain fit', async () => {
  const id = await apply('issued.maple.com', { Tags: [{ TagKey: 'env', TagValue: 'test' }] })
  await placeRecords(dns, await server.proofs(account, id))
  await server.waitStatus(account, id, 1)
  const { describe, detail, item } = await describeAll(id)
  for (const answer of [describe, detail, item]) {
    assert.equal(answer.Status, 1)
    assert.match(answer.CertBeginTime, GMT8)
    assert.equal(answer.Deployable, true)
    assert.deepEqual(answer.Tags, [{ TagKey: 'env', TagValue: 'test' }])
  }
  for (const { DvAuthDetail, SubmittedData } of [describe, detail]) {
    assert.deepEqual(DvAuthDetail, { DvAuthKey: null, DvAuthValue: null, DvAuthDomain: null, DvAuthPath: null, DvAuthKeySubDomain: '', DvAuths: null })
    assert.equal(SubmittedData, null)
  }
  assert.match(item.ValidationPassedTime, GMT8)
  assert.equal(item.AllowDownload, true)
  assert.equal(item.SupportDownloadType.NGINX, true)
  assert.equal(item.CACommonNames.length, 1)
  assert.deepEqual(item.CAEncryptAlgorithms, ['ECC'])
  assert.match(item.CAEndTimes[0], GMT8)

  const leaf = new X509Certificate(detail.CertificatePublicKey)
  assert.equal(gmt8(detail.CertBeginTime), Date.parse(leaf.validFrom))
  assert.equal(gmt8(detail.CertEndTime), Date.parse(leaf.validTo))
  assert.equal(detail.CertFingerprint, leaf.fingerprint.replaceAll(':', ''))
  assert.ok(leaf.checkPrivateKey(createPrivateKey(detail.CertificatePrivateKey)))
  assert.equal(detail.EncryptAlgorithm, 'ECC prime256v1')
  assert.equal(detail.DomainType, 1)
  assert.equal(detail.CertType, 'DV')
  assert.equal(detail.CertChainInfo[0].Fingerprint, leaf.fingerprint.replaceAll(':', '').toLowerCase())
  const root = new X509Certificate(detail.RootCert.Standard)
  assert.equal(root.subject, root.issuer)

  const chain = await client.CheckCertificateChain({ CertificateChain: detail.CertificatePublicKey })
  checkAnswer('CheckCertificateChain', chain)
  assert.deepEqual([chain.IsValid, chain.IsTrustedCA], [true, true])
  assert.equal(chain.Chains[0], 'issued.maple.com')
  assert.deepEqual(item.CACommonNames, [chain.Chains[1]])
  const gap = await client.CheckCertificateChain({ CertificateChain: leaf.toString() + root.toString() })
  assert.equal(gap.IsValid, false)
  await assert.rejects(client.CheckCertificateChain({ CertificateChain: 'no PEM' }), { code: 'FailedOperation.CertificateInvalid' })

  const download = await client.DownloadCertificate({ CertificateId: id })
  checkAnswer('DownloadCertificate', download)
  assert.equal(Buffer.from(download.Content, 'base64').subarray(0, 2).toString(), 'PK')

  await assert.rejects(client.DeleteCertificate({ CertificateId: id }), { code: 'FailedOperation.CannotBeDeletedIssued' })
  await assert.rejects(client.CancelAuditCertificate({ CertificateId: id }), { code: 'FailedOperation.CertificateNotFoundOrCantCancel' })
  await assert.rejects(client.CompleteCertificate({ CertificateId: id }), { code: 'FailedOperation.CertificateNotFoundOrAudited' })
  const checked = await client.CheckCertificateDomainVerification({ CertificateId: id })
  assert.deepEqual(checked.VerificationResults.map(r => [r.Domain, r.LocalCheck, r.CaCheck, r.Issued]), [['issued.maple.com', 1, 2, true]])
})

test('a check tells what is missing (DIAG-03)', async () => {
  const id = await apply('check.beta.net')
  const checked = await client.CheckCertificateDomainVerification({ CertificateId: id })
  checkAnswer('CheckCertificateDomainVerification', checked)
  assert.equal(checked.VerificationResults.length, 1)
  const [result] = checked.VerificationResults
  assert.deepEqual([result.Domain, result.VerifyType, result.LocalCheck, result.CaCheck, result.Issued], ['check.beta.net', 'DNS', -1, -1, false])
  assert.match(result.LocalCheckFailReason, /txt record not found/i)
  const again = await client.CheckCertificateDomainVerification({ CertificateId: id })
  assert.equal(again.VerificationResults[0].Frequently, true) /* SIL-10 */
  const done = await client.CompleteCertificate({ CertificateId: id })
  checkAnswer('CompleteCertificate', done)
  assert.equal(done.CertificateId, id)
})

test('cancel and delete', async () => {
  const id = await apply('cancel.beta.net')
  const cancelled = await client.CancelAuditCertificate({ CertificateId: id })
  checkAnswer('CancelAuditCertificate', cancelled)
  assert.equal(cancelled.Result, true)
  assert.equal((await client.DescribeCertificate({ CertificateId: id })).Status, 7)
  await assert.rejects(client.CheckCertificateDomainVerification({ CertificateId: id }), { code: 'FailedOperation.CertificateStatusNotAllowVerify' })
  const deleted = await client.DeleteCertificate({ CertificateId: id, IsCheckResource: false })
  checkAnswer('DeleteCertificate', deleted)
  assert.deepEqual([deleted.DeleteResult, deleted.TaskId], [true, ''])
  await assert.rejects(client.DescribeCertificate({ CertificateId: id }), { code: 'FailedOperation.CertificateNotFound' })
})

const terms = [
  [{}, '2', '12'],
  [{ PackageType: '2' }, '2', '12'],
  [{ ValidityPeriod: '12' }, '2', '12'],
  [{ PackageType: '2', ValidityPeriod: '12' }, '2', '12'],
  [{ PackageType: '83' }, '83', '3'],
  [{ ValidityPeriod: '3' }, '83', '3'],
  [{ PackageType: '83', ValidityPeriod: '3' }, '83', '3']
]
test('package and term belong together (FREE-04 FREE-29)', async () => {
  for (const [more, packageType, months] of terms) {
    const CertificateId = await apply('term.beta.net', more)
    const { PackageType, ValidityPeriod } = await client.DescribeCertificate({ CertificateId })
    assert.deepEqual([PackageType, ValidityPeriod], [packageType, months], JSON.stringify(more))
    await client.CancelAuditCertificate({ CertificateId })
  }
})

/* what is wrong, parameters, code */
const refused = [
  ['a wildcard (FREE-06)', { DomainName: '*.maple.com' }, /InvalidParam/],
  ['an IP address (FREE-07)', { DomainName: '192.0.2.1' }, /InvalidParam/],
  ['two names (FREE-05)', { DnsNames: ['b.maple.com'] }, /InvalidParam/],
  ['a name too long', { DomainName: `${'a'.repeat(60)}.maple.com` }, /CertificateDomainMaxLengthInvalid/],
  ['no name', { DomainName: '' }, /InvalidParam|MissingParameter/],
  ['no domain', { DomainName: 'com' }, /InvalidParam/],
  ['a name with a blank', { DomainName: 'a b.maple.com' }, /InvalidParam/],
  ['another method', { DvAuthMethod: 'PIGEON' }, /InvalidParam/],
  ['automatic DNS, of which there is no host here (FREE-10)', { DvAuthMethod: 'DNS_AUTO' }, /InvalidParam/],
  ['no method', { DvAuthMethod: '' }, /InvalidParam|MissingParameter/],
  ['an unknown package', { PackageType: '9999' }, /PackageNotFound|InvalidParam/],
  ['a term that the package has not', { PackageType: '83', ValidityPeriod: '12' }, /InvalidParam/],
  ['a benefit package', { PackageId: 'p1' }, /PackageNotFound/],
  ['another algorithm', { CsrEncryptAlgo: 'DSA' }, /InvalidParam/],
  ['a key size that is not offered', { CsrEncryptAlgo: 'RSA', CsrKeyParameter: '1024' }, /InvalidParam/],
  ['a curve that is not offered', { CsrKeyParameter: 'secp521r1' }, /InvalidParam/],
  ['a bad email', { ContactEmail: 'nobody' }, /CertificateEmailParseInvalid/],
  ['an alias too long (FREE-13)', { Alias: 'ä'.repeat(201) }, /InvalidParameterValue/],
  ['no such project (ACC-11)', { ProjectId: 7 }, /NoProjectPermission/],
  ['no such old certificate', { OldCertificateId: 'zzzzzzzz' }, /CertificateNotFound/],
  ['a tag twice', { Tags: [{ TagKey: 'a', TagValue: '1' }, { TagKey: 'a', TagValue: '2' }] }, /InvalidParameterValue/],
  ['a tag without key', { Tags: [{ TagKey: '', TagValue: '1' }] }, /InvalidParameterValue|MissingParameter/]
]
test('an application that cannot be is refused and leaves nothing', async () => {
  const { TotalCount } = await client.DescribeCertificates({})
  for (const [what, more, code] of refused) {
    await assert.rejects(apply('refused.maple.com', more), e => {
      assert.match(e.code ?? '', code, `${what}: ${e.code} ${e.message}`)
      assert.ok(e.message.length > 10, what)
      return true
    })
  }
  assert.equal((await client.DescribeCertificates({})).TotalCount, TotalCount)
  await apply('alias.maple.com', { Alias: 'ä'.repeat(200) })
})

test('alias, project and tags can be changed', async () => {
  const id = await apply('label.beta.net')
  const alias = await client.ModifyCertificateAlias({ CertificateId: id, Alias: 'new name' })
  checkAnswer('ModifyCertificateAlias', alias)
  assert.equal((await client.DescribeCertificate({ CertificateId: id })).Alias, 'new name')
  await client.ModifyCertificateAlias({ CertificateId: id })
  assert.equal((await client.DescribeCertificate({ CertificateId: id })).Alias, '')
  await assert.rejects(client.ModifyCertificateAlias({ CertificateId: id, Alias: 'x'.repeat(201) }), { code: 'InvalidParameterValue' })
  await assert.rejects(client.ModifyCertificateAlias({ CertificateId: 'zzzzzzzz', Alias: 'x' }), { code: 'FailedOperation.CertificateNotFound' })

  const moved = await client.ModifyCertificateProject({ CertificateIdList: [id, 'zzzzzzzz'], ProjectId: 0 })
  checkAnswer('ModifyCertificateProject', moved)
  assert.deepEqual([moved.SuccessCertificates, moved.FailCertificates], [[id], ['zzzzzzzz']])
  await assert.rejects(client.ModifyCertificateProject({ CertificateIdList: [id], ProjectId: 9 }), { code: 'FailedOperation.NoProjectPermission' })

  const tags = commonClient(server, account, { version: '2018-08-13' })
  const resource = `qcs::ssl:ap-guangzhou:uin/:certificate/${id}`
  checkAnswer('ModifyResourceTags', await tags.request('ModifyResourceTags', {
    Resource: resource, ReplaceTags: [{ TagKey: 'env', TagValue: 'test' }, { TagKey: 'team', TagValue: 'a' }]
  }))
  await tags.request('ModifyResourceTags', { Resource: resource, ReplaceTags: [{ TagKey: 'team', TagValue: 'b' }], DeleteTags: [{ TagKey: 'env' }, { TagKey: 'none' }] })
  const question = { ServiceType: 'ssl', ResourcePrefix: 'certificate', ResourceRegion: 'ap-guangzhou', ResourceIds: [id, 'zzzzzzzz'] }
  const found = await tags.request('DescribeResourceTagsByResourceIds', { ...question, Limit: 50, Offset: 0 })
  checkAnswer('DescribeResourceTagsByResourceIds', found)
  assert.deepEqual([found.TotalCount, found.Tags[0].TagKey, found.Tags[0].TagValue, found.Tags[0].ResourceId], [1, 'team', 'b', id])
  assert.equal(found.Tags[0].TagKeyMd5, 'f894427cc1c571f79da49605ef8b112f')
  assert.equal((await tags.request('DescribeResourceTagsByResourceIds', { ...question, ServiceType: 'cvm' })).TotalCount, 0)
  assert.deepEqual((await client.DescribeCertificate({ CertificateId: id })).Tags, [{ TagKey: 'team', TagValue: 'b' }])
  for (const [wrong, code] of [['nothing', 'InvalidParameterValue'], ['qcs::ssl::uin/100000000001:certificate/' + id, 'FailedOperation.CertificateNotFound'],
    ['qcs::ssl::uin/:certificate/zzzzzzzz', 'FailedOperation.CertificateNotFound']]) {
    await assert.rejects(tags.request('ModifyResourceTags', { Resource: wrong, ReplaceTags: [{ TagKey: 'a', TagValue: 'b' }] }), { code })
  }
  await assert.rejects(tags.request('DescribeCertificates', {}), { code: 'InvalidAction' })
})

test('projects are made, renamed, closed, and hold certificates (ACC-11)', async () => {
  const other = await server.createAccount({ name: 'other' })
  const { tag } = createRequire(import.meta.url)('tencentcloud-sdk-nodejs')
  const of = who => new tag.v20180813.Client({ credential: { secretId: who.SecretId, secretKey: who.SecretKey }, profile: { httpProfile: { endpoint: server.endpoint, protocol: 'https://', agent: server.agent } } })
  const projects = of(account)
  const first = await projects.AddProject({ ProjectName: 'shops', Info: 'all that sells' })
  assert.deepEqual([first.ProjectId > 0, first.IsNew], [true, 1])
  assert.deepEqual((({ ProjectId, IsNew }) => [ProjectId, IsNew])(await projects.AddProject({ ProjectName: 'shops' })), [first.ProjectId, 0])
  const second = await projects.AddProject({ ProjectName: 'tests' })
  const all = await projects.DescribeProjects({ AllList: 1, Limit: 1000, Offset: 0 })
  assert.deepEqual([all.Total, all.Projects.map(p => [p.ProjectId, p.ProjectName, p.ProjectInfo, p.CreatorUin])], [2, [[first.ProjectId, 'shops', 'all that sells', Number(account.Account)], [second.ProjectId, 'tests', '', Number(account.Account)]]])
  assert.match(all.Projects[0].CreateTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  assert.deepEqual((await projects.DescribeProjects({ AllList: 0, Limit: 1, Offset: 1 })).Projects.map(p => p.ProjectName), ['tests'])
  assert.equal((await of(other).DescribeProjects({ AllList: 1, Limit: 1000, Offset: 0 })).Total, 0)

  const id = await apply('project.beta.net', { ProjectId: first.ProjectId })
  const info = async () => (await client.DescribeCertificates({ CertIds: [id] })).Certificates[0].ProjectInfo
  assert.deepEqual((({ ProjectId, ProjectName, ProjectResume }) => [ProjectId, ProjectName, ProjectResume])(await info()), [String(first.ProjectId), 'shops', 'all that sells'])
  assert.deepEqual((await client.DescribeCertificates({ ProjectId: first.ProjectId })).Certificates.map(c => c.CertificateId), [id])
  await client.ModifyCertificateProject({ CertificateIdList: [id], ProjectId: second.ProjectId })
  assert.equal((await info()).ProjectName, 'tests')
  await projects.UpdateProject({ ProjectId: second.ProjectId, ProjectName: 'trials', Disable: 1 })
  assert.equal((await info()).ProjectName, 'trials', 'a closed one keeps what it has')
  assert.deepEqual((await projects.DescribeProjects({ AllList: 0, Limit: 1000, Offset: 0 })).Projects.map(p => p.ProjectName), ['shops'])
  const code = 'FailedOperation.NoProjectPermission'
  await assert.rejects(client.ModifyCertificateProject({ CertificateIdList: [id], ProjectId: second.ProjectId }), { code })
  await assert.rejects(apply('closed.beta.net', { ProjectId: second.ProjectId }), { code })
  await assert.rejects(sslClient(server, other).ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'foreign.beta.net', PackageType: '2', ProjectId: first.ProjectId }), { code })
  await projects.UpdateProject({ ProjectId: second.ProjectId, Disable: 0 })
  await client.ModifyCertificateProject({ CertificateIdList: [id], ProjectId: 0 })
  assert.equal((await info()).ProjectName, 'Default project')
  for (const wrong of [0, 999]) await assert.rejects(projects.UpdateProject({ ProjectId: wrong, ProjectName: 'x' }), { code })
  await assert.rejects(of(other).UpdateProject({ ProjectId: first.ProjectId, ProjectName: 'mine' }), { code })
  await assert.rejects(projects.UpdateProject({ ProjectId: second.ProjectId, ProjectName: 'shops' }), { code: 'InvalidParameterValue' })
  for (const ProjectName of ['', 'x'.repeat(65), 'a\nb']) await assert.rejects(projects.AddProject({ ProjectName }), { code: 'InvalidParameterValue' })
})
