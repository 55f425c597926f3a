import { type BigIntStats, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { fileReason, PlimsollError, tooLongReason } from '../errors.ts'

/** A file that may be written or replaced while a program runs. A pipe, whose contents can be read once, never changes. */
export class WatchedFile {
  readonly #path: string
  readonly #bytesMax: number
  /** The file as it was at the last look. */
  #seen: string
  /** The file as it was when it was last read, or at the start. */
  #taken: string

  /** Make it before the file is read for the first time, so that no change of it is missed. */
  constructor(path: string, bytesMax: number) {
    this.#path = path
    this.#bytesMax = bytesMax
    this.#taken = stampOf(statSync(path, { bigint: true, throwIfNoEntry: false }))
    this.#seen = this.#taken
  }

  /**
   * Its bytes, once after each change; undefined otherwise. A file is read when two looks in a row find it the same, because it may
   * be in the middle of a write before. Rejects with CONFIGURATION, once a change, where it cannot be read or is longer than the
   * maximum.
   */
  async look(): Promise<Buffer | undefined> {
    const found = await stat(this.#path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error)
    const stamp = found instanceof Error ? `${found.code}` : stampOf(found)
    const isSettled = stamp === this.#seen
    this.#seen = stamp
    if (!isSettled || stamp === this.#taken) return undefined
    this.#taken = stamp
    if (found instanceof Error) throw this.#unread(fileReason(found), found)
    if (!found.isFile()) throw this.#unread('it is no regular file')
    if (found.size > this.#bytesMax) throw this.#unread(tooLongReason(Number(found.size), this.#bytesMax))
    return readFile(this.#path).catch((error: unknown) => {
      throw this.#unread(fileReason(error), error)
    })
  }

  #unread(reason: string, cause?: unknown): PlimsollError {
    return new PlimsollError('CONFIGURATION', `file ${this.#path} cannot be read: ${reason}`, { cause })
  }
}

function stampOf(found: BigIntStats | undefined): string {
  if (found === undefined) return 'ENOENT'
  return found.isFile() ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'no regular file'
}
