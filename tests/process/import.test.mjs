/*
 * Moving in from the command line: upload, check-chain, ignore, and import of certbot's, acme.sh's, lego's and plain
 * directories, with the report of what was taken, known and refused, and a progress bar on a terminal.
 * ACC-09 ACC-11 UPL-01 UPL-08 UPL-10 IGN-01 IGN-02 IGN-03 IGN-04 SIL-24 SIL-25 SIL-56 SIL-63
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { BUILD, run, startChancery } from '../lib/chancery.mjs'
import { newPki } from '../lib/pki.mjs'
import { noDns } from '../api/client.mjs'

let c, account, pki, ca
before(async () => {
  c = await startChancery({ settings: { ...noDns, 'limits.rate': 'off' } })
  account = await c.createAccount()
  pki = newPki()
  ca = pki.chain()
})
after(async () => {
  await c?.stop()
  pki?.done()
})

const cli = (...args) => c.cli(args, account)
async function good (...args) {
  const { code, stdout, stderr } = await cli(...args)
  assert.equal(code, 0, `${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}
function put (path, text) {
  mkdirSync(dirname(join(pki.dir, path)), { recursive: true })
  writeFileSync(join(pki.dir, path), text)
  return join(pki.dir, path)
}
const report = async (...args) => {
  const { code, stdout, stderr } = await cli('import', '--json', ...args)
  return { code, stderr, ...JSON.parse(stdout) }
}
const names = list => list.map(i => i.Name).sort()

function certbot (root, leaf, name) {
  const parts = { cert: leaf.cert, chain: ca.intermediates, fullchain: leaf.chain, privkey: leaf.key }
  for (const [part, text] of Object.entries(parts)) {
    put(`${root}/archive/${name}/${part}1.pem`, text)
    mkdirSync(join(pki.dir, root, 'live', name), { recursive: true })
    symlinkSync(`../../archive/${name}/${part}1.pem`, join(pki.dir, root, 'live', name, `${part}.pem`))
  }
  put(`${root}/renewal/${name}.conf`, `version = 2.1.0\narchive_dir = ${pki.dir}/${root}/archive/${name}\n`)
  put(`${root}/live/README`, 'words\n')
}

test('upload, check-chain: files with words around, apart, in one, in DER', async () => {
  const leaf = ca.leaf('cli.example.org')
  const cert = put('up/cert.pem', `subject=CN = cli\n${leaf.cert}and more words\n`), chain = put('up/chain.pem', ca.intermediates), key = put('up/key.pem', leaf.key)
  const { CertificateId } = JSON.parse(await good('upload', '--json', '--chain', chain, '--alias', 'by hand', cert, key))
  const detail = await c.call(account, 'DescribeCertificateDetail', { CertificateId })
  assert.deepEqual([detail.Alias, detail.Domain, detail.Status, detail.CertificatePrivateKey], ['by hand', 'cli.example.org', 1, leaf.key])
  const again = await cli('upload', put('up/all.pem', leaf.key + leaf.chain))
  assert.equal(again.code, 1)
  assert.match(again.stderr, new RegExp(`CertificateExists.*${CertificateId}`))
  assert.match(await good('upload', '--again', put('up/all.pem', leaf.key + leaf.chain)), /^Uploaded: certificate \w{8}$/m)
  const single = pki.make('/CN=der.example.org', { extensions: 'subjectAltName=DNS:der.example.org\n' })
  const der = put('up/a.der', pki.openssl(['x509', '-outform', 'DER'], single.cert)), keyDer = put('up/a.key.der', pki.openssl(['pkcs8', '-topk8', '-nocrypt', '-outform', 'DER'], single.key))
  await good('upload', der, keyDer)
  const locked = ca.leaf('locked.example.org')
  const lockedKey = put('up/locked.key', pki.openssl(['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:geheim'], locked.key))
  const closed = await cli('upload', put('up/locked.pem', locked.chain), lockedKey)
  assert.equal(closed.code, 1)
  assert.match(closed.stderr, /KeyPassword/)
  await good('upload', '--password-file', put('up/password', 'geheim\n'), put('up/locked.pem', locked.chain), lockedKey)
  await good('upload', '--type', 'ca', put('up/ca.pem', ca.root.cert))
  assert.equal((await cli('upload', put('up/empty', 'nothing\n'))).code, 2)
  assert.equal((await cli('upload', '/nowhere/at/all')).code, 1)
  assert.match(await good('check-chain', put('up/whole.pem', ca.root.cert + leaf.chain)), /Certificate\s+cli\.example\.org\nissued by\s+Test CA 1\n[^]*Whole and right\s+yes/)
  const gap = await cli('check-chain', put('up/gap.pem', ca.root.cert + leaf.cert))
  assert.equal(gap.code, 1)
  assert.match(gap.stdout, /Whole and right\s+no/)
})

test('upload --replace, take-back, project, label, list by them', async () => {
  const first = ca.leaf('place.example.org'), second = ca.leaf('place.example.org')
  const id = JSON.parse(await good('upload', '--json', put('place/1.pem', first.key + first.chain))).CertificateId
  const key = async () => (await c.call(account, 'DescribeCertificateDetail', { CertificateId: id })).CertificatePrivateKey
  const bad = async (args, code, words) => { const done = await cli(...args); assert.deepEqual([done.code, words.test(done.stderr)], [code, true], done.stderr) }
  await bad(['take-back', id], 1, /nothing was put in the place/)
  assert.equal(await good('upload', '--replace', id, put('place/2.pem', second.chain), put('place/2.key', second.key)), `${id} has other content now; \`chancery take-back ${id}\` takes that back\n`)
  assert.equal(await key(), second.key)
  assert.equal(await good('take-back', id), `${id} is what it was before\n`)
  assert.equal(await key(), first.key)
  await bad(['take-back', id], 1, /RollbackStatusInvalid/)
  await bad(['upload', '--replace', 'nobody12', put('place/2.pem', second.chain), put('place/2.key', second.key)], 1, /CertificateNotFound/)

  assert.equal(await good('project', 'add', 'shops', '--info', 'all that sells'), 'Project 1 is shops\n')
  assert.match(await good('project'), /^Id +Name +Made +What for\n1 +shops +20[^\n]+all that sells\n$/)
  assert.equal(await good('label', id, '--project', '1', '--alias', 'the place', '--tag', 'env=prod', '--tag', 'team=a'), `${id} is labelled\n`)
  await good('label', id, '--untag', 'team')
  const [shown] = (await c.call(account, 'DescribeCertificates', { CertIds: [id] })).Certificates
  assert.deepEqual([shown.Alias, shown.ProjectInfo.ProjectName, shown.Tags], ['the place', 'shops', [{ TagKey: 'env', TagValue: 'prod' }]])
  for (const args of [['--project', '1'], ['--tag', 'env=prod']]) assert.match(await good('list', ...args), new RegExp(`^Id[^\n]+\n${id} [^\n]+\n(1 of 1[^\n]*\n)?$`))
  for (const args of [['--project', '0', '--search', id], ['--tag', 'env=test']]) assert.doesNotMatch(await good('list', ...args), new RegExp(id))
  assert.equal(await good('project', 'set', '1', '--name', 'markets', '--close'), 'Project 1 is changed\n')
  assert.doesNotMatch(await good('project'), /markets/)
  assert.match(await good('project', '--all'), /markets/)
  await bad(['label', id, '--project', '1'], 1, /NoProjectPermission/)
  await good('project', 'set', '1', '--open')
  await bad(['project', 'set', '1'], 2, /nothing to set/)
  await bad(['project', 'set', 'x', '--open'], 2, /a project is a number/)
  await bad(['project', 'set', '9', '--open'], 1, /NoProjectPermission/)
  await bad(['label', id], 2, /nothing to change/)
  await bad(['label', id, '--tag', 'env'], 2, /KEY=VALUE/)
  await bad(['label', 'nobody12', '--alias', 'x'], 1, /CertificateNotFound/)
  await bad(['label', 'nobody12', '--project', '1'], 1, /no certificate nobody12/)
})

test('certbot: live is taken once, archive not at all, and the second run knows them', async () => {
  certbot('letsencrypt', ca.leaf('one.example.org'), 'one.example.org')
  certbot('letsencrypt', ca.leaf('*.two.example.org'), 'two.example.org')
  const dry = await report('--dry-run', join(pki.dir, 'letsencrypt'))
  assert.deepEqual([names(dry.Found), dry.Taken.length], [['one.example.org', 'two.example.org'], 0])
  const first = await report(join(pki.dir, 'letsencrypt'))
  assert.deepEqual([first.code, names(first.Taken), first.Known, first.Refused], [0, ['one.example.org', 'two.example.org'], [], []])
  assert.ok(first.Taken.every(i => i.Layout === 'certbot'))
  const second = await report(join(pki.dir, 'letsencrypt'), join(pki.dir, 'letsencrypt/live/one.example.org'))
  assert.deepEqual([second.code, names(second.Known), second.Taken], [0, ['one.example.org', 'one.example.org', 'two.example.org'], []])
  const [item] = (await c.call(account, 'DescribeCertificates', { SearchKey: 'two.example.org' })).Certificates
  assert.deepEqual([item.Alias, item.Domain, item.IsWildcard], ['two.example.org', '*.two.example.org', true])
})

test('acme.sh and lego', async () => {
  const a = ca.leaf('sh.example.org'), b = ca.leaf('ecc.example.org'), d = ca.leaf('lego.example.org'), w = ca.leaf('*.lego.example.org')
  for (const [dir, name, leaf] of [['sh.example.org', 'sh.example.org', a], ['ecc.example.org_ecc', 'ecc.example.org', b]]) {
    put(`.acme.sh/${dir}/${name}.cer`, leaf.cert)
    put(`.acme.sh/${dir}/${name}.key`, leaf.key)
    put(`.acme.sh/${dir}/ca.cer`, ca.intermediates)
    put(`.acme.sh/${dir}/fullchain.cer`, leaf.chain)
    put(`.acme.sh/${dir}/${name}.conf`, `Le_Domain='${name}'\n`)
  }
  put('.acme.sh/ca/server/account.key', pki.key())
  const sh = await report(join(pki.dir, '.acme.sh'))
  assert.deepEqual([sh.code, names(sh.Taken)], [0, ['ecc.example.org_ecc', 'sh.example.org']], JSON.stringify(sh))
  for (const [name, leaf, whole] of [['lego.example.org', d, true], ['_.lego.example.org', w, false]]) {
    put(`.lego/certificates/${name}.crt`, whole ? leaf.chain : leaf.cert)
    put(`.lego/certificates/${name}.issuer.crt`, ca.intermediates)
    put(`.lego/certificates/${name}.key`, leaf.key)
    put(`.lego/certificates/${name}.json`, JSON.stringify({ domain: name }))
  }
  put('.lego/accounts/server/a@example.org/keys/a@example.org.key', pki.key())
  const lego = await report(join(pki.dir, '.lego'))
  assert.deepEqual([lego.code, names(lego.Taken), lego.Taken.map(i => i.Layout)], [0, ['_.lego.example.org', 'lego.example.org'], ['lego', 'lego']], JSON.stringify(lego))
})

test('plain directories: what belongs together is found, what cannot be taken is refused by itself', async () => {
  const leaves = Object.fromEntries(['a', 'b', 'tls', 'lonely', 'wrong', 'bad', 'self'].map(n => [n, ca.leaf(`${n}.plain.example.org`)]))
  put('plain/nginx/1_a.plain.example.org_bundle.crt', leaves.a.chain)
  put('plain/nginx/2_a.plain.example.org.key', leaves.a.key)
  put('plain/nginx/b.plain.crt', leaves.b.chain)
  put('plain/nginx/b.plain.key', leaves.b.key)
  put('plain/k8s/tls.crt', leaves.tls.cert)
  put('plain/k8s/chain.pem', ca.intermediates)
  put('plain/k8s/tls.key', leaves.tls.key)
  put('plain/haproxy/all.pem', leaves.self.chain + leaves.self.key)
  put('plain/lonely/x.crt', leaves.lonely.chain)
  put('plain/wrong/w.crt', leaves.wrong.chain)
  put('plain/wrong/w.key', pki.key())
  put('plain/bad/z.crt', leaves.bad.chain.replace(/^MII.{6}/m, 'MIIAAAAAA'))
  put('plain/bad/z.key', leaves.bad.key)
  const debian = readFileSync(new URL('../vectors/keys/debian-weak.key', import.meta.url), 'utf8')
  put('plain/weak/d.crt', ca.leaf('weak.plain.example.org', { key: debian }).chain)
  put('plain/weak/d.key', debian)
  put('plain/README.txt', 'no certificate here\n')
  put('plain/binary', Buffer.from(Array.from({ length: 999 }, (_, i) => i % 256)))
  symlinkSync('..', join(pki.dir, 'plain/nginx/circle'))
  const { code, Taken, Refused, stderr } = await report(join(pki.dir, 'plain'))
  assert.deepEqual([code, Taken.length], [1, 4], JSON.stringify({ Taken, Refused }))
  assert.match(stderr, /4 of 8 were refused/)
  const why = Object.fromEntries(Refused.map(i => [i.Name, i.Message]))
  assert.match(why.x, /no private key/)
  assert.match(why.d, /Debian.*private half is known/) /* CVE-2008-0166 */
  assert.match(why.w, /CertificateMatchError/)
  assert.match(why.z, /CertificateParseError|CertificateChainError|CertificateInvalid/)
  const text = await cli('import', join(pki.dir, 'plain'))
  assert.match(text.stdout, /0 taken, 4 already known, 4 refused/)
  assert.ok(!text.stderr.includes('['), text.stderr) /* no bar where nobody looks */
  const nothing = await cli('import', dirname(put('nothing/here.txt', 'x')))
  assert.equal(nothing.code, 1)
  assert.match(nothing.stderr, /no certificates/)
})

test('a progress bar on a terminal', async () => {
  const env = { CHANCERY_ENDPOINT: `https://${c.endpoint}`, CHANCERY_CA: c.root, HOME: c.dir, CHANCERY_SECRET_ID: account.SecretId, CHANCERY_SECRET_KEY: account.SecretKey }
  const { stdout } = await run('script', ['-qec', `${join(BUILD, 'chancery')} import ${join(pki.dir, 'letsencrypt')}`, '/dev/null'], { env })
  assert.match(stdout, /\[\.+\] 0\/2 one\.example\.org/)
  assert.match(stdout, /\[#+\.+\] 1\/2 two\.example\.org/)
  assert.match(stdout, /0 taken, 2 already known, 0 refused/)
})

test('messages are ignored and wanted again, only near the end (IGN-01 IGN-02 IGN-03 IGN-04 SIL-25 SIL-56)', async () => {
  const id = async leaf => (await c.call(account, 'UploadCertificate', { CertificatePublicKey: leaf.chain, CertificatePrivateKey: leaf.key })).CertificateId
  const soon = await id(ca.leaf('soon.example.org', { days: 20 })), late = await id(ca.leaf('late.example.org', { days: 90 }))
  const item = async i => (await c.call(account, 'DescribeCertificates', { CertIds: [i] })).Certificates[0]
  assert.deepEqual([(await item(soon)).IsExpiring, (await item(late)).IsExpiring], [true, false])
  const refused = await cli('ignore', soon, late)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /last 30 days/)
  assert.equal((await item(soon)).IsIgnore, false) /* all or none */
  await good('ignore', soon)
  assert.equal((await item(soon)).IsIgnore, true)
  await good('ignore', '--off', soon)
  assert.equal((await item(soon)).IsIgnore, false)
  const sw = (CertificateIds, SwitchStatus) => c.call(account, 'ModifyCertificatesExpiringNotificationSwitch', { CertificateIds, SwitchStatus })
  const other = await c.createAccount({ name: 'other' })
  await assert.rejects(c.call(other, 'ModifyCertificatesExpiringNotificationSwitch', { CertificateIds: [soon], SwitchStatus: 1 }), { code: 'FailedOperation.CertificateNotFound' })
  await assert.rejects(sw(Array(51).fill(soon), 1), { code: 'InvalidParameter.CertificatesNumberExceeded' })
  await assert.rejects(sw([], 1), { code: 'FailedOperation.InvalidParam' })
  await assert.rejects(sw([soon], 2), { code: 'InvalidParameterValue' })
  assert.deepEqual((await sw([soon], 1)).CertificateIds, [soon])
  await c.moveClock(21 * 86400)
  await c.waitStatus(account, soon, 3) /* SIL-56: stays set after the end; SIL-24: and there is no notice */
  assert.equal((await item(soon)).IsIgnore, true)
  const notices = await c.sql(`SELECT kind FROM notice WHERE certificate_id = '${soon}'`)
  assert.deepEqual(notices, [])
  assert.ok(readFileSync(c.root).length > 0)
})
