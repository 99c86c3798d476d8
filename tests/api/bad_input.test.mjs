/*
 * What a buyer may get wrong, as one table: each is refused with the API's own code and a sentence with the remedy, and
 * afterwards the store is as it was: no order, no certificate, no key, no entry of the ledger, no slot of a quota, no point.  An
 * id of another account's is answered like one that is not there.
 * PUR-16 CAT-13 CAT-14 DOM-02 DOM-13 DOM-14 DOM-16 DOM-23 FREE-05 FREE-06 FREE-07 FREE-08 FREE-22 QTA-02 QTA-04 QTA-11 DOM-26
 * CSR-27 CSR-32 RVW-21 RVW-25 RVW-27 RVW-28 RVW-30 UPG-01 SIL-12 SIL-13 SIL-43
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery } from '../lib/chancery.mjs'
import { commonClient, noDns } from './client.mjs'

const SINGLE = 104, MULTI = 11, WILDCARD = 12, DV_WILDCARD_PID = 1018586
let dir, server, who, foreign
const id = {}, order = {}, text = {}, packages = {}

async function csr (name, cn, key) {
  const keyFile = join(dir, `${name}.key`)
  if (Array.isArray(key)) await openssl('genpkey', '-algorithm', ...key, '-out', keyFile)
  else writeFileSync(keyFile, key)
  await openssl('req', '-new', '-sha256', '-key', keyFile, '-out', join(dir, `${name}.csr`), '-subj', `/CN=${cn}`)
  text[name] = readFileSync(join(dir, `${name}.csr`), 'utf8')
}
async function openssl (...args) {
  const done = await run('openssl', args, { cwd: dir })
  assert.equal(done.code, 0, done.stderr)
}
const rsa = (bits, exponent = 65537) => ['RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`, '-pkeyopt', `rsa_keygen_pubexp:${exponent}`]
const buy = async (client, ProductId, DomainNum = 1) => (await client.request('CreateCertificate', { ProductId, DomainNum, TimeSpan: 1 })).CertificateIds[0]
const info = (CertId, CertCommonName, more = {}) => ['CertificateInfoSubmit', {
  CertId, CertCommonName, GenCsrType: 'online', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1', ...more
}]
const apply = (DomainName, more = {}) => ['ApplyCertificate', { DomainName, DvAuthMethod: 'DNS', CsrEncryptAlgo: 'ECC', ...more }]

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bad-input-'))
  chmodSync(dir, 0o755)
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  const boss = await server.createAccount({ role: 'operator' })
  const open = async options => {
    const account = await server.createAccount(options)
    return { account, client: commonClient(server, account) }
  }
  who = {
    rich: await open({ balance: 1_000_000_00 }), poor: await open({ balance: 100 }),
    full: await open({ identity: 'enterprise' }), nobody: await open({ balance: 1_000_000_00, verified: false })
  }
  foreign = await open({ balance: 1_000_000_00 })
  const rich = who.rich.client
  packages.mine = (await server.call(boss, 'GrantPackage', { Account: who.rich.account.Account, Type: 'ssl_100' })).PackageId
  packages.theirs = (await server.call(boss, 'GrantPackage', { Account: foreign.account.Account, Type: 'ssl_100' })).PackageId
  await server.call(boss, 'ModifyExternalCount', { Domain: 'crowded.com', Count: 20 })
  for (let i = 0; i < 10; i++) await who.full.client.request(...apply(`n${i}.full.com`)) /* QTA-11 */
  id.single = await buy(rich, SINGLE)
  id.multi = await buy(rich, MULTI, 2)
  id.wild = await buy(rich, WILDCARD)
  id.pending = await buy(rich, SINGLE)
  await csr('used', 'pending.maple.com', rsa(2048))
  await rich.request(...info(id.pending, 'pending.maple.com', { GenCsrType: 'parse', Csr: text.used }))
  await rich.request('CertificateOrderSubmit', { CertId: id.pending, VerifyType: 'DNS' })
  id.free = (await rich.request(...apply('gratis.maple.com'))).CertificateId
  order.unpaid = (await rich.request('CreateOrder', { ProductId: SINGLE, DomainNum: 1, TimeSpan: 1 })).Order.OrderId
  order.paid = (await rich.request('DescribeOrders', { CertificateId: id.single })).Orders[0].OrderId
  order.poor = (await who.poor.client.request('CreateOrder', { ProductId: SINGLE, DomainNum: 1, TimeSpan: 1 })).Order.OrderId
  await csr('reused', 'single.maple.com', readFileSync(join(dir, 'used.key')))
  await csr('debian', 'single.maple.com', readFileSync(new URL('../vectors/keys/debian-weak.key', import.meta.url)))
  await csr('exponent', 'single.maple.com', rsa(2048, 3))
  await csr('short', 'single.maple.com', rsa(1024))
  await csr('long', 'single.maple.com', rsa(4096))
  await csr('other', 'other.maple.com', rsa(2048))
})
after(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/* Everything that could have been moved or held, of all accounts. */
const TABLES = ['cert_order', 'certificate', 'cert_key', 'ledger', 'quota_use', 'validation', 'submission', 'notice', 'tag']
async function everything () {
  const counts = await server.sql(TABLES.map(t => `SELECT '${t}' AS what, COUNT(*) AS n FROM ${t}`).join(' UNION ALL '))
  const sums = await server.sql("SELECT 'orders' AS what, group_concat(order_id || state) AS n FROM cert_order UNION ALL SELECT 'certificates', group_concat(certificate_id || status || domain || key_id) FROM certificate UNION ALL SELECT 'points', SUM(balance) FROM benefit_package UNION ALL SELECT 'jobs', COUNT(*) FROM job WHERE account_id <> 0")
  const seen = {}
  for (const [name, { client }] of Object.entries({ ...who, foreign })) {
    const quota = await client.request('DescribeFreeQuota', {})
    seen[name] = [(await client.request('DescribeBalance', {})).Balance, quota.HomeDomains.Used, quota.AnyDomains.Used]
  }
  return { counts, sums, seen }
}

const pasted = name => ({ GenCsrType: 'parse', Csr: text[name] })
const DOMAIN = /CertificateInfoSubmitDomainInvalid/
const table = [
  /* unknown product, wrong number of names, wrong term */
  ['rich', () => ['CreateCertificate', { ProductId: 9999, DomainNum: 1, TimeSpan: 1 }], /InvalidParameterValue/, /DescribeCatalogue/],
  ['rich', () => ['CreateOrder', { ProductId: 9999, DomainNum: 1, TimeSpan: 1 }], /InvalidParameterValue/, /DescribeCatalogue/],
  ['rich', () => apply('a.maple.com', { PackageType: '9999' }), /InvalidParameterValue/, /use PackageType 83/],
  ['rich', () => ['CreateCertificate', { ProductId: SINGLE, DomainNum: 2, TimeSpan: 1 }], /InvalidParameterValue/, /exactly one/],
  ['rich', () => ['CreateCertificate', { ProductId: MULTI, DomainNum: 1, TimeSpan: 1 }], /InvalidParameterValue/, /from 2/],
  ['rich', () => ['CreateCertificate', { ProductId: SINGLE, DomainNum: 1, TimeSpan: 9 }], /InvalidParameterValue/, /1, 2, 3/],
  ['rich', () => ['CreateCertificateByPackage', { ProductPid: 7, PackageIds: [packages.mine], DomainCount: '1', Period: 1 }], /ProductPidInvalid/, /DescribeCatalogue/],
  ['rich', () => ['CreateCertificateByPackage', { ProductPid: DV_WILDCARD_PID, PackageIds: [packages.mine], DomainCount: '2', Period: 1 }], /DomainCountInvalid/, /exactly one/],
  ['rich', () => ['CreateCertificateByPackage', { ProductPid: DV_WILDCARD_PID, PackageIds: [packages.mine], DomainCount: '1', Period: 9 }], /PeriodInvalid/, /not sold for 9/],
  /* names that the product may not bind */
  ['rich', () => apply('*.maple.com'), /InvalidParam/, /wildcard/], /* FREE-06 CAT-14 */
  ['rich', () => apply('1.1.1.1'), /InvalidParam/, /IP address/], /* FREE-07 */
  ['rich', () => apply('maple.org'), /InvalidParam/, /\.org/], /* FREE-08 */
  ['rich', () => apply('maple.ru'), /InvalidParam/, /\.ru/], /* DOM-02 */
  ['rich', () => apply('bank.maple.com'), /InvalidParam/, /sensitive word "bank"/], /* FREE-22 RVW-25 RVW-28 */
  ['rich', () => apply('www.qq.pw'), /InvalidParam/, /\.pw/], /* RVW-27 */
  ['rich', () => info(id.single, 'pay.maple.com'), DOMAIN, /sensitive word "pay"/], /* RVW-28 RVW-30: paid DV too */
  ['rich', () => info(id.single, '*.maple.com'), DOMAIN, /wildcard/],
  ['rich', () => info(id.single, '8.8.8.8'), DOMAIN, /IP address/], /* CAT-13 */
  ['rich', () => info(id.single, 'single.maple.com', { DnsNames: ['two.maple.com'] }), DOMAIN, /binds one name/], /* DOM-23 */
  ['rich', () => info(id.multi, 'a.maple.com', { DnsNames: ['b.maple.com', 'c.maple.com'] }), DOMAIN, /2 names were bought/],
  ['rich', () => info(id.multi, 'a.maple.com', { DnsNames: ['*.maple.com'] }), DOMAIN, /wildcard/],
  ['rich', () => info(id.wild, 'plain.maple.com'), DOMAIN, /wildcard names only/], /* DOM-13 */
  ['rich', () => info(id.wild, '*.*.maple.com'), DOMAIN, /one asterisk/], /* DOM-14 */
  ['rich', () => info(id.single, `${'a'.repeat(56)}.maple.com`), /DomainMaxLengthInvalid/, /64/], /* DOM-16 */
  /* too little balance, too few points, somebody nobody knows */
  ['poor', () => ['CreateCertificate', { ProductId: SINGLE, DomainNum: 1, TimeSpan: 1 }], /TradeError/, /CNY/],
  ['poor', () => ['PayOrder', { OrderId: order.poor }], /TradeError/, /CNY/],
  ['rich', () => ['CreateCertificateByPackage', { ProductPid: DV_WILDCARD_PID, PackageIds: [packages.mine], DomainCount: '1', Period: 1, CertificateCount: 100 }], /TradeError/, /points/],
  ['rich', () => ['CreateCertificateByPackage', { ProductPid: DV_WILDCARD_PID, PackageIds: [packages.theirs], DomainCount: '1', Period: 1 }], /PackageIdsInvalid/, /does not have/],
  ['nobody', () => ['CreateCertificate', { ProductId: SINGLE, DomainNum: 1, TimeSpan: 1 }], /NoRealNameAuth/, /verif/],
  ['nobody', () => apply('a.birch.com'), /NoRealNameAuth/, /verif/],
  /* quota used up */
  ['full', () => apply('more.elm.com'), /ExceedsFreeLimit/, /./], /* QTA-11 */
  ['rich', () => apply('a.crowded.com'), /MainDomainCertificateCountLimit/, /crowded\.com/], /* QTA-02 QTA-04 SIL-43 */
  /* wrong state */
  ['rich', () => info(id.pending, 'x.maple.com'), /CertificateInfoSubmitStatusInvalid/, /Pending submission only/],
  ['rich', () => ['CertificateOrderSubmit', { CertId: id.pending, VerifyType: 'DNS' }], /CertificateOrderSubmitProcessing/, /already/],
  ['rich', () => ['CertificateOrderSubmit', { CertId: id.single, VerifyType: 'DNS' }], /CertificateInfoSubmitStatusInvalid/, /no information/],
  ['rich', () => ['ModifyCertificateResubmit', { CertificateId: id.single }], /CertificateStatusNotAllowResubmit/, /failed or cancelled/],
  ['rich', () => ['RenewCertificate', { CertificateId: id.single }], /InvalidCertificateStatusCode/, /\S+/],
  ['rich', () => ['UpgradeCertificate', { CertificateId: id.free }], /InvalidCertificateStatusCode/, /./], /* not issued yet */
  ['rich', () => ['ReplaceCertificate', { CertificateId: id.single, ValidType: 'DNS', CsrType: 'online' }], /InvalidCertificateStatusCode/, /issued/],
  ['rich', () => ['RevokeCertificate', { CertificateId: id.single }], /InvalidCertificateStatusCode/, /issued/],
  ['rich', () => ['PayOrder', { OrderId: order.paid }], /TradeError/, /only an unpaid order can be paid/],
  ['rich', () => ['RefundOrder', { OrderId: order.unpaid }], /CancelOrderFailed/, /only a paid order can be refunded/],
  ['rich', () => ['DeleteCertificate', { CertificateId: id.pending }], /InvalidCertificateStatusCode/, /Cancel the application/],
  /* reused or weak CSR */
  ['rich', () => info(id.single, 'single.maple.com', pasted('reused')), /InvalidParam/, /used in another order already.*Make a new CSR/], /* CSR-32 RVW-21 */
  ['rich', () => info(id.single, 'single.maple.com', pasted('debian')), /InvalidParam/, /private half is known.*Make a new key pair/],
  ['rich', () => info(id.single, 'single.maple.com', pasted('exponent')), /InvalidParam/, /exponent.*Make a new key pair/],
  ['rich', () => info(id.single, 'single.maple.com', pasted('short')), /InvalidParam|CsrParseFailed/, /rsa:?-?2048/], /* CSR-27 */
  ['rich', () => info(id.single, 'single.maple.com', pasted('long')), /InvalidParam/, /rsa-2048/],
  ['rich', () => info(id.single, 'single.maple.com', pasted('other')), /InvalidParam/, /not one of the bound names/]
]

test('whatever is wrong: code, remedy, no money moved, no quota held', async () => {
  const before = await everything()
  for (const [account, request, code, says] of table) {
    const [action, parameters] = request()
    const what = `${account} ${action} ${JSON.stringify(parameters)}`
    await assert.rejects(who[account].client.request(action, parameters), e => {
      assert.match(String(e.code), code, `${what}: ${e.message}`)
      assert.match(e.message, says, what)
      return true
    }, what)
    assert.deepEqual(await everything(), before, what)
  }
})

test('an id of another account is answered like one that is not there', async () => {
  const before = await everything()
  const ids = { CertificateId: [id.single, 'zzzzzzzz'], CertId: [id.single, 'zzzzzzzz'], OrderId: [order.unpaid, '123456789012345678'], OldCertificateId: [id.single, 'zzzzzzzz'] }
  const asked = [
    [...info(0, 'x.maple.com'), 'CertId'],
    ['SubmitCertificateInformation', { CsrType: 'online', CertificateDomain: 'x.maple.com', ContactEmail: 'a@maple.com' }, 'CertificateId'],
    ['CertificateOrderSubmit', {}, 'CertId'], ['CommitCertificateInformation', {}, 'CertificateId'], ['CancelCertificateOrder', {}, 'CertificateId'],
    ['CancelAuditCertificate', {}, 'CertificateId'], ['ModifyCertificateResubmit', {}, 'CertificateId'], ['RenewCertificate', {}, 'CertificateId'],
    ['UpgradeCertificate', {}, 'CertificateId'], ['ReplaceCertificate', { ValidType: 'DNS', CsrType: 'online' }, 'CertificateId'], ['RevokeCertificate', {}, 'CertificateId'],
    ['DescribeCertificate', {}, 'CertificateId'], ['DescribeCertificateDetail', {}, 'CertificateId'], ['DownloadCertificate', {}, 'CertificateId'],
    ['DeleteCertificate', {}, 'CertificateId'], ['RemindReviewers', {}, 'CertificateId'], ['PayOrder', {}, 'OrderId'], ['RefundOrder', {}, 'OrderId'],
    ['CreateCertificateByPackage', { ProductPid: DV_WILDCARD_PID, PackageIds: [packages.theirs], DomainCount: '1', Period: 1 }, 'OldCertificateId'],
    [...apply('x.maple.com'), 'OldCertificateId']
  ]
  for (const [action, parameters, field] of asked) {
    const answers = []
    for (const one of ids[field]) {
      await foreign.client.request(action, { ...parameters, [field]: one }).then(() => assert.fail(`${action} ${one}`), e => answers.push([e.code, e.message.replace(one, 'ID')]))
    }
    assert.deepEqual(answers[0], answers[1], action)
    assert.match(answers[0][0], /NotFound|CannotGetOrder|Order|InvalidParam/, action)
  }
  assert.deepEqual(await everything(), before)
})
