#!/usr/bin/env node
/*
 * What bench/run --only peers measured, for docs/performance.md: writes docs/peers.svg and prints the table.
 *
 *     node bench/peers/page.mjs
 *
 * Of the bars the peer's is the whole width, ours its share; the line is where the target would have it.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import '../service.mjs'
const { digits, kept, table } = await import('../peers.mjs')

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const LABEL = 330
const WIDTH = 300
const ROW = 38
const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

function bars (r, y) {
  const mine = Math.max(1, WIDTH * Math.min(1, r.ours / r.theirs))
  const wanted = r.target && r.there ? LABEL + WIDTH * r.target / r.there : 0
  const text = (x, dy, value, more = '') => `<text x="${x}" y="${y + dy}"${more}>${escape(value)}</text>`
  return [
    text(LABEL - 8, 11, r.what, ' text-anchor="end"'),
    text(LABEL - 8, 25, `beside ${r.peer}`, ' text-anchor="end" fill="#666"'),
    `<rect x="${LABEL}" y="${y + 1}" width="${mine.toFixed(1)}" height="12" fill="#1f6f8b"/>`,
    `<rect x="${LABEL}" y="${y + 15}" width="${WIDTH}" height="12" fill="#c9c9c9"/>`,
    text(LABEL + mine + (wanted > LABEL + mine && wanted < LABEL + mine + 70 ? wanted - LABEL - mine : 0) + 5, 11, `${digits(r.ours, r.unit)} ${r.unit}`),
    text(LABEL + WIDTH + 5, 25, `${digits(r.theirs, r.unit)} ${r.unit}`, ' fill="#666"'),
    wanted ? `<line x1="${wanted.toFixed(1)}" x2="${wanted.toFixed(1)}" y1="${y - 2}" y2="${y + 28}" stroke="#b03a2e" stroke-width="2"/>` : ''
  ].filter(Boolean).join('\n')
}

function picture (groups) {
  const rows = Object.values(groups).flatMap(g => g.rows).filter(r => !r.missing && !r.machine)
  const height = 34 + rows.length * ROW
  const width = LABEL + WIDTH + 90
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>CPU an operation: Chancery beside others on the same machine</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="8" y="18" font-size="13">CPU an operation, Chancery above its peer; the red line is the share of the peer's that the target allows</text>
${rows.map((r, i) => bars(r, 32 + i * ROW)).join('\n')}
</svg>
`
}

const groups = kept()
writeFileSync(join(ROOT, 'docs', 'peers.svg'), picture(groups))
for (const [name, { date, load, loadAfter, revision, quick }] of Object.entries(groups)) {
  console.error(`${name}: ${date}, ${revision}, load ${load} to ${loadAfter}${quick ? ', QUICK' : ''}`)
}
console.log(table(groups, { markdown: true }))
