/*
 * Each allocation of the main operations fails, by who asks for it: account, apply, look, issue, download, cancel, revoke at once and by
 * proof, upload, buy and refund, an ACME order with its end, audit, revocation list.  Nothing crashes but where an arena is exhausted, nothing leaks, the answer is a
 * clear refusal or the thing itself, nothing is half stored, and the same request again succeeds.  Takes about 100 s.
 */
import { faultCases } from '../lib/fault_test.mjs'

faultCases(['alloc'])
