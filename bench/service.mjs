/* What a bench runs, and what the processes of a service used meanwhile. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
process.env.CHANCERY_BUILD ??= 'build-release'
export const BUILD = resolve(ROOT, process.env.CHANCERY_BUILD)
export const bench = name => join(BUILD, 'bench', `bench_${name}`)

/** What a bench printed; its progress shows when stderr is a terminal.  `ms`: it may take no longer. */
export const quiet = (program, ...parameters) => within(0, program, ...parameters)
export const within = (ms, program, ...parameters) => new Promise((resolve, reject) => {
  const child = spawn(program, parameters.map(String), { cwd: ROOT, stdio: ['ignore', 'pipe', process.stderr.isTTY ? 'inherit' : 'pipe'] })
  let text = ''
  let complaint = ''
  let late = false
  const limit = ms && setTimeout(() => { late = true; child.kill('SIGKILL') }, ms)
  child.stdout.on('data', chunk => { text += chunk })
  child.stderr?.on('data', chunk => { complaint = (complaint + chunk).slice(-400) })
  child.on('error', reject)
  child.on('close', code => {
    clearTimeout(limit)
    if (code === 0) resolve(text.trimEnd())
    else reject(new Error(late ? `not done within ${ms / 1000} s` : `${program} ended with ${code}: ${complaint.trim().split('\n').pop()}`))
  })
})

/** The first number before `unit` in what a bench prints. */
export const numberBefore = (text, unit) => Number(new RegExp(`([\\d.]+) ${unit}`).exec(text)?.[1] ?? NaN)

const statOf = pid => { try { return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ') } catch { return null } }
export const treeOf = pid => [pid, ...readdirSync('/proc').filter(p => /^\d+$/.test(p) && Number(statOf(p)?.[1]) === pid).map(Number)]
export const ticksOf = pid => treeOf(pid).reduce((sum, p) => { const s = statOf(p); return s ? sum + Number(s[11]) + Number(s[12]) : sum }, 0)

/** The key maker makes its stock after the start; that work is nobody's request. */
export async function idle (pid) {
  for (let before = ticksOf(pid), quiet = 0; quiet < 2;) {
    await new Promise(resolve => setTimeout(resolve, 1000))
    const now = ticksOf(pid)
    quiet = now - before <= 2 ? quiet + 1 : 0
    before = now
  }
}

/** Sum of Pss of a process and its children, in MB. */
export const pssOf = pid => {
  return treeOf(pid).reduce((sum, p) => sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${p}/smaps_rollup`, 'utf8'))[1]), 0) / 1024
}
