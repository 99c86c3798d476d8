/*
 * Buying and submitting from the command line, with a real server and real DNS; the CSR library; the operator's part through the control socket; a catalogue that is
 * changed, checked and reloaded while the server runs.  Takes about a minute.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { placeRecords } from '../lib/place.mjs'

const SHIPPED = fileURLToPath(new URL('../../catalogue', import.meta.url))
let server, dns, account, dir, products
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'buying-'))
  cpSync(SHIPPED, join(dir, 'catalogue'), { recursive: true })
  products = join(dir, 'catalogue', 'products.ini')
  dns = await startDns({ zones: [{ name: 'maple.com' }] })
  server = await startChancery({ dns, settings: { 'limits.rate': 'off', 'catalogue.dir': join(dir, 'catalogue') } })
  account = await server.createAccount()
})
after(async () => {
  await server?.stop()
  await dns?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const cli = async (...args) => {
  const { code, stdout, stderr } = await server.cli(args, account)
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}
const json = async (...args) => JSON.parse(await cli(...args, '--json'))
const refused = async (says, ...args) => {
  const { code, stderr } = await server.cli(args, account)
  assert.equal(code, 1, stderr)
  assert.match(stderr, says)
}
const wrong = async (says, ...args) => {
  const { code, stderr } = await server.cli(args, account)
  assert.equal(code, 2, stderr)
  assert.match(stderr, says)
}
const op = (...args) => [...args, '--data', server.data ?? server.seen]

test('catalogue lists what there is', async () => {
  assert.match(await cli('catalogue', '--type', 'DV', '--buyable'), /104 +TrustAsia DV +DV +one +1-3 +399\.00 CNY +DNS FILE/)
  assert.match(await cli('catalogue', '--brand', 'CFCA'), /does not issue it yet/)
})

test('nothing is bought without money, and nothing stays behind', async () => {
  await refused(/TradeError.*399\.00 CNY/, 'buy', '104')
  assert.equal((await json('orders')).TotalCount, 0)
  await wrong(/a product is a number/, 'buy', 'dv')
  await wrong(/usage/, 'buy')
  await refused(/DescribeCatalogue/, 'buy', '9999')
})

test('an operator credits, sets and shows an account', async () => {
  const seen = await cli(...op('account', 'credit', account.Account, '1234.50', '--note', 'invoice 17'))
  assert.match(seen, /Balance:? +1234\.50 CNY/)
  assert.equal(JSON.parse(await cli(...op('account', 'credit', account.Account, '--note', 'back', '--json'), '--', '-34.50')).Balance, 120000)
  assert.match(await cli('balance'), /1200\.00 CNY[^]*-34\.50 CNY[^]*back[^]*1234\.50 CNY[^]*invoice 17/)
  assert.equal((await json(...op('account', 'set', account.Account, '--level', 'v2', '--free-packages', '3'))).Level, 'v2')
  assert.deepEqual((await json(...op('account', 'home', account.Account, '--add', 'www.example.com', '--add', 'example.org'))).HomeDomains, ['example.com', 'example.org'])
  assert.deepEqual((await json(...op('account', 'home', account.Account, '--remove', 'example.org'))).HomeDomains, ['example.com'])
  assert.equal((await json(...op('account', 'package', account.Account, 'ssl_500'))).Balance, 500)
  assert.match(await cli(...op('account', 'show', account.Account)), /Level:? +v2[^]*Points:? +500[^]*example\.com/)
  assert.equal((await json(...op('quota', 'external', 'a.example.net', '4'))).PrimaryDomain, 'example.net')
  assert.match(await cli(...op('account', 'approve', account.Account, 'vouched.example.com', '--days', '3')), /Name:? +vouched\.example\.com/)
  assert.equal((await json(...op('account', 'approve', account.Account, 'www.vouched.example.com'))).Name, 'www.vouched.example.com')
  await refused(/InvalidParameterValue.*1 to 397 days/, ...op('account', 'approve', account.Account, 'vouched.example.com', '--days', '398'))
  await refused(/InvalidParam/, ...op('account', 'approve', account.Account, 'no name'))
  await wrong(/--days takes/, ...op('account', 'approve', account.Account, 'vouched.example.com', '--days', '-1'))
  await wrong(/nothing to set/, ...op('account', 'set', account.Account))
  await wrong(/wants --data/, 'account', 'show', account.Account)
  await wrong(/an amount is like/, ...op('account', 'credit', account.Account, '1.5'))
  await refused(/ResourceNotFound/, ...op('account', 'show', '000000000000'))
})

test('quota shows both counters', async () => {
  const text = await cli('quota', 'b.example.net')
  assert.match(text, /Any domain:? +0 of 50 in use, 50 left/)
  assert.match(text, /example\.net +20 +0 +4 +16/)
})

let order
test('buy, pay, close, refund', async () => {
  assert.match(await cli('buy', '104', '--tag', 'stage=live'), /^order (\d+) is paid: TrustAsia DV, 1 year\(s\), 399\.00 CNY; certificate \w{8}/)
  const unpaid = (await json('buy', '48', '--unpaid', '--years', '2', '--token', 't')).Order
  assert.equal((await json('buy', '48', '--unpaid', '--years', '2', '--token', 't')).Order.OrderId, unpaid.OrderId)
  assert.match(await cli('orders', '--state', 'unpaid'), /unpaid +DNSPod DV +2 +1 +378\.10 CNY/)
  order = (await json('orders', 'pay', unpaid.OrderId)).Order
  assert.equal(order.State, 'paid')
  assert.equal((await json('orders', 'auto-renew', order.OrderId, 'on')).Order.AutoRenew, true)
  await wrong(/on or off/, 'orders', 'auto-renew', order.OrderId, 'maybe')
  await refused(/CancelOrderFailed/, 'orders', 'close', order.OrderId)
  assert.match(await cli('orders', 'refund', order.OrderId), /is refunded/)
  const again = (await json('buy', '48', '--unpaid')).Order
  assert.match(await cli('orders', 'close', again.OrderId), /is closed/)
  assert.equal((await json('balance')).Balance, 120000 - 39900)
  await refused(/CertificateNotFound/, 'renew', 'nothere1')
  await refused(/CertificateNotFound/, 'upgrade', 'nothere1')
})

/* ---- the CSR library ---- */

const file = name => join(dir, name)

test('csr: made, drafted, generated, listed, written into files, deleted', async () => {
  const made = await json('csr', 'create', 'shop.maple.com', '--organization', 'Maple Ltd', '--department', 'IT', '--province', 'Shanghai', '--city', 'Shanghai', '--country', 'CN', '--remark', 'for the shop')
  const draft = /^CSR (\d+)\n$/.exec(await cli('csr', 'create', 'draft.maple.com', '--organization', 'Maple Ltd', '--department', 'IT', '--province', 'Shanghai', '--city', 'Shanghai', '--country', 'CN', '--key', 'ecc-prime256v1', '--draft'))[1]
  assert.match(await cli('csr', 'list'), new RegExp(`${draft} +draft\\.maple\\.com .* draft +ECC prime256v1[^\\n]*\\n${made.Id} +shop\\.maple\\.com .* created +RSA 2048 +for the shop`))
  assert.match(await cli('csr', 'list', '--search', 'shop'), /shop/)
  assert.doesNotMatch(await cli('csr', 'list', '--search', 'shop'), /draft/)
  await cli('csr', 'generate', draft)
  await cli('csr', 'show', draft, '--csr', file('d.csr'), '--private-key', file('d.key'))
  const verified = await run('openssl', ['req', '-in', file('d.csr'), '-noout', '-verify', '-subject'])
  assert.match(verified.stdout, /CN = draft\.maple\.com/)
  const pair = await run('sh', ['-c', 'openssl req -in d.csr -noout -pubkey; openssl pkey -in d.key -pubout'], { cwd: dir })
  assert.equal(pair.stdout.slice(0, pair.stdout.length / 2), pair.stdout.slice(pair.stdout.length / 2))
  await refused(/is there already|exists/, 'csr', 'show', draft, '--csr', file('d.csr'))
  await cli('csr', 'show', draft, '--csr', file('d.csr'), '--force')
  await wrong(/is a number, not 'abc'/, 'csr', 'show', 'abc')
  await wrong(/--key/, 'csr', 'create', 'x.maple.com', '--key', 'dsa-1024')
  await refused(/./, 'csr', 'create', 'no name', '--organization', 'M')
  await cli('csr', 'delete', draft)
  await refused(/NotFound/, 'csr', 'show', draft)
})

/* ---- submit ---- */

const buyOne = async () => (await json('buy', '104')).Order.CertificateIds[0]
const placed = async id => placeRecords(dns, await until('the proofs', () => server.proofs(account, id)))

test('submit: what has to be placed is shown, then it waits until the certificate is issued', async () => {
  await cli(...op('account', 'credit', account.Account, '10000'))
  const id = await buyOne()
  await refused(/ContactEmail/, 'submit', id, 'one.maple.com', '--no-wait')
  await refused(/CertificateNotFound/, 'submit', 'nothere1', 'one.maple.com', '--email', 'a@maple.com')
  await refused(/sensitive word/, 'submit', id, 'bank.maple.com', '--email', 'a@maple.com')
  await wrong(/dns\|file\|kept/, 'submit', id, 'one.maple.com', '--method', 'post')
  await wrong(/usage: chancery submit/, 'submit')
  const shown = await cli('submit', id, 'one.maple.com', '--email', 'a@maple.com', '--key', 'ecc-prime256v1', '--no-wait')
  assert.match(shown, new RegExp(`^Submitted: certificate ${id} for one\\.maple\\.com\\n[^]*_dnsauth[^ ]* +TXT|CNAME`))
  await cli('cancel', id)
  const waits = server.cli(['submit', id, '--again'], account) /* with what was given before */
  await until('it is submitted again', async () => (await server.describe(account, id)).Status === 0)
  await placed(id)
  const done = await waits
  assert.equal(done.code, 0, done.stderr)
  assert.match(done.stdout, /issued/i)
  assert.equal((await server.describe(account, id)).Status, 1)
  await refused(/CertificateStatusNotAllowResubmit/, 'submit', id, '--again')

  await refused(/last 30 days/, 'renew', id)
  const aged = await run('sqlite3', ['-cmd', '.timeout 20000', join(server.data, 'chancery.db'), `UPDATE cert_order SET term_end_at = term_end_at - 340 * 86400
    WHERE order_id = (SELECT order_id FROM certificate WHERE certificate_id = '${id}');
    UPDATE certificate SET end_at = end_at - 340 * 86400 WHERE certificate_id = '${id}'`])
  assert.equal(aged.code, 0, aged.stderr) /* as if it were bought 340 days ago */
  const renewed = await json('renew', id)
  assert.deepEqual([renewed.Order.State, renewed.Order.ProductId], ['paid', 104])
  assert.notEqual(renewed.Order.CertificateIds[0], id)
})

test('submit: a request of one\'s own with its key, an entry of the library, a password', async () => {
  await run('openssl', ['req', '-new', '-nodes', '-newkey', 'rsa:2048', '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=own.maple.com'], { cwd: dir })
  const id = await buyOne()
  await refused(/does not belong to the CSR/, 'submit', id, '--email', 'a@maple.com', '--csr', file('own.csr'), '--private-key', file('d.key'))
  const waits = server.cli(['submit', id, '--email', 'a@maple.com', '--csr', file('own.csr'), '--private-key', file('own.key')], account)
  await until('it is submitted', async () => (await server.describe(account, id)).Status === 0)
  await placed(id)
  assert.equal((await waits).code, 0, (await waits).stderr)
  const { CertificatePrivateKey } = await server.call(account, 'DescribeCertificateDetail', { CertificateId: id })
  writeFileSync(file('kept.key'), CertificatePrivateKey, { mode: 0o600 })
  const same = await run('sh', ['-c', 'openssl pkey -in own.key -pubout; openssl pkey -in kept.key -pubout'], { cwd: dir })
  assert.equal(same.stdout.slice(0, same.stdout.length / 2), same.stdout.slice(same.stdout.length / 2), same.stderr)

  const { Set: [entry] } = await server.call(account, 'DescribeCSRSet', {})
  const picked = await buyOne()
  assert.match(await cli('submit', picked, '--email', 'a@maple.com', '--csr-id', String(entry.Id), '--no-wait'), /shop\.maple\.com/)
  await refused(/renews none/, 'submit', await buyOne(), 'r.maple.com', '--email', 'a@maple.com', '--reuse', '--no-wait')
  writeFileSync(file('password'), 'Ctl-Secret-1\n', { mode: 0o600 })
  const locked = await buyOne()
  await cli('submit', locked, 'locked.maple.com', '--email', 'a@maple.com', '--password-file', file('password'), '--no-wait')
  assert.equal((await server.describe(account, locked)).Status, 0)
})

test('upgrade: a free certificate\'s name, fixed, for a year or more', async () => {
  const free = await server.apply(account, 'up.maple.com', { CsrEncryptAlgo: 'ECC' })
  await refused(/InvalidCertificateStatusCode/, 'upgrade', free)
  await placed(free)
  await server.waitStatus(account, free, 1)
  const upgraded = await json('upgrade', free, '--years', '2')
  assert.deepEqual([upgraded.Order.FixedDomain, upgraded.Order.State], ['up.maple.com', 'paid'])
  await refused(/upgrade bound to up\.maple\.com/, 'submit', upgraded.Order.CertificateIds[0], 'other.maple.com', '--email', 'a@maple.com')
  await refused(/InvalidCertificateStatusCode/, 'renew', free)
})

/* ---- the catalogue, reloaded (CAT, design) ---- */

const change = (from, to) => {
  const text = readFileSync(products, 'utf8')
  assert.ok(text.includes(from), from)
  writeFileSync(products, text.replace(from, to))
}
const price = async () => (await server.call(account, 'DescribeCatalogue', { ProductId: 104 })).Products[0].PriceYear

test('a new price holds from the reload on, an order keeps the one it was made with', async () => {
  const old = (await json('buy', '104', '--unpaid')).Order
  change('price-year = 39900', 'price-year = 29900')
  assert.equal(await price(), 39900)
  assert.equal((await json(...op('catalogue', 'check'))).Buyable, (await json(...op('catalogue', 'check'))).Buyable)
  assert.equal(await price(), 39900) /* checking takes nothing */
  assert.match(await cli(...op('catalogue', 'reload')), /Products/)
  assert.equal(await price(), 29900)
  assert.equal((await json('orders', 'pay', old.OrderId)).Order.Price, 39900)
  assert.equal((await json('buy', '104', '--unpaid')).Order.Price, 29900)
})

const mistakes = [
  ['a price that is none', ['price-year = 29900', 'price-year = cheap'], /products\.ini:\d+: price-year = cheap: write a whole number/],
  ['an issuer that the CA has not', ['issuer-ecc = dv-ecc', 'issuer-ecc = dv-moon'], /issuer-ecc = dv-moon: the CA has no such issuer; it has .*dv-ecc/],
  ['a profile that is not there', ['profile = dv', 'profile = dx'], /profile = dx: profiles\.ini has no such section/],
  ['a key twice', ['price-year = 29900', 'price-year = 29900\nprice-year = 1'], /products\.ini:\d+: "price-year" stands twice/]
]
for (const [what, [from, to], says] of mistakes)
  test(`refused with file and line, the old catalogue stays: ${what}`, async () => {
    const good = readFileSync(products, 'utf8')
    change(from, to)
    await refused(says, ...op('catalogue', 'check'))
    await refused(says, ...op('catalogue', 'reload'))
    assert.equal(await price(), 29900)
    writeFileSync(products, good)
  })

test('requests go on while it is reloaded fifty times', async () => {
  let stop = false
  const asking = (async () => {
    let n = 0
    while (!stop) {
      const p = await price()
      assert.ok(p === 29900 || p === 19900, `${p}`)
      n++
    }
    return n
  })()
  for (let i = 0; i < 50; i++) {
    if (i % 2) change('price-year = 19900\nprice-name = 39900', 'price-year = 29900\nprice-name = 39900')
    else change('price-year = 29900\nprice-name = 39900', 'price-year = 19900\nprice-name = 39900')
    await cli(...op('catalogue', 'reload'))
  }
  stop = true
  assert.ok(await asking > 10)
})
