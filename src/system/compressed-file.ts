import { createReadStream, createWriteStream } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createGunzip, createGzip, type Gzip } from 'node:zlib'
import type { Clock } from '../domain/index.ts'
import { orAtLimit } from './time-limit.ts'

/** How often what was written is brought into the file, so that a crash loses no more. */
const FLUSH_EVERY_MS = 1_000
/** Fastest: a recording may not take the processor from the worker. */
const LEVEL = 1
/** Lines are compressed so many characters at a time: one by one they would take ten times as long. */
const BATCH_CHARACTERS = 65_536
const OWNER_ONLY = 0o600
/** Most time that the disk has for what waits when the file is closed. */
export const CLOSE_LIMIT_MS = 5_000

export interface CompressedFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Most bytes of the file. */
  readonly bytesMax: number
  /** Most characters that may wait for the disk. */
  readonly waitingMax: number
  /**
   * Called when a limit is reached or the disk fails, from which on nothing is written; and with an error where the disk does not take
   * the rest when the file is closed, so that it may be cut off.
   */
  readonly ended: (reason: 'full' | 'behind' | Error) => void
  /** Begins the file. Default: a new one that only this user may read; one that is there is not touched. */
  readonly openFile?: (path: string) => Writable
}

/** Lines into a new gzip file, without a wait for the writer. A file that a crash cut off can be read up to its last flush. */
export class CompressedFile {
  readonly #options: CompressedFileOptions
  readonly #gzip: Gzip
  readonly #file: Writable
  readonly #finished: Promise<void>
  #writtenBytes = 0
  #batch = ''
  #isEnded = false
  #isFailed = false
  #cancelFlush = () => {}

  constructor(options: CompressedFileOptions) {
    this.#options = options
    this.#gzip = createGzip({ level: LEVEL })
    const { openFile = newFile, path } = options
    this.#file = openFile(path)
    this.#gzip.on('data', (chunk: Buffer) => {
      this.#writtenBytes += chunk.length
    })
    this.#gzip.pipe(this.#file)
    this.#finished = finished(this.#file).then(
      () => undefined,
      (error: Error) => this.#failed(error),
    )
    this.#flushLater()
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Characters that wait to be compressed. */
  get waiting(): number {
    return this.#gzip.writableLength + this.#batch.length
  }

  append(line: string): void {
    if (this.#isEnded) return
    const { bytesMax, waitingMax } = this.#options
    if (this.#writtenBytes >= bytesMax) this.#end('full')
    else if (this.waiting > waitingMax) this.#end('behind')
    else {
      this.#batch += `${line}\n`
      if (this.#batch.length >= BATCH_CHARACTERS) this.#compress()
    }
  }

  /** Brings everything into the file, within CLOSE_LIMIT_MS; what the disk has not taken by then is lost. */
  async close(): Promise<void> {
    if (!this.#isEnded) this.#finish()
    await orAtLimit(this.#options.clock, this.#finished, CLOSE_LIMIT_MS, () => this.#leave())
  }

  #leave(): void {
    this.#failed(
      new Error(
        `the disk has not taken the rest within ${CLOSE_LIMIT_MS} ms (CLOSE_LIMIT_MS), so the file may be cut off`,
      ),
    )
    this.#gzip.destroy()
    this.#file.destroy()
  }

  /** Of several errors the first one is the cause. */
  #failed(error: Error): void {
    if (this.#isFailed) return
    this.#isFailed = true
    if (!this.#isEnded) this.#finish()
    this.#options.ended(error)
  }

  #end(reason: 'full' | 'behind'): void {
    this.#finish()
    this.#options.ended(reason)
  }

  #finish(): void {
    this.#isEnded = true
    this.#cancelFlush()
    this.#compress()
    this.#gzip.end()
  }

  #compress(): void {
    if (this.#batch !== '') this.#gzip.write(this.#batch)
    this.#batch = ''
  }

  #flushLater(): void {
    this.#cancelFlush = this.#options.clock.after(FLUSH_EVERY_MS, () => {
      this.#compress()
      this.#gzip.flush(constants.Z_SYNC_FLUSH)
      this.#flushLater()
    })
  }
}

function newFile(path: string): Writable {
  return createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY })
}

/** The bytes that a gzip file holds. Where a crash cut it off they end with an error of the code Z_BUF_ERROR. */
export function readCompressed(path: string): Readable {
  const gunzip = createGunzip()
  const file = createReadStream(path)
  return file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
}
