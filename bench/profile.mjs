/*
 * Targets and what stands beside them.  A figure that misses its target is measured once more under perf(1), and the places
 * where most of the time goes are printed below it; without perf that is said instead.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROWS = 14
const hasPerf = spawnSync('perf', ['--version']).status === 0
export const missed = []

/** "0.065 ms CPU; target 0.08: met"; tells whether it is. */
export function judge (what, value, target, unit) {
  const met = value <= target
  if (!met) missed.push(`${what}: ${value} ${unit}, target ${target}`)
  return { met, text: `target ${target} ${unit}: ${met ? 'met' : 'MISSED'}` }
}

const report = (file, sort) => spawnSync('perf', ['report', '-i', file, '--stdio', '--no-children', '-g', 'none', '--sort', sort], { encoding: 'utf8' })
  .stdout.split('\n').filter(line => line.trim() && !line.startsWith('#')).map(line => line.trimEnd().replace(/(\s+-)+$/, ''))

export function printProfile (file) {
  console.log('    where the time goes, by program and library:')
  for (const line of report(file, 'comm,dso').slice(0, 8)) console.log(`      ${line.trim()}`)
  console.log('    and by function:')
  for (const line of report(file, 'comm,symbol').slice(0, ROWS)) console.log(`      ${line.trim()}`)
}

/** Run `work` with perf over these processes, then print.  What work() prints is its own business. */
export async function profiled (pids, work) {
  if (!hasPerf) return console.log('    (no perf here: no profile)')
  const dir = mkdtempSync(join(tmpdir(), 'chancery-perf-'))
  const file = join(dir, 'data')
  const perf = spawn('perf', ['record', '-q', '-e', 'cpu-clock', '-F', '1999', '-o', file, '-p', pids.join(',')], { stdio: 'ignore' })
  const ended = new Promise(resolve => perf.on('close', resolve))
  try {
    await new Promise(resolve => setTimeout(resolve, 500))
    await work()
    perf.kill('SIGINT')
    await ended
    printProfile(file)
  } finally { perf.kill('SIGKILL'); rmSync(dir, { recursive: true, force: true }) }
}
