/*
 * Certificates from elsewhere through the typed SDKs: every form of certificate and key, what comes back, what is refused
 * and with which code, and what other tools make of the package.
 * UPL-01 UPL-03 UPL-05 UPL-06 UPL-07 UPL-08 UPL-09 UPL-10 UPL-15 UPL-16 UPL-18 UPL-23 SIL-63 SIL-64 CON-19 INST-14 INST-17 DL-03 DL-08 LIFE-12 PKP-03
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey, pbkdf2Sync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery } from '../lib/chancery.mjs'
import { newPki } from '../lib/pki.mjs'
import { freePorts } from '../lib/web.mjs'
import { intlKnows, noDns, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let server, account, other, client, pki, ca, rsa
before(async () => {
  server = await startChancery({ settings: { ...noDns, 'limits.rate': 'off' } })
  account = await server.createAccount()
  other = await server.createAccount({ name: 'other' })
  client = sslClient(server, account)
  pki = newPki()
  ca = pki.chain()
  rsa = pki.chain({ name: 'Rsa', algorithm: 'rsa:2048', levels: 2 })
})
after(async () => {
  await server?.stop()
  pki?.done()
})

const upload = (leaf, more = {}) => client.UploadCertificate({ CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key, ...more })
const detail = CertificateId => client.DescribeCertificateDetail({ CertificateId })
async function refused (code, parameters, words = /./) {
  await assert.rejects(client.UploadCertificate(parameters), e => {
    assert.equal(e.code, code, e.message)
    assert.match(e.message, words)
    return true
  })
}
const fingerprint = pem => new X509Certificate(pem).fingerprint256
const blocks = pem => pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g)
const gmt8 = text => Date.parse(`${text.replace(' ', 'T')}+08:00`)

test('an upload is described like any other certificate and given back byte for byte (UPL-01 UPL-05 UPL-15 UPL-16 UPL-19 LIFE-12)', async () => {
  const leaf = ca.leaf('shop.example.org', { names: ['shop.example.org', 'www.example.org', '192.0.2.7'] })
  const text = leaf.chain.replaceAll('\n', '\r\n') + '\r\n\r\n'
  const key = leaf.key.replace(/\n$/, '')
  const answer = await client.UploadCertificate({ CertificatePublicKey: text, CertificatePrivateKey: key, Alias: '商店', CertificateType: 'SVR', ProjectId: 0, CertificateUse: 'CLB', Tags: [{ TagKey: 'env', TagValue: 'prod' }] })
  checkAnswer('UploadCertificate', answer)
  assert.equal(answer.RepeatCertId, '')
  assert.match(answer.CertificateId, /^[A-Za-z0-9]{8}$/)
  const d = await detail(answer.CertificateId)
  checkAnswer('DescribeCertificateDetail', d)
  assert.equal(d.CertificatePublicKey, text)
  assert.equal(d.CertificatePrivateKey, key)
  const x = new X509Certificate(leaf.cert)
  assert.deepEqual([d.From, d.Status, d.Alias, d.CertificateType, d.ProjectId, d.Domain, d.EncryptAlgorithm, d.DomainType],
    ['upload', 1, '商店', 'SVR', '0', 'shop.example.org', 'ECC prime256v1', 2])
  assert.deepEqual(d.SubjectAltName, ['www.example.org', '192.0.2.7'])
  assert.equal(d.CertFingerprint, x.fingerprint.replaceAll(':', ''))
  assert.equal(gmt8(d.CertBeginTime), Date.parse(x.validFrom))
  assert.equal(gmt8(d.CertEndTime), Date.parse(x.validTo))
  assert.equal(d.CertChainInfo.length, 2)
  assert.equal(d.SubmittedData, null)
  assert.deepEqual(d.Tags, [{ TagKey: 'env', TagValue: 'prod' }])
  for (const field of ['ProductZhName', 'InsertTime', 'CertEndTime']) assert.ok(d[field], field)
  const list = await client.DescribeCertificates({ SearchKey: 'www.example.org', Upload: 1 })
  checkAnswer('DescribeCertificates', list)
  assert.deepEqual(list.Certificates.map(c => c.CertificateId), [answer.CertificateId])
  const [item] = list.Certificates
  assert.deepEqual([item.From, item.Deployable, item.AllowDownload, item.RenewAble, item.IsWildcard], ['upload', true, true, false, false])
  assert.deepEqual(item.CACommonNames, ['Test CA 1'])
  checkAnswer('DescribeCertificate', await client.DescribeCertificate({ CertificateId: answer.CertificateId }))
  const log = await client.DescribeCertificateOperateLogs({})
  assert.ok(log.OperateLogs.some(l => l.CertId === answer.CertificateId && l.Type === 'upload'))
})

test('chains in any order, with and without root, DER too, come out sorted: the certificate, then those that issued it (CON-19 INST-15 INST-16 INST-17 DL-08)', async () => {
  const leaf = rsa.leaf('order.example.org')
  const [a, b, c] = blocks(leaf.chain)
  const root = rsa.root.cert
  const orders = [[a, b, c], [c, a, b], [root, c, b, a], [b, c, root, a], [a, b]]
  for (const order of orders) {
    const { CertificateId } = await upload({ chain: order.join('\n'), key: leaf.key }, { Repeatable: true })
    const files = await server.download(account, CertificateId)
    const sent = order.map(fingerprint)
    const sorted = [a, b, c].map(fingerprint).filter(f => sent.includes(f))
    assert.deepEqual(blocks(files['Nginx/1_order.example.org_bundle.crt'].toString()).map(fingerprint), sorted)
    assert.equal('Root/root.crt' in files, order.includes(root))
    assert.equal((await detail(CertificateId)).CertificatePublicKey, order.join('\n'))
  }
  const der = Buffer.concat([c, a, b].map(p => new X509Certificate(p).raw)).toString('base64')
  const { CertificateId } = await upload({ chain: der, key: leaf.key }, { Repeatable: true })
  assert.deepEqual(blocks((await detail(CertificateId)).CertificatePublicKey).map(fingerprint), [a, b, c].map(fingerprint))
})

test('keys in every form (UPL-09 UPL-10): PKCS#8, PKCS#1, SEC1, DER, encrypted with KeyPassword', async () => {
  const leaf = ca.leaf('keys.example.org'), rsaLeaf = rsa.leaf('rsa-keys.example.org')
  const convert = (key, ...args) => pki.openssl(args, key)
  const forms = [
    [leaf, leaf.key],
    [leaf, convert(leaf.key, 'ec').toString()],
    [leaf, convert(leaf.key, 'ec', '-outform', 'DER').toString('base64')],
    [leaf, convert(leaf.key, 'pkcs8', '-topk8', '-nocrypt', '-outform', 'DER').toString('base64')],
    [rsaLeaf, rsaLeaf.key],
    [rsaLeaf, convert(rsaLeaf.key, 'rsa', '-traditional').toString()],
    [rsaLeaf, convert(rsaLeaf.key, 'rsa', '-traditional', '-outform', 'DER').toString('base64')]
  ]
  for (const [of, key] of forms) {
    const { CertificateId } = await upload({ chain: of.chain, key }, { Repeatable: true })
    const d = await detail(CertificateId)
    if (key.startsWith('-----')) assert.equal(d.CertificatePrivateKey, key)
    assert.ok(new X509Certificate(of.cert).checkPrivateKey(createPrivateKey(d.CertificatePrivateKey)))
  }
  const encrypted = [
    [leaf, ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:s3cret é']],
    [leaf, ['pkcs8', '-topk8', '-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1', '-iter', '1', '-passout', 'pass:s3cret é']],
    [rsaLeaf, ['pkcs8', '-topk8', '-v2', 'des3', '-passout', 'pass:s3cret é']],
    [leaf, ['ec', '-aes256', '-passout', 'pass:s3cret é']],
    [rsaLeaf, ['rsa', '-traditional', '-des3', '-passout', 'pass:s3cret é']]
  ]
  for (const [of, args] of encrypted) {
    const key = convert(of.key, ...args).toString()
    const { CertificateId } = await upload({ chain: of.chain, key }, { Repeatable: true, KeyPassword: 's3cret é' })
    const d = await detail(CertificateId)
    assert.equal(d.CertificatePrivateKey, key) /* PKP-03: without the password nobody has the key in the open */
    assert.ok(new X509Certificate(of.cert).checkPrivateKey(createPrivateKey({ key, passphrase: 's3cret é' })))
    const [item] = (await client.DescribeCertificates({ CertIds: [CertificateId] })).Certificates
    assert.equal(item.Deployable, false) /* PKP-07 */
    const parameters = { CertificatePublicKey: of.chain, CertificatePrivateKey: key, Repeatable: true }
    await refused('FailedOperation.InvalidParam', parameters, /KeyPassword/)
    await refused('FailedOperation.InvalidParam', { ...parameters, KeyPassword: 'wrong' }, /does not open/)
    const files = await server.download(account, CertificateId, { KeyPassword: 's3cret é' })
    const pfx = pki.write('a.pfx', files[Object.keys(files).find(n => n.endsWith('.pfx'))])
    assert.ok(pki.openssl(['pkcs12', '-in', pfx, '-passin', 'pass:s3cret é', '-nodes']).toString().includes('BEGIN PRIVATE KEY'))
  }
  const { stdout } = await run('grep', ['-rlaF', 's3cret', server.data])
  assert.equal(stdout, '') /* not stored, not logged */
  assert.ok(!server.log.includes('s3cret'))
})

test('nginx, openssl and keytool open what comes down after an upload (UPL-18 DL-03 INST-04 INST-08 INST-26 DL-11)', async () => {
  const leaf = rsa.leaf('tools.example.org')
  const { CertificateId } = await upload(leaf)
  const files = await server.download(account, CertificateId)
  const dir = mkdtempSync(join(pki.dir, 'tools-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
  const [port] = await freePorts(1)
  writeFileSync(join(dir, 'nginx.conf'), `pid ${dir}/pid; error_log ${dir}/error.log; events {} http { access_log off; client_body_temp_path ${dir}; proxy_temp_path ${dir}; fastcgi_temp_path ${dir}; uwsgi_temp_path ${dir}; scgi_temp_path ${dir};
    server { listen 127.0.0.1:${port} ssl; ssl_certificate ${dir}/Nginx/1_tools.example.org_bundle.crt; ssl_certificate_key ${dir}/Nginx/2_tools.example.org.key; } }`)
  const nginx = await run('nginx', ['-t', '-c', join(dir, 'nginx.conf'), '-p', dir])
  assert.equal(nginx.code, 0, nginx.stderr)
  const root = pki.write('rsa-root.pem', rsa.root.cert)
  const bundle = join(dir, 'Nginx/1_tools.example.org_bundle.crt')
  const verify = await run('openssl', ['verify', '-x509_strict', '-CAfile', root, '-untrusted', bundle, bundle])
  assert.equal(verify.code, 0, verify.stdout + verify.stderr)
  const password = readFileSync(join(dir, 'Tomcat/keystorePass.txt'), 'utf8').trim()
  const keytool = await run('keytool', ['-list', '-v', '-keystore', join(dir, 'Tomcat/tools.example.org.jks'), '-storepass', password])
  assert.equal(keytool.code, 0, keytool.stdout + keytool.stderr)
  assert.match(keytool.stdout, /Certificate chain length: 3/)
  /* INST-04, INST-08: a PFX for IIS is in the package, and openssl makes one of the Nginx files */
  const pfx = await run('openssl', ['pkcs12', '-in', join(dir, 'IIS/tools.example.org.pfx'), '-passin', `pass:${readFileSync(join(dir, 'IIS/keystorePass.txt'), 'utf8').trim()}`, '-nodes', '-legacy'])
  assert.equal(blocks(pfx.stdout)?.length, 3, pfx.stderr)
  const made = await run('openssl', ['pkcs12', '-export', '-out', join(dir, 'own.pfx'), '-inkey', join(dir, 'Nginx/2_tools.example.org.key'), '-in', bundle, '-passout', 'pass:'])
  assert.equal(made.code, 0, made.stderr)
  /* INST-26, DL-11: a cross certificate at the end of the Nginx file, the root's key signed by an older root, for machines that know only that one */
  const older = pki.make('/O=Older/CN=Older Root', { extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n' })
  const cross = pki.make('/O=Rsa Org/CN=Rsa Root', { by: older, key: rsa.root.key, extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' })
  const extended = readFileSync(bundle, 'utf8') + cross.cert
  writeFileSync(bundle, extended)
  assert.equal((await run('nginx', ['-t', '-c', join(dir, 'nginx.conf'), '-p', dir])).code, 0)
  const byOlder = await run('openssl', ['verify', '-CAfile', pki.write('older.pem', older.cert), '-untrusted', bundle, bundle])
  assert.equal(byOlder.code, 0, byOlder.stderr)
  const crossed = await client.UploadCertificate({ CertificatePublicKey: extended, CertificatePrivateKey: files['Nginx/2_tools.example.org.key'].toString(), Repeatable: true })
  assert.deepEqual(blocks((await server.download(account, crossed.CertificateId))['Nginx/1_tools.example.org_bundle.crt'].toString()).map(fingerprint), blocks(extended).map(fingerprint))
  writeFileSync(bundle, files['Nginx/1_tools.example.org_bundle.crt'])
  /* DL-03: what came down goes up again */
  const again = await client.UploadCertificate({ CertificatePublicKey: readFileSync(bundle, 'utf8'), CertificatePrivateKey: files['Nginx/2_tools.example.org.key'].toString(), Repeatable: true })
  assert.notEqual(again.CertificateId, CertificateId)
})

test('the same certificate twice (SIL-63)', async () => {
  const leaf = ca.leaf('twice.example.org')
  const first = await upload(leaf, { Repeatable: false })
  assert.equal(first.RepeatCertId, '')
  assert.deepEqual((({ CertificateId, RepeatCertId }) => [CertificateId, RepeatCertId])(await upload(leaf, { Repeatable: false })), [first.CertificateId, first.CertificateId])
  await refused('FailedOperation.CertificateExists', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key }, new RegExp(first.CertificateId))
  const anew = await upload(leaf, { Repeatable: true })
  assert.notEqual(anew.CertificateId, first.CertificateId)
  const exist = await client.CheckCertificateExist({ CertificatePublicKey: leaf.cert })
  checkAnswer('CheckCertificateExist', exist)
  assert.equal(exist.RepeatCertId, first.CertificateId)
  assert.equal((await client.CheckCertificateExist({ CertificatePublicKey: ca.leaf('new.example.org').cert })).RepeatCertId, '')
  assert.equal((await sslClient(server, other).CheckCertificateExist({ CertificatePublicKey: leaf.cert })).RepeatCertId, '') /* nobody else's business */
  await assert.rejects(client.CheckCertificateExist({ CertificatePublicKey: 'x' }), { code: 'FailedOperation.InvalidParam' })
  /* many at once: one is stored, the others are pointed to it */
  const many = ca.leaf('at-once.example.org')
  const answers = await Promise.all(Array.from({ length: 8 }, () => upload(many, { Repeatable: false })))
  assert.equal(new Set(answers.map(a => a.CertificateId)).size, 1)
  assert.equal(answers.filter(a => a.RepeatCertId === '').length, 1)
})

test('expired ones are taken and shown as expired (SIL-64)', async () => {
  const leaf = ca.leaf('old.example.org', { from: '20200101000000Z', to: '20210101000000Z' })
  const { CertificateId } = await upload(leaf)
  const d = await detail(CertificateId)
  assert.deepEqual([d.Status, d.CertEndTime, d.CertificatePublicKey], [3, '2021-01-01 08:00:00', leaf.chain])
})

test('a bundle of CAs needs no key and holds nothing but CAs', async () => {
  const bundle = ca.root.cert + rsa.root.cert + rsa.intermediates
  const answer = await client.UploadCertificate({ CertificatePublicKey: bundle, CertificateType: 'CA', Alias: 'clients' })
  const d = await detail(answer.CertificateId)
  checkAnswer('DescribeCertificateDetail', d)
  assert.deepEqual([d.CertificateType, d.Status, d.CertificatePublicKey, d.CertificatePrivateKey, d.Domain], ['CA', 1, bundle, '', 'Test Root'])
  assert.equal((await client.DescribeCertificates({ CertificateType: 'CA' })).TotalCount, 1)
  const files = await server.download(account, answer.CertificateId)
  assert.equal(blocks(files['Nginx/1_Test_Root_bundle.crt'].toString()).length, 4)
  assert.ok(!Object.keys(files).some(n => n.endsWith('.key') || n.endsWith('.jks')))
  const leaf = ca.leaf('noca.example.org')
  await refused('FailedOperation.CertificateCaError', { CertificatePublicKey: ca.root.cert + leaf.cert, CertificateType: 'CA' }, /noca\.example\.org/)
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: ca.root.cert, CertificatePrivateKey: ca.root.key, CertificateType: 'CA' }, /private key/)
  const all = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8')
  const system = await client.UploadCertificate({ CertificatePublicKey: all, CertificateType: 'CA' })
  assert.equal((await detail(system.CertificateId)).CertificatePublicKey, all)
})

test('a key that Debian\'s broken generator made is not taken in, neither anew nor in exchange (CVE-2008-0166)', async () => {
  const key = readFileSync(new URL('../vectors/keys/debian-weak.key', import.meta.url), 'utf8')
  const leaf = rsa.leaf('debian.example.org', { key }), words = /Debian.*private half is known.*Make a new key pair/
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: key }, words)
  const { CertificateId } = await upload(rsa.leaf('debian.example.org')) /* with another key the same is taken */
  const exchange = client.UploadUpdateCertificateInstance({ OldCertificateId: CertificateId, ResourceTypes: ['clb'], CertificatePublicKey: leaf.chain, CertificatePrivateKey: key })
  await assert.rejects(exchange, e => e.code === 'FailedOperation.InvalidParam' && words.test(e.message))
})

test('broken chains are refused, and what is missing is named (UPL-06 UPL-07 INST-14)', async () => {
  const leaf = rsa.leaf('broken.example.org', { extensions: 'authorityInfoAccess=caIssuers;URI:http://ca.example.org/ca2.cer\n' })
  const [a, b, c] = blocks(leaf.chain)
  const chain = (...certs) => ({ CertificatePublicKey: certs.join('\n'), CertificatePrivateKey: leaf.key })
  const broken = 'FailedOperation.CertificateChainError'
  await refused(broken, chain(a), /"Rsa CA 2".*missing.*http:\/\/ca\.example\.org\/ca2\.cer/)
  await refused(broken, chain(a, c), /"Rsa CA 2".*missing/)
  await refused(broken, chain(rsa.root.cert, a, b), /"Rsa CA 1".*missing/)
  await refused(broken, chain(a, b, c, b), /twice/)
  await refused(broken, chain(a, b, c, ca.leaf('second.example.org').cert), /both end certificates/)
  await refused(broken, chain(a, b, c, rsa.root.cert, ca.root.cert), /"Test Root" does not belong/)
  const forged = pki.make('/O=Rsa Org/CN=Rsa CA 2', { extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n', algorithm: 'rsa:2048' })
  const plain = pki.make('/CN=plain.example.org', { by: rsa.cas[2], extensions: 'subjectAltName=DNS:plain.example.org\nauthorityKeyIdentifier=none\n' })
  await refused(broken, { CertificatePublicKey: plain.cert + forged.cert, CertificatePrivateKey: plain.key }, /does not hold/)
  const notCa = ca.leaf('leaf-as-ca.example.org')
  const below = pki.make('/CN=below.example.org', { by: notCa, extensions: 'subjectAltName=DNS:below.example.org\n' })
  await refused(broken, { CertificatePublicKey: below.cert + notCa.chain, CertificatePrivateKey: below.key }, /does not hold/)
  const parse = 'FailedOperation.CertificateParseError'
  for (const [text, words] of [
    ['', /no certificate|neither/], ['hello', /neither PEM nor DER/], [a.slice(0, 300), /block 1 is not PEM/], [`some words\n${a}`, /neither|not PEM/],
    [`${a}\nwords\n${b}`, /block 2 is not PEM/], [a.replace('BEGIN CERTIFICATE', 'BEGIN CERTIFICATES'), /not PEM/],
    [leaf.key, /private key stands in it/], [pki.openssl(['req', '-new', '-key', pki.write('k', leaf.key), '-subj', '/CN=a']).toString(), /CERTIFICATE REQUEST/],
    [a.replace(/[A-Za-z]\n/, '=\n'), /not PEM/], [`-----BEGIN CERTIFICATE-----\n${Buffer.alloc(99, 0x5a).toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----`, /damaged/]
  ]) await refused(parse, { CertificatePublicKey: text, CertificatePrivateKey: leaf.key }, words)
})

/* All programs together: seconds of processor, and the largest that each ever was, in MiB. */
function spent () {
  let seconds = 0, megabytes = 0
  const { keymaker, ...programs } = server.pids() /* it makes keys ahead whenever nobody asks */
  for (const pid of Object.values(programs)) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    seconds += (Number(stat[11]) + Number(stat[12])) / 100
    megabytes += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  }
  return { seconds, megabytes }
}

/* Seconds of this processor for a million rounds, of which what is refused asks for more than eight. */
function millionRounds () {
  const before = process.cpuUsage()
  pbkdf2Sync('a', 'salt', 1_000_000, 32, 'sha256')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

test('hundred levels, huge texts and absurd rounds are refused in bounded time and memory', async () => {
  const leaf = ca.leaf('bounds.example.org')
  let above = { cert: ca.root.cert, key: ca.root.key }
  const deep = []
  for (let i = 0; i < 100; i++) {
    above = pki.make(`/CN=Level ${i}`, { by: above, extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n', key: leaf.key })
    deep.push(above.cert)
  }
  const before = spent()
  const end = pki.make('/CN=deep.example.org', { by: above, extensions: 'subjectAltName=DNS:deep.example.org\n', key: leaf.key })
  await refused('FailedOperation.CertificateParseError', { CertificatePublicKey: end.cert + deep.slice(-20).reverse().join(''), CertificatePrivateKey: leaf.key }, /more than 10/)
  await refused('FailedOperation.CertificateParseError', { CertificatePublicKey: end.cert + deep.reverse().join(''), CertificatePrivateKey: leaf.key }, /more than 10|128 KiB/)
  const slow = pki.openssl(['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-iter', '1000001', '-passout', 'pass:a'], leaf.key).toString()
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: slow, KeyPassword: 'a' }, /rounds/)
  /* 65537 rounds on paper, eight million after a flip of bits: the first derivation alone would take seconds */
  const absurd = pki.openssl(['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-iter', '65537', '-outform', 'DER', '-passout', 'pass:a'], leaf.key)
  const at = absurd.indexOf(Buffer.from('0203010001', 'hex'))
  assert.ok(at > 0)
  absurd.write('7fffff', at + 2, 'hex')
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: absurd.toString('base64'), KeyPassword: 'a' }, /rounds/)
  const scrypt = pki.openssl(['pkcs8', '-topk8', '-scrypt', '-passout', 'pass:a'], leaf.key).toString()
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: scrypt, KeyPassword: 'a' }, /PBKDF2/)
  const big = leaf.chain + ' '.repeat(140_000)
  await refused('FailedOperation.CertificateParseError', { CertificatePublicKey: big, CertificatePrivateKey: leaf.key }, /128 KiB/)
  await refused('FailedOperation.InvalidParam', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: `${leaf.key}${' '.repeat(40_000)}` }, /too large/)
  for (const megabytes of [1, 10]) {
    await refused('RequestSizeLimitExceeded', { CertificatePublicKey: leaf.chain.repeat(Math.ceil((megabytes << 20) / leaf.chain.length)), CertificatePrivateKey: leaf.key }, /256 KiB/)
  }
  assert.equal((await client.DescribeCertificates({ SearchKey: 'bounds.example.org' })).TotalCount, 0) /* nothing half stored */
  const after = spent() /* 0.2 s and 80 MiB where a sanitizer keeps what was freed */
  const most = Math.max(3, 4 * millionRounds())
  assert.ok(after.seconds - before.seconds < most, `${after.seconds - before.seconds} s of processor, and ${most} are allowed`)
  assert.ok(after.megabytes - before.megabytes < 256, `${after.megabytes - before.megabytes} MiB more`)
})

test('keys that do not belong, or are of a kind that is not taken', async () => {
  const leaf = ca.leaf('match.example.org'), rsaLeaf = rsa.leaf('match2.example.org')
  const put = (of, key) => ({ CertificatePublicKey: of.chain, CertificatePrivateKey: key })
  await refused('FailedOperation.CertificateMatchError', put(leaf, pki.key()), /does not belong to "match\.example\.org"/)
  await refused('FailedOperation.CertificateMatchError', put(leaf, rsaLeaf.key))
  await refused('FailedOperation.CertificateMatchError', put(leaf, ca.cas[1].key), /that of the CA "Test CA 1"/)
  await refused('FailedOperation.InvalidParam', put(leaf, undefined), /missing/)
  for (const key of ['x', leaf.cert, `${leaf.key}${leaf.key}`, leaf.key.slice(0, 90), '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n']) await refused('FailedOperation.InvalidParam', put(leaf, key), /private key/)
  for (const algorithm of ['ED25519', 'ec:secp521r1', 'ec:secp256k1']) {
    const odd = ca.leaf('odd.example.org', { algorithm })
    await refused('FailedOperation.CertificateInvalid', put(odd, odd.key), /not supported/)
    await refused('FailedOperation.InvalidParam', put(leaf, odd.key), /not supported/)
  }
  const sm2 = pki.make('/CN=sm2.example.org', { algorithm: 'SM2', digest: 'sm3' })
  await refused('FailedOperation.CertificateEncryptInvalid', put({ chain: sm2.cert }, sm2.key), /SM2/)
  await refused('FailedOperation.InvalidParam', { ...put(leaf, leaf.key), CertificateType: 'XYZ' }, /SVR or CA/)
  await refused('FailedOperation.NoProjectPermission', { ...put(leaf, leaf.key), ProjectId: 77 })
  await refused('InvalidParameterValue', { ...put(leaf, leaf.key), Alias: 'x'.repeat(201) }, /200/) /* UPL-05 */
  await upload(leaf, { Alias: 'ä'.repeat(200) })
})

test('other content under the same id', async () => {
  const first = ca.leaf('same.example.org'), second = rsa.leaf('same.example.org')
  const { CertificateId } = await upload(first, { Alias: 'kept' })
  const exchange = (more = {}) => client.UploadUpdateCertificateInstance({ OldCertificateId: CertificateId, ResourceTypes: ['clb'], CertificatePublicKey: second.chain, CertificatePrivateKey: second.key, ...more })
  const answer = await exchange()
  checkAnswer('UploadUpdateCertificateInstance', answer)
  assert.ok(answer.DeployRecordId > 0)
  assert.equal(answer.DeployStatus, 1)
  const d = await detail(CertificateId)
  assert.deepEqual([d.CertificatePublicKey, d.CertificatePrivateKey, d.Alias, d.EncryptAlgorithm], [second.chain, second.key, 'kept', 'RSA 2048'])
  const records = await client.DescribeHostUploadUpdateRecord({ OldCertificateId: CertificateId })
  checkAnswer('DescribeHostUploadUpdateRecord', records)
  assert.deepEqual(records.DeployRecordList.map(r => [r.Id, r.OldCertId, r.ResourceTypes]), [[answer.DeployRecordId, CertificateId, ['clb']]])
  const record = await client.DescribeHostUploadUpdateRecordDetail({ DeployRecordId: answer.DeployRecordId })
  checkAnswer('DescribeHostUploadUpdateRecordDetail', record)
  for (const r of record.DeployRecordDetail) assert.equal(r.SuccessTotalCount + r.FailedTotalCount, r.TotalCount)
  await assert.rejects(exchange({ OldCertificateId: 'nobody12' }), { code: 'FailedOperation.CertificateNotFound' })
  await assert.rejects(exchange({ CertificatePrivateKey: first.key }), { code: 'FailedOperation.CertificateMatchError' })
  await assert.rejects(exchange({ ResourceTypes: [] }), { code: 'FailedOperation.InvalidParam' })
  await assert.rejects(sslClient(server, other).UploadUpdateCertificateInstance({ OldCertificateId: CertificateId, ResourceTypes: ['clb'], CertificatePublicKey: second.chain, CertificatePrivateKey: second.key }), { code: 'FailedOperation.CertificateNotFound' })
  await assert.rejects(sslClient(server, other).DescribeHostUploadUpdateRecordDetail({ DeployRecordId: answer.DeployRecordId }), { code: 'FailedOperation.InvalidParam' })
})

test('an exchange is taken back: the one before it, key and all, and nothing that lies further back', async () => {
  const made = [ca, rsa, ca].map(by => by.leaf('back.example.org'))
  const { CertificateId } = await upload(made[0], { Alias: 'kept' })
  const exchange = async to => (await client.UploadUpdateCertificateInstance({ OldCertificateId: CertificateId, ResourceTypes: ['clb'], CertificatePublicKey: to.chain, CertificatePrivateKey: to.key })).DeployRecordId
  const rollback = id => client.UploadUpdateCertificateRecordRollback({ DeployRecordId: id })
  const keys = async () => (await server.sql(`select count(*) as n from cert_key where length(sealed) > 0 and account_id = (select account_id from certificate where certificate_id = '${CertificateId}')`))[0].n
  const before = await keys()
  const first = await exchange(made[1]), shown = await detail(CertificateId)
  const second = await exchange(made[2])
  assert.equal(await keys(), before + 1, 'one version is kept, the key of the one before it is wiped')
  await assert.rejects(rollback(first), { code: 'FailedOperation.CertificateDeployRollbackStatusInvalid' })
  checkAnswer('UploadUpdateCertificateRecordRollback', await rollback(second))
  const { RequestId, ...now } = await detail(CertificateId), { RequestId: _, ...then } = shown
  assert.deepEqual(now, then)
  assert.deepEqual([now.CertificatePublicKey, now.CertificatePrivateKey, now.Alias], [made[1].chain, made[1].key, 'kept'])
  assert.ok((await client.DownloadCertificate({ CertificateId })).Content.length > 1000)
  assert.equal(await keys(), before, 'the key that it brought is wiped')
  for (const id of [first, second]) await assert.rejects(rollback(id), { code: 'FailedOperation.CertificateDeployRollbackStatusInvalid' })
  const records = await client.DescribeHostUploadUpdateRecord({ OldCertificateId: CertificateId })
  assert.deepEqual(records.DeployRecordList.map(r => [r.Id, r.Status]), [[second, 4], [first, 1]])
  assert.equal((await client.DescribeHostUploadUpdateRecordDetail({ DeployRecordId: second })).DeployRecordDetail[0].Status, 4)
  /* nothing of it fails by itself, so nothing is tried again */
  await assert.rejects(client.UploadUpdateCertificateRecordRetry({ DeployRecordId: first }), { code: 'FailedOperation.CertificateDeployRetryStatusInvalid' })
  const third = await exchange(made[0])
  for (const who of [rollback, id => client.UploadUpdateCertificateRecordRetry({ DeployRecordId: id })]) await assert.rejects(who(99999999), { code: 'FailedOperation.InvalidParam' })
  const theirs = sslClient(server, other)
  await assert.rejects(theirs.UploadUpdateCertificateRecordRollback({ DeployRecordId: third }), { code: 'FailedOperation.InvalidParam' })
  await assert.rejects(theirs.UploadUpdateCertificateRecordRetry({ DeployRecordId: third }), { code: 'FailedOperation.InvalidParam' })
  /* deleted: not a byte of any version stays */
  await client.DeleteCertificate({ CertificateId })
  assert.equal(await keys(), before - 1)
  for (const table of ['upload', 'upload_before']) assert.deepEqual(await server.sql(`select * from ${table} where certificate_id = '${CertificateId}'`), [])
  await assert.rejects(rollback(third), { code: 'FailedOperation.CertificateNotFound' })
})

test('CheckCertificateChain says what openssl verify -x509_strict says', async () => {
  const leaf = rsa.leaf('verdict.example.org')
  const [a, b, c] = blocks(leaf.chain)
  const root = rsa.root.cert
  const check = CertificateChain => client.CheckCertificateChain({ CertificateChain })
  const good = await check([root, b, a, c].join('\n'))
  checkAnswer('CheckCertificateChain', good)
  assert.deepEqual([good.IsValid, good.IsTrustedCA, good.Chains], [true, false, ['verdict.example.org', 'Rsa CA 2', 'Rsa CA 1', 'Rsa Root']])
  const der = Buffer.concat([root, a, c, b].map(p => new X509Certificate(p).raw)).toString('base64')
  assert.deepEqual((await check(der)).Chains, good.Chains)
  assert.equal((await check([a, b, c].join('\n'))).IsValid, false) /* its root is neither there nor known */
  assert.equal((await check([a, c, root].join('\n'))).IsValid, false)
  /* A stray: openssl passes over it, but a server would send it to everybody, and RFC 5246 7.4.2 wants each to certify the one before it. */
  const bag = pki.write('bag.pem', [a, b, c, root, ca.root.cert].join('\n'))
  assert.match(pki.openssl(['verify', '-x509_strict', '-CAfile', pki.write('root.pem', root), '-untrusted', bag, pki.write('leaf.pem', a)]).toString(), /: OK/)
  assert.equal((await check([a, b, c, root, ca.root.cert].join('\n'))).IsValid, false)
  const ours = await check(readFileSync(server.root, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/)[0])
  assert.deepEqual([ours.IsValid, ours.IsTrustedCA], [true, true])
  await assert.rejects(check('hello'), { code: 'FailedOperation.CertificateInvalid' })
  await assert.rejects(check(Array(11).fill(a).join('\n')), { code: 'FailedOperation.CertificateInvalid' })
})

test('the international SDK uploads too', async () => {
  assert.ok(intlKnows('UploadCertificate'))
  const leaf = ca.leaf('intl.example.org')
  const answer = await sslClient(server, account, { sdk: 'intl' }).UploadCertificate({ CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key, Repeatable: true })
  assert.equal((await detail(answer.CertificateId)).Domain, 'intl.example.org')
})
