/* The counter that says whether everything passed must itself be right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TapCounter } from './tap.mjs'

const cases = [
  ['nothing', '', 0, 0],
  ['cmocka', '1..2\nok 1 - one\nnot ok 2 - two\n# it failed\n', 1, 1],
  ['a group is no case', '    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - group\n', 2, 0],
  ['a failed member counts once', '    ok 1 - a\n    not ok 2 - b\nnot ok 1 - group\n', 1, 1],
  ['a group that fails by itself', '    ok 1 - a\nnot ok 1 - group\n', 1, 1],
  ['groups in groups', '        ok 1 - a\n    ok 1 - inner\nok 1 - outer\nok 2 - alone\n', 2, 0],
  ['a skipped case is a failure', 'ok 1 - a # SKIP no root\nok 2 - b # TODO later\n', 0, 2],
  ['no newline at the end', 'ok 1 - a', 1, 0]
]
for (const [name, text, passed, failed] of cases) {
  test(name, () => {
    for (const size of [1, 7, text.length + 1]) {
      const counter = new TapCounter()
      for (let i = 0; i < text.length; i += size) counter.add(text.slice(i, i + size))
      const result = counter.finish()
      assert.equal(result.passed, passed)
      assert.equal(result.failed.length, failed)
    }
  })
}
