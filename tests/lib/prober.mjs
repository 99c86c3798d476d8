/*
 * A real chancery-prober, driven by tests/process/probe_driver of the build.
 *
 *   const prober = await startProber({ settings: { 'validation.resolver': dns.address, … } })
 *   const reply = await prober.ask('txt', '_dnsauth.a.test', 'the value')
 *       { verdict, dnssec, status, address, detail, values } or { err, detail }
 *   await prober.stop()
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const top = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const BUILD = resolve(top, process.env.CHANCERY_BUILD ?? 'build-asan')

class Prober {
  constructor (dir) {
    Object.assign(this, { dir, waiting: new Map(), nextId: 1, lost: 0, stderr: '' })
  }

  async start (settings) {
    const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    this.process = spawn(join(BUILD, 'tests', 'process', 'probe_driver'), [join(BUILD, 'chancery-prober'), '--data', this.dir, ...set],
      { stdio: ['pipe', 'pipe', 'pipe'] })
    this.process.stdin.on('error', () => {})
    this.process.stderr.on('data', data => { this.stderr += data })
    this.ended = new Promise(resolve => this.process.once('close', resolve))
    const ready = new Promise((resolve, reject) => {
      this.onReady = resolve
      this.process.once('error', reject)
      this.ended.then(() => reject(new Error(`the prober ended: ${this.stderr}`)))
    })
    createInterface({ input: this.process.stdout }).on('line', line => this.take(JSON.parse(line)))
    await ready
    return this
  }

  take (message) {
    if (message.ready) this.onReady()
    if (message.pid) this.pid = message.pid
    if (message.lost) this.lost++
    if ('exit' in message) this.exit = message.exit
    if ('id' in message) {
      const answer = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      if (answer) answer(message)
    }
  }

  line (...fields) {
    this.process.stdin.write(`${fields.join('\t')}\n`)
  }

  reply (id) {
    return new Promise((resolve, reject) => {
      this.waiting.set(id, resolve)
      this.ended.then(() => reject(new Error(`the prober ended: ${this.stderr}`)))
    })
  }

  ask (kind, name, expected, { accountUri = '', method = '', timeMs = 10000 } = {}) {
    const id = this.nextId++
    const reply = this.reply(id)
    this.line('ask', id, kind, name, expected, accountUri, method, timeMs)
    return reply
  }

  raw (type, body, tail = '') {
    const id = this.nextId++
    const reply = this.reply(id)
    this.line('raw', id, type, Buffer.from(body).toString('hex'), Buffer.from(tail).toString('hex'))
    return reply
  }

  /** What it said on stderr beside information. */
  get complaints () {
    return this.stderr.split('\n').filter(line => line !== '' && !/^\S+ prober info /.test(line)).join('\n')
  }

  /** CPU milliseconds so far and resident kilobytes (now, peak). */
  async usage () {
    const stat = (await readFile(`/proc/${this.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    const kb = name => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1])
    return { cpuMs: (Number(stat[11]) + Number(stat[12])) * 10, rssKb: kb('VmRSS'), peakKb: kb('VmHWM') }
  }

  async stop () {
    this.line('stop')
    const hard = setTimeout(() => this.process.stdin.end(), 120_000)
    await this.ended
    clearTimeout(hard)
    await rm(this.dir, { recursive: true, force: true })
  }
}

export async function startProber ({ settings = {} } = {}) {
  const prober = new Prober(await mkdtemp(join(tmpdir(), 'chancery-prober-')))
  try {
    return await prober.start({ 'validation.allow': '127.0.0.0/8', ...settings })
  } catch (e) {
    await rm(prober.dir, { recursive: true, force: true })
    throw e
  }
}
