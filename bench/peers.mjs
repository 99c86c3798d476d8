/*
 * Ours beside what others have, on one machine, in turns within minutes: a neighbour's load makes both larger, the ratio stays.  What a row
 * tells is CPU of all processes an operation, the best of its turns; beside it the target, and the ratio that the target's authors measured.
 * Both verdicts are printed.  Where a peer cannot be had the row says why.
 *
 * Rows are kept in BUILD/peers/figures.json, each group with its date and load, so that groups can be measured one by one.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUILD, bench, idle, numberBefore, quiet, within } from './service.mjs'
import { run, startChancery } from '../tests/lib/chancery.mjs'
import { fill, SETTINGS } from './million.mjs'
import { makeCa, prepareOpensslCrl, program, startCfssl, startOpensslOcsp } from './peers/servers.mjs'
import { OCSP_FRESH, ocspFiles, requestFiles, statusRequests } from './status.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const FILE = join(BUILD, 'peers', 'figures.json')
const TURNS = 2
const MOST_MS = 60_000 /* a peer that takes longer hangs */
const say = text => process.stderr.write(`  ${text}\n`)
const best = values => Math.min(...values)

/** A row: { what, ours, peer, theirs, unit, target, there: what the peer took where the target was set, note } or { what, peer, missing }. */
const row = fields => fields

async function inDirectory (work) {
  const dir = mkdtempSync(join(tmpdir(), 'chancery-peers-'))
  try { return await work(dir) } finally { rmSync(dir, { recursive: true, force: true, maxRetries: 20 }) }
}

/** `work(peer)` with a peer that runs; a row that says why where there is none. */
async function beside (what, peerName, start, work) {
  return inDirectory(async dir => {
    let peer
    try {
      peer = await start(dir)
      return await work(peer)
    } catch (e) {
      return [row({ what, peer: peerName, missing: e.message.split('\n')[0] })]
    } finally { await peer?.stop?.() }
  })
}

/* ---- the machine ---- */

/* What the targets' machine took: the smallest that any figure is made of. */
async function machine () {
  say('the barest loops')
  const texts = []
  for (let i = 0; i < TURNS; i++) texts.push(await quiet(bench('http'), 20000))
  const loop = name => best(texts.map(text => Number(new RegExp(`http ${name} +([\\d.]+) us CPU`).exec(text)[1])))
  say('openssl speed')
  const { stdout } = await run('openssl', ['speed', '-seconds', '2', 'ecdsap256'])
  const [, sign, verify] = /nistp256\)\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)/.exec(stdout).map(Number)
  const of = (what, here, there) => row({ what, ours: here, peer: "the targets' machine", theirs: there, unit: 'µs', machine: true })
  return [
    of('HTTP request, barest loop, plain', loop('plain, bare loop'), 4.4),
    of('HTTP request, barest loop, TLS', loop('TLS, bare loop'), 9.8),
    of('P-256 signature', 1e6 / sign, 27),
    of('P-256 verification', 1e6 / verify, 85)
  ]
}

/* ---- ACME ---- */

const ACME_TARGET = 1.6
/* CPU ms an order of the peers with 64 in flight, where the target was set; Pebble hung there. */
const ACME_THERE = { 'step-ca, Badger': 5.3, 'step-ca, bbolt': 9.0 }
const ACME_NOTES = { Pebble: 'in memory; its certificates are signed with RSA' }

/* In a network of its own, where port 80 is free; the kernel gives one only to root. */
function acmeTurns (inFlight, turns, quickly) {
  const script = [process.execPath, join(HERE, 'peers', 'acme.mjs'), String(inFlight), String(turns), ...(quickly ? ['quick'] : [])]
  const [command, ...args] = process.getuid() === 0 ? ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...script] : script
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', d => { text += d })
    child.once('error', reject)
    child.once('close', code => code === 0 ? resolve(text.trim().split('\n').map(line => JSON.parse(line))) : reject(new Error(`bench/peers/acme.mjs ended with ${code}`)))
  })
}

const acme = (inFlight, turns) => async quickly => {
  const servers = await acmeTurns(inFlight, turns, quickly)
  const what = `ACME order, ${inFlight} in flight`
  const [ours, ...peers] = servers
  if (ours.missing) throw new Error(ours.missing)
  const bestOf = server => server.figures.reduce((a, b) => a.cpu <= b.cpu ? a : b)
  const mine = bestOf(ours)
  return peers.map(peer => {
    if (peer.missing) return row({ what, peer: peer.name, missing: peer.missing })
    const theirs = bestOf(peer)
    const told = f => `${f.rate}/s, p99 ${f.p99} ms`
    return row({
      what,
      ours: mine.cpu,
      peer: peer.name,
      theirs: theirs.cpu,
      unit: 'ms',
      target: inFlight === 64 ? ACME_TARGET : undefined,
      there: inFlight === 64 ? ACME_THERE[peer.name] : undefined,
      note: [`${told(mine)}, ${ours.memory} MB beside ${told(theirs)}, ${peer.memory} MB`, theirs.requests > 6.05 ? `${theirs.requests} requests an order` : '', ACME_NOTES[peer.name] ?? ''].filter(Boolean).join('; ')
    })
  })
}

/* ---- OCSP ---- */

const OPENSSL_OCSP_THERE = 0.09
const OCSP_CLOSED = 8000

async function opensslStatus (dir) {
  await makeCa(dir)
  const serials = Array.from({ length: 1000 }, (_, i) => (0x40000000n + BigInt(i) * 7919n).toString(16).toUpperCase())
  const peer = await startOpensslOcsp(dir, { serials })
  for (const [name, as] of [['ca', 'issuer'], ['server', 'leaf']]) await run('cp', [join(dir, `${name}.crt`), join(dir, `${as}.pem`)])
  return { ...peer, files: await ocspFiles(dir, '/', serials) }
}

async function ocsp (quickly) {
  const less = quickly ? 10 : 1
  const { dir } = await fill(BUILD, 10000)
  const c = await startChancery({ dir, settings: SETTINGS })
  try {
    await idle(c.process.pid)
    return await inDirectory(async work => {
      const files = await statusRequests(c, work)
      return beside('OCSP answer', 'openssl ocsp', opensslStatus, async peer => {
        const ask = async (pid, port, some, ...more) => numberBefore(await within(MOST_MS, bench('status'), pid, '127.0.0.1', port, ...some, ...more), 'ms CPU')
        const known = files.slice(0, 1000)
        const got = { fresh: [], memory: [], closed: [], theirs: [] }
        for (let i = 0; i < TURNS; i++) {
          say('OCSP, turn by turn')
          got.fresh.push(await ask(c.process.pid, c.publicPort, files.slice(i * OCSP_FRESH, (i + 1) * OCSP_FRESH), '--times', OCSP_FRESH))
          got.theirs.push(await ask(peer.pid, peer.port, peer.files, '--close', '--times', OCSP_CLOSED / less))
          if (i === 0) await ask(c.process.pid, c.publicPort, known, '--times', 1000)
          got.memory.push(await ask(c.process.pid, c.publicPort, known, '--times', 60000 / less))
          got.closed.push(await ask(c.process.pid, c.publicPort, known, '--close', '--times', OCSP_CLOSED / less))
        }
        const of = (what, values, more) => row({ what, ours: best(values), peer: 'openssl ocsp', theirs: best(got.theirs), unit: 'ms', ...more })
        return [
          of('OCSP, in memory', got.memory, { target: 0.01, there: OPENSSL_OCSP_THERE, note: 'the peer signs each answer and closes each connection' }),
          of('OCSP, in memory, a connection each', got.closed, { note: 'as the peer has it' }),
          of('OCSP, signed on demand', got.fresh, { target: 0.07, there: OPENSSL_OCSP_THERE, note: '16 in flight, each serial for the first time, out of 10,000; the peer has a list of 1,000 in memory' })
        ]
      })
    })
  } finally { await c.end() }
}

/* ---- signing ---- */

const CFSSL_THERE = { 'cfssl, SQLite record': 1.1, 'cfssl, no record': 0.5 }

async function cfsslTurn (record, times) {
  const name = `cfssl, ${record ? 'SQLite record' : 'no record'}`
  return beside('CSR signed', name, dir => startCfssl(dir, { record }), peer => inDirectory(async work => {
    await run('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key', '-subj', '/CN=shop.bench-test.com', '-out', 'csr'], { cwd: work })
    const body = JSON.stringify({ certificate_request: readFileSync(join(work, 'csr'), 'utf8'), hosts: ['shop.bench-test.com', 'www.shop.bench-test.com'] })
    const files = requestFiles(work, { path: '/api/v1/cfssl/sign', type: 'application/json', bodies: [body] })
    const text = await within(MOST_MS, bench('status'), peer.pid, '127.0.0.1', peer.port, ...files, '--times', times)
    if (record && Number(await peer.signed()) < times) throw new Error(`${await peer.signed()} in its record of ${times} signed`)
    return [{ peer: name, theirs: numberBefore(text, 'ms CPU') }]
  }))
}

async function signing (quickly) {
  const count = quickly ? 1000 : 8000
  const ours = []
  const peers = { true: [], false: [] }
  for (let i = 0; i < TURNS; i++) {
    say('the issue step')
    ours.push(numberBefore(await quiet(bench('issue'), BUILD, 'catalogue', 'migrations', count), 'ms CPU'))
    for (const record of [true, false]) {
      say(`cfssl, ${record ? 'with' : 'without'} its record`)
      peers[record].push(...await cfsslTurn(record, quickly ? 320 : 3200))
    }
  }
  say('reading and verifying a CSR')
  const csr = Number(/^.*CSR read and verified +([\d.]+) us/m.exec(await quiet(bench('pki'), 1000))[1]) / 1000 /* the first one is of a P-256 key */
  return [true, false].flatMap(record => {
    const good = peers[record].filter(p => p.theirs)
    if (good.length === 0) return [peers[record][0]]
    const peer = good[0].peer
    const theirs = best(good.map(p => p.theirs))
    const of = (what, value, more) => row({ what, ours: value, peer, theirs, unit: 'ms', ...more })
    return [
      ...(record ? [of('issue step', best(ours), { target: 0.2, there: CFSSL_THERE[peer], note: 'durable; the peer verifies the CSR besides and speaks HTTP, at 16 in flight' })] : []),
      of("issue step and the CSR's verification", best(ours) + csr, record ? { target: 0.29, there: CFSSL_THERE[peer] } : { note: 'the peer keeps nothing' })
    ]
  })
}

/* ---- revocation lists ---- */

/* CPU seconds and resident MB of a child that runs to its end, by the shell's own clock. */
async function measured (command, args, cwd) {
  const script = 'import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]).returncode;u=resource.getrusage(resource.RUSAGE_CHILDREN);print(u.ru_utime+u.ru_stime,u.ru_maxrss//1024,r)'
  const { stdout, stderr } = await run('python3', ['-c', script, command, ...args], { cwd })
  const [cpu, memory, code] = stdout.trim().split('\n').pop().split(' ').map(Number)
  if (code !== 0) throw new Error(stderr.trim().split('\n').pop())
  return { cpu, memory }
}

async function lists (quickly) {
  const rows = quickly ? 100000 : 1000000
  const scale = 1000000 / rows
  const what = 'revocation lists of a million'
  say(`ours: ${rows} rows, made first`)
  const text = await quiet(bench('crl'), BUILD, 'catalogue', 'migrations', rows)
  const ours = numberBefore(text, 's CPU') * scale
  const memory = Number(/memory \+(\d+) MB/.exec(text)[1])
  const told = theirs => `${memory} MB beside ${theirs} MB${scale > 1 ? `, from ${rows} rows` : ''}`
  const of = (peer, theirs, there, note) => row({ what, ours, peer, theirs, unit: 's', target: 0.3, there, note })
  const result = []
  for (const [name, there, work] of [
    ['Go crypto/x509', 4.7, async () => {
      const [, cpu, most] = /([\d.]+) s CPU, (\d+) MB/.exec(await within(MOST_MS, program('crl'), rows)).map(Number)
      return [cpu, `${told(most)}; Go 1.19, which took 4.7 s there and 1.23 2.5 s`]
    }],
    ['openssl ca -gencrl', 5.9, () => inDirectory(async dir => {
      const { cpu, memory: most } = await measured('openssl', await prepareOpensslCrl(dir, rows), dir)
      if (statSync(join(dir, 'crl.pem')).size < rows * 35) throw new Error('its list is too short')
      return [cpu, told(most)]
    })]
  ]) {
    say(`${name}: ${rows} rows`)
    try {
      const [cpu, note] = await work()
      result.push(of(name, cpu * scale, there, note))
    } catch (e) { result.push(row({ what, peer: name, missing: e.message.split('\n')[0] })) }
  }
  return result
}

/* ---- the table ---- */

export const digits = (value, unit) => unit === 's' ? value.toFixed(2) : unit === 'µs' ? value.toFixed(1) : value.toFixed(value < 0.1 ? 4 : value < 1 ? 3 : 2)
const verdict = (value, limit) => limit === undefined ? '–' : value <= limit ? 'met' : 'MISSED'

/** The cells of a row: operation, ours, peer, ratio, target, the target's ratio, both verdicts, what else is to be said. */
export function cells (r) {
  if (r.missing) return [r.what, '', r.peer, '', '', '', '', '', `not measured: ${r.missing}`]
  const ratio = r.ours / r.theirs
  const wanted = r.target === undefined || r.there === undefined ? undefined : r.target / r.there
  const of = v => `${digits(v, r.unit)} ${r.unit}`
  return [r.what, of(r.ours), `${r.peer} ${of(r.theirs)}`, ratio.toFixed(2), r.target === undefined ? '–' : `${r.target} ${r.unit}`,
    wanted === undefined ? '–' : wanted.toFixed(2), r.machine ? '' : verdict(r.ours, r.target), r.machine ? '' : verdict(ratio, wanted), r.note ?? '']
}
const HEAD = ['operation', 'ours', 'peer', 'ratio', 'target', "target's ratio", 'figure is', 'ratio is', '']

export const kept = () => existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {}

/** Of all groups that were measured, each with its date and load; `markdown` for a page. */
export function table (groups, { markdown = false } = {}) {
  const lines = Object.values(groups).flatMap(g => g.rows.map(cells))
  if (markdown) return [HEAD, HEAD.map(() => '---'), ...lines].map(l => `| ${l.join(' | ')} |`).join('\n')
  const widths = HEAD.map((h, i) => Math.max(...[HEAD, ...lines].map(l => i === HEAD.length - 1 ? 0 : l[i].length)))
  return [HEAD, ...lines].map(l => `  ${l.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd()}`).join('\n')
}

export const PEER_PARTS = {
  'peers-machine': ['the machine beside the one that the targets were set on', machine],
  'peers-acme': ['ACME orders beside step-ca and Pebble, 64 in flight', acme(64, TURNS)],
  'peers-acme-8': ['… 8 in flight', acme(8, 1)],
  'peers-acme-1': ['… one in flight', acme(1, 1)],
  'peers-ocsp': ['OCSP beside openssl', ocsp],
  'peers-sign': ['signing beside cfssl', signing],
  'peers-crl': ['revocation lists beside Go and openssl', lists]
}

/** Measure one group, keep it, print its table. */
export async function measurePeers (name, { quickly, revision }) {
  const load = loadavg()[0].toFixed(1)
  const rows = await PEER_PARTS[name][1](quickly)
  const group = { date: new Date().toISOString().slice(0, 16).replace('T', ' '), revision, load: Number(load), loadAfter: Number(loadavg()[0].toFixed(1)), quick: quickly || undefined, rows }
  mkdirSync(dirname(FILE), { recursive: true })
  const all = { ...kept(), [name]: group }
  writeFileSync(FILE, JSON.stringify(Object.fromEntries(Object.keys(PEER_PARTS).filter(part => all[part]).map(part => [part, all[part]])), null, 1))
  console.log(table({ [name]: group }))
  return rows
}
