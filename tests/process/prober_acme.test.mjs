/*
 * http-01 and tls-alpn-01 as the prober looks: redirects followed and not followed, in every spelling; certificates that prove
 * and that do not.  Takes about 30 s.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { startProber } from '../lib/prober.mjs'
import { freePorts, startRaw } from '../lib/web.mjs'

const KEY = 'token-1.thumbprint-1'
const answers = new Map() /* host → head and body */
let dns, raw, prober, dir, httpsPort, alpnPort
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chancery-acme-'))
  dns = await startDns({ zones: [{ name: 'hop-test.com', records: [['hop-test.com', 'A', '127.0.0.1'], ['*.hop-test.com', 'A', '127.0.0.1'], ['inside.hop-test.com', 'A', '10.0.0.1']] }] })
  raw = await startRaw((socket, request) => {
    const host = /^host: ([^\r:]+)/im.exec(request)?.[1].toLowerCase()
    const path = request.split(' ')[1]
    socket.end(answers.get(`${host}${path}`) ?? answers.get(host) ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  })
  ;[httpsPort, alpnPort] = await freePorts(2)
  prober = await startProber({ settings: { 'validation.resolver': dns.address, 'validation.trust-anchor': 'none', 'validation.allow': '127.0.0.1/32',
    'validation.http-port': raw.port, 'validation.https-port': httpsPort, 'validation.alpn-port': alpnPort } })
})
after(async () => {
  await prober?.stop()
  await raw?.stop()
  await dns?.stop()
  await rm(dir, { recursive: true, force: true })
})

const page = (body, status = '200 OK') => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
const redirect = (to, status = 302) => `HTTP/1.1 ${status} Moved\r\nLocation: ${to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
const look = name => prober.ask('http-01', name, KEY)

test('http-01: the key authorization and nothing else', async () => {
  answers.set('good.hop-test.com', page(`${KEY}\r\n`))
  assert.equal((await look('good.hop-test.com')).verdict, 'PASS')
  for (const [body, verdict] of [[`${KEY}x`, 'DIFFERENT'], [` ${KEY}`, 'DIFFERENT'], ['token-1', 'DIFFERENT'], ['', 'DIFFERENT']]) {
    answers.set('bad.hop-test.com', page(body))
    assert.equal((await look('bad.hop-test.com')).verdict, verdict, body)
  }
  assert.equal((await look('missing.hop-test.com')).verdict, 'ABSENT')
  answers.set('error.hop-test.com', page(KEY, '500 Error'))
  assert.equal((await look('error.hop-test.com')).verdict, 'STATUS')
  assert.equal((await look('inside.hop-test.com')).verdict, 'REFUSED_ADDRESS')
})

test('http-01: redirects to the two ports only, past the guard at each hop', async () => {
  answers.set('end.hop-test.com', page(KEY))
  for (const status of [301, 302, 303, 307, 308]) {
    answers.set('go.hop-test.com', redirect(`http://end.hop-test.com:${raw.port}/elsewhere`, status))
    assert.equal((await look('go.hop-test.com')).verdict, 'PASS', String(status))
  }
  answers.set('relative.hop-test.com', redirect('/two'))
  answers.set('relative.hop-test.com/two', page(KEY))
  assert.equal((await look('relative.hop-test.com')).verdict, 'PASS')
  answers.set('loop.hop-test.com', redirect('/again'))
  assert.equal((await look('loop.hop-test.com')).verdict, 'REDIRECT')
  const refused = ['http://end.hop-test.com/', 'http://end.hop-test.com:22/', 'https://end.hop-test.com/', 'ftp://end.hop-test.com/', 'file:///etc/passwd', 'gopher://127.0.0.1:80/',
    `http://user:pass@end.hop-test.com:${raw.port}/`, '//end.hop-test.com:1/', 'http://[::1%25lo]/', 'http://', 'javascript:alert(1)', `http://localhost:${raw.port}/`,
    `http://end.hop-test.com.:${raw.port + 1}/`]
  for (const to of refused) {
    answers.set('out.hop-test.com', redirect(to))
    assert.equal((await look('out.hop-test.com')).verdict, 'REDIRECT', to)
  }
  const inside = ['10.0.0.1', '127.0.0.2', '127.1.1.1', '169.254.169.254', '2130706434', '0x7f000002', '017700000002', '127.2', '[::1]', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]',
    '[64:ff9b::7f00:2]', '[2002:7f00:2::]', '0.0.0.0', 'inside.hop-test.com', '127。0。0。2']
  for (const host of inside) {
    answers.set('out.hop-test.com', redirect(`http://${host}:${raw.port}/`))
    const seen = await look('out.hop-test.com')
    assert.match(seen.verdict, /^(REDIRECT|REFUSED_ADDRESS)$/, `${host}: ${seen.verdict} ${seen.detail}`)
  }
})

/* A server that shows one certificate under one protocol. */
async function alpn (options, fn) {
  const { san = 'DNS:alpn.hop-test.com', hash = createHash('sha256').update(KEY).digest('hex'), oid = '1.3.6.1.5.5.7.1.31', critical = 'critical,', protocols = ['acme-tls/1'], max } = options
  const base = join(dir, 'alpn')
  const ext = hash ? ['-addext', `${oid}=${critical}DER:0420${hash}`] : []
  const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=x', '-addext', `subjectAltName=${san}`, ...ext,
    '-keyout', `${base}.key`, '-out', `${base}.pem`])
  assert.equal(made.code, 0, made.stderr)
  const server = createServer({ key: readFileSync(`${base}.key`), cert: readFileSync(`${base}.pem`), ALPNProtocols: protocols, ...(max ? { maxVersion: max, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } : {}) })
  server.on('tlsClientError', () => {})
  server.on('secureConnection', socket => socket.on('error', () => {}))
  await new Promise(resolve => server.listen(alpnPort, '127.0.0.1', resolve))
  try { return await fn() } finally { await new Promise(resolve => server.close(resolve)) }
}
const shake = options => alpn(options, () => prober.ask('tls-alpn-01', 'alpn.hop-test.com', KEY))

test('tls-alpn-01: one name, one critical hash, the right protocol, TLS 1.2 or later', async () => {
  assert.equal((await shake({})).verdict, 'PASS')
  assert.equal((await shake({ max: 'TLSv1.2' })).verdict, 'PASS')
  const wrong = {
    'another hash': { hash: '00'.repeat(32) },
    'no hash': { hash: null },
    'not critical': { critical: '' },
    'the draft\'s identifier': { oid: '1.3.6.1.5.5.7.1.30.1' },
    'another name': { san: 'DNS:other.hop-test.com' },
    'two names': { san: 'DNS:alpn.hop-test.com,DNS:other.hop-test.com' },
    'an address': { san: 'IP:127.0.0.1' }
  }
  for (const [what, options] of Object.entries(wrong)) assert.equal((await shake(options)).verdict, 'DIFFERENT', what)
  assert.equal((await shake({ protocols: ['http/1.1'] })).verdict, 'TLS')
  assert.equal((await shake({ max: 'TLSv1.1' })).verdict, 'TLS')
  const nobody = await prober.ask('tls-alpn-01', 'alpn.hop-test.com', KEY)
  assert.equal(nobody.verdict, 'UNREACHABLE')
  const ip = await alpn({ san: 'IP:127.0.0.1' }, () => prober.ask('tls-alpn-01', '127.0.0.1', KEY))
  assert.equal(ip.verdict, 'PASS', ip.detail)
  answers.set('127.0.0.1', page(KEY))
  assert.equal((await look('127.0.0.1')).verdict, 'PASS')
})
