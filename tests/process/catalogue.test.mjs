/*
 * A mistake in the catalogue stops the start; the last lines name the place and the mend.  Takes about 20 s.
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

async function serveWith(change) {
  const catalogue = join(dir, 'catalogue')
  rmSync(catalogue, { recursive: true, force: true })
  cpSync(SHIPPED, catalogue, { recursive: true })
  const file = join(catalogue, 'products.ini')
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  assert.notEqual(changed, text)
  writeFileSync(file, changed)
  return run(`${BUILD}/chancery`, ['serve', '--data', join(dir, 'data'), '--set', 'server.listen=127.0.0.1:0',
    '--set', 'public.listen=127.0.0.1:0', '--set', `catalogue.dir=${catalogue}`], { ms: 60_000 })
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
