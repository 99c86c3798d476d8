/*
 * Buying with the official SDK: what CreateCertificate answers and refuses, orders and their states, balance, packages,
 * catalogue, quota, and what is for operators alone.  PUR, CAT, UPG, QTA, ACC-02, ACC-15
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { commonClient, noDns, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let server, account, client, own, operator, boss
before(async () => {
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  account = await server.createAccount({ balance: 1000000 })
  client = sslClient(server, account)
  own = commonClient(server, account)
  operator = await server.createAccount({ role: 'operator' })
  boss = commonClient(server, operator)
})
after(() => server?.stop())

const balance = async (who = own) => (await who.request('DescribeBalance', {})).Balance
const order = async id => (await own.request('DescribeOrders', { CertificateId: id })).Orders[0]

test('CreateCertificate pays and answers an id in Status 5; nothing is known about its name yet (PUR-16)', async () => {
  const had = await balance()
  const made = await client.CreateCertificate({ ProductId: 104, DomainNum: 1, TimeSpan: 1, Tags: [{ TagKey: 'stage', TagValue: 'live' }] })
  checkAnswer('CreateCertificate', made)
  assert.equal(made.CertificateIds.length, 1)
  assert.match(made.CertificateIds[0], /^[A-Za-z0-9]{8}$/)
  const seen = await client.DescribeCertificate({ CertificateId: made.CertificateIds[0] })
  checkAnswer('DescribeCertificate', seen)
  assert.equal(seen.Status, 5)
  assert.equal(seen.PackageType, '104')
  assert.equal(seen.ValidityPeriod, '12')
  assert.equal(seen.Domain, '')
  assert.deepEqual(seen.Tags, [{ TagKey: 'stage', TagValue: 'live' }])
  checkAnswer('DescribeCertificateDetail', await client.DescribeCertificateDetail({ CertificateId: made.CertificateIds[0] }))
  assert.equal(await balance(), had - 39900)
  const listed = await client.DescribeCertificates({ CertificateStatus: [5] })
  assert.ok(listed.Certificates.some(c => c.CertificateId === made.CertificateIds[0]))
  const bought = await order(made.CertificateIds[0])
  assert.equal(bought.OrderId, made.DealIds[0])
  assert.deepEqual([bought.State, bought.Price, bought.Saved, bought.Refundable], ['paid', 39900, 0, true])
})

const refused = [
  ['an unknown product', { ProductId: 9999, DomainNum: 1, TimeSpan: 1 }, 'InvalidParameterValue', /DescribeCatalogue/],
  ['a free one', { ProductId: 83, DomainNum: 1, TimeSpan: 1 }, 'InvalidParameterValue', /ApplyCertificate/],
  ['a number that is not sold', { ProductId: 78, DomainNum: 1, TimeSpan: 1 }, 'InvalidParameterValue', /other one/],
  ['two names for one', { ProductId: 104, DomainNum: 2, TimeSpan: 1 }, 'InvalidParameterValue', /exactly one/],
  ['one name for several', { ProductId: 11, DomainNum: 1, TimeSpan: 1 }, 'InvalidParameterValue', /from 2/],
  ['four years', { ProductId: 104, DomainNum: 1, TimeSpan: 4 }, 'InvalidParameterValue', /1, 2, 3/],
  ['a huge term', { ProductId: 104, DomainNum: 1, TimeSpan: 9007199254740991 }, 'InvalidParameterValue', /1, 2, 3/],
  ['a negative number of names', { ProductId: 104, DomainNum: -1, TimeSpan: 1 }, 'InvalidParameterValue', /exactly one/],
  ['OV for an individual (ACC-15)', { ProductId: 14, DomainNum: 1, TimeSpan: 1 }, 'InvalidParameterValue', /individual/],
  ['more than there is', { ProductId: 42, DomainNum: 100, TimeSpan: 3 }, 'FailedOperation.TradeError', /CNY/],
  ['no number', { ProductId: 'a', DomainNum: 1, TimeSpan: 1 }, 'InvalidParameter', /ProductId/],
  ['nothing', { DomainNum: 1, TimeSpan: 1 }, 'MissingParameter', /ProductId/],
  ['a project that is not there', { ProductId: 104, DomainNum: 1, TimeSpan: 1, ProjectId: 7 }, 'UnknownParameter', /ProjectId/]
]
for (const [what, wish, code, says] of refused)
  test(`refused, nothing stored, no money moved: ${what}`, async () => {
    const had = await balance()
    const { TotalCount } = await own.request('DescribeOrders', {})
    await assert.rejects(own.request('CreateCertificate', wish), e => e.code === code && says.test(e.message))
    assert.equal(await balance(), had)
    assert.equal((await own.request('DescribeOrders', {})).TotalCount, TotalCount)
  })

test('the same client token buys once', async () => {
  const had = await balance()
  const wish = { ProductId: 48, DomainNum: 1, TimeSpan: 1, ClientToken: 'a-1' }
  const answers = await Promise.all([1, 2, 3, 4].map(() => own.request('CreateCertificate', wish)))
  assert.equal(new Set(answers.map(a => a.DealIds[0])).size, 1)
  assert.equal(await balance(), had - 19900)
})

test('an order waits unpaid, is paid, and is refunded before issue (PUR-14, SIL-12)', async () => {
  const had = await balance()
  const { Order: made } = await own.request('CreateOrder', { ProductId: 11, DomainNum: 3, TimeSpan: 2, AutoRenew: true })
  assert.deepEqual([made.State, made.CertificateIds, made.FullPrice, made.Price, made.Saved, made.AutoRenew], ['unpaid', [], 239400, 227430, 11970, true])
  assert.notEqual(made.ExpireTime, '')
  assert.equal(await balance(), had)
  const { Order: paid } = await own.request('PayOrder', { OrderId: made.OrderId })
  assert.equal(paid.State, 'paid')
  assert.equal(paid.CertificateIds.length, 1)
  assert.equal(await balance(), had - 227430)
  await assert.rejects(own.request('PayOrder', { OrderId: made.OrderId }), { code: 'FailedOperation.TradeError', message: /is paid; only an unpaid order can be paid/ })
  const { Order: off } = await own.request('ModifyOrderAutoRenew', { OrderId: made.OrderId, AutoRenew: false })
  assert.equal(off.AutoRenew, false)
  const { Order: back } = await own.request('RefundOrder', { OrderId: made.OrderId })
  assert.deepEqual([back.State, back.Refundable], ['refunded', false])
  assert.equal(await balance(), had)
  assert.equal((await client.DescribeCertificate({ CertificateId: paid.CertificateIds[0] })).Status, 14)
  await client.DeleteCertificate({ CertificateId: paid.CertificateIds[0] })
  await assert.rejects(own.request('RefundOrder', { OrderId: made.OrderId }), { code: 'FailedOperation.CancelOrderFailed' })
})

test('an unpaid order is closed by hand, or by time', async () => {
  const { Order: one } = await own.request('CreateOrder', { ProductId: 104, DomainNum: 1, TimeSpan: 1 })
  assert.equal((await own.request('CloseOrder', { OrderId: one.OrderId })).Order.State, 'closed')
  await assert.rejects(own.request('PayOrder', { OrderId: one.OrderId }), { code: 'FailedOperation.TradeError', message: /is closed; only an unpaid order can be paid/ })
})

test('foreign and missing orders answer alike', async () => {
  const other = commonClient(server, await server.createAccount({ balance: 100000 }))
  const { Order: made } = await own.request('CreateOrder', { ProductId: 104, DomainNum: 1, TimeSpan: 1 })
  for (const OrderId of [made.OrderId, '999999999', 'x', '-1', '', '99999999999999999999'])
    for (const [action, more] of [['PayOrder'], ['CloseOrder'], ['RefundOrder'], ['ModifyOrderAutoRenew', { AutoRenew: true }]])
      await assert.rejects(other.request(action, { OrderId, ...more }), { code: 'FailedOperation.CannotGetOrder' }, `${action} ${OrderId}`)
  assert.equal((await other.request('DescribeOrders', {})).TotalCount, 0)
  await own.request('CloseOrder', { OrderId: made.OrderId })
})

test('an account that is not verified buys nothing (ACC-02)', async () => {
  const stranger = commonClient(server, await server.createAccount({ verified: false, balance: 1000000 }))
  for (const action of ['CreateCertificate', 'CreateOrder'])
    await assert.rejects(stranger.request(action, { ProductId: 104, DomainNum: 1, TimeSpan: 1 }), { code: 'FailedOperation.NoRealNameAuth' })
})

test('the balance tells what came and went', async () => {
  const page = await own.request('DescribeBalance', { Limit: 2 })
  assert.equal(page.Entries.length, 2)
  assert.equal(page.Currency, 'CNY')
  let sum = 0
  let Marker
  do {
    const { Entries, NextMarker } = await own.request('DescribeBalance', { Limit: 2, ...(Marker ? { Marker } : {}) })
    for (const e of Entries) sum += e.Amount
    Marker = NextMarker
  } while (Marker)
  assert.equal(sum, page.Balance)
  await assert.rejects(own.request('DescribeBalance', { Marker: 'x' }), { code: 'InvalidParameterValue' })
})

test('twenty at once for what twelve cost: twelve are bought, not a cent too much', async () => {
  const rush = commonClient(server, await server.createAccount({ balance: 12 * 19900 + 19899 }))
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => rush.request('CreateCertificate', { ProductId: 48, DomainNum: 1, TimeSpan: 1 })))
  const bought = all.filter(r => r.status === 'fulfilled')
  assert.equal(bought.length, 12)
  for (const r of all) if (r.status === 'rejected') assert.equal(r.reason.code, 'FailedOperation.TradeError')
  assert.equal(await balance(rush), 19899)
  assert.equal((await rush.request('DescribeOrders', {})).TotalCount, 12)
})

test('the catalogue lists what can be bought and what cannot yet (CAT-01, CAT-02, CAT-07)', async () => {
  const all = await own.request('DescribeCatalogue', {})
  assert.equal(all.TotalCount, all.Products.length)
  assert.deepEqual([...new Set(all.Products.map(p => p.Brand))].sort(), ['CFCA', 'Chancery', 'DNSPod', 'GeoTrust', 'GlobalSign', 'SecureSite', 'TrustAsia', 'WoTrus'])
  const p = n => all.Products.find(x => x.ProductId === n)
  assert.deepEqual([p(104).Buyable, p(104).Reason, p(14).Buyable, p(83).Free], [true, '', false, true])
  assert.match(p(14).Reason, /not issue/)
  assert.deepEqual(p(104).Prices.map(x => x.Price), [39900, 75810, 107730]) /* PUR-13 */
  assert.deepEqual(p(12).Methods, ['DNS', 'FILE', 'AUTO'])
  assert.deepEqual(p(75).Name, p(6).Name) /* both numberings */
  const dv = await own.request('DescribeCatalogue', { Type: 'DV', Buyable: true, DomainType: 3 })
  assert.ok(dv.Products.length >= 3)
  assert.ok(dv.Products.every(x => x.Type === 'DV' && x.Buyable && x.DomainType === 3))
  assert.equal(dv.Products.filter(x => x.Recommended).length, 1)
  for (const x of all.Products.filter(x => x.Buyable)) {
    const { Order: made } = await own.request('CreateOrder', { ProductId: x.ProductId, DomainNum: x.MinDomains, TimeSpan: x.Prices[0].TimeSpan })
    assert.equal(made.Price, x.Prices[0].Price)
    await own.request('CloseOrder', { OrderId: made.OrderId })
  }
  for (const x of all.Products.filter(x => !x.Buyable))
    await assert.rejects(own.request('CreateOrder', { ProductId: x.ProductId, DomainNum: x.MinDomains, TimeSpan: 1 }), { code: 'InvalidParameterValue' })
})

const choices = [ /* PUR-05 PUR-06 PUR-07 PUR-08 PUR-22: the number follows from what is chosen, the brand may be left out */
  [{ Type: 'DV', DomainType: 1 }, 48], [{ Type: 'DV', DomainType: 3 }, 49], [{ Type: 'dv', Brand: 'trustasia', DomainType: 1 }, 104],
  [{ Type: 'DV', Brand: 'WoTrus', DomainType: 2 }, 26], [{ Type: 'DV', DomainType: 4 }, 42], [{ Type: 'DV', Standard: 'International', DomainType: 2 }, 50]
]
for (const [wish, number] of choices)
  test(`chosen by ${JSON.stringify(wish)}: product ${number}`, async () => {
    const DomainNum = wish.DomainType % 2 ? 1 : 2
    const { Order: made } = await own.request('CreateOrder', { ...wish, DomainNum, TimeSpan: 1 })
    assert.equal(made.ProductId, number)
    await own.request('CloseOrder', { OrderId: made.OrderId })
  })
for (const wish of [{ Type: 'DV', Standard: 'sm2' }, { Type: 'EV' }, { Type: 'DV', Brand: 'Nobody' }, { Type: 'DV', Pro: true }, { Type: 'XV' }])
  test(`nothing fits ${JSON.stringify(wish)}`, async () => {
    await assert.rejects(own.request('CreateOrder', { ...wish, DomainNum: 1, TimeSpan: 1 }), e => e.code === 'InvalidParameterValue' && /DescribeCatalogue/.test(e.message))
    await assert.rejects(own.request('CreateOrder', { DomainNum: 1, TimeSpan: 1 }), { code: 'MissingParameter' })
  })

test('free and DV compared by the nine criteria of the upgrade (UPG-07 CAT-26 CAT-05 QTA-20)', async () => {
  const { Products } = await own.request('DescribeCatalogue', { Type: 'DV' })
  const free = Products.find(p => p.ProductId === 2)
  const dv = [48, 49, 50].map(n => Products.find(p => p.ProductId === n))
  assert.deepEqual([free.Name, free.ValidityMonths, free.Support, free.DomainType, free.IpBinding, free.Free], ['TrustAsia DV SSL CA - G5', 12, false, 1, false, true])
  assert.deepEqual(dv.map(p => [p.Support, p.IpBinding, p.Free]), [[true, false, false], [true, false, false], [true, false, false]])
  assert.deepEqual(dv.map(p => p.DomainType), [1, 3, 2])
  assert.ok(Products.every(p => p.LifeDays <= 398)) /* CAT-29 */
})

test('operators credit, set and grant; nobody else does', async () => {
  const subject = await server.createAccount({ verified: false })
  const who = commonClient(server, subject)
  const deeds = [
    ['DescribeAccount', {}], ['ModifyAccount', { Verified: true, Level: 'v2' }], ['CreditAccount', { Amount: 50000, Note: 'invoice 17' }],
    ['ModifyHomeDomains', { Add: ['www.example.com', 'example.org'] }], ['GrantPackage', { Type: 'ssl_100' }]
  ]
  for (const [action, more] of [...deeds, ['ReloadCatalogue', { CheckOnly: true }], ['ModifyExternalCount', { Domain: 'example.com', Count: 20 }]]) {
    const parameters = action.endsWith('Count') || action.startsWith('Reload') ? more : { Account: subject.Account, ...more }
    await assert.rejects(who.request(action, parameters), { code: 'AuthFailure.UnauthorizedOperation' }, action)
  }
  for (const [action, more] of deeds) {
    await assert.rejects(boss.request(action, { Account: '000000000000', ...more }), { code: 'ResourceNotFound' }, action)
    await boss.request(action, { Account: subject.Account, ...more })
  }
  const seen = await boss.request('DescribeAccount', { Account: subject.Account })
  assert.deepEqual([seen.Verified, seen.Level, seen.Balance, seen.Points, seen.HomeDomains], [true, 'v2', 50000, 100, ['example.com', 'example.org']])
  await who.request('CreateCertificate', { ProductId: 104, DomainNum: 1, TimeSpan: 1 }) /* verified a moment ago: at once */
  await assert.rejects(boss.request('CreditAccount', { Account: subject.Account, Amount: -50000 }), { code: 'FailedOperation.TradeError' })
  await boss.request('CreditAccount', { Account: subject.Account, Amount: -10100, Note: 'taken back' })
  assert.equal(await balance(who), 0)
  for (const bad of [{ Level: 'v9' }, { Identity: 'robot' }, { FreePackages: -1 }])
    await assert.rejects(boss.request('ModifyAccount', { Account: subject.Account, ...bad }), { code: 'InvalidParameterValue' })
  await assert.rejects(boss.request('CreditAccount', { Account: subject.Account, Amount: 0 }), { code: 'InvalidParameterValue' })
  await assert.rejects(boss.request('ModifyHomeDomains', { Account: subject.Account, Add: ['co.uk'] }), { code: 'FailedOperation.InvalidParam' })
  await boss.request('ModifyAccount', { Account: subject.Account, Disabled: true })
  await assert.rejects(who.request('DescribeBalance', {}), e => e.code.startsWith('AuthFailure'))
})

test('points buy, all or nothing, and come back', async () => {
  const { PackageId } = await boss.request('GrantPackage', { Account: account.Account, Type: 'ssl_100', Days: 10 })
  const packages = await client.DescribePackages({ Status: 'usable' })
  checkAnswer('DescribePackages', packages)
  assert.deepEqual([packages.TotalCount, packages.TotalBalance], [1, 100])
  const wish = { ProductPid: 1018586, PackageIds: [PackageId], DomainCount: '1', Period: 1 }
  await assert.rejects(client.CreateCertificateByPackage({ ...wish, CertificateCount: 7 }), { code: 'FailedOperation.TradeError' })
  await assert.rejects(client.CreateCertificateByPackage({ ...wish, DomainCount: 'x' }), { code: 'InvalidParameter.DomainCountInvalid' })
  await assert.rejects(client.CreateCertificateByPackage({ ...wish, PackageIds: ['nothere'] }), { code: 'InvalidParameter.PackageIdsInvalid' })
  await assert.rejects(client.CreateCertificateByPackage({ ...wish, RenewCsr: 'x' }), { code: 'UnsupportedOperation' })
  const made = await client.CreateCertificateByPackage({ ...wish, CertificateCount: 6 })
  checkAnswer('CreateCertificateByPackage', made)
  assert.equal(made.CertificateIds.length, 6)
  assert.equal((await client.DescribePackages({})).Packages[0].Balance, 10)
  const bought = await order(made.CertificateId)
  assert.deepEqual([bought.PaidBy, bought.Currency, bought.Price], ['package', 'points', 15])
  await own.request('RefundOrder', { OrderId: bought.OrderId })
  assert.equal((await client.DescribePackages({})).Packages[0].Balance, 25)
})

test('the quota shows both counters, and other platforms count (QTA-03, QTA-19, SIL-43)', async () => {
  await boss.request('ModifyExternalCount', { Domain: 'www.quota.com', Count: 19 })
  const id = await server.apply(account, 'a.quota.com', { CsrEncryptAlgo: 'ECC' })
  const quota = await own.request('DescribeFreeQuota', { Domain: 'x.other.com' })
  const domain = name => quota.PrimaryDomains.find(d => d.Domain === name)
  assert.deepEqual([quota.AnyDomains.Used, quota.HomeDomains.Used], [1, 0])
  assert.deepEqual(domain('quota.com'), { Domain: 'quota.com', Limit: 20, Used: 1, External: 19, Remaining: 0, NextReturnTime: '' })
  assert.equal(domain('other.com').Remaining, 20)
  await assert.rejects(server.apply(account, 'b.quota.com', { CsrEncryptAlgo: 'ECC' }), { code: 'FailedOperation.MainDomainCertificateCountLimit' })
  await client.CancelAuditCertificate({ CertificateId: id }) /* SIL-13 */
  assert.equal((await own.request('DescribeFreeQuota', {})).AnyDomains.Used, 0)
  await boss.request('ModifyExternalCount', { Domain: 'quota.com', Count: 0 })
})

test('renewal and upgrade are refused where they make no sense (UPG-01, REN-01)', async () => {
  const { CertificateIds: [paid] } = await client.CreateCertificate({ ProductId: 48, DomainNum: 1, TimeSpan: 1 })
  const free = await server.apply(account, 'a.upgrade.com', { CsrEncryptAlgo: 'ECC' })
  for (const action of ['RenewCertificate', 'UpgradeCertificate']) {
    await assert.rejects(own.request(action, { CertificateId: paid }), { code: 'FailedOperation.InvalidCertificateStatusCode' })
    await assert.rejects(own.request(action, { CertificateId: free }), { code: 'FailedOperation.InvalidCertificateStatusCode' })
    await assert.rejects(own.request(action, { CertificateId: 'nothere1' }), { code: 'FailedOperation.CertificateNotFound' })
  }
})

test('an auditor looks and buys nothing', async () => {
  const auditor = commonClient(server, await server.createAccount({ role: 'auditor', balance: 1000000 }))
  await auditor.request('DescribeOrders', {})
  await assert.rejects(auditor.request('CreateCertificate', { ProductId: 104, DomainNum: 1, TimeSpan: 1 }), { code: 'AuthFailure.UnauthorizedOperation' })
})

test('a week later the unpaid are closed', async () => {
  const { Order: made } = await own.request('CreateOrder', { ProductId: 104, DomainNum: 1, TimeSpan: 1 })
  await server.moveClock(7 * 86400 + 120)
  await until('it is closed', async () => {
    const { Orders } = await server.call(account, 'DescribeOrders', { State: 'closed', Limit: 100 })
    return Orders.some(o => o.OrderId === made.OrderId)
  })
})
