/*
 * The jails: each program is made to open a socket, run a program and open the master key, as a broken-in one would (test
 * builds do it on a signal, src/sandbox/violate.c).  It dies of it and comes back, and the service goes on.
 * Takes about 20 s.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const SIGRTMIN = 34
const JAILED = ['signer', 'vault', 'keymaker', 'prober']
const DEEDS = { 1: 'a socket', 2: 'a program', 3: 'the master key' }

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

const fact = (pid, name) => readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s*(\\d+)`, 'm'))?.[1]

test('each is behind a filter, without new privileges', () => {
  for (const name of JAILED) {
    const pid = c.pids()[name]
    assert.equal(fact(pid, 'Seccomp'), '2', `${name}: seccomp filter`)
    assert.equal(fact(pid, 'NoNewPrivs'), '1', `${name}: no new privileges`)
  }
})

for (const name of JAILED) {
  for (const [number, deed] of Object.entries(DEEDS)) {
    test(`${name} tries ${deed}: it dies of it and is back`, async () => {
      const old = c.pids()[name]
      const from = c.log.length
      await until('in its jail', () => fact(old, 'Seccomp') === '2')
      process.kill(old, SIGRTMIN + Number(number))
      await until('judged', () => c.log.slice(from).match(/event=ended|forbidden call/))
      const said = c.log.slice(from)
      /* sanitizers need open(): there Landlock refuses instead */
      if (/forbidden call 3 returned: EACCES/.test(said)) {
        assert.match(c.log, /seccomp=forbidding/)
        return
      }
      assert.doesNotMatch(said, /forbidden call/)
      await until('the parent saw it', () => new RegExp(`event=ended program=${name} signal=31`).test(c.log.slice(from)))
      await c.back(name, old)
    })
  }
}

test('and the service still issues', async () => {
  const id = await c.apply(account, 'jail.zone.com', { PackageType: '2', CsrEncryptAlgo: 'ECC' })
  await placeRecords(dns, await c.proofs(account, id))
  await c.waitStatus(account, id, 1)
})
