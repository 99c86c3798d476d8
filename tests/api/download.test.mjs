/* Links to packages for one kind of server.  DL-01 DL-02 DL-06 PKP-01 PKP-02 */
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

const NAME = 'link.maple.com'
let dns, server, account, client, open, locked
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }] })
  server = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await server.createAccount()
  client = sslClient(server, account)
  open = await issue({})
  locked = await issue({ CsrKeyPassword: 'correct horse' })
})
after(async () => {
  await server?.stop()
  await dns?.stop()
})

async function issue (more) {
  const id = await server.apply(account, NAME, { CsrEncryptAlgo: 'ECC', ...more })
  await placeRecords(dns, await server.proofs(account, id))
  await server.waitStatus(account, id, 1)
  return id
}

function get (url) {
  return new Promise((resolve, reject) => https.get(url, { agent: server.agent }, reply => {
    const parts = []
    reply.on('data', d => parts.push(d))
    reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, bytes: Buffer.concat(parts) }))
  }).on('error', reject))
}

async function names (bytes) {
  const dir = mkdtempSync(join(server.dir, 'zip-'))
  writeFileSync(join(dir, 'a.zip'), bytes)
  const { code, stdout, stderr } = await run('unzip', ['-Z1', 'a.zip'], { cwd: dir })
  assert.equal(code, 0, stderr)
  return stdout.trim().split('\n').sort()
}

const link = async (CertificateId, ServiceType) => client.DescribeDownloadCertificateUrl({ CertificateId, ...(ServiceType && { ServiceType }) })

const kinds = [
  [undefined, 'nginx', ['_bundle.crt', '_bundle.pem', '.csr', '.key']],
  ['nginx', 'nginx', ['_bundle.crt', '_bundle.pem', '.csr', '.key']],
  ['APACHE', 'apache', ['.crt', '.csr', '.key', 'root_bundle.crt']],
  ['tomcat', 'tomcat', ['.pfx', 'keystorePass.txt']],
  ['iis', 'iis', ['.pfx', 'keystorePass.txt']],
  ['jks', 'jks', ['.jks', 'keystorePass.txt']],
  ['other', 'other', ['.crt', '.csr', '.key', 'chain.crt']],
  ['root', 'root', ['root.crt']]
]
for (const [asked, kind, files] of kinds) {
  test(`a link for ${asked ?? 'nothing'} gives the ${kind} folder`, async () => {
    const answer = await link(open, asked)
    checkAnswer('DescribeDownloadCertificateUrl', answer)
    assert.equal(answer.DownloadFilename, `${NAME}_${kind}.zip`)
    const { status, headers, bytes } = await get(answer.DownloadCertificateUrl)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/zip')
    assert.equal(headers['content-disposition'], `attachment; filename="${NAME}_${kind}.zip"`)
    assert.equal(headers['cache-control'], 'no-store')
    assert.deepEqual(await names(bytes), files.map(f => `${NAME}_${kind}/${/^[._]/.test(f) ? NAME : ''}${f}`).sort())
  })
}

test('with a key password there are no keystores by link, and the key stays locked (PKP-01)', async () => {
  for (const kind of ['tomcat', 'iis', 'jks']) {
    await assert.rejects(link(locked, kind), { code: 'FailedOperation.CertificateDownloadServiceTypeNotSupport' })
  }
  const { bytes } = await get((await link(locked, 'nginx')).DownloadCertificateUrl)
  const dir = mkdtempSync(join(server.dir, 'zip-'))
  writeFileSync(join(dir, 'a.zip'), bytes)
  const { stdout } = await run('unzip', ['-p', 'a.zip', `${NAME}_nginx/${NAME}.key`], { cwd: dir })
  assert.match(stdout, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
})

test('what cannot be linked to is refused', async () => {
  await assert.rejects(link(open, 'lighttpd'), { code: 'FailedOperation.CertificateDownloadServiceTypeNotSupport' })
  await assert.rejects(link('zzzzzzzz'), { code: 'FailedOperation.CertificateNotFound' })
  const pending = await server.apply(account, 'pending.maple.com', { CsrEncryptAlgo: 'ECC' })
  await assert.rejects(link(pending), { code: 'FailedOperation.CertificateStatusNotAllowDownload' })
  const other = sslClient(server, await server.createAccount({ name: 'other' }))
  await assert.rejects(other.DescribeDownloadCertificateUrl({ CertificateId: open }), { code: 'FailedOperation.CertificateNotFound' })
})

/* Incident 11 (2018: a reseller mailed its customers' keys): a key leaves one at a time, and it is written down. */
test('a changed link is none, and every fetch is in the record', async () => {
  const { DownloadCertificateUrl: url } = await link(open)
  for (const wrong of [url.slice(0, -1), `${url}A`, url.replace(/.(.{20})$/, (_, rest) => `*${rest}`), url.replace(/download\/.*/, 'download/')]) {
    const { status, bytes } = await get(wrong)
    assert.equal(status, 404, wrong)
    assert.match(bytes.toString(), /link/)
  }
  const downloads = async () => (await client.DescribeCertificateOperateLogs({ Limit: 1000 })).OperateLogs.filter(l => l.Type === 'download' && l.CertId === open).length
  const before = await downloads()
  assert.equal((await get(url)).status, 200)
  assert.equal(await downloads(), before + 1)
})

test('a link ends after five minutes', async () => {
  const { DownloadCertificateUrl: url } = await link(open)
  await server.moveClock(240) /* the rest is for a slow machine */
  assert.equal((await get(url)).status, 200)
  await server.moveClock(61)
  assert.equal((await get(url)).status, 404)
})
