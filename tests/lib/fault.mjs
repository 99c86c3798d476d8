/*
 * Makes one call fail in one program of a running service: the file that fault.c has mapped (fault.h).  A call is named by
 * its number, or by its site: who called.
 */
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BUILD } from './chancery.mjs'

export const PROGRAMS = ['parent', 'server', 'signer', 'vault', 'keymaker', 'prober', 'other']
export const CLASSES = ['alloc', 'write', 'sync', 'connect', 'send', 'query', 'open']
const LEFT_AT = 16
const FIRED_AT = 24
const SEEN_AT = 32
const SITE_AT = SEEN_AT + PROGRAMS.length * CLASSES.length * 8
const RECORD_AT = SITE_AT + 8
const OVERFLOW_AT = SITE_AT + 16
const SITES_AT = SITE_AT + 24
const SITES = 4096
const SITE_SIZE = 240
const N_AT = 16
const WAY_AT = 24
const SIZE = SITES_AT + SITES * SITE_SIZE

export const LIBRARY = join(BUILD, 'tests/process/libfault.so')

export class Fault {
  constructor (dir) {
    this.path = join(dir, 'fault')
    writeFileSync(this.path, '')
    truncateSync(this.path, SIZE)
    this.fd = openSync(this.path, 'r+')
  }

  /** For the service's environment. */
  get env () { return { LD_PRELOAD: LIBRARY, CHANCERY_FAULT: this.path } }

  write (at, value) {
    const b = Buffer.alloc(8)
    b.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)))
    writeSync(this.fd, b, 0, 8, at)
  }

  read (at) {
    const b = Buffer.alloc(8)
    readSync(this.fd, b, 0, 8, at)
    return Number(b.readBigInt64LE())
  }

  /** The nth call from now on fails, and `burst - 1` after it; where a site is given, calls from elsewhere do not count. */
  arm ({ program, kind, nth, error, site = 0n, burst = 1 }) {
    const head = Buffer.alloc(SEEN_AT)
    head.writeUInt32LE(PROGRAMS.indexOf(program), 0)
    head.writeUInt32LE(CLASSES.indexOf(kind), 4)
    head.writeInt32LE(error, 8)
    head.writeInt32LE(burst, 12)
    writeSync(this.fd, head, 0, SEEN_AT, 0)
    this.write(SITE_AT, site)
    this.write(LEFT_AT, nth + burst - 1) /* last: from here on it counts */
  }

  disarm () { this.write(LEFT_AT, 0) }

  /** How many calls have failed since it was armed. */
  get fired () { return this.read(FIRED_AT) }

  seen (program, kind) { return this.read(SEEN_AT + 8 * (PROGRAMS.indexOf(program) * CLASSES.length + CLASSES.indexOf(kind))) }

  /** Note sites from now on, or no longer. */
  record (on) { this.write(RECORD_AT, on ? 1 : 0) }

  /** [{ site, program, kind, n, way }]: what was called since the beginning, while it was recorded. */
  sites () {
    const all = Buffer.alloc(SITES * SITE_SIZE)
    readSync(this.fd, all, 0, all.length, SITES_AT)
    if (this.read(OVERFLOW_AT)) throw new Error('more sites than there are places: FAULT_SITES of tests/lib/fault.h')
    const found = []
    for (let at = 0; at < all.length; at += SITE_SIZE) {
      const site = all.readBigUInt64LE(at)
      if (site === 0n) continue
      const way = all.toString('latin1', at + WAY_AT, at + SITE_SIZE)
      found.push({ site, program: PROGRAMS[all.readUInt32LE(at + 8)], kind: CLASSES[all.readUInt32LE(at + 12)], n: Number(all.readBigInt64LE(at + N_AT)), way: way.slice(0, way.indexOf('\0')) })
    }
    return found
  }

  close () { closeSync(this.fd) }
}
