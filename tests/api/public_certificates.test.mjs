/*
 * Certificates that others made for their own tests, and every CA that browsers trust, are brought: none crashes anything,
 * each gets an answer of the API, and the verdict on a chain is that of `openssl verify -x509_strict`.
 * UPL-01 UPL-06 UPL-07 CON-19
 */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run, startChancery } from '../lib/chancery.mjs'
import { noDns } from './client.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const PYTHON = '/usr/lib/python3.11/test' /* Debian's libpython3.11-testsuite */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt'
const blocks = (text, label) => text.match(new RegExp(`-----BEGIN ${label}-----[^]*?-----END ${label}-----\\n?`, 'g')) ?? []

let c, account
before(async () => {
  c = await startChancery({ settings: { ...noDns, 'limits.rate': 'off' } })
  account = await c.createAccount()
})
after(() => c?.stop())

function fixtures () {
  const found = []
  const read = path => {
    const text = readFileSync(path, 'latin1')
    const certificates = blocks(text, '(?:TRUSTED |X509 )?CERTIFICATE')
    if (certificates.length) found.push({ path, text, certificates, keys: blocks(text, '(?:RSA |EC |ENCRYPTED )?PRIVATE KEY') })
  }
  assert.ok(existsSync(PYTHON), 'install libpython3.11-testsuite')
  for (const name of readdirSync(PYTHON)) if (/\.(pem|crt|cer)$/.test(name)) read(join(PYTHON, name))
  for (const name of readdirSync(join(PYTHON, 'capath'), { withFileTypes: true })) if (name.isFile()) read(join(PYTHON, 'capath', name.name))
  const modules = join(ROOT, 'node_modules')
  for (const name of readdirSync(modules, { recursive: true })) if (/\.(pem|crt|cer)$/.test(name)) read(join(modules, name))
  return found
}

/* With the file's own certificates and the machine's as what may be trusted, as the service does. */
async function opensslSays (certificates) {
  const dir = mkdtempSync(join(c.dir, 'verify-'))
  writeFileSync(join(dir, 'all.pem'), certificates.join('\n'))
  writeFileSync(join(dir, 'trust.pem'), `${certificates.join('\n')}\n${readFileSync(TRUSTED, 'utf8')}`)
  writeFileSync(join(dir, 'leaf.pem'), certificates[0])
  const { code } = await run('openssl', ['verify', '-x509_strict', '-CAfile', 'trust.pem', '-untrusted', 'all.pem', 'leaf.pem'], { cwd: dir })
  return code === 0
}

async function weSay (certificates) {
  try {
    return (await c.call(account, 'CheckCertificateChain', { CertificateChain: certificates.join('\n') })).IsValid
  } catch (e) {
    assert.equal(e.code, 'FailedOperation.CertificateInvalid', e.message)
    return false
  }
}

test('certificates of other programs\' tests', async () => {
  const all = fixtures()
  assert.ok(all.length >= 15, `only ${all.length}`)
  const ca = all.find(f => f.path.endsWith('/pycacert.pem')).certificates
  const differ = []
  for (const f of all) {
    for (const chain of [f.certificates, [...f.certificates, ...ca]]) {
      if (chain.length > f.certificates.length && !isIssuedBy(f.certificates[0], ca[0])) continue /* a stray makes it no chain */
      if (new Set(chain).size < chain.length) continue
      const [ours, theirs] = [await weSay(chain), await opensslSays(chain)]
      if (ours !== theirs) differ.push(`${f.path}${chain.length > f.certificates.length ? ' + CA' : ''}: we ${ours}, openssl ${theirs}`)
    }
    for (const key of [f.keys[0], all.flatMap(o => o.keys).find(k => belongs(f.certificates[0], k)), undefined]) {
      for (const text of [f.text.replace(/[^\x00-\x7f]/g, '?'), f.certificates.join('')]) {
        try {
          await c.call(account, 'UploadCertificate', { CertificatePublicKey: text, ...(key ? { CertificatePrivateKey: key } : { CertificateType: 'CA' }), KeyPassword: 'somepass', Repeatable: false, Alias: f.path.slice(-60) })
        } catch (e) {
          assert.match(e.code ?? e.message, /^(FailedOperation\.(Certificate(Parse|Chain|Ca|Match)Error|CertificateInvalid|CertificateEncryptInvalid|InvalidParam)|InvalidParameter|InvalidParameterValue)$/, `${f.path}: ${e.message}`)
        }
      }
    }
  }
  assert.deepEqual(differ, [])
  const { TotalCount } = await c.call(account, 'DescribeCertificates', { Upload: 1 })
  assert.ok(TotalCount >= 5, `${TotalCount} were taken`)
})

function isIssuedBy (certificate, ca) {
  try {
    return new X509Certificate(certificate).checkIssued(new X509Certificate(ca))
  } catch {
    return false
  }
}

function belongs (certificate, key) {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey({ key, passphrase: 'somepass' }))
  } catch {
    return false
  }
}

test('every CA that the machine trusts', async () => {
  for (const certificate of blocks(readFileSync(TRUSTED, 'utf8'), 'CERTIFICATE')) {
    assert.equal(await weSay([certificate]), await opensslSays([certificate]), certificate)
    const { CertificateId } = await c.call(account, 'UploadCertificate', { CertificatePublicKey: certificate, CertificateType: 'CA', Repeatable: true })
    assert.equal((await c.call(account, 'DescribeCertificateDetail', { CertificateId })).CertificatePublicKey, certificate)
  }
})
