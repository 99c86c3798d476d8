/*
 * The clients that people use, unchanged, against the running service: issue, renew, revoke, change keys, wildcards; and what
 * they leave behind is imported.  What docs/acme.md tells to type is taken out of the page and typed, on a machine of its own: a mount name
 * space where /etc and the clients' places are copies.  UPL-01 SIL-63
 * Takes about 150 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { connect } from 'node:tls'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BUILD, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { freePorts, startNginx } from '../lib/web.mjs'
import { ders } from '../lib/acme.mjs'

let dns, web, c, alpnPort, directory, webroot, owner
before(async () => {
  const a = name => [name, 'A', '127.0.0.1']
  dns = await startDns({ zones: [{ name: 'client-test.com', records: [a('client-test.com'), a('*.client-test.com')] }] })
  web = await startNginx()
  ;[alpnPort] = await freePorts(1)
  c = await startChancery({ dns, web, settings: { 'validation.alpn-port': alpnPort } })
  owner = await c.createAccount({ name: 'clients' })
  directory = `https://127.0.0.1:${c.port}/acme/directory`
  webroot = web.root
  await makeMachine()
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

const place = name => { const dir = join(c.dir, name); mkdirSync(dir, { recursive: true }); return dir }
const leafOf = file => new X509Certificate(ders(readFileSync(file, 'utf8'))[0])
const script = (file, text) => { writeFileSync(file, text); chmodSync(file, 0o755); return file }
async function good (command, args, options) {
  const done = await run(command, args, options)
  assert.equal(done.code, 0, `${command} ${args.join(' ')}\n${done.stdout}\n${done.stderr}`)
  return done
}
const isRevoked = async leaf => (await c.sql(`select revoked_at from issued where hex(serial) = '${leaf.serialNumber.padStart(32, '0')}'`))[0]?.revoked_at > 0
/* The certificates of a name are the owner's: the binding works. */
const isOwners = async name => assert.ok((await c.call(owner, 'DescribeCertificates', { SearchKey: name })).TotalCount > 0, `${name} is not among the owner's`)
const external = async label => c.call(owner, 'CreateExternalAccount', { Label: label })

/*
 * What docs/acme.md says of a client, with this service's values in the places of the page's; its code, one text for each stretch between two
 * sentences.  Lines that only the test needs are put in by `adapted`, which refuses to replace what is not there.
 */
const manual = readFileSync(new URL('../../docs/acme.md', import.meta.url), 'utf8')
const EMAIL = 'admin@client-test.com'
function section (client, { KeyId = 'KID', HmacKey = 'HMAC' } = {}, name = 'www.example.com') {
  assert.ok(manual.includes(`\n**${client}**`), `docs/acme.md has no ${client}`)
  const text = manual.split(`\n**${client}**`)[1].split(/\n(?:\*\*|## )/)[0]
  return text.replace(/\bKID\b/g, KeyId).replace(/\bHMAC\b/g, HmacKey).replaceAll('https://ca.example.com:8443/acme/directory', directory)
    .replaceAll('www.example.com', name).replaceAll('you@example.com', EMAIL)
}
const codeOf = text => text.split(/^(?! {4}|$).*$/m).map(part => part.replace(/^ {4}/gm, '').trim()).filter(part => part).map(part => `${part}\n`)
const page = (client, key, name) => codeOf(section(client, key, name))
function adapted (text, changes) {
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(text.includes(from), `the page has no '${from}': ${text}`)
    text = text.replaceAll(from, to)
  }
  return text
}

/* A key made by the command line, whose lines for the client are those of the page. */
async function bound (client, titled, name) {
  const { code, stdout, stderr } = await c.cli(['eab', 'create', '--label', client, '--for', client, '--domain', name, '--email', EMAIL], owner)
  assert.equal(code, 0, stderr)
  const [, KeyId, HmacKey, lines] = /^Directory {2}\S+\nKey id {5}(\S+)\nHMAC key {3}(\S+)\n\n([^]+)$/.exec(stdout)
  const said = section(titled, { KeyId, HmacKey }, name).replace(/^\n+/, '')
  assert.equal(said.slice(0, lines.length), lines)
  return codeOf(said)
}

/* The machine of somebody who types: private copies of what the clients write, and the page's preparations done. */
const machine = (...path) => join(c.dir, 'machine', ...path)
const ENTER = `for at in /etc /var/lib /var/log /usr/local/share/ca-certificates; do mount --bind "$0$at" $at; done; mount --bind "$1" /var/www/html
unset REQUESTS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS LEGO_CA_CERTIFICATES XDG_DATA_HOME XDG_CONFIG_HOME; export HOME="$2"; cd "$2"; `
const inside = (home, text, ...more) => ['unshare', process.getuid() === 0 ? '-m' : '-rm', 'sh', '-ec', ENTER + text, machine(), webroot, home, ...more]
const typed = (home, text, options) => { const [command, ...args] = inside(home, text); return good(command, args, options) }
async function makeMachine () {
  const home = place('home')
  for (const dir of ['var/lib', 'var/log', 'usr/local/share/ca-certificates']) mkdirSync(machine(dir), { recursive: true })
  await run('cp', ['-a', '/etc', machine()]) /* what it may read */
  for (const own of ['letsencrypt', 'ssl/uacme', 'ca-certificates/update.d']) rmSync(machine('etc', own), { recursive: true, force: true })
  copyFileSync(c.root, join(home, 'root.pem'))
  const [prepare] = codeOf(manual.split('\n## Before the first\n')[1].split('\n## ')[0])
  await typed(home, prepare)
}

/*
 * `chancery import` on what the client left behind: all of it is taken as this layout, and the second time it is known.
 * With a bar where somebody looks on.
 */
async function movesIn (dir, layout, names) {
  const mover = await c.createAccount({ name: 'mover' })
  const report = async () => {
    const { code, stdout, stderr } = await c.cli(['import', '--json', dir], mover)
    assert.equal(code, 0, stdout + stderr)
    return JSON.parse(stdout)
  }
  const told = list => list.map(i => `${i.Layout} ${i.Name}`).sort()
  const expected = names.map(name => `${layout} ${name}`).sort()
  const first = await report(), second = await report()
  assert.deepEqual([told(first.Taken), first.Known, first.Refused], [expected, [], []])
  assert.deepEqual([second.Taken, told(second.Known), second.Refused], [[], expected, []])
  const there = (await c.call(mover, 'DescribeCertificates', { Limit: 100 })).Certificates
  assert.deepEqual(there.map(x => [x.From, x.Status]), names.map(() => ['upload', 1]))
  for (const one of there) assert.match((await c.call(mover, 'DescribeCertificateDetail', { CertificateId: one.CertificateId })).CertificatePrivateKey, /PRIVATE KEY/)
  const env = { CHANCERY_ENDPOINT: `https://${c.endpoint}`, CHANCERY_CA: c.root, HOME: c.dir, CHANCERY_SECRET_ID: mover.SecretId, CHANCERY_SECRET_KEY: mover.SecretKey }
  const { stdout } = await run('script', ['-qec', `${join(BUILD, 'chancery')} import ${dir}`, '/dev/null'], { env })
  assert.match(stdout, new RegExp(`\\[\\.+\\] 0/${names.length} [^]*0 taken, ${names.length} already known, 0 refused`))
}

/* A file of shell functions that put records and files where the client's hooks want them. */
const dnsHook = (dir, name = 'dns-hook') => script(join(dir, name),
  `#!/bin/sh\nPATH=$PATH:/usr/sbin; zone=client-test.com.\nk() { knotc -b -t 120 -s ${dns.dir}/knot.sock "$@" >/dev/null; }\n` +
  'k zone-begin $zone; k zone-set $zone "$1" 1 TXT "\\"$2\\"" || true; k zone-commit $zone\n')

test('certbot: issue over http-01 with a binding, renew, dns-01 wildcard, revoke', async () => {
  const home = place('certbot'), etc = machine('etc/letsencrypt')
  copyFileSync(c.root, join(home, 'root.pem'))
  const name = 'certbot.client-test.com'
  const [issue, again] = await bound('certbot', 'certbot', name)
  const [renew, revoke] = again.split('\n\n')
  await typed(home, issue)
  const live = join(etc, `live/${name}/fullchain.pem`)
  const first = leafOf(live)
  assert.equal(first.subjectAltName, `DNS:${name}`)
  await typed(home, adapted(renew, { 'certbot renew': 'certbot renew --force-renewal --no-random-sleep-on-renew' }))
  const second = leafOf(live)
  assert.notEqual(second.serialNumber, first.serialNumber)
  const [, byDns] = /or `(--manual [^`]+)`\s+with/.exec(section('certbot'))
  await typed(home, `certbot certonly -n --server ${directory} ${byDns} --manual-auth-hook '${dnsHook(home)} _acme-challenge.$CERTBOT_DOMAIN. $CERTBOT_VALIDATION' -d cw.client-test.com -d '*.cw.client-test.com'`)
  assert.match(leafOf(join(etc, 'live/cw.client-test.com/cert.pem')).subjectAltName, /\*\.cw\.client-test\.com/)
  await movesIn(etc, 'certbot', [name, 'cw.client-test.com'])
  await typed(home, revoke)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  /* and anybody can see it, as docs/revocation.md says */
  const [seen] = codeOf(readFileSync(new URL('../../docs/revocation.md', import.meta.url), 'utf8').split('### Where to look')[1])
  const at = machine('etc/letsencrypt/archive', name), status = n => typed(home, adapted(seen, { 'chain.pem': `${at}/chain${n}.pem`, 'cert.pem': `${at}/cert${n}.pem` }))
  assert.match((await status(1)).stdout, /cert1\.pem: good/)
  await until('the revocation is seen', async () => /cert2\.pem: revoked/.test((await status(2)).stdout))
  const { Certificates } = await c.call(owner, 'DescribeCertificates', { SearchKey: name })
  assert.deepEqual(Certificates.map(one => one.Status).sort(), [1, 10])
  await typed(home, `certbot unregister -n --server ${directory}`)
})

test('lego: a binding, http-01, renew, dns-01 wildcard, revoke', async () => {
  const home = place('lego'), name = 'lego.client-test.com'
  const [issue, again] = await bound('lego', 'lego', name)
  const [renew, revoke] = again.split('\n\n')
  await typed(home, issue)
  const file = join(home, `.lego/certificates/${name}.crt`)
  const first = leafOf(file)
  await typed(home, adapted(renew, { '--days 30': '--days 3650 --no-random-sleep' }))
  const second = leafOf(file)
  assert.notEqual(second.serialNumber, first.serialNumber)
  await movesIn(join(home, '.lego'), 'lego', [name])
  await typed(home, revoke)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners(name)
  const hook = script(join(home, 'exec'), `#!/bin/sh\n[ "$1" != present ] || exec ${dnsHook(home)} "$2" "$3"\n`)
  const byDns = adapted(issue, { '--http --http.webroot /var/www/html': `--dns exec --dns.disable-cp --dns.resolvers ${dns.address}`, [`--domains ${name}`]: "--domains '*.lw.client-test.com'" })
  await typed(home, byDns, { env: { EXEC_PATH: hook } })
  assert.equal(leafOf(join(home, '.lego/certificates/_.lw.client-test.com.crt')).subjectAltName, 'DNS:*.lw.client-test.com')
})

test('dehydrated: a binding, http-01, renew, dns-01 wildcard, revoke', async () => {
  const home = place('dehydrated'), name = 'dehydrated.client-test.com', certs = machine('var/lib/dehydrated/certs')
  const [config, issue, revoke] = await bound('dehydrated', 'dehydrated', name)
  writeFileSync(machine('etc/dehydrated/conf.d/chancery.sh'), config)
  mkdirSync(machine('var/lib/dehydrated')) /* Debian's package has made it */
  await typed(home, issue)
  const first = leafOf(join(certs, `${name}/cert.pem`))
  assert.equal(first.subjectAltName, `DNS:${name}`)
  await typed(home, adapted(issue, { '--cron': '--cron --force' }))
  const second = leafOf(join(certs, `${name}/cert.pem`))
  assert.notEqual(second.serialNumber, first.serialNumber)
  const hook = script(join(home, 'hook'), `#!/bin/sh\n[ "$1" = deploy_challenge ] || exit 0\n${dnsHook(home)} _acme-challenge.$2. "$4"\n`)
  const words = adapted(/needs `(--challenge .*FILE)` and `(.*)`/.exec(section('dehydrated')).slice(1).join(' '), { FILE: hook, NAME: 'dw' })
  await typed(home, `dehydrated --cron --domain '*.dw.client-test.com' ${words}`)
  assert.equal(leafOf(join(certs, 'dw/cert.pem')).subjectAltName, 'DNS:*.dw.client-test.com')
  await movesIn(machine('var/lib/dehydrated'), 'dehydrated', [name, 'dw'])
  await typed(home, revoke)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners(name)
  await typed(home, 'dehydrated --deactivate')
})

test('acme-tiny: issue, and again; it cannot revoke, but whoever has the key can', async () => {
  const home = place('tiny'), file = join(home, 'www.pem')
  const [issue, revoke] = page('acme-tiny', {}, 'tiny.client-test.com')
  const lines = adapted(issue, { 'acme-tiny --': 'acme-tiny --disable-check --quiet --' }) /* this machine does not find the name by itself */
  await typed(home, lines)
  const first = leafOf(file)
  assert.equal(first.subjectAltName, 'DNS:tiny.client-test.com')
  await typed(home, lines.slice(lines.indexOf('acme-tiny')))
  const second = leafOf(file)
  assert.notEqual(second.serialNumber, first.serialNumber)
  await typed(home, revoke)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
})

test('uacme: a binding, http-01, renew, a new account key, dns-01 wildcard, revoke', async () => {
  const home = place('uacme'), name = 'uacme.client-test.com', etc = machine('etc/ssl/uacme')
  const [issue, again] = await bound('uacme', 'uacme', name)
  const [newkey, revoke] = again.split('\n\n')
  await typed(home, issue)
  const file = join(etc, `${name}/cert.pem`)
  const first = leafOf(file)
  await typed(home, adapted(issue.slice(issue.indexOf('UACME_CHALLENGE_PATH')), { ' issue ': ' -f issue ' }))
  const second = leafOf(file)
  assert.notEqual(second.serialNumber, first.serialNumber)
  await typed(home, newkey)
  await movesIn(etc, 'uacme', [name])
  const byDns = script(join(home, 'hook-dns'), `#!/bin/sh\n[ "$2" = dns-01 ] || exit 1\n[ "$1" != begin ] || exec ${dnsHook(home)} _acme-challenge.$3. "$5"\n`)
  await typed(home, `uacme -a ${directory} -h ${byDns} issue '*.uw.client-test.com'`)
  assert.equal(leafOf(join(etc, 'uw.client-test.com/cert.pem')).subjectAltName, 'DNS:*.uw.client-test.com')
  await typed(home, revoke)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners(name)
  await typed(home, `uacme -y -a ${directory} deactivate`)
})

test('python3-acme: a binding, http-01 with the alternate chain, renew, dns-01 wildcard, revoke, deactivate', async () => {
  const home = place('python'), name = 'python.client-test.com'
  const [program, revoke] = page('Python', await external('python'), name)
  const more = `
import json, subprocess
first, = [order]
def again(names):
    order = acme.new_order(crypto_util.make_csr(www_key, names))
    for authorization in order.authorizations:
        for challenge in authorization.body.challenges:
            if isinstance(challenge.chall, challenges.DNS01) and authorization.body.status != messages.STATUS_VALID:
                response, answer = challenge.response_and_validation(key)
                subprocess.check_call(['${dnsHook(home)}', '_acme-challenge.pw.client-test.com.', answer])
                acme.answer_challenge(challenge, response)
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=240)
    return acme.finalize_order(acme.poll_authorizations(order, deadline), deadline, fetch_alternative_chains=True)
order = wild = again(['*.pw.client-test.com'])
order = second = again(['${name}'])
${revoke}
assert acme.query_registration(account).body.status == 'valid'
acme.deactivate_registration(account)
print(json.dumps([[one.fullchain_pem, one.alternative_fullchains_pem] for one in (second, wild)]))
`
  writeFileSync(join(home, 'client.py'), `import datetime\n${program}${more}`)
  const { stdout } = await typed(home, '/usr/bin/python3 client.py')
  const first = leafOf(join(home, 'www.pem'))
  const [second, wild] = JSON.parse(stdout).map(([pem, alternatives]) => {
    assert.deepEqual([ders(pem).length, alternatives.map(one => ders(one).length)], [2, [3]])
    return new X509Certificate(ders(pem)[0])
  })
  assert.match(readFileSync(join(home, 'www.key'), 'utf8'), /PRIVATE KEY/)
  assert.deepEqual([first, second, wild].map(one => one.subjectAltName), [`DNS:${name}`, `DNS:${name}`, 'DNS:*.pw.client-test.com'])
  assert.deepEqual([await isRevoked(first), await isRevoked(second), await isRevoked(wild)], [false, true, false])
  await isOwners(name)
})

test('npm acme-client: a binding, http-01, key rollover, dns-01 wildcard, renew, revoke', async () => {
  const home = place('npm'), name = 'npm.client-test.com'
  const [program, again] = page('Node', await external('npm'), name)
  const [rollover, revoke] = again.split('\n\n')
  const more = `
const renewed = await client.auto({ csr, challengeCreateFn: () => { throw new Error('it is proved') }, challengeRemoveFn: () => {} })
const [, wildcard] = await acme.crypto.createCsr({ altNames: ['*.nw.client-test.com', 'nw.client-test.com'] })
const byDns = await client.auto({
  csr: wildcard,
  challengePriority: ['dns-01'],
  skipChallengeVerification: true,
  challengeCreateFn: async (authorization, challenge, answer) => execFileSync('${dnsHook(home)}', ['_acme-challenge.' + authorization.identifier.value + '.', answer]),
  challengeRemoveFn: async () => {}
})
console.log(JSON.stringify([renewed, byDns]))
`
  symlinkSync(new URL('../../node_modules', import.meta.url).pathname, join(home, 'node_modules'))
  writeFileSync(join(home, 'client.mjs'), `import { execFileSync } from 'node:child_process'\n${program}${rollover}\n${more}${revoke}`)
  copyFileSync(c.root, join(home, 'root.pem'))
  const [, trust] = /`(NODE_EXTRA_CA_CERTS=\S+)`/.exec(manual.split('**Node**')[1])
  const { stdout } = await typed(home, `${trust} '${process.execPath}' client.mjs`)
  const [renewed, byDns] = JSON.parse(stdout).map(pem => new X509Certificate(ders(pem)[0]))
  const leaf = leafOf(join(home, 'www.pem'))
  assert.deepEqual([leaf, renewed].map(one => one.subjectAltName), [`DNS:${name}`, `DNS:${name}`])
  assert.match(byDns.subjectAltName, /DNS:\*\.nw\.client-test\.com/)
  assert.match(readFileSync(join(home, 'www.key'), 'utf8'), /PRIVATE KEY/)
  assert.deepEqual([await isRevoked(leaf), await isRevoked(renewed), await isRevoked(byDns)], [true, false, false])
  await isOwners(name)
})

/* What a TLS server shows for a name. */
const shown = (port, name) => new Promise((resolve, reject) => {
  const socket = connect({ port, host: '127.0.0.1', servername: name, ca: readFileSync(c.root) }, () => { resolve(socket.getPeerX509Certificate()); socket.end() })
  socket.once('error', reject)
})

/* The certificate that it serves; what is to be done while it runs is done in `meanwhile`. */
async function serving (command, args, options, name, port, meanwhile = async () => {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...options.env } })
  let log = ''
  child.stdout.on('data', d => { log += d })
  child.stderr.on('data', d => { log += d })
  const ended = new Promise(resolve => child.once('close', resolve))
  try {
    const certificate = await until(`${command} serves ${name}`, () => shown(port, name))
    await meanwhile(certificate)
    return certificate
  } catch (e) {
    throw new Error(`${e.message}\n${log.slice(-5000)}${options.log && existsSync(options.log) ? readFileSync(options.log, 'utf8').slice(-5000) : ''}`)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

test('Caddy: a binding, tls-alpn-01, renewal', async () => {
  const home = place('caddy'), name = 'caddy.client-test.com'
  const [httpPort] = await freePorts(1)
  const [caddyfile] = await bound('caddy', 'Caddy', name)
  writeFileSync(join(home, 'Caddyfile'), adapted(caddyfile, {
    'acme_ca ': `admin off\nhttp_port ${httpPort}\nhttps_port ${alpnPort}\nstorage file_system ${home}/store\nacme_ca `,
    respond: 'bind 127.0.0.1\ntls {\nissuer acme {\ndisable_http_challenge\n}\n}\nrespond'
  }))
  const caddy = (config, meanwhile) => {
    const [command, ...args] = inside(home, 'exec caddy run --config "$3"', config)
    return serving(command, args, {}, name, alpnPort, meanwhile)
  }
  const certificate = await caddy('Caddyfile')
  assert.equal(certificate.subjectAltName, `DNS:${name}`)
  await isOwners(name)
  await movesIn(join(home, 'store'), 'lego', [name]) /* the same names: NAME.crt, .key, .json; it goes on with its key */
  /* It renews at its next start what it is told to renew early; the Caddyfile has no word for that. */
  const config = JSON.parse((await typed(home, 'caddy adapt --config Caddyfile')).stdout)
  for (const policy of config.apps.tls.automation.policies) policy.renewal_window_ratio = 1
  writeFileSync(join(home, 'caddy.json'), JSON.stringify(config))
  const hasAnother = () => until('Caddy renews', async () => (await shown(alpnPort, name)).serialNumber !== certificate.serialNumber)
  await caddy('caddy.json', hasAnother)
  const { CertificateId } = (await c.call(owner, 'DescribeCertificates', { SearchKey: name, CertificateStatus: [1] })).Certificates[0]
  const [, words, look] = /`chancery (revoke ID)`[^`]+`chancery (verify ID)`/.exec(section('Caddy'))
  const asked = await c.cli(words.replace('ID', CertificateId).split(' '), owner)
  assert.equal(asked.code, 0, asked.stderr)
  const [, path, content] = /^ {2}\S+ +(\/\S+) +(\S+)$/m.exec(asked.stdout)
  web.setFile(path, content)
  await until('it is revoked', async () => {
    await c.cli(look.replace('ID', CertificateId).split(' '), owner)
    return (await c.describe(owner, CertificateId)).Status === 10
  })
})

test('Apache mod_md: a binding, tls-alpn-01, renewal', async () => {
  const home = place('apache'), name = 'apache.client-test.com'
  const [httpPort] = await freePorts(1)
  const [site] = await bound('apache', 'Apache httpd with mod_md', name)
  for (const sub of ['md', 'logs']) mkdirSync(join(home, sub))
  const modules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'watchdog', 'md', 'dir', 'mime']
    .filter(module => existsSync(`/usr/lib/apache2/modules/mod_${module}.so`))
  writeFileSync(join(home, 'apache.conf'), `ServerRoot ${home}
PidFile ${home}/pid
ErrorLog ${home}/logs/error.log
LogLevel info md:debug
${modules.map(module => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
TypesConfig /etc/mime.types
DefaultRuntimeDir ${home}
Listen 127.0.0.1:${httpPort}
Listen 127.0.0.1:${alpnPort}
ServerName ${name}
MDStoreDir ${home}/md
${adapted(site, { '*:443': `127.0.0.1:${alpnPort}` })}
MDPortMap http:- https:443
MDCAChallenges tls-alpn-01
MDRetryDelay 1s
MDStapling off
`)
  chmodSync(home, 0o755)
  if (process.getuid() === 0) await good('chmod', ['-R', 'a+rX', c.dir])
  /* mod_md takes a new certificate at the next restart. */
  const restart = setInterval(() => { try { process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), 'SIGUSR1') } catch { /* not there yet */ } }, 3000)
  try {
    const [command, ...args] = inside(home, 'exec apache2 -f "$PWD/apache.conf" -DFOREGROUND')
    const certificate = await serving(command, args, { log: join(home, 'logs/error.log') }, name, alpnPort, async first => {
      /* from now on 90 days before its end is late enough to renew it */
      appendFileSync(join(home, 'apache.conf'), 'MDRenewWindow 90d\n')
      await until('mod_md renews', async () => (await shown(alpnPort, name)).serialNumber !== first.serialNumber)
    })
    assert.equal(certificate.subjectAltName, `DNS:${name}`)
    await isOwners(name)
    await movesIn(join(home, 'md/domains'), 'files', [name])
  } finally {
    clearInterval(restart)
  }
})
