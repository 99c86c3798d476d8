/*
 * The command line: exit codes, one line on stderr, JSON, credentials, and that the documents made from its tables
 * are current.  Takes about 20 s.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BUILD, run, startChancery } from '../lib/chancery.mjs'

const PROGRAM = `${BUILD}/chancery`
let dir, c, account
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chancery-ctl-'))
  c = await startChancery()
  account = await c.createAccount()
})
after(async () => {
  await c?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const ctl = (args, options = {}) => run(PROGRAM, args, { cwd: dir, ...options, env: { HOME: dir, ...options.env } })

/* One line on stderr, nothing on stdout. */
function checkRefusal (result, code, pattern) {
  assert.equal(result.code, code, result.stderr)
  assert.match(result.stderr, /^chancery: [^\n]+\n$/)
  assert.match(result.stderr, pattern)
  assert.equal(result.stdout, '')
}

const wrongUsage = [
  [[], /no command/],
  [['lst'], /no command 'lst'/],
  [['list', '--nope'], /no option '--nope'/],
  [['list', '--limit'], /--limit wants NUMBER/],
  [['list', '--limit', 'many'], /whole number/],
  [['list', '--limit', '-1'], /whole number/],
  [['list', '--status', 'x'], /number/],
  [['list', '--json=1'], /takes no value/],
  [['list', 'extra'], /too many/],
  [['apply'], /usage: chancery apply DOMAIN/],
  [['apply', 'a.com', '--method', 'post'], /dns\|file/],
  [['apply', 'a.com', '--key', 'dsa'], /rsa\|ecc/],
  [['account', 'create'], /--data DIR and --name NAME/],
  [['account', 'create', '--data', '.', '--name', 'x', '--role', 'king'], /user\|reviewer/],
  [['account', 'create', '--data', '.', '--name', 'x', '--balance', '1.5'], /whole number/],
  [['api', 'X', '{'], /no JSON object/],
  [['api', 'X', '[]'], /no JSON object/],
  [['completion', 'tcsh'], /bash, zsh and fish/],
  [['help', 'nothing'], /no command 'nothing'/],
  [['eab'], /'eab' wants a word after it: eab create, eab list, eab delete\n/],
  [['help', 'eab'], /eab create, eab list, eab delete\n/],
  [['eab', 'create', '--for', 'netscape'], /certbot\|lego\|/],
  [['eab', 'create', '--tag', '=x'], /KEY=VALUE/]
]
for (const [args, pattern] of wrongUsage) {
  test(`wrong usage: chancery ${args.join(' ')}`, async () => checkRefusal(await ctl(args), 2, pattern))
}

test('no server: exit 1 and a hint', async () => {
  checkRefusal(await ctl(['account', 'create', '--data', dir, '--name', 'x']), 1, /chancery serve --data/)
  const env = { CHANCERY_SECRET_ID: 'a', CHANCERY_SECRET_KEY: 'b', CHANCERY_ENDPOINT: 'https://127.0.0.1:1' }
  checkRefusal(await ctl(['list'], { env }), 1, /cannot reach https:\/\/127.0.0.1:1/)
})

test('a data directory with a very long name is reached too', async () => {
  checkRefusal(await ctl(['account', 'create', '--data', `${dir}/${'x'.repeat(120)}`, '--name', 'x']), 1, /no server/)
})

test('no credentials, a server that is not trusted, one that is no Chancery', async () => {
  checkRefusal(await ctl(['list']), 1, /no credentials/)
  const env = { CHANCERY_SECRET_ID: account.SecretId, CHANCERY_SECRET_KEY: account.SecretKey, CHANCERY_ENDPOINT: `https://${c.endpoint}` }
  checkRefusal(await ctl(['list'], { env }), 1, /not trusted/)
  const server = createServer((request, reply) => reply.end('<html>'))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const other = { ...env, CHANCERY_ENDPOINT: `http://127.0.0.1:${server.address().port}` }
  checkRefusal(await ctl(['list'], { env: other }), 1, /API's form/)
  server.close()
})

test('account create prints the three values, and --save writes a file that the others read', async () => {
  const path = join(dir, 'new', 'place', 'credentials')
  const made = await ctl(['account', 'create', '--data', c.data, '--name', 'saved', '--verified', '--save', path])
  assert.equal(made.code, 0, made.stderr)
  const answer = JSON.parse(made.stdout)
  assert.match(answer.Account, /^\d{12}$/)
  assert.match(answer.SecretId, /^AKID[A-Za-z0-9]{32}$/)
  assert.match(answer.SecretKey, /^[A-Za-z0-9]{32}$/)
  assert.deepEqual(Object.keys(answer), ['Account', 'SecretId', 'SecretKey'])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const listed = await ctl(['list', '--json', '--credentials', path])
  assert.equal(listed.code, 0, listed.stderr)
  assert.equal(JSON.parse(listed.stdout).TotalCount, 0)
  assert.equal(listed.stderr, '')
  chmodSync(path, 0o644)
  assert.match((await ctl(['list', '--credentials', path])).stderr, /can be read by others/)
  writeFileSync(path, `${made.stdout}`, { mode: 0o600 })
  chmodSync(path, 0o600)
  const json = await ctl(['list', '--credentials', path, '--endpoint', `https://${c.endpoint}`, '--data', c.data])
  assert.equal(json.code, 0, json.stderr)
})

for (const [text, pattern] of [['secret_id', /not of the form/], ['[chancery]\nsecret = x\n', /:2: .*unknown/], ['{"SecretId":', /not a JSON object/], ['', /no credentials/]]) {
  test(`a bad credentials file: ${JSON.stringify(text)}`, async () => {
    const path = join(dir, 'bad')
    writeFileSync(path, text)
    chmodSync(path, 0o600)
    checkRefusal(await ctl(['list', '--credentials', path]), 1, pattern)
  })
}

test('an order from apply to delete, for people', async () => {
  const applied = await c.cli(['apply', 'www.ctl-one.com', '--no-wait', '--product', '2', '--alias', 'my shop', '--key', 'ecc'], account)
  assert.equal(applied.code, 0, applied.stderr)
  assert.match(applied.stdout, /Domain name +Host record +Type +Record value/)
  assert.match(applied.stdout, /ctl-one\.com +_dnsauth +TXT +20\d{15}[a-z0-9]{40}\n/)
  const id = /certificate (\w{8}) /.exec(applied.stdout)[1]
  const listed = await c.cli(['list', '--search', 'ctl-one'], account)
  assert.match(listed.stdout, new RegExp(`${id} +www\\.ctl-one\\.com .*my shop`))
  const shown = await c.cli(['show', id], account)
  assert.match(shown.stdout, /Alias +my shop/)
  assert.match(shown.stdout, /_dnsauth +TXT/)
  const waited = await c.cli(['wait', id, '--timeout', '1'], account)
  checkRefusal(waited, 1, /is not issued yet/)
  const verified = await c.cli(['verify', id], account)
  assert.equal(verified.code, 1)
  assert.match(verified.stdout, /Name +Method +Verdict +Found/)
  assert.match(verified.stderr, /has not passed/)
  checkRefusal(await c.cli(['download', id], account), 1, /FailedOperation\.CertificateStatusNotAllowDownload: /)
  checkRefusal(await c.cli(['delete', id], account), 1, /^chancery: FailedOperation\./)
  assert.equal((await c.cli(['cancel', id], account)).stdout, `${id} is cancelled\n`)
  assert.equal((await c.cli(['delete', id], account)).stdout, `${id} is deleted\n`)
  checkRefusal(await c.cli(['show', id], account), 1, /CertificateNotFound/)
})

test('apply --method file shows address and content', async () => {
  const applied = await c.cli(['apply', 'files.ctl-one.com', '--no-wait', '--method', 'file', '--key', 'ecc'], account)
  assert.match(applied.stdout, /http:\/\/files\.ctl-one\.com\/\.well-known\/pki-validation\/fileauth\.txt +20\d{15}[a-z0-9]{40}\n/)
})

test('api calls any action and shows its errors', async () => {
  const good = await c.cli(['api', 'DescribeCertificates', '{"Limit":1}', '--json'], account)
  assert.equal(good.code, 0, good.stderr)
  assert.ok(Array.isArray(JSON.parse(good.stdout).Certificates))
  const piped = await c.cli(['api', 'DescribeCertificates', '-'], account, { input: '{"Limit":2}' })
  assert.equal(piped.code, 0, piped.stderr)
  checkRefusal(await c.cli(['api', 'NoSuchThing'], account), 1, /^chancery: InvalidAction: /)
  const wrongKey = { ...account, SecretKey: 'x'.repeat(32) }
  checkRefusal(await c.cli(['list'], wrongKey), 1, /AuthFailure\.SignatureFailure/)
})

/* A zip of stored entries, as small as the format allows, so that it can hold what no honest tool writes. */
function zip (entries) {
  const parts = []
  const directory = []
  let at = 0
  for (const [name, text] of Object.entries(entries)) {
    const n = Buffer.from(name)
    const data = Buffer.from(text)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(n.length, 22)
    const central = Buffer.alloc(14)
    central.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, central, n)
    parts.push(Buffer.from('PK\x03\x04'), common, n, data)
    at = Buffer.concat(parts).length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(Object.keys(entries).length, 4)
  end.writeUInt16LE(Object.keys(entries).length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end])
}

function crc32 (data) {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/* A server that answers every action with the same Response. */
async function withServer (Response, act) {
  const server = createServer((request, reply) => reply.end(JSON.stringify({ Response })))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const env = { CHANCERY_SECRET_ID: 'a', CHANCERY_SECRET_KEY: 'b', CHANCERY_ENDPOINT: `http://127.0.0.1:${server.address().port}` }
  try {
    await act(env)
  } finally {
    server.close()
  }
}

const evilNames = ['../evil', '/etc/evil', 'Nginx/../../evil', 'Nginx\\evil', 'a/b/evil', 'Nginx/..']
for (const [i, name] of evilNames.entries()) {
  test(`a package with an entry named ${name} writes nothing`, async () => {
    const out = join(dir, `evil${i}`)
    await withServer({ Content: zip({ 'Nginx/good.crt': 'x', [name]: 'y' }).toString('base64'), ContentType: 'application/zip' }, async env => {
      checkRefusal(await ctl(['download', 'abcdefgh', '--extract', out], { env }), 1, /unsafe name/)
    })
    assert.ok(!existsSync(out), 'something was written')
  })
}

test('a good package is unpacked with narrow modes, and never over what is there', async () => {
  const out = join(dir, 'good')
  await withServer({ Content: zip({ 'Nginx/1_a_bundle.crt': 'chain', 'Nginx/2_a.key': 'key', 'Apache/2_a.crt': 'leaf', 'a.pem': 'all' }).toString('base64') }, async env => {
    const got = await ctl(['download', 'abcdefgh', '--nginx', out, '--json'], { env })
    assert.equal(got.code, 0, got.stderr)
    assert.deepEqual(got.stdout.trim().split('\n').map(l => JSON.parse(l).File), [`${out}/1_a_bundle.crt`, `${out}/2_a.key`])
    assert.equal(readFileSync(`${out}/2_a.key`, 'utf8'), 'key')
    assert.equal(statSync(`${out}/2_a.key`).mode & 0o777, 0o600)
    const again = await ctl(['download', 'abcdefgh', '--nginx', out], { env })
    checkRefusal(again, 1, /exists already; --force/)
    assert.equal((await ctl(['download', 'abcdefgh', '--nginx', out, '--force'], { env })).code, 0)
    assert.deepEqual(readdirSync(out).sort(), ['1_a_bundle.crt', '2_a.key'], 'nothing half written stays')
    const plain = await ctl(['download', 'abcdefgh', '-o', '-'], { env })
    assert.equal(plain.bytes.subarray(0, 2).toString(), 'PK')
  })
})

for (const Content of ['', '!!!!', Buffer.from('no zip at all').toString('base64'), zip({ a: 'b' }).subarray(0, 40).toString('base64')]) {
  test(`a package that is none: ${Content.slice(0, 12)}`, () => withServer({ Content }, async env => {
    checkRefusal(await ctl(['download', 'abcdefgh', '--extract', join(dir, 'none')], { env }), 1, /package/)
  }))
}

test('what a server sends cannot move the terminal', () => withServer({ Error: { Code: 'Evil', Message: 'a\u001b[2Jb\nc' } }, async env => {
  const got = await ctl(['list'], { env })
  assert.equal(got.stderr, 'chancery: Evil: a [2Jb c\n')
  await withServer({ TotalCount: 1, Certificates: [{ CertificateId: 'x\u001b[2J', Domain: 'a\nb' }] }, async other => {
    const listed = await ctl(['list'], { env: other })
    assert.equal(listed.code, 0, listed.stderr)
    assert.doesNotMatch(listed.stdout, /\u001b/)
    assert.equal(listed.stdout.split('\n').length, 3)
  })
}))

test('answers of other kinds than expected are no crash', async () => {
  for (const Response of [{}, { Certificates: 1 }, { Certificates: [1, null, {}] }, { VerificationResults: [7] }, { DvAuthDetail: { DvAuths: [null, { DvAuthPath: 5 }] }, SubjectAltName: [1] }, { Content: 3 }]) {
    await withServer(Response, async env => {
      for (const args of [['list'], ['show', 'x'], ['verify', 'x'], ['download', 'x', '-o', join(dir, 'odd.zip')], ['cancel', 'x'], ['wait', 'x', '--timeout', '0'], ['apply', 'a.com', '--no-wait']]) {
        const { code, stderr } = await ctl(args, { env })
        assert.ok(code === 0 || code === 1, `${args} ${JSON.stringify(Response)}: ${code} ${stderr}`)
        assert.doesNotMatch(stderr, /Sanitizer|runtime error/, stderr)
      }
    })
  }
})

test('a full output device is not success', async () => {
  const { code, stderr } = await run('sh', ['-c', `"${PROGRAM}" help > /dev/full`])
  assert.equal(code, 1)
  assert.match(stderr, /cannot write the output/)
})

test('docs/configuration.md is what the table of settings says', async () => {
  const { stdout } = await ctl(['help', 'settings', '--markdown'])
  assert.equal(readFileSync('docs/configuration.md', 'utf8'), stdout, 'make docs brings it up to date')
})

test('completion scripts are good shell', async () => {
  const { stdout } = await ctl(['completion', 'bash'])
  const tried = await run('bash', ['-c', `${stdout}\nCOMP_WORDS=(chancery down); COMP_CWORD=1; _chancery; echo "\${COMPREPLY[@]}"
COMP_WORDS=(chancery download --ng); COMP_CWORD=2; _chancery; echo "\${COMPREPLY[@]}"
COMP_WORDS=(chancery acc); COMP_CWORD=1; _chancery; echo "\${COMPREPLY[@]}"
COMP_WORDS=(chancery account s); COMP_CWORD=2; _chancery; echo "\${COMPREPLY[@]}"`])
  assert.equal(tried.stdout, 'download\n--nginx\naccount\nshow set\n', tried.stderr)
  for (const shell of ['zsh', 'fish']) assert.equal((await ctl(['completion', shell])).code, 0)
})

test('the manual pages are good man, and tell every command, option, setting', async () => {
  const pages = {}
  for (const [topic, title] of [[[], 'CHANCERY 1'], [['serve'], 'CHANCERY-SERVE 8'], [['settings'], 'CHANCERY.CONF 5']]) {
    const { stdout: page } = await ctl(['help', ...topic, '--man'])
    assert.ok(page.startsWith(`.TH ${title} `), page.slice(0, 80))
    assert.doesNotMatch(page, /^\.(?!TH|SH|SS|TP|B|I)\w/m)
    const { code, stdout, stderr } = await run('man', ['--warnings', '--no-hyphenation', '--nj', '-l', '-'], { input: page, env: { MANWIDTH: '400', MANROFFOPT: '-c', LC_ALL: 'C.UTF-8' } })
    assert.deepEqual([code, stderr], [0, ''])
    pages[title] = stdout.replace(/\s+/g, ' ')
  }
  const { stdout: commands } = await ctl(['help'])
  for (const [, name] of commands.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?)(?= |$)/gm)) assert.ok(pages['CHANCERY 1'].includes(name), name)
  const settings = [...readFileSync('docs/configuration.md', 'utf8').matchAll(/^\| `(\w+)\.([\w-]+)` \| (.*) \| (.*) \|$/gm)]
  assert.ok(settings.length >= 20)
  for (const [, section, name, , text] of settings) {
    const [, part] = pages['CHANCERY.CONF 5'].split(`[${section}] `)
    assert.ok(` ${part}`.includes(` ${name} ${text.replace('…', '...').replace(/\s+/g, ' ')}`), `${section}.${name}`)
  }
  for (const word of ['--data', '--config', '--set', 'keys/master', 'chancery-signer', 'SIGTERM', 'CREDENTIALS_DIRECTORY']) assert.ok(pages['CHANCERY-SERVE 8'].includes(word), word)
})

test('every command has help', async () => {
  const { stdout } = await ctl(['help'])
  const names = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?)(?= |$)/gm)].map(m => m[1]).filter(n => n !== 'chancery')
  assert.ok(names.length >= 13, names.join())
  for (const name of names) {
    const help = await ctl(['help', ...name.split(' ')])
    assert.match(help.stdout, new RegExp(`^chancery ${name}`), name)
    assert.equal((await ctl([...name.split(' '), '--help'])).stdout, help.stdout)
  }
})
