/*
 * The main job: apply, place a record or a file, be issued, download, serve HTTPS.  Takes about 40 s.
 * FREE-05 FREE-12 FREE-15 FREE-16 DCV-05 DCV-06 DCV-07 DCV-08 CON-03 CON-05 SIL-52 DL-01
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ApiError, file, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, filePath, placeFiles, placeRecords, serveAndFetch, verifyChain } from '../lib/place.mjs'
import { startNginx } from '../lib/web.mjs'

let dns, web, c, account
before(async () => {
  dns = await startDns({ zones: [
    { name: 'maple.com', records: [['maple.com', 'A', '127.0.0.1'], ['www.maple.com', 'A', '127.0.0.1'], ['shop.maple.com', 'A', '127.0.0.1']] },
    { name: 'beta.net', records: [['beta.net', 'A', '127.0.0.1'], ['www.beta.net', 'A', '127.0.0.1']] }
  ] })
  web = await startNginx()
  c = await startChancery({ dns, web })
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

const leafOf = files => new X509Certificate(file(files, 'Nginx', '_bundle.crt'))
const names = x509 => x509.subjectAltName.split(', ').map(n => n.replace(/^DNS:/, '')).sort()

async function issueByDns (domain, parameters) {
  const id = await applyAndProve(c, dns, account, domain, parameters)
  return { id, files: await c.download(account, id) }
}

test('a TXT record at _dnsauth: applied, issued, and nginx, apache2 and haproxy serve it (CAT-33 CSR-25 DCV-05 DCV-06 DCV-07 DL-10 FREE-16 FREE-17 FREE-23 FREE-27 RVW-01 RVW-32 SIL-30 SIL-51)', async () => {
  const id = await c.apply(account, 'shop.maple.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  assert.match(id, /^[A-Za-z0-9]{8}$/)
  const pending = await c.describe(account, id)
  assert.equal(pending.Status, 0)
  const [proof, ...more] = pending.DvAuthDetail.DvAuths
  assert.equal(more.length, 0)
  assert.equal(proof.DvAuthVerifyType, 'TXT')
  assert.equal(proof.DvAuthKey, '_dnsauth.shop.maple.com')
  assert.equal(proof.DvAuthSubDomain, '_dnsauth.shop')
  assert.equal(proof.DvAuthDomain, 'maple.com')
  assert.match(proof.DvAuthValue, /^20\d{15}[a-z0-9]{40}$/)
  await placeRecords(dns, [proof])
  const issued = await c.waitStatus(account, id, 1)
  assert.equal(issued.Domain, 'shop.maple.com')
  const files = await c.download(account, id)
  const x509 = leafOf(files)
  assert.deepEqual(names(x509), ['shop.maple.com'])
  assert.ok(x509.checkPrivateKey(createPrivateKey(file(files, 'Nginx', '.key'))))
  const seconds = (Date.parse(x509.validTo) - Date.parse(x509.validFrom)) / 1000
  assert.equal((seconds + 1) % 86400, 0, 'notAfter = notBefore + N days − 1 s')
  await verifyChain({ chain: file(files, 'Nginx', '_bundle.crt'), root: c.root, dir: c.dir, name: 'shop.maple.com' })
  for (const kind of ['nginx', 'apache2', 'haproxy']) await serveAndFetch(kind, { files, root: c.root, name: 'shop.maple.com' })
})

test('an RSA key, and the apex brings www (FREE-12 FREE-15)', async () => {
  const { files } = await issueByDns('maple.com', { PackageType: '2', CsrEncryptAlgo: 'RSA' })
  const x509 = leafOf(files)
  assert.deepEqual(names(x509), ['maple.com', 'www.maple.com'])
  assert.equal(x509.publicKey.asymmetricKeyType, 'rsa')
  assert.equal(x509.publicKey.asymmetricKeyDetails.modulusLength, 2048)
  await verifyChain({ chain: file(files, 'Nginx', '_bundle.crt'), root: c.root, dir: c.dir, name: 'www.maple.com' })
})

test('a CNAME whose label and target are unique to the order (DCV-08 CON-03)', async () => {
  const a = await c.proofs(account, await c.apply(account, 'one.beta.net', { PackageType: '83', ValidityPeriod: '3' }))
  const id = await c.apply(account, 'two.beta.net', { PackageType: '83', ValidityPeriod: '3' })
  const b = await c.proofs(account, id)
  assert.equal(b[0].DvAuthVerifyType, 'CNAME')
  assert.notEqual(a[0].DvAuthValue, b[0].DvAuthValue)
  assert.notEqual(a[0].DvAuthSubDomain.split('.')[0], b[0].DvAuthSubDomain.split('.')[0])
  await placeRecords(dns, b)
  await c.waitStatus(account, id, 1)
  const x509 = leafOf(await c.download(account, id))
  assert.ok(Date.parse(x509.validTo) - Date.parse(x509.validFrom) <= 90 * 86400 * 1000)
})

test('www brings the bare name, and each serves a file of its own (CON-05 SIL-52)', async () => {
  const id = await c.apply(account, 'www.beta.net', { DvAuthMethod: 'FILE', CsrEncryptAlgo: 'ECC' })
  const proofs = await c.proofs(account, id)
  assert.deepEqual(proofs.map(p => p.Domain).sort(), ['beta.net', 'www.beta.net'])
  for (const p of proofs) {
    assert.equal(p.DvAuthVerifyType, 'FILE')
    assert.equal(filePath(p), '/.well-known/pki-validation/fileauth.txt')
  }
  await placeFiles(web, proofs.filter(p => p.Domain === 'www.beta.net'))
  const half = await c.check(account, id)
  assert.equal(half.VerificationResults.find(r => r.Domain === 'beta.net').LocalCheck < 0, true)
  assert.equal((await c.describe(account, id)).Status, 0, 'one of two is not enough')
  await placeFiles(web, proofs)
  await c.waitStatus(account, id, 1)
  assert.deepEqual(names(leafOf(await c.download(account, id))), ['beta.net', 'www.beta.net'])
})

test('the command line does the whole job: apply waits, download unpacks for nginx (FREE-05)', async () => {
  const applying = c.cli(['apply', 'cli.maple.com', '--product', '2', '--key', 'ecc', '--timeout', '60', '--json'], account)
  const id = await until('applied', async () => {
    const { Certificates } = await c.call(account, 'DescribeCertificates', { SearchKey: 'cli.maple.com' })
    return Certificates[0]?.CertificateId
  })
  await placeRecords(dns, await c.proofs(account, id))
  const { code, stdout, stderr } = await applying
  assert.equal(code, 0, stderr)
  const [begun, ended] = stdout.trim().split('\n').map(l => JSON.parse(l))
  assert.equal(begun.CertificateId, id)
  assert.equal(begun.DvAuthDetail.DvAuths.length, 1)
  assert.equal(ended.Status, 1)
  const got = await c.cli(['download', id, '--nginx', `${c.dir}/cli-nginx`], account)
  assert.equal(got.code, 0, got.stderr)
  assert.deepEqual(got.stdout.trim().split('\n'), [`${c.dir}/cli-nginx/1_cli.maple.com_bundle.crt`, `${c.dir}/cli-nginx/2_cli.maple.com.key`])
})

test('another account sees nothing of it', async () => {
  const id = await c.apply(account, 'mine.maple.com', { PackageType: '2' })
  const stranger = await c.createAccount({ name: 'stranger' })
  for (const action of ['DescribeCertificate', 'DescribeCertificateDetail', 'DownloadCertificate', 'CancelAuditCertificate', 'DeleteCertificate',
    'CompleteCertificate', 'CheckCertificateDomainVerification']) {
    await assert.rejects(c.call(stranger, action, { CertificateId: id }), e => e instanceof ApiError && /NotFound/.test(e.code), action)
  }
  assert.equal((await c.call(stranger, 'DescribeCertificates')).TotalCount, 0)
})
