import { createReadStream, createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createGunzip, createGzip, type Gzip } from 'node:zlib'
import type { Clock } from '../domain/index.ts'

/** How often what was written is brought into the file, so that a crash loses no more. */
const FLUSH_EVERY_MS = 1_000
/** Fastest: a recording may not take the processor from the worker. */
const LEVEL = 1
/** Lines are compressed so many characters at a time: one by one they would take ten times as long. */
const BATCH_CHARACTERS = 65_536
const OWNER_ONLY = 0o600

export interface CompressedFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Most bytes of the file. */
  readonly bytesMax: number
  /** Most characters that may wait for the disk. */
  readonly waitingMax: number
  /** Called once, when a limit is reached or the disk fails. From then on nothing is written. */
  readonly ended: (reason: 'full' | 'behind' | Error) => void
}

/** Lines into a new gzip file, without a wait for the writer. A file that a crash cut off can be read up to its last flush. */
export class CompressedFile {
  readonly #options: CompressedFileOptions
  readonly #gzip: Gzip
  readonly #finished: Promise<void>
  #writtenBytes = 0
  #batch = ''
  #isEnded = false
  #cancelFlush = () => {}

  constructor(options: CompressedFileOptions) {
    this.#options = options
    this.#gzip = createGzip({ level: LEVEL })
    const file = createWriteStream(options.path, { flags: 'wx', mode: OWNER_ONLY })
    this.#gzip.on('data', (chunk: Buffer) => {
      this.#writtenBytes += chunk.length
    })
    this.#gzip.pipe(file)
    this.#finished = finished(file).then(
      () => undefined,
      (error: Error) => this.#end(error),
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

  /** Brings everything into the file. */
  async close(): Promise<void> {
    if (!this.#isEnded) this.#finish()
    await this.#finished
  }

  #end(reason: 'full' | 'behind' | Error): void {
    if (this.#isEnded) return
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

/** The bytes that a gzip file holds. Where a crash cut it off they end with an error of the code Z_BUF_ERROR. */
export function readCompressed(path: string): Readable {
  const gunzip = createGunzip()
  const file = createReadStream(path)
  return file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
}
