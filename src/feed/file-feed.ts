import type { FileSource } from '../domain/index.ts'
import { type Line, LineSplitter } from '../input/index.ts'
import type { FollowedFile } from '../system/index.ts'
import { jitteredDelayMs } from './backoff.ts'
import { CheckLoop } from './check-loop.ts'
import { FrameReader } from './frame-reader.ts'
import { Hearing } from './hearing.ts'
import { Intake } from './intake.ts'
import { FEED_LIMITS, type FeedLimits } from './limits.ts'
import type { MarketStatus } from './markets.ts'
import { OutageLog } from './outage.ts'
import { type Feed, type FeedOptions, noCounts } from './types.ts'

/** The name of standard input as a file. */
const STANDARD_INPUT = '-'

/**
 * Follows the lines of a file while it grows, or standard input until it ends. Each line is one instant. A line longer
 * than LINE_LENGTH_MAX is malformed. A file that is replaced or cut short is read again from its start.
 */
export class FileFeed implements Feed {
  readonly source: FileSource
  readonly counters = noCounts()
  readonly #options: FeedOptions
  readonly #limits: FeedLimits
  readonly #path: string
  readonly #hearing: Hearing
  readonly #intake: Intake
  readonly #reader: FrameReader
  readonly #outage: OutageLog
  readonly #checks: CheckLoop
  #file: FollowedFile | undefined
  /** Attempts in a row that failed. */
  #failures = 0
  #wake: () => void = () => {}
  #isClosed = false
  readonly #following: Promise<void>

  constructor(source: FileSource, options: FeedOptions) {
    const { clock, log, sink, judgedUntilMs } = options
    this.#options = options
    this.source = source
    const limits = { ...FEED_LIMITS, ...options.limits }
    this.#limits = limits
    this.#path = options.url ?? source.path
    const hearing = new Hearing(clock, limits.checkLateMs)
    this.#hearing = hearing
    const { counters } = this
    const intake = new Intake({ source, clock, limits, sink, counters, judgedUntilMs })
    this.#intake = intake
    this.#reader = new FrameReader({ source, clock, hearing, intake, counters })
    this.#outage = new OutageLog(source.id, limits, log)
    this.add(options.symbols)
    const check = (heardMs: number) => intake.check(heardMs)
    this.#checks = new CheckLoop({ clock, hearing, limits, received: () => counters.frames, check })
    this.#outage.connecting(this.#path)
    sink.connection('connecting', this.#path)
    this.#following = this.#follow()
  }

  get markets(): ReadonlyMap<string, MarketStatus> {
    return this.#intake.all
  }

  get blindMarkets(): number {
    return this.#intake.blindMarkets
  }

  refusalOf(symbol: string): string | undefined {
    return this.#intake.refusals.replyOf(symbol)
  }

  /** Lines of these markets are read from now on. */
  add(symbols: readonly string[]): void {
    this.#intake.add(symbols, this.#hearing.nowMs(), Number.POSITIVE_INFINITY)
  }

  remove(symbols: readonly string[]): void {
    this.#intake.remove(symbols)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#checks.close()
    this.#wake()
    await this.#file?.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    let { from } = this.source
    while (!this.#isClosed) {
      try {
        this.#file = await this.#options.machine.openFollowed(this.#path, from)
        // A pipe that is opened after `close` would be read until something comes.
        if (!this.#isClosed) await this.#readAll(this.#file)
      } catch (error) {
        this.#lost((error as Error).message)
      }
      await this.#file?.close()
      this.#file = undefined
      // A new file has not been read, so begin at its start.
      from = 'start'
      if (this.#isClosed || this.#path === STANDARD_INPUT) return
      const { backoffBaseMs, backoffCapMs } = this.#limits
      await this.#pause(jitteredDelayMs(this.#failures, backoffBaseMs, backoffCapMs, this.#options.random))
    }
  }

  /** Reads until the input ends or another file has replaced it. Reads one chunk a turn of the event loop. */
  async #readAll(file: FollowedFile): Promise<void> {
    this.#live()
    const lines = new LineSplitter()
    const decoder = new TextDecoder()
    for (;;) {
      const chunk = await file.read()
      if (this.#isClosed) return
      if (chunk === undefined) break
      if (chunk.length === 0) {
        await this.#pause(this.#limits.followEveryMs)
        continue
      }
      this.#readLines(lines.push(decoder.decode(chunk, { stream: true })))
      await new Promise<void>((resolve) => this.#options.clock.nextTurn(resolve))
    }
    this.#readLines(lines.end())
    this.#lost(this.#path === STANDARD_INPUT ? 'standard input has ended' : 'the file is another one now')
  }

  #readLines(lines: readonly Line[]): void {
    for (const { text, isCut } of lines) {
      if (isCut) this.#reader.refuse()
      else if (text !== '') this.#readLine(text)
    }
  }

  #readLine(line: string): void {
    this.#reader.read(line)
    const { requestRefusal } = this.#reader
    if (requestRefusal !== undefined) this.#intake.refusedUnasked(requestRefusal)
  }

  #live(): void {
    this.#failures = 0
    this.counters.connects++
    this.#outage.live(this.#intake.freshText, this.#options.clock.monotonicMs())
    this.#options.sink.connection('live', this.#intake.freshText)
  }

  #lost(reason: string): void {
    if (this.#isClosed) return
    this.#failures++
    this.counters.reconnects++
    this.#outage.lost(reason, this.#options.clock.monotonicMs())
    this.#options.sink.connection('lost', reason)
    this.#options.sink.interrupted(this.#intake.symbols)
    this.#intake.markets.forgetOrder()
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
