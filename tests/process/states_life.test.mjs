/*
 * The tables of states of life after issue walked row by row on running programs: A6, the reissue; A7, the revocation; A9, the
 * entry of the CSR library.  Each row says where it starts, what happens, and where it ends; a walk fails at the first row that ends
 * elsewhere.  Rows of OV, EV and SM2, of which nothing is issued here yet, are walked in test_core_reissue.c and test_core_revoke.c.
 * A6 A7 A9 RIS-02 RIS-03 RIS-04 RIS-05 RIS-06 RIS-12 RIS-15 RIS-18 RIS-21 RVK-03 RVK-04 RVK-06 RVK-07 RVK-08 RVK-12 RVK-13 RVK-16 RVK-17 RVK-19
 * RVK-20 RVK-21 RVK-25 ACC-13 CSR-14 CSR-20 CSR-21 CSR-22 CSR-23 CSR-32 CON-16 SIL-41 SIL-44
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { newPki } from '../lib/pki.mjs'
import { placeRecords } from '../lib/place.mjs'

const DAY = 86400
let dns, c, account, reviewer, pki
before(async () => {
  pki = newPki()
  dns = await startDns({ zones: Array.from({ length: 9 }, (_, i) => ({ name: `zone${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off', 'validation.cname-zone': 'kept.cedar.net' } })
  account = await c.createAccount({ balance: 10_000_000 })
  reviewer = await c.createAccount({ role: 'reviewer' })
})
after(async () => {
  pki?.done()
  await c?.stop()
  await dns?.stop()
})

const call = (action, parameters) => c.call(account, action, parameters)
const status = async id => {
  try { return (await c.describe(account, id)).Status } catch (e) { if (e.code === 'FailedOperation.CertificateNotFound') return null; throw e }
}
const refused = code => act => async w => assert.rejects(act(w), { code }, code)
const opens = async (id, is) => {
  const asked = c.download(account, id)
  if (is) await asked
  else await assert.rejects(asked, { code: 'FailedOperation.CertificateStatusNotAllowDownload' })
}
const person = { CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com' }
const evidenceGone = async name => {
  const done = await run('sqlite3', ['-cmd', '.timeout 20000', join(c.data, 'chancery.db'), `update evidence set expires_at = proved_at where name = '${name}'`])
  assert.equal(done.code, 0, done.stderr)
}
const asRecords = auths => auths.map(a => ({ DvAuthKey: a.DomainValidateAuthKey, DvAuthVerifyType: a.DomainValidateAuthValue.includes('.') ? 'CNAME' : 'TXT', DvAuthValue: a.DomainValidateAuthValue }))

/* ---- what happens; w.id is the certificate, w.next its reissue ---- */

const does = {
  buy: (ProductId = 104, TimeSpan = 1, VerifyType = 'DNS') => async w => {
    ({ CertificateIds: [w.id] } = await call('CreateCertificate', { ProductId, DomainNum: 1, TimeSpan }))
    await call('CertificateInfoSubmit', { ...person, GenCsrType: 'online', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1', CertId: w.id, CertCommonName: w.name })
    await call('CertificateOrderSubmit', { CertId: w.id, VerifyType })
    w.proofs = await c.proofs(account, w.id)
    await placeRecords(dns, w.proofs)
    await c.waitStatus(account, w.id, 1)
    w.end = (await c.describe(account, w.id)).CertEndTime
  },
  applyFree: async w => {
    w.id = await c.apply(account, w.name, { CsrEncryptAlgo: 'ECC', PackageType: '2' })
    await placeRecords(dns, await c.proofs(account, w.id))
    await c.waitStatus(account, w.id, 1)
    w.end = (await c.describe(account, w.id)).CertEndTime
  },
  upload: async w => {
    const leaf = pki.chain().leaf(w.name, { days: 3000 })
    w.id = (await call('UploadCertificate', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key, CertificateType: 'SVR' })).CertificateId
  },
  /* A6 */
  reissue: (CsrType = 'online') => async w => {
    w.next = (await call('ReplaceCertificate', { CertificateId: w.id, ValidType: 'DNS', CsrType, ...(CsrType === 'online' ? { CertCSREncryptAlgo: 'ECC' } : {}) })).CertificateId
  },
  skipped: async w => {
    const made = await c.waitStatus(account, w.next, 1)
    assert.deepEqual([made.CertEndTime, made.Domain, made.CertificateExtra.ReplacedBy], [w.end, w.name, w.id])
    assert.equal((await c.describe(account, w.id)).CertificateExtra.ReplacedFor, w.next)
    await opens(w.next, true)
  },
  validating: async w => {
    const pending = await c.describe(account, w.next)
    assert.deepEqual([pending.Status, pending.StatusMsg, pending.DvAuthDetail.DvAuths.length > 0], [0, 'PENDING-DCV', true])
  },
  passes: async w => { await placeRecords(dns, await c.proofs(account, w.next)); await does.skipped(w) },
  lapsesAfter: days => async w => {
    await c.moveClock(days * DAY - 60)
    assert.equal(await status(w.next), 0, 'a minute before it still waits')
    await c.moveClock(120)
    await c.waitStatus(account, w.next, 2)
  },
  recordGone: async w => { /* its host is the same for each order of the account, so one that stands proves at the next look */
    for (const p of w.proofs) await dns.removeRecord(p.DvAuthKey, p.DvAuthVerifyType)
  },
  proofGone: async w => { await does.recordGone(w); await evidenceGone(w.name) },
  sibling: async w => { w.sibling = { name: `sib.${w.name}` }; await does.buy()(w.sibling); await does.proofGone(w.sibling); await does.reissue()(w.sibling) },
  siblingCancelled: w => call('CancelAuditCertificate', { CertificateId: w.sibling.next }),
  late: w => c.moveClock((Date.parse(`${w.end.replace(' ', 'T')}+08:00`) / 1000 - c.now()) - 30 * DAY + 60),
  /* A7 */
  revoke: state => async w => {
    const filed = await call('RevokeCertificate', { CertificateId: w.id, Reason: 'no longer needed' })
    assert.equal(filed.State, state)
    w.auths = filed.RevokeDomainValidateAuths
    await opens(w.id, false)
  },
  proves: async w => {
    await placeRecords(dns, asRecords(w.auths))
    await until('revoked', async () => { await call('CompleteCertificate', { CertificateId: w.id }).catch(() => {}); return await status(w.id) === 10 })
  },
  revokeLapses: async w => {
    await c.moveClock(3 * DAY - 60)
    assert.equal(await status(w.id), 9)
    await c.moveClock(120)
    await c.waitStatus(account, w.id, 1)
    await opens(w.id, true)
  },
  reviewed: Pass => async w => {
    const { Revocations } = await c.call(reviewer, 'DescribeRevocations', { Limit: 100 })
    await c.call(reviewer, 'ReviewRevocation', { RevocationId: Revocations.find(r => r.CertificateId === w.id).RevocationId, Pass, Note: 'looked at' })
    await opens(w.id, !Pass)
  },
  bind: w => call('RegisterBinding', { CertificateId: w.id, ResourceType: 'nginx', ResourceId: 'web-1' }),
  unbind: w => call('RemoveBinding', { CertificateId: w.id, ResourceType: 'nginx', ResourceId: 'web-1' }),
  nextFollows: async w => assert.equal(await status(w.next), 10),
  nextAlone: refused('FailedOperation.RevokeFailed')(w => call('RevokeCertificate', { CertificateId: w.next })),
  operated: async w => { const done = await c.cli(['account', 'revoke', account.Account, w.id, '--reason', 'by letter', '--data', c.data]); assert.equal(done.code, 0, done.stderr) },
  compromised: async w => { assert.equal((await call('RevokeCertificate', { CertificateId: w.id, ReasonCode: 'keyCompromise' })).State, 'revoked') },
  remove: w => call('DeleteCertificate', { CertificateId: w.id }),
  nothing: async () => {}
}
const no = (code, act) => refused(code)(act)
const askReissue = w => call('ReplaceCertificate', { CertificateId: w.id, ValidType: 'DNS', CsrType: 'online' })
const askRevoke = w => call('RevokeCertificate', { CertificateId: w.id, Reason: 'x' })

const A6 = [
  { name: 'a.zone0.com', rows: [
    [null, 'paid, issued', does.buy(), 1],
    [1, 'reissue with its key: skipped, done', async w => { await does.reissue('original')(w); await does.skipped(w) }, 1],
    [1, 'a new key within three days: skipped, done', async w => { await does.reissue()(w); await does.skipped(w) }, 1],
    [1, 'the proof is no longer kept', does.proofGone, 1],
    [1, 'not skipped: validating', async w => { await does.reissue()(w); await does.validating(w) }, 1],
    [1, 'one is under way: no second', no('FailedOperation.OrderReplaceFailed', askReissue), 1],
    [1, 'validating passes: done', does.passes, 1],
    [1, 'a sibling below the primary domain is reissued', does.sibling, 1],
    [1, 'so this one is not', no('FailedOperation.OrderReplaceFailed', askReissue), 1],
    [1, 'the sibling is cancelled', does.siblingCancelled, 1],
    [1, 'the proof is gone again; validating', async w => { await does.proofGone(w); await does.reissue()(w); await does.validating(w) }, 1],
    [1, 'validating lapses: failed, the original stays', does.lapsesAfter(7), 1],
    [1, '30 days left: no reissue', async w => { await does.late(w); await no('FailedOperation.OrderReplaceFailed', askReissue)(w) }, 1]
  ] },
  { name: 'b.zone1.com', rows: [
    [null, 'free, issued', does.applyFree, 1],
    [1, 'free always validates', async w => { await does.reissue()(w); await does.validating(w) }, 1],
    [1, 'passes: done', does.passes, 1],
    [1, 'free: one only', no('FailedOperation.OrderAlreadyReplaced', askReissue), 1]
  ] },
  { name: 'c.zone2.com', rows: [
    [null, 'uploaded', does.upload, 1],
    [1, 'no reissue of what others issued', no('FailedOperation.InvalidCertificateSource', askReissue), 1]
  ] }
]

const A7 = [
  { name: 'a.zone3.com', rows: [
    [null, 'issued, R3', does.buy(), 1],
    [1, 'bound', does.bind, 1],
    [1, 'not while it is bound', no('FailedOperation.RevokeResourceFailed', askRevoke), 1],
    [1, 'unbound', does.unbind, 1],
    [1, 'its record is taken away', does.recordGone, 1],
    [1, 'proving', does.revoke('proving'), 9],
    [9, 'no second request', no('FailedOperation.InvalidCertificateStatusCode', askRevoke), 9],
    [9, 'lapses: failed, issued again', does.revokeLapses, 1],
    [1, 'again, with a reissue', async w => { await does.reissue('original')(w); await does.skipped(w) }, 1],
    [1, 'the reissue goes only with its original', does.nextAlone, 1],
    [1, 'proving', does.revoke('proving'), 9],
    [9, 'passes: revoked', does.proves, 10],
    [10, 'its reissue too', does.nextFollows, 10],
    [10, 'delete', does.remove, null]
  ] },
  { name: 'b.zone4.com', rows: [
    [null, 'issued, R1 (WoTrus)', does.buy(25), 1],
    [1, 'reviewing, with a reason', does.revoke('reviewing'), 9],
    [9, 'reviewer refuses: failed, issued again', does.reviewed(false), 1],
    [1, 'reviewing', does.revoke('reviewing'), 9],
    [9, 'reviewer approves: revoked', does.reviewed(true), 10],
    [10, 'delete', does.remove, null]
  ] },
  { name: '*.zone5.com', rows: [
    [null, 'TrustAsia wildcard for two years, automatic', does.buy(12, 2, 'DNS_PROXY'), 1],
    [1, 'R3 skip: revoked at once', does.revoke('revoked'), 10]
  ] },
  { name: '*.zone6.com', rows: [
    [null, 'the same', does.buy(12, 2, 'DNS_PROXY'), 1],
    [1, 'automatic conditions lost', async w => { await does.proofGone(w); await evidenceGone('zone6.com') }, 1],
    [1, 'proving by hand', does.revoke('proving'), 9],
    [9, 'by the operator meanwhile', does.operated, 10]
  ] },
  { name: 'e.zone7.com', rows: [
    [null, 'issued', does.buy(), 1],
    [1, '30 days left and to be renewed: no', async w => { await does.late(w); await no('FailedOperation.RevokeFailed', askRevoke)(w) }, 1],
    [1, 'the key is compromised: at once', does.compromised, 10]
  ] },
  { name: 'f.zone8.com', rows: [
    [null, 'uploaded', does.upload, 1],
    [1, 'never', no('FailedOperation.InvalidCertificateSource', askRevoke), 1]
  ] }
]

for (const [machine, walks] of [['A6', A6], ['A7', A7]])
  for (const { name, rows } of walks)
    test(`${machine}: ${rows.slice(1).map(r => r[1]).join('; ')} (${name})`, async () => {
      const w = { name }
      for (const [from, event, act, to] of rows) {
        if (from !== null) assert.equal(await status(w.id), from, `before "${event}"`)
        await act(w)
        assert.equal(await status(w.id), to, `after "${event}"`)
      }
    })

/* ---- A9; w.id is the entry, w.certificate what it serves ---- */

const entry = {
  create: Generate => async w => {
    w.id = (await call('CreateCSR', { Domain: w.name, Organization: 'Maple Ltd', Department: 'IT', Email: 'a@maple.com', Province: 'Shanghai', City: 'Shanghai', Country: 'CN', EncryptAlgo: 'RSA', KeyParameter: '2048', Generate })).Id
  },
  details: async w => {
    const d = await call('DescribeCSR', { CSRId: w.id })
    assert.deepEqual([d.Domain, d.Organization, d.Department, d.City], [w.name, 'Maple Ltd', 'IT', 'Shanghai'])
    assert.match(d.CSR, /CERTIFICATE REQUEST/)
    assert.match(d.PrivateKey, /PRIVATE KEY/)
  },
  remark: async w => { await call('ModifyCSR', { CSRId: w.id, Generate: false, Remark: 'ours' }); assert.equal((await call('DescribeCSR', { CSRId: w.id })).Remarks, 'ours') },
  generate: w => call('ModifyCSR', { CSRId: w.id, Generate: true }),
  use: async w => {
    ({ CertificateIds: [w.certificate] } = await call('CreateCertificate', { ProductId: 104, DomainNum: 1, TimeSpan: 1 }))
    await call('CertificateInfoSubmit', { ...person, GenCsrType: 'parse', CSRId: w.id, CertId: w.certificate, CertCommonName: w.name })
    await call('CertificateOrderSubmit', { CertId: w.certificate, VerifyType: 'DNS' })
    await placeRecords(dns, await c.proofs(account, w.certificate))
    await c.waitStatus(account, w.certificate, 1)
  },
  useAgain: async w => {
    const { CertificateIds: [other] } = await call('CreateCertificate', { ProductId: 104, DomainNum: 1, TimeSpan: 1 })
    await assert.rejects((async () => {
      await call('CertificateInfoSubmit', { ...person, GenCsrType: 'parse', CSRId: w.id, CertId: other, CertCommonName: w.name })
      await call('CertificateOrderSubmit', { CertId: other, VerifyType: 'DNS' })
    })(), /already|used/)
  },
  reissue: async w => {
    const { CertificateId } = await call('ReplaceCertificate', { CertificateId: w.certificate, ValidType: 'DNS', CsrType: 'original' })
    await c.waitStatus(account, CertificateId, 1)
  },
  remove: async w => assert.deepEqual((await call('BatchDeleteCSR', { CSRIds: [w.id] })).Success, [w.id])
}
const entryStatus = async id => (await call('DescribeCSRSet', { Limit: 100 })).Set.find(e => e.Id === id)?.Status ?? null
const A9 = [
  { name: 'a.zone0.com', rows: [
    [null, 'create and generate', entry.create(true), 1],
    [1, 'details', entry.details, 1],
    [1, 'add remark', entry.remark, 1],
    [1, 'used in an order', entry.use, 2],
    [2, 'details', entry.details, 2],
    [2, 'used in another order: no', entry.useAgain, 2],
    [2, 'used in a reissue of the same order', entry.reissue, 2],
    [2, 'delete', entry.remove, null]
  ] },
  { name: 'b.zone0.com', rows: [
    [null, 'create, to be generated later', entry.create(false), 0],
    [0, 'generate', entry.generate, 1],
    [1, 'delete', entry.remove, null]
  ] }
]

for (const { name, rows } of A9)
  test(`A9: ${rows.map(r => r[1]).join('; ')} (${name})`, async () => {
    const w = { name }
    for (const [from, event, act, to] of rows) {
      if (from !== null) assert.equal(await entryStatus(w.id), from, `before "${event}"`)
      await act(w)
      assert.equal(await entryStatus(w.id), to, `after "${event}"`)
    }
  })
