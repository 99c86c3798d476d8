/*
 * The CSR library through the international SDK: A9 walked row by row, each choice of key, openssl as the judge of what
 * comes out.  CSR-01 CSR-04 CSR-05 CSR-06 CSR-07 CSR-08 CSR-09 CSR-10 CSR-11 CSR-12 CSR-13 CSR-14 CSR-18 CSR-19 CSR-20 CSR-21 CSR-22
 * CSR-23 CSR-24 CSR-35 CSR-36 CSR-38 CON-40 PKP-03 SIL-41 SIL-55 A9
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startChancery } from '../lib/chancery.mjs'
import { call, noDns, sslClient } from './client.mjs'

let server, account, sdk, stranger
before(async () => {
  server = await startChancery({ settings: { ...noDns, 'limits.rate': 'off' } })
  account = await server.createAccount({})
  sdk = sslClient(server, account, { sdk: 'intl' })
  stranger = sslClient(server, await server.createAccount({}), { sdk: 'intl' })
})
after(() => server?.stop())

const good = {
  Domain: 'www.maple.com', Organization: '枫树有限公司', Department: 'IT Dept', Email: 'a@maple.com', Province: 'Shanghai', City: 'Shanghai',
  Country: 'CN', EncryptAlgo: 'ECC', KeyParameter: 'prime256v1', Generate: true
}
const create = async (more = {}) => (await sdk.CreateCSR({ ...good, ...more })).Id
const refused = async (promise, code, words) => {
  await assert.rejects(promise, e => {
    assert.match(`${e.code ?? ''} ${e.message ?? e}`, code)
    assert.match(String(e.message ?? e), words)
    return true
  })
}
async function openssl (args, pem) {
  const file = join(server.dir, 'csr.pem')
  writeFileSync(file, pem, { mode: 0o600 })
  const done = await run('openssl', [...args, '-in', file])
  assert.equal(done.code, 0, done.stderr)
  return done.stdout + done.stderr
}

test('each key that can be chosen: openssl verifies the request, the key fits (CSR-01 CSR-11 CSR-12 CSR-18 CSR-22 CSR-25 CSR-35 CSR-36)', async () => {
  const choices = [['RSA', '2048', 'Public-Key: (2048 bit)'], ['RSA', '4096', 'Public-Key: (4096 bit)'], ['ECC', 'prime256v1', 'ASN1 OID: prime256v1'],
    ['ECC', 'secp384r1', 'ASN1 OID: secp384r1'], ['ECDSA', 'prime256v1', 'ASN1 OID: prime256v1']]
  for (const [EncryptAlgo, KeyParameter, words] of choices) {
    const entry = await sdk.DescribeCSR({ CSRId: await create({ EncryptAlgo, KeyParameter }) })
    assert.deepEqual([entry.EncryptAlgo, entry.KeyParameter, entry.KeyPassword], [EncryptAlgo === 'RSA' ? 'RSA' : 'ECC', KeyParameter, ''])
    const text = await openssl(['req', '-noout', '-text', '-verify', '-nameopt', 'RFC2253,utf8,-esc_msb'], entry.CSR)
    assert.match(text, /verify OK/)
    assert.ok(text.includes(words), text)
    assert.match(text, /Subject: emailAddress=a@maple\.com,CN=www\.maple\.com,OU=IT Dept,O=枫树有限公司,L=Shanghai,ST=Shanghai,C=CN/)
    assert.match(text, /DNS:www\.maple\.com\n/)
    const publicOf = await openssl(['pkey', '-pubout'], entry.PrivateKey)
    assert.equal((await openssl(['req', '-noout', '-pubkey'], entry.CSR)).trim(), publicOf.trim())
  }
})

test('details and list show what was entered (CSR-19 CSR-20 CSR-21 CSR-38)', async () => {
  const id = await create({ Domain: 'https://List.Maple.com', Remark: 'for the shop', Country: 'cn' })
  const entry = await sdk.DescribeCSR({ CSRId: id })
  assert.deepEqual([entry.Id, entry.Domain, entry.Status, entry.OwnerUin, entry.Country, entry.Remarks, entry.Email, entry.City, entry.Province],
    [id, 'list.maple.com', 1, account.Account, 'CN', 'for the shop', 'a@maple.com', 'Shanghai', 'Shanghai'])
  assert.match(entry.CreateTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  const list = await sdk.DescribeCSRSet({ Domain: 'LIST.maple' })
  assert.equal(list.Total, 1)
  assert.deepEqual([list.Set[0].Id, list.Set[0].Remarks, list.Set[0].Status], [id, 'for the shop', 1])
  assert.deepEqual((await sdk.DescribeCSRSet({ Domain: '%' })).Set, [], 'a percent sign means itself')
  const rsa = await sdk.DescribeCSRSet({ EncryptAlgo: 'RSA', Limit: 100 })
  assert.ok(rsa.Set.every(e => e.EncryptAlgo === 'RSA') && rsa.Total === 2)
  const all = await sdk.DescribeCSRSet({ Limit: 1000 })
  assert.deepEqual(all.Set.map(e => e.Id), all.Set.map(e => e.Id).sort((a, b) => b - a), 'newest first')
  assert.deepEqual((await sdk.DescribeCSRSet({ Limit: 1, Offset: 1 })).Set.map(e => e.Id), [all.Set[1].Id])
  assert.equal((await sdk.DescribeCSRSet({ Limit: 1, Offset: 1 })).Total, all.Total)
})

test('a password: the key comes encrypted, the password is nowhere (CSR-13 CON-40 PKP-03)', async () => {
  const KeyPassword = 'Marker-Password-7731'
  const entry = await sdk.DescribeCSR({ CSRId: await create({ KeyPassword }) })
  assert.match(entry.PrivateKey, /BEGIN ENCRYPTED PRIVATE KEY/)
  assert.equal(entry.KeyPassword, '******')
  await openssl(['pkey', '-noout', '-passin', `pass:${KeyPassword}`], entry.PrivateKey)
  for (const name of readdirSync(server.data).filter(n => n.startsWith('chancery.db'))) {
    assert.ok(!readFileSync(join(server.data, name)).includes(KeyPassword), `${name} holds the password`)
  }
  assert.ok(!server.log.includes(KeyPassword))
})

test('a draft is changed, generated, then only its remark changes (A9 CSR-14 CSR-23)', async () => {
  const id = await create({ Generate: false })
  const draft = await sdk.DescribeCSR({ CSRId: id })
  assert.deepEqual([draft.Status, draft.CSR, draft.PrivateKey], [0, '', ''])
  await sdk.ModifyCSR({ CSRId: id, Generate: false, Domain: '*.maple.com', EncryptAlgo: 'RSA', KeyParameter: '2048', Remark: 'one' })
  await sdk.ModifyCSR({ CSRId: id, Generate: true, KeyPassword: 'secret' })
  const made = await sdk.DescribeCSR({ CSRId: id })
  assert.deepEqual([made.Status, made.Domain, made.EncryptAlgo, made.KeyParameter, made.Remarks], [1, '*.maple.com', 'RSA', '2048', 'one'])
  assert.match(await openssl(['req', '-noout', '-text'], made.CSR), /DNS:\*\.maple\.com/)
  assert.match(made.PrivateKey, /ENCRYPTED/)
  await sdk.ModifyCSR({ CSRId: id, Generate: false, Remark: 'two' })
  assert.equal((await sdk.DescribeCSR({ CSRId: id })).Remarks, 'two')
  await refused(sdk.ModifyCSR({ CSRId: id, Generate: false, City: 'Beijing' }), /FailedOperation\.InvalidParam/, /only its Remark/)
  await refused(sdk.ModifyCSR({ CSRId: id, Generate: true }), /FailedOperation\.InvalidParam/, /generated already/)
  assert.equal((await sdk.DescribeCSR({ CSRId: id })).CSR, made.CSR)
})

test('deleting: one or many, gone for good, and the key with it (A9 CSR-22 SIL-41)', async () => {
  const ids = [await create(), await create(), await create({ Generate: false })]
  const kept = (await sdk.DescribeCSRSet({})).Total
  const gone = await call(server, account, 'BatchDeleteCSR', { CSRIds: [...ids, 999999] })
  assert.deepEqual([gone.answer.Success, gone.answer.Warnings], [ids, []])
  assert.equal((await sdk.DescribeCSRSet({})).Total, kept - 3)
  await refused(sdk.DescribeCSR({ CSRId: ids[0] }), /ResourceNotFound/, /no CSR/)
  const keys = await server.sql(`SELECT LENGTH(k.sealed) AS n FROM csr c JOIN cert_key k ON k.key_id = c.key_id WHERE c.csr_id IN (${ids})`)
  assert.deepEqual(keys, [{ n: 0 }, { n: 0 }], 'the private keys are erased')
  assert.deepEqual((await sdk.BatchDeleteCSR({ CSRIds: [ids[0]] })).Success, [])
})

test("another account's entry answers like a missing one, in every action", async () => {
  const id = await create()
  const answers = await Promise.all([id, 123456789].map(CSRId => Promise.allSettled(
    [stranger.DescribeCSR({ CSRId }), stranger.ModifyCSR({ CSRId, Generate: false, Remark: 'x' })])))
  for (const [a, b] of answers[0].map((x, i) => [x, answers[1][i]])) {
    assert.match(String(a.reason.code), /ResourceNotFound/)
    assert.equal(a.reason.message, b.reason.message)
  }
  assert.deepEqual((await stranger.BatchDeleteCSR({ CSRIds: [id] })).Success, [])
  assert.equal((await stranger.DescribeCSRSet({})).Total, 0)
  assert.equal((await sdk.DescribeCSR({ CSRId: id })).Remarks, '')
})

const bad = [ /* what is wrong, what is told */
  [{ Domain: 'localhost' }, /InvalidParam/, /fully qualified/], /* CSR-24 */
  [{ Domain: '1.1.1.1' }, /InvalidParam/, /fully qualified/],
  [{ Domain: '*.*.maple.com' }, /InvalidParam/, /one asterisk/],
  [{ Domain: `${'a'.repeat(60)}.maple.com` }, /DomainMaxLength/, /64/],
  [{ Domain: '' }, /InvalidParam/, /no domain name/], /* CSR-04 */
  [{ Organization: '  ' }, /InvalidParameterValue/, /Organization/], /* CSR-05 */
  [{ Organization: 'x'.repeat(65) }, /InvalidParameterValue/, /64/],
  [{ Department: '' }, /InvalidParameterValue/, /Department/], /* CSR-06 */
  [{ Email: 'a@' }, /EmailParse/, /Email/], /* CSR-07 */
  [{ Province: '' }, /InvalidParameterValue/, /Province/], /* CSR-08 */
  [{ City: 'Shang\nhai' }, /InvalidParameterValue/, /City/], /* CSR-09 */
  [{ Country: 'XX' }, /InvalidParameterValue/, /ISO 3166/], /* CSR-10 */
  [{ Country: 'CHN' }, /InvalidParameterValue/, /ISO 3166/],
  [{ EncryptAlgo: 'SM2' }, /InvalidParameterValue/, /RSA/], /* CSR-11 */
  [{ EncryptAlgo: 'RSA', KeyParameter: '1024' }, /InvalidParameterValue/, /4096/], /* CSR-12 */
  [{ EncryptAlgo: 'ECC', KeyParameter: '2048' }, /InvalidParameterValue/, /prime256v1/],
  [{ KeyPassword: 'x'.repeat(65) }, /InvalidParameterValue/, /KeyPassword/],
  [{ KeyPassword: 'x', Generate: false }, /InvalidParameterValue/, /never stored/],
  [{ Remark: 'x'.repeat(201) }, /InvalidParameterValue/, /Remark/],
  [{ Tags: [{ TagKey: 'a' }, { TagKey: 'a' }] }, /InvalidParameterValue/, /twice/],
  [{ Generate: 1 }, /InvalidParameter/, /Generate/],
  [{ Unknown: 1 }, /UnknownParameter/, /Unknown/]
]

test('bad input is refused with a word of what to change, and nothing is stored', async () => {
  const before = (await sdk.DescribeCSRSet({})).Total
  for (const [change, code, words] of bad) {
    const { error } = await call(server, account, 'CreateCSR', { ...good, ...change })
    assert.ok(error, JSON.stringify(change))
    assert.match(error.Code, code, JSON.stringify(change))
    assert.match(error.Message, words, JSON.stringify(change))
  }
  const { error } = await call(server, account, 'BatchDeleteCSR', { CSRIds: Array.from({ length: 101 }, (_, i) => i) })
  assert.equal(error.Code, 'InvalidParameterValue')
  assert.equal((await sdk.DescribeCSRSet({})).Total, before)
  const email = await sdk.DescribeCSR({ CSRId: (await call(server, account, 'CreateCSR', { ...good, Email: '' })).answer.Id })
  assert.equal(email.Email, '') /* CSR-07 */
})

test('each look at a key is in the record (SIL-55)', async () => {
  const id = await create()
  await sdk.DescribeCSR({ CSRId: id })
  const rows = await server.sql(`SELECT action FROM log WHERE action = 'Private key of CSR ${id} shown'`)
  assert.equal(rows.length, 1)
})
