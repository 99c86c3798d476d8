/*
 * A million certificates behind the API: lists, searches, start, memory, audit, and the lists of a million revoked ones.
 *
 * The data is made once, by a real signer, in BUILD/bench-data/ROWS (about 4 GB for a million, ten minutes), and used again
 * as long as the migrations that it was made with are as they were.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, startChancery } from '../tests/lib/chancery.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const PUBLIC = 'http://127.0.0.1:18080' /* in the certificates; nobody has to listen there */
export const SETTINGS = { 'limits.rate': 'off', 'public.url': PUBLIC }

function migrations () {
  const dir = join(ROOT, 'migrations')
  return Object.fromEntries(readdirSync(dir).sort().map(f => [f, createHash('sha256').update(readFileSync(join(dir, f))).digest('hex')]))
}

/* Later migrations run at the start; one that changed makes the data worthless. */
function isUsable (dir) {
  const file = join(dir, 'made.json')
  if (!existsSync(file)) return false
  const made = JSON.parse(readFileSync(file, 'utf8'))
  const now = migrations()
  return Object.entries(made.migrations).every(([name, hash]) => now[name] === hash)
}

const program = (command, args) => new Promise((resolve, reject) => {
  const child = spawn(command, args.map(String), { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
  child.on('error', reject)
  child.on('close', code => code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)))
})

/** The directory, filled: { dir, account }.  What was interrupted goes on. */
export async function fill (build, rows) {
  const dir = join(build, 'bench-data', String(rows))
  if (existsSync(dir) && !isUsable(dir)) rmSync(dir, { recursive: true })
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'made.json')
  if (!existsSync(file)) {
    const c = await startChancery({ dir, settings: SETTINGS })
    const account = await c.createAccount()
    await c.end()
    writeFileSync(file, JSON.stringify({ account, migrations: migrations(), rows: 0 }))
  }
  const made = JSON.parse(readFileSync(file, 'utf8'))
  if (made.rows < rows) {
    const db = join(dir, 'data', 'chancery.db')
    const { stdout } = await run('sqlite3', ['-readonly', db, `SELECT account_id FROM api_key WHERE secret_id = '${made.account.SecretId}'`])
    await program(join(build, 'bench', 'bench_fill'), [build, 'catalogue', 'migrations', join(dir, 'data'), stdout.trim(), rows, `public.url=${PUBLIC}`])
    writeFileSync(file, JSON.stringify({ ...made, rows }))
  }
  return { dir, account: made.account }
}

/* ---- the questions ---- */

const DAY = 86400
export const LISTS = [
  ['first page', {}],
  ['Offset 10,000', { Offset: 10000 }],
  ['one status, Offset 10,000', { CertificateStatus: [1], Offset: 10000 }],
  ['three statuses, Offset 10,000', { CertificateStatus: [0, 3, 5], Offset: 10000 }],
  ['a project, Offset 1,000', { ProjectId: 3, Offset: 1000 }],
  ['a project and a status', { ProjectId: 3, CertificateStatus: [1] }],
  ['uploaded, Offset 1,000', { Upload: 1, Offset: 1000 }],
  ['a tag of 50,000, Offset 10,000', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], Offset: 10000 }],
  ['the tag and a status, Offset 10,000', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], CertificateStatus: [1], Offset: 10000 }],
  ['the tag and a project', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], ProjectId: 3 }],
  ['expiring (a third of all)', { FilterExpiring: 1 }],
  ['expiring, Offset 10,000', { FilterExpiring: 1, Offset: 10000 }],
  ['expiring, by end, Offset 10,000', { FilterExpiring: 1, ExpirationSort: 'ASC', Offset: 10000 }],
  ['expiring, of a project', { FilterExpiring: 1, ProjectId: 3 }],
  ['all by end, Offset 10,000', { ExpirationSort: 'ASC', Offset: 10000 }],
  ['all by end, the last first', { ExpirationSort: 'DESC' }],
  ['search: customer-12345.', { SearchKey: 'customer-12345.' }],
  ['search: customer-123', { SearchKey: 'customer-123' }],
  ['search: shop.customer', { SearchKey: 'shop.customer' }],
  ['search: example', { SearchKey: 'example' }],
  ['search: example, Offset 10,000', { SearchKey: 'example', Offset: 10000 }],
  ['search: example, a status, Offset 10,000', { SearchKey: 'example', CertificateStatus: [1], Offset: 10000 }],
  ['search: production (an alias)', { SearchKey: 'production' }],
  ['search: zzz-none', { SearchKey: 'zzz-none' }],
  ['search: example, expiring', { SearchKey: 'example', FilterExpiring: 1 }],
  ['search: customer-123, expiring, a project', { SearchKey: 'customer-123', FilterExpiring: 1, ProjectId: 3 }],
  ['search: production, by end', { SearchKey: 'production', ExpirationSort: 'ASC' }],
  ['search: example, the tag', { SearchKey: 'example', Tags: [{ TagKey: 'stage', TagValue: 'production' }] }],
  ['the tag, a project, a status, expiring', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], ProjectId: 3, CertificateStatus: [1], FilterExpiring: 1 }],
  ['search: ab', { SearchKey: 'ab' }],
  ['search: ab, the tag', { SearchKey: 'ab', Tags: [{ TagKey: 'stage', TagValue: 'production' }] }],
  ['search: example, the tag, Offset 10,000', { SearchKey: 'example', Tags: [{ TagKey: 'stage', TagValue: 'production' }], Offset: 10000 }],
  ['search: example, a status, a project', { SearchKey: 'example', CertificateStatus: [1], ProjectId: 3 }],
  ['search: example, a rare status, Offset 10,000', { SearchKey: 'example', CertificateStatus: [0], Offset: 10000 }],
  ['search: example, by end descending, Offset 10,000', { SearchKey: 'example', ExpirationSort: 'DESC', Offset: 10000 }],
  ['search: example, uploaded', { SearchKey: 'example', Upload: 1 }],
  ['search: production, a status that none has', { SearchKey: 'production', CertificateStatus: [12] }],
  ['a tag by its key alone, Offset 10,000', { Tags: [{ TagKey: 'stage' }], Offset: 10000 }],
  ['two tags, Offset 10,000', { Tags: [{ TagKey: 'stage', TagValue: 'production' }, { TagKey: 'stage' }], Offset: 10000 }],
  ['the tag, by end descending, Offset 10,000', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], ExpirationSort: 'DESC', Offset: 10000 }],
  ['the tag, a project, expiring', { Tags: [{ TagKey: 'stage', TagValue: 'production' }], ProjectId: 0, FilterExpiring: 1 }],
  ['expiring, of most, by end descending, Offset 10,000', { FilterExpiring: 1, ProjectId: 0, ExpirationSort: 'DESC', Offset: 10000 }],
  ['all by end descending, Offset 10,000', { ExpirationSort: 'DESC', Offset: 10000 }],
  ['all at once', {
    SearchKey: 'example', Tags: [{ TagKey: 'stage', TagValue: 'production' }], ProjectId: 0, CertificateStatus: [1], FilterExpiring: 1,
    ExpirationSort: 'DESC', Offset: 1000
  }]
]

/* By Marker: the page behind the first one. */
async function withMarker (c, account) {
  const { NextMarker } = await c.call(account, 'DescribeCertificates', { Limit: 20, Offset: 500000 })
  return ['by Marker, from the middle', { Marker: NextMarker }]
}

/* By what one certificate has: its id, its alias. */
async function ofOne (c) {
  const [{ id, alias }] = await c.sql("SELECT certificate_id AS id, alias FROM certificate WHERE alias <> '' LIMIT 1")
  return [['search: an id', { SearchKey: id }], ['search: a whole alias', { SearchKey: alias }]]
}

/* `list(name, body)` asks and tells CPU, median and worst. */
export async function lists (c, account, list) {
  for (const [name, body] of [...LISTS, ...await ofOne(c), await withMarker(c, account)]) await list(name, { Limit: 20, ...body })
}
