/*
 * Several clients buy, order and pay, close, refund, cancel, apply for free ones and cancel them, at random and at once,
 * while programs are killed again and again, the server most of all, until each has acted often enough and so many kills have fallen.  What a client was told stands; a purchase whose answer was
 * lost is made once, by its token; and afterwards the questions of test_core_order_many.c (tests/lib/money.mjs) find nothing: the
 * ledger sums to zero, balances are their entries, quota and certificates agree with orders.  Takes about 50 s.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError, PATIENCE_MS, sleep, startChancery, until } from '../lib/chancery.mjs'
import { moneyQuestions } from '../lib/money.mjs'

const CLIENTS = 6
const ACTS = Number(process.env.CHANCERY_KILL_ACTS ?? 60) /* of each client */
const seed = Number(process.env.CHANCERY_KILL_SEED ?? 20263)
const PRODUCTS = [48, 104]
const VICTIMS = ['server', 'vault', 'server', 'keymaker', 'all', 'server', 'signer'] /* in turn; the moments are drawn */
const SHOTS = 4 * VICTIMS.length
const MOST_ACTS = 50 * ACTS /* of each client, where shots take long */

let state = seed
const random = n => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return (state >>> 8) % n }

let c
before(async () => { c = await startChancery({ settings: { 'limits.rate': 'off', 'validation.resolver': '127.0.0.1:9', 'validation.trust-anchor': 'none' } }) })
after(() => c?.stop())

/* What failed because a program was away; any other refusal is the client's to understand. */
const isAway = e => !(e instanceof ApiError) || /SystemError|NetworkError|InternalError|GenCSRFail/.test(e.code)
const patiently = (what, fn) => until(what, async () => {
  try {
    return [await fn()]
  } catch (e) {
    if (isAway(e)) throw e
    return [undefined, e]
  }
}, 2 * PATIENCE_MS).then(([value, error]) => { if (error) throw error; return value })

/* One client: its account, and what it was told of each order: 'unpaid', 'paid', 'closed', 'refunded'; of each free one: its status. */
class Client {
  orders = new Map()
  free = new Map()
  lost = 0

  constructor (account, number) { Object.assign(this, { account, number, n: 0 }) }
  call (action, parameters) { return c.call(this.account, action, parameters) }

  /* Asked once: the answer, or undefined where nobody knows. A refusal is an answer. */
  async once (action, parameters) {
    try {
      return await this.call(action, parameters)
    } catch (e) {
      if (isAway(e)) { this.lost++; return undefined }
      return { refused: e }
    }
  }

  some (map, value) {
    const all = [...map].filter(([, v]) => v === value)
    return all.length ? all[random(all.length)][0] : undefined
  }

  async buy (again = random(2)) {
    const wish = { ProductId: PRODUCTS[random(PRODUCTS.length)], DomainNum: 1, TimeSpan: 1, ClientToken: `${this.number}-${++this.n}` }
    const answers = [await this.once('CreateCertificate', wish)]
    if (!answers[0] || again) answers.push(await patiently('buy again', () => this.call('CreateCertificate', wish)).catch(refused => ({ refused })))
    const told = answers.filter(a => a?.DealIds)
    assert.equal(new Set(told.map(a => a.DealIds[0])).size <= 1, true, 'one token, two orders')
    if (told.length) this.orders.set(told[0].DealIds[0], 'paid')
    else assert.match(answers.at(-1).refused.code, /TradeError/)
  }

  async order () {
    const answer = await this.once('CreateOrder', { ProductId: PRODUCTS[random(PRODUCTS.length)], DomainNum: 1, TimeSpan: 1 })
    if (answer?.Order) this.orders.set(answer.Order.OrderId, 'unpaid')
  }

  /* An order that was told to be in `from` goes to `to`, or nobody knows which of the two. */
  async move (action, from, to) {
    const id = this.some(this.orders, from)
    if (!id) return this.order()
    const answer = await this.once(action, { OrderId: id })
    if (!answer) this.orders.set(id, `${from} or ${to}`)
    else if (answer.refused) assert.match(answer.refused.code, /TradeError|CancelOrderFailed/)
    else this.orders.set(id, to)
  }

  async apply () {
    const name = `n${++this.n}.client${this.number}.com`
    const answer = await this.once('ApplyCertificate', { DvAuthMethod: 'DNS', DomainName: name, PackageType: '2', CsrEncryptAlgo: 'ECC' })
    if (answer?.CertificateId) this.free.set(answer.CertificateId, 0)
  }

  async cancel () {
    const id = this.some(this.free, 0)
    if (!id) return this.apply()
    const answer = await this.once('CancelAuditCertificate', { CertificateId: id })
    this.free.set(id, answer ? 7 : '0 or 7')
    if (answer?.refused) throw answer.refused
  }

  act () {
    const acts = [() => this.buy(), () => this.buy(), () => this.order(), () => this.move('PayOrder', 'unpaid', 'paid'), () => this.move('CloseOrder', 'unpaid', 'closed'),
      () => this.move('RefundOrder', 'paid', 'refunded'), () => this.move('RefundOrder', 'paid', 'refunded'), () => this.apply(), () => this.cancel()]
    return acts[random(acts.length)]()
  }

  async holds () {
    const orders = new Map((await c.sql(`SELECT order_id, state FROM cert_order o JOIN account a ON a.account_id = o.account_id WHERE a.uin = ${this.account.Account}`)).map(r => [String(r.order_id), r.state]))
    for (const [id, told] of this.orders) assert.ok(told.split(' or ').includes(orders.get(id)), `order ${id} was told ${told}, and is ${orders.get(id)}`)
    for (const [id, told] of this.free) {
      const { Status } = await patiently('details', () => c.describe(this.account, id))
      assert.ok(`${told}`.split(' or ').includes(`${Status}`), `${id} was told ${told}, and is ${Status}`)
    }
    const [{ n }] = await c.sql(`SELECT count(*) AS n FROM ledger l JOIN account a ON a.account_id = l.account_id WHERE a.uin = ${this.account.Account} AND book = 'balance'`)
    assert.ok(n >= [...this.orders.values()].filter(s => s === 'paid').length)
    return this.orders.size + this.free.size
  }
}

test(`${CLIENTS} clients under fire (seed ${seed})`, async t => {
  const clients = []
  for (let i = 0; i < CLIENTS; i++) clients.push(new Client(await c.createAccount({ name: `client ${i}`, level: 'v2', balance: i === 0 ? 60_000 : 2_000_000 }), i))
  const kills = {}
  let shots = 0
  let firing = true
  const fire = (async () => {
    for (; firing && shots < SHOTS; shots++) {
      await sleep(300 + random(700))
      const what = VICTIMS[shots % VICTIMS.length]
      const pids = await until(`${what} runs`, () => (what === 'all' || c.pids()[what]) && c.pids())
      for (const [name, pid] of Object.entries(pids)) {
        if (what !== 'all' && what !== name) continue
        try { process.kill(pid, 'SIGKILL') } catch { continue } /* it has just ended */
        kills[name] = (kills[name] ?? 0) + 1
      }
    }
  })()
  fire.catch(() => { firing = false })
  try {
    await Promise.all(clients.map(async client => { for (let i = 0; i < ACTS || (firing && shots < SHOTS && i < MOST_ACTS); i++) await client.act() }))
  } finally {
    firing = false
  }
  await fire
  await until('all programs', () => Object.keys(c.pids()).length === 5)
  await patiently('an answer', () => clients[0].call('DescribeBalance', {}))
  let held = 0
  for (const client of clients) held += await client.holds()
  t.diagnostic(`kills ${JSON.stringify(kills)}; ${held} orders and applications stand; ${clients.reduce((n, x) => n + x.lost, 0)} answers were lost`)
  assert.ok(held > ACTS, `${held} orders and applications: nearly all was refused`)
  for (const [what, sql] of moneyQuestions(c.now())) assert.deepEqual(await c.sql(sql), [], what)
  assert.equal((await c.sql('PRAGMA integrity_check'))[0].integrity_check, 'ok')
})
