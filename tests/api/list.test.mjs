/* DescribeCertificates: pages, filters, search, sorts.  UI-02 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { noDns, sslClient } from './client.mjs'
import { checkAnswer } from './spec.mjs'

const COUNT = 25
let server, client
const ids = []
before(async () => {
  server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } })
  const account = await server.createAccount({ identity: 'individual', level: 'v2' }) /* 50 free ones for any domain (QTA-10) */
  client = sslClient(server, account)
  for (let i = 0; i < COUNT; i++) {
    const { CertificateId } = await client.ApplyCertificate({
      DvAuthMethod: 'DNS', DomainName: `n${i}.zone${i}.com`, CsrEncryptAlgo: 'ECC', Alias: `Alias Number ${i}`,
      Tags: [{ TagKey: 'parity', TagValue: i % 2 ? 'odd' : 'even' }, ...(i === 7 ? [{ TagKey: 'lucky', TagValue: '' }] : [])]
    })
    ids.push(CertificateId)
  }
  for (const i of [3, 4]) await client.CancelAuditCertificate({ CertificateId: ids[i] })
})
after(() => server?.stop())

const list = async query => {
  const answer = await client.DescribeCertificates(query)
  checkAnswer('DescribeCertificates', answer)
  return { total: answer.TotalCount, ids: answer.Certificates.map(c => c.CertificateId), marker: answer.NextMarker }
}
const newestFirst = () => [...ids].reverse()

test('the newest ten come first', async () => {
  const page = await list({})
  assert.equal(page.total, COUNT)
  assert.deepEqual(page.ids, newestFirst().slice(0, 10))
})

test('offset and limit; a limit over the maximum is cut', async () => {
  assert.deepEqual((await list({ Offset: 20, Limit: 10 })).ids, newestFirst().slice(20))
  assert.deepEqual((await list({ Offset: 100 })).ids, [])
  assert.equal((await list({ Limit: 100000 })).ids.length, COUNT)
  assert.equal((await list({ Limit: 0 })).ids.length, 10)
})

test('markers walk through everything once', async () => {
  const seen = []
  let Marker
  do {
    const page = await list({ Limit: 7, ...(Marker ? { Marker } : {}) })
    assert.equal(page.total, COUNT)
    seen.push(...page.ids)
    Marker = page.marker
  } while (Marker)
  assert.deepEqual(seen, newestFirst())
  for (const ExpirationSort of ['ASC', 'DESC']) {
    const sorted = []
    Marker = undefined
    do {
      const page = await list({ Limit: 7, ExpirationSort, ...(Marker ? { Marker } : {}) })
      sorted.push(...page.ids)
      Marker = page.marker
    } while (Marker)
    assert.deepEqual([...sorted].sort(), [...ids].sort(), ExpirationSort)
  }
  await assert.rejects(list({ Marker: 'nonsense' }), { code: 'InvalidParameterValue' })
})

const searches = [
  ['part of a name', { SearchKey: 'zone17' }, () => [ids[17]]],
  ['a name in capitals', { SearchKey: 'N17.ZONE' }, () => [ids[17]]],
  ['part of an alias', { SearchKey: 'lias Number 24' }, () => [ids[24]]],
  ['two letters, which an id may hold too', { SearchKey: 'n9' }, () => newestFirst().filter(id => id === ids[9] || /n9/i.test(id))],
  ['nothing of the kind', { SearchKey: 'xyzzy' }, () => []],
  ['an SQL joker', { SearchKey: '%' }, () => []],
  ['states', { CertificateStatus: [7] }, () => [ids[4], ids[3]]],
  ['a state and a search', { CertificateStatus: [7], SearchKey: 'zone3' }, () => [ids[3]]],
  ['ids', { CertIds: ['zzzzzzzz'] }, () => []],
  ['a tag and its value', { Tags: [{ TagKey: 'parity', TagValue: 'odd' }], Limit: 100 }, () => newestFirst().filter(id => ids.indexOf(id) % 2)],
  ['a tag of any value', { Tags: [{ TagKey: 'lucky' }] }, () => [ids[7]]],
  ['two tags', { Tags: [{ TagKey: 'lucky' }, { TagKey: 'parity', TagValue: 'even' }] }, () => []],
  ['uploaded ones', { Upload: 1 }, () => []],
  ['bought ones', { FilterSource: 'buy', Limit: 100 }, newestFirst],
  ['deployable ones', { Deployable: 1 }, () => []],
  ['expiring ones', { FilterExpiring: 1 }, () => []],
  ['SM2 ones', { IsSM: 1 }, () => []],
  ['those waiting for issue', { IsPendingIssue: 1, Limit: 100 }, () => newestFirst().filter(id => ![ids[3], ids[4]].includes(id))],
  ['client certificates', { CertificateType: 'CA' }, () => []],
  ['server certificates', { CertificateType: 'SVR', Limit: 100 }, newestFirst],
  ['the default project', { ProjectId: 0, Limit: 100 }, newestFirst],
  ['another project', { ProjectId: 5 }, () => []],
  ['a shared service', { ServiceId: 'service-1' }, () => []]
]
for (const [what, query, expected] of searches) {
  test(`found by ${what}`, async () => {
    const page = await list(query)
    assert.deepEqual(page.ids, expected())
    assert.equal(page.total, expected().length)
  })
}

test('an id in full or in part finds it (UI-02)', async () => {
  assert.deepEqual((await list({ SearchKey: ids[5] })).ids, [ids[5]])
  assert.ok((await list({ SearchKey: ids[5].slice(2, 7) })).ids.includes(ids[5]))
  assert.deepEqual((await list({ CertIds: [ids[5], ids[6]] })).ids, [ids[6], ids[5]])
})
