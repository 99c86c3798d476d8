/*
 * The clients that people use, unchanged, against the running service: issue, renew, revoke, change keys, wildcards; and what
 * they leave behind is imported.  UPL-01 SIL-63
 * Takes about 150 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { connect } from 'node:tls'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BUILD, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { freePorts, startNginx } from '../lib/web.mjs'
import { ders } from '../lib/acme.mjs'

const require = createRequire(import.meta.url)
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
  mkdirSync(join(webroot, '.well-known/acme-challenge'), { recursive: true })
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
 * What docs/acme.md tells to type for a client, with this service's values in the places of the page's: what people copy is what is
 * tested.  `more` are arguments besides, right behind the program's name.
 */
const manual = readFileSync(new URL('../../docs/acme.md', import.meta.url), 'utf8')
function page (client, { KeyId = 'KID', HmacKey = 'HMAC' }, name, values = {}) {
  const [, rest] = manual.split(`**${client}**`)
  const block = rest.split('\n**')[0].split('\n').filter(line => line.startsWith('    ')).map(line => line.slice(4)).join('\n')
  const known = { 'https://ca.example.com:8443/acme/directory': directory, 'www.example.com': name, 'you@example.com': 'admin@client-test.com', '/var/www/html': webroot, ...values }
  let text = `${block}\n`.replace(/\bKID\b/g, KeyId).replace(/\bHMAC\b/g, HmacKey)
  for (const [from, to] of Object.entries(known)) text = text.replaceAll(from, to)
  assert.doesNotMatch(text, /example\.com/)
  return text
}
const typed = (client, text, more, cwd) => good('sh', ['-ec', text.replaceAll(`${client} -`, `${client} ${more} -`).replaceAll(`${client} certonly`, `${client} ${more} certonly`)], { cwd })

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
  const dir = place('certbot')
  const { KeyId, HmacKey } = await external('certbot')
  const env = { REQUESTS_CA_BUNDLE: c.root }
  const base = ['--config-dir', join(dir, 'etc'), '--work-dir', join(dir, 'work'), '--logs-dir', join(dir, 'log'), '--non-interactive']
  const order = [...base, '--server', directory, '--agree-tos', '--email', 'admin@client-test.com']
  await typed('certbot', page('certbot', { KeyId, HmacKey }, 'certbot.client-test.com', { 'root.pem': c.root }), base.join(' '), dir)
  const live = join(dir, 'etc/live/certbot.client-test.com/fullchain.pem')
  const first = leafOf(live)
  assert.equal(first.subjectAltName, 'DNS:certbot.client-test.com')
  await good('certbot', ['renew', ...base, '--force-renewal', '--no-random-sleep-on-renew'], { env })
  const second = leafOf(live)
  assert.notEqual(second.serialNumber, first.serialNumber)
  const hook = dnsHook(dir)
  await good('certbot', ['certonly', ...order, '--manual', '--preferred-challenges', 'dns', '--manual-auth-hook',
    `${hook} _acme-challenge.$CERTBOT_DOMAIN. $CERTBOT_VALIDATION`, '-d', 'cw.client-test.com', '-d', '*.cw.client-test.com'], { env })
  assert.match(leafOf(join(dir, 'etc/live/cw.client-test.com/cert.pem')).subjectAltName, /\*\.cw\.client-test\.com/)
  await movesIn(join(dir, 'etc'), 'certbot', ['certbot.client-test.com', 'cw.client-test.com'])
  await good('certbot', ['revoke', ...base, '--server', directory, '--cert-name', 'certbot.client-test.com', '--reason', 'superseded', '--no-delete-after-revoke'], { env })
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  const { Certificates } = await c.call(owner, 'DescribeCertificates', { SearchKey: 'certbot.client-test.com' })
  assert.deepEqual(Certificates.map(one => one.Status).sort(), [1, 10])
  await good('certbot', ['unregister', ...base, '--server', directory], { env })
})

test('lego: a binding, http-01, renew, dns-01 wildcard, revoke', async () => {
  const dir = place('lego')
  const { KeyId, HmacKey } = await external('lego')
  const env = { LEGO_CA_CERTIFICATES: c.root }
  const base = ['--server', directory, '--email', 'admin@client-test.com', '--path', dir, '--domains', 'lego.client-test.com', '--accept-tos', '--http', '--http.webroot', webroot]
  await typed('lego', page('lego', { KeyId, HmacKey }, 'lego.client-test.com', { 'root.pem': c.root }), `--path ${dir} --http.webroot ${webroot}`, dir)
  const file = join(dir, 'certificates/lego.client-test.com.crt')
  const first = leafOf(file)
  await good('lego', [...base, 'renew', '--days', '3650', '--no-random-sleep'], { env })
  const second = leafOf(file)
  assert.notEqual(second.serialNumber, first.serialNumber)
  await movesIn(dir, 'lego', ['lego.client-test.com'])
  await good('lego', [...base, 'revoke'], { env })
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners('lego.client-test.com')
  const wild = place('lego-dns')
  const hook = script(join(wild, 'exec'), `#!/bin/sh\n[ "$1" != present ] || exec ${dnsHook(wild)} "$2" "$3"\n`)
  await good('lego', ['--server', directory, '--email', 'admin@client-test.com', '--path', wild, '--domains', '*.lw.client-test.com', '--accept-tos', '--dns', 'exec',
    '--dns.disable-cp', '--dns.resolvers', dns.address, 'run'], { env: { ...env, EXEC_PATH: hook } })
  assert.equal(leafOf(join(wild, 'certificates/_.lw.client-test.com.crt')).subjectAltName, 'DNS:*.lw.client-test.com')
})

test('dehydrated: a binding, http-01, renew, dns-01 wildcard, revoke', async () => {
  const dir = place('dehydrated')
  const { KeyId, HmacKey } = await external('dehydrated')
  writeFileSync(join(dir, 'config'), `BASEDIR="${dir}"\n${page('dehydrated', { KeyId, HmacKey }, 'dehydrated.client-test.com', { '/etc/dehydrated/root.pem': c.root })}`)
  const base = ['-f', join(dir, 'config')]
  await good('dehydrated', [...base, '--register', '--accept-terms'])
  await good('dehydrated', [...base, '--cron', '--domain', 'dehydrated.client-test.com'])
  const first = leafOf(join(dir, 'certs/dehydrated.client-test.com/cert.pem'))
  assert.equal(first.subjectAltName, 'DNS:dehydrated.client-test.com')
  await good('dehydrated', [...base, '--cron', '--force', '--domain', 'dehydrated.client-test.com'])
  const second = leafOf(join(dir, 'certs/dehydrated.client-test.com/cert.pem'))
  assert.notEqual(second.serialNumber, first.serialNumber)
  const put = dnsHook(dir)
  const hook = script(join(dir, 'hook'), `#!/bin/sh\n[ "$1" = deploy_challenge ] || exit 0\n${put} _acme-challenge.$2. "$4"\n`)
  await good('dehydrated', [...base, '--cron', '--domain', '*.dw.client-test.com', '--alias', 'dw', '--challenge', 'dns-01', '--hook', hook])
  assert.equal(leafOf(join(dir, 'certs/dw/cert.pem')).subjectAltName, 'DNS:*.dw.client-test.com')
  await movesIn(dir, 'dehydrated', ['dehydrated.client-test.com', 'dw'])
  await good('dehydrated', [...base, '--revoke', join(dir, 'certs/dehydrated.client-test.com/cert.pem')])
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners('dehydrated.client-test.com')
  await good('dehydrated', [...base, '--deactivate'])
})

test('acme-tiny: issue, and again; it cannot revoke, but whoever has the key can', async () => {
  const dir = place('tiny')
  await good('openssl', ['genrsa', '-out', join(dir, 'account.key'), '2048'])
  await good('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(dir, 'tiny.key'), '-subj', '/CN=tiny.client-test.com', '-out', join(dir, 'tiny.csr')])
  const tiny = async () => {
    await typed('acme-tiny', page('acme-tiny', {}, 'tiny.client-test.com', { 'root.pem': c.root, 'www.csr': 'tiny.csr', 'www.pem': 'made.pem' }), '--disable-check --quiet', dir)
    return leafOf(join(dir, 'made.pem'))
  }
  const first = await tiny()
  assert.equal(first.subjectAltName, 'DNS:tiny.client-test.com')
  const second = await tiny()
  assert.notEqual(second.serialNumber, first.serialNumber)
  writeFileSync(join(dir, 'tiny.pem'), second.toString())
  await good('certbot', ['revoke', '--config-dir', join(dir, 'etc'), '--work-dir', join(dir, 'work'), '--logs-dir', join(dir, 'log'), '--non-interactive', '--server', directory,
    '--cert-path', join(dir, 'tiny.pem'), '--key-path', join(dir, 'tiny.key'), '--reason', 'superseded', '--no-delete-after-revoke'], { env: { REQUESTS_CA_BUNDLE: c.root } })
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
})

test('uacme: a binding, http-01, renew, a new account key, dns-01 wildcard, revoke', async () => {
  const dir = place('uacme')
  const { KeyId, HmacKey } = await external('uacme')
  const hook = '/usr/share/uacme/uacme.sh' /* Debian's own */
  const env = { UACME_CHALLENGE_PATH: `${webroot}/.well-known/acme-challenge` }
  /* It trusts the system's roots alone, so it gets a file of its own in their place. */
  const space = process.getuid() === 0 ? ['-m'] : ['-rm']
  const uacme = (...args) => good('unshare', [...space, 'sh', '-c', `mount --bind ${c.root} /etc/ssl/certs/ca-certificates.crt; exec uacme "$@"`, 'uacme', '-a', directory, '-c', dir, '-y', ...args], { env })
  const lines = page('uacme', { KeyId, HmacKey }, 'uacme.client-test.com').replaceAll('uacme -', `uacme -c ${dir} -`)
  await good('unshare', [...space, 'sh', '-ec', `mount --bind ${c.root} /etc/ssl/certs/ca-certificates.crt\n${lines}`])
  const file = join(dir, 'uacme.client-test.com/cert.pem')
  const first = leafOf(file)
  await uacme('-f', '-h', hook, 'issue', 'uacme.client-test.com')
  const second = leafOf(file)
  assert.notEqual(second.serialNumber, first.serialNumber)
  await uacme('newkey')
  await movesIn(dir, 'uacme', ['uacme.client-test.com'])
  const byDns = script(join(dir, 'hook-dns'), `#!/bin/sh\n[ "$2" = dns-01 ] || exit 1\n[ "$1" != begin ] || exec ${dnsHook(dir)} _acme-challenge.$3. "$5"\n`)
  await uacme('-h', byDns, 'issue', '*.uw.client-test.com')
  assert.equal(leafOf(join(dir, 'uw.client-test.com/cert.pem')).subjectAltName, 'DNS:*.uw.client-test.com')
  await uacme('revoke', file)
  assert.ok(await isRevoked(second))
  assert.ok(!(await isRevoked(first)))
  await isOwners('uacme.client-test.com')
  await uacme('deactivate')
})

test('python3-acme: a binding, http-01 with the alternate chain, renew, dns-01 wildcard, revoke, deactivate', async () => {
  const dir = place('python')
  const { KeyId, HmacKey } = await external('python')
  const file = join(dir, 'client.py')
  writeFileSync(file, `
import datetime, json, subprocess, josepy
from acme import client, messages, challenges, crypto_util
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.backends import default_backend
make = lambda: josepy.JWKRSA(key=rsa.generate_private_key(65537, 2048, default_backend()))
key = make()
net = client.ClientNetwork(key, user_agent='test')
directory = messages.Directory.from_json(net.get('${directory}').json())
acme = client.ClientV2(directory, net=net)
regr = acme.new_account(messages.NewRegistration.from_data(email='admin@client-test.com', terms_of_service_agreed=True,
    external_account_binding=messages.ExternalAccountBinding.from_data(key.public_key(), '${KeyId}', '${HmacKey}', directory)))
assert acme.query_registration(regr).body.status == 'valid'
from OpenSSL import crypto
pkey = crypto.PKey(); pkey.generate_key(crypto.TYPE_RSA, 2048)
pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, pkey)
def obtain(name, kind, place):
    order = acme.new_order(crypto_util.make_csr(pem, [name]))
    for authz in order.authorizations:
        for ch in authz.body.challenges:
            if isinstance(ch.chall, kind) and authz.body.status != messages.STATUS_VALID:
                response, validation = ch.response_and_validation(key)
                place(ch.chall, validation)
                acme.answer_challenge(ch, response)
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=240)
    return acme.finalize_order(acme.poll_authorizations(order, deadline), deadline, fetch_alternative_chains=True)
def file(chall, validation):
    open('${webroot}/.well-known/acme-challenge/' + chall.encode('token'), 'w').write(validation)
def record(chall, validation):
    subprocess.check_call(['${dnsHook(dir)}', '_acme-challenge.pw.client-test.com.', validation])
first = obtain('python.client-test.com', challenges.HTTP01, file)
second = obtain('python.client-test.com', challenges.HTTP01, file)
wild = obtain('*.pw.client-test.com', challenges.DNS01, record)
acme.revoke(josepy.ComparableX509(crypto.load_certificate(crypto.FILETYPE_PEM, second.fullchain_pem)), 0)
acme.deactivate_registration(regr)
print(json.dumps([[one.fullchain_pem, one.alternative_fullchains_pem] for one in (first, second, wild)]))
`)
  const { stdout } = await good('/usr/bin/python3', [file], { env: { REQUESTS_CA_BUNDLE: c.root } })
  const [first, second, wild] = JSON.parse(stdout).map(([pem, alternatives]) => {
    assert.deepEqual([ders(pem).length, alternatives.map(one => ders(one).length)], [2, [3]])
    return new X509Certificate(ders(pem)[0])
  })
  assert.deepEqual([first.subjectAltName, second.subjectAltName, wild.subjectAltName], ['DNS:python.client-test.com', 'DNS:python.client-test.com', 'DNS:*.pw.client-test.com'])
  assert.deepEqual([await isRevoked(first), await isRevoked(second), await isRevoked(wild)], [false, true, false])
  await isOwners('python.client-test.com')
})

test('npm acme-client: a binding, http-01, key rollover, dns-01 wildcard, renew, revoke', async () => {
  const acme = require('acme-client')
  acme.axios.defaults.httpsAgent = c.agent
  const { KeyId, HmacKey } = await external('npm')
  const accountKey = await acme.crypto.createPrivateEcdsaKey()
  const client = new acme.Client({ directoryUrl: directory, accountKey, externalAccountBinding: { kid: KeyId, hmacKey: HmacKey } })
  const [key, csr] = await acme.crypto.createCsr({ altNames: ['npm.client-test.com'] })
  const auto = request => client.auto({
    csr: request, termsOfServiceAgreed: true, email: 'admin@client-test.com', challengePriority: ['http-01', 'dns-01'], skipChallengeVerification: true,
    challengeCreateFn: (authz, challenge, answer) => challenge.type === 'http-01'
      ? web.setFile(`/.well-known/acme-challenge/${challenge.token}`, answer)
      : dns.addRecord(`_acme-challenge.${authz.identifier.value}`, 'TXT', answer),
    challengeRemoveFn: async () => {}
  })
  const pem = await auto(csr)
  const leaf = new X509Certificate(ders(pem)[0])
  assert.equal(leaf.subjectAltName, 'DNS:npm.client-test.com')
  assert.ok(key.length > 100)
  await client.updateAccountKey(await acme.crypto.createPrivateEcdsaKey())
  const renewed = await auto(csr)
  const [, wildcard] = await acme.crypto.createCsr({ altNames: ['*.nw.client-test.com', 'nw.client-test.com'] })
  assert.match(new X509Certificate(ders(await auto(wildcard))[0]).subjectAltName, /DNS:\*\.nw\.client-test\.com/)
  await client.revokeCertificate(pem, { reason: 4 })
  assert.ok(await isRevoked(leaf))
  assert.ok(!(await isRevoked(new X509Certificate(ders(renewed)[0]))))
  await isOwners('npm.client-test.com')
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
  const dir = place('caddy')
  const { KeyId, HmacKey } = await external('caddy')
  const [httpPort] = await freePorts(1)
  writeFileSync(join(dir, 'Caddyfile'), page('Caddy', { KeyId, HmacKey }, 'caddy.client-test.com', { '/etc/caddy/root.pem': c.root })
    .replace('{\n', `{\nadmin off\nhttp_port ${httpPort}\nhttps_port ${alpnPort}\nstorage file_system ${dir}/store\nemail admin@client-test.com\n`)
    .replace('respond', 'bind 127.0.0.1\ntls {\nissuer acme {\ndisable_http_challenge\n}\n}\nrespond'))
  const caddy = (config, meanwhile) => serving('caddy', ['run', ...config], { env: { HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } }, 'caddy.client-test.com', alpnPort, meanwhile)
  const certificate = await caddy(['--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'])
  assert.equal(certificate.subjectAltName, 'DNS:caddy.client-test.com')
  await isOwners('caddy.client-test.com')
  await movesIn(join(dir, 'store'), 'lego', ['caddy.client-test.com']) /* the same names: NAME.crt, .key, .json; it goes on with its key */
  /* It renews at its next start what it is told to renew early; the Caddyfile has no word for that. */
  const adapted = JSON.parse((await good('caddy', ['adapt', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'])).stdout)
  for (const policy of adapted.apps.tls.automation.policies) policy.renewal_window_ratio = 1
  writeFileSync(join(dir, 'caddy.json'), JSON.stringify(adapted))
  const hasAnother = () => until('Caddy renews', async () => (await shown(alpnPort, 'caddy.client-test.com')).serialNumber !== certificate.serialNumber)
  await caddy(['--config', join(dir, 'caddy.json')], hasAnother)
})

test('Apache mod_md: a binding, tls-alpn-01, renewal', async () => {
  const dir = place('apache')
  const { KeyId, HmacKey } = await external('apache')
  const [httpPort] = await freePorts(1)
  for (const sub of ['md', 'logs', 'html']) mkdirSync(join(dir, sub))
  const modules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'watchdog', 'md', 'dir', 'mime']
    .filter(name => existsSync(`/usr/lib/apache2/modules/mod_${name}.so`))
  writeFileSync(join(dir, 'apache.conf'), `ServerRoot ${dir}
PidFile ${dir}/pid
ErrorLog ${dir}/logs/error.log
LogLevel info md:debug
${modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
TypesConfig /etc/mime.types
DefaultRuntimeDir ${dir}
Listen 127.0.0.1:${httpPort}
Listen 127.0.0.1:${alpnPort}
ServerName apache.client-test.com
MDStoreDir ${dir}/md
${page('Apache httpd with mod_md', { KeyId, HmacKey }, 'apache.client-test.com', { '/etc/apache2/root.pem': c.root })}MDContactEmail admin@client-test.com
MDPortMap http:- https:443
MDCAChallenges tls-alpn-01
MDRetryDelay 1s
MDStapling off
<VirtualHost 127.0.0.1:${alpnPort}>
  ServerName apache.client-test.com
  SSLEngine on
  Protocols http/1.1 acme-tls/1
  DocumentRoot ${dir}/html
</VirtualHost>
`)
  chmodSync(dir, 0o755)
  if (process.getuid() === 0) await good('chmod', ['-R', 'a+rX', c.dir])
  /* mod_md takes a new certificate at the next restart. */
  const restart = setInterval(() => { try { process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGUSR1') } catch { /* not there yet */ } }, 3000)
  try {
    const name = 'apache.client-test.com'
    const certificate = await serving('apache2', ['-f', join(dir, 'apache.conf'), '-DFOREGROUND'], { log: join(dir, 'logs/error.log') }, name, alpnPort, async first => {
      /* from now on 90 days before its end is late enough to renew it */
      appendFileSync(join(dir, 'apache.conf'), 'MDRenewWindow 90d\n')
      await until('mod_md renews', async () => (await shown(alpnPort, name)).serialNumber !== first.serialNumber)
    })
    assert.equal(certificate.subjectAltName, `DNS:${name}`)
    await isOwners(name)
    await movesIn(join(dir, 'md/domains'), 'files', ['apache.client-test.com'])
  } finally {
    clearInterval(restart)
  }
})
