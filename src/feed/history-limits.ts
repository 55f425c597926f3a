import { LIMITED_PAUSE_MS } from './limits.ts'

/** Every limit of reading records of past prices, and what happens at it. */
export interface HistoryLimits {
  /** From the request of a page to the end of its body. Then the try has failed. */
  readonly requestTimeoutMs: number
  /** Tries of one page. After the last one the read fails. */
  readonly triesMax: number
  /** Between two tries: full jitter, up to base·2^(tries − 1), at most the cap. */
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** Requests to one venue without an answer. Further ones wait. */
  readonly inFlightMax: number
  /** Reads of one venue that have not ended. A further one fails at once. */
  readonly readsMax: number
  /** Bars that one read may ask for. A longer one fails at once. */
  readonly barsMax: number
  /** No request to the venue for so long after status 418 or 429 without `Retry-After`. */
  readonly limitedPauseMs: number
  /** The same after 403, by which Bybit bans an address for 10 minutes. */
  readonly bannedPauseMs: number
  /** A longer pause fails the reads of the venue, and those that come while it lasts. */
  readonly pauseWaitMaxMs: number
}

/** `readsMax`: all contracts of the largest venue, twice. `barsMax`: a week. */
export const HISTORY_LIMITS: HistoryLimits = {
  requestTimeoutMs: 10_000,
  triesMax: 5,
  backoffBaseMs: 500,
  backoffCapMs: 15_000,
  inFlightMax: 4,
  readsMax: 2_048,
  barsMax: 10_080,
  limitedPauseMs: LIMITED_PAUSE_MS,
  bannedPauseMs: 600_000,
  pauseWaitMaxMs: 120_000,
}
