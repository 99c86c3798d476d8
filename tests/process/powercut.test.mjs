/*
 * The power goes at 500 moments of a first start, of applications and of issue: over the key files, the signer's log and
 * the database together.  A disk keeps what was synced, and of the rest whatever it likes (powercut_disk.h).  What a
 * client saw is there; a start never ends in a state that only a backup could mend.  Takes about 80 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { file, run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const CUTS = process.env.CHANCERY_CUTS ?? '500'
const SEED = process.env.CHANCERY_CUT_SEED ?? '20261'
const BUILD = resolve(process.env.CHANCERY_BUILD ?? 'build')

let dns, c
after(async () => {
  await c?.stop()
  await dns?.stop()
})

test('what a client saw survives a power cut at any moment', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'chancery-cut-'))
  const trace = join(dir, 'trace')
  writeFileSync(trace, '')
  truncateSync(trace, (64 << 20) + 24)
  const fd = openSync(trace, 'r')
  const facts = []
  const saw = (...words) => {
    const b = Buffer.alloc(8)
    readSync(fd, b, 0, 8, 8)
    facts.push([b.readBigUInt64LE(), ...words].join(' '))
  }

  const root = join(dir, 'disk')
  dns = await startDns({ zones: [{ name: 'cut.com' }] })
  mkdirSync(root)
  c = await startChancery({ dns, dir, data: join(root, 'data'), settings: { 'limits.rate': 'off' }, env: { LD_PRELOAD: join(BUILD, 'tests/process/libcut.so'), CHANCERY_CUT: trace, CHANCERY_CUT_DIR: root } })
  saw('ready')
  copyFileSync(c.root, join(dir, 'root.pem'))
  saw('root', join(dir, 'root.pem'))
  const account = await c.createAccount({ level: 'v2' })
  saw('account', account.SecretId)
  for (let i = 0; i < 4; i++) {
    const id = await c.apply(account, `n${i}.cut.com`, { PackageType: '2', CsrEncryptAlgo: i % 2 ? 'RSA' : 'ECC' })
    saw('applied', id)
    if (i === 3) await c.call(account, 'CancelAuditCertificate', { CertificateId: id })
    if (i === 3) break
    await placeRecords(dns, await c.proofs(account, id))
    await c.waitStatus(account, id, 1)
    const { serialNumber } = new X509Certificate(file(await c.download(account, id), 'Nginx', '_bundle.crt'))
    saw('issued', id, serialNumber)
    if (i === 1) await c.restart() /* a log and a database that are read again */
  }
  closeSync(fd)
  writeFileSync(join(dir, 'facts'), facts.join('\n') + '\n')
  await c.end()
  const { code, stdout, stderr } = await run(join(BUILD, 'tests/process/powercut_check'), [trace, join(dir, 'facts'), root, CUTS, SEED], { ms: 1_500_000 })
  t.diagnostic(stdout.trim())
  assert.equal(code, 0, `${stdout}\n${stderr.slice(-6000)}`)
  assert.match(stdout, new RegExp(`^${CUTS} cuts`))
})
