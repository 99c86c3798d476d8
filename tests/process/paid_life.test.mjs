/*
 * Life after issue of bought certificates: reissue by each kind of CSR without showing anything again, and revocation by a reviewer.
 * RIS-08 RIS-09 RIS-12 RIS-15 RIS-20 RIS-22 CON-09 CON-16 CON-32 SIL-28 SIL-58 RVK-13 RVK-03 RVK-04 RVK-29 SIL-29 SIL-44
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiError, file, refused, run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }, { name: 'birch.net' }, { name: 'cedar.org' }] })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount({ balance: 1_000_000_000 })
})
after(async () => {
  try {
    await c?.stop()
  } finally {
    await dns?.stop()
  }
})

const person = { GenCsrType: 'online', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1' }

async function bought (ProductId, name) {
  const { CertificateIds: [id] } = await c.call(account, 'CreateCertificate', { ProductId, DomainNum: 1, TimeSpan: 1 })
  await c.call(account, 'CertificateInfoSubmit', { ...person, CertId: id, CertCommonName: name })
  await c.call(account, 'CertificateOrderSubmit', { CertId: id, VerifyType: 'DNS' })
  await placeRecords(dns, await c.proofs(account, id))
  await c.waitStatus(account, id, 1)
  return id
}

const replace = async (id, more = {}) => (await c.call(account, 'ReplaceCertificate', { CertificateId: id, ValidType: 'DNS', ...more })).CertificateId
const leaf = async id => new X509Certificate(file(await c.download(account, id), 'Nginx', '_bundle.crt'))
const spki = cert => cert.publicKey.export({ type: 'spki', format: 'der' }).toString('hex')

test('a bought one is reissued with its key, a new one and a pasted one, and nothing is shown again (RIS-08 RIS-15 RIS-20 SIL-28)', async () => {
  const id = await bought(104, 'paid.maple.com')
  const first = await leaf(id)
  const same = await replace(id, { CsrType: 'Original' })
  await c.waitStatus(account, same, 1)
  assert.equal(spki(await leaf(same)), spki(first))
  const fresh = await replace(id, { CsrType: 'online', CertCSREncryptAlgo: 'RSA', CertCSRKeyParameter: '2048' })
  await c.waitStatus(account, fresh, 1)
  assert.notEqual(spki(await leaf(fresh)), spki(first))
  const dir = mkdtempSync(join(c.dir, 'csr-'))
  const request = async name => {
    const { code, stderr } = await run('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'own.key', '-out', 'own.csr', '-subj', `/CN=${name}`], { cwd: dir })
    assert.equal(code, 0, stderr)
    return readFileSync(join(dir, 'own.csr'), 'utf8')
  }
  await assert.rejects(replace(id, { CsrType: 'upload', CsrContent: await request('other.maple.com') }), refused('InvalidParameterValue')) /* RIS-12 */
  await assert.rejects(replace(id, { CsrType: 'upload' }), refused('MissingParameter'))
  await assert.rejects(replace(id, { CsrType: 'upload', CsrContent: 'nonsense' }), e => e instanceof ApiError && /Csr/.test(e.code))
  const CsrContent = await request('paid.maple.com')
  const pasted = await replace(id, { CsrType: 'upload', CsrContent })
  await c.waitStatus(account, pasted, 1)
  const last = await leaf(pasted)
  assert.deepEqual([last.validTo, (await c.describe(account, pasted)).CertificateExtra.ReplacedBy], [first.validTo, id])
  const other = await bought(104, 'paid.birch.net')
  await assert.rejects(replace(other, { CsrType: 'upload', CsrContent }), e => e instanceof ApiError) /* another order's name and key */
})

test('a WoTrus DV is revoked by a reviewer who did not ask for it; a refusal opens it again (RVK-13 RVK-04 SIL-29 SIL-44)', async () => {
  const id = await bought(25, 'wo.cedar.org')
  const reviewer = await c.createAccount({ name: 'reviewer', role: 'reviewer' })
  await assert.rejects(c.call(account, 'RevokeCertificate', { CertificateId: id }), refused('MissingParameter'))
  const filed = await c.call(account, 'RevokeCertificate', { CertificateId: id, Reason: 'moved away' })
  assert.deepEqual([filed.State, filed.RevokeDomainValidateAuths], ['reviewing', []])
  const now = await c.describe(account, id)
  assert.deepEqual([now.Status, now.StatusMsg], [9, 'CA-REVIEWING'])
  await assert.rejects(c.download(account, id), refused('FailedOperation.CertificateStatusNotAllowDownload'))
  const queue = async () => (await c.call(reviewer, 'DescribeRevocations', {})).Revocations
  const [item] = await queue()
  assert.deepEqual([item.CertificateId, item.Uin, item.Domain, item.Reason], [id, account.Account, 'wo.cedar.org', 'moved away'])
  await assert.rejects(c.call(reviewer, 'ReviewRevocation', { RevocationId: item.RevocationId, Pass: false }), refused('MissingParameter'))
  await c.call(reviewer, 'ReviewRevocation', { RevocationId: item.RevocationId, Pass: false, Note: 'call us first' })
  assert.equal((await c.describe(account, id)).Status, 1)
  assert.ok(await c.download(account, id))
  await c.call(account, 'RevokeCertificate', { CertificateId: id, Reason: 'called you', ReasonCode: 'cessationOfOperation' })
  const [again] = await queue()
  await c.call(reviewer, 'ReviewRevocation', { RevocationId: again.RevocationId, Pass: true })
  assert.equal((await c.describe(account, id)).Status, 10)
  assert.deepEqual(await queue(), [])
  await assert.rejects(c.call(reviewer, 'ReviewRevocation', { RevocationId: again.RevocationId, Pass: true }), refused('ResourceNotFound'))
  const { Timeline } = await c.call(account, 'DescribeCertificateTimeline', { CertificateId: id })
  const steps = Timeline.filter(e => ['revoke', 'cancelRevoke', 'revoked'].includes(e.Type))
  assert.deepEqual(steps.map(e => e.Type), ['revoke', 'cancelRevoke', 'revoke', 'revoked'])
  assert.notEqual(steps[1].SubAccountUin, steps[0].SubAccountUin, 'the reviewer stands in the record')
  /* four eyes: a reviewer's own request waits for another */
  const rich = await c.createAccount({ name: 'rich reviewer', role: 'reviewer', balance: 1_000_000_000 })
  const saved = account
  account = rich
  try {
    const own = await bought(25, 'eyes.cedar.org')
    await c.call(rich, 'RevokeCertificate', { CertificateId: own, Reason: 'mine' })
    const [mine] = await queue()
    await assert.rejects(c.call(rich, 'ReviewRevocation', { RevocationId: mine.RevocationId, Pass: true }), refused('AuthFailure.UnauthorizedOperation'))
    await c.call(reviewer, 'ReviewRevocation', { RevocationId: mine.RevocationId, Pass: true })
    assert.equal((await c.describe(rich, own)).Status, 10)
  } finally {
    account = saved
  }
})
