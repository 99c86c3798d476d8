/*
 * Bindings and deletion through the SDKs.
 * DEL-01 DEL-02 DEL-03 DEL-04 DEL-05 DEL-06 DEL-07 DEL-08 DEL-11 DEL-12 CON-18 LIFE-04 LIFE-07 LIFE-13 RVK-02 RVK-12 SIL-48 SIL-53
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { commonClient, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let dns, server, account, client, own
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }, { name: 'beta.net' }] })
  server = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await server.createAccount({ identity: 'individual' })
  client = sslClient(server, account)
  own = commonClient(server, account)
})
after(async () => {
  try {
    await server?.stop()
  } finally {
    await dns?.stop()
  }
})

async function issue (name) {
  const { CertificateId } = await client.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: name, PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await placeRecords(dns, await server.proofs(account, CertificateId))
  await server.waitStatus(account, CertificateId, 1)
  return CertificateId
}

const bind = (CertificateId, ResourceType, ResourceId, more = {}) => own.request('RegisterBinding', { CertificateId, ResourceType, ResourceId, ...more })
const compromise = id => own.request('RevokeCertificate', { CertificateId: id, ReasonCode: 'keyCompromise' }) /* revoked at once */
const keyBytes = async id => (await server.sql(`select length(k.sealed) as n from certificate c join cert_key k on k.key_id = c.key_id where c.certificate_id = '${id}'`))[0].n

test('bindings: registered, listed, counted, looked up, removed (SIL-48)', async () => {
  const id = await issue('bound.maple.com')
  await bind(id, 'clb', 'lb-1', { Region: 'north', Name: 'front' })
  await bind(id, 'clb', 'lb-2', { Region: 'north' })
  await bind(id, 'clb', 'lb-3', { Region: 'south' })
  await bind(id, 'cdn', 'cdn-1', { Domain: 'bound.maple.com' })
  await bind(id, 'nginx', 'web-1')
  await bind(id, 'nginx', 'web-1', { Name: 'again' })
  const { Bindings } = await own.request('DescribeBindings', { CertificateId: id })
  assert.deepEqual(Bindings.map(b => [b.ResourceType, b.Region, b.ResourceId, b.Name]),
    [['cdn', '', 'cdn-1', ''], ['clb', 'north', 'lb-1', 'front'], ['clb', 'north', 'lb-2', ''], ['clb', 'south', 'lb-3', ''], ['nginx', '', 'web-1', 'again']])
  const list = await client.DescribeCertificates({ CertIds: [id] })
  assert.deepEqual(list.Certificates[0].BoundResource, ['cdn', 'clb', 'nginx'])

  const deployed = await client.DescribeDeployedResources({ CertificateIds: [id], ResourceType: 'cdn' })
  checkAnswer('DescribeDeployedResources', deployed)
  assert.deepEqual(deployed.DeployedResources, [{ CertificateId: id, Count: 1, Type: 'cdn', ResourceIds: null, Resources: ['bound.maple.com'] }])

  const filed = await client.CreateCertificateBindResourceSyncTask({ CertificateIds: [id], IsCache: 0 })
  checkAnswer('CreateCertificateBindResourceSyncTask', filed)
  const [{ CertId, TaskId }] = filed.CertTaskIds
  assert.equal(CertId, id)
  const result = await client.DescribeCertificateBindResourceTaskResult({ TaskIds: [TaskId] })
  checkAnswer('DescribeCertificateBindResourceTaskResult', result)
  const [summary] = result.SyncTaskBindResourceResult
  assert.deepEqual([summary.TaskId, summary.Status, summary.Error], [TaskId, 1, null])
  assert.deepEqual(summary.BindResourceResult.find(r => r.ResourceType === 'clb').BindResourceRegionResult.map(r => [r.Region, r.TotalCount]), [['north', 2], ['south', 1]])
  const detail = await client.DescribeCertificateBindResourceTaskDetail({ TaskId, Limit: '1' })
  checkAnswer('DescribeCertificateBindResourceTaskDetail', (({ OTHER, ...rest }) => rest)(detail))
  assert.deepEqual(detail.CLB.map(l => [l.Region, l.TotalCount, l.InstanceList.map(i => i.LoadBalancerId)]), [['north', 2, ['lb-1']], ['south', 1, ['lb-3']]])
  assert.deepEqual(detail.CDN[0].InstanceList.map(i => [i.Domain, i.CertId]), [['bound.maple.com', id]])
  assert.deepEqual(detail.OTHER[0].InstanceList.map(i => i.InstanceId), ['web-1'])
  const some = await client.DescribeCertificateBindResourceTaskDetail({ TaskId, ResourceTypes: ['clb'], Regions: ['south'], Offset: '0' })
  assert.deepEqual([some.CLB.length, some.CDN.length, some.CLB[0].Region], [1, 0, 'south'])

  await assert.rejects(client.RevokeCertificate({ CertificateId: id }), e => e.code === 'FailedOperation.RevokeResourceFailed' && /cdn cdn-1/.test(e.message)) /* RVK-12 */
  for (const b of Bindings) await own.request('RemoveBinding', { CertificateId: id, ResourceType: b.ResourceType, ResourceId: b.ResourceId, Region: b.Region })
  await assert.rejects(own.request('RemoveBinding', { CertificateId: id, ResourceType: 'nginx', ResourceId: 'web-1' }), { code: 'ResourceNotFound' })
  const revoke = await client.RevokeCertificate({ CertificateId: id })
  checkAnswer('RevokeCertificate', (({ State, Deadline, ...rest }) => rest)(revoke))
  await assert.rejects(bind(id, 'clb', 'lb-1'), { code: 'FailedOperation.InvalidCertificateStatusCode' }) /* nothing is deployed any more */
})

test('bad bindings and tasks: foreign and missing ids alike, words, counts', async () => {
  const id = await issue('bad.maple.com')
  const other = await server.createAccount({ name: 'other' })
  const theirs = sslClient(server, other)
  const { CertTaskIds: [{ TaskId }] } = await client.CreateCertificateBindResourceSyncTask({ CertificateIds: [id], IsCache: 1 })
  for (const wrong of [{ ResourceType: 'CLB' }, { ResourceType: 'a b' }, { ResourceType: '' }, { ResourceId: '' }, { ResourceId: 'x'.repeat(201) }, { Name: 'a\nb' }]) {
    await assert.rejects(own.request('RegisterBinding', { CertificateId: id, ResourceType: 'clb', ResourceId: 'a', ...wrong }), { code: 'InvalidParameterValue' }, JSON.stringify(wrong))
  }
  for (const c of [commonClient(server, other), own]) {
    const CertificateId = c === own ? 'zzzzzzzz' : id
    for (const [action, more] of [['RegisterBinding', { ResourceType: 'clb', ResourceId: 'a' }], ['RemoveBinding', { ResourceType: 'clb', ResourceId: 'a' }], ['DescribeBindings', {}], ['DeleteCertificate', {}], ['DeleteCertificate', { IsCheckResource: true }]]) {
      await assert.rejects(c.request(action, { CertificateId, ...more }), { code: 'FailedOperation.CertificateNotFound' }, action)
    }
  }
  await assert.rejects(theirs.CreateCertificateBindResourceSyncTask({ CertificateIds: [id], IsCache: 0 }), { code: 'FailedOperation.CertificateNotFound' })
  await assert.rejects(theirs.DescribeCertificateBindResourceTaskResult({ TaskIds: [TaskId] }), { code: 'FailedOperation.CertificateSyncTaskIdInvalid' })
  for (const wrong of ['1', 'x', '']) await assert.rejects(client.DescribeCertificateBindResourceTaskDetail({ TaskId: wrong }), { code: 'FailedOperation.CertificateSyncTaskIdInvalid' })
  await assert.rejects(client.DescribeDeleteCertificatesTaskResult({ TaskIds: [TaskId] }), { code: 'FailedOperation.CertificateSyncTaskIdInvalid' })
  await assert.rejects(client.DescribeCertificateBindResourceTaskDetail({ TaskId, Limit: 'many' }), { code: 'InvalidParameterValue' })
  const many = Array.from({ length: 101 }, () => id)
  const code = 'FailedOperation.CertificateSyncTaskCertificateIdCountInvalid'
  await assert.rejects(client.CreateCertificateBindResourceSyncTask({ CertificateIds: many, IsCache: 0 }), { code })
  await assert.rejects(client.DeleteCertificates({ CertificateIds: many }), { code })
  await assert.rejects(client.DeleteCertificates({ CertificateIds: many, IsSync: true }), { code })
})

test('deletion by state; the key is wiped, lists, counts, search and tags forget it (DEL-01 DEL-03 DEL-04 DEL-06 DEL-07 RVK-02)', async () => {
  const issued = await issue('gone.maple.com')
  const { CertificateId: pending } = await client.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'wait.maple.com', PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await assert.rejects(client.DeleteCertificate({ CertificateId: issued }), { code: 'FailedOperation.CannotBeDeletedIssued' })
  await assert.rejects(client.DeleteCertificate({ CertificateId: pending }), { code: 'FailedOperation.InvalidCertificateStatusCode' })
  const tags = commonClient(server, account, { version: '2018-08-13' })
  await tags.request('ModifyResourceTags', { Resource: `qcs::ssl::uin/:certificate/${issued}`, ReplaceTags: [{ TagKey: 'gone', TagValue: '1' }] })
  const count = async more => (await client.DescribeCertificates({ Limit: 1, ...more })).TotalCount
  const [all, found, tagged] = [await count({}), await count({ SearchKey: 'gone.maple' }), await count({ Tags: [{ TagKey: 'gone', TagValue: '1' }] })]
  assert.deepEqual([found, tagged], [1, 1])
  await client.CancelAuditCertificate({ CertificateId: pending })
  await compromise(issued)
  assert.ok(await keyBytes(issued) > 0)
  const quota = await own.request('DescribeFreeQuota', {})
  const answer = await client.DeleteCertificates({ CertificateIds: [issued, pending, 'zzzzzzzz'] })
  checkAnswer('DeleteCertificates', answer)
  assert.deepEqual([answer.Success, answer.Fail.map(f => f.CertId), answer.CertTaskIds], [[issued, pending], ['zzzzzzzz'], []])
  assert.match(answer.Fail[0].Msg, /no certificate/)
  assert.deepEqual([await keyBytes(issued), await keyBytes(pending)], [0, 0])
  assert.deepEqual([await count({}), await count({ SearchKey: 'gone.maple' }), await count({ Tags: [{ TagKey: 'gone', TagValue: '1' }] })], [all - 2, 0, 0])
  await assert.rejects(client.DescribeCertificate({ CertificateId: issued }), { code: 'FailedOperation.CertificateNotFound' })
  /* DEL-12: the primary domain's slot stays held */
  const held = (await server.sql(`select primary_domain from quota_use where certificate_id = '${issued}'`))
  assert.deepEqual(held, [{ primary_domain: 'maple.com' }])
  assert.deepEqual((({ RequestId, ...rest }) => rest)(await own.request('DescribeFreeQuota', {})), (({ RequestId, ...rest }) => rest)(quota))
})

test('what is bound goes only on a second word; as a task it is left alone (DEL-08 SIL-53)', async () => {
  const [a, b] = [await issue('one.beta.net'), await issue('two.beta.net')]
  await bind(a, 'waf', 'one.beta.net')
  await compromise(a)
  await compromise(b)
  await assert.rejects(client.DeleteCertificate({ CertificateId: a }), e => e.code === 'FailedOperation.BoundResources' && /waf one\.beta\.net/.test(e.message))
  const { CertTaskIds, Success, Fail } = await client.DeleteCertificates({ CertificateIds: [a, b, 'zzzzzzzz'], IsSync: true })
  assert.deepEqual([CertTaskIds.map(t => t.CertId), Success, Fail.map(f => f.CertId)], [[a, b], [], ['zzzzzzzz']])
  const done = await until('tasks done', async () => {
    const answer = await client.DescribeDeleteCertificatesTaskResult({ TaskIds: CertTaskIds.map(t => t.TaskId) })
    return answer.DeleteTaskResult.every(t => t.Status !== 0) && answer
  })
  checkAnswer('DescribeDeleteCertificatesTaskResult', done)
  assert.deepEqual(done.DeleteTaskResult.map(t => [t.CertId, t.Status, t.Domains]), [[a, 4, ['one.beta.net']], [b, 1, ['two.beta.net']]])
  assert.match(done.DeleteTaskResult[0].Error, /waf one\.beta\.net/)
  const single = await client.DeleteCertificate({ CertificateId: a, IsCheckResource: true })
  checkAnswer('DeleteCertificate', single)
  assert.ok(single.TaskId)
  await until('refused', async () => (await client.DescribeDeleteCertificatesTaskResult({ TaskIds: [single.TaskId] })).DeleteTaskResult[0].Status === 4)
  assert.equal((await client.DeleteCertificate({ CertificateId: a, IsCheckResource: false })).DeleteResult, true)
  const { OperateLogs } = await client.DescribeCertificateOperateLogs({})
  assert.match(OperateLogs.find(l => l.CertId === a && l.Type === 'delete').Action, /waf one\.beta\.net/)
  assert.equal(OperateLogs.find(l => l.CertId === b && l.Type === 'delete').SubAccountUin, OperateLogs.find(l => l.CertId === a && l.Type === 'delete').SubAccountUin, 'a task acts for whoever filed it')
})

test('an uploaded one goes at any time, bound or not, and nothing of its key is left (DEL-05 SIL-53 RVK-06 UPL-20 UPL-21)', async () => {
  const dir = mkdtempSync(join(server.dir, 'upload-'))
  const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90', '-subj', '/CN=own.maple.com', '-addext', 'subjectAltName=DNS:own.maple.com', '-keyout', 'own.key', '-out', 'own.pem'], { cwd: dir })
  assert.equal(made.code, 0, made.stderr)
  const [CertificatePublicKey, CertificatePrivateKey] = ['own.pem', 'own.key'].map(n => readFileSync(join(dir, n), 'utf8'))
  const { CertificateId: id } = await client.UploadCertificate({ CertificatePublicKey, CertificatePrivateKey, CertificateType: 'SVR' })
  await assert.rejects(client.RevokeCertificate({ CertificateId: id }), { code: 'FailedOperation.InvalidCertificateSource' })
  await assert.rejects(own.request('RevokeCertificate', { CertificateId: id, ReasonCode: 'keyCompromise' }), { code: 'FailedOperation.InvalidCertificateSource' })
  await assert.rejects(client.ReplaceCertificate({ CertificateId: id, ValidType: 'DNS' }), { code: 'FailedOperation.InvalidCertificateSource' })
  await bind(id, 'nginx', 'web-2')
  await assert.rejects(client.DeleteCertificate({ CertificateId: id }), e => e.code === 'FailedOperation.BoundResources' && /nginx web-2/.test(e.message))
  assert.equal((await client.DeleteCertificate({ CertificateId: id, IsCheckResource: false })).DeleteResult, true)
  assert.equal(await keyBytes(id), 0)
  assert.deepEqual(await server.sql(`select * from upload where certificate_id = '${id}'`), [])
  /* not in any table: neither what was sent nor its DER in hexadecimal, as a dump shows it; the key's ciphertext is gone with its row's content */
  const dump = (await run('sqlite3', ['-readonly', '-cmd', '.timeout 20000', join(server.data, 'chancery.db'), '.dump'])).stdout
  assert.ok(dump.length > 10_000)
  const der = new X509Certificate(CertificatePublicKey).raw.toString('hex')
  for (const trace of [CertificatePublicKey.split('\n')[3], CertificatePrivateKey.split('\n')[1], der.slice(200, 300)]) assert.ok(!dump.toLowerCase().includes(trace.toLowerCase()), trace)
})

test('a compromised key is taken by no upload (RVK-31)', async () => {
  const id = await issue('leak.maple.com')
  const detail = await client.DescribeCertificateDetail({ CertificateId: id })
  await compromise(id)
  await assert.rejects(client.UploadCertificate({ CertificatePublicKey: detail.CertificatePublicKey, CertificatePrivateKey: detail.CertificatePrivateKey, CertificateType: 'SVR', Repeatable: true }),
    e => e.code === 'FailedOperation.InvalidParam' && /compromised/.test(e.message))
})
