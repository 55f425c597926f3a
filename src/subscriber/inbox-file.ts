import { crc32 } from 'node:zlib'
import { assert, PlimsollError } from '../errors.ts'
import {
  DEAD_OWNERS_MAX,
  type Disk,
  type HeldLock,
  isHeld,
  isRunning,
  type LockOwner,
  systemDisk,
  takeLock,
} from '../system/index.ts'
import { INBOX_IDS_MAX } from './inbox-memory.ts'
import type { Inbox } from './once.ts'

const ID_PATTERN = /^[\x21-\x7e]{1,128}$/
/** The file is rewritten with only the newest ids when it holds this many times `idsMax`. */
const COMPACTION_FACTOR = 2

export interface FileInboxOptions {
  /**
   * Ids kept, newest first: at least this many and at most twice as many, in memory and in the file. An event whose id
   * was dropped takes effect again if it comes again.
   */
  readonly idsMax?: number
  /** If false, `sync` does nothing: a power loss may lose the last ids, the death of the process does not. */
  readonly sync?: boolean
  /** Default: the disk of the system. */
  readonly disk?: Disk
}

/**
 * An effect is repeated at most once for each crash between the effect and the write of its id. An id written in the
 * effect's own transaction is never repeated: see `examples/transactional-inbox.ts`. The inbox is an append-only file
 * of ids, one line each: the id, a space, its CRC-32 in hex. One process at a time: the file `<path>.lock` names it, and
 * a second one is refused (SUBSCRIBER_FAILED naming the owner's process id) until the first closes the inbox or ends. A
 * torn last line is cut off when the file is opened; a damaged line before it is refused (INPUT_INVALID), because without
 * its id an event would take effect twice. After a failed write or fdatasync every further call rejects with
 * SUBSCRIBER_FAILED: the system may have dropped what it could not write.
 */
export function fileInbox(
  path: string,
  { idsMax = INBOX_IDS_MAX, sync = true, disk = systemDisk }: FileInboxOptions = {},
): Inbox {
  assert(Number.isSafeInteger(idsMax) && idsMax > 0, `idsMax is ${idsMax}; it must be a whole number above 0`)
  return new FileInbox(path, idsMax, sync, disk)
}

class FileInbox implements Inbox {
  readonly #path: string
  readonly #idsMax: number
  readonly #sync: boolean
  readonly #disk: Disk
  readonly #lock: HeldLock
  #ids: Set<string>
  #file: number
  #lines: number
  #added = 0
  #durable = 0
  #syncing: Promise<void> | undefined
  /** The number of a closed file may belong to another file, so it is closed once. */
  #closing: Promise<void> | undefined
  #failure: PlimsollError | undefined

  constructor(path: string, idsMax: number, sync: boolean, disk: Disk) {
    this.#disk = disk
    this.#path = realPathOf(disk, path)
    this.#idsMax = idsMax
    this.#sync = sync
    // Lock before opening: an owner that compacts replaces the file.
    this.#lock = lockInbox(disk, this.#path)
    try {
      const { file, ids, lines } = openInbox(disk, this.#path)
      this.#file = file
      this.#ids = ids
      this.#lines = lines
      if (sync) disk.syncEntry(this.#path)
    } catch (error) {
      this.#lock.release()
      throw error
    }
  }

  has(eventId: string): boolean {
    this.#refuseAfterFailure()
    return this.#ids.has(eventId)
  }

  add(eventId: string): void {
    this.#refuseAfterFailure()
    if (!ID_PATTERN.test(eventId)) {
      const rule = 'it must be 1 to 128 printable ASCII characters without spaces'
      throw new PlimsollError('INPUT_INVALID', `event id ${JSON.stringify(eventId)}: ${rule}`, { path: 'id' })
    }
    this.#guard('write', () => this.#disk.write(this.#file, bytesOf(lineOf(eventId))))
    this.#ids.add(eventId)
    this.#lines++
    this.#added++
  }

  /** One fdatasync serves all calls that wait. */
  async sync(): Promise<void> {
    const target = this.#added
    while (this.#durable < target) {
      this.#refuseAfterFailure()
      this.#syncing ??= this.#syncNow().finally(() => {
        this.#syncing = undefined
      })
      await this.#syncing
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.sync()
    } finally {
      this.#failure ??= new PlimsollError('SUBSCRIBER_FAILED', `inbox ${this.#path} is closed`)
      this.#lock.release()
      await this.#disk.close(this.#file)
    }
  }

  async #syncNow(): Promise<void> {
    if (this.#lines >= this.#idsMax * COMPACTION_FACTOR) this.#guard('compact', () => this.#compact())
    const added = this.#added
    try {
      if (this.#sync) await this.#disk.sync(this.#file)
    } catch (cause) {
      throw this.#fail('fdatasync', cause)
    }
    this.#durable = added
  }

  /** Writes the newest ids to a second file and renames it over the first, so that a complete file exists at any moment. */
  #compact(): void {
    const kept = [...this.#ids].slice(-this.#idsMax)
    const temporary = `${this.#path}.compact`
    const disk = this.#disk
    const file = disk.open(temporary, 'create')
    try {
      disk.write(file, bytesOf(kept.map(lineOf).join('')))
      disk.syncNow(file)
      disk.rename(temporary, this.#path)
      disk.syncEntry(this.#path)
    } catch (error) {
      disk.closeNow(file)
      throw error
    }
    disk.closeNow(this.#file)
    this.#file = file
    this.#ids = new Set(kept)
    this.#lines = kept.length
  }

  #guard(action: string, run: () => void): void {
    try {
      run()
    } catch (cause) {
      throw this.#fail(action, cause)
    }
  }

  #fail(action: string, cause: unknown): PlimsollError {
    this.#failure = new PlimsollError(
      'SUBSCRIBER_FAILED',
      `inbox ${this.#path}: ${action} failed, so no further event may take effect: ${String(cause)}`,
      { cause },
    )
    return this.#failure
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** The one real path of the file, because the lock is found by path. */
function realPathOf(disk: Disk, path: string): string {
  const real = disk.realPath(path)
  if (real === undefined) throw new PlimsollError('INPUT_INVALID', `inbox ${path} is not a regular file`)
  return real
}

function lockInbox(disk: Disk, path: string): HeldLock {
  let owner: LockOwner | undefined
  for (let deaths = 0; deaths <= DEAD_OWNERS_MAX; deaths++) {
    const taken = takeLock(`${path}.lock`, owner, disk)
    if (isHeld(taken)) return taken
    owner = taken
    if (isRunning(owner)) break
  }
  throw new PlimsollError(
    'SUBSCRIBER_FAILED',
    `inbox ${path} is in use by process ${owner?.pid}: two subscribers of one inbox would not see each other's ids, so that events take effect twice; end that process, or give this one an inbox of its own`,
  )
}

function openInbox(disk: Disk, path: string): { file: number; ids: Set<string>; lines: number } {
  const file = disk.open(path, 'append')
  try {
    const content = disk.readAll(file)
    const { ids, length, lines } = readIds(path, content)
    if (length < content.length) disk.truncate(file, length)
    return { file, ids, lines }
  } catch (error) {
    disk.closeNow(file)
    throw error
  }
}

function lineOf(id: string): string {
  return `${id} ${checksum(id)}\n`
}

function checksum(id: string): string {
  return crc32(id).toString(16).padStart(8, '0')
}

/** The ids of the complete lines. `length` is the offset, in bytes, of a torn last line. */
function readIds(path: string, content: Buffer): { ids: Set<string>; length: number; lines: number } {
  const ids = new Set<string>()
  let start = 0
  let lines = 0
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, start)) {
    const line = content.toString('latin1', start, end)
    const space = line.indexOf(' ')
    const id = line.slice(0, Math.max(space, 0))
    if (!ID_PATTERN.test(id) || line.slice(space + 1) !== checksum(id)) {
      if (end === content.length - 1) break
      throw new PlimsollError(
        'INPUT_INVALID',
        `inbox ${path}, line ${lines + 1}: the checksum does not fit; without this line its event may take effect twice`,
      )
    }
    ids.add(id)
    lines++
    start = end + 1
  }
  return { ids, length: start, lines }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
