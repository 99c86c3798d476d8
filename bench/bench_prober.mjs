/*
 * CPU of chancery-prober for each validated question, and its memory.  Every name is asked once, so nothing comes from a
 * cache but the keys.  The name server is Knot, the web server nginx, both on this machine; their CPU is not counted.
 *
 *     CHANCERY_BUILD=build-release node bench/bench_prober.mjs [questions]
 */
import { cpus } from 'node:os'
import { startDns } from '../tests/lib/dns.mjs'
import { startNginx } from '../tests/lib/web.mjs'

process.env.CHANCERY_BUILD ??= 'build-release'
const { startProber } = await import('../tests/lib/prober.mjs')

const COUNT = Number(process.argv[2] ?? 5000)
const IN_FLIGHT = 64
const VALUE = '20261121034416123abcdefghijklmnopqrstuvwxyz0123456789abcd'
const FILE = '/.well-known/pki-validation/fileauth.txt'
const TARGET_US = 350 /* performance.md: libunbound, validated, uncached: 240 to 350 µs; most of it is nettle verifying P-256 */

const records = zone => [[`*.web.${zone}`, 'A', '127.0.0.1'],
  ...Array.from({ length: COUNT }, (_, i) => [`_a${i}.${zone}`, 'TXT', VALUE])]
const dns = await startDns({ zones: [
  { name: 'signed.test', dnssec: 'good', records: records('signed.test') },
  { name: 'plain.test', records: records('plain.test') }
] })
const web = await startNginx()
await web.setFile(FILE, VALUE)
const prober = await startProber({ settings: {
  'validation.resolver': dns.address, 'validation.trust-anchor': dns.trustAnchor,
  'validation.http-port': web.httpPort, 'validation.https-port': web.httpsPort
} })

async function measure (what, count, question, verdict = 'PASS') {
  const before = await prober.usage()
  const start = process.hrtime.bigint()
  let next = 0
  const worker = async () => {
    while (next < count) {
      const reply = await prober.ask(...question(next++))
      if (reply.verdict !== verdict) throw new Error(`${reply.verdict}: ${reply.detail}`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const wallMs = Number(process.hrtime.bigint() - start) / 1e6
  const after = await prober.usage()
  const us = (after.cpuMs - before.cpuMs) * 1000 / count
  console.log(`${what.padEnd(44)} ${us.toFixed(0).padStart(6)} µs CPU each  ${(count / wallMs * 1000).toFixed(0).padStart(6)} /s  ${after.rssKb} KB`)
  return us
}

console.log(`${cpus().length} × ${cpus()[0].model}; ${COUNT} questions, ${IN_FLIGHT} in flight`)
await measure('warming up', 200, i => ['txt', `_w${i}.signed.test`, VALUE], 'ABSENT')
const signed = await measure('TXT, signed and validated', COUNT, i => ['txt', `_a${i}.signed.test`, VALUE])
await measure('TXT, unsigned', COUNT, i => ['txt', `_a${i}.plain.test`, VALUE])
await measure('CAA, three levels, signed, none there', COUNT / 5, i => ['caa', `a${i}.b${i}.signed.test`, 'sectigo.com'])
await measure('file over http', COUNT / 5, i => ['file', `a${i}.web.plain.test`, VALUE])
await web.removeFile(FILE)
await measure('file absent over http and https', COUNT / 10, i => ['file', `b${i}.web.plain.test`, VALUE], 'ABSENT')
const { peakKb } = await prober.usage()
console.log(`target for a validated TXT look-up: ${TARGET_US} µs: ${signed <= TARGET_US ? 'met' : 'missed'}; peak memory ${peakKb} KB`)
await prober.stop()
await web.stop()
await dns.stop()
