/*
 * A mistake in the catalogue stops the start; the last lines name the place and the mend.  `catalogue check DIR` tells the same
 * of any directory, with no server running.  Takes about 20 s.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BUILD, run } from '../lib/chancery.mjs'

const SHIPPED = fileURLToPath(new URL('../../catalogue', import.meta.url))

let dir
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'catalogue-'))
  mkdirSync(join(dir, 'data'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

function spoil (change, name = 'products.ini') {
  const catalogue = join(dir, 'catalogue')
  rmSync(catalogue, { recursive: true, force: true })
  cpSync(SHIPPED, catalogue, { recursive: true })
  const file = join(catalogue, name)
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  assert.notEqual(changed, text)
  writeFileSync(file, changed)
  return catalogue
}
async function serveWith (change) {
  const catalogue = spoil(change)
  return run(`${BUILD}/chancery`, ['serve', '--data', join(dir, 'data'), '--set', 'server.listen=127.0.0.1:0',
    '--set', 'public.listen=127.0.0.1:0', '--set', `catalogue.dir=${catalogue}`])
}

const cases = [
  ['a value that is none', text => text.replace('deadline-days = 3', 'deadline-days = soon'), /products\.ini:\d+: deadline-days = soon: write a whole number/],
  ['a brand that is not there', text => text.replace('brand = TrustAsia', 'brand = Nobody'), /no \[brand Nobody\]/],
  ['an issuer that the CA does not have', text => text.replace('issuer-ecc = dv-ecc', 'issuer-ecc = dv-moon'), /issuer-ecc = dv-moon: the CA has no such issuer; it has .*dv-ecc/],
  ['a profile that is not there', text => text.replace('profile = dv', 'profile = dx'), /profile = dx: profiles\.ini has no such section/],
]
for (const [name, change, says] of cases)
  test(`the start is refused: ${name}`, async () => {
    const { code, stderr } = await serveWith(change)
    assert.equal(code, 1, stderr)
    assert.match(stderr, says)
  })

const check = (catalogue, ...more) => run(`${BUILD}/chancery`, ['catalogue', 'check', catalogue, ...more])
const mistakes = [
  ...cases.map(([name, change, says]) => [name, 'products.ini', change, says]),
  ['an issuer, with its line', 'products.ini', text => text.replace('issuer-ecc = dv-ecc', 'issuer-ecc = dv-moon'), /products\.ini:\d+: \[product \d+\]: issuer-ecc/],
  ['a price that is none', 'products.ini', text => text.replace('price-year = 39900', 'price-year = cheap'), /products\.ini:\d+: price-year = cheap/],
  ['a key that no product has', 'products.ini', text => text.replace('deadline-days = 3', 'deadline-dayz = 3'), /products\.ini:\d+: .*deadline-dayz/],
  ['no section', 'products.ini', text => `hello\n${text}`, /products\.ini:1: this is neither/],
  ['a brand without its answers', 'brands.ini', text => text.replace(/www = \w+/, ''), /brands\.ini:\d+: \[brand \w+\] lacks/],
  ['a quota that is no number', 'quota.ini', text => text.replace(/any = \d+/, 'any = many'), /quota\.ini:\d+: any = many/],
  ['a suffix that is none', 'suffixes/everyone.txt', text => `${text}\na b\n`, /everyone\.txt:\d+: "a b" holds other bytes/],
  ['a profile that lives for ever', 'profiles.ini', text => text.replace(/max-days = \d+/, 'max-days = ever'), /profiles\.ini:\d+: .*max-days/]
]
for (const [name, file, change, says] of mistakes)
  test(`explained without a server: ${name}`, async () => {
    const { code, stdout, stderr } = await check(spoil(change, file))
    assert.deepEqual([code, stdout], [1, ''], stderr)
    assert.match(stderr, says)
    assert.equal(stderr.trimEnd().split('\n').length, 1)
  })

test('a good one is counted, a directory that is not there is named', async () => {
  const good = await check(SHIPPED, '--json')
  assert.equal(good.code, 0, good.stderr)
  const { Products, Buyable } = JSON.parse(good.stdout)
  assert.ok(Products > Buyable && Buyable > 0, good.stdout)
  assert.match((await check(SHIPPED)).stdout, new RegExp(`Products +${Products}\n`))
  const none = await check(join(dir, 'nowhere'))
  assert.equal(none.code, 1)
  assert.match(none.stderr, /nowhere.*No such file/)
})
