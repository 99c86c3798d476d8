/*
 * Real web servers on loopback for tests.
 *
 *   const web = await startNginx()                       http and https on free ports, self-signed certificate
 *   await web.setFile('/.well-known/pki-validation/fileauth.txt', 'the value')
 *   await web.configure({ http: 'return 301 https://other.test/;' })     nginx directives for the server block
 *   await web.configure({ certificate, key })            files to serve https with from now on
 *   await web.stop()
 *
 *   const raw = await startRaw((socket, request) => { … })   a peer that may misbehave, byte by byte
 *
 * `addressOf(web)` style settings: validation.http-port=<web.httpPort>, validation.https-port=<web.httpsPort>,
 * validation.allow=127.0.0.0/8.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './ports.mjs'

const run = promisify(execFile)
const PATIENCE_MS = 240_000 /* as in chancery.mjs: it only ends a wait that would be for ever */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

export { freePorts } from './ports.mjs'

/** A self-signed certificate in dir: { certificate, key } as file names. */
export async function selfSigned (dir, name = 'localhost') {
  const certificate = join(dir, 'self.pem')
  const key = join(dir, 'self.key')
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
    '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate], { env })
  return { certificate, key }
}

const listens = port => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => { socket.destroy(); resolve(true) })
  socket.once('error', () => resolve(false))
})

class Nginx {
  constructor (dir, httpPort, httpsPort) {
    Object.assign(this, { dir, httpPort, httpsPort, root: join(dir, 'root'), settings: { http: '', https: '' } })
  }

  conf () {
    const { http, https, certificate, key } = this.settings
    return `daemon off; worker_processes 1; master_process on; pid ${this.dir}/pid; error_log ${this.dir}/error.log;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 512; }
http {
  access_log ${this.dir}/access.log;
  client_body_temp_path ${this.dir}/t1; proxy_temp_path ${this.dir}/t2; fastcgi_temp_path ${this.dir}/t3;
  uwsgi_temp_path ${this.dir}/t4; scgi_temp_path ${this.dir}/t5;
  default_type text/plain;
  server { listen 127.0.0.1:${this.httpPort}; root ${this.root}; ${http} }
  server { listen 127.0.0.1:${this.httpsPort} ssl; root ${this.root}; ssl_certificate ${certificate}; ssl_certificate_key ${key}; ${https} }
}
`
  }

  async setFile (path, content) {
    const file = join(this.root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }

  removeFile (path) {
    return rm(join(this.root, path), { force: true })
  }

  accessLog () {
    return readFile(join(this.dir, 'access.log'), 'utf8')
  }

  /** Check the new configuration (nginx -t), reload, and wait until the old workers are gone. */
  async configure (settings) {
    Object.assign(this.settings, settings)
    await writeFile(join(this.dir, 'nginx.conf'), this.conf())
    await run('nginx', ['-t', '-c', join(this.dir, 'nginx.conf'), '-e', join(this.dir, 'error.log')], { env })
    if (!this.process) return
    const before = await this.workers()
    this.process.kill('SIGHUP')
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const now = await this.workers()
      if (now.length > 0 && !now.some(pid => before.includes(pid))) return
      await sleep(25)
    }
    throw new Error('nginx did not reload')
  }

  async workers () {
    const text = await readFile(`/proc/${this.process.pid}/task/${this.process.pid}/children`, 'utf8').catch(() => '')
    return text.trim().split(/\s+/).filter(Boolean)
  }

  async start () {
    const child = spawn('nginx', ['-c', join(this.dir, 'nginx.conf'), '-e', join(this.dir, 'error.log')], { env, stdio: 'ignore' })
    const dieWithUs = () => child.kill('SIGTERM')
    process.once('exit', dieWithUs)
    child.once('exit', () => process.removeListener('exit', dieWithUs))
    const failed = new Promise((resolve, reject) => child.once('error', reject))
    failed.catch(() => {})
    this.process = child
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      if (child.exitCode !== null) return false
      if (await Promise.race([failed, listens(this.httpsPort)])) return child.exitCode === null
      await sleep(25)
    }
    return false
  }

  async stop () {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise(resolve => this.process.once('exit', resolve))
      this.process.kill('SIGTERM')
      await ended
    }
    await rm(this.dir, { recursive: true, force: true, maxRetries: 20 })
  }
}

/** settings: { http, https } directives, { certificate, key } files (default: a self-signed one). */
export async function startNginx (settings = {}) {
  for (let tries = 0; tries < 5; tries++) {
    const dir = await mkdtemp(join(tmpdir(), 'chancery-web-'))
    const [httpPort, httpsPort] = await freePorts(2)
    const web = new Nginx(dir, httpPort, httpsPort)
    await mkdir(web.root)
    await web.configure({ ...(settings.certificate ? {} : await selfSigned(dir)), ...settings })
    if (await web.start()) return web
    await web.stop()
  }
  throw new Error('nginx did not start')
}

/**
 * A peer that does what `answer(socket, request)` does, called once the request's head has come; `tls` = { certificate, key }
 * makes it speak TLS, `host` is the address.  { port, count() of connections, stop() }.
 */
export async function startRaw (answer, { tls, host = '127.0.0.1' } = {}) {
  const sockets = new Set()
  let count = 0
  const onSocket = socket => {
    count++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let head = ''
    socket.on('data', data => {
      if (head === null) return
      head += data.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const request = head
      head = null
      answer(socket, request)
    })
  }
  const server = tls
    ? createTlsServer({ cert: await readFile(tls.certificate), key: await readFile(tls.key) }, onSocket)
    : createServer(onSocket)
  server.on('tlsClientError', () => {})
  await new Promise((resolve, reject) => { server.once('error', reject); server.listen(0, host, resolve) })
  return {
    port: server.address().port,
    count: () => count,
    async stop () {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
