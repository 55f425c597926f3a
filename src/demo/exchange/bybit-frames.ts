import type { Clock, Random } from '../../domain/index.ts'
import { below } from '../../system/index.ts'
import type { Market } from './market.ts'

/** Largest step of `cs`, which grows but is not consecutive. */
const SEQUENCE_STEP_MAX = 40
const FIRST_SEQUENCE = 1_000_000_000
const FUNDING_RATE = '0.0001'
const FUNDING_INTERVAL_MS = 8 * 3_600_000
const QUOTE_SIZE_MAX = 500

/** Makes Bybit's `tickers.{symbol}` messages; `place` is the instrument's place in the market. */
export interface TickerFrames {
  snapshot(place: number): string
  /** A delta with mark and index price, or with quotes only, which is more frequent on the venue. */
  delta(place: number, withMark: boolean): string
}

export function createTickerFrames(market: Market, clock: Clock, random: Random): TickerFrames {
  let sequence = FIRST_SEQUENCE

  const frame = (place: number, type: 'snapshot' | 'delta', fields: object): string => {
    sequence += 1 + below(random, SEQUENCE_STEP_MAX)
    const { symbol } = market.instruments[place]!
    return JSON.stringify({
      topic: `tickers.${symbol}`,
      type,
      data: { symbol, ...fields },
      cs: sequence,
      ts: clock.nowMs(),
    })
  }

  const quote = (place: number): object => ({
    bid1Price: market.markOf(place),
    bid1Size: String(1 + below(random, QUOTE_SIZE_MAX)),
    ask1Price: market.markOf(place),
    ask1Size: String(1 + below(random, QUOTE_SIZE_MAX)),
  })

  const prices = (place: number): object => ({
    markPrice: market.markOf(place),
    indexPrice: market.indexOf(place),
  })

  return {
    snapshot: (place) =>
      frame(place, 'snapshot', {
        tickDirection: 'PlusTick',
        lastPrice: market.markOf(place),
        ...prices(place),
        openInterest: '482913.1',
        turnover24h: '4936790807.6521',
        fundingIntervalHour: '8',
        fundingRate: FUNDING_RATE,
        nextFundingTime: String(Math.ceil(clock.nowMs() / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS),
        ...quote(place),
        preOpenPrice: '',
        preQty: '',
        curPreListingPhase: '',
      }),
    delta: (place, withMark) =>
      frame(place, 'delta', withMark ? { ...prices(place), ...quote(place) } : quote(place)),
  }
}
