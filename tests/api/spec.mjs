/*
 * The public description of the API (tests/vectors/api) as a judge: has an answer every member, and each of exactly
 * the described JSON kind?  Typed clients of strict languages fail on the first that has not.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const load = name => JSON.parse(readFileSync(new URL(`../vectors/api/${name}`, import.meta.url), 'utf8'))
export const actions = load('api-actions.json')
const structs = load('api-structs.json')
export const structOf = name => structs[name]

/** Members of our own. */
const own = new Set(['DescribeCertificates.NextMarker', 'DvAuths.Domain', 'DescribeHostLiveInstanceList.TotalCount',
  'DescribeHostWafInstanceList.TotalCount'])
/** Null though not marked so in the description: the vendor's own answers have it. */
const mayBeNull = new Set(['SubmittedData', 'HostingConfig'])

const scalars = {
  string: v => typeof v === 'string',
  bool: v => typeof v === 'boolean',
  int64: v => Number.isSafeInteger(v),
  uint64: v => Number.isSafeInteger(v) && v >= 0
}

function checkValue (where, type, value) {
  const list = /^list<(.*)>$/.exec(type)
  if (list) {
    assert.ok(Array.isArray(value), `${where} must be a list, not ${JSON.stringify(value)}`)
    value.forEach((v, i) => checkValue(`${where}[${i}]`, list[1], v))
  } else if (scalars[type]) {
    assert.ok(scalars[type](value), `${where} must be a ${type}, not ${JSON.stringify(value)}`)
  } else {
    const spelled = /^(\w+)\{([\w,]+)\}$/.exec(type)
    const fields = spelled ? spelled[2].split(',').map(name => ({ name, type: 'string' })) : structs[type]
    assert.ok(fields, `${where}: no struct ${type}`)
    checkMembers(where, spelled ? spelled[1] : type, fields, value)
  }
}

function checkMembers (where, owner, fields, object) {
  assert.ok(object !== null && typeof object === 'object' && !Array.isArray(object), `${where} must be an object`)
  for (const { name, type, nullable } of fields) {
    assert.ok(name in object, `${where}.${name} is missing`)
    if (object[name] === null) assert.ok(nullable || mayBeNull.has(name), `${where}.${name} must not be null`)
    else checkValue(`${where}.${name}`, type, object[name])
  }
  const known = new Set(fields.map(f => f.name))
  for (const name of Object.keys(object)) {
    assert.ok(known.has(name) || own.has(`${owner}.${name}`), `${where}.${name} is not in the description`)
  }
}

/** Throws unless the answer (the content of Response) is what the description says. */
export function checkAnswer (action, answer) {
  const spec = actions.find(a => a.action === action)
  assert.ok(spec, `no action ${action}`)
  checkMembers(action, action, spec.response, answer)
}
