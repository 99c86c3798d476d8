/*
 * Other people's servers, each on a configuration of its own in a directory of its own, with keys by openssl, as its authors deliver it:
 *
 *   const peer = await startStepCa(dir, { db: 'badgerv2', resolver })    { name, pid, directory, … , stop() }
 *
 * What is not installed or not built throws Missing, whose message says why.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { BUILD } from '../service.mjs'
import { run, until } from '../../tests/lib/chancery.mjs'
import { freePorts } from '../../tests/lib/ports.mjs'

export class Missing extends Error {}

/** A program that tools/build made of Debian's Go packages, or that Debian has itself. */
export function program (name) {
  const built = join(BUILD, 'peers', name)
  if (existsSync(built)) return built
  if (spawnSync('sh', ['-c', `command -v ${name}`]).status === 0) return name
  throw new Missing(`no ${name} here: tools/setup bench && tools/build peers`)
}

const openssl = async (cwd, ...args) => {
  const { code, stderr } = await run('openssl', args, { cwd })
  if (code !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`)
}
const makeKey = (dir, name) => openssl(dir, 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`)

/** root.crt and ca.crt with their P-256 keys, ca signed by root; server.crt for 127.0.0.1 by ca. */
export async function makeCa (dir) {
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'ca.ext'), 'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n')
  writeFileSync(join(dir, 'server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n')
  for (const name of ['root', 'ca', 'server']) await makeKey(dir, name)
  await openssl(dir, 'req', '-x509', '-new', '-key', 'root.key', '-subj', '/CN=Bench Root', '-days', '30', '-out', 'root.crt')
  for (const [name, by, subject] of [['ca', 'root', '/CN=Bench CA'], ['server', 'ca', '/CN=localhost']]) {
    await openssl(dir, 'req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`)
    await openssl(dir, 'x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '30', '-extfile', `${name}.ext`, '-out', `${name}.crt`)
  }
}

const listens = port => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => { socket.destroy(); resolve(true) })
  socket.once('error', () => resolve(false))
})

/* A process of ours, which ends with us; what it says is in DIR/log.  It serves when somebody listens, or when it says so: `says`. */
async function serve (dir, command, args, { port, env = {}, says, ...more }) {
  const log = openSync(join(dir, 'log'), 'w')
  const child = spawn(command, args, { cwd: dir, env: { ...process.env, ...env }, stdio: ['ignore', log, log] })
  const dieWithUs = () => child.kill('SIGKILL')
  process.once('exit', dieWithUs)
  const ended = new Promise(resolve => { child.once('close', resolve); child.once('error', resolve) })
  try {
    await until('it listens', async () => {
      if (child.exitCode !== null) return true
      return says ? says.test(readFileSync(join(dir, 'log'), 'utf8')) : listens(port)
    }, 30_000)
    if (child.exitCode !== null) throw new Error('ended')
  } catch (e) {
    child.kill('SIGKILL')
    throw new Error(`${command} does not serve (${e.message}): ${readFileSync(join(dir, 'log'), 'utf8').slice(-600)}`)
  }
  return {
    pid: child.pid,
    port,
    ...more,
    async stop () {
      child.kill('SIGTERM')
      const late = setTimeout(dieWithUs, 5000)
      await ended
      clearTimeout(late)
      process.removeListener('exit', dieWithUs)
    }
  }
}

/** step-ca on its default settings; it writes each answer into DIR/log, which no setting prevents.  db: badgerv2 (its default) or bbolt; http-01 is fetched from port 80. */
export async function startStepCa (dir, { db, resolver }) {
  const command = program('step-ca')
  await makeCa(dir)
  const [port] = await freePorts(1)
  mkdirSync(join(dir, 'db'))
  writeFileSync(join(dir, 'ca.json'), JSON.stringify({
    root: join(dir, 'root.crt'),
    crt: join(dir, 'ca.crt'),
    key: join(dir, 'ca.key'),
    address: `127.0.0.1:${port}`,
    dnsNames: ['127.0.0.1', 'localhost'],
    db: { type: db, dataSource: db === 'bbolt' ? join(dir, 'db', 'file') : join(dir, 'db') },
    authority: { provisioners: [{ type: 'ACME', name: 'acme' }] }
  }))
  const args = ['--resolver', resolver, join(dir, 'ca.json')]
  return serve(dir, command, args, { port, env: { STEPPATH: dir }, name: `step-ca, ${db}`, directory: `https://127.0.0.1:${port}/acme/acme/directory` })
}

/** Pebble with real validation, without its pauses and its invented faults.  It keeps everything in memory and signs with RSA. */
export async function startPebble (dir, { resolver, httpPort }) {
  const command = program('pebble')
  await makeCa(dir)
  const [port, management, tls] = await freePorts(3)
  writeFileSync(join(dir, 'config.json'), JSON.stringify({
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(dir, 'server.crt'),
      privateKey: join(dir, 'server.key'),
      httpPort,
      tlsPort: tls,
      ocspResponderURL: ''
    }
  }))
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' }
  return serve(dir, command, ['-config', join(dir, 'config.json'), '-dnsserver', resolver], { port, env, name: 'Pebble', directory: `https://127.0.0.1:${port}/dir` })
}

/* The table of its own migrations, which its package leaves out. */
const CFSSL_TABLES = `CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob, status blob NOT NULL,
  reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL, PRIMARY KEY (serial_number, authority_key_identifier));
  CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, body blob NOT NULL, expiry timestamp,
  PRIMARY KEY (serial_number, authority_key_identifier), FOREIGN KEY (serial_number, authority_key_identifier)
  REFERENCES certificates (serial_number, authority_key_identifier));`

/** cfssl's server; `record`: each certificate goes into its SQLite database. */
export async function startCfssl (dir, { record }) {
  const command = program('cfssl')
  await makeCa(dir)
  const [port] = await freePorts(1)
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ signing: { default: { expiry: '2160h', usages: ['digital signature', 'server auth'] } } }))
  if (record) {
    await run('sqlite3', [join(dir, 'certs.db'), CFSSL_TABLES])
    writeFileSync(join(dir, 'db.json'), JSON.stringify({ driver: 'sqlite3', data_source: join(dir, 'certs.db') }))
  }
  const args = ['serve', '-address', '127.0.0.1', '-port', String(port), '-ca', 'ca.crt', '-ca-key', 'ca.key', '-config', 'config.json', '-loglevel', '5',
    ...(record ? ['-db-config', 'db.json'] : [])]
  return serve(dir, command, args, { port, name: `cfssl, ${record ? 'SQLite record' : 'no record'}`, signed: async () => (await run('sqlite3', [join(dir, 'certs.db'), 'SELECT count(*) FROM certificates'])).stdout.trim() })
}

const utc = date => date.toISOString().replace(/[-:T]|\.\d+/g, '').slice(2)
const DAY_MS = 86_400_000

/** openssl's responder; `serials` are good.  One request a connection is all that it can, and one that is closed without is waited for in vain. */
export async function startOpensslOcsp (dir, { serials }) {
  await makeCa(dir)
  const [port] = await freePorts(1)
  const end = utc(new Date(Date.now() + 30 * DAY_MS))
  writeFileSync(join(dir, 'index'), serials.map(serial => `V\t${end}\t\t${serial}\tunknown\t/CN=${serial}\n`).join(''))
  const args = ['ocsp', '-index', 'index', '-port', String(port), '-CA', 'ca.crt', '-rsigner', 'ca.crt', '-rkey', 'ca.key', '-ndays', '1']
  return serve(dir, 'openssl', args, { port, says: /waiting for OCSP client/, name: 'openssl ocsp' })
}

/** Files for `openssl ca -gencrl` with so many revoked rows; its arguments. */
export async function prepareOpensslCrl (dir, rows) {
  await makeCa(dir)
  const now = Date.now()
  const end = utc(new Date(now + 30 * DAY_MS))
  const lines = Array.from({ length: rows }, (_, i) => {
    const serial = (0x4000000000000000n + BigInt.asUintN(62, BigInt(i) * 0x9e3779b97f4an)).toString(16).toUpperCase() + (i * 2654435761 % 2 ** 32).toString(16).toUpperCase().padStart(16, '0')
    return `R\t${end}\t${utc(new Date(now - i % 86400 * 1000))},superseded\t${serial}\tunknown\t/CN=${i}\n`
  })
  writeFileSync(join(dir, 'index'), lines.join(''))
  writeFileSync(join(dir, 'crlnumber'), '01\n')
  writeFileSync(join(dir, 'ca.cnf'), '[ca]\ndefault_ca=it\n[it]\ndatabase=index\ncrlnumber=crlnumber\ncertificate=ca.crt\nprivate_key=ca.key\ndefault_md=sha256\ndefault_crl_days=1\ncrl_extensions=ext\nunique_subject=no\n[ext]\nauthorityKeyIdentifier=keyid\n')
  return ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem']
}
