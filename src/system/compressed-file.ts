import { createReadStream, createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
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

/**
 * The bytes that a gzip file holds, up to the first one that cannot be read. Where it is cut off or damaged they end with an error of
 * which `isDamage` is true.
 */
export async function* readCompressed(path: string): AsyncGenerator<Uint8Array> {
  const inflation = new Inflation()
  let wholeBytes = 0
  try {
    for await (const chunk of createReadStream(path)) {
      yield* await inflation.take(chunk)
      wholeBytes += chunk.length
    }
    yield* await inflation.end()
  } catch (error) {
    if (isDamage(error)) yield* inflatedFrom(path, wholeBytes)
    throw error
  }
}

/** Whether the error says that compressed bytes are cut off or damaged. */
export function isDamage(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code?.startsWith('Z_') === true
}

/** What a damaged chunk that begins at that byte of the file gives before the damage: the chunk is taken byte by byte. */
async function* inflatedFrom(path: string, fromByte: number): AsyncGenerator<Uint8Array> {
  const inflation = new Inflation()
  let wholeBytes = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (wholeBytes < fromByte) {
      await inflation.take(chunk)
      wholeBytes += chunk.length
      continue
    }
    for (let at = 0; at < chunk.length; at++) {
      try {
        yield* await inflation.take(chunk.subarray(at, at + 1))
      } catch (error) {
        if (!isDamage(error)) throw error
        return
      }
    }
    return
  }
}

/** A gunzip that gives all that comes of what it took, and never more of it later. */
class Inflation {
  readonly #gunzip = createGunzip()
  readonly #parts: Uint8Array[] = []

  constructor() {
    this.#gunzip.on('data', (part: Uint8Array) => this.#parts.push(part))
  }

  take(chunk: Uint8Array): Promise<Uint8Array[]> {
    return this.#after((done) => this.#gunzip.write(chunk, done))
  }

  end(): Promise<Uint8Array[]> {
    return this.#after(() => this.#gunzip.end())
  }

  async #after(act: (done: () => void) => void): Promise<Uint8Array[]> {
    const gunzip = this.#gunzip
    // It ends by itself where other bytes stand after a whole file, and calls no writer back from then on.
    if (!gunzip.readableEnded) {
      await new Promise<void>((resolve, reject) => {
        gunzip.removeAllListeners('error').once('error', reject)
        gunzip.removeAllListeners('end').once('end', resolve)
        act(resolve)
      })
    }
    return this.#parts.splice(0)
  }
}
