/* Questions about certificates, as files that bench_status sends. */
import { writeFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../tests/lib/chancery.mjs'

export const OCSP_FRESH = 4000

const der = (tag, ...parts) => {
  const content = Buffer.concat(parts)
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

/* OCSP requests of RFC 5019 for these serials; `like` is one of the same issuer, from which the hashes are taken. */
function ocspRequests (like, serials) {
  const hashes = like.subarray(like.indexOf(Buffer.from('30090605', 'hex')))
  const algorithm = hashes.subarray(0, 11)
  const rest = hashes.subarray(11, 11 + 22 * 2)
  return serials.map(serial => der(0x30, der(0x30, der(0x30, der(0x30, der(0x30, algorithm, rest, der(0x02, Buffer.from(serial, 'hex'))))))))
}

/** A file a request: { path: where it is posted, type, bodies }. */
export function requestFiles (work, { path, type, bodies }) {
  return bodies.map((body, i) => {
    const file = join(work, `${i}`)
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`
    writeFileSync(file, Buffer.concat([Buffer.from(head), Buffer.from(body)]))
    return file
  })
}

/** Files in `work` that ask for these serials (hexadecimal), where issuer.pem and leaf.pem are. */
export async function ocspFiles (work, path, serials) {
  await run('openssl', ['ocsp', '-issuer', join(work, 'issuer.pem'), '-cert', join(work, 'leaf.pem'), '-no_nonce', '-reqout', join(work, 'like')])
  return requestFiles(work, { path, type: 'application/ocsp-request', bodies: ocspRequests(readFileSync(join(work, 'like')), serials) })
}

/** The same of certificates of a running service: of twice OCSP_FRESH of them. */
export async function statusRequests (c, work) {
  const [{ der: leaf }] = await c.sql("SELECT hex(der) AS der FROM issued WHERE state = 'issued' AND issuer = 'dv-ecc' LIMIT 1")
  const issuer = await fetch(`http://127.0.0.1:${c.publicPort}/ca/dv-ecc.cer`)
  writeFileSync(join(work, 'leaf.der'), Buffer.from(leaf, 'hex'))
  writeFileSync(join(work, 'issuer.der'), Buffer.from(await issuer.arrayBuffer()))
  for (const what of ['leaf', 'issuer']) await run('openssl', ['x509', '-inform', 'DER', '-in', join(work, `${what}.der`), '-out', join(work, `${what}.pem`)])
  const serials = await c.sql(`SELECT hex(serial) AS serial FROM issued WHERE state = 'issued' AND issuer = 'dv-ecc' LIMIT ${2 * OCSP_FRESH}`)
  return ocspFiles(work, '/ocsp', serials.map(s => s.serial))
}
