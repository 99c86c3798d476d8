/*
 * Three years of one order on running programs: bought once, proved by one CNAME record that stays, while the rules of
 * the public web shorten lives to 200, 100 and 47 days and proofs to 200, 100 and 10.  The test moves the clock and
 * otherwise does nothing.  PUR-02 PUR-03 PUR-04 PUR-17 REN-08 REN-09 DCV-35 RVK-20 RVK-21 RVK-32 RIS-19
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const DAY = 86400
let dns, c, place, account
before(async () => {
  place = mkdtempSync(join(tmpdir(), 'chancery-term-'))
  cpSync('catalogue', join(place, 'catalogue'), { recursive: true })
  const products = join(place, 'catalogue', 'products.ini')
  writeFileSync(products, readFileSync(products, 'utf8').replaceAll('profile = dv\n', 'profile = dv-public\n'))
  dns = await startDns({ zones: ['maple.com', 'birch.com', 'oak.com'].map(name => ({ name })) })
  c = await startChancery({
    dns,
    settings: { 'limits.rate': 'off', 'catalogue.dir': join(place, 'catalogue'), 'validation.cname-zone': 'kept.cedar.net' }
  })
  account = await c.createAccount({ balance: 1000000 })
})
after(async () => {
  await c?.stop()
  await dns?.stop()
  rmSync(place, { recursive: true, force: true })
})

const list = async () => (await c.call(account, 'DescribeCertificates', { Limit: 100 })).Certificates

async function buy (years, domain, VerifyType, ProductId = 104) {
  const { CertificateIds: [id] } = await c.call(account, 'CreateCertificate', { ProductId, DomainNum: 1, TimeSpan: years })
  await c.call(account, 'SubmitCertificateInformation', {
    CertificateId: id, CsrType: 'online', CertificateDomain: domain, VerifyType, ContactEmail: 'a@maple.com', IsDV: true
  })
  await c.call(account, 'CommitCertificateInformation', { CertificateId: id, VerifyType })
  return id
}

async function dates (id) {
  const { CertificatePublicKey } = await c.call(account, 'DescribeCertificateDetail', { CertificateId: id })
  const x509 = new X509Certificate(CertificatePublicKey)
  const [from, to] = [x509.validFrom, x509.validTo].map(t => Date.parse(t) / 1000)
  return { from, to, days: (to + 1 - from) / DAY, key: x509.publicKey.export({ format: 'pem', type: 'spki' }), names: x509.subjectAltName }
}

const lifeOn = at => at < Date.parse('2026-03-15') / 1000 ? 398 : at < Date.parse('2027-03-15') / 1000 ? 200 : at < Date.parse('2029-03-15') / 1000 ? 100 : 47

test('a term of three years, whatever the lives of its certificates', async () => {
  let id = await buy(3, 'shop.maple.com', 'DNS_PROXY')
  await placeRecords(dns, await c.proofs(account, id))
  await c.waitStatus(account, id, 1)
  const first = await dates(id)
  const paid = (await c.call(account, 'DescribeBalance')).Balance
  const end = first.from + 3 * 365 * DAY - 1
  let now = first
  let count = 1

  assert.equal(first.days, lifeOn(first.from))
  for (; now.to < end; count++) {
    assert.ok(count < 60, 'it goes forward')
    const due = Math.max(now.to + 1 - 30 * DAY, now.from + now.days * DAY * 2 / 3)
    await c.moveClock(Math.ceil(due - c.now()) + 5)
    const next = await until(`a successor of ${id}`, async () => (await list()).find(x => x.CertificateId !== id && x.Status === 1 &&
      Date.parse(`${x.CertEndTime.replace(' ', 'T')}+08:00`) / 1000 > now.to))
    const then = await dates(next.CertificateId)
    assert.ok(then.from < now.to, 'no day without a certificate')
    assert.equal(then.days, Math.min(lifeOn(then.from), (end + 1 - then.from) / DAY), `${next.CertificateId} begins ${new Date(then.from * 1000).toISOString()}`)
    assert.equal(then.key, first.key)
    assert.equal(then.names, first.names)
    id = next.CertificateId
    now = then
  }
  assert.equal(now.to, end)
  assert.ok(count > 15, `${count} certificates`)
  assert.deepEqual((await c.call(account, 'DescribeBalance')).Balance, paid)
  assert.equal((await c.sql("SELECT count(*) AS n FROM notice WHERE kind = 'successor'"))[0].n, 0)
  await c.moveClock(40 * DAY)
  await c.waitStatus(account, id, 3)
  assert.equal((await list()).filter(x => x.Status === 0).length, 0)
})

test('where nobody keeps a record the successor waits, visible, and the owner is told', async () => {
  const id = await buy(2, 'www.birch.com', 'DNS')
  const proofs = await c.proofs(account, id)
  await placeRecords(dns, proofs)
  await c.waitStatus(account, id, 1)
  for (const p of proofs) await dns.removeRecord(p.DvAuthKey, p.DvAuthVerifyType)
  await c.moveClock(32 * DAY)
  const next = await until('a successor', async () => (await list()).find(x => x.Status === 0))
  assert.equal(next.Domain, 'www.birch.com')
  await c.moveClock(1000)
  await until('a notice', async () => (await c.sql("SELECT count(*) AS n FROM notice WHERE kind = 'successor'"))[0].n === 1)
  await placeRecords(dns, await c.proofs(account, next.CertificateId))
  await c.waitStatus(account, next.CertificateId, 1)
})

/* Proofs of a wildcard are kept under the name that it stands below. */
test('a wildcard of two years with a kept record: reissued and revoked without a look; once its proof is gone, by hand (RVK-20 RVK-21 RVK-32 RIS-19)', async () => {
  const first = await buy(2, '*.oak.com', 'DNS_PROXY', 12)
  await placeRecords(dns, await c.proofs(account, first))
  await c.waitStatus(account, first, 1)
  const second = await buy(2, '*.oak.com', 'DNS_PROXY', 12)
  await c.waitStatus(account, second, 1)
  const { CertificateId: next } = await c.call(account, 'ReplaceCertificate', { CertificateId: first, ValidType: 'DNS_PROXY', CsrType: 'online', CertCSREncryptAlgo: 'ECC' })
  await c.waitStatus(account, next, 1)
  assert.equal((await c.describe(account, next)).VerifyType, 'DNS_PROXY')
  assert.equal((await c.call(account, 'RevokeCertificate', { CertificateId: first })).State, 'revoked')
  for (const id of [first, next]) assert.equal((await c.describe(account, id)).Status, 10)
  const gone = await run('sqlite3', ['-cmd', '.timeout 20000', join(c.data, 'chancery.db'), "update evidence set expires_at = proved_at where name = 'oak.com'"])
  assert.equal(gone.code, 0, gone.stderr)
  const asked = await c.call(account, 'RevokeCertificate', { CertificateId: second })
  assert.equal(asked.State, 'proving')
  assert.deepEqual(asked.RevokeDomainValidateAuths.map(a => a.DomainValidateAuthDomain), ['oak.com'])
})
