/*
 * A running Chancery for one test, in a directory and on ports of its own.
 *
 *   const c = await startChancery({ settings: { 'validation.resolver': dns.address } })
 *   const account = await c.createAccount()
 *   const { CertificateId } = await c.call(account, 'ApplyCertificate', { DomainName: 'a.test', DvAuthMethod: 'DNS' })
 *   const sdk = c.client(account); await sdk.DescribeCertificate({ CertificateId })
 *   await c.cli(['list'], account)
 *   await c.moveClock(3 * 86400)
 *   await c.back('signer', await c.kill('signer')); await c.restart(); await c.stop()
 *
 * stop() demands a clean end: exit code 0 and no word from a sanitizer in the log.  CHANCERY_TEST_LOG=1 shows the
 * service's log while the test runs, CHANCERY_LOG_DIR names a directory that keeps it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs'
import https from 'node:https'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './web.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
export const BUILD = resolve(ROOT, process.env.CHANCERY_BUILD ?? 'build-asan')
const PROGRAM = join(BUILD, 'chancery')
const CLOCK_MOVES = existsSync(PROGRAM) && readFileSync(PROGRAM).includes('test.clock') /* not in a release build */
/*
 * How long is waited for what will surely come: with sanitizers, on a machine many times slower, beside other tests.  Such a limit only ends
 * a wait that would be for ever; how soon something must be done is told by `soon`.
 */
export const PATIENCE_MS = 240_000
/* Connections that nobody uses are closed by us, well before the server does, or a request might meet its closing. */
const IDLE_MS = 20_000
const SANITIZER = /ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer/
const require = createRequire(import.meta.url)

export { sleep }

/** Try until it returns something true; the last error tells why it never did. */
export async function until (what, fn, ms = PATIENCE_MS) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const value = await fn()
      if (value) return value
      last = undefined
    } catch (e) {
      last = e
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms${last ? `: ${last.message}` : ''}`, { cause: last })
    await sleep(50)
  }
}

/**
 * What has to be done within `ms`, on any machine: judged by the best of a few tries, because a neighbour's burst of work passes, and what is
 * slow by itself is slow each time.  `fn` answers when it is done; the time counts from its call, or from what it gives as `since`.
 */
export async function soon (what, ms, fn, tries = 3) {
  const took = []
  for (let i = 0; i < tries; i++) {
    const began = performance.now()
    const value = await fn(i)
    took.push(performance.now() - (value?.since ?? began))
    if (took.at(-1) <= ms) return value
  }
  assert.fail(`${what}: ${ms} ms are allowed, and it took ${took.map(t => Math.round(t)).join(', ')} ms`)
}

/** Run a program to its end: { code, stdout, stderr }. */
export function run (command, args, { env = {}, input, cwd = ROOT, ms = PATIENCE_MS } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...cleanEnv(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    const out = []
    const err = []
    const timer = setTimeout(() => child.kill('SIGKILL'), ms)
    child.stdout.on('data', d => out.push(d))
    child.stderr.on('data', d => err.push(d))
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), bytes: Buffer.concat(out) })
    })
  })
}

function cleanEnv () {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  for (const name of Object.keys(env)) {
    if (/^(https?|all|no)_proxy$/i.test(name) || /^(CHANCERY_(SECRET|ENDPOINT|CA|CREDENTIALS)|NODE_TEST_CONTEXT)/.test(name)) delete env[name]
  }
  return env
}

/* The children of a process, by what they are: server, signer, vault, keymaker, prober. */
function childrenOf (pid) {
  const found = {}
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) !== pid || state === 'Z') continue
      const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')
      /* not its link exe, which of a program that may not be dumped only root can read */
      const who = args[1] === 'keymaker' ? 'keymaker' : basename(args[0]).replace(/^chancery-?/, '')
      if (who) found[who] = Number(entry)
    } catch { /* it ended meanwhile */ }
  }
  return found
}

const sha256 = text => createHash('sha256').update(text).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()

/** TC3-HMAC-SHA256 as the wire page describes it, so that tests can sign at any time. */
export function signTc3 ({ secretId, secretKey, host, body, seconds, service = 'ssl' }) {
  const date = new Date(seconds * 1000).toISOString().slice(0, 10)
  const canonical = ['POST', '/', '', `content-type:application/json\nhost:${host}\n`, 'content-type;host', sha256(body)].join('\n')
  const scope = `${date}/${service}/tc3_request`
  const text = ['TC3-HMAC-SHA256', seconds, scope, sha256(canonical)].join('\n')
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request')
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${hmac(key, text).toString('hex')}`
}

export class ApiError extends Error {
  constructor (error, requestId) {
    super(`${error.Code}: ${error.Message}`)
    Object.assign(this, { code: error.Code, requestId })
  }
}

/** For assert.rejects: the API refused with this code, or one that fits the expression. */
export const refused = code => e => e instanceof ApiError && (code instanceof RegExp ? code.test(e.code) : e.code === code)

export class Chancery {
  constructor (dir, options) {
    Object.assign(this, {
      dir,
      data: options.data ?? join(dir, 'data'),
      settings: options.settings ?? {},
      env: options.env ?? {},
      wrap: options.wrap ?? [],
      config: options.config,
      clockFile: join(dir, 'clock'),
      offset: 0,
      log: '',
      out: ''
    })
  }

  /** DIR as this process sees it: a wrapped service may live in a mount namespace of its own. */
  get seen () { return this.wrap.length ? `/proc/${this.process.pid}/root${this.data}` : this.data }
  get root () { return join(this.seen, 'root.pem') }

  /** Rows of the database, read beside the running service. */
  async sql (query) {
    const space = process.getuid() === 0 ? ['-m'] : ['-U', '-m', '--preserve-credentials']
    const inside = this.wrap.length ? ['nsenter', '-t', String(this.process.pid), ...space] : [] /* sqlite3 follows /proc/PID/root to here */
    const [command, ...args] = [...inside, 'sqlite3', '-readonly', '-json', '-cmd', '.timeout 20000', join(this.data, 'chancery.db'), query]
    const { code, stdout, stderr } = await run(command, args)
    assert.equal(code, 0, stderr)
    return stdout.trim() ? JSON.parse(stdout) : []
  }

  async ports () {
    const [tls, plain] = await freePorts(2)
    Object.assign(this, { port: tls, publicPort: plain, endpoint: `127.0.0.1:${tls}`, publicUrl: `http://127.0.0.1:${plain}` })
  }

  args () {
    const settings = {
      'server.listen': this.endpoint,
      'public.listen': `127.0.0.1:${this.publicPort}`,
      'public.url': this.publicUrl,
      'validation.allow': '127.0.0.0/8',
      ...(CLOCK_MOVES ? { 'test.clock': this.clockFile } : {}),
      ...this.settings
    }
    const config = this.config ? ['--config', this.config] : []
    return ['serve', '--data', this.data, ...config, ...Object.entries(settings).flatMap(([k, v]) => ['--set', `${k}=${v}`])]
  }

  /** Start, or start again on the same ports and data. */
  async start () {
    if (!this.port) await this.ports()
    if (!existsSync(this.clockFile)) writeFileSync(this.clockFile, '0\n')
    const command = [...this.wrap, PROGRAM, ...this.args()]
    const child = spawn(command[0], command.slice(1), { env: { ...cleanEnv(), ...this.env }, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] })
    this.process = child
    this.out = ''
    this.ended = new Promise(resolve => child.once('close', (code, signal) => { this.exit = { code, signal }; resolve(this.exit) }))
    this.exit = undefined
    const note = d => { this.log += d; if (process.env.CHANCERY_TEST_LOG) process.stderr.write(d) }
    child.stdout.on('data', d => { this.out += d; note(d) })
    child.stderr.on('data', note)
    child.once('error', e => { this.log += `${e}\n` })
    const dieWithUs = () => child.kill('SIGKILL')
    process.once('exit', dieWithUs)
    child.once('close', () => process.removeListener('exit', dieWithUs))
    try {
      await until('ready', () => {
        return this.exit || /^ready .*\n/m.test(this.out)
      }, PATIENCE_MS)
      if (!/^ready .*\n/m.test(this.out)) throw new Error('ended')
    } catch (e) {
      child.kill('SIGKILL')
      throw new Error(`chancery did not get ready (${e.message}):\n${this.log.slice(-6000)}`)
    }
    this.readyLine = /^ready .*$/m.exec(this.out)[0]
    /* After a crash the agent stays: cutting off requests that the new server has taken would leave clients guessing. */
    this.agent ??= new https.Agent({ ca: readFileSync(this.root), keepAlive: true, maxSockets: 64, timeout: IDLE_MS })
    return this
  }

  pids () { return childrenOf(this.process.pid) }

  /** Kill one program, once it runs: it may just be starting again.  Returns its pid; back() waits for the next one. */
  kill (name, signal = 'SIGKILL') {
    return until(`${name} runs`, () => {
      const pid = this.pids()[name]
      if (pid) process.kill(pid, signal) /* it may end just now: then once more */
      return pid
    })
  }

  /** Wait until another process than `old` does the work of `name`. */
  back (name, old) {
    return until(`${name} back`, () => { const pid = this.pids()[name]; return pid && pid !== old })
  }

  /** SIGKILL to the parent, as when the machine dies; all programs end with it. */
  async crash () {
    const children = Object.values(this.pids()) /* before: afterwards they are nobody's */
    this.process.kill('SIGKILL')
    await this.ended
    await until('children gone', () => children.every(pid => !existsSync(`/proc/${pid}`)))
  }

  checkLog () {
    const at = this.log.search(SANITIZER)
    if (at >= 0) throw new Error(`a sanitizer spoke:\n${this.log.slice(at, at + 6000)}`)
  }

  async end () {
    if (!this.exit) this.process.kill('SIGTERM')
    const late = setTimeout(() => { this.log += '\ndid not end\n'; this.process.kill('SIGKILL') }, PATIENCE_MS)
    const { code, signal } = await this.ended
    clearTimeout(late)
    this.agent?.destroy()
    this.agent = undefined
    this.checkLog()
    assert.equal(code, 0, `chancery ended with ${signal ?? code}:\n${this.log.slice(-6000)}`)
  }

  async restart () {
    await this.end()
    return this.start()
  }

  /** End, check that it was a clean one, remove everything. */
  async stop () {
    try {
      if (this.process) await this.end()
    } finally {
      rmSync(this.dir, { recursive: true, force: true, maxRetries: 20 })
      if (process.env.CHANCERY_LOG_DIR) appendFileSync(join(process.env.CHANCERY_LOG_DIR, `${basename(process.argv[1])}.service.log`), this.log)
    }
  }

  /** Add seconds to the wall clock of all programs. */
  async moveClock (seconds) {
    this.offset += seconds
    /* in place, in one write of one length: the programs keep it open */
    writeFileSync(this.clockFile, `${this.offset}`.padEnd(20) + '\n', { flag: 'r+' })
    await sleep(150) /* each look at the clock sees it from now on; this is for those who are just working by an earlier one */
  }

  now () { return Math.floor(Date.now() / 1000) + this.offset }

  async createAccount (options = {}) {
    const { name = 'test', verified = true, role, identity, level, balance } = options
    const args = ['account', 'create', '--data', this.seen, '--name', name, '--json']
    if (verified) args.push('--verified')
    for (const [k, v] of Object.entries({ role, identity, level, balance })) if (v !== undefined) args.push(`--${k}`, String(v))
    const { code, stdout, stderr } = await run(PROGRAM, args, { env: this.env })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  /** The command line, with an account's credentials in the environment. */
  cli (args, account, options = {}) {
    const env = { CHANCERY_ENDPOINT: `https://${this.endpoint}`, CHANCERY_CA: this.root, HOME: this.dir, ...this.env, ...options.env }
    if (account) Object.assign(env, { CHANCERY_SECRET_ID: account.SecretId, CHANCERY_SECRET_KEY: account.SecretKey })
    return run(PROGRAM, args, { cwd: this.dir, ...options, env })
  }

  /** The official SDK, unchanged. */
  client (account, profile = {}) {
    const { ssl } = require('tencentcloud-sdk-nodejs')
    return new ssl.v20191205.Client({
      credential: { secretId: account.SecretId, secretKey: account.SecretKey },
      region: 'ap-guangzhou',
      profile: { ...profile, httpProfile: { endpoint: this.endpoint, protocol: 'https://', agent: this.agent, reqTimeout: PATIENCE_MS / 1000, ...profile.httpProfile } }
    })
  }

  /** One raw POST: { status, headers, text }. */
  request ({ method = 'POST', path = '/', headers = {}, body = '', insecure = this.offset !== 0, localAddress }) {
    return new Promise((resolve, reject) => {
      const request = https.request({ host: '127.0.0.1', port: this.port, localAddress, method, path, headers, agent: insecure ? undefined : this.agent, rejectUnauthorized: !insecure, timeout: PATIENCE_MS }, reply => {
        const parts = []
        reply.on('data', d => parts.push(d))
        reply.once('error', reject)
        reply.once('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text: Buffer.concat(parts).toString() }))
      })
      request.once('error', reject)
      request.once('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)))
      request.end(body)
    })
  }

  /** One action, signed at the moved time; throws ApiError with .code. */
  async call (account, action, parameters = {}) {
    const body = JSON.stringify(parameters)
    const seconds = this.now()
    const authorization = signTc3({ secretId: account.SecretId, secretKey: account.SecretKey, host: this.endpoint, body, seconds })
    const reply = await this.request({
      body,
      headers: {
        'Content-Type': 'application/json',
        Host: this.endpoint,
        Authorization: authorization,
        'X-TC-Action': action,
        'X-TC-Version': '2019-12-05',
        'X-TC-Timestamp': String(seconds)
      }
    })
    const { Response } = JSON.parse(reply.text)
    if (Response.Error) throw new ApiError(Response.Error, Response.RequestId)
    return Response
  }

  /* ---- what most tests do ---- */

  async apply (account, domain, parameters = {}) {
    const { CertificateId } = await this.call(account, 'ApplyCertificate', { DvAuthMethod: 'DNS', DomainName: domain, ...parameters })
    return CertificateId
  }

  describe (account, id) { return this.call(account, 'DescribeCertificate', { CertificateId: id }) }

  /** The records or files to place, one an entry. */
  async proofs (account, id) { return (await this.describe(account, id)).DvAuthDetail.DvAuths }

  check (account, id) { return this.call(account, 'CheckCertificateDomainVerification', { CertificateId: id }) }

  /** Ask for a look until the certificate has the status; CompleteCertificate is the quiet way to ask.  `ask`: is it asked at all? */
  async waitStatus (account, id, status, { ask = status === 1 } = {}) {
    let asked = 0
    return until(`${id} in status ${status}`, async () => {
      const c = await this.describe(account, id)
      if (c.Status === status) return c
      if (ask && c.Status === 0 && Date.now() - asked > 2_000) {
        asked = Date.now()
        await this.call(account, 'CompleteCertificate', { CertificateId: id }).catch(() => {})
      }
      throw new Error(`status ${c.Status} ${c.StatusMsg ?? ''}`)
    })
  }

  /** The zip as { 'Nginx/1_a_bundle.crt': Buffer, … }. */
  async download (account, id, parameters = {}) {
    const { Content, ContentType } = await this.call(account, 'DownloadCertificate', { CertificateId: id, ...parameters })
    assert.equal(ContentType, 'application/zip')
    const dir = mkdtempSync(join(this.dir, 'zip-'))
    writeFileSync(join(dir, 'all.zip'), Buffer.from(Content, 'base64'))
    const { code, stdout, stderr } = await run('unzip', ['-q', 'all.zip', '-d', 'all'], { cwd: dir })
    assert.equal(code, 0, stdout + stderr)
    const files = {}
    const read = (path, name) => {
      for (const e of readdirSync(path, { withFileTypes: true })) {
        if (e.isDirectory()) read(join(path, e.name), `${name}${e.name}/`)
        else files[`${name}${e.name}`] = readFileSync(join(path, e.name))
      }
    }
    read(join(dir, 'all'), '')
    return files
  }
}

/** Find an entry of a downloaded package: file(files, 'Nginx', '.key'). */
export function file (files, folder, end) {
  const name = Object.keys(files).find(n => n.startsWith(`${folder}/`) && n.endsWith(end))
  assert.ok(name, `no ${folder}/*${end} among ${Object.keys(files).join(', ')}`)
  return files[name]
}

/**
 * settings: section.key → value; env: more environment; dns: of dns.mjs, whose resolver and trust anchor are used
 * (validation is off with trustAnchor: 'none'); web: of web.mjs, whose ports are used; data: where DIR is;
 * config: a configuration file (settings win over it);
 * wrap: a command that becomes the program by exec, in a mount namespace of its own.
 */
export async function startChancery ({ settings = {}, dns, web, dir, ...options } = {}) {
  const base = dir ?? mkdtempSync(join(tmpdir(), 'chancery-test-'))
  mkdirSync(base, { recursive: true })
  const found = {}
  if (dns) Object.assign(found, { 'validation.resolver': dns.address, 'validation.trust-anchor': isEmpty(dns.trustAnchor) ? 'none' : dns.trustAnchor })
  if (web) Object.assign(found, { 'validation.http-port': web.httpPort, 'validation.https-port': web.httpsPort })
  for (let tries = 0; ; tries++) {
    const c = new Chancery(base, { ...options, settings: { ...found, ...settings } })
    try {
      return await c.start()
    } catch (e) {
      if (tries === 2 || !/in use|EADDRINUSE/i.test(e.message)) throw e /* another test took the port meanwhile */
    }
  }
}

const isEmpty = path => path === undefined || path === 'none' || readFileSync(path, 'utf8').trim() === ''
