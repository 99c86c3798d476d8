/*
 * Certificates for addresses (RFC 8738), version 4 and 6, by http-01 and tls-alpn-01, by a client of our own, uacme with ualpn, and
 * acme-client; in a network of its own, where public addresses are at home.  And bought: a product that may bind an address, which
 * none of the installed ones of DV may, so the catalogue is another.  Takes about 20 s.  CAT-13 DOM-24 FREE-07 RVW-25
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import { enterNetwork } from '../lib/network.mjs'
import { run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { filePath } from '../lib/place.mjs'
import { freePorts } from '../lib/web.mjs'
import { Acme, ders, makeCsr } from '../lib/acme.mjs'

const V4 = '11.7.7.7'
const V6 = '2a0b:7c1::7'
const OTHER = '11.7.7.8'
enterNetwork(import.meta.url, [V4, V6, OTHER])

let c, dns, httpPort, alpnPort, webroot, catalogue
const byHost = new Map() /* 'host/path' to text: what one of the names alone serves */
const asked = [] /* Host of each request */
const servers = []
before(async () => {
  ;[httpPort, alpnPort] = await freePorts(2)
  for (const host of [V4, V6]) {
    const server = createHttp((request, reply) => {
      const file = join(webroot, request.url)
      const own = byHost.get(request.headers.host.replace(/:\d+$/, '') + request.url)
      asked.push(request.headers.host)
      if (own) return reply.end(own)
      reply.statusCode = existsSync(file) ? 200 : 404
      reply.end(existsSync(file) ? readFileSync(file) : '')
    })
    await new Promise((resolve, reject) => server.once('error', reject).listen(httpPort, host, resolve))
    servers.push(server)
  }
  dns = await startDns({ zones: [{ name: 'address-test.com', records: [['address-test.com', 'A', V4]] }, { name: 'maple.com', records: [['maple.com', 'A', V4], ['www.maple.com', 'A', V4]] }] })
  catalogue = mkdtempSync(join(tmpdir(), 'chancery-catalogue-'))
  chmodSync(catalogue, 0o755) /* read by the server's own user */
  cpSync(new URL('../../catalogue', import.meta.url), catalogue, { recursive: true })
  const products = join(catalogue, 'products.ini')
  writeFileSync(products, readFileSync(products, 'utf8').replace(/(\[product 104\][^[]*?\nip = )no/, '$1yes')) /* and 11, which is like it */
  c = await startChancery({ dns, settings: { 'catalogue.dir': catalogue, 'validation.allow': '', 'validation.http-port': httpPort, 'validation.alpn-port': alpnPort } })
  webroot = place('web')
  place('web/.well-known/acme-challenge')
})
after(async () => {
  await c?.stop()
  await dns?.stop()
  for (const server of servers) server.close()
  rmSync(catalogue, { recursive: true, force: true })
})

async function good (command, args, options) {
  const done = await run(command, args, options)
  assert.equal(done.code, 0, `${command} ${args.join(' ')}\n${done.stdout}\n${done.stderr}`)
  return done
}

const place = name => { const dir = join(c.dir, name); mkdirSync(dir, { recursive: true }); return dir }
const isVersion6 = address => address.includes(':')
/* RFC 8738 §6: what SNI says of an address. */
function reverseOf (address) {
  if (!isVersion6(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`
  const [head, tail] = address.split('::').map(half => half.split(':').map(group => group.padStart(4, '0')).join(''))
  return `${[...head, ...'0'.repeat(32 - head.length - tail.length), ...tail].reverse().join('.')}.ip6.arpa`
}

/** The leaf binds these addresses and names nothing else, and OpenSSL accepts it for each of them and for no other. */
async function verify (pem, addresses) {
  const file = join(c.dir, 'chain.pem')
  const leaf = new X509Certificate(ders(pem)[0])
  writeFileSync(file, pem)
  const { stdout } = await good('openssl', ['x509', '-in', file, '-noout', '-ext', 'subjectAltName', '-subject'])
  assert.equal((stdout.match(/IP Address:/g) ?? []).length, addresses.length, stdout)
  assert.doesNotMatch(stdout, /DNS:/)
  for (const address of addresses) {
    await good('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_ip', address, '-CAfile', c.root, '-untrusted', file, file])
    assert.equal(leaf.checkIP(address), address)
  }
  assert.notEqual((await run('openssl', ['verify', '-verify_ip', OTHER, '-CAfile', c.root, '-untrusted', file, file])).code, 0)
}

const byHttp = client => ({ type: 'http-01', solve: ch => writeFileSync(join(webroot, '.well-known/acme-challenge', ch.token), client.answer(ch)) })

test('http-01: an address of each version, and both in one certificate', async () => {
  const client = new Acme(c)
  await client.register()
  for (const address of [V4, V6]) {
    asked.length = 0
    const { pem, order } = await client.obtain([address], byHttp(client))
    assert.deepEqual(order.body.identifiers, [{ type: 'ip', value: address }])
    const authorization = (await client.post(order.body.authorizations[0])).body
    assert.deepEqual(authorization.identifier, { type: 'ip', value: address })
    assert.deepEqual(authorization.challenges.map(ch => ch.type), ['http-01'])
    assert.ok(asked.length > 0 && asked.every(host => host === `${isVersion6(address) ? `[${address}]` : address}:${httpPort}`), asked.join())
    await verify(pem, [address])
  }
  const both = await client.obtain([V4, V6], byHttp(client))
  await verify(both.pem, [V4, V6])
})

test('what is offered for an address, and what is refused', async () => {
  const client = new Acme(c)
  await client.register()
  const made = await client.order([V4])
  const { challenges } = (await client.post(made.body.authorizations[0])).body
  assert.deepEqual(challenges.map(ch => ch.type).sort(), ['http-01', 'tls-alpn-01'])
  const dns01 = challenges[0].url.replace(/[^/]+$/, 'dns-01')
  assert.equal((await client.post(dns01, {})).status, 404)
  /* nobody serves there */
  const silent = await client.order([OTHER])
  const failed = await client.authorize(silent.body.authorizations[0], { type: 'http-01', solve: () => {} })
  assert.equal(failed.status, 'invalid')
  assert.match(failed.challenges[0].error.type, /:connection$/)
  assert.equal((await client.order([{ type: 'dns', value: V4 }])).type, 'rejectedIdentifier')
})

test('bought, submitted, shown by a file and issued: addresses beside a name (CAT-13 DOM-24 RVW-25)', async () => {
  const account = await c.createAccount({ balance: 1_000_000 })
  const call = (action, parameters) => c.call(account, action, parameters)
  const buy = async (ProductId, DomainNum) => (await call('CreateCertificate', { ProductId, DomainNum, TimeSpan: 1 })).CertificateIds[0]
  const info = (CertId, CertCommonName, more = {}) => call('CertificateInfoSubmit', {
    CertId, CertCommonName, GenCsrType: 'online', CompanyType: 1, CompanyId: '0', ContactEmail: 'a@maple.com', CsrEncryptAlgo: 'ECC', CsrKeyParameter: 'prime256v1', ...more
  })
  const show = async id => {
    await call('CertificateOrderSubmit', { CertId: id, VerifyType: 'FILE' })
    for (const p of await c.proofs(account, id)) byHost.set((isVersion6(p.Domain) ? `[${p.Domain}]` : p.Domain) + filePath(p), p.DvAuthValue)
    await c.waitStatus(account, id, 1)
    return (await call('DescribeCertificateDetail', { CertificateId: id })).CertificatePublicKey
  }
  const one = await buy(104, 1)
  for (const address of ['127.0.0.1', '10.7.7.7', '192.168.0.1', '::1', 'fd00::7']) await assert.rejects(info(one, address), /private or reserved address/)
  await assert.rejects(info(await buy(12, 1), V4), /wildcard|does not bind/) /* another row of the catalogue */
  await info(one, V4)
  await assert.rejects(call('CertificateOrderSubmit', { CertId: one, VerifyType: 'DNS' }), /no DNS zone of yours; use VerifyType FILE/)
  await verify(await show(one), [V4])
  const free = call('ApplyCertificate', { DomainName: V4, DvAuthMethod: 'FILE', CsrEncryptAlgo: 'ECC' })
  await assert.rejects(free, /is an IP address, which .* does not bind/) /* FREE-07 */
  const several = await buy(11, 3)
  await info(several, 'maple.com', { DnsNames: [V4, V6] })
  const leaf = new X509Certificate(ders(await show(several))[0])
  assert.deepEqual([leaf.checkIP(V4), leaf.checkIP(V6), leaf.checkHost('maple.com'), leaf.checkIP(OTHER)], [V4, V6, 'maple.com', undefined])
})

/* A TLS server that knows which name it was asked by. */
async function withAlpn (client, address, challenge, fn, san = `IP:${address}`) {
  const base = join(c.dir, 'alpn')
  const hash = createHash('sha256').update(client.answer(challenge)).digest('hex')
  await good('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=x',
    '-addext', `subjectAltName=${san}`, '-addext', `1.3.6.1.5.5.7.1.31=critical,DER:0420${hash}`, '-keyout', `${base}.key`, '-out', `${base}.pem`])
  const names = []
  const server = createTls({ key: readFileSync(`${base}.key`), cert: readFileSync(`${base}.pem`), ALPNProtocols: ['acme-tls/1'] })
  server.on('secureConnection', socket => { names.push(socket.servername); socket.on('error', () => {}) })
  server.on('tlsClientError', () => {})
  await new Promise((resolve, reject) => server.once('error', reject).listen(alpnPort, address, resolve))
  try { await fn() } finally { await new Promise(resolve => server.close(resolve)) }
  return names
}

test('tls-alpn-01: asked by the name of the reverse zone, an address of each version', async () => {
  for (const address of [V4, V6]) {
    const client = new Acme(c)
    await client.register()
    const attempt = async san => {
      const made = await client.order([address])
      const { challenges } = (await client.post(made.body.authorizations[0])).body
      const challenge = challenges.find(ch => ch.type === 'tls-alpn-01')
      let seen
      const names = await withAlpn(client, address, challenge, async () => {
        await client.post(challenge.url, {})
        seen = (await client.wait(made.body.authorizations[0])).body
      }, san)
      assert.ok(names.length > 0 && names.every(name => name === reverseOf(address)), `${names} instead of ${reverseOf(address)}`)
      return seen
    }
    assert.equal((await attempt(`IP:${OTHER}`)).status, 'invalid')
    assert.equal((await attempt(`DNS:${reverseOf(address)}`)).status, 'invalid')
    assert.equal((await attempt()).status, 'valid')
    const { pem } = await client.obtain([address], { solve: () => assert.fail('it is proved') })
    await verify(pem, [address])
  }
})

/* uacme trusts the system's roots alone, so it gets a file of its own in their place. */
function uacme (dir, ...args) {
  const space = process.getuid() === 0 ? ['-m'] : ['-rm']
  return good('unshare', [...space, 'sh', '-c', `mount --bind ${c.root} /etc/ssl/certs/ca-certificates.crt; exec uacme "$@"`, 'uacme',
    '-a', `https://127.0.0.1:${c.port}/acme/directory`, '-c', dir, '-y', ...args])
}

const script = (file, text) => { writeFileSync(file, `#!/bin/sh\n${text}\n`); chmodSync(file, 0o755); return file }

test('uacme: http-01 for each version', async () => {
  const dir = place('uacme')
  const hook = script(join(dir, 'hook'), `[ "$2" = http-01 ] || exit 1\n[ "$1" != begin ] || printf %s "$5" > ${webroot}/.well-known/acme-challenge/$4`)
  await uacme(dir, 'new', 'admin@address-test.com')
  for (const address of [V4, V6]) {
    await uacme(dir, '-h', hook, 'issue', address)
    const file = join(dir, address, 'cert.pem')
    await verify(readFileSync(file, 'utf8'), [address])
    await uacme(dir, 'revoke', file)
  }
})

test('uacme with ualpn: tls-alpn-01', async () => {
  const dir = place('uacme-alpn')
  const socket = join(dir, 'ualpn.sock')
  const hook = script(join(dir, 'hook'), `[ "$2" = tls-alpn-01 ] || exit 1\n[ "$1" = begin ] || exit 0\necho "auth $3 $5" | ualpn -s ${socket} | grep -q OK`)
  const ualpn = spawn('ualpn', ['-b', `${V4}@${alpnPort}`, '-c', `127.0.0.1@${alpnPort}`, '-s', socket, '-p', join(dir, 'ualpn.pid')], { stdio: 'ignore' })
  const ended = new Promise(resolve => ualpn.once('close', resolve))
  try {
    await uacme(dir, 'new', 'admin@address-test.com')
    await until('ualpn listens', () => existsSync(socket))
    await uacme(dir, '-h', hook, 'issue', V4)
    await verify(readFileSync(join(dir, V4, 'cert.pem'), 'utf8'), [V4])
  } finally {
    ualpn.kill('SIGTERM')
    await ended
  }
})

test('npm acme-client: http-01, an order of both versions', async () => {
  const acme = createRequire(import.meta.url)('acme-client')
  acme.axios.defaults.httpsAgent = c.agent
  const client = new acme.Client({ directoryUrl: `https://127.0.0.1:${c.port}/acme/directory`, accountKey: await acme.crypto.createPrivateEcdsaKey() })
  await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:admin@address-test.com'] })
  const order = await client.createOrder({ identifiers: [V4, V6].map(value => ({ type: 'ip', value })) })
  for (const authorization of await client.getAuthorizations(order)) {
    const challenge = authorization.challenges.find(one => one.type === 'http-01')
    writeFileSync(join(webroot, '.well-known/acme-challenge', challenge.token), await client.getChallengeKeyAuthorization(challenge))
    await client.completeChallenge(challenge)
    await client.waitForValidStatus(challenge)
  }
  const { csr } = await makeCsr(c.dir, [V4, V6])
  const request = `-----BEGIN CERTIFICATE REQUEST-----\n${csr.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`
  const done = await client.finalizeOrder(order, request)
  const pem = await client.getCertificate(done)
  await verify(pem, [V4, V6])
  await client.revokeCertificate(pem, { reason: 4 })
})
