/*
 * The SQL questions that find nothing while ledger, orders, quota and certificates agree: those of
 * tests/unit/test_core_order_many.c, read from there, so that there is one list.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

export function moneyQuestions (nowSec) {
  const source = readFileSync(new URL('../unit/test_core_order_many.c', import.meta.url), 'utf8')
  const found = [...source.matchAll(/\{"([^"]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}/g)]
    .map(([, what, text]) => [what, [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(m => m[1]).join('').replaceAll('?1', String(nowSec))])
    .filter(([, sql]) => sql.startsWith('SELECT'))
  assert.ok(found.length >= 15, 'test_core_order_many.c has its questions in another form now')
  return found
}
