/*
 * The two tables of states walked row by row on running programs: A1, the paid DV certificate, and A5, the free one.  Each
 * row says where it starts, what happens, and where it ends; a walk fails at the first row that ends elsewhere.  The clock
 * is moved through deadlines, the renewal's opening and the end; the CA refuses a name that a grown list of words holds, and a key that
 * was reported meanwhile.  Not walked: the 13 months of SM2, of which nothing is on sale here.  Takes about three minutes.
 * A1 A5 RMD-01 RMD-03 RMD-05 APP-37 PUR-18 RVW-07 RVW-08 APP-49 CON-01 CON-25 CON-37 LIFE-03 QTA-06 RVW-09 RVW-24 RVW-31 RVW-34 LIFE-04 LIFE-09 LIFE-14 RVW-17 SIL-12 SIL-13 QTA-05 QTA-22 MSG-05
 */
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { newPki } from '../lib/pki.mjs'
import { placeRecords } from '../lib/place.mjs'

const DAY = 86400
/* Product 102's profile takes P-256 alone, so that the signer, who judges by its own copy, refuses what the product took. */
function narrow (catalogue) {
  const profiles = join(catalogue, 'profiles.ini'), products = join(catalogue, 'products.ini')
  const dv = /\[dv\]\n([^[]*?)\n\n/.exec(readFileSync(profiles, 'utf8'))[1]
  appendFileSync(profiles, `\n[dv-narrow]\n${dv.replace(/keys = .*/, 'keys = ec-p256')}\n`)
  writeFileSync(products, readFileSync(products, 'utf8').replace('[product 102]\nlike = 48\n', '[product 102]\nlike = 48\nprofile = dv-narrow\n'))
}
let dns, c, account, operator, place_, pki
before(async () => {
  place_ = mkdtempSync(join(tmpdir(), 'chancery-states-'))
  cpSync('catalogue', join(place_, 'catalogue'), { recursive: true })
  narrow(join(place_, 'catalogue'))
  pki = newPki()
  dns = await startDns({ zones: Array.from({ length: 9 }, (_, i) => ({ name: `zone${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off', 'catalogue.dir': join(place_, 'catalogue'), 'validation.cname-zone': 'kept.cedar.net' } })
  account = await c.createAccount({ balance: 10000000 })
  operator = await c.createAccount({ role: 'operator' })
})
after(async () => {
  pki?.done()
  rmSync(place_, { recursive: true, force: true })
  await c?.stop()
  await dns?.stop()
})

const call = (action, parameters) => c.call(account, action, parameters)
const status = async id => (await c.describe(account, id)).Status
const place = async id => placeRecords(dns, await c.proofs(account, id))
const gone = id => assert.rejects(c.describe(account, id), { code: 'FailedOperation.CertificateNotFound' })
const quota = async domain => {
  const q = await call('DescribeFreeQuota', { Domain: domain })
  return [q.AnyDomains.Used, q.PrimaryDomains.find(d => d.Domain === domain).Used]
}
/* The cause is shown in the details and in the list, with what to do and the way on (RVW-09 RVW-24 RVW-34). */
const refusedBy = says => async w => {
  await c.waitStatus(account, w.id, 2, { ask: true })
  const { StatusMsg } = await c.describe(account, w.id)
  assert.match(StatusMsg, says)
  assert.match(StatusMsg, /submit (it|the order) again \(ModifyCertificateResubmit\)/i)
  const listed = (await call('DescribeCertificates', { CertIds: [w.id] })).Certificates[0]
  assert.deepEqual([listed.Status, listed.StatusMsg], [2, StatusMsg])
}
/* ---- A1: what is done to a paid certificate; each knows the id in `w.id` and the name in `w.name` ---- */

const paid = {
  buy: async w => { w.id = (await call('CreateCertificate', { ProductId: 48, DomainNum: 1, TimeSpan: 1 })).CertificateIds[0] },
  buyOther: async w => { w.id = (await call('CreateCertificate', { ProductId: 104, DomainNum: 1, TimeSpan: 1 })).CertificateIds[0] }, /* of a brand that takes reminders */
  buyNarrow: async w => { w.id = (await call('CreateCertificate', { ProductId: 102, DomainNum: 1, TimeSpan: 1 })).CertificateIds[0] },
  informEcc: w => call('CertificateInfoSubmit', { CertId: w.id, GenCsrType: 'online', CertCommonName: w.name, CompanyType: 1, CompanyId: '0', ContactEmail: 'ann@example.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1' }),
  inform: w => call('SubmitCertificateInformation', { CertificateId: w.id, CsrType: 'online', CertificateDomain: w.name, ContactFirstName: 'Ann', ContactLastName: 'Lee', ContactEmail: 'ann@example.com', ContactNumber: '02079460002' }),
  choose: async w => {
    await call('CertificateOrderSubmit', { CertId: w.id, VerifyType: 'DNS' })
    assert.ok((await c.proofs(account, w.id)).length > 0, 'what has to be shown is there at once')
  },
  chooseBy: (VerifyType, type) => async w => {
    await call('CertificateOrderSubmit', { CertId: w.id, VerifyType })
    const { DvAuthDetail, DVAuthDeadline, StatusName } = await c.describe(account, w.id)
    assert.deepEqual([DvAuthDetail.DvAuths[0].DvAuthVerifyType, StatusName], [type, 'To be validated']) /* CON-25 LIFE-03: one state, whatever the method */
    assert.notEqual(DVAuthDeadline, '')
  },
  informOther: name => async w => { w.name = name; await paid.inform(w) },
  informOwn: async w => { /* a pasted request, so that the test has the key */
    await run('openssl', ['req', '-new', '-nodes', '-newkey', 'rsa:2048', '-keyout', 'own.key', '-out', 'own.csr', '-subj', `/CN=${w.name}`], { cwd: place_ })
    await call('SubmitCertificateInformation', { CertificateId: w.id, CsrType: 'parse', CsrContent: readFileSync(join(place_, 'own.csr'), 'utf8'), CertificateDomain: w.name, ContactEmail: 'ann@example.com' })
  },
  forbid: w => dns.setRecord(w.name, 'CAA', '0 issue ";"'),
  permit: async w => { await dns.removeRecord(w.name, 'CAA'); await c.moveClock(330) },
  proveHeld: async w => { /* ca_pending: shown to be its owner's, not issued yet (APP-49) */
    await place(w.id)
    await until('the CA holds it back', async () => {
      await call('CompleteCertificate', { CertificateId: w.id }).catch(() => {})
      return /^CAA does not allow/.test((await c.describe(account, w.id)).StatusMsg)
    })
  },
  report: async w => {
    await run('openssl', ['req', '-new', '-key', 'own.key', '-out', 'proof.csr', '-subj', '/CN=Proof of key compromise'], { cwd: place_ })
    await call('ReportKeyCompromise', { CertificateRequest: readFileSync(join(place_, 'proof.csr'), 'utf8') })
  },
  refuseWord: word => async () => { /* RVW-31: the list is the CA's and may change */
    appendFileSync(join(place_, 'catalogue/words/review.txt'), `${word}\n`)
    await c.call(operator, 'ReloadCatalogue', {})
  },
  proveRefused: says => async w => {
    await place(w.id)
    await refusedBy(says)(w)
  },
  refused: says => w => refusedBy(says)(w),
  revoke: async w => { w.auths = (await call('RevokeCertificate', { CertificateId: w.id, Reason: 'no longer needed' })).RevokeDomainValidateAuths },
  proveRevoke: async w => {
    await placeRecords(dns, w.auths.map(a => ({ DvAuthKey: a.DomainValidateAuthKey, DvAuthVerifyType: a.DomainValidateAuthValue.includes('.') ? 'CNAME' : 'TXT', DvAuthValue: a.DomainValidateAuthValue })))
    await until('revoked', async () => {
      await call('CompleteCertificate', { CertificateId: w.id }).catch(() => {})
      return await status(w.id) === 10
    })
  },
  prove: async w => { await place(w.id); await c.waitStatus(account, w.id, 1) },
  lateByDays: days => async w => {
    await c.moveClock(days * DAY - 60)
    assert.equal(await status(w.id), 0, 'a minute before the deadline it still waits')
    await c.moveClock(120)
    await c.waitStatus(account, w.id, 2)
    assert.notEqual((await c.describe(account, w.id)).StatusMsg, '', 'the cause is shown')
  },
  remindRefused: (code, message) => async w => {
    await assert.rejects(call('RemindReviewers', { CertificateId: w.id }), { code: `FailedOperation.${code}`, message })
  },
  remind: async w => {
    await c.moveClock(DAY)
    await call('RemindReviewers', { CertificateId: w.id })
    const { Timeline } = await call('DescribeCertificateTimeline', { CertificateId: w.id })
    assert.equal(Timeline.at(-1).Type, 'remind')
  },
  resubmit: w => call('ModifyCertificateResubmit', { CertificateId: w.id }),
  cancel: w => call('CancelCertificateOrder', { CertificateId: w.id }),
  cancelReview: w => call('CancelAuditCertificate', { CertificateId: w.id }),
  reissue: async w => {
    const next = (await call('ReplaceCertificate', { CertificateId: w.id, ValidType: 'DNS', CsrType: 'online' })).CertificateId
    assert.notEqual(next, w.id)
    await c.waitStatus(account, next, 1) /* the name is proved already */
  },
  opens: async w => {
    await c.moveClock(335 * DAY - 3600)
    await assert.rejects(call('RenewCertificate', { CertificateId: w.id }), { code: 'FailedOperation.InvalidCertificateStatusCode' })
    await c.moveClock(2 * 3600)
    assert.equal((await c.describe(account, w.id)).RenewAble, true)
    const { Order } = await call('RenewCertificate', { CertificateId: w.id })
    const [next] = Order.CertificateIds /* the old configuration is taken over when asked for: key and all (PUR-17 PUR-18) */
    await call('CertificateInfoSubmit', { CertId: next, GenCsrType: 'original', CertCommonName: '', CompanyType: 1, CompanyId: '0', ContactEmail: 'ann@example.com' })
    const keys = await c.sql(`SELECT DISTINCT key_id, domain FROM certificate WHERE certificate_id IN ('${w.id}', '${next}')`)
    assert.deepEqual([keys.length, keys[0].domain], [1, w.name])
  },
  ends: async w => { await c.moveClock(31 * DAY); await c.waitStatus(account, w.id, 3) },
  refund: async w => call('RefundOrder', { OrderId: (await call('DescribeOrders', { CertificateId: w.id })).Orders[0].OrderId }),
  remove: async w => { await call('DeleteCertificate', { CertificateId: w.id }); await gone(w.id) }
}

/* from → event → to; null = not there.  `name` begins another certificate. */
const A1 = [
  { name: 'a.zone0.com', rows: [
    [null, 'user buys, payment settles', paid.buy, 5],
    [5, 'user submits information', paid.inform, 5],
    [5, 'user picks DNS', paid.choose, 0],
    [0, 'user cancels review (validating)', paid.cancelReview, 7],
    [7, 'takes it up again', paid.resubmit, 5],
    [5, 'picks again', paid.choose, 0],
    [0, 'deadline passes: seven days', paid.lateByDays(7), 2],
    [2, 'user edits and resubmits', paid.resubmit, 5],
    [5, 'edits', paid.inform, 5],
    [5, 'new deadline', paid.choose, 0],
    [0, 'check finds a match, CA issues', paid.prove, 1],
    [1, 'user files reissue', paid.reissue, 1],
    [1, '30 days left: the renewal opens', paid.opens, 1],
    [1, 'expiry instant', paid.ends, 3],
    [3, 'user deletes (expired)', paid.remove, null]
  ] },
  { name: 'b.zone1.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'user cancels (pending submission)', paid.cancel, 7],
    [7, 'user deletes (canceled)', paid.remove, null]
  ] },
  { name: 'd.zone1.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'submits', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'deadline passes', paid.lateByDays(7), 2],
    [2, 'refunded before issue', paid.refund, 14],
    [14, 'user deletes (refunded)', paid.remove, null]
  ] },
  { name: 'e.zone1.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'submits', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'deadline passes', paid.lateByDays(7), 2],
    [2, 'user deletes (review failed)', paid.remove, null]
  ] },
  { name: 'f.zone2.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'submits', paid.inform, 5],
    [5, 'user picks file', paid.chooseBy('FILE', 'FILE'), 0],
    [0, 'cancels', paid.cancelReview, 7],
    [7, 'takes it up again', paid.resubmit, 5],
    [5, 'user picks automatic: a kept CNAME', paid.chooseBy('DNS_PROXY', 'CNAME'), 0],
    [0, 'cancels', paid.cancelReview, 7],
    [7, 'takes it up again', paid.resubmit, 5],
    [5, 'the zone names another CA', paid.forbid, 5],
    [5, 'picks DNS', paid.choose, 0],
    [0, 'check finds a match: the CA has it', paid.proveHeld, 0],
    [0, 'user cancels (CA pending)', paid.cancelReview, 7],
    [7, 'takes it up again', paid.resubmit, 5],
    [5, 'the zone names nobody', paid.permit, 5],
    [5, 'picks again', paid.choose, 0],
    [0, 'CA issues', paid.prove, 1],
    [1, 'user files revoke', paid.revoke, 9],
    [9, 'revocation is proved', paid.proveRevoke, 10],
    [10, 'user deletes (revoked)', paid.remove, null]
  ] },
  { name: 'walnut.zone4.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'submits', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'the CA thinks worse of a word', paid.refuseWord('walnut'), 0],
    [0, 'CA refuses name', paid.proveRefused(/did not pass the security check: .*"walnut".*Change the host name/), 2],
    [2, 'user edits and resubmits', paid.resubmit, 5],
    [5, 'another name', paid.informOther('hazel.zone4.com'), 5],
    [5, 'picks', paid.choose, 0],
    [0, 'CA issues', paid.prove, 1]
  ] },
  { name: 'h.zone6.com', rows: [
    [null, 'user buys', paid.buy, 5],
    [5, 'submits, a request of their own', paid.informOwn, 5],
    [5, 'the zone names another CA', paid.forbid, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'CA pending', paid.proveHeld, 0],
    [0, 'the key is reported: CA refuses', paid.report, 2],
    [2, 'told', paid.refused(/The CA refused to issue: The key was reported as compromised\..*another key/), 2],
    [2, 'user edits and resubmits', paid.resubmit, 5],
    [5, 'the zone names nobody', paid.permit, 5],
    [5, 'another key', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'CA issues', paid.prove, 1]
  ] },
  { name: 'j.zone6.com', rows: [
    [null, 'user buys of another brand', paid.buyOther, 5],
    [5, 'reminds of what was not submitted', paid.remindRefused('InvalidCertificateStatusCode', /Only an application under review/), 5],
    [5, 'submits', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'reminds on the same day', paid.remindRefused('InvalidCertificateStatusCode', /24 hours after the submission, from \d{4}-/), 0],
    [0, 'user sends reminder, 24 hours after', paid.remind, 0],
    [0, 'check finds a match, CA issues', paid.prove, 1]
  ] },
  { name: 'i.zone6.com', rows: [
    [null, 'user buys', paid.buyNarrow, 5],
    [5, 'submits, RSA', paid.inform, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'its brand takes no reminder', paid.remindRefused('InvalidCertificateSource', /takes no reminders; wait/), 0],
    [0, 'the signer refuses', paid.proveRefused(/The CA refused to issue: .*key/), 2],
    [2, 'user edits and resubmits', paid.resubmit, 5],
    [5, 'ECC', paid.informEcc, 5],
    [5, 'picks', paid.choose, 0],
    [0, 'CA issues', paid.prove, 1]
  ] }
]

/* ---- A5: free; `held` is what the account and the primary domain count afterwards ---- */

const free = {
  apply: async w => { w.id = await c.apply(account, w.name, { CsrEncryptAlgo: 'ECC', PackageType: '2' }) },
  reissueOnce: async w => {
    const next = (await call('ReplaceCertificate', { CertificateId: w.id, ValidType: 'DNS', CsrType: 'online', CertCSREncryptAlgo: 'ECC' })).CertificateId
    await place(next)
    await c.waitStatus(account, next, 1)
    await assert.rejects(call('ReplaceCertificate', { CertificateId: w.id, ValidType: 'DNS', CsrType: 'online' }), { code: 'FailedOperation.OrderAlreadyReplaced' })
  },
  upload: async w => {
    const leaf = pki.chain().leaf(w.name, { days: 3650 }) /* the walks before have moved the clock by years */
    w.id = (await call('UploadCertificate', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key, CertificateType: 'SVR' })).CertificateId
  },
  noRevoke: w => assert.rejects(call('RevokeCertificate', { CertificateId: w.id }), { code: 'FailedOperation.InvalidCertificateSource' }),
  upgrade: async w => {
    const { Order } = await call('UpgradeCertificate', { CertificateId: w.id })
    assert.deepEqual([Order.FixedDomain, await status(Order.CertificateIds[0])], [w.name, 5])
  },
  ends: async w => { await c.moveClock(366 * DAY); await c.waitStatus(account, w.id, 3) }
}
const A5 = [
  { name: 'a.zone3.com', rows: [
    [null, 'user applies for free', free.apply, 0, [1, 1]],
    [0, 'deadline passes: three days', paid.lateByDays(3), 2, [0, 0]],
    [2, 'user deletes', paid.remove, null, [0, 0]]
  ] },
  { name: 'b.zone3.com', rows: [
    [null, 'applies', free.apply, 0, [1, 1]],
    [0, 'cancels', paid.cancelReview, 7, [0, 0]]
  ] },
  { name: 'd.zone5.com', rows: [
    [null, 'applies', free.apply, 0, [1, 1]],
    [0, 'issues', paid.prove, 1, [1, 1]],
    [1, 'reissued, the first time only, without another slot (FREE-25)', free.reissueOnce, 1, [1, 1]],
    [1, 'upgraded: a paid order, no slot', free.upgrade, 1, [1, 1]],
    [1, 'expires: both have their slot back', free.ends, 3, [0, 0]],
    [3, 'user deletes (expired)', paid.remove, null, [0, 0]]
  ] },
  { name: 'e.zone7.com', rows: [
    [null, 'applies', free.apply, 0, [1, 1]],
    [0, 'issues', paid.prove, 1, [1, 1]],
    [1, 'user files revoke', paid.revoke, 9, [1, 1]],
    [9, 'revoked: the account has its slot back, the domain not (QTA-05 QTA-06)', paid.proveRevoke, 10, [0, 1]],
    [10, 'user deletes (revoked)', paid.remove, null, [0, 1]]
  ] },
  { name: 'g.zone8.com', rows: [
    [null, 'user uploads', free.upload, 1, [0, 0]],
    [1, 'never revocable (LIFE-12)', free.noRevoke, 1, [0, 0]],
    [1, 'user deletes (hosted), at any time', paid.remove, null, [0, 0]]
  ] }
]

for (const [machine, walks] of [['A1', A1], ['A5', A5]])
  for (const { name, rows } of walks)
    test(`${machine}: ${rows.map(r => r[3] ?? 'gone').join(' → ')} (${name})`, async () => {
      const w = { name }
      for (const [from, event, act, to, held] of rows) {
        if (from !== null && from !== undefined) assert.equal(await status(w.id), from, `before "${event}"`)
        await act(w)
        if (to !== null && to !== undefined) assert.equal(await status(w.id), to, `after "${event}"`)
        if (held) assert.deepEqual(await quota(name.split('.').slice(1).join('.')), held, `slots after "${event}"`)
      }
    })
