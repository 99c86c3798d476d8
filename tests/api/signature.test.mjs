/* Every way to sign that the official SDKs have, and a signer made of a shell, openssl and curl. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { createHmac } from 'node:crypto'
import { run, startChancery } from '../lib/chancery.mjs'
import { call, intlKnows, noDns, send, signedHeaders, sslClient, VERSION } from './client.mjs'
import { checkAnswer } from './spec.mjs'

let server, account, id
before(async () => {
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  account = await server.createAccount()
  id = await server.apply(account, 'signature.maple.com', { Alias: 'ä b/+&=*~例', Tags: [{ TagKey: 'env', TagValue: 'a b/+&=' }] })
})
after(() => server?.stop())

const modes = []
for (const sdk of ['main', 'intl']) {
  for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1', 'HmacSHA256']) {
    for (const method of ['POST', 'GET']) modes.push({ sdk, signMethod, method })
  }
}
modes.push({ sdk: 'main', signMethod: 'TC3-HMAC-SHA256', method: 'POST', unsignedPayload: true })

const CertificateId = 'set below'
/* Every built action of the public API: parameters, and the refusal where the state of the certificate demands one. */
const every = root => [
  ['DescribeCertificateDetail', { CertificateId }],
  ['DescribeCertificateOperateLogs', { Limit: 1, Offset: 0, StartTime: '2026-01-01 00:00:00' }],
  ['CheckCertificateDomainVerification', { CertificateId }],
  ['CompleteCertificate', { CertificateId }],
  ['ModifyCertificateAlias', { CertificateId, Alias: 'ä b/+&=*~例' }],
  ['ModifyCertificateProject', { CertificateIdList: [CertificateId], ProjectId: 0 }],
  ['CheckCertificateChain', { CertificateChain: root }],
  ['DescribeHostCdnInstanceList', { CertificateId, IsCache: 0, Filters: [{ FilterKey: 'a', FilterValue: 'b' }] }],
  ['DownloadCertificate', { CertificateId }, 'FailedOperation.CertificateStatusNotAllowDownload'],
  ['DescribeDownloadCertificateUrl', { CertificateId, ServiceType: 'nginx' }, 'FailedOperation.CertificateStatusNotAllowDownload'],
  ['RevokeCertificate', { CertificateId }, 'FailedOperation.InvalidCertificateStatusCode']
]
const withId = parameters => JSON.parse(JSON.stringify(parameters).replaceAll(CertificateId, id))

for (const mode of modes) {
  test(`${mode.sdk} SDK, ${mode.signMethod}, ${mode.method}${mode.unsignedPayload ? ', unsigned payload' : ''}: every built action`, async () => {
    const client = sslClient(server, account, mode)
    const root = readFileSync(server.root, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/)[0]
    for (const [action, parameters, code] of every(root)) {
      if (mode.sdk === 'intl' && !intlKnows(action)) continue
      if (code) await assert.rejects(client[action](withId(parameters)), { code }, action)
      else if (mode.sdk === 'main') checkAnswer(action, await client[action](withId(parameters)))
      else await client[action](withId(parameters))
    }
  })

  test(`${mode.sdk} SDK, ${mode.signMethod}, ${mode.method}${mode.unsignedPayload ? ', unsigned payload' : ''}`, async () => {
    const client = sslClient(server, account, mode)
    const one = await client.DescribeCertificate({ CertificateId: id })
    assert.equal(one.Alias, 'ä b/+&=*~例')
    const list = await client.DescribeCertificates({
      Limit: 10, Offset: 0, SearchKey: '例', CertificateStatus: [0, 1], Tags: [{ TagKey: 'env', TagValue: 'a b/+&=' }]
    })
    if (mode.sdk === 'main') checkAnswer('DescribeCertificates', list) /* the other SDK fills its own model */
    assert.deepEqual(list.Certificates.map(c => c.CertificateId), [id])
    assert.equal((await client.DescribeCertificates({ SearchKey: 'nothing of the kind' })).TotalCount, 0)
    await assert.rejects(client.DescribeCertificate({ CertificateId: 'zzzzzzzz' }), { code: 'FailedOperation.CertificateNotFound' })
    await assert.rejects(client.DescribeCertificate({}), { code: 'MissingParameter' })
    if (mode.sdk === 'main') await assert.rejects(client.DescribeCertificates({ Colour: 'red' }), { code: 'UnknownParameter' })
    await assert.rejects(client.DescribeCertificates({ Limit: 'ten' }), { code: 'InvalidParameter' })
    const { CertificateId } = await client.ApplyCertificate({ DvAuthMethod: 'FILE', DomainName: 'flat.maple.com', DeleteDnsAutoRecord: false, ProjectId: 0 })
    assert.match(CertificateId, /^[A-Za-z0-9]{8}$/)
    assert.equal((await client.CancelAuditCertificate({ CertificateId })).Result, true)
    assert.equal((await client.DeleteCertificate({ CertificateId })).DeleteResult, true)
  })

  test(`${mode.sdk} SDK, ${mode.signMethod}, ${mode.method}${mode.unsignedPayload ? ', unsigned payload' : ''}: a wrong key is refused`, async () => {
    await assert.rejects(sslClient(server, { ...account, SecretKey: 'x'.repeat(32) }, mode).DescribeCertificates({}),
      { code: 'AuthFailure.SignatureFailure' })
    await assert.rejects(sslClient(server, { ...account, SecretId: `AKID${'x'.repeat(32)}` }, mode).DescribeCertificates({}),
      { code: 'AuthFailure.SecretIdNotFound' })
  })
}

test('nothing is done for somebody without an account, or who does not sign (ACC-01 ACC-08)', async () => {
  const actions = JSON.parse(readFileSync(new URL('../vectors/api/api-actions.json', import.meta.url), 'utf8'))
  const names = (actions.actions ?? actions).filter(a => a.service === 'ssl 2019-12-05').map(a => a.action)
  assert.ok(names.length > 60)
  const counts = () => server.sql('select (select count(*) from certificate) as c, (select count(*) from log) as l')
  const before = await counts()
  for (const name of names) {
    const unsigned = await send(server, { body: '{}', headers: { host: server.endpoint, 'content-type': 'application/json', 'x-tc-action': name, 'x-tc-version': VERSION, 'x-tc-timestamp': String(Math.floor(Date.now() / 1000)) } })
    assert.match(unsigned.json.Response.Error.Code, /^(AuthFailure\.|MissingParameter$)/, name)
    const stranger = await call(server, { SecretId: `AKID${'y'.repeat(32)}`, SecretKey: 'y'.repeat(32) }, name)
    assert.equal(stranger.error.Code, 'AuthFailure.SecretIdNotFound', name)
  }
  assert.deepEqual(await counts(), before)
})

const sign = fileURLToPath(new URL('sign.sh', import.meta.url))
async function shell (action, body, env = {}) {
  const { code, stdout, stderr } = await run('sh', [sign, `https://${server.endpoint}`, action, body],
    { env: { SECRET_ID: account.SecretId, SECRET_KEY: account.SecretKey, CA_FILE: server.root, ...env } })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout).Response
}

test('a shell script signs and is understood', async () => {
  checkAnswer('DescribeCertificates', await shell('DescribeCertificates', '{"Limit": 1}'))
  assert.equal((await shell('DescribeCertificate', JSON.stringify({ CertificateId: id }))).Domain, 'signature.maple.com')
  assert.equal((await shell('DescribeCertificates', '{}', { SERVICE: 'localhost:18080' })).Error, undefined)
  assert.equal((await shell('DescribeCertificates', '{}', { SECRET_KEY: 'wrong' })).Error.Code, 'AuthFailure.SignatureFailure')
  assert.equal((await shell('DescribeCertificates', '{}', { TIMESTAMP: '1551113065' })).Error.Code, 'AuthFailure.SignatureExpire')
})

test('the host may be signed with and without its port', async () => {
  for (const host of [server.endpoint, server.endpoint.replace(/:\d+$/, '')]) {
    const { host: _, ...headers } = signedHeaders(server, account, { action: 'DescribeCertificates', body: '{}', host })
    const reply = await send(server, { headers, body: '{}' })
    assert.equal(reply.json.Response.Error, undefined, reply.text)
  }
})

test('two equal TC3 requests in one second are both good', async () => {
  const timestamp = server.now()
  for (let i = 0; i < 2; i++) {
    assert.equal((await call(server, account, 'DescribeCertificates', '{}', { sign: { timestamp } })).error, undefined)
  }
})

/* ---- v1 by hand ---- */

function v1 (parameters, { hash = 'sha256', method = 'GET' } = {}) {
  const all = {
    Action: 'DescribeCertificates', Version: VERSION, Timestamp: server.now(), Nonce: Math.floor(Math.random() * 1e9) + 1,
    SecretId: account.SecretId, Region: '', SignatureMethod: hash === 'sha1' ? 'HmacSHA1' : 'HmacSHA256', ...parameters
  }
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name]
  const text = Object.keys(all).sort().map(k => `${k}=${all[k]}`).join('&')
  const signature = createHmac(hash, account.SecretKey).update(`${method}${server.endpoint}/?${text}`).digest('base64')
  return new URLSearchParams({ ...all, Signature: signature }).toString()
}
const get = async query => (await send(server, { method: 'GET', path: `/?${query}` })).json.Response

test('a v1 request is good once', async () => {
  const query = v1({})
  assert.equal((await get(query)).Error, undefined)
  assert.equal((await get(query)).Error.Code, 'AuthFailure.SignatureFailure')
})

test('two v1 calls of one second may have drawn the same nonce', async () => {
  const Nonce = 4711
  const Timestamp = server.now()
  assert.equal((await get(v1({ Nonce, Timestamp, Limit: '1' }))).Error, undefined)
  assert.equal((await get(v1({ Nonce, Timestamp, Limit: '2' }))).Error, undefined)
  assert.equal((await get(v1({ Nonce, Timestamp, Limit: '2' }))).Error.Code, 'AuthFailure.SignatureFailure')
})

const refusedV1 = [
  ['an old time stamp', () => v1({ Timestamp: server.now() - 301 }), 'AuthFailure.SignatureExpire'],
  ['no time stamp', () => v1({ Timestamp: undefined }), 'MissingParameter'],
  ['no nonce', () => v1({ Nonce: undefined }), 'AuthFailure.InvalidAuthorization'],
  ['another hash', () => v1({ SignatureMethod: 'HmacMD5' }), 'AuthFailure.InvalidAuthorization'],
  ['another version', () => v1({ Version: '2017-03-12' }), 'NoSuchVersion'],
  ['another action', () => v1({ Action: 'MakeCoffee' }), 'InvalidAction'],
  ['a changed parameter', () => v1({ Limit: '1' }).replace('Limit=1', 'Limit=2'), 'AuthFailure.SignatureFailure'],
  ['an added parameter', () => v1({}) + '&Limit=2', 'AuthFailure.SignatureFailure'],
  ['a parameter twice', () => v1({ Limit: '1' }) + '&Limit=2', 'InvalidParameterValue'],
  ['a signature of the other hash', () => v1({}, { hash: 'sha1' }).replace('HmacSHA1', 'HmacSHA256'), 'AuthFailure.SignatureFailure'],
  ['no signature', () => v1({}).replace(/&Signature=.*/, ''), 'AuthFailure.SignatureFailure'],
  ['a bad escape', () => v1({}) + '&Limit=%zz', 'InvalidParameter'],
  ['an unknown parameter', () => v1({ Colour: 'red' }), 'UnknownParameter'],
  ['a list with a gap', () => v1({ 'CertIds.0': 'a', 'CertIds.2': 'b' }), 'UnknownParameter'],
  ['a number that is none', () => v1({ Limit: '0x10' }), 'InvalidParameter'],
  ['temporary credentials', () => v1({ Token: 'abc' }), 'AuthFailure.TokenFailure']
]
for (const [what, query, code] of refusedV1) {
  test(`v1, ${what}: ${code}`, async () => assert.equal((await get(query())).Error?.Code, code))
}

test('v1 without SignatureMethod means HmacSHA1', async () => {
  const query = v1({ SignatureMethod: undefined }, { hash: 'sha1' })
  assert.equal((await get(query)).Error, undefined)
})
