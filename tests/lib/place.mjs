/*
 * What an applicant does with the proofs that DescribeCertificate shows: place records, serve files, install.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, until } from './chancery.mjs'
import { freePorts } from './web.mjs'

/** Put every DNS record of the proofs into its zone; the value may be spoilt by `change`. */
export async function placeRecords (dns, proofs, change = v => v) {
  for (const p of proofs) {
    const value = p.DvAuthVerifyType === 'CNAME' ? `${change(p.DvAuthValue)}.` : change(p.DvAuthValue)
    await dns.setRecord(p.DvAuthKey, p.DvAuthVerifyType, value)
  }
}

/** Apply for a name, prove it by DNS and wait until it is issued: the certificate's id. */
export async function applyAndProve (c, dns, account, name, parameters = { PackageType: '2', CsrEncryptAlgo: 'ECC' }) {
  const id = await c.apply(account, name, parameters)
  await placeRecords(dns, await c.proofs(account, id))
  await c.waitStatus(account, id, 1)
  return id
}

/** Path on the web server of a file proof: the wire gives the directory or the whole path. */
export const filePath = p => (p.DvAuthPath.endsWith('/') ? p.DvAuthPath + p.DvAuthKey : p.DvAuthPath)

/* One web server stands for all names here, but each name has a value of its own: one server block a name. */
export async function placeFiles (web, proofs, change = v => v) {
  const rules = proofs.map(p => `if ($host = ${p.Domain}) { return 200 "${change(p.DvAuthValue)}"; }`).join(' ')
  const block = `location = ${filePath(proofs[0])} { ${rules} return 404; }`
  await web.configure({ http: block, https: block })
}

/* ---- web servers that use a certificate ---- */

const listensLater = (child, what, port) => until(what, async () => {
  if (child.exitCode !== null) throw new Error('it ended')
  const { code } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-brief'], { ms: 20_000 })
  return code === 0
})

function launch (command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } })
  child.text = ''
  child.stdout.on('data', d => { child.text += d })
  child.stderr.on('data', d => { child.text += d })
  child.once('error', e => { child.text += e })
  const dieWithUs = () => child.kill('SIGKILL')
  process.once('exit', dieWithUs)
  child.ended = new Promise(resolve => child.once('close', () => { process.removeListener('exit', dieWithUs); resolve() }))
  return child
}

const owner = process.getuid() === 0 ? 'root' : ''

const servers = {
  nginx (dir, port, files, { directives = '' } = {}) {
    const at = write(dir, files, 'Nginx')
    writeFileSync(join(dir, 'nginx.conf'), `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; ${owner && 'user root;'}
events {}
http { access_log off; client_body_temp_path ${dir}/1; proxy_temp_path ${dir}/2; fastcgi_temp_path ${dir}/3; uwsgi_temp_path ${dir}/4; scgi_temp_path ${dir}/5;
 server { listen 127.0.0.1:${port} ssl; ssl_certificate ${at('_bundle.crt')}; ssl_certificate_key ${at('.key')}; ${directives} return 200 "served by nginx\\n"; } }
`)
    return ['nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]]
  },
  apache2 (dir, port, files) {
    const at = write(dir, files, 'Apache')
    mkdirSync(join(dir, 'htdocs'))
    writeFileSync(join(dir, 'htdocs', 'index.html'), 'served by apache2\n')
    const modules = ['mpm_event', 'authz_core', 'dir', 'socache_shmcb', 'ssl'].map(m => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so\n`).join('')
    writeFileSync(join(dir, 'apache.conf'), `ServerRoot ${dir}
PidFile ${dir}/pid
ErrorLog ${dir}/error.log
ServerName localhost
${modules}Listen 127.0.0.1:${port}
DocumentRoot ${dir}/htdocs
DirectoryIndex index.html
DefaultRuntimeDir ${dir}
${owner && 'User www-data\nGroup www-data'}
<Directory ${dir}/htdocs>
Require all granted
</Directory>
SSLEngine on
SSLCertificateFile ${at('/2_')}
SSLCertificateKeyFile ${at('/3_')}
SSLCertificateChainFile ${at('/1_root_bundle.crt')}
`)
    return ['apache2', ['-f', join(dir, 'apache.conf'), '-DFOREGROUND']]
  },
  haproxy (dir, port, files, { answer } = {}) {
    const at = write(dir, files, 'Other')
    if (answer) writeFileSync(`${at('_haproxy.crt')}.ocsp`, answer)
    writeFileSync(join(dir, 'haproxy.cfg'), `global
  log stderr local0
  stats socket ${dir}/socket level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port} ssl crt ${at('_haproxy.crt')}
  http-request return status 200 content-type text/plain string "served by haproxy\\n"
`)
    return ['haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')]]
  }
}

/* Write one folder of the package; answers with the path of the file whose name holds `part`. */
function write (dir, files, folder) {
  const names = Object.keys(files).filter(n => n.startsWith(`${folder}/`))
  mkdirSync(join(dir, folder))
  for (const n of names) writeFileSync(join(dir, n), files[n], { mode: 0o600 })
  return part => {
    const name = names.find(n => n.includes(part))
    assert.ok(name, `no ${folder}/…${part} among ${names.join(', ')}`)
    return join(dir, name)
  }
}

/* The server runs while `fn(port, child)` does. */
async function whileServing (kind, files, options, fn) {
  const place = mkdtempSync(join(tmpdir(), `chancery-${kind}-`))
  chmodSync(place, 0o755) /* apache2 serves as another user */
  const [port] = await freePorts(1)
  const child = launch(...servers[kind](place, port, files, options))
  try {
    await listensLater(child, `${kind} listens`, port).catch(e => { throw new Error(`${e.message}\n${child.text}`) })
    return await fn(port, child, place)
  } finally {
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
    await child.ended
    clearTimeout(hard)
    rmSync(place, { recursive: true, force: true, maxRetries: 20 })
  }
}

/** Have a web server (nginx, apache2, haproxy) serve the downloaded package and fetch its page trusting only root.pem. */
export function serveAndFetch (kind, { files, root, name }) {
  return whileServing(kind, files, {}, async (port, child) => {
    const page = await run('curl', ['-sS', '--noproxy', '*', '--cacert', root, '--resolve', `${name}:${port}:127.0.0.1`, `https://${name}:${port}/`])
    assert.equal(page.code, 0, page.stderr + child.text)
    assert.equal(page.stdout, `served by ${kind}\n`)
    const stranger = await run('curl', ['-sS', '--noproxy', '*', '--resolve', `${name}:${port}:127.0.0.1`, `https://${name}:${port}/`])
    assert.equal(stranger.code, 60, 'without the root nobody trusts it')
  })
}

const stapling = root => `ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate ${root};`

/* What is stapled to a handshake, as openssl's client tells it; '' = nothing. */
async function stapled (port, name, root) {
  const { stdout } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-CAfile', root, '-status'], { input: '', ms: 20_000 })
  if (/OCSP response: no response sent/.test(stdout)) return ''
  assert.match(stdout, /OCSP Response Status/)
  return stdout
}

/**
 * nginx or haproxy staples while `fn` runs: staple() is what a client sees, said() what the server logged.  nginx asks the responder that
 * the certificate names, and again after reload(); haproxy gives `answer`, and what feed() hands it at its socket.
 */
export function whileStapling (kind, { files, root, name, answer }, fn) {
  return whileServing(kind, files, { directives: stapling(root), answer }, (port, child, place) => fn({
    staple: () => stapled(port, name, root),
    said: () => child.text + (existsSync(join(place, 'error.log')) ? readFileSync(join(place, 'error.log'), 'utf8') : ''),
    reload: () => child.kill('SIGHUP'),
    feed: response => new Promise((resolve, reject) => {
      let said = ''
      const socket = connect(join(place, 'socket'), () => socket.write(`set ssl ocsp-response ${response.toString('base64')}\n`))
      socket.on('data', data => { said += data }).once('end', () => resolve(said)).once('error', reject)
    })
  }))
}

/**
 * Have nginx or haproxy staple: what openssl's client sees in the handshake, and whether GnuTLS' client, which looks into it, goes on.
 * nginx asks the responder itself, or gives what is in `file`; haproxy gives `answer`.
 */
export function serveStapled (kind, { files, root, name, answer, file }) {
  return whileServing(kind, files, { directives: file ? `ssl_stapling on; ssl_stapling_file ${file};` : stapling(root), answer }, async port => {
    const text = await until(`${kind} staples`, () => stapled(port, name, root))
    const gnutls = await run('gnutls-cli', ['--x509cafile', root, '--sni-hostname', name, '--verify-hostname', name, '-p', String(port), '127.0.0.1'], { input: '', ms: 60_000 })
    return { text, accepted: gnutls.code === 0, said: gnutls.stdout + gnutls.stderr }
  })
}

/** openssl and GnuTLS both accept leaf + intermediates under the root, strictly. */
export async function verifyChain ({ chain, root, dir, name }) {
  const place = mkdtempSync(join(dir, 'verify-'))
  const file = join(place, 'chain.pem')
  writeFileSync(file, chain)
  const strict = await run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', name, '-CAfile', root, '-untrusted', file, file])
  assert.equal(strict.code, 0, strict.stdout + strict.stderr)
  const gnutls = await run('certtool', ['--verify', '--load-ca-certificate', root, '--infile', file, '--verify-hostname', name])
  assert.equal(gnutls.code, 0, gnutls.stdout + gnutls.stderr)
}
