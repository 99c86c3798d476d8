/*
 * Counts the cases of a TAP stream as cmocka and node:test write it.  A line that stands for a group of indented
 * lines before it is not a case of its own.  A skipped or unfinished (TODO) case counts as failed: a test
 * that does not run proves nothing.
 */
export class TapCounter {
  constructor () {
    Object.assign(this, { rest: '', passed: 0, failed: [], children: new Map() })
  }

  add (chunk) {
    const lines = (this.rest + chunk).split('\n')
    this.rest = lines.pop()
    for (const line of lines) this.line(line)
  }

  line (text) {
    const m = /^(\s*)(not )?ok \d+(?: - )?\s*(.*)$/.exec(text)
    if (!m) return
    const depth = m[1].length
    const deeper = [...this.children.keys()].filter(d => d > depth)
    const isGroup = deeper.length > 0
    const childFailed = deeper.some(d => this.children.get(d) === 'failed')
    for (const d of deeper) this.children.delete(d)
    const skipped = /#\s*(SKIP|TODO)/i.test(m[3])
    const bad = Boolean(m[2]) || skipped
    this.children.set(depth, bad || this.children.get(depth) === 'failed' ? 'failed' : 'ok')
    if (isGroup && (!bad || childFailed)) return /* its members told it already */
    if (bad) this.failed.push(m[3])
    else if (!isGroup) this.passed++
  }

  finish () {
    if (this.rest) this.line(this.rest)
    return { passed: this.passed, failed: this.failed }
  }
}
