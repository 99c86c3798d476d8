/*
 * A test file of faults: every main operation, with the kinds of calls that the file is about (tests/lib/fault_walk.mjs tells
 * what is walked).  One service for all, because a site that failed in one operation is not walked again in the next.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { operations, startOperations } from './fault_operations.mjs'
import { walk } from './fault_walk.mjs'

export function faultCases (kinds) {
  const only = process.env.CHANCERY_FAULT_ONLY?.split(' ')[0]
  const done = new Set()
  const all = { points: 0, fired: 0 }
  let o

  before(async () => { o = await startOperations() })
  after(() => o?.stop())
  for (const [name, operation] of Object.entries(operations)) {
    if (only && name !== only) continue
    test(`${name}: each call fails, from wherever it is made`, async t => {
      const { points, fired } = await walk(t, o, name, operation, kinds, done)
      all.points += points
      all.fired += fired
    })
  }
  if (!only) test('most of the faults fell', () => assert.ok(all.points > 20 && all.fired > all.points / 2, JSON.stringify(all)))
}
