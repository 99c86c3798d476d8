/*
 * Only a right record or file passes.  Every wrong form is looked at by the real prober over real DNS and HTTP.
 * Takes about 60 s.  DCV-07 DCV-09 DCV-22 DIAG-02 DIAG-03 SIL-10 CAA-01 CAA-02 CON-36
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, filePath, placeFiles, placeRecords } from '../lib/place.mjs'
import { startNginx } from '../lib/web.mjs'

const local = name => [[name, 'A', '127.0.0.1'], [`*.${name}`, 'A', '127.0.0.1']]
let dns, web, c, account
before(async () => {
  dns = await startDns({ zones: [
    { name: 'plain.com', records: local('plain.com') },
    { name: 'good.com', dnssec: 'good' },
    { name: 'expired.com', dnssec: 'expired', records: [['_dnsauth.a.expired.com', 'TXT', 'x']] },
    { name: 'corrupt.com', dnssec: 'corrupt', records: [['_dnsauth.a.corrupt.com', 'TXT', 'x']] },
    { name: 'caa.com', records: [['caa.com', 'CAA', '0 issue ";"'], ['open.caa.com', 'CAA', '0 issue "sectigo.com"'], ['other.caa.com', 'CAA', '0 issue "another.example"']] }
  ] })
  web = await startNginx()
  c = await startChancery({ dns, web })
  account = await c.createAccount({ level: 'v2' })
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

/* A look that must not pass, and the reason that is told. */
async function refuses (id, reason) {
  const { VerificationResults } = await c.check(account, id)
  assert.ok(VerificationResults.length > 0)
  assert.ok(VerificationResults.every(r => r.LocalCheck < 0 && r.Issued === false), JSON.stringify(VerificationResults))
  if (reason) assert.match(VerificationResults[0].LocalCheckFailReason, reason)
  assert.equal((await c.describe(account, id)).Status, 0)
}

const wrongTexts = [
  ['nothing there', null, /not found/],
  ['an empty text', () => '', /./],
  ['another value', () => '20260101000000000' + 'a'.repeat(40), /./],
  ['the first half', v => v.slice(0, 28), /./],
  ['all but the last letter', v => v.slice(0, -1), /./],
  ['more before it', v => `x${v}`, /./],
  ['more after it', v => `${v}x`, /./],
  ['capitals', v => v.toUpperCase(), /./],
  ['blanks around it', v => ` ${v} `, /./],
  ['within other words', v => `token=${v};`, /./]
]

for (const [what, change, reason] of wrongTexts) {
  test(`TXT: ${what} does not pass (DCV-07 DIAG-02 DIAG-03)`, async () => {
    const name = `t${wrongTexts.findIndex(w => w[0] === what)}.plain.com`
    const id = await c.apply(account, name, { PackageType: '2', CsrEncryptAlgo: 'ECC' })
    if (change) await placeRecords(dns, await c.proofs(account, id), change)
    await refuses(id, reason)
    await c.call(account, 'CancelAuditCertificate', { CertificateId: id })
  })
}

test('TXT: the value of another order does not pass', async () => {
  const one = await c.apply(account, 'same.plain.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  const two = await c.apply(account, 'same.plain.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  const [p1] = await c.proofs(account, one)
  const [p2] = await c.proofs(account, two)
  assert.notEqual(p1.DvAuthValue, p2.DvAuthValue)
  await dns.setRecord(p1.DvAuthKey, 'TXT', p1.DvAuthValue)
  await refuses(two)
  await dns.addRecord(p2.DvAuthKey, 'TXT', p2.DvAuthValue)
  await c.waitStatus(account, one, 1)
  await c.waitStatus(account, two, 1)
})

test('TXT: right among others, and in several strings', async () => {
  const id = await c.apply(account, 'many.plain.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  const [p] = await c.proofs(account, id)
  await dns.setRecord(p.DvAuthKey, 'TXT', 'v=spf1 -all')
  await dns.addRecord(p.DvAuthKey, 'TXT', p.DvAuthValue)
  await c.waitStatus(account, id, 1)
})

test('TXT: found by the periodic look, without anybody asking (DCV-09 SIL-10)', async () => {
  const id = await c.apply(account, 'quiet.plain.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await placeRecords(dns, await c.proofs(account, id))
  await c.moveClock(61)
  await until('issued', async () => (await c.describe(account, id)).Status === 1)
})

test('CNAME: another target does not pass, the right one does', async () => {
  const id = await c.apply(account, 'cn.plain.com', { PackageType: '83', ValidityPeriod: '3', CsrEncryptAlgo: 'ECC' })
  const proofs = await c.proofs(account, id)
  await placeRecords(dns, proofs, v => `x${v}`)
  await refuses(id)
  await placeRecords(dns, proofs)
  await c.waitStatus(account, id, 1)
})

const wrongFiles = [
  ['no file', () => ({ http: '', https: '' })],
  ['another value', p => fixed(p, 'something else')],
  ['more before it', p => fixed(p, `x${p.DvAuthValue}`)],
  ['more after it', p => fixed(p, `${p.DvAuthValue}x`)],
  ['the value in a page', p => fixed(p, `<html>${p.DvAuthValue}</html>`)],
  ['a redirect', p => redirect(p, 301)],
  ['a temporary redirect', p => redirect(p, 302)],
  ['status 404 with the value', p => fixed(p, p.DvAuthValue, 404)],
  ['status 500 with the value', p => fixed(p, p.DvAuthValue, 500)],
  ['status 203 with the value', p => fixed(p, p.DvAuthValue, 203)]
]
const both = text => ({ http: text, https: text })
const fixed = (p, text, status = 200) => both(`location = ${filePath(p)} { return ${status} "${text}"; }`)
const redirect = (p, status) => both(`location = ${filePath(p)} { return ${status} /moved.txt; } location = /moved.txt { return 200 "${p.DvAuthValue}"; }`)

wrongFiles.forEach(([what, settings], i) => {
  test(`FILE: ${what} does not pass (DCV-22)`, async () => {
    const id = await c.apply(account, `f${i}.plain.com`, { DvAuthMethod: 'FILE', CsrEncryptAlgo: 'ECC' })
    const [p] = await c.proofs(account, id)
    await web.configure(settings(p))
    await refuses(id)
    await c.call(account, 'CancelAuditCertificate', { CertificateId: id })
  })
})

for (const scheme of ['http', 'https']) {
  test(`FILE: over ${scheme} alone passes (DCV-22)`, async () => {
    const id = await c.apply(account, `${scheme}.plain.com`, { DvAuthMethod: 'FILE', CsrEncryptAlgo: 'ECC' })
    const proofs = await c.proofs(account, id)
    await placeFiles(web, proofs)
    const other = scheme === 'http' ? 'https' : 'http'
    await web.configure({ [other]: '' })
    await c.waitStatus(account, id, 1)
  })
}

test('DNSSEC: a signed zone passes, badly signed ones never do', async () => {
  await applyAndProve(c, dns, account, 'a.good.com')
  for (const zone of ['expired.com', 'corrupt.com']) {
    const bad = await c.apply(account, `a.${zone}`, { PackageType: '2', CsrEncryptAlgo: 'ECC' })
    await placeRecords(dns, await c.proofs(account, bad)) /* unsigned beside what is signed: bogus as well */
    await refuses(bad)
  }
})

test('CAA: what forbids holds the certificate back, what permits lets it through (CAA-01 CON-36)', async () => {
  for (const name of ['shut.caa.com', 'a.other.caa.com']) {
    const id = await c.apply(account, name, { PackageType: '2', CsrEncryptAlgo: 'ECC' })
    await placeRecords(dns, await c.proofs(account, id))
    const { VerificationResults: [r] } = await c.check(account, id)
    assert.equal(r.LocalCheck, 1, JSON.stringify(r))
    await until('it is told', async () => /CAA/.test((await c.describe(account, id)).StatusMsg))
    assert.equal((await c.describe(account, id)).Status, 0)
  }
  await applyAndProve(c, dns, account, 'a.open.caa.com')
})
