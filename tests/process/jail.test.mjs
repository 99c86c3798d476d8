/*
 * The jails of the build that all tests use, with sanitizers: their filters only forbid.  The cases: tests/lib/jail_cases.mjs.
 * Takes about 90 s.
 */
import { jailCases } from '../lib/jail_cases.mjs'

jailCases()
