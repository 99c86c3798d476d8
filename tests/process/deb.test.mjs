/*
 * The Debian package: built, installed with apt, run as its unit runs it, used, removed and purged; in a copy of this machine
 * (tests/lib/overlay.mjs), so that nothing of it stays and a Chancery that serves here is never touched.  Where no
 * such copy can be made the package is unpacked, and run from where it lies.
 * Takes about 90 s.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { run, signTc3, until } from '../lib/chancery.mjs'
import { startOverlay } from '../lib/overlay.mjs'
import { freePorts } from '../lib/web.mjs'

const EXPOSURE_MOST = 3.0 /* of 10; systemd-analyze security */
const PROGRAMS = ['server', 'signer', 'vault', 'keymaker', 'prober']
let deb, machine, work

before(async () => {
  deb = resolve(execFileSync('tools/deb', { encoding: 'utf8' }).trim())
  machine = await startOverlay()
  work = mkdtempSync(join(tmpdir(), 'chancery-deb-'))
  if (machine) copyFileSync(deb, join(machine.root, 'srv', basename(deb)))
  else execFileSync('dpkg-deb', ['-x', deb, join(work, 'root')])
}, { timeout: 1_400_000 })
after(async () => {
  await machine?.stop()
  rmSync(work, { recursive: true, force: true })
})

const root = () => machine?.root ?? join(work, 'root')
const has = path => existsSync(join(root(), path))
const apt = async (...args) => {
  const got = await machine.run(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', '-o', 'Dpkg::Use-Pty=0', ...args], { ms: 900_000 })
  assert.equal(got.code, 0, got.stdout + got.stderr)
  return got.stdout
}
const field = name => execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim()

test('it depends on what its programs are linked with, and says what it is', () => {
  const depends = field('Depends')
  for (const name of ['libc6', 'libssl3', 'libsqlite3-0', 'libunbound8', 'libseccomp2', 'dns-root-data', 'publicsuffix']) {
    assert.match(depends, new RegExp(`\\b${name}\\b`))
  }
  const made = readFileSync('meson.build', 'utf8').match(/version: '([\d.]+)'/)[1]
  assert.equal(field('Version'), made)
  const info = execFileSync('dpkg-deb', ['-I', deb, 'conffiles'], { encoding: 'utf8' })
  assert.equal(info.trim(), '/etc/chancery/chancery.conf')
})

test('apt installs it: programs, settings, users, pages, completion, the unit enabled', async () => {
  if (machine) await apt('install', `/srv/${basename(deb)}`)
  for (const path of ['usr/bin/chancery', ...PROGRAMS.filter(p => p !== 'keymaker').map(p => `usr/libexec/chancery/chancery-${p}`),
    'etc/chancery/chancery.conf', 'usr/share/chancery/catalogue/products.ini', 'usr/share/chancery/migrations/0001_foundation.sql',
    'usr/share/bash-completion/completions/chancery', 'usr/share/zsh/site-functions/_chancery', 'usr/share/fish/vendor_completions.d/chancery.fish',
    'lib/systemd/system/chancery.service', 'usr/lib/sysusers.d/chancery.conf', 'usr/share/doc/chancery/copyright']) {
    assert.ok(has(path), path)
  }
  /* machines may be set not to unpack manual pages and documents */
  const content = execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8' })
  for (const path of ['man/man1/chancery.1.gz', 'man/man5/chancery.conf.5.gz', 'man/man8/chancery-serve.8.gz', 'doc/chancery/README.Debian',
    'doc/chancery/operating.md', 'doc/chancery/configuration.md', 'doc/chancery/api/ApplyCertificate.md', 'doc/chancery/examples/master-key.conf']) {
    assert.match(content, new RegExp(`^-rw-r--r-- root/root .* \\./usr/share/${path.replaceAll('.', '\\.')}$`, 'm'))
  }
  if (!machine) return
  const { stdout } = await machine.run(['getent', 'passwd', ...PROGRAMS.map(p => `chancery-${p}`)])
  assert.equal(stdout.trim().split('\n').length, PROGRAMS.length, stdout)
  for (const line of stdout.trim().split('\n')) assert.match(line, /:\/nonexistent:\/usr\/sbin\/nologin$/)
  assert.ok(lstatSync(join(root(), 'etc/systemd/system/multi-user.target.wants/chancery.service')).isSymbolicLink())
  const checked = await machine.run(['dpkg', '--verify', 'chancery'])
  assert.equal(checked.stdout, '')
})

/* ---- the unit ---- */

const unit = () => readFileSync(join(root(), 'lib/systemd/system/chancery.service'), 'utf8')
const of = name => unit().match(new RegExp(`^${name}=(.*)$`, 'm'))[1]

test('systemd finds nothing wrong with the unit, also with the master key as a credential', async () => {
  const dir = join(work, 'units')
  mkdirSync(join(dir, 'chancery.service.d'), { recursive: true })
  writeFileSync(join(dir, 'chancery.service'), unit().replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`).replace(/^Documentation=.*\n/m, ''))
  copyFileSync('packaging/master-key.conf', join(dir, 'chancery.service.d/master-key.conf'))
  const { code, stdout, stderr } = await run('systemd-analyze', ['--no-pager', '--man=no', 'verify', join(dir, 'chancery.service')], { env: { SYSTEMD_UNIT_PATH: `${dir}:` } })
  assert.deepEqual([code, stdout + stderr], [0, ''])
})

test(`and its exposure is at most ${EXPOSURE_MOST}`, async () => {
  const file = join(work, 'chancery.service')
  writeFileSync(file, unit())
  const { code, stdout, stderr } = await run('systemd-analyze', ['--no-pager', 'security', '--offline=true', `--threshold=${EXPOSURE_MOST * 10}`, file])
  assert.match(stdout, /Overall exposure level for chancery\.service/, stderr)
  assert.equal(code, 0, stdout.split('\n').filter(l => /✗|Overall/.test(l)).join('\n'))
})

/* ---- running it as the unit does ---- */

async function call (service, action) {
  const body = '{}'
  const seconds = Math.floor(Date.now() / 1000)
  const host = `127.0.0.1:${service.port}`
  const { SecretId, SecretKey } = service.account
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port: service.port, method: 'POST', path: '/', ca: service.ca, timeout: 240_000,
      headers: { Host: host, 'Content-Type': 'application/json', 'X-TC-Action': action, 'X-TC-Version': '2019-12-05', 'X-TC-Timestamp': String(seconds),
        Authorization: signTc3({ secretId: SecretId, secretKey: SecretKey, host, body, seconds }) } }, reply => {
      let text = ''
      reply.on('data', d => { text += d })
      reply.once('end', () => resolve(JSON.parse(text).Response))
    })
    request.once('error', reject)
    request.end(body)
  })
}

/** ExecStart with ports of our own; a socket for READY=1 where systemd would have one. */
async function serve (extra = [], env = {}) {
  const [port, plain] = await freePorts(2)
  const moved = ['--set', `server.listen=127.0.0.1:${port}`, '--set', `public.listen=127.0.0.1:${plain}`, ...extra]
  const asked = of('ExecStart').split(/\s+/)
  const set = Object.entries(env).map(([k, v]) => `${k}=${v}`)
  const data = machine ? '/var/lib/chancery' : join(work, 'data')
  const command = machine
    ? machine.command(['env', ...set, 'setpriv', `--regid=${of('Group')}`, '--clear-groups', '--no-new-privs', ...asked, ...moved])
    : ['env', ...set, join(root(), 'usr/bin/chancery'), 'serve', '--data', data, '--config', join(root(), 'etc/chancery/chancery.conf'), ...moved]
  const child = spawn(command[0], command.slice(1), { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const service = { port, plain, child, log: '', out: '', data }
  child.stdout.on('data', d => { service.out += d })
  child.stderr.on('data', d => { service.log += d })
  const ended = new Promise(resolve => child.once('close', code => { service.code = code ?? 'killed'; resolve() }))
  process.once('exit', () => child.kill('SIGKILL'))
  await until('ready', () => service.code !== undefined || /^ready .*\n/m.test(service.out))
  assert.equal(service.code, undefined, service.log)
  service.stop = async () => {
    child.kill('SIGTERM')
    await ended
    assert.equal(service.code, 0, service.log)
  }
  return service
}

const inside = args => machine ? machine.run(args) : run(join(root(), args[0].slice(1)), args.slice(1))

async function makeAccount (service) {
  const { code, stdout, stderr } = await inside(['/usr/bin/chancery', 'account', 'create', '--data', service.data, '--name', 'deb', '--verified', '--json'])
  assert.equal(code, 0, stderr)
  service.account = JSON.parse(stdout)
  service.ca = readFileSync(machine ? join(root(), service.data, 'root.pem') : join(service.data, 'root.pem'))
}

const systemDir = () => machine ? '/var/lib/chancery' : undefined

test('it runs: ready, an account, an answer, each program its user; and stops', async () => {
  /* what StateDirectory= does */
  if (machine) await machine.run(['install', '-d', '-o', 'root', '-g', of('Group'), '-m', of('StateDirectoryMode'), systemDir()])
  const service = await serve()
  try {
    await makeAccount(service)
    assert.equal((await call(service, 'DescribeCertificates')).TotalCount, 0)
    const health = await fetch(`http://127.0.0.1:${service.plain}/health`)
    assert.equal(health.status, 200)
    if (machine) {
      const look = async () => (await machine.run(['sh', '-c', `stat -c '%U %n' /var/lib/chancery/keys /var/lib/chancery/chancery.db; ps -o user:32=,args= -e | grep '^chancery-.*--data /var/lib/chancery' | cut -d ' ' -f 1 | sort`])).stdout
      await until('each program is its user', async () => (await look()).match(/^chancery-\w+$/gm)?.length === PROGRAMS.length) /* ready is said before the last has left root */
      assert.equal(await look(), ['chancery-signer /var/lib/chancery/keys', 'chancery-server /var/lib/chancery/chancery.db', ...PROGRAMS.map(p => `chancery-${p}`).sort(), ''].join('\n'))
      assert.match(service.log, /event=users apart=yes/)
    }
  } finally { await service.stop() }
})

test('a catalogue of the operator’s own in /etc wins over the installed one', async () => {
  if (machine) {
    assert.equal((await machine.run(['cp', '-r', '/usr/share/chancery/catalogue', '/etc/chancery/catalogue'])).code, 0)
    writeFileSync(join(root(), 'etc/chancery/catalogue/profiles.ini'), 'this is no profile\n')
  } else writeFileSync(join(root(), 'usr/share/chancery/catalogue/profiles.ini'), 'this is no profile\n')
  await assert.rejects(serve(), /profiles\.ini|no profile|neither \[section\]/i)
  if (machine) rmSync(join(root(), 'etc/chancery/catalogue'), { recursive: true })
  else execFileSync('cp', ['catalogue/profiles.ini', join(root(), 'usr/share/chancery/catalogue/profiles.ini')])
})

test('the master key as a credential: taken from $CREDENTIALS_DIRECTORY, and the data opens under no other', async () => {
  const dir = machine ? '/run/credentials-of-test' : join(work, 'credentials')
  const seen = machine ? join(root(), dir) : dir
  const data = machine ? join(root(), '/var/lib/chancery') : join(work, 'data')
  mkdirSync(seen, { mode: 0o700 })
  copyFileSync(join(data, 'keys/master'), join(seen, 'master'))
  rmSync(join(data, 'keys/master'))
  await assert.rejects(serve(), /keys\/master is missing, and .* holds data sealed under it/)
  const service = await serve(['--set', 'keys.master=credential:master'], { CREDENTIALS_DIRECTORY: dir })
  try {
    await makeAccount(service)
    assert.equal((await call(service, 'DescribeCertificates')).TotalCount, 0)
    assert.ok(!existsSync(join(data, 'keys/master')), 'no other key was made')
  } finally { await service.stop() }
  await assert.rejects(serve(['--set', 'keys.master=credential:master']), /CREDENTIALS_DIRECTORY/)
})

test('systemd is told when the service is ready, and when it stops', async () => {
  const socket = machine ? '/run/notify' : join(work, 'notify')
  const listen = ['python3', '-c', `import socket,sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
for i in range(2): print(s.recv(100).decode(), flush=True)`, socket]
  const [program, ...args] = machine ? machine.command(listen) : listen
  const listener = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let heard = ''
  listener.stdout.on('data', d => { heard += d })
  await until('bound', () => /bound/.test(heard))
  /* the key that the case before took out of the data directory */
  const env = { NOTIFY_SOCKET: socket, CREDENTIALS_DIRECTORY: machine ? '/run/credentials-of-test' : join(work, 'credentials') }
  try {
    const service = await serve(['--set', 'keys.master=credential:master'], env)
    await until('READY', () => /READY=1/.test(heard))
    assert.doesNotMatch(heard, /STOPPING/)
    await service.stop()
    await until('STOPPING', () => /STOPPING=1/.test(heard))
  } finally { listener.kill() }
})

test('removed it keeps data and settings; purged nothing stays', async () => {
  if (!machine) return
  writeFileSync(join(root(), 'etc/chancery/chancery.conf'), '; mine\n', { flag: 'a' })
  await apt('remove', 'chancery')
  for (const path of ['usr/bin/chancery', 'usr/libexec/chancery', 'lib/systemd/system/chancery.service', 'usr/share/chancery']) assert.ok(!has(path), path)
  assert.ok(has('var/lib/chancery/chancery.db'))
  await apt('install', `/srv/${basename(deb)}`)
  assert.match(readFileSync(join(root(), 'etc/chancery/chancery.conf'), 'utf8'), /; mine/)
  await apt('purge', 'chancery')
  for (const path of ['etc/chancery', 'var/lib/chancery', 'usr/share/chancery', 'usr/share/doc/chancery', 'etc/systemd/system/multi-user.target.wants/chancery.service']) assert.ok(!has(path), path)
  assert.notEqual((await machine.run(['getent', 'passwd', 'chancery-server'])).code, 0)
  assert.notEqual((await machine.run(['getent', 'group', 'chancery'])).code, 0)
})
