/*
 * Every action of the public API in every mode of the official SDKs: whatever the way in, the same parameters have the
 * same outcome.  The parameters are made from the public description, every member of every structure, so that
 * flattening, typing and nesting are all used; what they ask for mostly does not exist, and the API must say so.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChancery } from '../lib/chancery.mjs'
import { intlKnows, noDns, sslClient } from './client.mjs'
import { actions, structOf } from './spec.mjs'

let server
before(async () => { server = await startChancery({ settings: { 'limits.rate': 'off', ...noDns } }) })
after(() => server?.stop())

function sample (type, depth = 0, name = '') {
  if (/^(Start|End)Time$/.test(name)) return '2026-01-01 00:00:00'
  const list = /^list<(.*)>$/.exec(type)
  if (list) return depth > 2 ? [] : [sample(list[1], depth + 1), sample(list[1], depth + 1)]
  if (type === 'string') return 'zzzz+ &=ä例'
  if (type === 'bool') return true
  if (type === 'int64' || type === 'uint64') return 7
  if (type === 'float') return 1.5
  const spelled = /^\w+\{([\w,]+)\}$/.exec(type)
  const fields = spelled ? spelled[1].split(',').map(name => ({ name, type: 'string' })) : structOf(type)
  return Object.fromEntries((fields ?? []).map(f => [f.name, sample(f.type, depth + 1, f.name)]))
}

const ssl = actions.filter(a => !/service `tag`|companion service/i.test(a.purpose ?? ''))
const parametersOf = action => Object.fromEntries(action.request.map(f => [f.name, sample(f.type, 0, f.name)]))

async function outcomes (mode) {
  const client = sslClient(server, await server.createAccount(), mode)
  const seen = {}
  for (const action of ssl) {
    if (mode.sdk === 'intl' ? !intlKnows(action.action) : typeof client[action.action] !== 'function') continue
    try {
      await client[action.action](parametersOf(action))
      seen[action.action] = 'good'
    } catch (error) {
      seen[action.action] = error.code
    }
  }
  return seen
}

/* What would say that the request was not understood as it was meant. */
const misunderstood = /^(AuthFailure|InternalError|UnknownParameter|MissingParameter|InvalidParameter$|InvalidAction|NoSuchVersion|UnsupportedProtocol|RequestSizeLimit)/

for (const sdk of ['main', 'intl']) {
  let first
  for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1', 'HmacSHA256']) {
    for (const method of ['POST', 'GET']) {
      test(`${sdk} SDK, ${signMethod}, ${method}: every action is understood`, async () => {
        const seen = await outcomes({ sdk, signMethod, method })
        first ??= seen
        assert.ok(Object.keys(seen).length > 20, 'the SDK has the actions')
        assert.deepEqual(seen, first)
        for (const [action, code] of Object.entries(seen)) assert.doesNotMatch(String(code), misunderstood, action)
      })
    }
  }
}
