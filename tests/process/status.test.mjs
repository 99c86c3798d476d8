/*
 * Who checks a certificate learns whether it was revoked: CRL and OCSP over plain HTTP, with openssl, GnuTLS, nginx and
 * HAProxy as the ones who ask.  The database is damaged at the end.  Takes about 70 s.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { file, run, startChancery, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { applyAndProve, serveStapled, whileStapling } from '../lib/place.mjs'

let dns, c, account
before(async () => {
  dns = await startDns({ zones: [{ name: 'maple.com', records: [['maple.com', 'A', '127.0.0.1']] }] })
  c = await startChancery({ dns })
  account = await c.createAccount()
})
after(async () => {
  await dns?.stop()
  if (!c?.process) return
  if (!c.exit) await c.crash() /* its database is gone */
  rmSync(c.dir, { recursive: true, force: true })
  c.checkLog()
})

/* A certificate with all that its own addresses lead to, as files beside each other. */
async function issue (domain, algorithm = 'ECC') {
  const id = await applyAndProve(c, dns, account, domain, { PackageType: '2', CsrEncryptAlgo: algorithm })
  const files = await c.download(account, id)
  const bundle = file(files, 'Nginx', '_bundle.crt')
  const x509 = new X509Certificate(bundle)
  const at = what => `${c.dir}/${domain}.${what}`
  const points = (await run('openssl', ['x509', '-noout', '-ext', 'crlDistributionPoints'], { input: bundle })).stdout
  const it = { id, files, x509, at, crl: /URI:(\S+)/.exec(points)[1], ocsp: /OCSP - URI:(\S+)/.exec(x509.infoAccess)[1] }
  writeFileSync(at('pem'), bundle)
  const issuer = await fetch(/CA Issuers - URI:(\S+)/.exec(x509.infoAccess)[1])
  assert.equal(issuer.headers.get('content-type'), 'application/pkix-cert')
  writeFileSync(at('issuer'), new X509Certificate(Buffer.from(await issuer.arrayBuffer())).toString())
  return it
}

/* As a node of the same database would: what store_issued_revoke() writes, and nothing else. */
async function revoke (it, reason = 4) {
  const serial = it.x509.serialNumber.padStart(32, '0'), shard = `SELECT issuer, crl_shard FROM issued WHERE serial = x'${serial}'`
  const entry = Buffer.alloc(25)
  entry.write(serial, 'hex')
  entry.writeUInt32BE(c.now(), 16)
  entry.writeUInt32BE(Date.parse(it.x509.validTo) / 1000, 20)
  entry[24] = reason
  const { code, stderr } = await run('sqlite3', ['-cmd', '.timeout 20000', `${c.data}/chancery.db`,
    `BEGIN IMMEDIATE; UPDATE issued SET revoked_at = ${entry.readUInt32BE(16)}, revoke_reason = ${reason} WHERE serial = x'${serial}';
     INSERT INTO crl_block (issuer, shard, block, entries) SELECT issuer, crl_shard,
       (SELECT COUNT(*) FROM crl_block b WHERE b.issuer = issued.issuer AND b.shard = crl_shard), x'${entry.toString('hex')}' FROM issued WHERE serial = x'${serial}';
     UPDATE crl_shard SET revoked_count = revoked_count + 1 WHERE (issuer, shard) = (${shard}); COMMIT;`])
  assert.equal(code, 0, stderr)
}

const askOcsp = (it, ...more) => run('openssl', ['ocsp', '-issuer', it.at('issuer'), ...more.filter(o => /^-sha/.test(o)), '-cert', it.at('pem'), '-url', it.ocsp,
  '-CAfile', c.root, ...more.filter(o => !/^-sha/.test(o))])
const statusOf = async (it, ...more) => {
  const { stdout, stderr } = await askOcsp(it, ...more)
  assert.match(stdout + stderr, /Response verify OK/)
  if (!more.includes('-no_nonce')) assert.doesNotMatch(stdout + stderr, /nonce/i, 'the nonce that was sent comes back')
  return /: (good|revoked|unknown)/.exec(stdout)[1]
}

async function crlOf (it) {
  const reply = await fetch(it.crl)
  assert.equal(reply.status, 200)
  writeFileSync(it.at('crl'), Buffer.from(await reply.arrayBuffer()))
  const { stdout, stderr } = await run('openssl', ['crl', '-inform', 'DER', '-in', it.at('crl'), '-CAfile', it.at('issuer'), '-noout', '-text'])
  assert.match(stderr, /verify OK/)
  return { reply, text: stdout, number: Number(/CRL Number:\s+(\w+)/.exec(stdout)[1]), lists: stdout.includes(it.x509.serialNumber) }
}

/* The request that an RFC 5019 client makes; the answer as it came. */
async function requestOf (it) {
  await run('openssl', ['ocsp', '-issuer', it.at('issuer'), '-cert', it.at('pem'), '-no_nonce', '-reqout', it.at('req')])
  return readFileSync(it.at('req'))
}
const NONCE = Buffer.from('2b0601050507300102', 'hex') /* RFC 9654: its name */
const UNAUTHORIZED = Buffer.from('30030a0106', 'hex')
const post = (it, body) => fetch(it.ocsp, { method: 'POST', headers: { 'Content-Type': 'application/ocsp-request' }, body })

test('OCSP: both hashes, with a nonce and without, by POST and GET, as openssl and GnuTLS ask', async () => {
  const it = await issue('good.maple.com')
  for (const options of [[], ['-no_nonce'], ['-sha256'], ['-sha256', '-no_nonce'], ['-no_nonce']]) assert.equal(await statusOf(it, ...options), 'good', options.join(' '))
  const { stdout: told } = await askOcsp(it, '-resp_text')
  assert.match(told, /OCSP No Check/, 'a responder of its own, which nobody need ask about (BR 4.9.9)')
  assert.match(told, /OCSP Signing/)
  const gnutls = await run('ocsptool', [`--ask=${it.ocsp}`, '--load-cert', it.at('pem'), '--load-issuer', it.at('issuer')])
  assert.match(gnutls.stdout, /Certificate Status: good/)
  assert.match(gnutls.stdout, /Verifying OCSP Response: Success/)

  const request = await requestOf(it)
  const first = await post(it, request)
  const b64 = request.toString('base64')
  for (const path of [encodeURIComponent(b64), b64]) { /* some clients do not encode */
    const got = await fetch(`${it.ocsp}/${path}`)
    assert.equal(got.status, 200)
    assert.equal(got.headers.get('content-type'), 'application/ocsp-response')
    assert.equal(got.headers.get('etag'), first.headers.get('etag'), 'one answer for all until it is old')
    const answer = Buffer.from(await got.arrayBuffer())
    assert.ok(answer.length > 300)
    assert.ok(!answer.includes(NONCE), 'nobody gets the nonce of another')
  }
  assert.ok(Number(/max-age=(\d+)/.exec(first.headers.get('cache-control'))[1]) <= 5)
  assert.match(first.headers.get('cache-control'), /public, no-transform, must-revalidate/)
  const life = Date.parse(first.headers.get('expires')) - Date.parse(first.headers.get('last-modified'))
  assert.ok(life >= 8 * 3600_000 && life <= 10 * 86400_000)
  const again = await fetch(`${it.ocsp}/${encodeURIComponent(b64)}`, { headers: { 'If-None-Match': first.headers.get('etag') } })
  assert.equal(again.status, 304)
  await run('openssl', ['ocsp', '-issuer', it.at('issuer'), '-cert', it.at('pem'), '-nonce', '-reqout', it.at('asked')])
  const own = await post(it, readFileSync(it.at('asked')))
  assert.equal(own.headers.get('cache-control'), 'no-store', 'with a nonce it is for this asker alone')
  assert.ok(Buffer.from(await own.arrayBuffer()).includes(NONCE))
})

test('OCSP: a serial that nobody issued is never good, and is not kept', async () => {
  const it = await issue('never.maple.com')
  const ask = serial => run('openssl', ['ocsp', '-issuer', it.at('issuer'), '-serial', serial, '-no_nonce', '-url', it.ocsp, '-CAfile', c.root, '-resp_text'])
  for (const serial of ['0x1234567890abcdef1234567890abcdef', '1', '0x7fffffffffffffffffffffffffffffffffffffff']) {
    const { stdout } = await ask(serial)
    assert.match(stdout, /Cert Status: unknown/)
  }
  const reply = await post(it, strangers(await requestOf(it), 1)[0])
  assert.equal(reply.headers.get('cache-control'), 'no-store')
  assert.equal(reply.headers.get('etag'), null)
  /* two at once, and another CA's: RFC 6960 §2.3, RFC 5019 §2.1.1 */
  await run('openssl', ['ocsp', '-issuer', it.at('issuer'), '-cert', it.at('pem'), '-serial', '1', '-no_nonce', '-reqout', it.at('two')])
  await run('openssl', ['ocsp', '-issuer', c.root, '-cert', it.at('pem'), '-no_nonce', '-reqout', it.at('foreign')])
  for (const name of ['two', 'foreign']) assert.deepEqual(Buffer.from(await (await post(it, readFileSync(it.at(name)))).arrayBuffer()), UNAUTHORIZED, name)
  const foreign = await run('openssl', ['ocsp', '-issuer', c.root, '-serial', '5', '-no_nonce', '-url', it.ocsp, '-CAfile', c.root])
  assert.doesNotMatch(foreign.stdout, /good/)
})

test('OCSP: garbage gets malformedRequest, other methods 405, and the next one an answer', async () => {
  const it = await issue('garbage.maple.com')
  const malformed = Buffer.from('30030a0101', 'hex')
  for (const body of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(5000, 0x30), (await requestOf(it)).subarray(0, 40)]) {
    const reply = await post(it, body)
    assert.equal(reply.status, 200)
    assert.deepEqual(Buffer.from(await reply.arrayBuffer()), malformed)
    assert.equal(reply.headers.get('cache-control'), 'no-store')
  }
  for (const path of ['', '/', '/%', '/%zz', '/!!!', `/${'A'.repeat(9000)}`]) {
    const reply = await fetch(it.ocsp + path)
    assert.deepEqual(Buffer.from(await reply.arrayBuffer()), malformed, path.slice(0, 20))
  }
  assert.equal((await fetch(it.ocsp, { method: 'DELETE' })).status, 405)
  assert.equal(await statusOf(it), 'good')
})

test('nginx and HAProxy staple the answer', async () => {
  const it = await issue('staple.maple.com')
  const answer = Buffer.from(await (await post(it, await requestOf(it))).arrayBuffer())
  for (const kind of ['nginx', 'haproxy']) {
    const { text, accepted, said } = await serveStapled(kind, { files: it.files, root: c.root, name: 'staple.maple.com', answer })
    assert.match(text, /OCSP Response Status: successful/, kind)
    assert.match(text, /Cert Status: good/, kind)
    assert.ok(accepted, said)
  }
})

test('a revoked certificate is seen as revoked by openssl, ocsptool, and through stapling', async () => {
  const it = await issue('unstaple.maple.com')
  await revoke(it)
  await until('OCSP says revoked', async () => await statusOf(it, '-no_nonce') === 'revoked')
  const gnutls = await run('ocsptool', [`--ask=${it.ocsp}`, '--load-cert', it.at('pem'), '--load-issuer', it.at('issuer')])
  assert.match(gnutls.stdout, /Certificate Status: revoked/)
  assert.match(gnutls.stdout, /Verifying OCSP Response: Success/)
  const answer = Buffer.from(await (await post(it, await requestOf(it))).arrayBuffer())
  writeFileSync(it.at('staple'), answer)
  for (const kind of ['nginx', 'haproxy']) {
    const { text, accepted, said } = await serveStapled(kind, { files: it.files, root: c.root, name: 'unstaple.maple.com', answer, file: it.at('staple') })
    assert.match(text, /Cert Status: revoked/, kind)
    assert.match(text, /Revocation Reason: superseded/, kind)
    assert.ok(!accepted, said)
    assert.match(said, /revoked/, kind)
  }
})

test('a revocation reaches who staples: nginx by its own asking, HAProxy when it is fed', async () => {
  const it = await issue('turns.maple.com')
  const askAnswer = async () => Buffer.from(await (await post(it, await requestOf(it))).arrayBuffer())
  const options = { files: it.files, root: c.root, name: 'turns.maple.com' }
  const good = await askAnswer()
  await whileStapling('nginx', options, nginx => whileStapling('haproxy', { ...options, answer: good }, async haproxy => {
    for (const [kind, server] of Object.entries({ nginx, haproxy })) assert.match(await until(`${kind} staples`, () => server.staple()), /Cert Status: good/, kind)
    await revoke(it)
    await until('OCSP says revoked', async () => await statusOf(it, '-no_nonce') === 'revoked')
    assert.match(await haproxy.feed(await askAnswer()), /OCSP Response updated/)
    assert.match(await haproxy.staple(), /Cert Status: revoked[^]*Revocation Reason: superseded/)
    nginx.reload() /* else it asks within the hour */
    await until('nginx is told', async () => { await nginx.staple(); return /certificate status "revoked" in the OCSP response/.test(nginx.said()) })
    await until('nginx staples no more', async () => await nginx.staple() === '')
  }))
})

/* Questions that nothing in memory answers: each about another serial. */
const strangers = (like, n) => Array.from({ length: n }, (_, i) => {
  const request = Buffer.from(like)
  request.writeUInt32BE(i, request.length - 8)
  return request
})

test('a signer that does not answer: what is in memory goes on, who waits is told to try later, at most 1,024 wait', async () => {
  const it = await issue('stuck.maple.com')
  const request = await requestOf(it)
  const answer = Buffer.from(await (await post(it, request)).arrayBuffer())
  const tryLater = '30030a0103'
  await c.kill('signer', 'SIGSTOP')
  const asked = strangers(request, 1200).map(async body => Buffer.from(await (await post(it, body)).arrayBuffer()).toString('hex'))
  assert.equal(await Promise.race(asked), tryLater, 'one beyond the queue, or one whose ten seconds are over')
  assert.deepEqual(Buffer.from(await (await post(it, request)).arrayBuffer()), answer)
  assert.equal((await fetch(it.crl)).status, 200)
  assert.equal((await fetch(`${c.publicUrl}/health`)).status, 200)
  assert.deepEqual([...new Set(await Promise.all(asked))], [tryLater])
  await c.kill('signer', 'SIGCONT')
  await until('answers again', async () => (await (await post(it, strangers(request, 1)[0])).arrayBuffer()).byteLength > 300)
  assert.equal(await statusOf(it), 'good')
})

/* A revocation from its row to the list: milliseconds until each tells it, and how long one question takes. */
async function watchRevocation (it) {
  const began = performance.now()
  await revoke(it)
  await until('OCSP says revoked', async () => await statusOf(it, '-no_nonce') === 'revoked')
  const seen = performance.now() - began
  await until('the CRL lists it', async () => (await crlOf(it)).lists)
  const listed = performance.now() - began
  await statusOf(it)
  return { seen, listed, lone: performance.now() - began - listed }
}

test('a revocation: OCSP says so within 5 s, the CRL within 60 s with a higher number; others are not touched', async () => {
  const it = await issue('revoked.maple.com')
  const other = await issue('other.maple.com')
  const request = await requestOf(it)
  const good = await post(it, request)
  const before = await crlOf(it)
  assert.ok(!before.lists)
  assert.match(before.text, /Issuing Distribution Point: critical/)
  assert.ok(before.text.includes(it.crl), 'the address in the list is that in the certificate')
  const unchanged = await fetch(it.crl, { headers: { 'If-None-Match': before.reply.headers.get('etag') } })
  assert.equal(unchanged.status, 304)
  assert.match(before.reply.headers.get('cache-control'), /max-age=\d+/)

  /* a question takes 0.1 s where nothing else runs; then the promise is 5 s and 60 s; a burst of other work passes */
  const tries = [await watchRevocation(it)]
  const late = ({ seen, listed, lone }) => seen > Math.max(5_000, 50 * lone) || listed > Math.max(60_000, 600 * lone)
  while (late(tries.at(-1)) && tries.length < 3) tries.push(await watchRevocation(await issue(`revoked${tries.length}.maple.com`)))
  assert.ok(!late(tries.at(-1)), JSON.stringify(tries))
  const after = await crlOf(it)
  assert.ok(after.number > before.number)
  assert.match(after.text, /Superseded/)
  assert.notEqual((await post(it, request)).headers.get('etag'), good.headers.get('etag'))
  assert.equal(await statusOf(other), 'good')
  assert.ok(!after.text.includes(other.x509.serialNumber))
  const { stderr, code } = await run('openssl', ['verify', '-crl_check', '-CAfile', c.root, '-untrusted', it.at('issuer'), '-CRLfile', it.at('crl'), it.at('pem')])
  assert.notEqual(code, 0)
  assert.match(stderr, /certificate revoked/)
  await crlOf(other)
  const fine = await run('openssl', ['verify', '-crl_check', '-x509_strict', '-CAfile', c.root, '-untrusted', other.at('issuer'), '-CRLfile', other.at('crl'), other.at('pem')])
  assert.equal(fine.code, 0, fine.stdout + fine.stderr)
})

test('a revocation right before a crash is on the list after the start, and the number rises', async () => {
  const it = await issue('crash.maple.com')
  const before = await crlOf(it)
  await revoke(it, 1)
  await c.crash()
  await c.start()
  assert.equal(await statusOf(it), 'revoked')
  await until('the CRL lists it', async () => (await crlOf(it)).lists)
  assert.ok((await crlOf(it)).number > before.number)
})

/* ---- lists over starts and kills ---- */

const ISSUERS = ['dv-ecc', 'dv-rsa', 'root-ecc', 'root-rsa']
const addressOf = issuer => `${c.publicUrl}/crl/${issuer}/1.crl`
async function listOf (issuer) {
  const reply = await fetch(addressOf(issuer))
  assert.equal(reply.status, 200)
  const der = Buffer.from(await reply.arrayBuffer())
  const number = der.indexOf(Buffer.from('0603551d14', 'hex')) + 5 /* OCTET STRING { INTEGER } behind the name */
  return { etag: reply.headers.get('etag'), der: der.toString('hex'), number: BigInt(`0x${der.subarray(number + 4, number + 4 + der[number + 3]).toString('hex')}`) }
}
const allLists = async () => Object.fromEntries(await Promise.all(ISSUERS.map(async issuer => [issuer, await listOf(issuer)])))

const write = async statements => {
  const { code, stderr } = await run('sqlite3', ['-cmd', '.timeout 20000', `${c.data}/chancery.db`], { input: `BEGIN IMMEDIATE;\n${statements}\nCOMMIT;\n` })
  assert.equal(code, 0, stderr)
}

/* Revocations that another node wrote, of certificates that only it knows: a block of them; the last one's serial. */
let made = 0
async function writeRevoked (count, life) {
  const serials = Array.from({ length: count }, () => (++made % 3 ? '5a' : '00') + made.toString(16).padStart(8, '0').padStart(30, 'c3'))
  const entries = serials.map((serial, i) => {
    const entry = Buffer.alloc(25)
    entry.write(serial, 'hex')
    entry.writeUInt32BE(c.now() - i * 3600, 16)
    entry.writeUInt32BE(c.now() + (life ?? (i % 7 === 6 ? -30 : 30) * 86400), 20) /* some ended long ago, and are on no list */
    entry[24] = [0, 1, 3, 4, 5][i % 5]
    return entry
  })
  await write(`INSERT INTO crl_block (issuer, shard, block, entries) SELECT 'dv-ecc', 1, 1 + COALESCE(MAX(block), 0), x'${Buffer.concat(entries).toString('hex')}' FROM crl_block WHERE issuer = 'dv-ecc' AND shard = 1;
    UPDATE crl_shard SET revoked_count = revoked_count + ${count} WHERE issuer = 'dv-ecc' AND shard = 1;`)
  await c.moveClock(11) /* a list is made at most every ten seconds */
  return serials.at(-1)
}
const names = (list, serial) => list.der.includes(serial.replace(/^00/, ''))
const untilListed = serial => until('the CRL lists it', async () => names(await listOf('dv-ecc'), serial))

test('the lists after a start are the very same bytes, joined from the entries; one that its signature does not fit is made anew', async () => {
  const it = await issue('same.maple.com')
  await revoke(it)
  await untilListed(it.x509.serialNumber.toLowerCase())
  const first = await allLists()
  await c.crash()
  await c.start()
  assert.deepEqual(await allLists(), first)
  const audit = await c.cli(['audit', '--data', c.data])
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)

  await untilListed(await writeRevoked(401))
  const many = await allLists()
  assert.ok(many['dv-ecc'].der.length > first['dv-ecc'].der.length + 2 * 300 * 30)
  await c.restart()
  assert.deepEqual(await allLists(), many)
  await c.back('server', await c.kill('server'))
  assert.deepEqual(await until('served again', allLists), many)

  await c.end()
  await write(`UPDATE crl SET signature = zeroblob(70) WHERE issuer = 'dv-ecc'; UPDATE crl SET extensions = x'3000' WHERE issuer = 'dv-rsa';
    UPDATE crl SET fields = x'' WHERE issuer = 'root-ecc';`)
  await c.start()
  const anew = await allLists()
  for (const issuer of ISSUERS.slice(0, 3)) assert.ok(anew[issuer].number > many[issuer].number, issuer)
  assert.deepEqual(anew['root-rsa'], many['root-rsa'])
  assert.equal(c.log.match(/event=crl_anew/g).length, 3)
  assert.ok((await crlOf(it)).lists, 'and it verifies')
})

/* Whatever the moment of a kill: each of these holds for all moments. */
test('24 kills of server and signer while lists are made: numbers rise, no number names two lists, nothing is left out', async () => {
  const serials = []
  const seen = new Map()
  let last = { number: 0n, der: '' }, reading = true
  const note = list => {
    assert.ok(list.number >= last.number, `${last.number}, then ${list.number}`)
    assert.equal(list.der, seen.get(list.number) ?? list.der, `two lists of number ${list.number}`)
    for (const serial of serials) assert.ok(names(list, serial) || !names(last, serial), `${serial} is gone`)
    seen.set(list.number, list.der)
    last = list
  }
  const reader = (async () => {
    while (reading) {
      const list = await listOf('dv-ecc').catch(() => null) /* nobody listens just now */
      if (list) note(list)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  })()
  reader.catch(() => {}) /* it is asked below */
  for (let i = 0; i < 24; i++) {
    serials.push(await writeRevoked(1))
    await new Promise(resolve => setTimeout(resolve, i * 83 % 500)) /* within the second in which the list is made */
    const pids = c.pids()
    for (const name of [['server'], ['signer'], ['server', 'signer']][i % 3]) try { process.kill(pids[name], 'SIGKILL') } catch { /* it is away already */ }
    if (i % 3 === 2) await Promise.race([reader, until('the list of this round', () => names(last, serials.at(-1)))]) /* so that there are eight at least */
  }
  reading = false
  await reader
  const end = await until('served after the last kill', async () => { /* that round's list may have been read before its kill */
    const list = await listOf('dv-ecc')
    return names(list, serials.at(-1)) && list
  })
  for (const serial of serials) assert.ok(names(end, serial), serial)
  assert.ok(seen.size >= 8, `${seen.size} lists`)
  await until('the server is back', () => c.call(account, 'DescribeCertificates', { Limit: 1 }))
  const it = await issue('killed.maple.com')
  assert.ok(!(await crlOf(it)).lists)
})

test('on schedule: answers are made anew before half of their life is over, lists each day; what has ended stays on one more', async () => {
  const it = await issue('schedule.maple.com', 'RSA') /* of a shard where nothing is revoked, so that its answers are kept */
  const request = await requestOf(it)
  const timesOf = async () => {
    const reply = await post(it, request)
    await reply.arrayBuffer()
    return { etag: reply.headers.get('etag'), made: Date.parse(reply.headers.get('last-modified')), ends: Date.parse(reply.headers.get('expires')) }
  }
  const serial = await writeRevoked(1, 3600)
  await untilListed(serial)
  const [first, lists] = [await timesOf(), await allLists()]
  await c.moveClock((first.ends - first.made) / 2000 - 600)
  assert.deepEqual(await timesOf(), first)
  await c.moveClock(600)
  const second = await timesOf()
  assert.ok(second.etag !== first.etag && second.made > first.made && second.ends > first.ends, 'BR 4.9.9')
  await c.moveClock(86400)
  const daily = await until('the lists of the next day', async () => {
    const now = await allLists()
    return ISSUERS.every(issuer => now[issuer].number > lists[issuer].number) && now
  })
  assert.ok(names(daily['dv-ecc'], serial), 'it ended yesterday, and stays on a list after that (RFC 5280 §3.3)')
  const { text } = await crlOf(it)
  const life = Date.parse(/Next Update: (.*)/.exec(text)[1]) - Date.parse(/Last Update: (.*)/.exec(text)[1])
  assert.ok(life > 2 * 86400_000 && life <= 10 * 86400_000, 'BR 7.2')
  await c.moveClock(10 * 86400)
  const last = await until('it is on no list any more', async () => {
    const list = await listOf('dv-ecc')
    return !names(list, serial) && list
  })
  await c.moveClock(-3600) /* the number goes on rising where the time does not */
  const late = await writeRevoked(1)
  await untilListed(late)
  assert.ok((await listOf('dv-ecc')).number > last.number)
})

test('a dead database: the last answer is given until its nextUpdate, and then tryLater', async () => {
  const it = await issue('dead.maple.com')
  const request = await requestOf(it)
  const answer = Buffer.from(await (await post(it, request)).arrayBuffer())
  truncateSync(`${c.data}/chancery.db`, 4096)
  truncateSync(`${c.data}/chancery.db-wal`, 0)
  const shm = openSync(`${c.data}/chancery.db-shm`, 'r+') /* the index of the log: readers let go of the pages that they have in memory */
  writeSync(shm, Buffer.alloc(136), 0, 136, 0)
  closeSync(shm)
  await c.moveClock(7 * 3600) /* it would be made anew now */
  const kept = Buffer.from(await (await post(it, request)).arrayBuffer())
  assert.deepEqual(kept, answer)
  assert.equal((await fetch(it.crl)).status, 200)
  await c.moveClock(6 * 3600)
  const late = Buffer.from(await (await post(it, request)).arrayBuffer())
  assert.deepEqual(late, Buffer.from('30030a0103', 'hex'))
})
