/*
 * Packages with keystores, opened by the programs that read them: keytool and a Java server, openssl, GnuTLS.
 * DL-02 DL-05 DL-06 PKP-01 PKP-02 PKP-03 PKP-04 SIL-17 SIL-18 SIL-54
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { file, run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve } from '../lib/place.mjs'

const PASSWORD = 'Pw-marker-7F3qZ/é€'
const WRONG = 'Pw-marker-9WrongOne'
const MADE = /^[A-Za-z0-9]{20}$/

let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com', records: [['maple.com', 'A', '127.0.0.1']] }] })
  c = await startChancery({ dns })
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const issue = (domain, parameters) => applyAndProve(c, dns, account, domain, { PackageType: '2', ...parameters })

/* UTF-8 whatever the machine's locale: passwords go on the command line. */
const tool = (dir, command, args) => run(command, args, { cwd: dir, env: { LC_ALL: 'C.UTF-8' } })
async function good (dir, command, args) {
  const { code, stdout, stderr } = await tool(dir, command, args)
  assert.equal(code, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

function unpack (files, ...folders) {
  const dir = mkdtempSync(join(c.dir, 'keystore-'))
  for (const folder of folders) writeFileSync(join(dir, folder.store), file(files, folder.name, folder.end))
  return dir
}
const TOMCAT = { name: 'Tomcat', end: '.jks', store: 'a.jks' }
const IIS = { name: 'IIS', end: '.pfx', store: 'a.pfx' }

/** The key of the PEM is the leaf's, and the chain is that of the bundle, nothing more. */
function checkPem (pem, files) {
  const bundle = certificatesOf(file(files, 'Nginx', '_bundle.crt').toString())
  const key = createPrivateKey(/-----BEGIN PRIVATE KEY-----[^]*?-----END PRIVATE KEY-----/.exec(pem)[0])
  assert.ok(bundle[0].checkPrivateKey(key))
  assert.deepEqual(certificatesOf(pem).map(x => x.fingerprint256).sort(), bundle.map(x => x.fingerprint256).sort())
}
const certificatesOf = pem => pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g).map(p => new X509Certificate(p))

async function checkJks (files, password, alias) {
  const dir = unpack(files, TOMCAT)
  const list = await good(dir, 'keytool', ['-list', '-v', '-storetype', 'JKS', '-keystore', 'a.jks', '-storepass', password])
  assert.match(list, /Keystore type: JKS/)
  assert.match(list, /Entry type: PrivateKeyEntry/)
  assert.ok(list.includes(`Alias name: ${alias}\n`), list)
  await good(dir, 'keytool', ['-importkeystore', '-noprompt', '-srckeystore', 'a.jks', '-srcstoretype', 'JKS', '-srcstorepass', password,
    '-srckeypass', password, '-srcalias', alias, '-destkeystore', 'out.p12', '-deststoretype', 'PKCS12', '-deststorepass', 'changeit', '-destkeypass', 'changeit'])
  checkPem(await good(dir, 'openssl', ['pkcs12', '-in', 'out.p12', '-passin', 'pass:changeit', '-nodes']), files)
  const refused = await tool(dir, 'keytool', ['-list', '-storetype', 'JKS', '-keystore', 'a.jks', '-storepass', `${password}x`])
  assert.notEqual(refused.code, 0)
}

async function checkPfx (files, password, alias) {
  const dir = unpack(files, IIS)
  for (const legacy of [[], ['-legacy']]) {
    const pem = await good(dir, 'openssl', ['pkcs12', ...legacy, '-in', 'a.pfx', '-passin', `pass:${password}`, '-nodes'])
    assert.ok(pem.includes(`friendlyName: ${alias}\n`), pem)
    checkPem(pem, files)
  }
  if (!/[^ -~]/.test(password)) /* Java itself takes only ASCII for this type */
    await good(dir, 'keytool', ['-list', '-storetype', 'PKCS12', '-keystore', 'a.pfx', '-storepass', password])
  await good(dir, 'certtool', ['--p12-info', '--inder', '--infile', 'a.pfx', '--password', password])
  const refused = await tool(dir, 'openssl', ['pkcs12', '-in', 'a.pfx', '-passin', `pass:${password}x`, '-nodes'])
  assert.notEqual(refused.code, 0)
}

const typesOf = async id => (await c.call(account, 'DescribeCertificates', { CertIds: [id] })).Certificates[0].SupportDownloadType
const ALL = { NGINX: true, APACHE: true, TOMCAT: true, IIS: true, JKS: true, OTHER: true, ROOT: true }

for (const algorithm of ['ECC', 'RSA']) {
  const domain = `${algorithm.toLowerCase()}.maple.com`
  test(`no key password, ${algorithm}: JKS and PFX under one made password, PEM open (DL-02 DL-05 DL-06 PKP-02 SIL-17 SIL-18 SIL-54)`, async () => {
    const id = await issue(domain, { CsrEncryptAlgo: algorithm })
    const files = await c.download(account, id)
    const keystores = Object.keys(files).filter(n => /^(IIS|Tomcat)\//.test(n)).sort()
    assert.deepEqual(keystores, [`IIS/${domain}.pfx`, 'IIS/keystorePass.txt', `Tomcat/${domain}.jks`, 'Tomcat/keystorePass.txt'].sort())
    const password = file(files, 'Tomcat', 'keystorePass.txt').toString()
    assert.match(password, MADE)
    assert.equal(file(files, 'IIS', 'keystorePass.txt').toString(), password)
    assert.match(file(files, 'Nginx', '.key').toString(), /^-----BEGIN PRIVATE KEY-----/)
    await checkJks(files, password, domain)
    await checkPfx(files, password, domain)
    assert.deepEqual(await typesOf(id), ALL)
    const again = file(await c.download(account, id), 'IIS', 'keystorePass.txt').toString()
    assert.match(again, MADE)
    assert.notEqual(again, password, 'made for each package')
  })
}

/* As Tomcat does: the store and its key with the one password, then a handshake over them. */
const SERVER = `
import java.io.*; import java.security.*; import javax.net.ssl.*;
public class Server {
  public static void main(String[] a) throws Exception {
    char[] password = new String(new FileInputStream(a[1]).readAllBytes()).toCharArray();
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(new FileInputStream(a[0]), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
    System.out.println(server.getLocalPort());
    try (SSLSocket client = (SSLSocket) server.accept()) { client.getInputStream().read(); client.getOutputStream().write("served by java\\n".getBytes()); }
  }
}`

test('a Java server serves from the JKS with the password of the file (PKP-04)', async t => {
  const { spawn } = await import('node:child_process')
  const files = await c.download(account, await issue('java.maple.com', { CsrEncryptAlgo: 'RSA' }))
  const dir = unpack(files, TOMCAT, { name: 'Tomcat', end: 'keystorePass.txt', store: 'pass.txt' })
  writeFileSync(join(dir, 'Server.java'), SERVER)
  const java = spawn('java', ['-Xint', 'Server.java', 'a.jks', 'pass.txt'], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => java.kill('SIGKILL'))
  const port = await new Promise((resolve, reject) => { java.stdout.once('data', d => resolve(Number(d))); java.once('exit', () => reject(new Error('java ended'))) })
  const { code, stdout, stderr } = await run('openssl', ['s_client', '-quiet', '-verify_return_error', '-CAfile', c.root, '-servername', 'java.maple.com',
    '-verify_hostname', 'java.maple.com', '-connect', `127.0.0.1:${port}`], { input: '\n' })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /served by java/)
})

test('a key password: only its PEM, and keystores while it is told; it is nowhere kept (PKP-01 PKP-03 SIL-54)', async t => {
  const domain = 'secret.maple.com'
  const id = await issue(domain, { CsrEncryptAlgo: 'RSA', CsrKeyPassword: PASSWORD })

  await t.test('without it the package has the encrypted PEM and no keystore (PKP-01)', async () => {
    const files = await c.download(account, id)
    assert.deepEqual(Object.keys(files).filter(n => /^(IIS|Tomcat)\/|keystorePass/.test(n)), [])
    for (const n of Object.keys(files).filter(n => n.endsWith('.key'))) assert.match(files[n].toString(), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    const key = createPrivateKey({ key: file(files, 'Nginx', '.key'), passphrase: PASSWORD })
    assert.ok(new X509Certificate(file(files, 'Nginx', '_bundle.crt')).checkPrivateKey(key))
  })
  await t.test('with it JKS and PFX are under it, without a password file (PKP-01 SIL-54)', async () => {
    const files = await c.download(account, id, { KeyPassword: PASSWORD })
    assert.deepEqual(Object.keys(files).filter(n => /^(IIS|Tomcat)\/|keystorePass/.test(n)).sort(), [`IIS/${domain}.pfx`, `Tomcat/${domain}.jks`])
    assert.match(file(files, 'Nginx', '.key').toString(), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    await checkJks(files, PASSWORD, domain)
    await checkPfx(files, PASSWORD, domain)
  })
  await t.test('a wrong one is refused in words (PKP-03)', async () => {
    for (const wrong of [WRONG, `${PASSWORD}x`, PASSWORD.toLowerCase(), ' ']) {
      await assert.rejects(c.call(account, 'DownloadCertificate', { CertificateId: id, KeyPassword: wrong }), e => {
        assert.equal(e.code, 'FailedOperation.InvalidParam')
        assert.match(e.message, /KeyPassword does not open the key of this certificate\.$/)
        return true
      })
    }
    await assert.rejects(c.call(account, 'DownloadCertificate', { CertificateId: id, KeyPassword: 'x'.repeat(65) }), e => /^InvalidParameter/.test(e.code))
  })
  await t.test('what can be had is said (SIL-17)', async () => {
    assert.deepEqual(await typesOf(id), ALL)
    const { KeyPasswordCustomFlag } = (await c.call(account, 'DescribeCertificates', { CertIds: [id] })).Certificates[0]
    assert.equal(KeyPasswordCustomFlag, true)
  })
  await t.test('no file under the data directory and no log line has it (PKP-03)', async () => {
    const kept = readdirSync(c.data, { recursive: true, withFileTypes: true }).filter(e => e.isFile())
    assert.ok(kept.some(e => e.name === 'chancery.db') && kept.some(e => e.name === 'chancery.db-wal'), 'the database and its WAL are among them')
    for (const e of kept) assert.equal(readFileSync(join(e.parentPath ?? e.path, e.name)).includes('Pw-marker'), false, e.name)
    assert.ok(c.log.includes('DownloadCertificate'), 'the log speaks of it')
    assert.equal(c.log.includes('Pw-marker'), false)
  })
})

test('the password of a key that has none is of no use', async () => {
  const files = await c.download(account, await issue('open.maple.com', { CsrEncryptAlgo: 'ECC' }), { KeyPassword: PASSWORD })
  assert.match(file(files, 'IIS', 'keystorePass.txt').toString(), MADE)
})

test('where the customer keeps the key: certificates only, and the list says so (DL-02 SIL-17)', async () => {
  const id = await issue('kept.maple.com', { CsrEncryptAlgo: 'ECC' })
  await c.end() /* nobody but the service writes while it runs */
  const { code, stderr } = await run('sqlite3', [join(c.data, 'chancery.db'), `UPDATE cert_key SET sealed = x'' WHERE key_id = (SELECT key_id FROM certificate WHERE certificate_id = '${id}')`])
  await c.start()
  assert.equal(code, 0, stderr)
  const files = await c.download(account, id)
  assert.deepEqual(Object.keys(files).filter(n => /^(IIS|Tomcat)\/|\.key$|keystorePass|haproxy/.test(n)), [])
  assert.equal(certificatesOf(file(files, 'Nginx', '_bundle.crt').toString()).length, 2)
  assert.deepEqual(await typesOf(id), { ...ALL, TOMCAT: false, IIS: false, JKS: false })
})

test('before issue nothing can be downloaded, and the list says so (DL-01)', async () => {
  const id = await c.apply(account, 'pending.maple.com', { PackageType: '2' })
  assert.deepEqual(Object.values(await typesOf(id)), Array(7).fill(false))
})
