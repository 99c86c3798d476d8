/*
 * A real authoritative DNS server (Knot) on loopback for one test: unsigned, signed and wrongly signed zones,
 * changed while it runs.
 *
 *   const dns = await startDns({ zones: [{ name: 'plain.test' }, { name: 'signed.test', dnssec: 'good' }] })
 *   await dns.setRecord('_dnsauth.plain.test', 'TXT', 'the value')
 *   … --set validation.resolver=<dns.address> --set validation.trust-anchor=<dns.trustAnchor>
 *   await dns.stop()
 *
 * A zone is { name, dnssec, nsec3: true|false, records: [[name, type, value, ttl?], …] }.
 *   dnssec: 'none' (default)   no signatures
 *           'good'             signed by the server, also after each change
 *           'expired'          signed, but every signature ended in 2020
 *           'corrupt'          signed, then the last bytes of every signature over data changed
 *           'stranger'         signed with another key than the one the trust anchor or the parent names
 * A zone whose parent is in the list too is delegated there, with a DS record if it is signed; the trust anchor
 * file holds the keys of the signed zones that have no parent in the list ("none" if there is no signed zone).  Values of TXT records are plain text
 * (an array = several strings of one record); all other values are as in a zone file.
 */
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './ports.mjs'

const run = promisify(execFile)
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
const env = { ...process.env, PATH }
const DEFAULT_TTL = 60
const PATIENCE_MS = 240_000 /* as in chancery.mjs: it only ends a wait that would be for ever */

const fqdn = name => (name.endsWith('.') ? name : `${name}.`)

/** A port that is free for both UDP and TCP on 127.0.0.1. */
export const freeDnsPort = async () => (await freePorts(1))[0]

/** Record data as a zone file wants it: TXT as UTF-8, other than plain characters as \DDD. */
function rdata (type, value) {
  if (type.toUpperCase() !== 'TXT') return String(value)
  const strings = Array.isArray(value) ? value.map(part => Buffer.from(part)) : pieces(Buffer.from(String(value)))
  const quote = bytes => [...bytes].map(b =>
    b < 32 || b > 126 || b === 34 || b === 92 ? `\\${String(b).padStart(3, '0')}` : String.fromCharCode(b)).join('')
  return strings.map(part => `"${quote(part)}"`).join(' ')
}

const pieces = bytes => Array.from({ length: Math.max(1, Math.ceil(bytes.length / 255)) }, (_, i) => bytes.subarray(i * 255, i * 255 + 255))

const line = ([name, type, value, ttl = DEFAULT_TTL]) => `${fqdn(name)} ${ttl} IN ${type} ${rdata(type, value)}\n`

function zoneText (zone, extra) {
  const z = fqdn(zone.name)
  return `${z} ${DEFAULT_TTL} IN SOA ns.${z} admin.${z} 1 3600 600 86400 1\n` +
    `${z} ${DEFAULT_TTL} IN NS ns.${z}\n` + `ns.${z} ${DEFAULT_TTL} IN A 127.0.0.1\n` +
    (zone.records ?? []).map(line).join('') + extra
}

async function makeKeys (dir, zone, flags) {
  const { stdout } = await run('ldns-keygen', ['-a', 'ECDSAP256SHA256', ...flags, zone.name], { cwd: dir, env })
  const base = stdout.trim()
  return { base, dnskey: await readFile(join(dir, `${base}.key`), 'utf8'), ds: await readFile(join(dir, `${base}.ds`), 'utf8').catch(() => '') }
}

/* Signs a zone file with keys of our own, for the zones that must be wrong. */
async function signOnce (dir, zone, file) {
  const ksk = await makeKeys(dir, zone, ['-k'])
  const dates = zone.dnssec === 'expired' ? ['-i', '20200101000000', '-e', '20200201000000'] : []
  await run('ldns-signzone', [...dates, '-o', zone.name, '-f', `${file}.signed`, file, ksk.base], { cwd: dir, env })
  let text = await readFile(`${file}.signed`, 'utf8')
  if (zone.dnssec === 'corrupt') {
    text = text.replace(/^(.*\sRRSIG\s+(?!DNSKEY)\S+\s.*?)(\S{8})(={0,2})\s*$/gm,
      (_, head, end, pad) => `${head}${end.startsWith('AAAA') ? 'BBBB' : 'AAAA'}${end.slice(4)}${pad}`)
  }
  await writeFile(file, text)
  return zone.dnssec === 'stranger' ? makeKeys(dir, zone, ['-k']) : ksk
}

class Dns {
  constructor (dir, port, zones) {
    Object.assign(this, { dir, port, zones, address: `127.0.0.1:${port}`, trustAnchor: join(dir, 'trust-anchor'), queue: Promise.resolve() })
  }

  async knotc (...args) {
    const { stdout } = await run('knotc', ['-b', '-t', '120', '-s', join(this.dir, 'knot.sock'), ...args], { env })
    return stdout
  }

  zoneOf (name) {
    const n = fqdn(name).toLowerCase()
    const fits = this.zones.map(z => fqdn(z.name)).filter(z => n === z || n.endsWith(`.${z}`))
    if (fits.length === 0) throw new Error(`${name} is in no zone of this server`)
    return fits.reduce((a, b) => (b.length > a.length ? b : a))
  }

  /* One transaction at a time: Knot keeps one a zone. */
  change (name, steps) {
    const act = async () => {
      const zone = this.zoneOf(name)
      await this.knotc('zone-begin', zone)
      try {
        for (const [verb, ...rest] of steps) await this.knotc(verb, zone, ...rest).catch(e => { if (verb !== 'zone-unset') throw e })
        await this.knotc('zone-commit', zone)
      } catch (e) {
        await this.knotc('zone-abort', zone).catch(() => {})
        throw e
      }
    }
    this.queue = this.queue.then(act, act)
    return this.queue
  }

  /** Replace all records of this name and type by one. */
  setRecord (name, type, value, { ttl = DEFAULT_TTL } = {}) {
    return this.change(name, [['zone-unset', fqdn(name), type], ['zone-set', fqdn(name), String(ttl), type, rdata(type, value)]])
  }

  /** One more record beside those that are there. */
  addRecord (name, type, value, { ttl = DEFAULT_TTL } = {}) {
    return this.change(name, [['zone-set', fqdn(name), String(ttl), type, rdata(type, value)]])
  }

  /** One record, or all of the type when no value is given. */
  removeRecord (name, type, value) {
    return this.change(name, [['zone-unset', fqdn(name), type, ...(value === undefined ? [] : [rdata(type, value)])]])
  }

  async stop () {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise(resolve => this.process.once('exit', resolve))
      this.process.kill('SIGTERM')
      const hard = setTimeout(() => this.process.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(hard)
    }
    await rm(this.dir, { recursive: true, force: true, maxRetries: 20 })
  }
}

const isSigned = zone => (zone.dnssec ?? 'none') !== 'none'

function parentOf (zone, zones) {
  const up = zones.filter(z => z !== zone && (z.name === '.' || zone.name.endsWith(`.${z.name}`)))
  return up.length === 0 ? null : up.reduce((a, b) => (b.name.length > a.name.length ? b : a))
}

const policy = (id, nsec3) => `  - id: ${id}
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: ${nsec3}
    ksk-lifetime: 0
    zsk-lifetime: 0
    propagation-delay: 0
    dnskey-ttl: 60
`

async function configure (dns) {
  const zones = dns.zones.map(z => `  - domain: ${fqdn(z.name)}\n    file: ${z.file}\n` +
    (z.dnssec === 'good' ? `    dnssec-signing: on\n    dnssec-policy: ${z.nsec3 ? 'nsec3' : 'nsec'}\n` : '')).join('')
  await writeFile(join(dns.dir, 'knot.conf'), `server:
    rundir: ${dns.dir}
    listen: 127.0.0.1@${dns.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: ${join(dns.dir, 'knot.sock')}
    timeout: 120
log:
  - target: ${join(dns.dir, 'knot.log')}
    any: info
database:
    storage: ${dns.dir}/db
    journal-db-max-size: 64M
    timer-db-max-size: 16M
    kasp-db-max-size: 16M
policy:
${policy('nsec', 'off')}${policy('nsec3', 'on')}template:
  - id: default
    storage: ${dns.dir}
    journal-content: changes
    zonefile-sync: -1
    zonefile-load: whole
    semantic-checks: off
zone:
${zones}`)
}

/* A key is needed before the parent's zone file can name it, so keys of server-signed zones are made beforehand. */
async function keymgr (dns, zone, ...args) {
  const { stdout } = await run('keymgr', ['-c', join(dns.dir, 'knot.conf'), fqdn(zone.name), ...args], { env })
  return stdout
}

async function prepareZone (dns, zone, children) {
  const delegations = children.map(c => `${fqdn(c.name)} ${DEFAULT_TTL} IN NS ns.${fqdn(c.name)}\n` +
    `ns.${fqdn(c.name)} ${DEFAULT_TTL} IN A 127.0.0.1\n${c.ds ?? ''}`).join('')
  zone.file = join(dns.dir, `${zone.name === '.' ? 'root' : zone.name}.zone`)
  await writeFile(zone.file, zoneText(zone, delegations))
  if (!isSigned(zone)) return
  if (zone.dnssec === 'good') {
    await keymgr(dns, zone, 'generate', 'algorithm=ecdsap256sha256', 'ksk=yes', 'zsk=yes')
    const ds = (await keymgr(dns, zone, 'ds')).trim().split('\n').filter(l => / 13 2 /.test(l))
    zone.ds = ds.map(l => l.replace(/^(\S+)\s+DS/, `$1 ${DEFAULT_TTL} IN DS`)).join('\n') + '\n'
    zone.anchor = zone.ds
    return
  }
  const key = await signOnce(dns.dir, zone, zone.file)
  zone.ds = key.ds
  zone.anchor = key.dnskey
}

async function launch (dns) {
  dns.process = spawn('knotd', ['-c', join(dns.dir, 'knot.conf')], { env, stdio: 'ignore' })
  const dieWithUs = () => dns.process.kill('SIGKILL')
  process.once('exit', dieWithUs)
  dns.process.once('exit', () => process.removeListener('exit', dieWithUs))
  const failed = new Promise((resolve, reject) => dns.process.once('error', reject))
  failed.catch(() => {})
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  resolver.setServers([dns.address])
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    if (dns.process.exitCode !== null) return false
    const log = await readFile(join(dns.dir, 'knot.log'), 'utf8').catch(() => '')
    if (/cannot bind/.test(log)) return false
    if (/server started/.test(log)) {
      const answers = await Promise.race([failed, Promise.all(dns.zones.map(z => resolver.resolveSoa(z.name === '.' ? '.' : z.name).then(() => true, () => false)))])
      if (answers.every(Boolean)) return true
    }
    await Promise.race([failed, new Promise(resolve => setTimeout(resolve, 50))])
  }
  throw new Error(`knotd did not serve its zones: ${await readFile(join(dns.dir, 'knot.log'), 'utf8').catch(() => '')}`)
}

export async function startDns ({ zones }) {
  for (let tries = 0; tries < 5; tries++) {
    const dns = new Dns(await mkdtemp(join(tmpdir(), 'chancery-dns-')), await freeDnsPort(), zones.map(z => ({ ...z })))
    try {
      await mkdir(join(dns.dir, 'db'))
      for (const zone of dns.zones) zone.file = join(dns.dir, `${zone.name}.zone`)
      await configure(dns)
      /* children first, so that a parent can name their keys */
      const byDepth = [...dns.zones].sort((a, b) => b.name.split('.').length - a.name.split('.').length || b.name.length - a.name.length)
      for (const zone of byDepth) await prepareZone(dns, zone, dns.zones.filter(c => parentOf(c, dns.zones) === zone))
      await configure(dns)
      const anchors = dns.zones.filter(z => isSigned(z) && !parentOf(z, dns.zones)).map(z => z.anchor)
      if (anchors.length > 0) await writeFile(dns.trustAnchor, anchors.join(''))
      else dns.trustAnchor = 'none'
      if (await launch(dns)) return dns
      await dns.stop()
    } catch (e) {
      await dns.stop()
      throw e
    }
  }
  throw new Error('knotd found no free port')
}

/** The question of a DNS query: { name, type }. */
export function dnsQuestion (query) {
  const labels = []
  let at = 12
  while (query[at] !== 0) {
    labels.push(query.subarray(at + 1, at + 1 + query[at]).toString('latin1').toLowerCase())
    at += 1 + query[at]
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/**
 * Something between the prober and a DNS server that may lose or spoil what passes (UDP only).
 * `rule({ name, type })` says 'pass', 'drop', 'servfail', 'refused', 'garbage', 'cut', 'wrongid', 'othername', or { delayMs }, for each query.
 * { address, port, queries: [{ name, type, id, port }], rule (may be exchanged), stop() }
 */
export async function startDnsFilter (dns, rule) {
  const front = createSocket('udp4')
  const filter = { rule, queries: [] }
  const answer = (query, rcode) => {
    const reply = Buffer.from(query.subarray(0, dnsQuestion(query).end))
    reply.writeUInt16BE(0x8180 | rcode, 2)
    reply.writeUInt16BE(0, 6)
    reply.writeUInt16BE(0, 8)
    reply.writeUInt16BE(0, 10)
    return reply
  }
  const pass = (query, peer, change) => {
    const back = createSocket('udp4')
    const close = setTimeout(() => back.close(), 5000)
    back.once('message', message => {
      clearTimeout(close)
      back.close()
      front.send(change(message), peer.port, peer.address)
    })
    back.send(query, dns.port, '127.0.0.1')
  }
  front.on('message', (query, peer) => {
    const { name, type } = dnsQuestion(query)
    filter.queries.push({ name, type, id: query.readUInt16BE(0), port: peer.port })
    const verdict = filter.rule({ name, type })
    if (verdict === 'drop') return
    if (verdict === 'servfail') front.send(answer(query, 2), peer.port, peer.address)
    else if (verdict === 'refused') front.send(answer(query, 5), peer.port, peer.address)
    else if (verdict === 'garbage') front.send(Buffer.concat([query.subarray(0, 2), Buffer.alloc(60, 0xc0)]), peer.port, peer.address)
    else if (verdict === 'cut') pass(query, peer, message => message.subarray(0, message.length - 7))
    else if (verdict === 'wrongid') pass(query, peer, message => Buffer.concat([Buffer.from([message[0] ^ 1, message[1] ^ 1]), message.subarray(2)]))
    else if (verdict === 'othername') pass(query, peer, message => Buffer.concat([message.subarray(0, 13), Buffer.from('z'), message.subarray(14)]))
    else if (verdict?.delayMs) setTimeout(() => pass(query, peer, message => message), verdict.delayMs)
    else pass(query, peer, message => message)
  })
  await new Promise((resolve, reject) => { front.once('error', reject); front.bind(0, '127.0.0.1', resolve) })
  filter.port = front.address().port
  filter.address = `127.0.0.1:${filter.port}`
  filter.stop = () => new Promise(resolve => front.close(resolve))
  return filter
}
