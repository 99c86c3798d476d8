/*
 * chancery audit on a running service: clean after real issues; then each kind of damage, done to the files beside the
 * service, is named, and mended it is clean again.  Takes about 30 s.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve } from '../lib/place.mjs'

let dns, c, account
const ids = []
before(async () => {
  dns = await startDns({ zones: [{ name: 'zone.com' }] })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount()
  for (const [i, algorithm] of ['ECC', 'RSA', 'ECC'].entries()) {
    const id = await applyAndProve(c, dns, account, `a${i}.zone.com`, { PackageType: '2', CsrEncryptAlgo: algorithm })
    ids.push(id)
  }
  await c.apply(account, 'pending.zone.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const audit = (...more) => c.cli(['audit', '--data', c.data, ...more])
async function report () {
  const { code, stdout, stderr } = await audit('--json')
  const found = JSON.parse(stdout)
  assert.equal(code, found.Clean ? 0 : 1, stderr)
  assert.equal(found.FindingCount, found.Findings.length)
  return found
}
const kinds = r => r.Findings.map(f => f.Kind).sort()

async function change (statement) {
  const { code, stderr } = await run('sqlite3', ['-cmd', '.timeout 20000', join(c.data, 'chancery.db'), `ATTACH '${c.dir}/kept.db' AS kept; ${statement}`])
  assert.equal(code, 0, stderr)
}

test('clean after issues, with the counts', async () => {
  const entries = async () => (await c.sql('SELECT COUNT(*) AS n FROM log'))[0].n
  const before = await entries()
  const r = await report()
  assert.deepEqual(r.Findings, [])
  assert.equal(r.Issued, 3)
  assert.ok(r.Own >= 7, 'two roots, two intermediates, two responders, the listener')
  assert.equal(r.Signed, r.Own + 3)
  assert.ok(before > 0 && r.LogEntries >= before && r.LogEntries <= await entries(), `${r.LogEntries} entries`) /* what waits is looked at now and then */
  assert.ok(r.Verified >= r.Own, 'of what no row vouches for, every signature')
  const { code, stdout, stderr } = await audit('--signatures')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^clean: .*3 issued/)
  assert.match(stdout, new RegExp(` ${r.Signed} signatures verified`))
})

test('without --data, and without a server', async () => {
  assert.equal((await c.cli(['audit'])).code, 2)
  const { code, stderr } = await c.cli(['audit', '--data', c.dir])
  assert.equal(code, 1)
  assert.match(stderr, /no server is running/)
})

test('one changed byte in the operation log is named with its number', async () => {
  const [{ seq, action }] = await c.sql('SELECT seq, action FROM log ORDER BY seq LIMIT 1 OFFSET 3')
  await change(`UPDATE log SET action = substr(action, 1, 1) || 'X' || substr(action, 3) WHERE seq = ${seq}`)
  const r = await report()
  assert.deepEqual(kinds(r), ['log_changed'])
  assert.equal(r.Findings[0].Subject, `log entry ${seq}`)
  const { code, stdout } = await audit()
  assert.equal(code, 1)
  assert.equal(stdout.split('\n').filter(line => line.startsWith(`log_changed  log entry ${seq}`)).length, 1, stdout)
  await change(`UPDATE log SET action = '${action}' WHERE seq = ${seq}`)
  assert.deepEqual((await report()).Findings, [])
})

test('an entry taken out of the operation log is named', async () => {
  const [{ seq }] = await c.sql('SELECT seq FROM log ORDER BY seq LIMIT 1 OFFSET 2')
  await change(`CREATE TABLE kept.log AS SELECT * FROM main.log WHERE seq = ${seq}; DELETE FROM main.log WHERE seq = ${seq}`)
  assert.equal((await report()).Findings[0].Subject, `log entry ${seq}`)
  await change('INSERT INTO main.log SELECT * FROM kept.log; DROP TABLE kept.log')
  assert.deepEqual((await report()).Findings, [])
})

/* Incident 9 (DigiNotar 2011): the signer's own log is the second witness. */
test('a certificate that the database lost is named by its serial', async () => {
  const [{ serial }] = await c.sql(`SELECT lower(hex(serial)) AS serial FROM issued WHERE certificate_id = '${ids[0]}'`)
  await change(`CREATE TABLE kept.issued AS SELECT * FROM main.issued WHERE certificate_id = '${ids[0]}'; DELETE FROM main.issued WHERE certificate_id = '${ids[0]}'`)
  const r = await report()
  assert.deepEqual(kinds(r), ['unknown_to_database'])
  assert.equal(r.Findings[0].Subject, serial)
  await change('INSERT INTO main.issued SELECT * FROM kept.issued; DROP TABLE kept.issued')
  assert.deepEqual((await report()).Findings, [])
})

/*
 * Each minute without being asked (incident 9): what is new, and a part of what is older.  The running server reports it, in its log
 * and in its health, and takes it back when both agree again.
 */
const findings = async () => (await c.sql('SELECT lower(hex(serial)) AS serial, kind FROM finding ORDER BY kind'))
async function until (what, isIt) {
  for (let i = 0; i < 600; i++) {
    const seen = await what()
    if (isIt(seen)) return seen
    await sleep(100)
  }
  assert.fail(`${what}: ${JSON.stringify(await what())}`)
}
const health = async () => (await fetch(`${c.publicUrl}/health`)).text()
const reconciled = async () => (await c.sql("SELECT value FROM instance WHERE name = 'reconcile'"))[0]?.value

test('incident 9: what the database loses beside the running server is reported by the next round', async () => {
  const before = await until(reconciled, place => place !== undefined)
  const id = await applyAndProve(c, dns, account, 'a3.zone.com')
  const [{ serial }] = await c.sql(`SELECT lower(hex(serial)) AS serial FROM issued WHERE certificate_id = '${id}'`)
  await c.cli(['reconcile', '--data', c.data]) /* a round by itself may have seen what the tests above did */
  assert.equal(await health(), 'ok\n')
  await change(`CREATE TABLE kept.issued AS SELECT * FROM main.issued WHERE certificate_id = '${id}'; DELETE FROM main.issued WHERE certificate_id = '${id}'`)
  await c.moveClock(61)
  await until(findings, rows => rows.length === 1 && rows[0].serial === serial && rows[0].kind === 'unknown_to_database')
  assert.equal(await until(health, text => text !== 'ok\n'), 'ok\nfindings: 1\n')
  assert.match(c.log, new RegExp(`event=reconcile finding=unknown_to_database serial=${serial} `))
  assert.notEqual(await reconciled(), before, 'it goes on behind what was new')
  const { code, stdout } = await c.cli(['reconcile', '--data', c.data])
  assert.equal(code, 1)
  assert.match(stdout, new RegExp(`unknown_to_database +${serial}`))
  await change('INSERT INTO main.issued SELECT * FROM kept.issued; DROP TABLE kept.issued')
  await c.moveClock(61)
  await until(findings, rows => rows.length === 0)
  assert.equal(await until(health, text => text === 'ok\n'), 'ok\n')
  ids.push(id)
})

test('incident 9: what lay in the database for long and then is gone, or was never signed, is found in its turn', async () => {
  const [{ serial }] = await c.sql(`SELECT hex(serial) AS serial FROM issued WHERE certificate_id = '${ids[1]}'`)
  const other = (serial.startsWith('11') ? '22' : '11') + serial.slice(2)
  await change(`UPDATE issued SET serial = X'${other}' WHERE certificate_id = '${ids[1]}'`)
  const found = JSON.parse((await c.cli(['reconcile', '--data', c.data, '--json'])).stdout)
  assert.deepEqual(found.Findings.map(f => [f.Kind, f.Subject]).sort(), [['unknown_to_database', serial.toLowerCase()], ['unknown_to_signer', other.toLowerCase()]])
  await change(`UPDATE issued SET serial = X'${serial}' WHERE certificate_id = '${ids[1]}'`)
  const { code, stdout } = await c.cli(['reconcile', '--data', c.data])
  assert.equal(code, 0, stdout)
  assert.match(stdout, /^clean: /)
})

test('a certificate that the signer never signed is named, and so is the one that it replaced', async () => {
  const [{ serial }] = await c.sql(`SELECT hex(serial) AS serial FROM issued WHERE certificate_id = '${ids[1]}'`)
  const other = (serial.startsWith('11') ? '22' : '11') + serial.slice(2)
  await change(`UPDATE issued SET serial = X'${other}' WHERE certificate_id = '${ids[1]}'`)
  const r = await report()
  assert.deepEqual(kinds(r), ['unknown_to_database', 'unknown_to_signer'])
  assert.equal(r.Findings.find(f => f.Kind === 'unknown_to_signer').Subject, other.toLowerCase())
  assert.ok(r.Findings.find(f => f.Kind === 'unknown_to_signer').Text.includes(ids[1]))
  await change(`UPDATE issued SET serial = X'${serial}' WHERE certificate_id = '${ids[1]}'`)
  assert.deepEqual((await report()).Findings, [])
})

test('other bytes than were signed are named', async () => {
  const [{ der }] = await c.sql(`SELECT hex(der) AS der FROM issued WHERE certificate_id = '${ids[2]}'`)
  await change(`UPDATE issued SET der = X'${der.slice(0, -1)}${der.endsWith('0') ? '1' : '0'}' WHERE certificate_id = '${ids[2]}'`)
  const r = await report()
  assert.deepEqual(kinds(r), ['bytes_differ'])
  assert.ok(r.Findings[0].Text.includes(ids[2]))
  await change(`UPDATE issued SET der = X'${der}' WHERE certificate_id = '${ids[2]}'`)
})

test('a revocation that a row and the lists tell differently is named', async () => {
  const [{ serial }] = await c.sql(`SELECT hex(serial) AS serial FROM issued WHERE certificate_id = '${ids[0]}'`)
  await change(`UPDATE issued SET revoked_at = 1750000000 WHERE certificate_id = '${ids[0]}'`)
  const unlisted = await report()
  assert.deepEqual(unlisted.Findings.map(f => [f.Kind, f.Subject]), [['revoked_not_listed', serial.toLowerCase()]])
  await change(`INSERT INTO crl_block SELECT issuer, crl_shard, 0, X'${serial}684EE180${'ffffffff'}01' FROM issued WHERE certificate_id = '${ids[0]}'`)
  assert.deepEqual((await report()).Findings, [])
  await change(`UPDATE issued SET revoked_at = 0 WHERE certificate_id = '${ids[0]}'`)
  const listed = await report()
  assert.deepEqual(listed.Findings.map(f => [f.Kind, f.Subject]), [['listed_not_revoked', serial.toLowerCase()]])
  await change('DELETE FROM crl_block')
  assert.deepEqual((await report()).Findings, [])
})

test('one changed byte in the signer\'s own log breaks its chain, and the signature is no longer one', async () => {
  const path = join(c.data, 'log', 'issued.log')
  const at = statSync(path).size - 5 /* in the last certificate's signature */
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  const flip = () => { readSync(fd, byte, 0, 1, at); byte[0] ^= 1; writeSync(fd, byte, 0, 1, at) }
  flip()
  const r = await report()
  assert.deepEqual(kinds(r), ['bytes_differ', 'signature_bad', 'signer_log_changed'])
  flip()
  closeSync(fd)
  assert.deepEqual((await report()).Findings, [])
})

test('incident 9: signed after its application was given up: revoked by the next round', async () => {
  const [row] = await c.sql(`SELECT issued_id, lower(hex(serial)) AS serial FROM issued WHERE certificate_id = '${ids[2]}'`)
  await change(`UPDATE issued SET state = 'dead' WHERE issued_id = ${row.issued_id}`)
  await c.cli(['reconcile', '--data', c.data])
  const [{ revoked_at, revoke_reason }] = await c.sql(`SELECT revoked_at, revoke_reason FROM issued WHERE issued_id = ${row.issued_id}`)
  assert.ok(revoked_at > 0)
  assert.equal(revoke_reason, 5)
  assert.equal(JSON.parse((await c.cli(['reconcile', '--data', c.data, '--json'])).stdout).Mended, 0)
})
