/* DescribeCertificateOperateLogs and DescribeFreeQuota.  QTA-08 QTA-19 SIL-13 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { call, noDns, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let server, account, client
before(async () => {
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  account = await server.createAccount({ identity: 'individual', level: 'standard' })
  client = sslClient(server, account)
})
after(() => server?.stop())

const quota = async () => (await call(server, account, 'DescribeFreeQuota')).answer

test('what was done is told, newest first, to the account alone', async () => {
  const { CertificateId } = await client.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'log.maple.com', CsrEncryptAlgo: 'ECC' })
  await client.ModifyCertificateAlias({ CertificateId, Alias: 'a' })
  await client.CancelAuditCertificate({ CertificateId })
  await client.DeleteCertificate({ CertificateId })
  const logs = await client.DescribeCertificateOperateLogs({})
  checkAnswer('DescribeCertificateOperateLogs', logs)
  const own = logs.OperateLogs.filter(l => l.CertId === CertificateId)
  assert.deepEqual(own.map(l => l.Type), ['delete', 'cancel', 'updateAlias', 'apply'])
  for (const entry of own) {
    assert.equal(entry.Uin, account.Account)
    assert.match(entry.SubAccountUin, /^\d{12}$/)
    assert.match(entry.CreatedOn, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.ok(entry.Action)
  }
  const one = await client.DescribeCertificateOperateLogs({ Limit: 1, Offset: 1 })
  assert.deepEqual(one.OperateLogs, [logs.OperateLogs[1]])
  assert.deepEqual([one.TotalCount, one.AllTotal], [logs.TotalCount, logs.AllTotal])
  const past = await client.DescribeCertificateOperateLogs({ StartTime: '2020-01-01 00:00:00', EndTime: '2020-02-01 00:00:00' })
  assert.deepEqual([past.TotalCount, past.OperateLogs, past.AllTotal], [0, [], logs.AllTotal])
  await assert.rejects(client.DescribeCertificateOperateLogs({ StartTime: 'yesterday' }), { code: 'InvalidParameter' })
  const other = await server.createAccount({ name: 'other' })
  const theirs = await sslClient(server, other).DescribeCertificateOperateLogs({})
  assert.ok(theirs.OperateLogs.every(l => l.Uin === other.Account && l.CertId !== CertificateId))
})

test('the allowance shows what is used, reserved and left (QTA-08 QTA-19 SIL-13)', async () => {
  const before = await quota()
  for (const counter of ['HomeDomains', 'AnyDomains', 'Package']) {
    const { Limit, Used, Remaining } = before[counter]
    assert.ok([Limit, Used, Remaining].every(Number.isSafeInteger), counter)
    assert.equal(Remaining, Limit - Used)
  }
  assert.equal(before.HomeDomains.Limit + before.AnyDomains.Limit, 50)
  assert.equal(before.PrimaryDomainLimit, 20)
  const { CertificateId } = await client.ApplyCertificate({ DvAuthMethod: 'FILE', DomainName: 'quota.maple.com', CsrEncryptAlgo: 'ECC' })
  const reserved = await quota()
  assert.equal(reserved.AnyDomains.Used, before.AnyDomains.Used + 1)
  assert.deepEqual(reserved.Slots.filter(s => s.CertificateId === CertificateId),
    [{ CertificateId, Domain: 'maple.com', ReturnTime: '' }])
  await client.CancelAuditCertificate({ CertificateId })
  const { RequestId: a, ...after } = await quota()
  const { RequestId: b, ...expected } = before
  assert.deepEqual(after, expected)
})

test('a timeline tells one certificate\'s life, also after it is gone, to its account alone', async () => {
  const { CertificateId } = await client.ApplyCertificate({ DvAuthMethod: 'FILE', DomainName: 'life.maple.com', CsrEncryptAlgo: 'ECC' })
  await client.ModifyCertificateAlias({ CertificateId, Alias: 'b' })
  const timeline = async () => (await call(server, account, 'DescribeCertificateTimeline', { CertificateId })).answer
  const first = await timeline()
  assert.equal(first.CertificateId, CertificateId)
  assert.deepEqual(first.Timeline.map(e => e.Type), ['apply', 'updateAlias'])
  assert.ok(first.Timeline.every(e => e.CertId === CertificateId && e.Uin === account.Account && e.Action && e.CreatedOn))
  await client.CancelAuditCertificate({ CertificateId })
  await client.DeleteCertificate({ CertificateId })
  assert.deepEqual((await timeline()).Timeline.map(e => e.Type), ['apply', 'updateAlias', 'cancel', 'delete'])
  const other = await server.createAccount({ name: 'curious' })
  const foreign = await call(server, other, 'DescribeCertificateTimeline', { CertificateId })
  const missing = await call(server, account, 'DescribeCertificateTimeline', { CertificateId: 'zzzzzzzz' })
  assert.deepEqual(foreign.error, missing.error)
  assert.equal(missing.error.Code, 'FailedOperation.CertificateNotFound')
})

test('the log by type', async () => {
  const some = await call(server, account, 'DescribeCertificateOperateLogs', { Type: 'cancel' })
  assert.ok(some.answer.TotalCount > 0 && some.answer.TotalCount < some.answer.AllTotal)
  assert.ok(some.answer.OperateLogs.every(l => l.Type === 'cancel'))
  assert.equal((await call(server, account, 'DescribeCertificateOperateLogs', { Type: 'transferIn' })).answer.TotalCount, 0)
  assert.equal((await call(server, account, 'DescribeCertificateOperateLogs', { Type: 'nonsense' })).error.Code, 'InvalidParameterValue')
})
