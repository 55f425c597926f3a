import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'

/** Bytes of one read. */
const CHUNK_BYTES = 65_536

/** A file that grows, or a pipe. One `read` at a time. */
export interface FollowedFile {
  /**
   * The bytes after those read before. Empty: there are none yet, and a later call may find some. undefined: the input
   * has ended, or the file at this path was replaced, cut short or written over; open it again.
   */
  read(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** Opens the file at `path`, `-` for standard input. Rejects if it cannot be read. */
export type OpenFollowed = (path: string, from: 'start' | 'end') => Promise<FollowedFile>

export const openFollowed: OpenFollowed = async (path, from) => {
  if (path === '-') return followPipe(process.stdin)
  const handle = await open(path)
  const { size, ino } = await handle.stat()
  return followFile(path, handle, ino, from === 'end' ? size : 0)
}

function followFile(path: string, handle: FileHandle, inode: number, start: number): FollowedFile {
  let offset = start
  /** When the file was last written, as seen after all of it was read. */
  let writtenMs: number | undefined
  return {
    async read() {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset)
      offset += bytesRead
      if (bytesRead > 0) {
        writtenMs = undefined
        return buffer.subarray(0, bytesRead)
      }
      const { ino, size, mtimeMs } = await stat(path)
      // A file that is written and does not grow is overwritten, even if its length stays the same.
      const isWrittenOver = size <= offset && writtenMs !== undefined && mtimeMs !== writtenMs
      writtenMs = mtimeMs
      return ino !== inode || size < offset || isWrittenOver ? undefined : new Uint8Array()
    },
    close: () => handle.close(),
  }
}

/** A pipe as a file that ends. */
export function followPipe(input: Readable): FollowedFile {
  const chunks = input[Symbol.asyncIterator]()
  return {
    async read() {
      const { value, done } = await chunks.next()
      return done === true ? undefined : Buffer.from(value)
    },
    // Ends a `read` that waits.
    close: async () => void input.destroy(),
  }
}
