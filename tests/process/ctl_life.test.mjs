/* The command line for life after issue: bind, delete, reissue, revoke, review, history.  RVK-12 SIL-53 SIL-29 */
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { file, run, startChancery } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, placeRecords } from '../lib/place.mjs'

let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com' }] })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off', 'validation.cname-zone': 'kept.cedar.net' } })
  account = await c.createAccount()
})
after(async () => {
  try {
    await c?.stop()
  } finally {
    await dns?.stop()
  }
})

const issue = name => applyAndProve(c, dns, account, name)

async function good (args, who = account) {
  const { code, stdout, stderr } = await c.cli(args, who)
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

async function bad (args, code, pattern, who = account) {
  const done = await c.cli(args, who)
  assert.equal(done.code, code, done.stdout + done.stderr)
  assert.match(done.stderr, pattern)
  assert.equal(done.stderr.trim().split('\n').length, 1)
}

test('bind, list, revoke refused, unbind, reissue, revoke by key proof, delete with a second word, history', async () => {
  const id = await issue('cli.maple.com')
  assert.equal(await good(['bind', id, 'nginx', 'web-1', '--domain', 'cli.maple.com']), `${id} is bound to nginx web-1\n`)
  assert.match(await good(['bind', id]), /nginx +web-1 +cli\.maple\.com/)
  await bad(['revoke', id], 1, /RevokeResourceFailed.*nginx web-1/)
  const next = /certificate (\w{8}) for/.exec(await good(['reissue', id, '--key', 'ecc', '--reason', 'rotation', '--no-wait']))[1]
  assert.equal((await c.describe(account, next)).CertificateExtra.ReplacedBy, id)
  assert.equal(await good(['cancel', next]), `${next} is cancelled\n`)
  const dir = mkdtempSync(join(c.dir, 'cli-'))
  writeFileSync(join(dir, 'leaked.key'), file(await c.download(account, id), 'Nginx', '.key'))
  const { stdout } = await run('openssl', ['req', '-new', '-key', 'leaked.key', '-subj', '/CN=Proof of key compromise'], { cwd: dir })
  writeFileSync(join(dir, 'proof.csr'), stdout)
  assert.match(await good(['revoke', '--key-proof', join(dir, 'proof.csr')]), /^1 certificates were revoked/)
  await bad(['delete', id], 1, /BoundResources/)
  assert.equal(await good(['delete', id, '--bound']), `${id} is deleted\n`)
  const types = (await good(['history', id])).trim().split('\n').slice(1).map(l => l.split(/ {2,}/)[1])
  assert.deepEqual(types, ['apply', 'domainValidationPassed', 'issued', 'bind', 'replace', 'download', 'revoked', 'delete'])
})

test('reissue by a kept CNAME: it is shown, placed once, and proves', async () => {
  const rich = await c.createAccount({ name: 'rich', balance: 10_000_000 })
  const [id] = (await c.call(rich, 'CreateCertificate', { ProductId: 48, DomainNum: 1, TimeSpan: 1 })).CertificateIds
  await c.call(rich, 'CertificateInfoSubmit', { CertId: id, GenCsrType: 'online', CertCommonName: 'keep.maple.com', CompanyType: 1, CompanyId: '0', ContactEmail: 'ann@example.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1' })
  await c.call(rich, 'CertificateOrderSubmit', { CertId: id, VerifyType: 'DNS' })
  await placeRecords(dns, await c.proofs(rich, id))
  await c.waitStatus(rich, id, 1)
  const { code, stderr } = await run('sqlite3', ['-cmd', '.timeout 20000', join(c.data, 'chancery.db'), "update evidence set expires_at = 1 where name = 'keep.maple.com'"])
  assert.equal(code, 0, stderr) /* or nothing would have to be shown */
  await bad(['reissue', id, '--method', 'post'], 2, /dns\|file\|kept/, rich)
  const text = await good(['reissue', id, '--key', 'ecc', '--method', 'kept', '--no-wait'], rich)
  const next = /certificate (\w{8}) for/.exec(text)[1]
  const [proof, ...more] = await c.proofs(rich, next)
  assert.deepEqual([proof.DvAuthVerifyType, more], ['CNAME', []])
  assert.match(proof.DvAuthValue, /\.kept\.cedar\.net$/)
  assert.match(text, new RegExp(`CNAME.*${proof.DvAuthValue.replaceAll('.', '\\.')}`, 's'))
  const pending = await c.describe(rich, next)
  assert.deepEqual([pending.Status, pending.VerifyType], [0, 'DNS_PROXY']) /* this product's other records are CNAMEs as well */
  await placeRecords(dns, [proof])
  assert.match(await good(['wait', next], rich), new RegExp(next))
  assert.equal((await c.describe(rich, next)).Status, 1)
})

test('revoke shows what to place; JSON; wrong usage', async () => {
  const id = await issue('show.maple.com')
  const text = await good(['revoke', id, '--reason', 'host is gone'])
  assert.match(text, /maple\.com +_dnsauth\.show\.maple\.com +\d{17}\w{40}/)
  assert.equal((await c.describe(account, id)).Status, 9)
  assert.equal(JSON.parse(await good(['history', id, '--json'])).Timeline.at(-1).Type, 'revoke')
  await bad(['revoke'], 2, /needs the ID/)
  await bad(['revoke', id, '--key-proof', 'x'], 2, /leave ID out/)
  await bad(['review', '1'], 2, /one of --pass and --refuse/)
  await bad(['bind', id, 'nginx'], 2, /ID TYPE RESOURCE/)
  await bad(['reissue', id, '--csr', 'x', '--keep-key'], 2, /exclude/)
  await bad(['history', 'zzzzzzzz'], 1, /CertificateNotFound/)
})

test('a reviewer sees and decides; others do not', async () => {
  const reviewer = await c.createAccount({ name: 'reviewer', role: 'reviewer' })
  assert.match(await good(['revocations'], reviewer), /^Request +Certificate/)
  await bad(['revocations'], 1, /UnauthorizedOperation/)
  await bad(['review', '7', '--pass'], 1, /ResourceNotFound/, reviewer)
  await bad(['review', '7', '--pass'], 1, /UnauthorizedOperation/)
})
