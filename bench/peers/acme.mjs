#!/usr/bin/env node
/*
 * ACME orders of ours and of others, in turns within a minute, by one client: bench/peers/acme.mjs IN-FLIGHT TURNS [quick]
 *
 * Prints JSON, a line a server: { name, figures: [{ cpu, rate, p50, p99, requests }, …], memory } or { name, missing: why }.  All of them run
 * at once, idle but for the one that is asked, with one name server and one web server, on port 80 because step-ca knows no other: run it
 * in a network of its own (`unshare -n`), as bench/run does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bench, idle, pssOf, within } from '../service.mjs'
import { startChancery } from '../../tests/lib/chancery.mjs'
import { startDns } from '../../tests/lib/dns.mjs'
import { startPebble, startStepCa } from './servers.mjs'

const inFlight = Number(process.argv[2])
const turns = Number(process.argv[3])
const quick = process.argv[4] === 'quick'
const WEB_PORT = 80
const ACCOUNTS = 64
const MOST_MS = 45_000 /* a turn; who takes longer hangs, as Pebble does with 64 in flight */

/* Orders a turn: enough for a second of CPU, few enough for a minute in all. */
const SERVERS = [
  { name: 'ours', orders: { 64: 2000, 8: 1000, 1: 400 }, start: async (dir, dns) => { const c = await startChancery({ dns, dir, settings: { 'limits.rate': 'off', 'validation.http-port': WEB_PORT } }); return { pid: c.process.pid, directory: String(c.port), stop: () => c.stop() } } },
  { name: 'step-ca, Badger', orders: { 64: 400, 8: 200, 1: 100 }, start: (dir, dns) => startStepCa(dir, { db: 'badgerv2', resolver: dns.address }) },
  { name: 'step-ca, bbolt', orders: { 64: 300, 8: 150, 1: 75 }, start: (dir, dns) => startStepCa(dir, { db: 'bbolt', resolver: dns.address }) },
  { name: 'Pebble', orders: { 64: 400, 8: 300, 1: 60 }, most: 20_000, start: (dir, dns) => startPebble(dir, { resolver: dns.address, httpPort: WEB_PORT }) }
]

const a = name => [name, 'A', '127.0.0.1']
const ZONE = 'bench-test.com'
const say = text => process.stderr.write(`${text}\n`)

async function start (server, base, dns) {
  const dir = mkdtempSync(join(base, 'server-'))
  try {
    server.running = await server.start(dir, dns)
  } catch (e) { server.missing = e.message }
}

async function turn (server) {
  const orders = Math.ceil(server.orders[inFlight] / (quick ? 10 : 1))
  say(`  ${server.name}: ${orders} orders, ${inFlight} in flight`)
  try {
    const text = await within(server.most ?? MOST_MS, bench('acme'), server.running.pid, server.running.directory, WEB_PORT, ZONE, orders, inFlight, ACCOUNTS, 0)
    const [, cpu, rate, p50, p99, requests] = /([\d.]+) ms CPU each.*?(\d+) orders\/s, p50 (\d+) ms, p99 (\d+) ms, ([\d.]+) requests/.exec(text).map(Number)
    server.figures.push({ cpu, rate, p50, p99, requests })
  } catch (e) { server.missing = `${inFlight} in flight: ${e.message}` }
}

const base = mkdtempSync(join(tmpdir(), 'chancery-peers-'))
const dns = await startDns({ zones: [{ name: ZONE, records: [a(ZONE), a(`*.${ZONE}`), ...['w', 'b'].map(run => a(`*.${run}.${ZONE}`))] }] })
try {
  for (const server of SERVERS) {
    server.figures = []
    await start(server, base, dns)
    if (server.name === 'ours' && server.running) await idle(server.running.pid)
  }
  for (let i = 0; i < turns; i++) {
    for (const server of SERVERS) if (!server.missing) await turn(server)
  }
  for (const { name, figures, missing, running } of SERVERS) {
    console.log(JSON.stringify(missing ? { name, missing } : { name, figures, memory: Math.round(pssOf(running.pid)) }))
  }
} finally {
  for (const { running } of SERVERS) await running?.stop()
  await dns.stop()
  rmSync(base, { recursive: true, force: true, maxRetries: 20 })
}
