/*
 * Certificates of anybody's, made by openssl: a little CA in a directory, with whatever extensions a test wants.
 *
 *   const pki = newPki()
 *   const ca = pki.chain()                          root → intermediate, P-256
 *   const leaf = ca.leaf('a.example', { days: 90 }) { cert, key, chain } as PEM text
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
const AKI = 'authorityKeyIdentifier=keyid\n'

class Pki {
  constructor () { this.dir = mkdtempSync(join(tmpdir(), 'chancery-pki-')); this.count = 0 }
  done () { rmSync(this.dir, { recursive: true, force: true }) }
  path (name) { return join(this.dir, name) }
  write (name, text) { writeFileSync(this.path(name), text); return this.path(name) }
  read (name) { return readFileSync(this.path(name), 'utf8') }
  openssl (args, input) { return execFileSync('openssl', args, { cwd: this.dir, input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 1 << 24 }) }

  key (algorithm = 'ec:prime256v1') {
    const [kind, value] = algorithm.split(':')
    const args = { ec: ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${value}`], rsa: ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${value}`] }[kind] ?? ['-algorithm', kind]
    return this.openssl(['genpkey', ...args]).toString()
  }

  /** by: what signs it ({ cert, key } PEM); none = itself. from, to: as openssl writes times, YYYYMMDDHHMMSSZ. */
  make (subject, { by, key, extensions = '', days = 365, algorithm, from, to, digest = 'sha256' } = {}) {
    const n = ++this.count
    key ??= this.key(algorithm)
    this.write(`${n}.key`, key)
    this.write(`${n}.cnf`, `[req]\ndistinguished_name=dn\n[dn]\n[x]\n${extensions}`)
    const config = ['-config', `${n}.cnf`]
    if (!by) {
      this.openssl(['req', '-x509', '-new', '-key', `${n}.key`, '-subj', subject, ...config, '-extensions', 'x', '-days', String(days), `-${digest}`, '-out', `${n}.pem`])
      if (!from) return { cert: this.read(`${n}.pem`), key }
      by = { cert: this.read(`${n}.pem`), key }
    }
    this.write(`${n}.by.pem`, by.cert)
    this.write(`${n}.by.key`, by.key)
    this.openssl(['req', '-new', '-key', `${n}.key`, '-subj', subject, ...config, '-out', `${n}.csr`])
    const serial = String(BigInt(`0x${n.toString(16).padStart(4, '0')}${Math.floor(Math.random() * 2 ** 40).toString(16)}`))
    if (from) { /* openssl ca is the one that takes dates */
      this.write('index.txt', '')
      this.write('serial', '01\n')
      this.write(`${n}.ca.cnf`, `[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=${digest}\npolicy=p\nunique_subject=no\nrand_serial=yes\nemail_in_dn=no\n[p]\ncommonName=supplied\norganizationName=optional\n[x]\n${extensions || 'keyUsage=digitalSignature'}`)
      this.openssl(['ca', '-batch', '-notext', '-config', `${n}.ca.cnf`, '-cert', `${n}.by.pem`, '-keyfile', `${n}.by.key`, '-in', `${n}.csr`, '-startdate', from, '-enddate', to, '-extensions', 'x', '-out', `${n}.pem`])
    } else {
      this.openssl(['x509', '-req', '-in', `${n}.csr`, '-CA', `${n}.by.pem`, '-CAkey', `${n}.by.key`, '-set_serial', serial, '-extfile', `${n}.cnf`, '-extensions', 'x', '-days', String(days), `-${digest}`, '-out', `${n}.pem`])
    }
    return { cert: this.read(`${n}.pem`), key }
  }

  chain ({ name = 'Test', algorithm, levels = 1 } = {}) {
    const root = this.make(`/O=${name} Org/CN=${name} Root`, { extensions: CA, days: 3650, algorithm })
    const cas = [root]
    for (let i = 1; i <= levels; i++) cas.push(this.make(`/O=${name} Org/CN=${name} CA ${i}`, { by: cas.at(-1), extensions: CA + AKI, days: 3600, algorithm }))
    const above = cas.slice(1).reverse().map(c => c.cert).join('')
    return {
      root,
      intermediates: above,
      cas,
      leaf: (domain, options = {}) => {
        const extensions = `basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\n${AKI}extendedKeyUsage=serverAuth\nsubjectAltName=${(options.names ?? [domain]).map(n => /^[\d.]+$/.test(n) ? `IP:${n}` : `DNS:${n}`).join(',')}\n${options.extensions ?? ''}`
        const made = this.make(`/CN=${domain}`, { by: cas.at(-1), algorithm, ...options, extensions })
        return { ...made, chain: made.cert + above }
      }
    }
  }
}

export const newPki = () => new Pki()
