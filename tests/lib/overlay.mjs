/*
 * A copy of this machine to install things into: an overlay over / in a mount name space of its own, kept in memory, gone
 * afterwards.  Packages of the machine are there, and nothing that is done inside reaches it.
 *
 *   const m = await startOverlay()        // undefined where it cannot be: not root, or a container that may not mount
 *   await m.run(['dpkg', '-i', '/x.deb'])
 *   m.command(['chancery', 'serve', …])   // for spawn(): [program, ...arguments]
 *   await m.stop()
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, until } from './chancery.mjs'

/* /run is empty inside, so package scripts do not mistake it for a machine that systemd runs. */
const SET_UP = `
set -e
mount -t tmpfs none "$1"
mkdir "$1/up" "$1/work" "$1/root"
mount -t overlay none -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root"
for dir in proc dev sys; do mount --rbind "/$dir" "$1/root/$dir"; done
mount -t tmpfs none "$1/root/run"
mount -t tmpfs -o mode=1777 none "$1/root/tmp"
test -s "$1/root/var/lib/dpkg/status"
test -x "$1/root/usr/bin/dpkg"
mkdir "$1/ready"
exec sleep infinity
`

export async function startOverlay () {
  if (process.getuid() !== 0) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'chancery-overlay-'))
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', SET_UP, 'sh', dir], { stdio: 'ignore' })
  const ended = new Promise(resolve => holder.once('close', resolve))
  let isOver = false
  ended.then(() => { isOver = true })
  const inside = `/proc/${holder.pid}/root${dir}`
  await until('an overlay, or none', () => isOver || existsSync(join(inside, 'ready')))
  const stop = async () => {
    holder.kill('SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  if (isOver) {
    await stop()
    return undefined
  }
  process.once('exit', () => holder.kill('SIGKILL'))
  const command = args => ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, 'chroot', join(dir, 'root'), ...args]
  return {
    root: join(inside, 'root'),
    command,
    stop,
    run (args, options) {
      const [program, ...rest] = command(args)
      return run(program, rest, { cwd: '/', ...options })
    }
  }
}
