/*
 * Ports for what a test starts.  Between finding a port free and listening on it, and while a service that crashed is away, nobody else
 * may take it: so it is none that the kernel gives to outgoing connections, and a file names the process that has it, as long as that lives.
 */
import { createSocket } from 'node:dgram'
import { closeSync, mkdirSync, openSync, chmodSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DIR = join(tmpdir(), 'chancery-test-ports')
const FIRST = 12_000
const LAST = Math.max(FIRST + 2000, outgoing() - 1)

function outgoing () {
  try { return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]) } catch { return 32_768 }
}

function lives (file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (e) {
    return e.code !== 'ESRCH'
  }
}

const mine = new Set()
process.once('exit', () => { for (const file of mine) rmSync(file, { force: true }) })

function claim (port) {
  const file = join(DIR, String(port))
  try {
    const fd = openSync(file, 'wx', 0o644)
    writeSync(fd, String(process.pid))
    closeSync(fd)
    mine.add(file)
    return true
  } catch { /* somebody has it, or had it */ }
  try { if (!lives(file)) rmSync(file) } catch { /* another user's */ }
  return false
}

const isFreeTcp = port => new Promise(resolve => {
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
})

const isFreeUdp = port => new Promise(resolve => {
  const socket = createSocket('udp4')
  socket.once('error', () => resolve(false))
  socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
})

/** One port of 127.0.0.1, free for TCP and UDP, that no other test gets while this process lives. */
async function freePort () {
  for (let tries = 0; tries < 1000; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (claim(port) && await isFreeTcp(port) && await isFreeUdp(port)) return port
  }
  throw new Error('no free port')
}

/** `count` different ones. */
export async function freePorts (count) {
  mkdirSync(DIR, { recursive: true })
  try { chmodSync(DIR, 0o1777) } catch { /* it is another user's, who did it */ }
  const ports = []
  for (let i = 0; i < count; i++) ports.push(await freePort())
  return ports
}
