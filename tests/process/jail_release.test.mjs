/*
 * The jails as a release has them: filters that list what is allowed.  The programs are compiled once more, without
 * sanitizers.  The cases: tests/lib/jail_cases.mjs.
 * Takes about 100 s.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

execFileSync(fileURLToPath(new URL('../../tools/build', import.meta.url)), ['jail'], { stdio: 'inherit' })
process.env.CHANCERY_BUILD = 'build-jail'
const { jailCases } = await import('../lib/jail_cases.mjs')

jailCases()
