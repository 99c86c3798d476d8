/*
 * The disk runs full, on a real small file system in a mount namespace of its own (root, or unprivileged user
 * namespaces, are needed: without them this fails and says so).  Takes about 40 s.
 */
import assert from 'node:assert/strict'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiError, sleep, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

let dns, c, account
before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chancery-full-'))
  const data = join(dir, 'disk')
  mkdirSync(data)
  const unshare = process.getuid() === 0 ? ['unshare', '-m'] : ['unshare', '-r', '-m']
  const mount = `mount -t tmpfs -o size=16m,mode=0700 tmpfs '${data}' && exec "$0" "$@"`
  dns = await startDns({ zones: [{ name: 'full.com' }] })
  c = await startChancery({ dns, dir, data, wrap: [...unshare, 'sh', '-c', mount], settings: { 'limits.rate': 'off' } })
  account = await c.createAccount({ level: 'v2' })
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }
const filler = () => join(c.seen, 'filler')

function fill () {
  const fd = openSync(filler(), 'a')
  for (const size of [65536, 4096, 512]) {
    const block = Buffer.alloc(size, 1)
    try {
      for (;;) if (writeSync(fd, block) < size) break
    } catch (e) {
      assert.equal(e.code, 'ENOSPC')
    }
  }
  closeSync(fd)
}

test('a full disk refuses with a clear error, forgets nothing, and goes on by itself', async t => {
  const before = await c.apply(account, 'before.full.com', ecc)
  await placeRecords(dns, await c.proofs(account, before))
  await c.waitStatus(account, before, 1)
  const pending = await c.apply(account, 'pending.full.com', ecc)
  const pids = c.pids()

  fill()
  const stood = []
  let refusal
  for (let i = 0; i < 400 && !refusal; i++) {
    try {
      stood.push(await c.apply(account, `n${i}.full.com`, ecc))
      if (stood.length >= 18) await c.call(account, 'CancelAuditCertificate', { CertificateId: stood.shift() })
    } catch (e) {
      refusal = e
    }
    fill()
  }
  assert.ok(refusal instanceof ApiError, String(refusal))
  assert.equal(refusal.code, 'FailedOperation.SystemError')
  assert.match(refusal.message, /disk is full/i)
  t.diagnostic(`${stood.length} applications stood before the refusal`)

  /* What was there can still be read; nothing died; no half application is shown. */
  assert.equal((await c.describe(account, before)).Status, 1)
  assert.equal((await c.describe(account, pending)).Status, 0)
  await placeRecords(dns, await c.proofs(account, pending))
  await c.call(account, 'CompleteCertificate', { CertificateId: pending }).catch(e => assert.match(e.code, /SystemError/))
  await c.moveClock(61)
  await sleep(3000)
  assert.ok([0, 1].includes((await c.describe(account, pending)).Status))
  assert.deepEqual(c.pids(), pids, 'a program died of it')

  rmSync(filler())
  await c.moveClock(61)
  let looks = 0
  await until('it goes on by itself', async () => {
    if ((await c.describe(account, pending)).Status === 1) return true
    if (++looks % 100 === 0) await c.moveClock(61)
    return false
  })
  for (const id of stood) await c.call(account, 'CancelAuditCertificate', { CertificateId: id })
  const later = await c.apply(account, 'later.full.com', ecc)
  await placeRecords(dns, await c.proofs(account, later))
  await c.waitStatus(account, later, 1)
  assert.deepEqual(c.pids(), pids)
  const orphans = await c.sql('SELECT certificate_id FROM certificate WHERE status = 0 AND certificate_id NOT IN (SELECT certificate_id FROM validation)')
  assert.deepEqual(orphans, [], 'half an application was stored')
  assert.equal((await c.sql('PRAGMA integrity_check'))[0].integrity_check, 'ok')
})
