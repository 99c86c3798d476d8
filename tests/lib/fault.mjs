/*
 * Makes the Nth call of a kind fail in one program of a running service: the file that fault.c has mapped (fault.h).
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const PROGRAMS = ['parent', 'server', 'signer', 'vault', 'keymaker', 'prober', 'other']
export const CLASSES = ['alloc', 'write', 'sync', 'connect', 'send', 'query', 'open']
const SEEN_AT = 32
const SIZE = SEEN_AT + PROGRAMS.length * CLASSES.length * 8

export const LIBRARY = resolve(process.env.CHANCERY_BUILD ?? 'build', 'tests/process/libfault.so')

export class Fault {
  constructor (dir) {
    this.path = join(dir, 'fault')
    writeFileSync(this.path, Buffer.alloc(SIZE))
    this.fd = openSync(this.path, 'r+')
  }

  /** For the service's environment. */
  get env () { return { LD_PRELOAD: LIBRARY, CHANCERY_FAULT: this.path } }

  /** The nth call from now on fails, and `burst - 1` after it. */
  arm ({ program, kind, nth, error, burst = 1 }) {
    const head = Buffer.alloc(SEEN_AT)
    head.writeUInt32LE(PROGRAMS.indexOf(program), 0)
    head.writeUInt32LE(CLASSES.indexOf(kind), 4)
    head.writeInt32LE(error, 8)
    head.writeInt32LE(burst, 12)
    writeSync(this.fd, head, 0, SEEN_AT, 0)
    head.writeBigInt64LE(BigInt(nth + burst - 1), 16) /* last: from here on it counts */
    writeSync(this.fd, head, 16, 8, 16)
  }

  disarm () { writeSync(this.fd, Buffer.alloc(8), 0, 8, 16) }

  read (at) {
    const b = Buffer.alloc(8)
    readSync(this.fd, b, 0, 8, at)
    return Number(b.readBigInt64LE())
  }

  /** How many calls have failed since it was armed. */
  get fired () { return this.read(24) }

  seen (program, kind) { return this.read(SEEN_AT + 8 * (PROGRAMS.indexOf(program) * CLASSES.length + CLASSES.indexOf(kind))) }

  close () { closeSync(this.fd) }
}
