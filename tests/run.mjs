/*
 * Runs everything that can fail and counts it case by case: checks of the source, unit tests (cmocka), seeds and
 * fuzzers, and the tests that drive the running service (node:test).  Each task's output is kept in
 * build-asan/test-logs/.  The last line is `N passed, N failed`.
 *
 *   --fast            what is over in a minute: checks, unit tests, seeds
 *   --checks          the checks alone
 *   --fuzz            the fuzzers alone
 *   --id DCV-05       only files that cite the id
 *   --only TEXT       only tasks whose name holds TEXT
 *   --seconds N       for each fuzzer (default 30, or FUZZ_SECONDS)
 *   --jobs N          side by side (default: one more than processors)
 */
import { spawn, execFileSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { TapCounter } from './lib/tap.mjs'

const BUILD = resolve(process.env.CHANCERY_BUILD ?? 'build-asan')
const LOGS = join(BUILD, 'test-logs')
const MINUTE = 60_000

const { values: options } = parseArgs({
  options: {
    fast: { type: 'boolean' },
    checks: { type: 'boolean' },
    fuzz: { type: 'boolean' },
    id: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string', default: process.env.FUZZ_SECONDS ?? '30' },
    jobs: { type: 'string', default: String(cpus().length + 1) } /* many of them wait for something */
  }
})

const env = {
  ...process.env,
  CHANCERY_BUILD: BUILD,
  CHANCERY_LOG_DIR: LOGS,
  CMOCKA_MESSAGE_OUTPUT: 'tap',
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1:exitcode=99',
  LSAN_OPTIONS: 'print_suppressions=0'
}
for (const name of Object.keys(env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete env[name]

const walk = (dir, test) => !existsSync(dir)
  ? []
  : readdirSync(dir, { withFileTypes: true }).flatMap(e =>
    e.isDirectory() ? walk(join(dir, e.name), test) : test.test(e.name) ? [join(dir, e.name)] : [])

function mesonTasks () {
  const all = JSON.parse(execFileSync('meson', ['introspect', '--tests', BUILD], { encoding: 'utf8' }))
  return all.map(t => ({
    name: `${t.suite.at(-1).replace(/^.*:/, '')}-${t.name}`,
    kind: t.suite.some(s => s.endsWith('seeds')) ? 'seeds' : 'unit',
    source: sourceOf(t.name),
    command: t.cmd,
    cwd: t.workdir ?? BUILD, /* as meson test has it */
    env: t.env,
    tap: t.suite.some(s => s.endsWith('unit')),
    limit: 15 * MINUTE
  }))
}

const sourceOf = name => [`tests/unit/test_${name}.c`, `fuzz/fuzz_${name.replace(/^seeds_/, '')}.c`, `tests/process/${name}.sh`].find(existsSync)

function nodeTasks () {
  return walk('tests', /\.test\.mjs$/).map(file => ({
    name: file.replace(/^tests\//, '').replace(/\.test\.mjs$/, '').replaceAll('/', '-'),
    kind: 'node',
    source: file,
    command: [process.execPath, '--test-reporter=tap', file],
    tap: true,
    limit: 25 * MINUTE /* a hang; on a machine that is five times slower the longest takes ten */
  })).sort((a, b) => seconds(b) - seconds(a))
}

/* A test file may say how long it takes ("Takes about 90 s."): the longest begin first, --fast leaves out what is over 20. */
const seconds = task => Number(/[Tt]akes (?:about )?(\d+) s/.exec(task.source ? readFileSync(task.source, 'utf8') : '')?.[1] ?? 10)

/*
 * Inside a whole run the fuzzers begin with the same seed each time, so that an unlucky draw does not turn an innocent
 * change red; `--fuzz` draws anew.  The limits are for one input on a machine that is five times slower and busy.
 */
function fuzzTasks () {
  return walk('fuzz', /^fuzz_\w+\.c$/).map(file => {
    const name = basename(file, '.c')
    const corpus = join(BUILD, 'corpus', name)
    const found = join(BUILD, 'fuzz-found')
    mkdirSync(corpus, { recursive: true })
    mkdirSync(found, { recursive: true })
    return {
      name,
      kind: 'fuzz',
      source: file,
      command: [join(BUILD, 'fuzz', name), `-max_total_time=${options.seconds}`, '-timeout=150', '-rss_limit_mb=3072',
        `-seed=${options.fuzz ? 0 : 1}`, '-print_final_stats=1', `-artifact_prefix=${found}/${name}-`, corpus,
        ...[`fuzz/seeds/${name.replace('fuzz_', '')}`].filter(existsSync)],
      limit: (Number(options.seconds) + 300) * 1000
    }
  })
}

function checkTasks (all) {
  const quick = /^check-(layers|banned|size|headers|docs)$/
  return readdirSync('tools').filter(f => /^check-/.test(f) && (all || quick.test(f)))
    .map(f => ({ name: f, kind: 'check', source: `tools/${f}`, command: [`tools/${f}`], limit: 15 * MINUTE }))
}

const demoTasks = () => existsSync('demo/demo.mjs')
  ? [{ name: 'demo', kind: 'demo', source: 'demo/demo.mjs', command: [process.execPath, 'demo/demo.mjs'], limit: 10 * MINUTE }]
  : []

function chooseTasks () {
  if (options.checks) return checkTasks(true)
  if (options.fuzz) return fuzzTasks()
  const units = mesonTasks().sort((a, b) => seconds(b) - seconds(a))
  if (options.fast) return [...units.filter(t => seconds(t) <= 20), ...checkTasks(false)]
  return [...nodeTasks(), ...demoTasks(), ...units, ...checkTasks(true), ...fuzzTasks()]
}

const cites = id => new RegExp(`\\b${id.replace(/[^\w-]/g, '')}\\b`)

function isWanted (task) {
  if (options.only && !task.name.includes(options.only)) return false
  if (!options.id) return true
  return task.source !== undefined && task.kind !== 'check' && cites(options.id).test(readFileSync(task.source, 'utf8'))
}

/* ---- running ---- */

const total = { passed: 0, failed: 0 }
const failures = []
const running = new Set()
let done = 0
let tasks = []
const startedAt = Date.now()

function progress (text) {
  if (!process.stderr.isTTY) return
  const width = (process.stderr.columns ?? 80) - 1
  process.stderr.write(`\r\x1b[K${text.slice(0, width)}`)
}

function showProgress () {
  const s = Math.round((Date.now() - startedAt) / 1000)
  progress(`${done}/${tasks.length}  ${total.passed} passed, ${total.failed} failed  ${s} s  ` +
    [...running].map(t => t.name).join(' '))
}

function killGroup (child) {
  try { process.kill(-child.pid, 'SIGKILL') } catch { /* it has just ended */ }
}

function runTask (task) {
  const started = Date.now()
  const file = join(LOGS, `${task.name}.log`)
  const log = createWriteStream(file)
  const counter = task.tap ? new TapCounter() : null
  return new Promise(resolve => {
    const child = spawn(task.command[0], task.command.slice(1),
      { cwd: task.cwd ?? process.cwd(), env: { ...env, ...task.env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let late = false
    const timer = setTimeout(() => { late = true; killGroup(child) }, task.limit)
    const take = chunk => { log.write(chunk) }
    child.stdout.on('data', chunk => { take(chunk); counter?.add(chunk) })
    child.stderr.on('data', take)
    child.once('error', e => { log.write(`${e}\n`) })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      killGroup(child) /* whatever it left behind */
      log.end()
      resolve({ task, file, code, signal, late, counter, seconds: (Date.now() - started) / 1000 })
    })
    task.child = child
  })
}

/* What a finished task adds to the count: its cases, and one failure if it ended badly without a failed case. */
function judge ({ task, code, signal, late, counter }) {
  const cases = counter ? counter.finish() : { passed: 0, failed: [] }
  const failed = cases.failed.map(name => `${task.name}: ${name}`)
  if (late) failed.push(`${task.name}: took longer than ${task.limit / 1000} s`)
  else if (code !== 0 && failed.length === 0) failed.push(`${task.name}: ended with ${signal ?? `code ${code}`}`)
  else if (counter && cases.passed + cases.failed.length === 0) failed.push(`${task.name}: ran no case`)
  return { passed: counter ? cases.passed : (failed.length === 0 ? 1 : 0), failed }
}

function report (result) {
  const { passed, failed } = judge(result)
  total.passed += passed
  total.failed += failed.length
  for (const f of failed) failures.push({ text: f, file: result.file })
  if (process.stderr.isTTY && failed.length === 0) return
  progress('')
  const state = failed.length === 0 ? 'ok' : 'FAILED'
  process.stderr.write(`${state.padEnd(6)} ${result.task.name}  ${passed} passed, ${failed.length} failed, ${result.seconds.toFixed(1)} s\n`)
}

async function worker (queue) {
  for (let task = queue.shift(); task; task = queue.shift()) {
    running.add(task)
    showProgress()
    report(await runTask(task))
    running.delete(task)
    done++
    showProgress()
  }
}

function tail (file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const at = lines.findIndex(l => /^\s*not ok|ERROR: |runtime error|SUMMARY:|Assertion|error:/.test(l))
  const from = at < 0 ? Math.max(0, lines.length - 15) : Math.max(0, at - 3)
  return lines.slice(from, from + 15).map(l => `    ${l.slice(0, 200)}`).join('\n')
}

async function main () {
  rmSync(LOGS, { recursive: true, force: true })
  mkdirSync(LOGS, { recursive: true })
  tasks = chooseTasks().filter(isWanted)
  if (tasks.length === 0) {
    console.log(`no test ${options.id ? `cites ${options.id}` : 'has such a name'}\n0 passed, 0 failed`)
    return 1
  }
  const stop = () => { for (const t of running) if (t.child) killGroup(t.child); process.exit(130) }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const tick = setInterval(showProgress, 1000)
  const queue = [...tasks]
  await Promise.all(Array.from({ length: Number(options.jobs) }, () => worker(queue)))
  clearInterval(tick)
  progress('')
  const shown = new Set()
  for (const f of failures) {
    console.log(`not ok ${f.text}\n  ${f.file}`)
    if (!shown.has(f.file)) console.log(tail(f.file))
    shown.add(f.file)
  }
  console.log(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

statSync(BUILD)
process.exitCode = await main()
