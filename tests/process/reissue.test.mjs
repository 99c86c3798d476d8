/*
 * Reissue of free certificates against real DNS and openssl: same order, names and end; once; one at a time; the original's
 * fate is shared.  RIS-01 RIS-02 RIS-03 RIS-04 RIS-05 RIS-06 RIS-10 RIS-11 RIS-12 RIS-21 RIS-24 RIS-26 RIS-27 RVK-08 SIL-22 SIL-27 SIL-59
 * CON-09 LIFE-11
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { file, refused, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, placeRecords, verifyChain } from '../lib/place.mjs'

const DAY = 86400
let dns, c
before(async () => {
  dns = await startDns({ zones: Array.from({ length: 8 }, (_, i) => ({ name: `zone${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
})
after(async () => {
  try {
    await c?.stop()
  } finally {
    await dns?.stop()
  }
})

const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }

const issue = (account, name, parameters) => applyAndProve(c, dns, account, name, parameters)

const replace = async (account, id, more = {}) => (await c.call(account, 'ReplaceCertificate', { CertificateId: id, ValidType: 'DNS', CsrType: 'online', CertCSREncryptAlgo: 'ECC', ...more })).CertificateId

async function reissue (account, id, more = {}) {
  const next = await replace(account, id, more)
  await placeRecords(dns, await c.proofs(account, next))
  await c.waitStatus(account, next, 1)
  return next
}

const leafOf = files => new X509Certificate(file(files, 'Nginx', '_bundle.crt'))
const used = async account => (await c.call(account, 'DescribeFreeQuota')).AnyDomains.Used

test('a free one: new id and key, same names and end, both ways linked, no slot of its own, deployed anew (RIS-06 RIS-12 RIS-21 RIS-23 RIS-24 RIS-25 RIS-27 RIS-29 SIL-27 ACC-16)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'a.zone0.com', { ...ecc, Tags: [{ TagKey: 'env', TagValue: 'x' }], Alias: 'shop' })
  /* ACC-16: nothing answers at these names; the zones of this test have no address at all */
  const slots = await used(account)
  await c.call(account, 'RegisterBinding', { CertificateId: id, ResourceType: 'nginx', ResourceId: 'web-1' })
  const before = await c.describe(account, id)
  const next = await replace(account, id, { Reason: 'key rotation', CsrkeyPassword: 'Correct-Horse-9' }) /* PKP-06: also the way out when a password is lost */
  assert.notEqual(next, id)
  const pending = await c.describe(account, next)
  assert.deepEqual([pending.Status, pending.StatusMsg, pending.OrderId, pending.CertificateExtra.ReplacedBy], [0, 'PENDING-DCV', before.OrderId, id])
  assert.deepEqual([pending.Alias, pending.Tags], ['shop', [{ TagKey: 'env', TagValue: 'x' }]])
  const original = await c.describe(account, id)
  assert.deepEqual([original.Status, original.CertificateExtra.ReplacedFor], [1, next])
  assert.ok(await c.download(account, id), 'the original goes on')
  await placeRecords(dns, await c.proofs(account, next))
  const issued = await c.waitStatus(account, next, 1)
  assert.equal(issued.CertEndTime, before.CertEndTime)
  assert.deepEqual(issued.SubjectAltName, before.SubjectAltName)
  assert.equal(await used(account), slots)
  const bound = async which => (await c.call(account, 'DescribeBindings', { CertificateId: which })).Bindings.map(b => b.ResourceId)
  assert.deepEqual([await bound(id), await bound(next)], [['web-1'], []], 'RIS-23, RIS-29: whoever wants the new one served has to put it there')
  const [old, renewed] = [await c.download(account, id), await c.download(account, next)]
  assert.equal(leafOf(renewed).validTo, leafOf(old).validTo)
  assert.notDeepEqual(leafOf(renewed).publicKey.export({ type: 'spki', format: 'der' }), leafOf(old).publicKey.export({ type: 'spki', format: 'der' }))
  assert.ok(leafOf(renewed).checkPrivateKey(createPrivateKey({ key: file(renewed, 'Nginx', '.key'), passphrase: 'Correct-Horse-9' })))
  await verifyChain({ chain: file(renewed, 'Nginx', '_bundle.crt'), root: c.root, dir: c.dir, name: 'a.zone0.com' })
  await assert.rejects(replace(account, id), refused('FailedOperation.OrderAlreadyReplaced')) /* RIS-03 */
  await assert.rejects(replace(account, next), refused('FailedOperation.OrderAlreadyReplaced'))
  /* RIS-24, RIS-25: applying anew is another order, free to say something else, and takes another slot */
  const anew = await c.apply(account, 'a.zone0.com', { ...ecc, Alias: 'other' })
  assert.notEqual((await c.describe(account, anew)).OrderId, before.OrderId)
  assert.equal(await used(account), slots + 1)
  await c.call(account, 'CancelAuditCertificate', { CertificateId: anew })
})

test('bad requests: foreign ids as missing ones, states, methods, CSR types, texts', async () => {
  const account = await c.createAccount()
  const other = await c.createAccount({ name: 'other' })
  const id = await issue(account, 'b.zone1.com')
  const pending = await c.apply(account, 'c.zone1.com', ecc)
  const says = async (who, what) => replace(who, what).then(() => assert.fail(), e => [e.code, e.message])
  assert.deepEqual(await says(other, id), await says(account, 'zzzzzzzz'))
  await assert.rejects(replace(account, pending), refused('FailedOperation.InvalidCertificateStatusCode'))
  for (const wrong of [{ ValidType: 'FILE' }, { ValidType: 'EMAIL' }, { CsrType: 'other' }, { CsrType: 'upload', CsrContent: 'x' }, { CertCSREncryptAlgo: 'DSA' },
    { CertCSRKeyParameter: '1024' }, { Reason: 'x'.repeat(201) }, { CsrkeyPassword: 'a\u0001b' }]) {
    await assert.rejects(replace(account, id, wrong), refused('InvalidParameterValue'), JSON.stringify(wrong))
  }
  await assert.rejects(c.call(account, 'ReplaceCertificate', { CertificateId: id }), refused('MissingParameter'))
  assert.equal((await c.describe(account, id)).CertificateExtra.ReplacedFor, null)
})

test('one at a time below a primary domain; cancelled, it counts for nothing (RIS-04 RIS-05 SIL-59 LIFE-11)', async () => {
  const account = await c.createAccount()
  const [a, b] = [await issue(account, 'a.zone2.com'), await issue(account, 'b.zone2.com')]
  const other = await issue(account, 'a.zone3.com')
  const all = await Promise.allSettled([replace(account, a), replace(account, a), replace(account, b)])
  const good = all.filter(r => r.status === 'fulfilled')
  assert.equal(good.length, 1)
  for (const r of all.filter(r => r.status === 'rejected')) assert.equal(r.reason.code, 'FailedOperation.OrderReplaceFailed')
  await replace(account, other) /* another primary domain */
  assert.equal((await c.call(account, 'CancelAuditCertificate', { CertificateId: good[0].value })).Result, true)
  for (const id of [a, b]) assert.equal((await c.describe(account, id)).CertificateExtra.ReplacedFor, null)
  await reissue(account, b)
  await replace(account, a)
})

test('not shown in time: it fails, the original stays, another try is free (A6)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'late.zone4.com')
  const next = await replace(account, id)
  await c.moveClock(3 * DAY + 60)
  await c.waitStatus(account, next, 2)
  const original = await c.describe(account, id)
  assert.deepEqual([original.Status, original.CertificateExtra.ReplacedFor], [1, null])
  await reissue(account, id)
})

test('a reissue goes with its original: revoked through it, and only so; one under way is cancelled (RVK-08 RIS-26)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'r.zone5.com')
  const next = await reissue(account, id)
  await assert.rejects(c.call(account, 'RevokeCertificate', { CertificateId: next }), refused('FailedOperation.RevokeFailed'))
  const filed = await c.call(account, 'RevokeCertificate', { CertificateId: id })
  await placeRecords(dns, filed.RevokeDomainValidateAuths.map(a => ({ DvAuthKey: a.DomainValidateAuthKey, DvAuthVerifyType: 'TXT', DvAuthValue: a.DomainValidateAuthValue })))
  await until('both revoked', async () => {
    await c.call(account, 'CompleteCertificate', { CertificateId: id }).catch(() => {})
    return (await c.describe(account, id)).Status === 10 && (await c.describe(account, next)).Status === 10
  })
  const other = await issue(account, 's.zone5.com')
  const pending = await replace(account, other)
  await c.call(account, 'RevokeCertificate', { CertificateId: other, ReasonCode: 'keyCompromise' })
  assert.equal((await c.describe(account, pending)).Status, 7)
})

test('a compromised key is not kept by a reissue (RIS-01 RVK-31)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'k.zone6.com')
  const next = await replace(account, id, { CsrType: 'original', CertCSREncryptAlgo: undefined })
  const dir = mkdtempSync(join(c.dir, 'leak-'))
  writeFileSync(join(dir, 'leaked.key'), file(await c.download(account, id), 'Nginx', '.key'))
  const { stdout } = await run('openssl', ['req', '-new', '-key', 'leaked.key', '-subj', '/CN=Proof of key compromise'], { cwd: dir })
  const finder = await c.createAccount({ name: 'finder' })
  assert.equal((await c.call(finder, 'ReportKeyCompromise', { CertificateRequest: stdout })).RevokedCount, 1)
  assert.equal((await c.describe(account, id)).Status, 10)
  const failed = await c.describe(account, next)
  assert.ok([2, 7].includes(failed.Status), `status ${failed.Status}`)
})

test('within 30 days of the end it is renewed instead (RIS-02)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'old.zone7.com')
  await c.moveClock(335 * DAY + 60)
  await assert.rejects(replace(account, id), refused('FailedOperation.OrderReplaceFailed'))
})
