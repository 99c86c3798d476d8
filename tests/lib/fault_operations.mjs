/*
 * The main operations, for the tests that fail one call of them (fault_walk.mjs), and what must hold whatever failed.  An
 * operation is begun (nothing fails yet), acts (something may fail), and is settled: told whether the act failed, it proves
 * that the act stands or does not, as the answer said, and brings it to its end, where nothing more fails.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiError, PATIENCE_MS, file, sleep, startChancery, until } from './chancery.mjs'
import { startDns } from './dns.mjs'
import { Acme, b64u, ders, makeCsr } from './acme.mjs'
import { Fault } from './fault.mjs'
import { moneyQuestions } from './money.mjs'
import { newPki } from './pki.mjs'
import { placeRecords } from './place.mjs'

const WAIT_MS = Number(process.env.CHANCERY_FAULT_WAIT_MS ?? PATIENCE_MS)
const ZONES = 40
const FREE_EACH = 18 /* a free allowance is soon used up: applications an account */
const LOOK_MS = 8000 /* LIMIT_PROBE_TOTAL_MS is 10000: who waits that long has not noticed that it failed */
const LEASE_SEC = 120 /* JOB_LEASE_SEC of src/core/job.c */
const NUDGE_FIRST_MS = 250
const NUDGE_LAST_MS = 20_000
const POOL = 16 /* certificates that are issued beforehand, side by side */
const ecc = { PackageType: '2', CsrEncryptAlgo: 'ECC' }

export const isRefusal = e => e instanceof ApiError
export const isSystem = e => !isRefusal(e) || /SystemError|InternalError|NetworkError|GenCSRFail/.test(e.code)

/* Until it succeeds; a refusal that is not about the system is one too many. */
function patiently (what, fn) {
  let refused
  return until(what, async () => {
    try {
      return [await fn()]
    } catch (e) {
      if (isSystem(e)) throw e
      refused = e
      return [undefined]
    }
  }, WAIT_MS).then(([value]) => { if (refused) throw refused; return value })
}

/** A service whose calls can be made to fail, with its name server. */
export async function startOperations () {
  const dir = mkdtempSync(join(tmpdir(), 'chancery-fault-'))
  const o = new Operations()
  o.fault = new Fault(dir)
  o.pki = newPki()
  o.dns = await startDns({ zones: Array.from({ length: ZONES }, (_, i) => ({ name: `fault${i}.com` })) })
  o.c = await startChancery({ dns: o.dns, dir, env: o.fault.env, settings: { 'limits.rate': 'off', 'issuance.off': 'dv-rsa' } }) /* RSA: what is held for ever */
  o.agent = new http.Agent({ keepAlive: false })
  return o
}

class Operations {
  made = 0
  applicant = { account: null, used: 0 }
  pool = []

  async stop () {
    this.fault.disarm()
    await this.c?.stop()
    await this.dns?.stop()
    this.pki.done()
    this.fault.close()
  }

  async applicantFor () {
    if (!this.applicant.account || this.applicant.used++ >= FREE_EACH) {
      const account = await patiently('account', () => this.c.createAccount({ name: `applicant ${this.made}`, level: 'v2', balance: 100_000_000 }))
      this.applicant = { account, used: 1 }
    }
    return this.applicant.account
  }

  name (letter) { return `${letter}${++this.made}.fault${this.made % ZONES}.com` }

  describe ({ owner, id }) { return patiently('describe', () => this.c.describe(owner, id)) }

  async standing (owner, name) {
    const { Certificates } = await patiently(`list ${name}`, () => this.c.call(owner, 'DescribeCertificates', { SearchKey: name }))
    return Certificates.filter(x => x.Domain === name).map(x => x.CertificateId)
  }

  async applied (name) {
    const owner = await this.applicantFor()
    return { owner, name, id: await patiently(`apply ${name}`, () => this.c.apply(owner, name, ecc)) }
  }

  async place ({ owner, id }) { await placeRecords(this.dns, await patiently('proofs', () => this.c.proofs(owner, id))) }

  /**
   * Until it is so.  Where nothing goes on the clock is moved, so that jobs come to their next look, or to the end of the lease of one that
   * was lost; each time later, because a clock that runs ahead of a slow machine ends the lease of whoever is at it just now, for ever.
   */
  async goOn (what, seconds, isSo, ask) {
    let pause = NUDGE_FIRST_MS
    let asked = Date.now()
    await until(what, async () => {
      if (await isSo()) return true
      if (Date.now() - asked < pause) return false
      await this.c.moveClock(seconds)
      await ask?.()
      asked = Date.now()
      pause = Math.min(pause * 1.5, NUDGE_LAST_MS)
      return false
    }, WAIT_MS)
  }

  async waitIssued (it) {
    let last
    const isSo = async () => {
      const { Status, StatusMsg } = await this.describe(it)
      assert.ok(Status === 0 || Status === 1, `status ${Status} ${StatusMsg}`)
      last = StatusMsg
      return Status === 1
    }
    await this.complete(it)
    await this.goOn(`${it.id} issued`, LEASE_SEC + 1, isSo, () => this.complete(it)).catch(e => { throw new Error(`${e.message}; ${last}`) })
  }

  complete ({ owner, id }) {
    return this.c.call(owner, 'CompleteCertificate', { CertificateId: id }).catch(e => assert.ok(isSystem(e) || /NotFoundOrAudited/.test(e.code), e.message))
  }

  async issued () {
    if (this.pool.length === 0) {
      for (let i = 0; i < POOL; i++) this.pool.push(await this.applied(this.name('p')))
      for (const it of this.pool) await this.place(it)
      for (const it of this.pool) await this.complete(it)
      for (const it of this.pool) await this.waitIssued(it) /* one after the other: a clock that one moves makes the others' requests too old */
    }
    return this.pool.pop()
  }

  async serialOf (it) {
    return new X509Certificate(file(await patiently('download', () => this.c.download(it.owner, it.id)), 'Nginx', '_bundle.crt')).serialNumber
  }

  /** As the command line asks, without a process for each. */
  control (path, body) {
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: `${this.c.data}/control.sock`, path, method: 'POST', agent: this.agent, headers: { 'Content-Type': 'application/json' }, timeout: PATIENCE_MS }, reply => {
        const parts = []
        reply.on('data', d => parts.push(d))
        reply.once('error', reject)
        reply.once('end', () => {
          const text = Buffer.concat(parts).toString()
          if (reply.headers['content-type'] !== 'application/json') return reject(new ApiError({ Code: 'InternalError', Message: text }))
          const answer = JSON.parse(text)
          if (answer.Error) reject(new ApiError(answer.Error))
          else resolve(answer)
        })
      })
      request.once('error', reject)
      request.once('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)))
      request.end(JSON.stringify(body))
    })
  }

  async cleanAudit () {
    const { Clean, Findings } = await patiently('an audit', () => this.control('/control/audit', {}))
    assert.deepEqual([Clean, Findings], [true, []])
  }

  thisUpdate () {
    return until('the list', async () => {
      const reply = await fetch(`${this.c.publicUrl}/crl/dv-ecc/1.crl`)
      assert.equal(reply.status, 200)
      return /\d{12}Z/.exec(Buffer.from(await reply.arrayBuffer()).toString('latin1'))[0] /* the first time in it */
    })
  }

  balance (owner) { return patiently('balance', async () => (await this.c.call(owner, 'DescribeBalance', {})).Balance) }

  /** One request of ACME; what is refused is an error here. */
  async acmePost (url, payload) {
    const client = this.client
    client.nonces.length = Math.min(client.nonces.length, 1) /* those of a program that is no more are no good */
    const reply = await client.post(url, payload)
    if (reply.status >= 400) throw new ApiError({ Code: reply.status >= 500 ? 'InternalError' : reply.type ?? 'InternalError', Message: reply.body?.detail ?? reply.text })
    return reply
  }

  /** As far as it is not there yet, from newOrder to revoke-cert; what came of it is noted in `it`. */
  async acmeOrder (it) {
    it.order ??= await this.acmePost(this.client.url('new-order'), { identifiers: [{ type: 'dns', value: it.name }] })
    const status = async url => (await this.acmePost(url)).body.status
    const [authorization] = it.order.body.authorizations
    if (!it.isProved) {
      const { challenges } = (await this.acmePost(authorization)).body
      const challenge = challenges.find(ch => ch.type === 'dns-01')
      await this.dns.setRecord(`_acme-challenge.${it.name}`, 'TXT', this.client.dnsValue(challenge))
      const { body } = await this.acmePost(challenge.url, {})
      if (body.status !== 'valid') await until(`${it.name} proved`, async () => await status(authorization) !== 'pending' && await status(challenge.url) === 'valid', WAIT_MS)
      it.isProved = true
    }
    if (await status(it.order.location) === 'ready') await this.acmePost(it.order.body.finalize, { csr: b64u(it.csr) })
    if (await status(it.order.location) !== 'valid') await this.goOn(`${it.name} issued`, LEASE_SEC + 1, async () => await status(it.order.location) === 'valid')
    it.certificate ??= (await this.acmePost(it.order.location)).body.certificate
    it.leaf = ders((await this.acmePost(it.certificate)).text)[0]
    it.isRevoked = false
    await this.acmePost(this.client.url('revoke-cert'), { certificate: b64u(it.leaf), reason: 4 })
    it.isRevoked = true
  }

  /** An act with one outcome that can be seen: done or not, as the answer said, and then done for good. */
  async doneOrNot (error, isDone, again) {
    const done = await isDone()
    if (!error) assert.ok(done, 'it was answered, and is not done')
    else if (isRefusal(error)) assert.ok(!done, `refused with ${error.message}, and it is done`)
    if (!done) await patiently('again', again)
    assert.ok(await isDone())
  }

  /** What must hold in the database at any moment. */
  async nothingHalf () {
    const nothing = async (what, query) => assert.deepEqual(await this.c.sql(query), [], what)
    await nothing('an account without its user', 'SELECT a.account_id FROM account a LEFT JOIN member m ON m.account_id = a.account_id WHERE m.user_id IS NULL')
    await nothing('an account without a key', 'SELECT a.account_id FROM account a LEFT JOIN api_key k ON k.account_id = a.account_id WHERE k.key_id IS NULL')
    await nothing('an application without its proofs', 'SELECT certificate_id FROM certificate WHERE status = 0 AND certificate_id NOT IN (SELECT certificate_id FROM validation)')
    await nothing('a certificate without an order', `SELECT certificate_id FROM certificate WHERE source <> 'upload' AND order_id NOT IN (SELECT order_id FROM cert_order)`)
    await nothing('a key of nobody', 'SELECT key_id FROM cert_key WHERE key_id NOT IN (SELECT key_id FROM certificate)')
    await nothing('issued without its bytes', "SELECT c.certificate_id FROM certificate c LEFT JOIN issued i ON i.issued_id = c.issued_id WHERE c.source <> 'upload' AND c.status = 1 AND (i.der IS NULL OR length(i.der) = 0)")
    await nothing('issued twice', "SELECT certificate_id FROM issued WHERE state = 'issued' GROUP BY certificate_id HAVING count(*) > 1")
    await nothing('revoked, and its bytes are good', "SELECT c.certificate_id FROM certificate c JOIN issued i ON i.certificate_id = c.certificate_id WHERE c.status = 10 AND i.state = 'issued' AND i.revoked_at = 0")
    for (const [what, query] of moneyQuestions(this.c.now()).filter(([what]) => !/^an issued one holds/.test(what))) await nothing(what, query)
    assert.equal((await this.c.sql('PRAGMA integrity_check'))[0].integrity_check, 'ok')
  }
}

/** name → { begin, act, settle } of a running service. */
export const operations = {
  account: {
    begin: async o => ({ name: o.name('account') }),
    act: async (o, it) => { it.account = await o.control('/control/account', { Name: it.name }) },
    settle: async (o, it) => {
      if (!it.account) it.account = await patiently('account', () => o.control('/control/account', { Name: it.name }))
      await patiently('its key', () => o.c.call(it.account, 'DescribeCertificates', {}))
    }
  },
  apply: {
    begin: async o => ({ owner: await o.applicantFor(), name: o.name('a') }),
    act: async (o, it) => { it.id = await o.c.apply(it.owner, it.name, ecc) },
    settle: async (o, it, error) => {
      const there = await o.standing(it.owner, it.name)
      if (it.id) assert.deepEqual(there, [it.id])
      else if (isRefusal(error)) assert.deepEqual(there, [], `refused with ${error.message}, and it stands`)
      if (there.length === 0) it.id = await patiently('apply again', () => o.c.apply(it.owner, it.name, ecc))
      assert.ok(there.length < 2)
    }
  },
  look: { /* at a record that is not there; what the prober cannot look at it says so at once */
    begin: async o => {
      o.looked ??= await o.applied(o.name('l'))
      await o.c.moveClock(61) /* a name is looked at once in so long */
      return { ...o.looked }
    },
    act: async (o, it) => {
      const began = Date.now()
      it.result = (await o.c.check(it.owner, it.id)).VerificationResults[0]
      it.took = Date.now() - began
    },
    settle: async (o, it) => {
      if (!it.result) return
      const { LocalCheck, LocalCheckFailReason } = it.result
      assert.ok(LocalCheck === -1 || (LocalCheck === -3 && /it is tried again/.test(LocalCheckFailReason)), LocalCheckFailReason)
      if (it.took >= LOOK_MS) throw Object.assign(new Error(`it took ${it.took} ms, like a name server that does not answer`), { isSlow: true })
    }
  },
  issue: {
    begin: async o => {
      const it = await o.applied(o.name('i'))
      await o.place(it)
      return it
    },
    act: async (o, it) => {
      await o.c.call(it.owner, 'CompleteCertificate', { CertificateId: it.id })
      for (let i = 0; i < 40; i++) { /* as long as a good one takes, or a little more */
        if ((await o.c.describe(it.owner, it.id)).Status === 1) return
        await sleep(10)
      }
    },
    settle: async (o, it) => {
      await o.waitIssued(it)
      const serial = await o.serialOf(it)
      assert.equal(await o.serialOf(it), serial)
    }
  },
  download: {
    once: true, /* one certificate is enough */
    begin: o => o.issued(),
    act: (o, it) => o.c.download(it.owner, it.id),
    settle: (o, it) => o.serialOf(it)
  },
  cancel: {
    begin: o => o.applied(o.name('c')),
    act: (o, it) => o.c.call(it.owner, 'CancelAuditCertificate', { CertificateId: it.id }),
    settle: (o, it, error) => o.doneOrNot(error, async () => {
      const { Status } = await o.describe(it)
      assert.ok(Status === 0 || Status === 7, `status ${Status}`)
      return Status === 7
    }, () => o.c.call(it.owner, 'CancelAuditCertificate', { CertificateId: it.id }))
  },
  revoke: { /* a compromised key: at once */
    begin: o => o.issued(),
    act: (o, it) => o.c.call(it.owner, 'RevokeCertificate', { CertificateId: it.id, Reason: 'keyCompromise' }),
    settle: (o, it, error) => o.doneOrNot(error, async () => {
      const { Status } = await o.describe(it)
      assert.ok(Status === 1 || Status === 10, `status ${Status}`)
      return Status === 10
    }, () => o.c.call(it.owner, 'RevokeCertificate', { CertificateId: it.id, Reason: 'keyCompromise' }))
  },
  cancelHeld: { /* proved, its serial is written down, the signer has it: given up, and nothing is ever issued for it */
    begin: async o => {
      const owner = await o.applicantFor(), name = o.name('h')
      const it = { owner, name, id: await patiently(`apply ${name}`, () => o.c.apply(owner, name, { ...ecc, CsrEncryptAlgo: 'RSA' })) }
      await o.place(it)
      await o.complete(it)
      await o.goOn('held', LEASE_SEC + 1, async () => /switched off/.test((await o.describe(it)).StatusMsg), () => o.complete(it))
      return it
    },
    act: (o, it) => o.c.call(it.owner, 'CancelAuditCertificate', { CertificateId: it.id }),
    settle: async (o, it, error) => {
      await operations.cancel.settle(o, it, error)
      const left = `SELECT state FROM issued WHERE certificate_id = '${it.id}' AND (state <> 'dead' OR revoked_at = 0)`
      await o.goOn('given up and revoked', LEASE_SEC + 1, async () => (await o.c.sql(left)).length === 0)
    }
  },
  revokeFollowed: { /* its reissue goes with it: cancelled, or revoked where it is issued already (RVK-08) */
    begin: async o => {
      const it = await o.issued()
      const ask = { CertificateId: it.id, ValidType: 'DNS', CsrType: 'online', CertCSREncryptAlgo: 'ECC' }
      it.next = (await patiently('reissue', () => o.c.call(it.owner, 'ReplaceCertificate', ask))).CertificateId
      return it
    },
    act: (o, it) => operations.revoke.act(o, it),
    settle: async (o, it, error) => {
      const next = async () => (await o.describe({ owner: it.owner, id: it.next })).Status
      const { Status } = await o.describe(it)
      assert.ok((Status === 10 ? [7, 10] : [0, 1]).includes(await next()), `its status is ${Status}, that of its reissue ${await next()}`)
      await operations.revoke.settle(o, it, error)
      assert.ok([7, 10].includes(await next()))
    }
  },
  revokeProved: { /* an ordinary request: filed, proved by a record, revoked */
    begin: async o => o.issued(),
    act: async (o, it) => {
      it.auths = (await o.c.call(it.owner, 'RevokeCertificate', { CertificateId: it.id })).RevokeDomainValidateAuths
      for (const a of it.auths) await o.dns.setRecord(a.DomainValidateAuthKey, 'TXT', a.DomainValidateAuthValue)
      await o.c.call(it.owner, 'CompleteCertificate', { CertificateId: it.id })
    },
    settle: async (o, it, error) => {
      let { Status, DvRevokeAuthDetail } = await o.describe(it)
      if (Status === 1) {
        assert.ok(!it.auths, 'it was filed, and is not')
        await patiently('file', () => o.c.call(it.owner, 'RevokeCertificate', { CertificateId: it.id }))
        ;({ Status, DvRevokeAuthDetail } = await o.describe(it))
      }
      if (Status === 9) for (const a of DvRevokeAuthDetail) await o.dns.setRecord(a.DvAuthKey, 'TXT', a.DvAuthValue)
      await o.complete(it)
      await o.goOn('revoked', 61, async () => (await o.describe(it)).Status === 10, () => o.complete(it)) /* a name is looked at once in so long */
    }
  },
  upload: {
    begin: async o => {
      const name = 'uploaded.example.com'
      o.leaf ??= o.pki.chain().leaf(name, { days: 90 })
      return { owner: await o.applicantFor(), name, ...o.leaf }
    },
    act: async (o, it) => { it.id = await uploadOf(o, it) },
    settle: async (o, it, error) => {
      const there = await o.standing(it.owner, it.name)
      if (it.id) assert.deepEqual(there, [it.id])
      else if (isRefusal(error)) assert.deepEqual(there, [], `refused with ${error.message}, and it stands`)
      if (there.length === 0) it.id = await patiently('upload again', () => uploadOf(o, it))
      assert.ok(there.length < 2)
      const id = there[0] ?? it.id
      await o.serialOf({ owner: it.owner, id })
      await patiently('delete', () => o.c.call(it.owner, 'DeleteCertificate', { CertificateId: id }).catch(e => { if (e.code !== 'FailedOperation.CertificateNotFound') throw e }))
    }
  },
  buy: { /* and what was bought goes back: the money is there again */
    begin: async o => {
      const owner = await o.applicantFor()
      return { owner, token: o.name('token'), had: await o.balance(owner) }
    },
    act: async (o, it) => {
      it.order = (await buyOf(o, it)).DealIds[0]
      await o.c.call(it.owner, 'RefundOrder', { OrderId: it.order })
    },
    settle: async (o, it, error) => {
      const { DealIds: [order], CertificateIds: [id] } = await patiently('buy again', () => buyOf(o, it)) /* the same token: bought once */
      if (it.order) assert.equal(order, it.order)
      const { Orders: [{ State }] } = await patiently('orders', () => o.c.call(it.owner, 'DescribeOrders', { CertificateId: id }))
      if (!error) assert.equal(State, 'refunded')
      else if (isRefusal(error)) assert.equal(State, 'paid', `refused with ${error.message}`)
      if (State === 'paid') await patiently('refund again', () => o.c.call(it.owner, 'RefundOrder', { OrderId: order }))
      assert.equal(await o.balance(it.owner), it.had)
    }
  },
  acme: { /* all of an order, and its end */
    stride: 5,
    begin: async o => {
      if (!o.client) {
        const owner = await o.applicantFor()
        const { KeyId, HmacKey } = await patiently('a binding', () => o.c.call(owner, 'CreateExternalAccount', {}))
        o.client = new Acme(o.c)
        await patiently('an ACME account', () => o.client.register({ external: { keyId: KeyId, hmacKey: HmacKey } }))
      }
      const name = o.name('m')
      const { csr, key } = await makeCsr(o.c.dir, [name], { key: o.acmeKey })
      o.acmeKey = key
      return { name, csr }
    },
    act: (o, it) => o.acmeOrder(it),
    settle: async (o, it, error) => {
      const state = () => o.c.sql(`SELECT i.revoked_at > 0 AS revoked, i.der FROM issued i JOIN certificate c ON c.certificate_id = i.certificate_id WHERE c.domain = '${it.name}' AND i.state = 'issued'`)
      if (!error) assert.equal((await state())[0].revoked, 1, 'it was answered, and is not revoked')
      else if (isRefusal(error) && it.isRevoked === false) assert.equal((await state())[0].revoked, 0, `refused with ${error.message}, and it is revoked`)
      const { leaf } = it
      if (!it.isRevoked) await patiently(`${it.name} to its end`, () => o.acmeOrder(it).catch(e => { if (e.code !== 'alreadyRevoked') throw e }))
      if (leaf) assert.deepEqual(it.leaf, leaf)
      const rows = await state()
      assert.deepEqual([rows.length, rows[0].revoked], [1, 1], 'one certificate, and revoked')
    }
  },
  audit: {
    begin: async () => ({}),
    act: o => o.control('/control/audit', {}),
    settle: o => o.cleanAudit()
  },
  crl: {
    begin: async o => ({ old: await o.thisUpdate() }),
    act: async (o, it) => {
      await o.c.moveClock(86400)
      for (let i = 0; i < 30 && await o.thisUpdate() === it.old; i++) await sleep(50)
    },
    settle: (o, it) => o.goOn('a newer list', LEASE_SEC + 1, async () => await o.thisUpdate() !== it.old)
  }
}

const uploadOf = async (o, { owner, chain, key }) => (await o.c.call(owner, 'UploadCertificate', { CertificatePublicKey: chain, CertificatePrivateKey: key, CertificateType: 'SVR' })).CertificateId
const buyOf = (o, { owner, token }) => o.c.call(owner, 'CreateCertificate', { ProductId: 48, DomainNum: 1, TimeSpan: 1, ClientToken: token })
