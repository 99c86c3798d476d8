/*
 * All certificates of an issuer, a method, a profile or a span of time made anew by one command (incident 5: 83,267 within a day; incident 6:
 * not in time): counted first, begun at a bounded rate, over a kill -9 of the server, ACME clients told by their renewal window,
 * the old ones revoked when the new ones are there or at the deadline, and all of it in the record; what the method in question proved is
 * proved anew.  Takes about 35 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'
import { Acme, b64u, ders, makeCsr } from '../lib/acme.mjs'

const ZONES = ['one.com', 'two.com', 'three.com']
const BY_API = 24, BY_ACME = 204, ALL = BY_API + BY_ACME
const NAMES = Array.from({ length: BY_API }, (_, i) => `a${i}.${ZONES[i % 3]}`), ACME = `acme.${ZONES[0]}`
const REASON = 'the labels lacked their underscore'
let dns, c, account, operator, client
const clients = [] /* { csr, leaf } */

before(async () => {
  dns = await startDns({ zones: ZONES.map(name => ({ name })) })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount()
  operator = await c.createAccount({ name: 'operator', role: 'operator' })
  await ctl('account', 'set', account.Account, '--free-packages', '100')
  await c.call(operator, 'ApproveName', { Account: account.Account, Name: ACME, Days: 200 })
  for (const name of NAMES) {
    const id = await c.apply(account, name, { PackageType: '2', CsrEncryptAlgo: 'ECC' })
    await placeRecords(dns, await c.proofs(account, id))
    await c.call(account, 'CompleteCertificate', { CertificateId: id })
  }
  const eab = await c.call(account, 'CreateExternalAccount', {})
  client = new Acme(c)
  assert.equal((await client.register({ external: { keyId: eab.KeyId, hmacKey: eab.HmacKey } })).status, 201)
  const csr = await makeCsr(c.dir, [ACME])
  const one = async () => {
    const { pem } = await client.obtain([ACME], { csr })
    clients.push({ csr, leaf: ders(pem)[0] })
  }
  const worker = async n => { for (let i = 0; i < n; i++) await one() }
  await Promise.all(Array.from({ length: 6 }, () => worker(BY_ACME / 6)))
  await until('all are issued', async () => (await count("certificate WHERE status = 1")) === ALL)
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

async function ctl (...args) {
  const { code, stdout, stderr } = await c.cli([...args, '--data', c.data])
  assert.equal(code, 0, stderr)
  return stdout
}
const count = async what => (await c.sql(`SELECT COUNT(*) AS n FROM ${what}`))[0].n
const state = async id => JSON.parse(await ctl('replace', 'status', id, '--json')).Replacements[0]
const dry = async (...args) => JSON.parse(await ctl('replace', '--dry-run', '--json', '--reason', REASON, ...args)).Count
const time = sec => new Date((sec + 8 * 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ')
const ticks = async (what, isIt, seconds = 5) => until(what, async () => { await c.moveClock(seconds); return isIt() })
const identifier = leaf => {
  const text = new X509Certificate(leaf).serialNumber
  const aki = leaf.subarray(leaf.indexOf(Buffer.from('551d23', 'hex')) + 3).subarray(6, 26) /* OCTET STRING, SEQUENCE, [0]: two bytes each */
  return `${b64u(aki)}.${b64u(Buffer.from(text.padStart(32, '0'), 'hex'))}`
}
const renewal = async leaf => (await client.raw('GET', client.url(`renewal-info/${identifier(leaf)}`))).body

test('a dry run counts what is meant, and changes nothing', async () => {
  const logs = await count('log')
  assert.equal(await dry('--issuer', 'dv-ecc'), ALL)
  assert.equal(await dry('--issuer', 'dv-rsa'), 0)
  assert.equal(await dry('--method', 'approved'), BY_ACME)
  assert.equal(await dry('--method', 'dns-txt', '--issuer', 'dv-ecc'), BY_API)
  assert.equal(await dry('--method', 'http-01'), 0)
  const [{ profile, n }] = await c.sql("SELECT profile, COUNT(*) AS n FROM issued WHERE certificate_id IN (SELECT certificate_id FROM acme_order) GROUP BY profile")
  assert.ok(await dry('--profile', profile) >= n)
  const [{ at }] = await c.sql('SELECT MAX(created_at) AS at FROM issued')
  assert.equal(await dry('--to', time(at + 1)), ALL)
  assert.equal(await dry('--from', time(at + 1)), 0)
  assert.equal(await dry('--issuer', 'dv-ecc', '--from', time(at - 86400), '--to', time(at + 1)), ALL)
  assert.equal(await count('replacement'), 0)
  assert.equal(await count('log'), logs)
})

test('what cannot be meant is refused with a sentence, and only operators may', async () => {
  const create = more => c.call(operator, 'CreateReplacement', { Reason: REASON, ...more })
  const refused = (code, sentence) => error => { assert.equal(error.code, code, error.message); assert.match(error.message, sentence); return true }
  await assert.rejects(create({}), refused('MissingParameter', /Say which/))
  await assert.rejects(create({ Method: 'dns' }), refused('InvalidParameterValue', /Method must be/))
  await assert.rejects(create({ Issuer: 'nobody' }), refused('InvalidParameterValue', /no issuer/))
  await assert.rejects(create({ Profile: 'none' }), refused('InvalidParameterValue', /no profile/))
  await assert.rejects(create({ From: 'yesterday' }), refused('InvalidParameterValue', /From must be like/))
  await assert.rejects(create({ From: '2026-11-21 08:00:00', To: '2026-11-21 08:00:00' }), refused('InvalidParameterValue', /later/))
  await assert.rejects(create({ Issuer: 'dv-ecc', Reason: '' }), refused('MissingParameter', /owners/))
  await assert.rejects(create({ Issuer: 'dv-ecc', ReasonCode: 'keyCompromise' }), refused('InvalidParameterValue', /same key/))
  await assert.rejects(create({ Issuer: 'dv-ecc', PerMinute: 11 }), refused('InvalidParameterValue', /12 to/))
  await assert.rejects(create({ Issuer: 'dv-ecc', DeadlineHours: 8761 }), refused('InvalidParameterValue', /DeadlineHours/))
  await assert.rejects(c.call(operator, 'DescribeReplacements', { ReplacementId: '17' }), refused('ResourceNotFound', /no such/))
  for (const [action, parameters] of [['CreateReplacement', { Issuer: 'dv-ecc', Reason: REASON }], ['DescribeReplacements', {}], ['StopReplacement', { ReplacementId: '1' }]])
    await assert.rejects(c.call(account, action, parameters), refused('AuthFailure.UnauthorizedOperation', /./))
  assert.equal((await c.cli(['replace', '--data', c.data, '--issuer', 'dv-ecc'])).code, 2, 'no reason')
  assert.equal(await count('replacement'), 0)
})

let id
test('incident 5: all are begun, so many a minute and no more, and a kill -9 in between loses none', async () => {
  const made = JSON.parse(await ctl('replace', '--issuer', 'dv-ecc', '--per-minute', '600', '--grace-hours', '1', '--deadline-hours', '48', '--reason', REASON, '--no-wait', '--json'))
  assert.equal(made.Count, ALL)
  id = made.ReplacementId
  await ticks('the first are begun', async () => (await count('replacement_item WHERE opened_at > 0')) > 0)
  await c.kill('server')
  await until('it is back', async () => (await c.cli(['replace', 'status', '--data', c.data])).code === 0)
  await ticks('all are begun', async () => (await state(id)).Waiting === 0)
  const rounds = await c.sql('SELECT opened_at AS at, COUNT(*) AS n FROM replacement_item WHERE opened_at > 0 GROUP BY opened_at ORDER BY opened_at')
  assert.ok(rounds.every(({ n }) => n <= 50), JSON.stringify(rounds))
  assert.ok(rounds.every(({ at }, i) => i === 0 || at - rounds[i - 1].at >= 5), JSON.stringify(rounds))
  assert.equal(await count('replacement_item'), ALL)
  assert.equal((await state(id)).Count, ALL)
})

test('successors of what the service keeps are there by themselves, and hold the slots', async () => {
  const next = `certificate AS new JOIN certificate AS old ON old.renew_certificate_id = new.certificate_id WHERE new.status = 1`
  await ticks('the successors are issued', async () => (await count(next)) === BY_API)
  const [{ slots }] = await c.sql(`SELECT COUNT(*) AS slots FROM quota_use WHERE certificate_id IN (SELECT renew_certificate_id FROM certificate WHERE renew_certificate_id <> '')`)
  assert.equal(slots, BY_API)
  assert.equal(await count('quota_use'), BY_API)
  for (const row of await c.sql(`SELECT old.end_at AS old_end, new.end_at AS new_end, old.names = new.names AS same, old.key_id = new.key_id AS key FROM ${next} LIMIT 5`)) {
    assert.ok(row.new_end <= row.old_end + 86400, 'a free one gets no longer life by it')
    assert.deepEqual([row.same, row.key], [1, 1])
  }
})

test('ACME: the renewal window is open already, and who renews is done with', async () => {
  for (const one of clients.slice(0, 3)) {
    const { suggestedWindow } = await renewal(one.leaf)
    assert.ok(Date.parse(suggestedWindow.end) / 1000 <= c.now(), JSON.stringify(suggestedWindow))
    const { pem } = await client.obtain([ACME], { csr: one.csr, more: { replaces: identifier(one.leaf) } })
    const [leaf] = ders(pem)
    const window = (await renewal(leaf)).suggestedWindow
    assert.ok(Date.parse(window.start) / 1000 > c.now(), 'the new one is not replaced')
  }
})

test('incident 6: the old ones are revoked when the new ones are there, the rest at the deadline, and everybody is told', async () => {
  await ticks('the successors are seen', async () => (await state(id)).Ready + (await state(id)).Revoked >= BY_API + 3, 60)
  await c.moveClock(3600)
  await ticks('those that are replaced are revoked', async () => (await state(id)).Revoked === BY_API + 3)
  assert.equal((await state(id)).Open, BY_ACME - 3, 'whose successor is not there goes on')
  assert.equal(await count("issued WHERE revoked_at > 0 AND revoke_reason = 4"), BY_API + 3)
  const [leaf] = clients.map(one => one.leaf)
  const crl = /URI:(http:\S+\.crl)/.exec((await run('openssl', ['x509', '-inform', 'DER', '-noout', '-text'], { input: leaf })).stdout)[1]
  await until('the list says it', async () => Buffer.from(await (await fetch(crl)).arrayBuffer()).includes(Buffer.from(new X509Certificate(leaf).serialNumber, 'hex')))
  await c.moveClock(47 * 3600)
  await ticks('the deadline ends it', async () => (await state(id)).State === 'done')
  const { Revoked, Ended, Waiting, Open, Ready } = await state(id)
  assert.deepEqual([Revoked, Ended, Waiting, Open, Ready], [ALL, 0, 0, 0, 0])
  assert.equal(await count('issued WHERE revoked_at = 0 AND state = \'issued\''), BY_API + 3, 'the successors are good')
  assert.equal(await count(`notice WHERE kind = 'replacement'`), ALL)
  assert.equal(await count(`(SELECT DISTINCT certificate_id FROM log WHERE type = 'operator' AND action LIKE '%${REASON}%' AND certificate_id <> '')`), ALL)
  assert.equal(await count(`(SELECT DISTINCT certificate_id FROM log WHERE type = 'revoked' AND action LIKE '%${REASON}%')`), ALL)
  assert.equal(await count(`log WHERE type = 'operator' AND certificate_id = '' AND action LIKE 'Replacement ${id}%'`), 2, 'begun, and done')
})

test('stopped, it goes no further; the command looks on until nothing is left', async () => {
  const made = JSON.parse(await ctl('replace', '--issuer', 'dv-ecc', '--per-minute', '12', '--reason', REASON, '--no-wait', '--json'))
  assert.equal(made.Count, BY_API + 3)
  assert.equal(JSON.parse(await ctl('replace', 'stop', made.ReplacementId, '--json')).Replacements[0].State, 'stopped')
  const revoked = await count('issued WHERE revoked_at > 0')
  await c.moveClock(200 * 3600)
  await until('the clock is seen', async () => (await count('job WHERE kind = \'replace\'')) === 0)
  assert.equal((await state(made.ReplacementId)).State, 'stopped')
  assert.equal(await count('issued WHERE revoked_at > 0'), revoked)
  assert.match(await ctl('replace', '--issuer', 'dv-rsa', '--reason', REASON), /done/)
})

test('what the method in question proved counts no more, at any door; what another proved does', async () => {
  const begin = async (...args) => JSON.parse(await ctl('replace', '--per-minute', '60000', '--deadline-hours', '48', '--reason', REASON, '--no-wait', '--json', ...args))
  const begun = async what => ticks(`${what} is begun`, async () => (await state(what)).Waiting === 0 && (await state(what)).State === 'running')
  const good = async (isIt = '') => count(`evidence WHERE expires_at > ${c.now()} AND name ${isIt}= '${ACME}'`)
  const authorization = async () => (await client.post((await client.order([ACME])).body.authorizations[0])).body.status
  await until('nothing is being applied for', async () => (await count('certificate WHERE status = 0')) === 0)
  const ahead = await count("certificate WHERE status = 1 AND renew_certificate_id <> ''") /* the one that was stopped may have begun */
  assert.ok(await good('!') >= BY_API)
  const byRecord = await begin('--method', 'dns-txt')
  assert.equal(byRecord.Count, BY_API + ahead)
  await begun(byRecord.ReplacementId)
  assert.deepEqual([await good('!'), await good()], [0, 1])
  assert.equal(await authorization(), 'valid')
  const successors = await c.sql(`SELECT successor_id AS id, status FROM replacement_item JOIN certificate ON certificate.certificate_id = successor_id WHERE replacement_id = ${byRecord.ReplacementId}`)
  const waiting = successors.filter(one => one.status === 0)
  assert.deepEqual([successors.length, waiting.length], [BY_API + ahead, BY_API], 'they wait for new proofs')
  await placeRecords(dns, await c.proofs(account, waiting[0].id))
  await c.call(account, 'CompleteCertificate', { CertificateId: waiting[0].id })
  await c.waitStatus(account, waiting[0].id, 1)
  assert.equal(await good('!'), 1, 'what is proved from now on counts')

  const byApproval = await begin('--method', 'approved')
  assert.equal(byApproval.Count, 3)
  await begun(byApproval.ReplacementId)
  assert.deepEqual([await good('!'), await good()], [1, 0])
  assert.equal(await authorization(), 'pending', 'an ACME client proves the name anew')
  await c.moveClock(48 * 3600)
  for (const { ReplacementId, Count } of [byRecord, byApproval]) {
    await ticks('the deadline ends it', async () => (await state(ReplacementId)).State === 'done')
    assert.equal((await state(ReplacementId)).Revoked, Count, 'though nobody proved anything')
  }
})
