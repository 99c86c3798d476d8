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
