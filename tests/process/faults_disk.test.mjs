/*
 * As faults_memory.test.mjs, for each write, sync and name of files, each socket, connection and send.  Takes about 100 s.
 */
import { faultCases } from '../lib/fault_test.mjs'

faultCases(['write', 'sync', 'open', 'connect', 'send'])
