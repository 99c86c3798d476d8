/*
 * Submitting a bought certificate with the official SDK: the paid DV flow from the order to an issued certificate, each
 * way to bring a key, every kind of product, and what is refused.  APP-01 APP-02 APP-03 APP-04 APP-06 APP-07 APP-09 APP-12 APP-18 APP-20
 * APP-21 APP-23 APP-40 APP-45 APP-48 CSR-29 CSR-32 CSR-33 CSR-34 DOM-01 DOM-02 DOM-12 DOM-13 DOM-14 DOM-16 DOM-18 DOM-19 DOM-21 DOM-22 DOM-27
 * DOM-28 CON-15 CON-16 CON-34 CON-35 PKP-01 PKP-03 RVW-21 RVW-22 RVW-23 RVW-25 SIL-12 SIL-16 SIL-41 SIL-46 SIL-49 LIFE-01 LIFE-02 LIFE-05
 */
import assert from 'node:assert/strict'
import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { call, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

const SINGLE = 104, MULTI = 11, WILDCARD = 12, MULTI_WILDCARD = 42

let dns, server, account, sdk, intl, stranger, weakKeys
before(async () => {
  weakKeys = join(mkdtempSync(join(tmpdir(), 'weak-keys-')), 'list')
  chmodSync(join(weakKeys, '..'), 0o755) /* read again by the server's own user */
  writeFileSync(weakKeys, '# none yet\n')
  dns = await startDns({ zones: [{ name: 'maple.com' }, { name: 'birch.net' }] })
  server = await startChancery({ dns, settings: { 'limits.rate': 'off', 'keys.blocked-list': weakKeys } })
  account = await server.createAccount({ identity: 'individual', balance: 1_000_000_000 })
  sdk = sslClient(server, account)
  intl = sslClient(server, account, { sdk: 'intl' })
  stranger = sslClient(server, await server.createAccount({ balance: 1_000_000_000 }))
})
after(async () => {
  await server?.stop()
  await dns?.stop()
  rmSync(join(weakKeys, '..'), { recursive: true, force: true })
})

/* Once the service's clock was moved, the SDK's own would be refused: calls are signed by the harness from then on. */
const sslClientNow = () => new Proxy({}, { get: (_, action) => parameters => server.call(account, action, parameters) })
const buy = async (ProductId = SINGLE, DomainNum = 1, client = sdk) => (await client.CreateCertificate({ ProductId, DomainNum, TimeSpan: 1 })).CertificateIds[0]
const person = { GenCsrType: 'online', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1' }
const info = (CertId, CertCommonName, more = {}) => sdk.CertificateInfoSubmit({ ...person, CertId, CertCommonName, ...more })
const show = CertificateId => sdk.DescribeCertificate({ CertificateId })
const refused = (promise, code, words) => assert.rejects(promise, e => {
  assert.match(String(e.code), code, e.message)
  assert.match(e.message, words)
  return true
})
async function openssl (...args) {
  const done = await run('openssl', args, { cwd: server.dir })
  assert.equal(done.code, 0, done.stderr)
}
let csrNumber = 0
async function makeCsr (cn, { key = 'rsa:2048', sans = [] } = {}) {
  const n = ++csrNumber
  const more = sans.length ? ['-addext', `subjectAltName=${sans.map(s => `DNS:${s}`).join(',')}`] : []
  const kind = key.startsWith('ec:') ? ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${key.slice(3)}`] : ['-newkey', key]
  await openssl('req', '-new', '-nodes', '-sha256', ...kind, '-keyout', `${n}.key`, '-out', `${n}.csr`, '-subj', cn === null ? '/O=Nobody' : `/CN=${cn}`, ...more)
  return { csr: readFileSync(join(server.dir, `${n}.csr`), 'utf8'), key: readFileSync(join(server.dir, `${n}.key`), 'utf8') }
}
async function issue (id) {
  await placeRecords(dns, await server.proofs(account, id))
  await server.waitStatus(account, id, 1)
  const detail = await sdk.DescribeCertificateDetail({ CertificateId: id })
  return { detail, leaf: new X509Certificate(detail.CertificatePublicKey) }
}

test('from the order to the certificate, online key, current form, no web site anywhere (ACC-16 APP-42 UPG-08 SIL-38 APP-01 APP-03 APP-12 APP-23 APP-40 APP-45 LIFE-01 LIFE-02 LIFE-05)', async () => {
  const id = await buy()
  const bought = await show(id)
  assert.deepEqual([bought.Status, bought.Domain, bought.StatusName], [5, '', 'Pending submission'])
  const empty = await info(id, 'shop.maple.com')
  assert.deepEqual(Object.keys(empty), ['RequestId'])
  const given = await show(id)
  assert.deepEqual([given.Status, given.Domain, given.DvAuthDetail.DvAuths], [5, 'shop.maple.com', null])
  assert.deepEqual([given.SubmittedData.CsrType, given.SubmittedData.ContactEmail, given.SubmittedData.KeyPassword], ['online', 'a@maple.com', null])
  assert.match(given.SubmittedData.CsrContent, /BEGIN CERTIFICATE REQUEST/)
  const placed = await sdk.CertificateOrderSubmit({ CertId: id, VerifyType: 'DNS' })
  assert.deepEqual([placed.Status, placed.IsAudited, placed.OrderId], [0, false, bought.OrderId])
  const pending = await show(id)
  assert.deepEqual([pending.Status, pending.StatusMsg, pending.DvAuthDetail.DvAuths.length], [0, 'PENDING-DCV', 1])
  checkAnswer('DescribeCertificate', pending)
  const { detail, leaf } = await issue(id)
  assert.equal(leaf.subjectAltName, 'DNS:shop.maple.com')
  assert.ok(leaf.checkPrivateKey(createPrivateKey(detail.CertificatePrivateKey)))
  assert.equal((await show(id)).SubmittedData, null)
})

test('the sequence of the Terraform provider, older form, an organisation (APP-12 APP-14 APP-16 APP-18 APP-44 CON-34)', async () => {
  const id = await buy(MULTI, 3)
  const organisation = {
    OrganizationName: 'Maple Ltd', OrganizationDivision: 'IT', OrganizationAddress: '1 Leaf Road', OrganizationCountry: 'CN', OrganizationCity: 'Shanghai',
    OrganizationRegion: 'Shanghai', PostalCode: '200000', PhoneAreaCode: '021', PhoneNumber: '12345678', AdminFirstName: 'San', AdminLastName: 'Zhang',
    AdminPhoneNum: '13800000000', AdminEmail: 'admin@maple.com', AdminPosition: 'manager'
  }
  const given = await sdk.SubmitCertificateInformation({
    CertificateId: id, CsrType: 'online', CertificateDomain: 'tf.maple.com', DomainList: ['tf.maple.com', 'api.maple.com', 'tf.birch.net'], ...organisation, VerifyType: 'DNS'
  })
  assert.equal(given.CertificateId, id)
  const data = (await show(id)).SubmittedData
  for (const [name, value] of Object.entries(organisation)) assert.equal(data[name], value, name)
  assert.deepEqual([data.ContactFirstName, data.ContactEmail, data.ContactNumber], ['San', 'admin@maple.com', '13800000000']) /* APP-18 */
  await sdk.CertificateOrderSubmit({ CertId: id, VerifyType: 'DNS' })
  assert.equal((await sdk.CancelAuditCertificate({ CertificateId: id })).Result, true)
  for (let i = 0; i < 3; i++) assert.equal((await show(id)).Status, 7) /* Terraform looks three times at once */
  assert.equal((await sdk.ModifyCertificateResubmit({ CertificateId: id })).CertificateId, id)
  assert.equal((await show(id)).Status, 5)
  await sdk.CommitCertificateInformation({ CertificateId: id, VerifyType: 'DNS' })
  const { leaf } = await issue(id)
  assert.deepEqual(leaf.subjectAltName.split(', ').sort(), ['DNS:api.maple.com', 'DNS:tf.birch.net', 'DNS:tf.maple.com']) /* SIL-49 */
})

test('each kind of product binds its names, and what comes free (APP-22 DOM-12 DOM-13 DOM-15 DOM-20 DOM-27 DOM-28 SIL-16)', async () => {
  const table = [
    [SINGLE, 1, 'maple.com', [], ['maple.com', 'www.maple.com']], /* DOM-06 DOM-09 */
    [SINGLE, 1, 'www.maple.com', ['maple.com'], ['maple.com', 'www.maple.com']], /* typed, yet free */
    [SINGLE, 1, 'a.deep.maple.com', [], ['a.deep.maple.com']], /* DOM-27 */
    [MULTI, 2, 'one.maple.com', ['two.birch.net', 'ONE.maple.com.'], ['one.maple.com', 'two.birch.net']], /* a double is no second name */
    [MULTI, 2, 'birch.net', ['maple.com', 'www.maple.com'], ['birch.net', 'maple.com', 'www.birch.net', 'www.maple.com']],
    [WILDCARD, 1, '*.maple.com', [], ['*.maple.com', 'maple.com']], /* DOM-10 DOM-11 */
    [MULTI_WILDCARD, 2, '*.maple.com', ['maple.com', '*.birch.net'], ['*.birch.net', '*.maple.com', 'birch.net', 'maple.com']]
  ]
  for (const [product, count, cn, others, names] of table) {
    const id = await buy(product, count)
    await info(id, cn, { DnsNames: others })
    assert.deepEqual([...(await show(id)).SubjectAltName].sort(), names, cn)
    await sdk.CertificateOrderSubmit({ CertId: id })
    const { leaf } = await issue(id)
    assert.deepEqual(leaf.subjectAltName.split(', ').map(n => n.slice(4)).sort(), names, cn)
    assert.equal(leaf.subject, `CN=${cn}`)
  }
})

test('a pasted request: its names, and no key here (APP-02 APP-04 APP-20 APP-48 CSR-37 DOM-21 DOM-22)', async () => {
  const id = await buy(MULTI, 2)
  const { csr, key } = await makeCsr('paste.maple.com', { sans: ['paste.maple.com', 'more.maple.com'] })
  await info(id, '', { GenCsrType: 'parse', Csr: csr })
  const given = await show(id)
  assert.deepEqual([given.Domain, given.SubjectAltName, given.SubmittedData.CsrType],
    ['paste.maple.com', ['paste.maple.com', 'more.maple.com'], 'parse'])
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { detail, leaf } = await issue(id)
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)))
  assert.equal(detail.CertificatePrivateKey, '')
})

test('a pasted request with its private key: kept, delivered, under its password where it came so (APP-05 APP-19 APP-47 PKP-01)', async () => {
  const { csr, key } = await makeCsr('own.maple.com')
  const other = (await makeCsr('own.maple.com')).key
  const sealed = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'Own-Key-77' })
  const id = await buy()
  const parse = { GenCsrType: 'parse', Csr: csr }
  const table = [
    [{ ...parse, CsrPrivateKey: other }, /CertificateMatchError/, /does not belong to the CSR/],
    [{ ...parse, CsrPrivateKey: 'hello' }, /InvalidParam/, /CsrPrivateKey is no private key/],
    [{ ...parse, CsrPrivateKey: sealed }, /InvalidParam/, /encrypted; send its password as KeyPass/],
    [{ ...parse, CsrPrivateKey: sealed, KeyPass: 'wrong' }, /InvalidParam/, /KeyPass does not open/],
    [{ ...parse, CsrPrivateKey: key, KeyPass: 'Own-Key-77' }, /InvalidParameterValue/, /is open/],
    [{ GenCsrType: 'online', CsrPrivateKey: key }, /InvalidParameterValue/, /pasted CSR only/]
  ]
  for (const [change, code, words] of table) await refused(info(id, 'own.maple.com', change), code, words)
  assert.equal((await show(id)).Domain, '', 'what is refused leaves nothing')
  await info(id, 'own.maple.com', { ...parse, CsrPrivateKey: key })
  await info(id, 'own.maple.com', { ...parse }) /* once more without: the order's newest word counts */
  await info(id, 'own.maple.com', { ...parse, CsrPrivateKey: key })
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { detail, leaf } = await issue(id)
  assert.ok(leaf.checkPrivateKey(createPrivateKey(detail.CertificatePrivateKey)))
  const zip = join(server.dir, 'own.zip')
  writeFileSync(zip, Buffer.from((await sdk.DownloadCertificate({ CertificateId: id })).Content, 'base64'))
  const packed = await run('unzip', ['-p', zip, 'Nginx/*.key'])
  assert.ok(leaf.checkPrivateKey(createPrivateKey(packed.stdout)), packed.stderr)

  const second = await buy()
  const locked = await makeCsr('locked.maple.com')
  const pem = createPrivateKey(locked.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'Own-Key-78' })
  await sdk.SubmitCertificateInformation({ CertificateId: second, CsrType: 'parse', CsrContent: locked.csr, CertificateDomain: 'locked.maple.com', ContactEmail: 'a@maple.com', CsrPrivateKey: pem, KeyPassword: 'Own-Key-78' })
  await sdk.CertificateOrderSubmit({ CertId: second })
  const kept = (await issue(second)).detail.CertificatePrivateKey
  assert.match(kept, /ENCRYPTED/)
  createPrivateKey({ key: kept, passphrase: 'Own-Key-78' })
  assert.ok(!server.log.includes('Own-Key-7'))
})

/* The key is the one that Debian's OpenSSL 0.9.8g-8 made as process 1 on amd64 without a readable ~/.rnd, as others published it. */
test('a key that Debian\'s broken generator made is refused, with no list named anywhere (CVE-2008-0166)', async () => {
  const pem = join(server.dir, 'debian.key')
  writeFileSync(pem, readFileSync(new URL('../vectors/keys/debian-weak.key', import.meta.url)), { mode: 0o600 })
  await openssl('req', '-new', '-key', pem, '-out', 'debian.csr', '-subj', '/CN=debian.maple.com')
  const csr = readFileSync(join(server.dir, 'debian.csr'), 'utf8'), id = await buy()
  const words = /Debian.*private half is known.*Make a new key pair, and a new CSR with it/
  await refused(info(id, 'debian.maple.com', { GenCsrType: 'parse', Csr: csr }), /InvalidParam/, words)
  await refused(sdk.SubmitCertificateInformation({ CertificateId: id, CsrType: 'parse', CsrContent: csr, CertificateDomain: 'debian.maple.com', ContactEmail: 'a@maple.com', CsrPrivateKey: readFileSync(pem, 'utf8') }), /InvalidParam/, words)
  await info(id, 'debian.maple.com', { GenCsrType: 'parse', Csr: (await makeCsr('debian.maple.com')).csr })
  assert.equal((await show(id)).Status, 5) /* nothing of it is left but the order */
})

test('a key that the operator lists later is refused from then on: pasted, of the library, at issue, at reissue', async () => {
  const operator = await server.createAccount({ role: 'operator' })
  const reload = () => server.call(operator, 'ReloadCatalogue', {})
  const paste = async name => {
    const made = await makeCsr(name), id = await buy()
    const spki = createPublicKey(made.key).export({ type: 'spki', format: 'der' })
    await info(id, name, { GenCsrType: 'parse', Csr: made.csr })
    await sdk.CertificateOrderSubmit({ CertId: id })
    return { id, name, csr: made.csr, line: createHash('sha256').update(spki).digest('hex') }
  }
  const shelved = await intl.DescribeCSR({ CSRId: (await intl.CreateCSR({ Domain: 'shelved.maple.com', Organization: 'M', Department: 'IT', Email: '', Province: 'S', City: 'S', Country: 'CN', EncryptAlgo: 'ECC', KeyParameter: 'prime256v1', Generate: true })).Id })
  const pick = async () => (await call(server, account, 'CertificateInfoSubmit', { CertId: await buy(), GenCsrType: 'parse', CertCommonName: 'shelved.maple.com', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com', CSRId: shelved.Id })).error
  writeFileSync(join(server.dir, 'shelved.csr'), shelved.CSR)
  await openssl('req', '-in', 'shelved.csr', '-noout', '-pubkey', '-out', 'shelved.pub')
  const shelvedLine = createHash('sha256').update(createPublicKey(readFileSync(join(server.dir, 'shelved.pub'))).export({ type: 'spki', format: 'der' })).digest('hex')
  const issued = await paste('issued.maple.com'), pending = await paste('pending.maple.com')
  await issue(issued.id)
  writeFileSync(weakKeys, `# two\n${issued.line}\nnonsense\n`)
  await refused(reload(), /InvalidParam/, /list:3: .*hexadecimal digits/)
  await refused(info(await buy(), issued.name, { GenCsrType: 'parse', Csr: issued.csr }), /InvalidParam/, /used in another order/) /* a wrong list leaves the old one */
  writeFileSync(weakKeys, `# three\n${issued.line}\n${pending.line}\n${shelvedLine}\n`)
  await reload()
  const words = /operator's list.*private half is known.*Make a new key pair/
  await refused(info(await buy(), issued.name, { GenCsrType: 'parse', Csr: issued.csr }), /InvalidParam/, words)
  const picked = await pick()
  assert.ok(picked?.Code === 'FailedOperation.InvalidParam' && words.test(picked.Message), JSON.stringify(picked))
  await refused(sdk.ReplaceCertificate({ CertificateId: issued.id, ValidType: 'DNS', CsrType: 'original' }), /InvalidParam/, words)
  await placeRecords(dns, await server.proofs(account, pending.id))
  await sdk.CompleteCertificate({ CertificateId: pending.id })
  await server.waitStatus(account, pending.id, 2)
  assert.match((await show(pending.id)).StatusMsg, /refused to issue.*too weak.*make a new CSR/)
  writeFileSync(weakKeys, '# none\n')
  await reload()
  assert.equal(await pick(), undefined)
})

/* As another node of the same database would: what a report there writes, and what it could not see of this one's. */
test('a key that was reported elsewhere is asked for once more before it is signed (RVK-31)', async () => {
  const made = await makeCsr('reported.maple.com'), id = await buy()
  const hash = createHash('sha256').update(createPublicKey(made.key).export({ type: 'spki', format: 'der' })).digest('hex')
  await info(id, 'reported.maple.com', { GenCsrType: 'parse', Csr: made.csr })
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { code, stderr } = await run('sqlite3', ['-cmd', '.timeout 20000', join(server.data, 'chancery.db'), `INSERT INTO blocked_key VALUES (X'${hash}', 0, 0, 'operator', ${server.now()})`])
  assert.equal(code, 0, stderr)
  await placeRecords(dns, await server.proofs(account, id))
  await server.waitStatus(account, id, 2, { ask: true })
  assert.match((await show(id)).StatusMsg, /refused to issue.*make a new CSR/)
  await refused(info(await buy(), 'reported.maple.com', { GenCsrType: 'parse', Csr: made.csr }), /./, /compromised|used in another order/)
})

test('a request picked from the library, by number and by its text (SIL-46 A9 SIL-41)', async () => {
  const make = async more => (await intl.CreateCSR({ Domain: 'lib.maple.com', Organization: 'M', Department: 'IT', Email: '', Province: 'S', City: 'S', Country: 'CN', EncryptAlgo: 'ECC', KeyParameter: 'prime256v1', Generate: true, ...more })).Id
  const CSRId = await make()
  const id = await buy()
  const common = { CertId: id, GenCsrType: 'parse', CertCommonName: 'lib.maple.com', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com' }
  assert.equal((await call(server, account, 'CertificateInfoSubmit', { ...common, CSRId })).error, undefined)
  assert.equal((await intl.DescribeCSR({ CSRId })).Status, 2)
  /* Not committed yet: another choice sets it free again. */
  await info(id, 'lib.maple.com')
  assert.equal((await intl.DescribeCSR({ CSRId })).Status, 1)
  assert.equal((await call(server, account, 'CertificateInfoSubmit', { ...common, CSRId })).error, undefined)
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { detail, leaf } = await issue(id)
  assert.ok(leaf.checkPrivateKey(createPrivateKey(detail.CertificatePrivateKey)))
  const used = await call(server, account, 'CertificateInfoSubmit', { ...common, CertId: await buy(), CSRId })
  assert.match(used.error.Message, /used in another order/) /* CSR-32 */
  const gone = await call(server, account, 'BatchDeleteCSR', { CSRIds: [CSRId] })
  assert.match(gone.answer.Warnings[0], new RegExp(id)) /* SIL-41 */
  assert.notEqual((await sdk.DescribeCertificateDetail({ CertificateId: id })).CertificatePrivateKey, '')
  /* By its text: RSA 2048, the kind that is pasted. */
  const rsa = await intl.DescribeCSR({ CSRId: await make({ EncryptAlgo: 'RSA', KeyParameter: '2048', Domain: 'text.maple.com' }) })
  const other = await buy()
  await info(other, 'text.maple.com', { GenCsrType: 'parse', Csr: rsa.CSR })
  assert.equal((await intl.DescribeCSR({ CSRId: rsa.Id })).Status, 2)
  await sdk.CertificateOrderSubmit({ CertId: other })
  assert.match((await issue(other)).detail.CertificatePrivateKey, /PRIVATE KEY/)
  /* A draft has no key, another account's entry is not there. */
  const draft = await call(server, account, 'CertificateInfoSubmit', { ...common, CertId: await buy(), CSRId: await make({ Generate: false }) })
  assert.match(draft.error.Message, /draft/)
  const missing = await call(server, account, 'CertificateInfoSubmit', { ...common, CertId: await buy(), CSRId: 987654 })
  assert.equal(missing.error.Code, 'ResourceNotFound')
})

test('a renewal bought with points brings its information at once, or nothing happens (PUR-17 PUR-18 CON-16)', async () => {
  const operator = await server.createAccount({ role: 'operator' })
  const { PackageId } = await server.call(operator, 'GrantPackage', { Account: account.Account, Type: 'ssl_100' })
  const old = await buy()
  await info(old, 'renewed.maple.com')
  await sdk.CertificateOrderSubmit({ CertId: old })
  const before = await issue(old)
  const wish = { ProductPid: 1013949, PackageIds: [PackageId], DomainCount: '1', Period: 1, OldCertificateId: old }
  const used = (await makeCsr('renewed.maple.com'))
  const taken = await buy()
  await info(taken, 'renewed.maple.com', { GenCsrType: 'parse', Csr: used.csr })
  const counts = async () => [(await sdk.DescribePackages({ PackageId })).Packages[0].Balance, (await server.sql('SELECT (SELECT COUNT(*) FROM cert_order) AS o, (SELECT COUNT(*) FROM certificate) AS c, (SELECT COUNT(*) FROM cert_key) AS k'))[0]]
  const had = await counts()
  const table = [
    [{ RenewGenCsrMethod: 'magic' }, /RenewGenCsrMethodInvalid/, /original/],
    [{ RenewKeyPass: 'x' }, /RenewGenCsrMethodInvalid/, /how the key arises/],
    [{ RenewGenCsrMethod: 'upload' }, /RenewCsrInvalid/, /RenewCsr is sent/],
    [{ RenewGenCsrMethod: 'online', RenewCsr: used.csr }, /RenewCsrInvalid/, /only then/],
    [{ RenewGenCsrMethod: 'upload', RenewCsr: 'hello' }, /RenewCsrInvalid/, /PEM/],
    [{ RenewGenCsrMethod: 'upload', RenewCsr: used.csr }, /InvalidParam/, /used in another order/],
    [{ RenewGenCsrMethod: 'online', RenewAlgorithmType: 'RSA', RenewAlgorithmParam: '1024' }, /InvalidParameterValue/, /2048/],
    [{ RenewGenCsrMethod: 'online', DomainNames: '*.maple.com' }, /InvalidParam/, /wildcard/],
    /* incident 14 (2024: WHOIS hijacked): nothing is proved by contacts that somebody else tells */
    [{ RenewGenCsrMethod: 'original', VerifyType: 'EMAIL' }, /InvalidParameterValue/, /DNS or FILE/],
    [{ RenewGenCsrMethod: 'original', CompanyId: 7 }, /UnsupportedOperation/, /profiles/]
  ]
  for (const [change, code, words] of table) {
    await refused(sdk.CreateCertificateByPackage({ ...wish, ...change }), code, words)
    assert.deepEqual(await counts(), had, JSON.stringify(change))
  }
  const next = (await sdk.CreateCertificateByPackage({ ...wish, RenewGenCsrMethod: 'original', VerifyType: 'DNS' })).CertificateId
  const bought = await show(next)
  assert.deepEqual([bought.Status, bought.Domain, bought.VerifyType, bought.CertificateExtra.OriginCertificateId, bought.SubmittedData.ContactEmail],
    [5, 'renewed.maple.com', 'DNS', old, 'a@maple.com'])
  await sdk.CertificateOrderSubmit({ CertId: next })
  const after = await issue(next)
  assert.deepEqual(after.leaf.publicKey.export({ type: 'spki', format: 'pem' }), before.leaf.publicKey.export({ type: 'spki', format: 'pem' }))
  const own = await makeCsr('own2.maple.com')
  const third = (await sdk.CreateCertificateByPackage({ ...wish, OldCertificateId: next, RenewGenCsrMethod: 'upload', RenewCsr: own.csr, DomainNames: 'own2.maple.com' })).CertificateId
  assert.deepEqual([(await show(third)).Domain, (await show(third)).SubmittedData.CsrType], ['own2.maple.com', 'parse'])
})

test('the same key never serves two orders, whoever has them (CSR-32 CSR-34 CON-16 RVW-21)', async () => {
  const { csr } = await makeCsr('twice.maple.com')
  const first = await buy()
  await info(first, 'twice.maple.com', { GenCsrType: 'parse', Csr: csr })
  await info(first, 'twice.maple.com', { GenCsrType: 'parse', Csr: csr }) /* the same order again is fine */
  const again = /used in another order already/
  const second = await buy()
  await refused(info(second, 'twice.maple.com', { GenCsrType: 'parse', Csr: csr }), /FailedOperation\.InvalidParam/, again)
  assert.deepEqual([(await show(second)).Status, (await show(second)).Domain], [5, ''])
  await refused(stranger.CertificateInfoSubmit({ ...person, CertId: await buy(SINGLE, 1, stranger), CertCommonName: 'twice.maple.com', GenCsrType: 'parse', Csr: csr }),
    /FailedOperation\.InvalidParam/, again)
  await sdk.CertificateOrderSubmit({ CertId: first })
  await sdk.CancelCertificateOrder({ CertificateId: first })
  await refused(info(second, 'twice.maple.com', { GenCsrType: 'parse', Csr: csr }), /InvalidParam/, again) /* submitted is submitted */
  await sdk.ModifyCertificateResubmit({ CertificateId: first })
  await info(first, 'twice.maple.com', { GenCsrType: 'parse', Csr: csr })
  await sdk.CertificateOrderSubmit({ CertId: first })
  /* A key that was made here for a free certificate is a key in use too. */
  const free = (await sdk.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'freekey.maple.com' })).CertificateId
  const { detail } = await issue(free)
  const file = join(server.dir, 'free.key')
  await import('node:fs').then(fs => fs.writeFileSync(file, detail.CertificatePrivateKey, { mode: 0o600 }))
  await openssl('req', '-new', '-key', file, '-out', 'free.csr', '-subj', '/CN=freekey.maple.com')
  await refused(info(second, 'freekey.maple.com', { GenCsrType: 'parse', Csr: readFileSync(join(server.dir, 'free.csr'), 'utf8') }), /InvalidParam/, again)
})

test('a password: the key is delivered under it and it is stored nowhere, and such a key is not for deployment (APP-10 APP-11 FREE-14 PKP-01 PKP-03 PKP-07)', async () => {
  const KeyPass = 'Marker-Submit-9917'
  const id = await buy()
  await info(id, 'secret.maple.com', { KeyPass })
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { detail, leaf } = await issue(id)
  assert.match(detail.CertificatePrivateKey, /ENCRYPTED/)
  assert.equal((await show(id)).Deployable, false)
  assert.ok(leaf.checkPrivateKey(createPrivateKey({ key: detail.CertificatePrivateKey, passphrase: KeyPass })))
  const rows = await server.sql("SELECT body FROM submission")
  assert.ok(!JSON.stringify(rows).includes(KeyPass))
  assert.ok(!readFileSync(join(server.data, 'chancery.db')).includes(KeyPass) && !server.log.includes(KeyPass))
})

test('information that is refused changes nothing, and says what to change', async () => {
  const id = await buy(SINGLE)
  const multi = await buy(MULTI, 2)
  const wild = await buy(WILDCARD)
  const rsa4096 = (await makeCsr('big.maple.com', { key: 'rsa:4096' })).csr
  const { csr } = await makeCsr('bad.maple.com')
  const noName = (await makeCsr(null)).csr
  const ecc = (await makeCsr('ecc.maple.com', { key: 'ec:prime256v1' })).csr
  const spoilt = csr.split('\n').map((line, i) => i === 3 ? line.replace(/[A-Za-z]/, c => c === 'A' ? 'B' : 'A') : line).join('\n')
  const parse = (Csr, CertCommonName = 'bad.maple.com') => ({ GenCsrType: 'parse', Csr, CertCommonName })
  const org = { CompanyType: 2, OrgOrganization: 'M', OrgAddress: 'A', OrgCity: 'C', OrgPhoneNumber: '1', AdminFirstName: 'F', AdminPhone: '1', AdminEmail: 'x@maple.com' }
  const DOMAIN = /CertificateInfoSubmitDomainInvalid/
  const table = [
    [id, { CertCommonName: 'a.ru' }, DOMAIN, /\.ru/], /* DOM-02 */
    [id, { CertCommonName: '1.1.1.1' }, DOMAIN, /IP address/], /* DOM-19 CAT-13 */
    [id, { CertCommonName: '*.maple.com' }, DOMAIN, /wildcard/], /* PUR-09 */
    [id, { CertCommonName: `${'a'.repeat(56)}.maple.com` }, /CertificateDomainMaxLengthInvalid/, /64/], /* DOM-16 RVW-22 */
    [id, { CertCommonName: 'a_b.maple.com' }, DOMAIN, /underscore/],
    [id, { CertCommonName: '' }, DOMAIN, /no domain name/],
    [id, { CertCommonName: 'test.maple.com' }, DOMAIN, /sensitive word "test"/], /* RVW-25 */
    [id, { CertCommonName: 'qq.pw' }, DOMAIN, /\.pw/], /* RVW-27 */
    [id, { DnsNames: ['two.maple.com'] }, DOMAIN, /binds one name/], /* DOM-23 CON-35 */
    [multi, { DnsNames: ['two.maple.com', 'three.maple.com'] }, DOMAIN, /2 names were bought/],
    [multi, { DnsNames: ['*.maple.com'] }, DOMAIN, /wildcard/],
    [wild, { CertCommonName: 'plain.maple.com' }, DOMAIN, /wildcard names only/], /* DOM-13 */
    [wild, { CertCommonName: '*.*.maple.com' }, DOMAIN, /one asterisk/], /* DOM-14 */
    [wild, { CertCommonName: '*.maple.com', VerifyType: 'FILE' }, /InvalidParameterValue/, /wildcard/], /* CON-04 */
    [id, { VerifyType: 'DNS_AUTO' }, /InvalidParameterValue/, /DNS host/],
    [id, { VerifyType: 'EMAIL' }, /InvalidParameterValue/, /DNS or FILE/],
    [id, { GenCsrType: 'magic' }, /InvalidParameterValue/, /online/],
    [id, { GenCsrType: 'original' }, /InvalidParameterValue/, /renews none/], /* PUR-17 */
    [id, { CsrEncryptAlgo: 'SM2' }, /InvalidParameterValue/, /CsrEncryptAlgo/], /* APP-06 */
    [id, { CsrEncryptAlgo: 'RSA', CsrKeyParameter: '1024' }, /InvalidParameterValue/, /2048/], /* APP-07 */
    [id, { CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'secp384r1' }, /InvalidParameterValue/, /prime256v1/],
    [id, { KeyPass: 'a\nb' }, /InvalidParameterValue/, /password/],
    [id, { SignAlgo: 'MD5' }, /InvalidParameterValue/, /SHA256/], /* APP-08 */
    [id, { SignAlgo: 'SHA384' }, /InvalidParameterValue/, /goes with RSA/],
    [id, parse(''), /CsrParseFailed/, /There is no CSR/],
    [id, parse('hello'), /CsrParseFailed/, /PEM/],
    [id, parse(csr + csr), /CsrParseFailed/, /PEM/],
    [id, parse(spoilt), /CsrParseFailed|InvalidParam/, /CSR|key/],
    [id, parse(ecc, 'ecc.maple.com'), /InvalidParam/, /rsa-2048/], /* CON-15 */
    [id, parse(rsa4096, 'big.maple.com'), /InvalidParam/, /rsa-2048/],
    [id, parse(noName), /InvalidParam/, /no common name.*generated online/], /* RVW-23 APP-39 */
    [id, parse(csr, 'other.maple.com'), /InvalidParam/, /not one of the bound names/], /* CSR-33 DOM-21 */
    [id, { CompanyType: 3 }, /InvalidParameterValue/, /CompanyType/],
    [id, { CompanyId: '7' }, /InvalidParameterValue/, /CompanyId/],
    [id, { ContactEmail: '' }, /ContactEmailEmpty/, /ContactEmail/], /* APP-38 RVW-10 */
    [id, { ContactEmail: 'nobody' }, /EmailParse/, /email/],
    [id, { ...org, OrgPhoneNumber: '' }, /InvalidParameterValue/, /telephone/], /* APP-15 RVW-20 */
    [id, { ...org, OrgCity: '' }, /InvalidParameterValue/, /city/],
    [id, { ...org, AdminEmail: '' }, /InvalidParameterValue/, /administrator's email/], /* APP-17 */
    [id, { ...org, AdminPhone: '' }, /InvalidParameterValue/, /administrator's telephone/]
  ]
  for (const [CertId, change, code, words] of table) {
    await refused(sdk.CertificateInfoSubmit({ ...person, CertId, CertCommonName: 'ok.maple.com', ...change }), code, words)
  }
  for (const one of [id, multi, wild]) {
    const now = await show(one)
    assert.deepEqual([now.Status, now.Domain, now.SubmittedData.OrganizationName], [5, '', null])
  }
  const keys = await server.sql(`SELECT COUNT(*) AS n FROM certificate WHERE certificate_id IN ('${id}', '${multi}', '${wild}') AND key_id <> 0`)
  assert.deepEqual(keys, [{ n: 0 }])
  await info(id, 'ok.maple.com', org) /* CON-26: no department */
})

test('states and strangers: the code of each action, the same for foreign and missing ids', async () => {
  const id = await buy()
  await refused(sdk.CertificateOrderSubmit({ CertId: id }), /CertificateInfoSubmitStatusInvalid/, /no information/)
  await refused(sdk.CommitCertificateInformation({ CertificateId: id }), /InvalidCertificateStatusCode/, /no information/)
  await refused(sdk.ModifyCertificateResubmit({ CertificateId: id }), /CertificateStatusNotAllowResubmit/, /Pending submission/)
  await info(id, 'state.maple.com')
  await sdk.CertificateOrderSubmit({ CertId: id })
  await refused(sdk.CertificateOrderSubmit({ CertId: id }), /CertificateOrderSubmitProcessing/, /already/)
  await refused(info(id, 'state.maple.com'), /CertificateInfoSubmitStatusInvalid/, /Pending submission only/)
  await refused(sdk.SubmitCertificateInformation({ CertificateId: id, CertificateDomain: 'state.maple.com', ContactEmail: 'a@maple.com' }), /InvalidCertificateStatusCode/, /Pending submission only/)
  const free = (await sdk.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'state2.maple.com', CsrEncryptAlgo: 'ECC' })).CertificateId
  await sdk.CancelAuditCertificate({ CertificateId: free })
  await refused(sdk.ModifyCertificateResubmit({ CertificateId: free }), /CertificateStatusNotAllowResubmit/, /ApplyCertificate/)
  await refused(info(free, 'state2.maple.com'), /InvalidCertificateStatusCode/, /ApplyCertificate/)
  for (const [action, field] of [['CertificateInfoSubmit', 'CertId'], ['CertificateOrderSubmit', 'CertId'], ['SubmitCertificateInformation', 'CertificateId'],
    ['CommitCertificateInformation', 'CertificateId'], ['ModifyCertificateResubmit', 'CertificateId'], ['CancelCertificateOrder', 'CertificateId']]) {
    const more = action === 'CertificateInfoSubmit' ? { ...person, CertCommonName: 'x.maple.com' } : {}
    const errors = []
    for (const one of [id, 'zzzzzzzz']) await stranger[action]({ ...more, [field]: one }).then(() => assert.fail(action), e => errors.push([e.code, e.message]))
    assert.deepEqual(errors[0], errors[1])
    assert.equal(errors[0][0], 'FailedOperation.CertificateNotFound', action)
  }
})

test('cancelling an order before anything was submitted, and taking it up again (SIL-12 A1)', async () => {
  const id = await buy()
  assert.equal((await sdk.CancelCertificateOrder({ CertificateId: id })).CertificateId, id)
  assert.equal((await show(id)).Status, 7)
  await sdk.CancelCertificateOrder({ CertificateId: id })
  await sdk.ModifyCertificateResubmit({ CertificateId: id })
  await info(id, 'later.maple.com')
  await sdk.CertificateOrderSubmit({ CertId: id })
  await issue(id)
  await refused(sdk.CancelCertificateOrder({ CertificateId: id }), /CancelOrderFailed/, /Issued/)
})

test('RSA 4096, and SHA-384 by the RSA issuer (APP-06 APP-07 APP-08)', async () => {
  const id = await buy()
  await info(id, 'hash.maple.com', { CsrEncryptAlgo: 'RSA', CsrKeyParameter: '4096', SignAlgo: 'SHA384' })
  await sdk.CertificateOrderSubmit({ CertId: id })
  const { detail, leaf } = await issue(id)
  assert.equal(leaf.publicKey.asymmetricKeyDetails.modulusLength, 4096)
  const pem = join(server.dir, 'hash.pem')
  await import('node:fs').then(fs => fs.writeFileSync(pem, detail.CertificatePublicKey))
  const text = await run('openssl', ['x509', '-in', pem, '-noout', '-text'])
  assert.match(text.stdout, /Signature Algorithm: sha384WithRSAEncryption/)
  const strict = await run('openssl', ['verify', '-x509_strict', '-CAfile', server.root, '-untrusted', pem, pem])
  assert.equal(strict.code, 0, strict.stderr)
})

test('time runs out: the cause tells what was seen and what to do, and the order goes on (RVW-09 RVW-15 RVW-17 RVW-18 LIFE-14 CON-01 A1 A5)', async () => {
  const id = await buy()
  await info(id, 'slow.maple.com')
  await sdk.CertificateOrderSubmit({ CertId: id })
  const free = (await sdk.ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'slow2.maple.com', CsrEncryptAlgo: 'ECC' })).CertificateId
  await placeRecords(dns, await server.proofs(account, id), value => `x${value}`)
  await sdk.CheckCertificateDomainVerification({ CertificateId: id })
  await server.moveClock(7 * 86400 + 60)
  sdk = sslClientNow()
  await server.waitStatus(account, id, 2)
  await server.waitStatus(account, free, 2)
  const failed = await server.call(account, 'DescribeCertificate', { CertificateId: id })
  assert.match(failed.StatusMsg, /slow\.maple\.com.*Correct the record.*ModifyCertificateResubmit.*7 days/)
  const lost = await server.call(account, 'DescribeCertificate', { CertificateId: free })
  assert.match(lost.StatusMsg, /Add the record.*apply again.*3 days/)
  const logs = await server.sql(`SELECT type FROM log WHERE certificate_id = '${id}' ORDER BY seq`)
  assert.deepEqual(logs.map(r => r.type), ['applyVIP', 'submitInfo', 'apply', 'reviewFailed'])
  /* RVW-18: edited, submitted again, with a new deadline and new values. */
  await server.call(account, 'ModifyCertificateResubmit', { CertificateId: id })
  const open = await server.call(account, 'DescribeCertificate', { CertificateId: id })
  assert.deepEqual([open.Status, open.StatusMsg], [5, failed.StatusMsg])
  await server.call(account, 'CertificateInfoSubmit', { ...person, CertId: id, CertCommonName: 'quick.maple.com' })
  await server.call(account, 'CertificateOrderSubmit', { CertId: id })
  const again = await server.call(account, 'DescribeCertificate', { CertificateId: id })
  assert.deepEqual([again.Status, again.StatusMsg, again.Domain, again.DvAuthDetail.DvAuths.length], [0, 'PENDING-DCV', 'quick.maple.com', 1])
  await placeRecords(dns, await server.proofs(account, id))
  await server.waitStatus(account, id, 1)
})
