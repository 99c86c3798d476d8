/*
 * The file as chancery-prober fetches it, from real and from hostile web servers: DCV-14 … DCV-21, DIAG-06, DIAG-07, DIAG-09,
 * DIAG-10, RVW-11, RVW-12, RVW-14, and the addresses it must not reach.  takes 60 s
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { soon, until } from '../lib/chancery.mjs'
import { startDns } from '../lib/dns.mjs'
import { BUILD, startProber } from '../lib/prober.mjs'
import { freePorts, selfSigned, startNginx, startRaw } from '../lib/web.mjs'

const VALUE = '20261121034416123abcdefghijklmnopqrstuvwxyz0123456789abcd'
const PATH = '/.well-known/pki-validation/fileauth.txt'
const REDIRECT = `location ${PATH} { return 301 https://other.test/; }`

let dns
let web
before(async () => {
  dns = await startDns({ zones: [{ name: 'plain.test', records: [
    ['www.plain.test', 'A', '127.0.0.1'],
    ['alias.plain.test', 'CNAME', 'www.plain.test.'],
    ['none.plain.test', 'TXT', 'no address'],
    ['private.plain.test', 'A', '10.0.0.1'],
    ['meta.plain.test', 'A', '169.254.169.254'],
    ['mapped.plain.test', 'AAAA', '::ffff:127.0.0.1'],
    ['nat64.plain.test', 'AAAA', '64:ff9b::7f00:1'],
    ['sixtofour.plain.test', 'AAAA', '2002:7f00:1::1'],
    ['loop6.plain.test', 'AAAA', '::1'],
    ['both.plain.test', 'AAAA', '::1'],
    ['both.plain.test', 'A', '127.0.0.1'],
    ['any.plain.test', 'A', '0.0.0.0'],
    ['many.plain.test', 'A', '10.0.0.1'],
    ['many.plain.test', 'A', '192.168.0.1'],
    ['many.plain.test', 'AAAA', 'fd00::1'],
    ['mixed.plain.test', 'A', '10.0.0.1'],
    ['mixed.plain.test', 'A', '127.0.0.1']
  ] }] })
  web = await startNginx()
})
const peers = [] /* all are stopped at the end, whatever a test thought */
const startPeer = async (...args) => {
  const peer = await startRaw(...args)
  peers.push(peer)
  return peer
}

after(async () => {
  await Promise.all(peers.map(peer => peer.stop()))
  await web?.stop()
  await dns?.stop()
})

/* A prober that looks at these ports; given to fn, then stopped. */
async function withProber (httpPort, httpsPort, fn, more = {}) {
  const prober = await startProber({ settings: {
    'validation.resolver': dns.address, 'validation.trust-anchor': 'none',
    'validation.http-port': httpPort, 'validation.https-port': httpsPort, ...more
  } })
  try {
    await fn(prober)
  } finally {
    await prober.stop()
  }
  assert.equal(prober.exit, 0)
  assert.match(prober.complaints, /^$|^\S+ prober warning event=dnssec_off .*$/)
}

const file = (prober, name = 'www.plain.test', more) => prober.ask('file', name, VALUE, more)

describe('nginx', () => {
  const look = (fn) => withProber(web.httpPort, web.httpsPort, fn)
  const serve = async (content, settings = {}) => {
    await web.configure({ http: '', https: '', ...settings })
    if (content === null) await web.removeFile(PATH)
    else await web.setFile(PATH, content)
  }

  const contents = [
    ['DIAG-06 DCV-17 the content', VALUE, 'PASS'],
    ['a final line end', `${VALUE}\n`, 'PASS'],
    ['a final Windows line end and blanks', `${VALUE} \t\r\n\r\n`, 'PASS'],
    ['cut at the end', VALUE.slice(0, -1), 'DIFFERENT'],
    ['more behind it', `${VALUE}x`, 'DIFFERENT'],
    ['more lines behind it', `${VALUE}\nmore`, 'DIFFERENT'],
    ['a line before it', `\n${VALUE}`, 'DIFFERENT'],
    ['other case', VALUE.toUpperCase(), 'DIFFERENT'],
    ['inside a page', `<html><body>${VALUE}</body></html>`, 'DIFFERENT'],
    ['empty', '', 'DIFFERENT'],
    ['a NUL behind it', `${VALUE}\0`, 'DIFFERENT'],
    ['a byte order mark', `\ufeff${VALUE}`, 'DIFFERENT'],
    ['UTF-16', Buffer.from(VALUE, 'utf16le'), 'DIFFERENT'],
    ['64 KB of blanks behind it', VALUE + ' '.repeat(65536 - VALUE.length), 'PASS'],
    ['one byte more than 64 KB', VALUE + ' '.repeat(65537 - VALUE.length), 'DIFFERENT']
  ]
  test('the content must be exactly it', async t => {
    await look(async prober => {
      for (const [what, content, verdict] of contents) {
        await t.test(what, async () => {
          await serve(content)
          const reply = await file(prober)
          assert.equal(reply.verdict, verdict, reply.detail)
          assert.equal(reply.status, 200)
          assert.equal(reply.address, '127.0.0.1')
        })
      }
    })
  })

  const settings = [
    ['DCV-20 only over http', VALUE, { https: 'return 404;' }, 'PASS', 200],
    ['DCV-20 RVW-11 DIAG-07 only over https', VALUE, { http: 'return 404;' }, 'PASS', 200],
    ['DCV-21 DIAG-09 RVW-14 a redirect on http alone does not harm the file on https', VALUE, { http: REDIRECT }, 'PASS', 200],
    ['DCV-21 DIAG-09 RVW-14 redirects on both', VALUE, { http: REDIRECT, https: REDIRECT }, 'REDIRECT', 301],
    ['DCV-21 a redirect to the very file is one', VALUE, { http: `location ${PATH} { return 302 http://www.plain.test/x; }`, https: 'return 404;' }, 'REDIRECT', 302],
    ['DCV-21 307', VALUE, { http: 'return 307 /x;', https: 'return 308 /x;' }, 'REDIRECT', 307],
    ['DIAG-06 none', null, {}, 'ABSENT', 404],
    ['RVW-12 forbidden', VALUE, { http: 'return 403;', https: 'return 403;' }, 'STATUS', 403],
    ['RVW-12 server error with the right content', VALUE, { http: `return 500 ${VALUE};`, https: `return 503 ${VALUE};` }, 'STATUS', 500],
    ['404 with the right content', VALUE, { http: `return 404 ${VALUE};`, https: `return 404 ${VALUE};` }, 'ABSENT', 404],
    ['no status but 200 counts', VALUE, { http: `return 201 ${VALUE};`, https: `return 203 ${VALUE};` }, 'STATUS', 201],
    ['wrong on one, absent on the other: the wrong one is told', 'wrong', { http: 'return 404;' }, 'DIFFERENT', 200],
    ['basic authentication', VALUE, { http: 'return 401;', https: 'return 401;' }, 'STATUS', 401],
    ['compressed whether or not we want it', null, { http: `location ${PATH} { add_header Content-Encoding gzip; return 200 ${VALUE}x; }`, https: 'return 404;' }, 'DIFFERENT', 200]
  ]
  test('schemes, redirects and statuses', async t => {
    await look(async prober => {
      for (const [what, content, conf, verdict, status] of settings) {
        await t.test(what, async () => {
          await serve(content, conf)
          const reply = await file(prober)
          assert.equal(reply.verdict, verdict, reply.detail)
          assert.equal(reply.status, status)
        })
      }
    })
  })

  test('RVW-11 the detail tells both schemes, the values where the redirect leads', async () => {
    await serve(null, { http: REDIRECT })
    await look(async prober => {
      const reply = await file(prober)
      assert.match(reply.detail, /redirect \(301\); over https it answered with status 404/)
      assert.deepEqual(reply.values, ['https://other.test/'])
    })
  })

  test('at the end of a CNAME; the host is the name asked for', async () => {
    await serve(null, { http: `location ${PATH} { if ($http_host != alias.plain.test:${web.httpPort}) { return 400; } return 200 ${VALUE}; }` })
    await look(async prober => assert.equal((await file(prober, 'alias.plain.test')).verdict, 'PASS'))
  })

  test('https: the name is sent (SNI), the certificate is not judged', async () => {
    await serve(null, { http: 'return 404;', https: `location ${PATH} { if ($ssl_server_name != www.plain.test) { return 400; } return 200 ${VALUE}; }` })
    await look(async prober => assert.equal((await file(prober)).verdict, 'PASS'))
  })

  test('an excerpt of other content is at most 100 printable bytes', async () => {
    await serve('<script>\x1b[31m\u00e4'.repeat(50))
    await look(async prober => {
      const { values } = await file(prober)
      assert.equal(values.length, 1)
      assert.match(values[0], /^[ -~]{1,100}$/)
    })
  })

  test('many at once', async () => {
    await serve(VALUE)
    await look(async prober => {
      const replies = await Promise.all(Array.from({ length: 150 }, () => file(prober)))
      assert.ok(replies.every(r => r.verdict === 'PASS'), replies.find(r => r.verdict !== 'PASS')?.detail)
    })
  })
})

describe('addresses', () => {
  const refused = ['private', 'meta', 'mapped', 'nat64', 'sixtofour', 'loop6', 'any', 'many', 'www', 'alias']
  test('none that is not public is reached', async t => {
    const peer = await startPeer(socket => socket.end())
    await withProber(peer.port, peer.port, async prober => {
      for (const name of refused) {
        await t.test(name, async () => {
          const reply = await file(prober, `${name}.plain.test`)
          assert.equal(reply.verdict, 'REFUSED_ADDRESS', reply.detail)
          assert.equal(reply.address, '')
          assert.doesNotMatch(reply.detail, /\d+\.\d+\.\d+\.\d+|::/)
        })
      }
      assert.equal((await file(prober, 'none.plain.test')).verdict, 'UNREACHABLE')
    }, { 'validation.allow': '' })
    assert.equal(peer.count(), 0)
  })

  test('validation.allow opens its ranges and nothing else', async () => {
    await web.configure({ http: '', https: '' })
    await web.setFile(PATH, VALUE)
    await withProber(web.httpPort, web.httpsPort, async prober => {
      assert.equal((await file(prober)).verdict, 'PASS')
      assert.equal((await file(prober, 'mixed.plain.test')).verdict, 'PASS')
      assert.equal((await file(prober, 'mapped.plain.test')).verdict, 'PASS')
      assert.equal((await file(prober, 'private.plain.test')).verdict, 'REFUSED_ADDRESS')
      assert.equal((await file(prober, 'loop6.plain.test')).verdict, 'REFUSED_ADDRESS')
    }, { 'validation.allow': '127.0.0.1/32' })
  })

  test('IPv6, and IPv4 when IPv6 does not answer', async () => {
    const hasV6 = readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001')
    const good = socket => socket.end(`HTTP/1.1 200 OK\r\n\r\n${VALUE}`)
    const peer = await startPeer(good, { host: hasV6 ? '::1' : '127.0.0.1' })
    const [closed] = await freePorts(1)
    await withProber(peer.port, closed, async prober => {
      const reply = await file(prober, 'loop6.plain.test')
      assert.equal(reply.verdict, hasV6 ? 'PASS' : 'UNREACHABLE', reply.detail)
      assert.equal(reply.address, '::1')
    }, { 'validation.allow': '127.0.0.1 ::1' })
    const old = await startPeer(good)
    await withProber(old.port, closed, async prober => {
      const reply = await file(prober, 'both.plain.test')
      assert.equal(reply.verdict, 'PASS', reply.detail)
      assert.equal(reply.address, '127.0.0.1')
    }, { 'validation.allow': '127.0.0.1,::1' })
  })

  test('a closed, a silent and a talking private port read alike', async () => {
    const [closed] = await freePorts(1)
    const talkers = [
      await startPeer(() => {}),
      await startPeer(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
      await startPeer(socket => socket.destroy())
    ]
    const details = new Set()
    for (const port of [closed, ...talkers.map(p => p.port)]) {
      await withProber(port, closed, async prober => {
        const reply = await file(prober, 'www.plain.test', { timeMs: 1500 })
        assert.equal(reply.verdict, 'UNREACHABLE')
        details.add(reply.detail.replace(`:${port}`, ''))
      })
    }
    assert.equal(details.size, 1, [...details].join('\n'))
  })
})

/* Each answers one request in its own way; the other scheme is closed. */
const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const whole = `${head}Content-Length: ${VALUE.length}\r\n\r\n${VALUE}`
const hostile = {
  'a good one': [socket => socket.end(whole), 'PASS'],
  'a good one, byte by byte': [async socket => { for (const c of whole) { socket.write(c); await sleep(1) } socket.end() }, 'PASS'],
  'a good one in chunks': [socket => socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n${VALUE.slice(0, 5)}\r\n${(VALUE.length - 5).toString(16)}\r\n${VALUE.slice(5)}\r\n0\r\n\r\n`), 'PASS'],
  'a good one without length': [socket => socket.end(`${head}\r\n${VALUE}`), 'PASS'],
  'one that never closes': [socket => socket.write(whole), 'PASS'],
  'cut before the announced length': [socket => socket.end(`${head}Content-Length: 4000\r\n\r\n${VALUE}`), 'UNREACHABLE'],
  'chunks that never end': [socket => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${VALUE.length.toString(16)}\r\n${VALUE}\r\n`), 'DIFFERENT'],
  'bad chunks': [socket => socket.end(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${VALUE}\r\n`), 'UNREACHABLE'],
  'a negative length': [socket => socket.end(`${head}Content-Length: -1\r\n\r\n${VALUE}`), 'UNREACHABLE'],
  'slow drip': [async socket => { socket.write(`${head}\r\n`); while (!socket.destroyed) { socket.write('a'); await sleep(100) } }, 'DIFFERENT'],
  'slow headers': [async socket => { socket.write(head); while (!socket.destroyed) { socket.write('X-A: b\r\n'); await sleep(100) } }, ['UNREACHABLE', 'DIFFERENT']],
  'silence': [() => {}, 'UNREACHABLE'],
  'endless body': [socket => flood(socket, `${head}\r\n`, 'a'.repeat(16384)), 'DIFFERENT'],
  'endless right content': [socket => flood(socket, `${head}\r\n`, `${VALUE}\n`.repeat(200)), 'DIFFERENT'],
  'endless blanks': [socket => flood(socket, `${head}\r\n${VALUE}`, ' '.repeat(16384)), 'DIFFERENT'],
  'header flood': [socket => flood(socket, head, 'X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(200)), 'UNREACHABLE'],
  'one endless header': [socket => flood(socket, `${head}X-Long: `, 'a'.repeat(16384)), 'UNREACHABLE'],
  '100 Continue for ever': [socket => flood(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(500)), 'UNREACHABLE'],
  'gzip': [socket => socket.end(Buffer.concat([Buffer.from(`${head}Content-Encoding: gzip\r\n\r\n`), gzipSync(VALUE)])), 'DIFFERENT'],
  'gzip bomb': [socket => socket.end(Buffer.concat([Buffer.from(`${head}Content-Encoding: gzip\r\n\r\n`), gzipSync(Buffer.alloc(20e6))])), 'DIFFERENT'],
  'no HTTP': [socket => socket.end(`${VALUE}\n`), 'UNREACHABLE'],
  'HTTP/0.9': [socket => socket.end(VALUE), 'UNREACHABLE'],
  'HTTP/9.9': [socket => socket.end(`HTTP/9.9 200 OK\r\n\r\n${VALUE}`), 'UNREACHABLE'],
  'status 99999': [socket => socket.end(`HTTP/1.1 99999 OK\r\n\r\n${VALUE}`), 'UNREACHABLE'],
  'redirect to loopback': [socket => socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'), 'REDIRECT'],
  'redirect with control characters': [socket => socket.end('HTTP/1.1 302 Found\r\nLocation: /\x1b[31m\xff\r\nContent-Length: 0\r\n\r\n'), 'REDIRECT'],
  'redirect with a long location': [socket => socket.end(`HTTP/1.1 302 Found\r\nLocation: /${'a'.repeat(9000)}\r\nContent-Length: 0\r\n\r\n`), 'REDIRECT'],
  'redirect by a refresh header and page': [socket => socket.end(`${head}Refresh: 0; url=/x\r\n\r\n<meta http-equiv=refresh content=0>`), 'DIFFERENT'],
  'a switch of protocol': [socket => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'), 'UNREACHABLE'],
  'reset at once': [socket => (socket.encrypted ? socket.destroy() : socket.resetAndDestroy()), 'UNREACHABLE'],
  'junk': [socket => socket.end(Buffer.alloc(5000, 0xfe)), 'UNREACHABLE']
}

const endless = /^(chunks that never|slow|silence|100 Continue)/ /* these are waited for until the time is over */

function flood (socket, first, again) {
  const go = () => { while (!socket.destroyed && socket.write(again)); }
  socket.on('drain', go)
  socket.write(first)
  go()
}

describe('hostile peers', () => {
  for (const tls of [false, true]) {
    test(tls ? 'over https' : 'over http', { concurrency: 8 }, async t => {
      const [closed] = await freePorts(1)
      const certificates = tls ? await selfSigned(web.dir) : undefined
      await Promise.all(Object.entries(hostile).map(([what, [answer, expected]]) => t.test(what, async () => {
        const peer = await startPeer(answer, { tls: certificates })
        await withProber(tls ? closed : peer.port, tls ? peer.port : closed, async prober => {
          const start = Date.now()
          const reply = await file(prober, 'www.plain.test', { timeMs: endless.test(what) ? 5000 : 10_000 })
          assert.ok([expected].flat().includes(reply.verdict), `${reply.verdict}: ${reply.detail}`)
          assert.match(reply.detail, /^[ -~]+$/)
          assert.ok(reply.values.every(v => /^[ -~]{0,100}$/.test(v)))
          assert.ok(Date.now() - start < 60_000, 'it is not waited for longer than ten seconds')
        })
        assert.equal(peer.count(), 1)
      })))
    })
  }

  test('what we send: one plain request a scheme, without credentials, cookies or wishes', async () => {
    const requests = []
    const peer = await startPeer((socket, request) => {
      requests.push(request)
      socket.end(`HTTP/1.1 404 No\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n`)
    })
    process.env.http_proxy = `http://127.0.0.1:${peer.port}`
    await withProber(peer.port, peer.port, async prober => {
      await file(prober)
      await file(prober)
    })
    delete process.env.http_proxy
    const plain = requests.filter(r => r.startsWith('GET '))
    assert.equal(plain.length, 2)
    for (const request of plain) {
      assert.match(request, new RegExp(`^GET ${PATH.replaceAll('.', '\\.')} HTTP/1\\.1\r\nHost: www\\.plain\\.test:${peer.port}\r\n`))
      assert.doesNotMatch(request, /cookie|authorization|accept-encoding|proxy|referer/i)
    }
  })

  test('a peer that talks TLS badly on the https port', async () => {
    const [closed] = await freePorts(1)
    const peer = await startPeer(() => {})
    await withProber(closed, peer.port, async prober => {
      assert.equal((await file(prober, 'www.plain.test', { timeMs: 1500 })).verdict, 'UNREACHABLE')
    })
  })

  test('two hundred at once: little memory, and others are not kept waiting', async () => {
    const kinds = Object.values(hostile).map(([answer]) => answer)
    let next = 0
    const peer = await startPeer((socket, request) => kinds[next++ % kinds.length](socket, request))
    const [closed] = await freePorts(1)
    await withProber(peer.port, closed, async prober => {
      const idle = await prober.usage()
      const all = Array.from({ length: 200 }, () => file(prober))
      await until('they are at it', () => peer.count() > 100)
      await soon('another', 4000, async () => assert.equal((await prober.ask('txt', '_dnsauth.none.plain.test', VALUE)).verdict, 'ABSENT'))
      for (const reply of await Promise.all(all)) assert.equal(reply.good, true)
      const { peakKb } = await prober.usage()
      const sanitized = readFileSync(`${BUILD}/chancery-prober`).includes('__asan_init')
      assert.ok(peakKb < (sanitized ? 4 * 64 : 64) * 1024, `idle ${idle.rssKb} KB, peak ${peakKb} KB`)
    })
  })
})
