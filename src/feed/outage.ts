import type { FeedLimits } from './limits.ts'
import type { FeedLog } from './types.ts'

/**
 * The log lines of one connection. An outage has one line at its beginning and one at its end, however many attempts lie
 * between; a long outage has another line every `outageLineEveryMs`. A connection that is lost again before it was stable
 * belongs to the same outage; each line of loss has at most one line of return. Times are monotonic milliseconds.
 */
export class OutageLog {
  readonly #log: FeedLog
  readonly #limits: FeedLimits
  readonly #stream: string
  #sinceMs: number | undefined
  #saidMs = 0
  #losses = 0
  #liveMs: number | undefined
  #hasSaidLive = false
  /** Whether any attempt of this feed led to a live connection. */
  #hasBeenLive = false

  constructor(stream: string, limits: FeedLimits, log: FeedLog) {
    this.#stream = stream
    this.#limits = limits
    this.#log = log
  }

  /** The first attempt of a feed. */
  connecting(url: string): void {
    this.#log.info({ stream: this.#stream, url }, 'connecting')
  }

  lost(reason: string, nowMs: number): void {
    if (this.#liveMs !== undefined && nowMs - this.#liveMs >= this.#limits.stableAfterMs) this.#close()
    this.#liveMs = undefined
    this.#losses++
    const isFirst = this.#sinceMs === undefined
    this.#sinceMs ??= nowMs
    if (!isFirst && nowMs - this.#saidMs < this.#limits.outageLineEveryMs) return
    this.#saidMs = nowMs
    this.#hasSaidLive = false
    const fields = { stream: this.#stream, reason }
    if (isFirst) this.#log.warn(fields, this.#hasBeenLive ? 'connection lost' : 'connection failed')
    else this.#log.warn({ ...fields, ...this.#figures(nowMs) }, 'connection still not stable')
  }

  live(markets: string, nowMs: number): void {
    this.#liveMs = nowMs
    this.#hasBeenLive = true
    if (this.#hasSaidLive) return
    this.#hasSaidLive = true
    const figures = this.#sinceMs === undefined ? {} : this.#figures(nowMs)
    this.#log.info({ stream: this.#stream, markets, ...figures }, 'connection live')
  }

  #figures(nowMs: number): object {
    return { losses: this.#losses, outageMs: Math.round(nowMs - (this.#sinceMs ?? nowMs)) }
  }

  #close(): void {
    this.#sinceMs = undefined
    this.#losses = 0
    this.#hasSaidLive = false
  }
}
