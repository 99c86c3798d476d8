/*
 * Programs killed at random moments while ACME clients order: no certificate is handed out and then unknown, none is made
 * twice for one order, and every order ends.  Rounds: CHANCERY_KILLS.  Takes about 110 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sleep, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { startNginx } from '../lib/web.mjs'
import { Acme, b64u, ders, makeCsr } from '../lib/acme.mjs'

const ROUNDS = Number(process.env.CHANCERY_KILLS ?? 50)
const WORKERS = 4
let dns, web, c
before(async () => {
  dns = await startDns({ zones: [{ name: 'kill-test.com', records: [['kill-test.com', 'A', '127.0.0.1'], ['*.kill-test.com', 'A', '127.0.0.1']] }] })
  web = await startNginx()
  c = await startChancery({ dns, web, settings: { 'limits.rate': 'off' } })
})
after(async () => {
  await c?.stop()
  await web?.stop()
  await dns?.stop()
})

/* What a careful client does: whatever was not answered is asked again; a 5xx is too. */
async function stubborn (what, fn) {
  return until(what, async () => {
    const reply = await fn()
    if (reply.status >= 500 || reply.type === 'badNonce') throw new Error(reply.text)
    return reply
  })
}

async function worker (number, handed, state) {
  const client = new Acme(c)
  const post = (what, ...args) => stubborn(what, () => { client.nonces.length = Math.min(client.nonces.length, 1); return client.post(...args) })
  await stubborn('register', () => client.register())
  for (let i = 0; !state.over; i++) {
    const name = `n${i}-${number}.kill-test.com`
    const order = await post('newOrder', client.url('new-order'), { identifiers: [{ type: 'dns', value: name }] })
    const [url] = order.body.authorizations
    const { challenges } = (await post('authorization', url)).body
    const challenge = challenges.find(ch => ch.type === 'http-01')
    await web.setFile(`/.well-known/acme-challenge/${challenge.token}`, client.answer(challenge))
    await post('challenge', challenge.url, {})
    await until(`${name} proved`, async () => (await post('poll', url)).body.status === 'valid')
    const { csr } = await makeCsr(c.dir, [name])
    await post('finalize', order.body.finalize, { csr: b64u(csr) }) /* a second one may hear orderNotReady: the first was taken */
    let done
    await until(`${name} issued`, async () => { done = await post('order', order.location); return done.body.status === 'valid' })
    const pem = await post('certificate', done.body.certificate)
    handed.push({ name, serial: new X509Certificate(ders(pem.text)[0]).serialNumber, pem: ders(pem.text)[0] })
  }
}

test(`${ROUNDS} kills under load`, async () => {
  const handed = []
  const state = { over: false }
  const workers = Array.from({ length: WORKERS }, (_, i) => worker(i, handed, state))
  for (const one of workers) one.catch(() => { state.over = true })
  const programs = ['server', 'signer', 'prober', 'vault', 'keymaker']
  for (let round = 0; round < ROUNDS && !state.over; round++) {
    await sleep(300 + Math.random() * 1500)
    const name = programs[round % programs.length]
    const old = await c.kill(name)
    await c.back(name, old)
  }
  await until('orders go on after the last kill', () => handed.length > 0)
  state.over = true
  await Promise.all(workers)
  const rows = await c.sql("select hex(serial) as serial, hex(der) as der, state, certificate_id from issued")
  const bySerial = new Map(rows.map(r => [r.serial.replace(/^0+/, ''), r]))
  for (const { name, serial, pem } of handed) {
    const row = bySerial.get(serial.replace(/^0+/, ''))
    assert.ok(row && row.state === 'issued', `${name} was handed out and is not known`)
    assert.equal(row.der, pem.toString('hex').toUpperCase())
  }
  const [{ twice }] = await c.sql("select count(*) as twice from (select certificate_id from issued where state = 'issued' and revoked_at = 0 group by certificate_id having count(*) > 1) as t")
  assert.equal(twice, 0)
  const [{ again }] = await c.sql("select count(*) as again from (select names from certificate where issued_id > 0 group by names having count(*) > 1) as t")
  assert.equal(again, 0, 'a name of its own in each order: none has two certificates')
  for (const [what, from] of [['is being signed', "issued where state = 'signing'"], ['is being looked at', "acme_authorization where state = 'processing'"],
    ['is finalized and has no certificate', "acme_order where certificate_id <> '' and certificate_id not in (select certificate_id from issued where state = 'issued')"]])
    await until(`nothing ${what}`, async () => (await c.sql(`select count(*) as n from ${from}`))[0].n === 0)
  const audit = await c.cli(['audit', '--data', c.seen])
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
})

/* The request is with the signer, who has not answered: the start finds what was begun, and the order ends with that serial. */
test('a server killed while its order is being signed: the order ends, with one certificate', async () => {
  const client = new Acme(c)
  await client.register()
  const name = 'cut-off.kill-test.com'
  const order = await client.order([name])
  await client.authorize(order.body.authorizations[0], { solve: challenge => web.setFile(`/.well-known/acme-challenge/${challenge.token}`, client.answer(challenge)) })
  const { csr } = await makeCsr(c.dir, [name])
  await c.kill('signer', 'SIGSTOP')
  const finalizing = client.post(order.body.finalize, { csr: b64u(csr) }).catch(e => e) /* who waits is cut off */
  const begun = await until('it is being signed', async () => (await c.sql("select hex(serial) as serial from issued where state = 'signing'"))[0])
  const old = await c.kill('server')
  await c.kill('signer', 'SIGCONT')
  await c.back('server', old)
  await finalizing
  const done = await until('issued', async () => {
    const reply = await stubborn('order', () => { client.nonces.length = 0; return client.post(order.location) })
    return reply.body.status === 'valid' && reply
  })
  client.nonces.length = 0
  const pem = await stubborn('certificate', () => client.post(done.body.certificate))
  assert.equal(new X509Certificate(ders(pem.text)[0]).serialNumber.padStart(32, '0'), begun.serial)
})
