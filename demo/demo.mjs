/*
 * make demo: the main job on this machine alone, with real programs and no domain of one's own.  A DNS server (Knot),
 * Chancery, its command line, nginx and curl; everything on loopback and in a temporary directory, removed at the end.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startDns } from '../tests/lib/dns.mjs'
import { freePorts } from '../tests/lib/web.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const PROGRAM = join(resolve(ROOT, process.env.CHANCERY_BUILD ?? 'build'), 'chancery')
const NAME = 'www.tea-house.com'
const color = process.stdout.isTTY ? (code, text) => `\x1b[${code}m${text}\x1b[0m` : (code, text) => text
const PATIENCE_MS = 240_000 /* it only ends a wait that would be for ever */
const started = Date.now()
const children = []
const dir = mkdtempSync(join(tmpdir(), 'chancery-demo-'))
let dns

let number = 0
const step = text => console.log(`\n${color('1;36', `${++number}.`)} ${color('1', text)}`)
const show = text => { for (const line of text.trimEnd().split('\n')) console.log(`   ${line}`) }
const typed = (command, args) => show(color('2', `$ ${[command, ...args.map(a => (/[\s<>*]/.test(a) ? `'${a}'` : a))].join(' ')}`))

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: dir }
for (const name of Object.keys(env)) if (/^(https?|all|no)_proxy$|^CHANCERY_/i.test(name)) delete env[name]

function launch (command, args) {
  const child = spawn(command, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.text = ''
  child.stdout.on('data', d => { child.text += d })
  child.stderr.on('data', d => { child.text += d })
  child.once('error', e => { child.text += e })
  child.ended = new Promise(resolve => child.once('close', resolve))
  children.push(child)
  return child
}

/* Show the command as one types it, run it, and return what it printed. */
async function run (command, args, { quiet = false } = {}) {
  typed(command === PROGRAM ? 'chancery' : command, args)
  const child = launch(command, args)
  let out = ''
  child.stdout.on('data', d => { out += d })
  const code = await child.ended
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${child.text}`)
  if (!quiet) show(out)
  return out
}

async function until (child, what, done) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    if (child.exitCode !== null) throw new Error(`${what}:\n${child.text}`)
    if (await done()) return
    await sleep(50)
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s\n${child.text}`)
}

async function demo () {
  const [port, plain, site] = await freePorts(3)
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there; run make build`)

  step('A DNS server for tea-house.com (Knot), on loopback: this stands for the provider where one keeps a domain.')
  dns = await startDns({ zones: [{ name: 'tea-house.com' }] })
  show(`knotd serves tea-house.com at ${dns.address}`)

  step('Chancery starts on an empty directory: keys, roots, intermediates and its own TLS certificate are made now.')
  const settings = { 'server.listen': `127.0.0.1:${port}`, 'public.listen': `127.0.0.1:${plain}`, 'public.url': `http://127.0.0.1:${plain}`, 'validation.resolver': dns.address, 'validation.trust-anchor': 'none' }
  const args = ['serve', '--data', 'data', ...Object.entries(settings).flatMap(([k, v]) => ['--set', `${k}=${v}`])]
  typed('chancery', args)
  const service = launch(PROGRAM, args)
  await until(service, 'chancery', () => /^ready /m.test(service.text))
  show(/^ready .*/m.exec(service.text)[0])

  step('An account with an API key.')
  await run(PROGRAM, ['account', 'create', '--data', 'data', '--name', 'tea-house', '--verified', '--endpoint', `https://127.0.0.1:${port}`, '--save', 'key'], { quiet: true })
  show('the key is in the file `key`')

  step(`Apply for ${NAME}. Chancery answers with the record that proves control of the domain.`)
  const applied = await run(PROGRAM, ['apply', NAME, '--product', '2', '--key', 'ecc', '--no-wait', '--credentials', 'key'])
  const id = /certificate (\w{8}) /.exec(applied)[1]
  const [, zone, host, type, value] = /^ {2}(\S+) +(\S+) +(TXT|CNAME) +(\S+)$/m.exec(applied)

  step('Place that record at the DNS provider.')
  await dns.setRecord(`${host}.${zone}`, type, value)
  show(`${host}.${zone}. ${type} "${value}"`)

  step('Chancery asks the DNS server, sees the record, checks CAA, and issues.')
  await run(PROGRAM, ['wait', id, '--credentials', 'key', '--timeout', '30'])

  step('Download the certificate and its key for nginx, and start nginx with them.')
  await run(PROGRAM, ['download', id, '--nginx', 'tls', '--credentials', 'key'])
  writeFileSync(join(dir, 'nginx.conf'), `daemon off; pid ${dir}/nginx.pid; ${process.getuid() === 0 ? 'user root;' : ''}
events {}
http { access_log off; client_body_temp_path ${dir}/t1; proxy_temp_path ${dir}/t2; fastcgi_temp_path ${dir}/t3; uwsgi_temp_path ${dir}/t4; scgi_temp_path ${dir}/t5;
  server { listen 127.0.0.1:${site} ssl; ssl_certificate ${dir}/tls/1_${NAME}_bundle.crt; ssl_certificate_key ${dir}/tls/2_${NAME}.key;
    location / { default_type text/plain; return 200 "Green, black or oolong?\\n"; } } }
`)
  typed('nginx', ['-c', 'nginx.conf'])
  const nginx = launch('nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'nginx.log')])
  await until(nginx, 'nginx', () => existsSync(join(dir, 'nginx.pid')))

  step('Fetch the page over HTTPS. curl trusts Chancery\'s root and nothing else.')
  const page = await run('curl', ['-sS', '--retry', '5', '--retry-connrefused', '--noproxy', '*', '--cacert', 'data/root.pem', '--resolve', `${NAME}:${site}:127.0.0.1`, `https://${NAME}:${site}/`])
  if (page !== 'Green, black or oolong?\n') throw new Error('another page came')
  console.log(`\n${color('1;32', 'Done')} in ${((Date.now() - started) / 1000).toFixed(1)} s: from application to a web server that serves the certificate.`)
}

async function cleanUp () {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.pid === undefined) continue
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await child.ended
    clearTimeout(hard)
  }
  await dns?.stop()
  rmSync(dir, { recursive: true, force: true })
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => cleanUp().finally(() => process.exit(130)))
try {
  await demo()
} catch (e) {
  console.error(`\nThe demo failed: ${e.message}`)
  process.exitCode = 1
} finally {
  await cleanUp()
}
