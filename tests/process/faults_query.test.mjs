/*
 * As faults_memory.test.mjs, for each query of the database: it fails with an I/O error, a full disk, no memory, or busy.
 * Takes about 100 s.
 */
import { faultCases } from '../lib/fault_test.mjs'

faultCases(['query'])
