/*
 * Revocation against real DNS, openssl and curl: proof within three days, the guards, lists and status answers, compromised keys.
 * ACC-13 RVK-01 RVK-03 RVK-04 RVK-05 RVK-09 RVK-10 RVK-16 RVK-17 RVK-18 RVK-19 RVK-25 RVK-26 RVK-27 RVK-30 RVK-31 LIFE-08 LIFE-10 SIL-22 SIL-44 CON-01 DL-09
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiError, file, refused, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, placeFiles, placeRecords } from '../lib/place.mjs'
import { startNginx } from '../lib/web.mjs'

const DAY = 86400
let dns, web, c
before(async () => {
  web = await startNginx()
  dns = await startDns({ zones: Array.from({ length: 6 }, (_, i) => ({ name: `zone${i}.com`, records: [[`*.zone${i}.com`, 'A', '127.0.0.1']] })) })
  c = await startChancery({ dns, web, settings: { 'limits.rate': 'off' } })
})
after(async () => {
  try {
    await c?.stop()
  } finally {
    await Promise.all([dns?.stop(), web?.stop()])
  }
})

const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }

const issue = (account, name, parameters) => applyAndProve(c, dns, account, name, parameters)

const revoke = (account, id, more = {}) => c.call(account, 'RevokeCertificate', { CertificateId: id, ...more })
const asProofs = (auths, type = 'TXT') => auths.map(a => ({ DvAuthKey: a.DomainValidateAuthKey, DvAuthValue: a.DomainValidateAuthValue, DvAuthVerifyType: type, DvAuthPath: a.DomainValidateAuthPath, Domain: a.DomainValidateAuthDomain }))
const freeUsed = async account => (await c.call(account, 'DescribeFreeQuota')).AnyDomains.Used

/* Show what is asked for, and have it looked at. */
async function prove (account, id, auths) {
  await placeRecords(dns, asProofs(auths))
  return until('revoked', async () => {
    const now = await c.describe(account, id)
    if (now.Status === 10) return now
    await c.call(account, 'CompleteCertificate', { CertificateId: id }).catch(() => {})
    throw new Error(`status ${now.Status}`)
  })
}

/* What the world says of a certificate: its list, by curl and openssl, and the status answer, by openssl ocsp. */
async function outside (files) {
  const dir = mkdtempSync(join(c.dir, 'world-'))
  const chain = file(files, 'Nginx', '_bundle.crt').toString().match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n/g)
  for (const [i, name] of ['leaf.pem', 'issuer.pem'].entries()) writeFileSync(join(dir, name), chain[i])
  const text = (await run('openssl', ['x509', '-in', 'leaf.pem', '-noout', '-text', '-ocsp_uri'], { cwd: dir })).stdout
  const crlUrl = /URI:(http:\S+\.crl)/.exec(text)[1]
  const ocspUrl = /^http:\S+$/m.exec(text)[0]
  const serial = new X509Certificate(chain[0]).serialNumber
  return {
    async crl () {
      const got = await run('curl', ['-sSf', '--noproxy', '*', '-o', 'list.crl', crlUrl], { cwd: dir })
      assert.equal(got.code, 0, got.stderr)
      const list = (await run('openssl', ['crl', '-inform', 'DER', '-in', 'list.crl', '-noout', '-text'], { cwd: dir })).stdout
      const at = list.indexOf(`Serial Number: ${serial}`)
      return at < 0 ? null : list.slice(at, at + 300).split('Serial Number')[1]
    },
    async ocsp () {
      const { stdout, stderr } = await run('openssl', ['ocsp', '-issuer', 'issuer.pem', '-cert', 'leaf.pem', '-url', ocspUrl, '-CAfile', c.root, '-verify_other', 'issuer.pem'], { cwd: dir, env: { no_proxy: '*' } })
      assert.match(stderr, /Response verify OK/, stderr)
      return /leaf\.pem: (\w+)/.exec(stdout)[1] + (/Reason: (\w+)/.exec(stdout)?.[1] ? ` ${/Reason: (\w+)/.exec(stdout)[1]}` : '')
    },
    serial
  }
}

test('by DNS: filed, proved, revoked; the list and the status answer say so (RVK-16 RVK-17 RVK-19 RVK-26 RVK-30)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'a.zone0.com')
  const world = await outside(await c.download(account, id))
  assert.equal(await world.ocsp(), 'good')
  assert.equal(await world.crl(), null)

  const filed = await revoke(account, id, { Reason: 'no longer needed' })
  assert.equal(filed.State, 'proving')
  assert.equal(filed.RevokeDomainValidateAuths.length, 1)
  const [auth] = filed.RevokeDomainValidateAuths
  assert.deepEqual([auth.DomainValidateAuthKey, auth.DomainValidateAuthDomain], ['_dnsauth.a.zone0.com', 'zone0.com'])
  const now = await c.describe(account, id)
  assert.deepEqual([now.Status, now.StatusMsg, now.Deployable], [9, 'PENDING-DCV', false])
  assert.equal(now.DvRevokeAuthDetail[0].DvAuthValue, auth.DomainValidateAuthValue)
  /* RVK-04, LIFE-10, DL-09: no download, no key, no deployment, no way back */
  await assert.rejects(c.download(account, id), refused(/NotAllowDownload/))
  assert.equal((await c.call(account, 'DescribeCertificateDetail', { CertificateId: id })).CertificatePrivateKey, '')
  await assert.rejects(revoke(account, id), refused('FailedOperation.InvalidCertificateStatusCode'))
  await assert.rejects(c.call(account, 'CancelAuditCertificate', { CertificateId: id }), refused(/CantCancel/))
  await assert.rejects(c.call(account, 'DeleteCertificate', { CertificateId: id }), refused(/CannotBeDeletedIssued/))
  const look = await c.check(account, id)
  assert.notEqual(look.VerificationResults[0].LocalCheck, 1, 'the record of the application proves nothing now')
  assert.equal(await world.ocsp(), 'good', 'not revoked before it is proved')

  const used = await freeUsed(account)
  const revoked = await prove(account, id, filed.RevokeDomainValidateAuths)
  await until('OCSP says so', async () => await world.ocsp() === 'revoked') /* how soon: status.test.mjs */
  const listed = await until('the list says so', () => world.crl())
  assert.doesNotMatch(listed, /Reason Code/)
  assert.equal(revoked.StatusName, 'Revoked')
  assert.equal(await freeUsed(account), used - 1, 'RVK-27: the account has its slot back at once')
  assert.equal((await c.call(account, 'DeleteCertificate', { CertificateId: id })).DeleteResult, true) /* RVK-25 */
})

test('by file (RVK-18)', async () => {
  const account = await c.createAccount()
  const id = await c.apply(account, 'f.zone1.com', { ...ecc, DvAuthMethod: 'FILE' })
  await placeFiles(web, await c.proofs(account, id))
  await c.waitStatus(account, id, 1)
  const { RevokeDomainValidateAuths: auths } = await revoke(account, id)
  assert.deepEqual([auths[0].DomainValidateAuthPath, auths[0].DomainValidateAuthKey], ['/.well-known/pki-validation/', 'fileauth.txt'])
  await placeFiles(web, asProofs(auths, 'FILE'))
  await until('revoked', async () => {
    await c.call(account, 'CompleteCertificate', { CertificateId: id }).catch(() => {})
    return (await c.describe(account, id)).Status === 10
  })
})

test('bad requests: foreign and missing ids alike, wrong states, long and unknown reasons (SIL-22)', async () => {
  const account = await c.createAccount()
  const other = await c.createAccount({ name: 'other' })
  const pending = await c.apply(account, 'p.zone1.com', ecc)
  const id = await issue(account, 'q.zone1.com')
  const says = async (who, what) => revoke(who, what).then(() => assert.fail(), e => [e.code, e.message])
  assert.deepEqual(await says(other, id), await says(account, 'zzzzzzzz'))
  assert.equal((await says(other, id))[0], 'FailedOperation.CertificateNotFound')
  await assert.rejects(revoke(account, pending), refused('FailedOperation.InvalidCertificateStatusCode'))
  await assert.rejects(revoke(account, id, { Reason: 'x'.repeat(201) }), refused('InvalidParameterValue'))
  await assert.rejects(revoke(account, id, { Reason: 'a\u0007b' }), refused('InvalidParameterValue'))
  for (const ReasonCode of ['certificateHold', 'privilegeWithdrawn']) await assert.rejects(revoke(account, id, { ReasonCode }), refused('InvalidParameterValue')) /* BR 7.2.2: the second is the CA's own */
  await assert.rejects(c.call(account, 'RevokeCertificate', {}), refused('MissingParameter'))
  await assert.rejects(c.call(account, 'DescribeRevocations', {}), refused('AuthFailure.UnauthorizedOperation'))
  await assert.rejects(c.call(account, 'ReviewRevocation', { RevocationId: '1', Pass: true }), refused('AuthFailure.UnauthorizedOperation'))
  const reviewer = await c.createAccount({ name: 'reviewer', role: 'reviewer' })
  assert.deepEqual((await c.call(reviewer, 'DescribeRevocations', {})).Revocations, [])
  await assert.rejects(c.call(reviewer, 'ReviewRevocation', { RevocationId: '1', Pass: true }), refused('ResourceNotFound'))
  assert.equal((await c.describe(account, id)).Status, 1)
})

test('a compromised key: at once, whatever is under way, and never accepted again (RVK-31)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'k.zone2.com')
  const files = await c.download(account, id)
  const world = await outside(files)
  await revoke(account, id) /* an ordinary request is under way */
  const filed = await revoke(account, id, { Reason: 'keyCompromise' })
  assert.deepEqual([filed.State, filed.RevokeDomainValidateAuths], ['revoked', []])
  assert.equal((await c.describe(account, id)).Status, 10)
  await until('OCSP says so', async () => await world.ocsp() === 'revoked keyCompromise')
  assert.match(await until('the list says so', () => world.crl()), /Key Compromise/)
  assert.equal((await c.sql('select count(*) as n from blocked_key'))[0].n, 1)
})

test('by possession: a request that the key signed ends every certificate of the key, whoever asks (RVK-31)', async () => {
  const account = await c.createAccount()
  const finder = await c.createAccount({ name: 'finder' })
  const id = await issue(account, 'l.zone2.com')
  const dir = mkdtempSync(join(c.dir, 'leak-'))
  writeFileSync(join(dir, 'leaked.key'), file(await c.download(account, id), 'Nginx', '.key'))
  const request = async (cn, key = 'leaked.key') => (await run('openssl', ['req', '-new', '-key', key, '-subj', `/CN=${cn}`], { cwd: dir })).stdout
  const report = csr => c.call(finder, 'ReportKeyCompromise', { CertificateRequest: csr })
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'own.key'], { cwd: dir })
  await assert.rejects(report('nonsense'), refused('FailedOperation.CertificateInvalid'))
  await assert.rejects(report(await request('l.zone2.com')), refused('FailedOperation.CertificateInvalid'))
  await assert.rejects(report(await request('Proof of key compromise', 'own.key')), refused('FailedOperation.CertificateNotFound'))
  const good = await request('Proof of key compromise')
  const lines = good.split('\n')
  lines[lines.length - 4] = lines[lines.length - 4].replace(/./g, ch => (ch === 'A' ? 'B' : ch === 'B' ? 'A' : ch)) /* the signature spoilt */
  if (lines.join('\n') !== good) await assert.rejects(report(lines.join('\n')), e => e instanceof ApiError)
  assert.equal((await c.describe(account, id)).Status, 1)
  assert.equal((await report(good)).RevokedCount, 1)
  const now = await c.describe(account, id)
  assert.equal(now.Status, 10)
  assert.equal((await report(good)).RevokedCount, 0, 'once')
})

/* The command line of the operator, who has no key but the machine. */
const operate = (...args) => c.cli(['account', 'revoke', ...args, '--data', c.data])
async function refusedToOperate (args, code, pattern) {
  const done = await operate(...args)
  assert.equal(done.code, code, done.stdout + done.stderr)
  assert.match(done.stderr, pattern)
}

test('by the operator on the owner\'s behalf: before the cut-off date, with the domain gone, bound or under way (ACC-13 RVK-09 RVK-10)', async () => {
  const account = await c.createAccount()
  const [old, lapsed, waits, leaked] = await Promise.all(['old', 'lapsed', 'waits', 'leaked'].map(l => issue(account, `${l}.zone5.com`)))
  const edit = await run('sqlite3', ['-cmd', '.timeout 20000', join(c.data, 'chancery.db'), `update certificate set begin_at = 1585065599 where certificate_id = '${old}'`])
  assert.equal(edit.code, 0, edit.stderr)
  await assert.rejects(revoke(account, old), e => refused('FailedOperation.RevokeFailed')(e) && /operator/.test(e.message)) /* RVK-09 */
  await c.call(account, 'RegisterBinding', { CertificateId: lapsed, ResourceType: 'nginx', ResourceId: 'web-1' })
  await assert.rejects(revoke(account, lapsed), refused('FailedOperation.RevokeResourceFailed'))
  await revoke(account, waits)
  const files = await c.download(account, old)
  const world = await outside(files)
  const stranger = await c.createAccount()
  const why = ['--reason', 'asked for by letter']
  await refusedToOperate([account.Account, old], 2, /--reason TEXT/)
  await refusedToOperate([account.Account, old, '--reason', ''], 1, /MissingParameter/)
  await refusedToOperate([account.Account, old, '--reason', 'x'.repeat(201)], 1, /InvalidParameterValue.*200/)
  await refusedToOperate([account.Account, old, ...why, '--code', 'boredom'], 1, /InvalidParameterValue.*superseded/)
  await refusedToOperate(['999999999999', old, ...why], 1, /ResourceNotFound.*no account/)
  await refusedToOperate([stranger.Account, old, ...why], 1, /CertificateNotFound/) /* it is not that account's */
  await assert.rejects(c.call(account, 'RevokeForAccount', { Account: account.Account, CertificateId: old, Reason: 'mine' }), refused('AuthFailure.UnauthorizedOperation'))
  for (const id of [old, lapsed, waits]) {
    const done = await operate(account.Account, id, ...why, '--code', 'superseded')
    assert.equal(done.code, 0, done.stderr)
    assert.equal(done.stdout, `${id} is revoked\n`)
  }
  const operator = await c.createAccount({ name: 'operator', role: 'operator' })
  await c.call(operator, 'RevokeForAccount', { Account: account.Account, CertificateId: leaked, Reason: 'keyCompromise' })
  await until('status answer', async () => await world.ocsp() === 'revoked superseded')
  for (const [id, action] of [[old, /\(superseded\): asked for by letter$/], [lapsed, /letter; it was bound to nginx web-1$/], [waits, /letter$/], [leaked, /\(keyCompromise\)/]]) {
    assert.equal((await c.describe(account, id)).Status, 10)
    const timeline = (await c.call(account, 'DescribeCertificateTimeline', { CertificateId: id })).Timeline
    assert.deepEqual(timeline.slice(-2).map(l => l.Type), ['operator', 'revoked'], 'the timeline tells who and why')
    assert.match(timeline.at(-2).Action, action)
  }
  const log = (await c.call(account, 'DescribeCertificateOperateLogs', { Type: 'operator' })).OperateLogs
  assert.deepEqual(log.map(l => l.CertId ?? l.CertificateId).sort(), [old, lapsed, waits, leaked].sort())
  assert.deepEqual((await c.sql(`select state, filed_by, decided_by from revocation where certificate_id = '${waits}'`)).map(r => [r.state, r.filed_by > 0, r.decided_by]), [['revoked', true, 0]], 'the request that waited is settled')
  assert.equal((await c.sql('select count(*) as n from notice where kind = \'revoked\' and text like \'%by letter%\''))[0].n, 3, 'the owner is told')
  assert.equal((await c.sql(`select b.source from blocked_key as b join cert_key as k on k.spki_hash = b.spki_hash join certificate as c on c.key_id = k.key_id where c.certificate_id = '${leaked}'`))[0].source, 'operator')
  await refusedToOperate([account.Account, old, ...why], 1, /InvalidCertificateStatusCode/)
  /* BR 7.2.2: it turns out that the key is in other hands, and everybody is told the worse of the two */
  writeFileSync(join(c.dir, 'old.key'), file(files, 'Nginx', '.key'))
  const { stdout: proof } = await run('openssl', ['req', '-new', '-key', join(c.dir, 'old.key'), '-subj', '/CN=Proof of key compromise'])
  await until('the list says superseded', async () => /Superseded/.test(await world.crl()))
  const [{ revoked_at: since }] = await c.sql(`select revoked_at from issued where certificate_id = '${old}'`)
  assert.deepEqual([(await c.call(stranger, 'ReportKeyCompromise', { CertificateRequest: proof })).RevokedCount, (await c.call(stranger, 'ReportKeyCompromise', { CertificateRequest: proof })).RevokedCount], [1, 0])
  await until('the status answer says keyCompromise', async () => await world.ocsp() === 'revoked keyCompromise')
  await until('the list says it', async () => /Key Compromise/.test(await world.crl()))
  assert.deepEqual((await c.sql(`select revoked_at, revoke_reason from issued where certificate_id = '${old}'`)), [{ revoked_at: since, revoke_reason: 1 }])
  const audit = await c.cli(['audit', '--data', c.data])
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
  const wanted = await c.apply(account, 'later.zone5.com', ecc)
  await refusedToOperate([account.Account, wanted, ...why], 1, /InvalidCertificateStatusCode/)
})

/* These move the clock and stand last. */

test('not proved within three days: issued again, downloads open, may be filed again (RVK-17 SIL-44 SIL-08)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'late.zone3.com')
  const first = await revoke(account, id)
  await c.moveClock(3 * DAY - 60)
  assert.equal((await c.describe(account, id)).Status, 9)
  await c.moveClock(120)
  await c.waitStatus(account, id, 1)
  assert.ok(await c.download(account, id))
  const logs = await c.call(account, 'DescribeCertificateOperateLogs', {})
  assert.deepEqual(logs.OperateLogs.filter(l => ['revoke', 'cancelRevoke'].includes(l.Type)).map(l => [l.Type, l.SubAccountUin !== '']), [['cancelRevoke', false], ['revoke', true]])
  const second = await revoke(account, id)
  assert.notEqual(second.RevokeDomainValidateAuths[0].DomainValidateAuthValue, first.RevokeDomainValidateAuths[0].DomainValidateAuthValue)
  await prove(account, id, second.RevokeDomainValidateAuths)
})

test('in its last 30 days it is renewed, not revoked, but a compromised key goes at any time (RVK-07 SIL-07)', async () => {
  const account = await c.createAccount()
  const id = await issue(account, 'old.zone4.com')
  await c.moveClock(336 * DAY)
  await assert.rejects(revoke(account, id), refused('FailedOperation.RevokeFailed'))
  assert.equal((await revoke(account, id, { ReasonCode: 'keyCompromise', Reason: 'laptop stolen' })).State, 'revoked')
  assert.equal((await c.describe(account, id)).Status, 10)
})
