/*
 * The one-time set-up link: printed only while no operator exists, good for one use and for 24 hours, and the page that it
 * opens in a real browser makes the operator and a key that works.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'

const CHROMIUM = '/usr/bin/chromium'
let c
before(async () => { c = await startChancery() })
after(async () => { await c?.stop() })

const links = text => [...text.matchAll(/https:\/\/\S+\/setup#([A-Za-z0-9_-]{43})/g)].map(m => m[1])
const newestToken = () => links(c.log + c.out).at(-1)
const use = (Token, Name = 'Ada') => c.request({ path: '/setup', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ Token, Name }) })
  .then(r => ({ status: r.status, body: JSON.parse(r.text) }))

test('wrong tokens make nothing and do not use up the link', async () => {
  const token = newestToken()
  assert.ok(token, 'a link was printed')
  for (const wrong of ['', 'x', token.slice(0, -1), `${token}x`, token.replace(/^./, ch => (ch === 'A' ? 'B' : 'A')), "' OR 1=1 --"]) {
    const { status, body } = await use(wrong)
    assert.notEqual(status, 200, JSON.stringify(wrong))
    assert.ok(body.Error.Code, JSON.stringify(body))
    assert.equal(body.SecretKey, undefined)
  }
})

test('what is no proper form is refused', async () => {
  for (const body of ['', '{', '[]', '{"Token":1,"Name":"x"}', '{"Token":"x"}', `{"Token":"${newestToken()}","Name":"${'n'.repeat(65)}"}`]) {
    const reply = await c.request({ path: '/setup', body })
    assert.ok(reply.status >= 400, `${body} → ${reply.status}`)
    assert.ok(JSON.parse(reply.text).Error.Message)
  }
})

test('the page allows no script but its own, and no frame', async () => {
  const reply = await c.request({ method: 'GET', path: '/setup', headers: { Accept: 'text/html' } })
  assert.equal(reply.status, 200)
  assert.match(reply.headers['content-security-policy'], /default-src 'none'; script-src 'self'.*frame-ancestors 'none'/)
  assert.equal(reply.headers['x-content-type-options'], 'nosniff')
  assert.doesNotMatch(reply.text, /<script>|onclick|style=/)
})

test('a day later the link is dead; a restart prints a new one', async () => {
  const old = newestToken()
  await c.moveClock(86_401)
  assert.equal((await use(old)).status, 403)
  await c.restart()
  assert.notEqual(newestToken(), old)
})

test('in a browser: a name, a key that works, once', async () => {
  assert.ok(existsSync(CHROMIUM), 'chromium is installed by tools/setup')
  const { chromium } = await import('playwright-core')
  const token = newestToken()
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'] })
  try {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`https://127.0.0.1:${c.port}/setup#${token}`)
    assert.ok(!page.url().includes(token), 'the token leaves the address bar at once')
    await page.fill('#name', 'Ada <b>Lovelace</b>')
    await page.click('button')
    await page.waitForSelector('#done:not([hidden])')
    const account = { SecretId: await page.textContent('#id'), SecretKey: await page.textContent('#key') }
    assert.match(account.SecretId, /^AKID[A-Za-z0-9]{32}$/)
    assert.match(account.SecretKey, /^[A-Za-z0-9]{32}$/)
    assert.equal((await c.call(account, 'DescribeCertificates')).TotalCount, 0)
  } finally { await browser.close() }
  const again = await use(token)
  assert.equal(again.status, 403)
  assert.match(again.body.Error.Message, /used already/)
})

test('with an operator there is no link any more', async () => {
  const before = links(c.log + c.out).length
  await c.restart()
  assert.equal(links(c.log + c.out).length, before)
  assert.equal((await use('x'.repeat(43))).status, 403)
})
