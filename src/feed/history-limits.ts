import { REQUEST_LIMITS, type RequestLimits } from './venue-requests.ts'

/** Every limit of reading records of past prices, and what happens at it. */
export interface HistoryLimits extends RequestLimits {
  /** Reads of one venue that have not ended. A further one fails at once. */
  readonly readsMax: number
  /** Bars that one read may ask for. A longer one fails at once. */
  readonly barsMax: number
}

/** `readsMax`: all contracts of the largest venue, twice. `barsMax`: a week. */
export const HISTORY_LIMITS: HistoryLimits = {
  ...REQUEST_LIMITS,
  readsMax: 2_048,
  barsMax: 10_080,
}
