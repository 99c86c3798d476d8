/*
 * A network of its own for a test file: loopback alone, with public addresses on it that nobody outside sees.  The prober
 * refuses what is not public, so addresses (RFC 8738) can only be proved where some are at home.
 *
 *   import { enterNetwork } from '../lib/network.mjs'
 *   enterNetwork(import.meta.url, ['11.7.7.7', '2a0b:7c1::7'])     // before anything else: runs the file again, inside
 *
 * By root it is a network name space; by anybody else also a user name space, entered once more so that inside the user is
 * who he was: the service must not take itself for root.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const INSIDE = 'CHANCERY_NETWORK'

/* $1 addresses, then the command */
const SET_UP = `
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up || exit 1
for address in $1; do ip addr add "$address" dev lo nodad 2>/dev/null || ip addr add "$address" dev lo || exit 1; done
shift
exec "$@"
`

export function enterNetwork (url, addresses) {
  if (process.env[INSIDE]) return
  const list = addresses.map(a => `${a}/${a.includes(':') ? 128 : 32}`).join(' ')
  const again = [process.execPath, ...process.execArgv, fileURLToPath(url)]
  const root = process.getuid() === 0
  const space = root ? ['--net'] : ['--user', '--map-root-user', '--net']
  const back = root ? [] : ['unshare', '--user', `--map-user=${process.getuid()}`, `--map-group=${process.getgid()}`]
  const done = spawnSync('unshare', [...space, 'sh', '-c', SET_UP, 'sh', list, ...back, ...again],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  if (done.error) throw done.error
  process.exit(done.status ?? 1)
}
