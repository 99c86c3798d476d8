/* The envelope and its refusals: whatever comes in, the answer is HTTP 200, exact type, one Error with a code that tells. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery, until } from '../lib/chancery.mjs'
import { call, commonClient, noDns, send, signedHeaders, sslClient, VERSION } from './client.mjs'
import { actions, checkAnswer } from './spec.mjs'

let server, account
before(async () => {
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  account = await server.createAccount()
})
after(() => server?.stop())

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function checkEnvelope (reply) {
  assert.equal(reply.status, 200, reply.text)
  assert.equal(reply.headers['content-type'], 'application/json')
  assert.deepEqual(Object.keys(reply.json), ['Response'])
  assert.match(reply.json.Response.RequestId, UUID)
  assert.equal(reply.text, JSON.stringify(reply.json), 'compact JSON')
}

function checkError (reply, code) {
  checkEnvelope(reply)
  const { Error, RequestId, ...rest } = reply.json.Response
  assert.equal(Error?.Code, code, reply.text)
  assert.ok(Error.Message.length > 10, 'a sentence')
  assert.deepEqual(Object.keys(Error), ['Code', 'Message'])
  assert.deepEqual(rest, {})
}

test('a good answer has no Error and a new RequestId each time', async () => {
  const a = await call(server, account, 'DescribeCertificates')
  const b = await call(server, account, 'DescribeCertificates')
  for (const reply of [a, b]) {
    checkEnvelope(reply)
    assert.ok(!('Error' in reply.answer), reply.text)
    checkAnswer('DescribeCertificates', reply.answer)
  }
  assert.notEqual(a.answer.RequestId, b.answer.RequestId)
})

test('no body counts as no parameters; any path is good', async () => {
  checkAnswer('DescribeCertificates', (await call(server, account, 'DescribeCertificates', '')).answer)
  checkAnswer('DescribeCertificates', (await call(server, account, 'DescribeCertificates', '{}', { path: '/some/path' })).answer)
  checkAnswer('DescribeCertificates', (await call(server, account, 'DescribeCertificates', '{}', { path: '/some/path', sign: { path: '/some/path' } })).answer)
})

const old = () => Math.floor(Date.now() / 1000) - 301
const early = () => Math.floor(Date.now() / 1000) + 360 /* it is a little less when it arrives */
const deep = '{"Tags":' + '['.repeat(100000) + ']'.repeat(100000) + '}'

/* what is wrong, [action, body, { sign, headers }], code */
const refused = [
  ['no JSON', ['DescribeCertificates', '{'], 'InvalidParameter'],
  ['JSON with something after it', ['DescribeCertificates', '{} {}'], 'InvalidParameter'],
  ['a list', ['DescribeCertificates', '[]'], 'InvalidParameter'],
  ['a number', ['DescribeCertificates', '1'], 'InvalidParameter'],
  ['a key twice', ['DescribeCertificates', '{"Limit":1,"Limit":2}'], 'InvalidParameter'],
  ['JSON as deep as the sea', ['DescribeCertificates', deep], 'InvalidParameter'],
  ['broken UTF-8', ['DescribeCertificates', '{"SearchKey":"\ud800"}'.replace('\ud800', '\\ud800')], 'InvalidParameter'],
  ['text for a number', ['DescribeCertificates', '{"Limit":"10"}'], 'InvalidParameter'],
  ['a fraction', ['DescribeCertificates', '{"Limit":1.5}'], 'InvalidParameter'],
  ['a negative offset', ['DescribeCertificates', '{"Offset":-1}'], 'InvalidParameterValue'],
  ['a number over all bounds', ['DescribeCertificates', '{"Limit":123456789012345678901234567890}'], 'InvalidParameter'],
  ['a number for text', ['DescribeCertificates', '{"SearchKey":1}'], 'InvalidParameter'],
  ['a number for a list', ['DescribeCertificates', '{"CertificateStatus":1}'], 'InvalidParameter'],
  ['text in a list of numbers', ['DescribeCertificates', '{"CertificateStatus":["1"]}'], 'InvalidParameter'],
  ['text for a tag', ['DescribeCertificates', '{"Tags":["a"]}'], 'InvalidParameter'],
  ['a state that does not exist', ['DescribeCertificates', '{"CertificateStatus":[99]}'], 'InvalidParameterValue'],
  ['a sort that does not exist', ['DescribeCertificates', '{"ExpirationSort":"UP"}'], 'InvalidParameterValue'],
  ['text over its limit', ['DescribeCertificates', JSON.stringify({ SearchKey: 'x'.repeat(1000) })], 'InvalidParameterValue'],
  ['an unknown parameter', ['DescribeCertificates', '{"Colour":"red"}'], 'UnknownParameter'],
  ['an unknown parameter inside', ['DescribeCertificates', '{"Tags":[{"TagKey":"a","Colour":"red"}]}'], 'UnknownParameter'],
  ['a missing parameter', ['DescribeCertificate', '{}'], 'MissingParameter'],
  ['a missing parameter of several', ['ApplyCertificate', '{"DvAuthMethod":"DNS"}'], 'MissingParameter'],
  ['no such action', ['MakeCoffee', '{}'], 'InvalidAction'],
  ['an action in the wrong case', ['describecertificates', '{}'], 'InvalidAction'],
  ['no action', [undefined, '{}'], 'MissingParameter'],
  ['another version', ['DescribeCertificates', '{}', { sign: { version: '2017-03-12' } }], 'NoSuchVersion'],
  ['no version', ['DescribeCertificates', '{}', { headers: { 'x-tc-version': undefined } }], 'MissingParameter'],
  ['an action of the other service', ['DescribeCertificates', '{}', { sign: { version: '2018-08-13' } }], 'InvalidAction'],
  ['an action that is not built', ['UploadConfirmLetter', '{}'], 'UnsupportedOperation'],
  ['no signature', ['DescribeCertificates', '{}', { headers: { authorization: undefined } }], 'AuthFailure.InvalidAuthorization'],
  ['SKIP', ['DescribeCertificates', '{}', { headers: { authorization: 'SKIP' } }], 'AuthFailure.InvalidAuthorization'],
  ['half a header', ['DescribeCertificates', '{}', { headers: { authorization: 'TC3-HMAC-SHA256 Credential=' } }], 'AuthFailure.InvalidAuthorization'],
  ['another key', ['DescribeCertificates', '{}', { sign: { secretKey: 'x'.repeat(32) } }], 'AuthFailure.SignatureFailure'],
  ['an unknown SecretId (ACC-01)', ['DescribeCertificates', '{}', { sign: { secretId: `AKID${'x'.repeat(32)}` } }], 'AuthFailure.SecretIdNotFound'],
  ['a strange SecretId', ['DescribeCertificates', '{}', { sign: { secretId: "AKID' OR 1=1 --" } }], 'AuthFailure.SecretIdNotFound'],
  ['another path than signed for', ['DescribeCertificates', '{}', { sign: { path: '/other' } }], 'AuthFailure.SignatureFailure'],
  ['another host', ['DescribeCertificates', '{}', { sign: { host: 'ssl.example.com' }, headers: { host: undefined } }], 'AuthFailure.SignatureFailure'],
  ['an old time stamp', ['DescribeCertificates', '{}', { sign: { get timestamp () { return old() } } }], 'AuthFailure.SignatureExpire'],
  ['a time stamp from the future', ['DescribeCertificates', '{}', { sign: { get timestamp () { return early() } } }], 'AuthFailure.SignatureExpire'],
  ['a time stamp that is none', ['DescribeCertificates', '{}', { headers: { 'x-tc-timestamp': 'now' } }], 'AuthFailure.SignatureExpire'],
  ['no time stamp', ['DescribeCertificates', '{}', { headers: { 'x-tc-timestamp': undefined } }], 'MissingParameter'],
  ['a date that is not the time stamp’s', ['DescribeCertificates', '{}', { sign: { date: '2019-02-25' } }], 'AuthFailure.SignatureFailure'],
  ['temporary credentials', ['DescribeCertificates', '{}', { headers: { 'x-tc-token': 'abc' } }], 'AuthFailure.TokenFailure']
]
for (const [what, [action, body, options], code] of refused) {
  test(`${what}: ${code}`, async () => checkError(await call(server, account, action, body, options), code))
}

test('a body that was changed on the way is refused', async () => {
  const headers = signedHeaders(server, account, { action: 'DescribeCertificates', body: '{"Limit":10}' })
  checkError(await send(server, { headers, body: '{"Limit":11}' }), 'AuthFailure.SignatureFailure')
})

test('other methods than GET and POST are refused', async () => {
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const headers = signedHeaders(server, account, { action: 'DescribeCertificates', body: '' })
    checkError(await send(server, { method, headers }), 'UnsupportedProtocol')
  }
})

test('what is nobody’s is an unknown action', async () => {
  checkError(await send(server, { method: 'POST', path: '/', body: '{}' }), 'InvalidAction')
  checkError(await send(server, { method: 'GET', path: '/nothing/here' }), 'InvalidAction')
})

test('the foreign id answers as the missing one', async () => {
  const other = await server.createAccount({ name: 'other' })
  const id = await server.apply(other, 'foreign.maple.com')
  for (const [action, more] of [['DescribeCertificate'], ['DescribeCertificateDetail'], ['DownloadCertificate'], ['DeleteCertificate'],
    ['CancelAuditCertificate'], ['CompleteCertificate'], ['CheckCertificateDomainVerification']]) {
    const errors = []
    for (const CertificateId of [id, 'zzzzzzzz']) {
      const reply = await call(server, account, action, { CertificateId, ...more })
      checkEnvelope(reply)
      errors.push({ ...reply.error, Message: reply.error.Message.replaceAll(CertificateId, 'ID') })
    }
    assert.deepEqual(errors[0], errors[1], action)
    assert.match(errors[0].Code, /NotFound/)
  }
  assert.equal((await server.describe(other, id)).Status, 0)
  const { Certificates, TotalCount } = await sslClient(server, account).DescribeCertificates({ CertIds: [id] })
  assert.deepEqual([Certificates, TotalCount], [[], 0])
})

test('every action of the public API is known', async () => {
  for (const { action, service } of actions) {
    const version = service.split(' ')[1]
    const reply = await call(server, account, action, '{}', { sign: { version } })
    checkEnvelope(reply)
    assert.ok(!['InvalidAction', 'NoSuchVersion', 'InternalError'].includes(reply.error?.Code), `${action}: ${reply.text}`)
  }
})

test('the lists of cloud instances are empty', async () => {
  const lists = actions.filter(a => /^DescribeHost\w+InstanceList$/.test(a.action))
  assert.equal(lists.length, 11)
  for (const { action } of lists) {
    const { answer } = await call(server, account, action, '{"CertificateId":"zzzzzzzz","IsCache":0,"Filters":[]}')
    checkAnswer(action, answer)
    assert.deepEqual([answer.InstanceList, answer.TotalCount], [[], 0])
  }
})

test('an auditor looks and changes nothing', async () => {
  const auditor = await server.createAccount({ name: 'auditor', role: 'auditor' })
  await sslClient(server, auditor).DescribeCertificates({})
  await assert.rejects(sslClient(server, auditor).ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'a.maple.com' }),
    { code: 'AuthFailure.UnauthorizedOperation' })
})

test('ACC-02 no application before the identity is verified', async () => {
  const unverified = await server.createAccount({ name: 'unverified', verified: false })
  await assert.rejects(sslClient(server, unverified).ApplyCertificate({ DvAuthMethod: 'DNS', DomainName: 'a.maple.com' }),
    { code: 'FailedOperation.NoRealNameAuth' })
  assert.equal((await sslClient(server, unverified).DescribeCertificates({})).TotalCount, 0)
})

test('the SDK sees code, sentence and request id', async () => {
  await assert.rejects(sslClient(server, account).DescribeCertificate({ CertificateId: 'zzzzzzzz' }), e => {
    assert.equal(e.code, 'FailedOperation.CertificateNotFound')
    assert.match(e.requestId, UUID)
    return true
  })
})

test('our own action is reached through the common client', async () => {
  const quota = await commonClient(server, account, { version: VERSION }).request('DescribeFreeQuota', {})
  for (const counter of [quota.HomeDomains, quota.AnyDomains, quota.Package]) {
    assert.equal(counter.Remaining, counter.Limit - counter.Used)
  }
})

test('the table of requests is limited, and later there is room again', async () => {
  const limited = await startChancery({ settings: noDns })
  try {
    const one = await limited.createAccount()
    const ask = () => call(limited, one, 'DownloadCertificate', { CertificateId: 'zzzzzzzz' }) /* 20 a second: cheap to refuse, so that any machine asks faster */
    const codes = []
    for (let volley = 200; !codes.includes('RequestLimitExceeded'); volley *= 2) {
      assert.ok(volley < 10_000, 'nothing is ever refused')
      const replies = await Promise.all(Array.from({ length: volley }, ask))
      codes.push(...new Set(replies.map(r => r.error.Code)))
      replies.forEach(checkEnvelope)
    }
    assert.deepEqual([...new Set(codes)].sort(), ['FailedOperation.CertificateNotFound', 'RequestLimitExceeded'])
    await until('there is room again', async () => (await ask()).error.Code === 'FailedOperation.CertificateNotFound')
  } finally {
    await limited.stop()
  }
})
