import {
  close,
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Files as an argument, so that a test or a simulator can fill a disk, break it, or lose what was not synced. A file is
 * named by its number. Calls without a promise block; they throw the error of the system, with its `code`.
 */
export interface Disk {
  /** `append`: reads and appends, and makes the file if it is missing. `create`: writes a new, empty file. */
  open(path: string, mode: 'append' | 'create'): number
  close(file: number): Promise<void>
  closeNow(file: number): void
  readAll(file: number): Buffer
  /** Writes all bytes. */
  write(file: number, bytes: Buffer): void
  truncate(file: number, length: number): void
  /** Resolves when the contents survive a power loss. */
  sync(file: number): Promise<void>
  syncNow(file: number): void
  /** Makes the entry of the file in its folder survive a power loss. */
  syncEntry(path: string): void
  rename(from: string, to: string): void
  /** The text of a whole file; undefined when there is no such file. */
  readText(path: string): string | undefined
  /** Writes a whole file, which only this user may read. */
  writeText(path: string, text: string): void
  /** Gives the file a second name. False when that name is taken: of several callers one gets it. */
  link(from: string, to: string): boolean
  /** Removes the file, if there is one. */
  remove(path: string): void
  /** One path for a regular file, whatever links lead to it; undefined when something else is there. */
  realPath(path: string): string | undefined
}

const closeFile = promisify(close)
const syncFile = promisify(fdatasync)
const OWNER_ONLY = 0o600

export const systemDisk: Disk = {
  open: (path, mode) => openSync(path, mode === 'append' ? 'a+' : 'w', OWNER_ONLY),
  close: (file) => closeFile(file),
  closeNow: (file) => closeSync(file),
  readAll: (file) => readFileSync(file),
  write(file, bytes) {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset)
  },
  truncate: (file, length) => ftruncateSync(file, length),
  sync: (file) => syncFile(file),
  syncNow: (file) => fsyncSync(file),
  syncEntry(path) {
    const folder = openSync(dirname(path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  },
  rename: (from, to) => renameSync(from, to),
  readText: (path) => unlessCode('ENOENT', () => readFileSync(path, 'utf8')),
  writeText: (path, text) => writeFileSync(path, text, { mode: OWNER_ONLY }),
  link(from, to) {
    return (
      unlessCode('EEXIST', () => {
        linkSync(from, to)
        return true
      }) ?? false
    )
  },
  remove: (path) => rmSync(path, { force: true }),
  realPath(path) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return join(realpathSync(dirname(path)), basename(path))
    return found.isFile() ? realpathSync(path) : undefined
  },
}

/** What `run` returns; undefined when the system refuses with that code. */
function unlessCode<T>(code: string, run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined
    throw error
  }
}
