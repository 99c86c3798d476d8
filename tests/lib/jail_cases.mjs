/*
 * The jails: each program is made to do what a broken-in one would (test builds do it on a signal,
 * src/sandbox/violate.c).  It dies of it and comes back, or is refused, and the service goes on.
 *
 * Used twice: for the build with sanitizers, whose filters only forbid, and for one without, whose filters are those of
 * a release.  As root each program has a user of its own: that alone, on a kernel without Landlock, keeps the keys closed
 * too; and a service that was not started as root is started beside it.
 */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, lstatSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BUILD, run, startChancery, until } from './chancery.mjs'
import { startDns } from './dns.mjs'
import { applyAndProve } from './place.mjs'

const SIGRTMIN = 34
const PROGRAMS = ['server', 'signer', 'vault', 'keymaker', 'prober']
const JAILED = PROGRAMS.filter(p => p !== 'server')
const SANITIZED = readFileSync(`${BUILD}/chancery-vault`).includes('__asan_init')
const ROOT = process.getuid() === 0
const NOBODY = 65534
const NO_LANDLOCK = `${BUILD}/tests/process/no_landlock`

const OPENS = { 3: 'open the master key', 4: "open a CA's key", 5: "open the signer's log", 17: 'make a file in keys/', 18: 'move keys/ away' }
const DEEDS = {
  1: 'a raw socket', 2: 'a program', 6: 'being root', 7: 'tracing another', 8: 'a mount', 9: 'a name space of its own', 10: "the kernel's keys",
  11: 'a kernel module', 12: 'bpf', 13: "another's memory", 14: 'a connection of its own', 15: 'a child in a name space', 16: 'io_uring'
}
/* LeakSanitizer traces its own threads; the prober is there to connect. */
const isFree = (name, deed) => (SANITIZED && deed === '7') || (name === 'prober' && deed === '14')

const status = pid => readFileSync(`/proc/${pid}/status`, 'utf8')
const fact = (pid, name) => status(pid).match(new RegExp(`^${name}:[ \\t]*(.*)$`, 'm'))?.[1].trim()
const isIn = pid => fact(pid, 'Seccomp') >= '2' && (fact(pid, 'SigCgt') ?? '0').slice(0, 8) !== '00000000'

/* The service is ready before each of its programs has locked itself in. */
const allIn = c => until('all are in their jails', () => {
  const pids = c.pids()
  return PROGRAMS.every(name => pids[name] && isIn(pids[name]))
})

/* Growing pauses before a program that keeps dying: a service is good for a few deaths of each. */
const DEATHS = 5

/** Make a running program do the deed: 'died', or what the call came back with. */
async function inject (c, name, deed) {
  const pid = await until(`${name} in its jail`, () => { const found = c.pids()[name]; return found && isIn(found) && found })
  const from = c.log.length
  process.kill(pid, SIGRTMIN + Number(deed))
  const of = new RegExp(`event=ended program=${name} signal=31|forbidden call ${deed} returned: (\\w+)`)
  const said = await until('judged', () => of.exec(c.log.slice(from)))
  if (said[1]) return said[1]
  await c.back(name, pid)
  return 'died'
}

async function issues (c, dns, account, label) {
  await applyAndProve(c, dns, account, `${label}.zone.com`)
}

const uids = c => Object.fromEntries(Object.entries(c.pids()).map(([name, pid]) => [name, fact(pid, 'Uid').split(/\s+/)]))

/** A service that nobody but `nobody` may have started, when we are root; else one like every other. */
function asNobody (options = {}) {
  if (!ROOT) return startChancery(options)
  const dir = mkdtempSync(join(tmpdir(), 'chancery-test-'))
  chmodSync(dir, 0o755)
  chownSync(dir, NOBODY, NOBODY)
  const { wrap = [], ...rest } = options
  return startChancery({ ...rest, dir, wrap: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...wrap] })
}

export function jailCases () {
  let dns, c, account
  let deaths = 0
  before(async () => {
    if (ROOT) process.setgroups([4, 24]) /* something to lose */
    dns = await startDns({ zones: [{ name: 'zone.com' }] })
    c = await startChancery({ dns, settings: { 'limits.rate': 'off' } })
    account = await c.createAccount()
    await allIn(c)
  })
  after(async () => {
    await c?.stop()
    await dns?.stop()
  })
  const injectHere = async (name, deed) => {
    if (++deaths % DEATHS === 0) await c.restart()
    return inject(c, name, deed)
  }

  test('each is behind a filter, without new privileges, capabilities or groups', () => {
    for (const [name, pid] of Object.entries(c.pids())) {
      assert.equal(fact(pid, 'Seccomp'), '2', `${name}: seccomp filter`)
      assert.equal(fact(pid, 'NoNewPrivs'), '1', `${name}: no new privileges`)
      assert.equal(c.log.includes(SANITIZED ? 'seccomp=forbidding' : 'seccomp=allowing'), true)
      if (ROOT) {
        for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) assert.match(fact(pid, set), /^0+$/, `${name}: ${set}`)
        assert.equal(fact(pid, 'Groups'), '', `${name}: groups`)
      }
    }
    assert.deepEqual(Object.keys(c.pids()).sort(), [...PROGRAMS].sort())
  })

  test('as root each has a user of its own, real, effective, saved and of files; else all are the one who started', () => {
    const found = uids(c)
    for (const [name, four] of Object.entries(found)) assert.equal(new Set(four).size, 1, `${name}: ${four}`)
    const first = Object.values(found).map(four => four[0])
    assert.equal(new Set(first).size, ROOT ? PROGRAMS.length : 1, JSON.stringify(found))
    assert.equal(first.includes('0'), false, JSON.stringify(found))
    const gids = ['vault', 'keymaker', 'prober'].map(name => fact(c.pids()[name], 'Gid').split(/\s+/)[0])
    if (ROOT) assert.equal(new Set([...gids, fact(c.pids().server, 'Gid').split(/\s+/)[0]]).size, 4, 'the data directory’s group is for server and signer only')
  })

  for (const name of PROGRAMS) {
    for (const [deed, text] of Object.entries(DEEDS)) {
      if (isFree(name, deed)) continue
      test(`${name} tries ${text}: it dies of it and is back`, async () => {
        assert.equal(await injectHere(name, deed), 'died')
      })
    }
  }

  for (const name of PROGRAMS) {
    for (const [deed, text] of Object.entries(OPENS)) {
      test(`${name} tries to ${text}`, async () => {
        const got = await injectHere(name, deed)
        /* where the filter leaves files to others these refuse: Landlock, or the user */
        if (JAILED.includes(name) && !SANITIZED) assert.equal(got, 'died')
        else if (/landlock=yes/.test(c.log)) assert.match(got, deed === '18' ? /^(EACCES|EPERM|EXDEV)$/ : /^EACCES$/)
        else if (ROOT && name !== 'signer') assert.match(got, /^(EACCES|EPERM)$/)
        else assert.match(c.log, ROOT ? /apart=yes/ : /event=keys_open/)
      })
    }
  }

  test('and the service still issues', () => issues(c, dns, account, 'jail'))

  test('without Landlock: users of their own keep the keys closed, or the log says that nothing does', async () => {
    const bare = await startChancery({ dns, wrap: [NO_LANDLOCK], settings: { 'limits.rate': 'off' } })
    try {
      assert.match(bare.log, /event=jail landlock=no/)
      if (!ROOT) {
        assert.match(bare.log, /event=keys_open/)
        return
      }
      assert.doesNotMatch(bare.log, /event=keys_open/)
      for (const name of ['server', ...(SANITIZED ? ['vault', 'keymaker', 'prober'] : [])]) {
        for (const deed of Object.keys(OPENS)) assert.match(await inject(bare, name, deed), /^(EACCES|EPERM)$/, `${name}: ${OPENS[deed]}`)
      }
      await issues(bare, dns, await bare.createAccount(), 'bare')
    } finally { await bare.stop() }
  })

  test('not started as root: one user, and Landlock keeps the keys closed where the kernel has it', async () => {
    const own = await asNobody({ dns, settings: { 'limits.rate': 'off' } })
    try {
      await allIn(own)
      const found = new Set(Object.values(uids(own)).flat())
      assert.deepEqual([...found], [String(ROOT ? NOBODY : process.getuid())])
      assert.match(own.log, /event=users apart=no/)
      if (/landlock=no/.test(own.log)) assert.match(own.log, /event=keys_open/)
      else for (const name of SANITIZED ? PROGRAMS : ['server']) { /* in a release the others' filters come first */
        for (const deed of Object.keys(OPENS)) assert.match(await inject(own, name, deed), /^(EACCES|EXDEV)$/, `${name}: ${OPENS[deed]}`)
      }
      await issues(own, dns, await own.createAccount(), 'own')
    } finally { await own.stop() }
  })

  if (ROOT) ownershipCases(() => dns)
}

/* ---- whose the files are; as root only, because nobody else can give files away ---- */

const owners = (dir, below = '') => Object.fromEntries(readdirSync(join(dir, below), { withFileTypes: true }).flatMap(e => {
  const path = join(below, e.name)
  const { uid, mode } = lstatSync(join(dir, path))
  return [[path, `${uid} ${(mode & 0o7777).toString(8)}`], ...(e.isDirectory() ? Object.entries(owners(dir, path)) : [])]
}))

function ownershipCases (getDns) {
  test('each file is its program’s, also in a directory that root alone had made before', async () => {
    const c = await startChancery({ dns: getDns(), settings: { 'limits.rate': 'off' } })
    try {
      const account = await c.createAccount()
      await issues(c, getDns(), account, 'before')
      const expect = async () => {
        await allIn(c)
        const uid = Object.fromEntries(Object.entries(uids(c)).map(([name, four]) => [name, four[0]]))
        const found = owners(c.data)
        assert.equal(found['chancery.db'], `${uid.server} 600`)
        assert.equal(found.keys, `${uid.signer} 700`)
        assert.equal(found.log, `${uid.signer} 700`)
        assert.equal(found['keys/master'], '0 400')
        assert.equal(found['keys/dv-ecc.sealed'], `${uid.signer} 400`)
        assert.equal(found['log/issued.log'], `${uid.signer} 600`)
        assert.equal(found['control.sock'], '0 600')
        assert.equal(found.lock, '0 600')
        assert.equal(found['root.pem'].split(' ')[0], uid.signer)
        for (const of of ['-wal', '-shm', '-journal']) assert.ok(!found[`chancery.db${of}`] || found[`chancery.db${of}`] === `${uid.server} 600`, `chancery.db${of}: ${found[`chancery.db${of}`]}`)
        const { uid: owner, mode } = lstatSync(c.data)
        assert.deepEqual([owner, (mode & 0o7777).toString(8)], [0, '1770'])
      }
      await expect()
      await c.crash() /* so that the database's other files are there */
      const made = await run('sh', ['-c', 'test -e "$1/chancery.db-wal" && umask 077 && : >"$1/chancery.db-journal" && chown -R 0:0 "$1" && chown 65534 "$1/lock" && chmod 700 "$1"', 'sh', c.data])
      assert.equal(made.code, 0, made.stderr)
      await c.start()
      await expect()
      assert.equal((await c.call(account, 'DescribeCertificates')).TotalCount, 1)
      await issues(c, getDns(), account, 'after')
    } finally { await c.stop() }
  })

  test('what root has made is not for others to start: refused, and told whose it is', async () => {
    const c = await startChancery({ dns: getDns() })
    try {
      await c.end()
      chmodSync(c.dir, 0o755)
      const got = await run('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', `${BUILD}/chancery`, ...c.args()])
      assert.equal(got.code, 1)
      assert.match(got.stderr, /belongs to a service that runs as user 0, and this one is user 65534/)
      await c.start()
    } finally { await c.stop() }
  })

  test('a link or a second name in place of a file is not given away', async () => {
    const c = await startChancery({ dns: getDns() })
    try {
      await c.end()
      for (const [how, word] of [['ln -s /etc/shadow', 'link'], ['f=$(mktemp "$2/x.XXXX"); ln "$f"', 'second name']]) {
        const made = await run('sh', ['-c', `rm -f "$1/chancery.db-wal"; ${how} "$1/chancery.db-wal"`, 'sh', c.data, c.dir])
        assert.equal(made.code, 0, made.stderr)
        const got = await run(`${BUILD}/chancery`, c.args())
        assert.equal(got.code, 1, word)
        assert.match(got.stderr, /chancery\.db-wal in the data directory is not a plain file/)
        assert.equal(lstatSync('/etc/shadow').uid, 0)
      }
      await run('rm', ['-f', join(c.data, 'chancery.db-wal')])
      await c.start()
    } finally { await c.stop() }
  })

  test('numbers that are somebody’s are refused', async () => {
    const c = await startChancery({ dns: getDns() })
    try {
      await c.end()
      const got = await run(`${BUILD}/chancery`, [...c.args(), '--set', `users.base=${NOBODY - 3}`])
      assert.equal(got.code, 1)
      assert.match(got.stderr, /users\.base = 65531: the number 65534 belongs to nobody/)
      await c.start()
    } finally { await c.stop() }
  })
}

