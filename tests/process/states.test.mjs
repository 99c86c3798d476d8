/*
 * The two tables of states walked row by row on running programs: A1, the paid DV certificate, and A5, the free one.  Each
 * row says where it starts, what happens, and where it ends; a walk fails at the first row that ends elsewhere.  The clock
 * is moved through deadlines, the renewal's opening and the end; revocation.test.mjs walks the rows of revoking.  Takes about two
 * minutes.
 * A1 A5 CON-01 LIFE-04 LIFE-09 LIFE-14 RVW-17 SIL-12 SIL-13 QTA-05 QTA-22 MSG-05
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const DAY = 86400
let dns, c, account
before(async () => {
  dns = await startDns({ zones: Array.from({ length: 6 }, (_, i) => ({ name: `zone${i}.com` })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount({ balance: 10000000 })
})
after(async () => {
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
/* ---- A1: what is done to a paid certificate; each knows the id in `w.id` and the name in `w.name` ---- */

const paid = {
  buy: async w => { w.id = (await call('CreateCertificate', { ProductId: 48, DomainNum: 1, TimeSpan: 1 })).CertificateIds[0] },
  inform: w => call('SubmitCertificateInformation', { CertificateId: w.id, CsrType: 'online', CertificateDomain: w.name, ContactFirstName: 'Ann', ContactLastName: 'Lee', ContactEmail: 'ann@example.com', ContactNumber: '02079460002' }),
  choose: async w => {
    await call('CertificateOrderSubmit', { CertId: w.id, VerifyType: 'DNS' })
    assert.ok((await c.proofs(account, w.id)).length > 0, 'what has to be shown is there at once')
  },
  prove: async w => { await place(w.id); await c.waitStatus(account, w.id, 1) },
  lateByDays: days => async w => {
    await c.moveClock(days * DAY - 60)
    assert.equal(await status(w.id), 0, 'a minute before the deadline it still waits')
    await c.moveClock(120)
    await c.waitStatus(account, w.id, 2)
    assert.notEqual((await c.describe(account, w.id)).StatusMsg, '', 'the cause is shown')
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
    await call('RenewCertificate', { CertificateId: w.id })
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
    [1, 'reissued, the first time only, without another slot', free.reissueOnce, 1, [1, 1]],
    [1, 'upgraded: a paid order, no slot', free.upgrade, 1, [1, 1]],
    [1, 'expires: both have their slot back', free.ends, 3, [0, 0]]
  ] }
]

for (const [machine, walks] of [['A1', A1], ['A5', A5]])
  for (const { name, rows } of walks)
    test(`${machine}: ${rows.map(r => r[3] ?? 'gone').join(' → ')} (${name})`, async () => {
      const w = { name }
      for (const [from, event, act, to, held] of rows) {
        if (from !== null) assert.equal(await status(w.id), from, `before "${event}"`)
        await act(w)
        if (to !== null) assert.equal(await status(w.id), to, `after "${event}"`)
        if (held) assert.deepEqual(await quota(name.split('.').slice(1).join('.')), held, `slots after "${event}"`)
      }
    })
