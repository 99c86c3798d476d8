/*
 * The programs: first start, who may read what, one server a directory, and what happens when one of them dies.
 * Takes about 40 s.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { BUILD, run, soon, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve } from '../lib/place.mjs'

let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'zone.com' }] })
  c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  await dns?.stop()
})

const mode = path => (statSync(path).mode & 0o777).toString(8)
const PROGRAMS = ['server', 'signer', 'vault', 'keymaker', 'prober']

test('the first start makes what the contract names, with narrow modes', async () => {
  assert.match(c.readyLine, /^ready .*https:\/\/\S+$/)
  assert.match(readFileSync(c.root, 'utf8'), /^-----BEGIN CERTIFICATE-----/)
  assert.equal(mode(`${c.data}/keys`), '700')
  assert.equal(mode(`${c.data}/keys/master`), '400')
  assert.equal(mode(`${c.data}/control.sock`), '600')
  for (const name of ['chancery.db', 'log', 'lock']) assert.ok(existsSync(`${c.data}/${name}`), name)
  await until('all programs', () => PROGRAMS.every(name => c.pids()[name]))
  assert.deepEqual(Object.keys(c.pids()).sort(), [...PROGRAMS].sort())
})

test('a second serve on the same directory is refused', async () => {
  const second = await run(`${BUILD}/chancery`, ['serve', '--data', c.data, '--set', 'server.listen=127.0.0.1:0', '--set', 'public.listen=127.0.0.1:0'])
  assert.equal(second.code, 1, second.stderr)
  assert.ok(second.stderr.trim().length > 10)
  await c.call(account, 'DescribeCertificates')
})

test('wrong settings are refused with their name, before anything is made', async () => {
  for (const [set, code] of [['server.lisen=1', 1], ['validation.http-port=99999', 1], ['nonsense', 2]]) {
    const { code: got, stderr } = await run(`${BUILD}/chancery`, ['serve', '--data', `${c.dir}/other`, '--set', set])
    assert.ok([1, 2].includes(got), `${set}: ${got} ${stderr}`)
    assert.ok(code === 2 || stderr.includes(set.split('=')[0]), stderr)
  }
  assert.ok(!existsSync(`${c.dir}/other`))
})

test('health on the public listener', async () => {
  const reply = await fetch(`${c.publicUrl}/health`)
  assert.equal(reply.status, 200)
})

/* Bytes that came for a port and are not read yet. */
const unread = port => readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).filter(Boolean).map(line => line.trim().split(/\s+/))
  .filter(([, local]) => parseInt(local.split(':')[1], 16) === port).reduce((n, [, , , , queues]) => n + parseInt(queues.split(':')[1], 16), 0)

const answers = () => c.call(account, 'DescribeCertificates').then(() => true, () => false)

for (const name of PROGRAMS) {
  test(`${name} is killed: back within 2 s, the others live on, no port is lost`, async () => {
    let before
    let refusals = 0
    let watching = true
    const watch = (async () => {
      while (watching) {
        await new Promise(resolve => {
          const socket = connect(c.port, '127.0.0.1')
          socket.once('connect', () => { socket.destroy(); resolve() })
          socket.once('error', () => { refusals++; resolve() })
        })
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    })()
    await soon(`${name} back`, 2000, async () => {
      before = await until('all programs', () => { const pids = c.pids(); return PROGRAMS.every(p => pids[p]) && pids })
      await c.kill(name)
      await c.back(name, before[name])
    })
    await until('answers', answers)
    watching = false
    await watch
    assert.equal(refusals, 0, 'a connection was refused')
    const now = c.pids()
    for (const other of PROGRAMS.filter(p => p !== name)) assert.equal(now[other], before[other], `${other} lives on`)
    await applyAndProve(c, dns, account, `${name}.zone.com`)
  })
}

test('all children at once, twice: it comes back', async () => {
  for (let i = 0; i < 2; i++) {
    const before = await Promise.all(PROGRAMS.map(name => c.kill(name)))
    for (const [i, name] of PROGRAMS.entries()) await c.back(name, before[i])
    await until('answers', answers)
  }
})

test('the parent dies: nothing stays behind, the next start goes on', async () => {
  await c.crash()
  await c.start()
  assert.ok(await answers())
})

test('SIGTERM finishes what is in flight', async () => {
  await c.call(account, 'DescribeCertificates') /* the connection stands */
  const maker = c.pids().keymaker
  process.kill(maker, 'SIGSTOP') /* the request waits for its key, as long as it takes us to look whether the server has it */
  const inFlight = c.call(account, 'ApplyCertificate', { DomainName: 'flight.zone.com', DvAuthMethod: 'DNS', CsrEncryptAlgo: 'RSA' })
  await until('it is sent', () => Object.values(c.agent.sockets).flat().some(s => s.bytesWritten > 0 && s.writableLength === 0))
  await until('the server has read all', () => unread(c.port) === 0)
  await new Promise(resolve => setTimeout(resolve, 500))
  for (let i = 0; i < 10; i++) await c.call(account, 'DescribeCertificates') /* what came later is answered: it has that one in hand */
  const from = c.log.length
  const ended = c.end()
  await until('it is stopping', () => /event=stopping/.test(c.log.slice(from)))
  process.kill(maker, 'SIGCONT')
  const { CertificateId } = await inFlight
  await ended
  await c.start()
  assert.equal((await c.describe(account, CertificateId)).Domain, 'flight.zone.com')
})
