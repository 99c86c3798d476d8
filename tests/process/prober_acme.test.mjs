/*
 * http-01 and tls-alpn-01 as the prober looks: redirects followed and not followed, in every spelling; certificates that prove
 * and that do not.  Takes about 30 s.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createPlain } from 'node:net'
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
  dns = await startDns({ zones: [{ name: 'hop-test.com', records: [['hop-test.com', 'A', '127.0.0.1'], ['*.hop-test.com', 'A', '127.0.0.1'], ['inside.hop-test.com', 'A', '10.0.0.1'],
    ['second.hop-test.com', 'A', '127.0.0.2'], ['mapped.hop-test.com', 'AAAA', '::ffff:127.0.0.2'], ['nat64.hop-test.com', 'AAAA', '64:ff9b::7f00:2'], ['sixtofour.hop-test.com', 'AAAA', '2002:7f00:2::1']] }] })
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
  for (let i = 0; i < 11; i++) answers.set(`chain.hop-test.com/${i}`, redirect(`/${i + 1}`))
  answers.set('chain.hop-test.com/11', page(KEY))
  answers.set('chain.hop-test.com', redirect('/2'))
  assert.equal((await look('chain.hop-test.com')).verdict, 'PASS', 'ten redirects')
  answers.set('chain.hop-test.com', redirect('/1'))
  assert.match((await look('chain.hop-test.com')).detail, /more than ten redirects/)
  answers.set('loop.hop-test.com', redirect('/again'))
  assert.equal((await look('loop.hop-test.com')).verdict, 'REDIRECT')
  const refused = ['http://end.hop-test.com/', 'http://end.hop-test.com:22/', 'https://end.hop-test.com/', 'ftp://end.hop-test.com/', 'file:///etc/passwd', 'gopher://127.0.0.1:80/',
    `ftp://end.hop-test.com:${raw.port}/`, `gopher://end.hop-test.com:${raw.port}/`, `http://user:pass@end.hop-test.com:${raw.port}/`, `http://user@end.hop-test.com:${raw.port}/`, '//end.hop-test.com:1/', 'http://[::1%25lo]/', 'http://', 'javascript:alert(1)', `http://localhost:${raw.port}/`,
    `http://end.hop-test.com.:${raw.port + 1}/`]
  for (const to of refused) {
    answers.set('out.hop-test.com', redirect(to))
    assert.equal((await look('out.hop-test.com')).verdict, 'REDIRECT', to)
  }
})

/*
 * Where a redirect may not lead, in every spelling that some reader of addresses takes for one (standards: SSRF list).  Behind each
 * stands a server at 127.0.0.2, or at another port of 127.0.0.1, that notes whoever comes; what the prober makes of the text is its
 * own affair, as long as nobody comes and nothing passes.
 */
const LOOPBACK = ['127.0.0.2', '127.0.0.2.', '127.0.0.2..', '2130706434', '02130706434', '0x7f000002', '0X7F000002', '0x7f.0.0.2', '0x7f.0x0.0x0.0x2', '017700000002', '0177.0.0.2', '0177.0.0.02',
  '00000000177.0.0.2', '127.2', '127.0.2', '127.0x2', '0x7f.2', '127.0.0.0x2', '127.0.0.02', '127.000.000.002', '127.0.0.258', '4294967298', '127.0.0.2%00', '127.0.0.2%20', '127.0.0.2%2f',
  '%31%32%37.0.0.2', '127%2e0%2e0%2e2', '127.0.0.2%00.end.hop-test.com', '127.0.0.2#.end.hop-test.com', '127.0.0.2?.end.hop-test.com',
  '127。0。0。2', '127．0．0．2', '127｡0｡0｡2', '１２７.0.0.2', '①②⑦.⓪.⓪.②', '𝟭𝟮𝟳.𝟬.𝟬.𝟮', '127.0.0.²', '\u00ad127.0.0.2', '127.0.0.\u200b2',
  '[::ffff:127.0.0.2]', '[::FFFF:7F00:2]', '[::ffff:7f00:2]', '[0:0:0:0:0:ffff:7f00:2]', '[0000:0000:0000:0000:0000:ffff:7f00:0002]', '[::ffff:0x7f.0.0.2]', '[::127.0.0.2]', '[::7f00:2]',
  '[::ffff:0:127.0.0.2]', '[64:ff9b::7f00:2]', '[64:ff9b::127.0.0.2]', '[64:ff9b:1::7f00:2]', '[2002:7f00:2::]', '[2002:7f00:2::1]', '[2001:0:7f00:2::1]', '[127.0.0.2]', '[v1.127.0.0.2]',
  '[::ffff:127.0.0.2%25lo]', '[::ffff:127.0.0.2%lo]', '[::ffff:127.0.0.2%1]', 'user@127.0.0.2', 'user:pass@127.0.0.2', '@127.0.0.2', ':@127.0.0.2', 'end.hop-test.com@127.0.0.2', 'end.hop-test.com%40127.0.0.2',
  'end.hop-test.com\\@127.0.0.2', 'end.hop-test.com#@127.0.0.2', 'second.hop-test.com', 'second.hop-test.com.', 'SECOND.hop-test.com', 'second。hop-test.com', 'ｓecond.hop-test.com', 'mapped.hop-test.com',
  'nat64.hop-test.com', 'sixtofour.hop-test.com']
const NOWHERE = ['0', '00', '0x0', '0.0.0.0', '0.0.0.1', '10.0.0.1', '10.1', '100.64.0.1', '100.127.255.255', '169.254.169.254', '2852039166', '0xa9fea9fe', '172.16.0.1', '192.0.0.1', '192.0.0.192', '192.0.2.1',
  '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16', '[::]', '[0:0:0:0:0:0:0:0]', '[::1]', '[::2]',
  '[0:0:0:0:0:0:0:1]', '[fe80::1]', '[fe80::1%25lo]', '[fe80::1%lo]', '[fe80::1%251]', '[febf::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[ff05::1]', '[100::1]', '[2001:db8::1]',
  '[3fff::1]', '[5f00::1]', '[64:ff9b::a9fe:a9fe]', '[2002:a9fe:a9fe::]', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', 'localhost', 'localhost.', 'LOCALHOST', 'localhost.localdomain', 'ip6-localhost',
  'inside.hop-test.com', 'end', 'hop_test.com', 'metadata.google.internal', '[]', '[::g]', '[1:2:3:4:5:6:7:8:9]', '', '.', '..', '-', '*', '%', '%zz', ' ', 'a b']

test('http-01: redirects to where nobody may be sent, in every spelling, reach nobody', async () => {
  const strays = []
  const canary = (port, host) => new Promise((resolve, reject) => {
    const server = createPlain(socket => { strays.push(`${host}:${server.address().port}`); socket.destroy() })
    server.once('error', reject).listen(port, host, () => resolve(server))
  })
  const canaries = [await canary(raw.port, '127.0.0.2'), await canary(0, '127.0.0.1')]
  const port = raw.port
  const other = canaries[1].address().port
  const good = 'end.hop-test.com'
  const to = [...LOOPBACK, ...NOWHERE].map(host => `http://${host}:${port}/`)
  /* other ports, and texts that readers split differently */
  to.push(...[`:${other}`, `:0${other}`, `:+${other}`, `:0x${other.toString(16)}`, `:${other}.`, `:${other}%20`, `:${port}:${other}`, `:${port}@${good}:${other}`, `:${other}#@${good}:${port}`, `:${other}\\@${good}:${port}`,
    `:${other}?@${good}:${port}`, `:${port + 65536}`, `:${other + 65536}`, `:${other + 4294967296}`, ':0', ':-1', ':65535', ':65536', ':99999999999999999999', ':１２３', ':'].map(text => `http://${good}${text}/`))
  to.push(...[`//${good}:${other}/x`, `///${good}:${other}/`, `////127.0.0.2:${port}/`, `//127.0.0.2:${port}/`, `\\\\127.0.0.2:${port}\\`, `/\\127.0.0.2:${port}/`, `\\/127.0.0.2:${port}/`, `http:\\\\127.0.0.2:${port}\\`,
    `http:/127.0.0.2:${port}/`, `http:127.0.0.2:${port}/`, `http:///127.0.0.2:${port}/`, `http:////127.0.0.2:${port}/`, `ht\ttp://127.0.0.2:${port}/`, `http://127.0.0\t.2:${port}/`, `http://127.0.0.2\t:${port}/`,
    ` http://127.0.0.2:${port}/`, `\thttp://127.0.0.2:${port}/`, `http ://127.0.0.2:${port}/`, `HTTP://127.0.0.2:${port}/`, `hTTps://127.0.0.2:${port}/`, `https://127.0.0.2:${httpsPort}/`, `https://${good}:${other}/`,
    `http://${good}:${other}`, `127.0.0.2:${port}/`, `url=http://127.0.0.2:${port}/`, `<http://127.0.0.2:${port}/>`, `"http://127.0.0.2:${port}/"`, `http://127.0.0.2:${port}/, http://${good}:${port}/`,
    `ftp://${good}:${other}/`, `gopher://127.0.0.1:${other}/`, `dict://127.0.0.1:${other}/`, `ldap://127.0.0.1:${other}/`, `tftp://127.0.0.1:${other}/`, `telnet://127.0.0.1:${other}/`, `smb://127.0.0.1:${other}/`,
    `ws://127.0.0.2:${port}/`, `http+unix://%2ftmp/`, 'file:///etc/passwd', 'file://localhost/etc/passwd', 'data:text/plain,token-1.thumbprint-1', 'javascript:alert(1)', 'about:blank', 'mailto:a@b.test', '',
    `http://${good}:${port}\u0000@127.0.0.2/`].map(text => text))
  answers.set(good, page(KEY))
  for (const [i, text] of to.entries()) answers.set(`spelling${i}.hop-test.com`, Buffer.from(redirect(text)))
  const seen = await Promise.all(to.map((_, i) => look(`spelling${i}.hop-test.com`)))
  for (const [i, text] of to.entries()) assert.doesNotMatch(seen[i].verdict, /^PASS$/, `${JSON.stringify(text)}: ${seen[i].detail}`)
  for (const [i, text] of to.slice(0, LOOPBACK.length + NOWHERE.length).entries()) assert.match(seen[i].verdict, /^(REDIRECT|REFUSED_ADDRESS|UNREACHABLE)$/, `${JSON.stringify(text)}: ${seen[i].verdict} ${seen[i].detail}`)
  assert.deepEqual(strays, [])
  for (const server of canaries) await new Promise(resolve => server.close(resolve))
  /* and what only looks odd is followed */
  const fine = [`HTTP://${good}:${port}/`, `hTtP://END.HOP-TEST.COM:${port}/`, `//${good}:${port}/`, `http://${good}:${port}`, `http://${good}:${port}/#@127.0.0.2`, `http://${good}:${port}/?to=http://127.0.0.2/`,
    `http://${good}:${port}/a/../b//c`, `http://${good}:0${port}/`]
  for (const text of fine) {
    answers.set('fine.hop-test.com', redirect(text))
    assert.equal((await look('fine.hop-test.com')).verdict, 'PASS', text)
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

/* Incident 2 (2022): a draft's identifier and old TLS were accepted.  RFC 8737 sections 3 and 4. */
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

test('a closed, a silent and a talking private port read alike', async () => {
  const [closed] = await freePorts(1)
  const talkers = await Promise.all([() => {}, socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), socket => socket.destroy()].map(talk => new Promise(resolve => {
    const server = createPlain(socket => { socket.on('error', () => {}); talk(socket) })
    server.listen(0, '127.0.0.1', () => resolve(server))
  })))
  const details = { 'http-01': new Set(), 'tls-alpn-01': new Set() }
  await Promise.all([closed, ...talkers.map(server => server.address().port)].map(async port => {
    const one = await startProber({ settings: { 'validation.resolver': dns.address, 'validation.trust-anchor': 'none', 'validation.allow': '127.0.0.1/32',
      'validation.http-port': port, 'validation.alpn-port': port } })
    await Promise.all(Object.entries(details).map(async ([kind, seen]) => {
      const reply = await one.ask(kind, 'end.hop-test.com', KEY, { timeMs: 4000 })
      seen.add(`${reply.verdict} ${reply.detail.replace(`:${port}`, '')}`)
    }))
    await one.stop()
  }))
  for (const server of talkers) server.close()
  for (const seen of Object.values(details)) assert.deepEqual([...seen].map(text => text.split(' ')[0]), ['UNREACHABLE'], [...seen].join('\n'))
})
