/*
 * Web servers that mean harm, and clients that trickle, in a thread of their own: what they do to the processor's time is not
 * done to the clock of the test.
 *
 *   const peers = await startHostile()
 *   peers.port                             http; what a host does is the first label of its name up to '-': KINDS
 *   await peers.set(path, text)            what the good ones answer
 *   await peers.redirects([to, …])         what "redirect-N" says in Location
 *   await peers.trickle({ tls, plain }, n) as many connections that send a byte now and then
 *   await peers.trickling()                how many of them are open
 *   await peers.stop()
 */
import { connect, createServer } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const state = { files: new Map(), redirects: [], held: new Map() }

async function endless (socket, first, again) {
  socket.write(first)
  while (!socket.destroyed) {
    if (!socket.write(again)) await Promise.race([new Promise(resolve => socket.once('drain', resolve)), new Promise(resolve => socket.once('close', resolve))])
    await sleep(1) /* so that it costs its peer's patience and not this machine */
  }
}

async function drip (socket, first, byte) {
  socket.write(first)
  while (!socket.destroyed) {
    socket.write(byte)
    await sleep(250)
  }
}

const bomb = gzipSync(Buffer.alloc(20e6))
const SERVES = {
  good (socket, path) {
    const text = state.files.get(path)
    socket.end(text === undefined ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' : `${HEAD}Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`)
  },
  silent () {},
  drip: socket => drip(socket, `${HEAD}\r\n`, 'a'),
  driphead: socket => drip(socket, HEAD, 'X'),
  body: socket => endless(socket, `${HEAD}\r\n`, 'a'.repeat(16384)),
  chunks: socket => endless(socket, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'.repeat(500)),
  headers: socket => endless(socket, HEAD, 'X-Flood: aaaaaaaaaaaaaaaa\r\n'.repeat(200)),
  header: socket => endless(socket, `${HEAD}X-Long: `, 'a'.repeat(16384)),
  continue: socket => endless(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(500)),
  bomb: socket => socket.end(Buffer.concat([Buffer.from(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`), bomb])),
  loop: socket => socket.end('HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n'),
  redirect: (socket, path, host) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${state.redirects[Number(/^redirect-(\d+)/.exec(host)[1])]}\r\nContent-Length: 0\r\n\r\n`),
  junk: socket => socket.end(Buffer.alloc(200000, 0xfe)),
  reset: socket => socket.resetAndDestroy()
}
/** What a host can do. */
export const KINDS = Object.keys(SERVES)

function serve (socket) {
  let head = ''
  socket.on('error', () => {})
  socket.on('data', data => {
    if (head === null) return
    head += data.toString('latin1')
    if (!head.includes('\r\n\r\n')) return
    const host = /^host: ([^\r:]+)/im.exec(head)?.[1].toLowerCase() ?? ''
    const path = head.split(' ')[1]
    head = null
    const does = SERVES[host.split(/[-.]/)[0]] ?? SERVES.good
    Promise.resolve(does(socket, path, host)).catch(() => {})
  })
}

/* Half a request, a byte a second; over TLS for every other one, and half of a handshake for the rest. */
const TRICKLES = ['GET /acme/directory HTTP/1.1\r\nHost', 'POST /acme/new-order HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab']

function trickle (ports, i) {
  const options = { host: '127.0.0.1', port: i % 2 ? ports.plain : ports.tls }
  const handshakes = i % 4 === 0
  const socket = handshakes ? tlsConnect({ ...options, rejectUnauthorized: false }) : connect(options)
  const text = i % 2 || handshakes ? TRICKLES[(i >> 2) % 2] : '\x16\x03\x01'
  const timer = setInterval(() => { if (handshakes || i % 2) socket.write('a') }, 1000)
  socket.on('error', () => {})
  socket.once('close', () => { clearInterval(timer); state.held.set(i, undefined); setTimeout(trickle, 200, ports, i) }) /* whoever is cut off comes again */
  return new Promise(resolve => {
    socket.once('close', resolve)
    socket.once(handshakes ? 'secureConnect' : 'connect', () => { state.held.set(i, socket); socket.write(text, 'latin1'); resolve() })
  })
}

const DEEDS = {
  set: ([path, text]) => { state.files.set(path, text) },
  redirects: list => { state.redirects = list },
  async trickle ({ ports, count }) {
    for (let i = 0; i < count; i++) await trickle(ports, i)
  },
  trickling: () => [...state.held.values()].filter(socket => socket && !socket.destroyed).length
}

if (!isMainThread && parentPort) {
  const server = createServer(serve)
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }))
  parentPort.on('message', async ({ id, deed, value }) => parentPort.postMessage({ id, result: await DEEDS[deed](value) }))
}

export async function startHostile () {
  const worker = new Worker(new URL(import.meta.url))
  const waiting = new Map()
  let next = 1
  const port = await new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.on('message', message => {
      if (message.port) return resolve(message.port)
      waiting.get(message.id)(message.result)
      waiting.delete(message.id)
    })
  })
  const ask = (deed, value) => new Promise(resolve => {
    waiting.set(next, resolve)
    worker.postMessage({ id: next++, deed, value })
  })
  return {
    port,
    set: (path, text) => ask('set', [path, text]),
    redirects: list => ask('redirects', list),
    trickle: (ports, count) => ask('trickle', { ports, count }),
    trickling: () => ask('trickling'),
    stop: () => worker.terminate()
  }
}
