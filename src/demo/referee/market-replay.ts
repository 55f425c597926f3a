import type { MarketEvent } from '../../domain/index.ts'
import type { Expectations } from './comparison.ts'

/** What the referee compares of an event of a market. It knows a sample of the book, so it cannot count margin accounts. */
export type ComparedMarketEvent = Pick<
  MarketEvent,
  'kind' | 'venue' | 'symbol' | 'episode' | 'sequence' | 'markPrice'
>

/** The silences of markets, derived from the marks that the worker applied and nothing else. */
export interface MarketReplay extends Expectations<ComparedMarketEvent> {
  /** An empty mark is the start of a silence, the next mark its end. */
  apply(venue: string, symbol: string, markPrice: string): void
}

interface Silences {
  episode: number
  sequence: number
  isStale: boolean
}

export function createMarketReplay(): MarketReplay {
  const markets = new Map<string, Silences>()
  const expected = new Map<string, ComparedMarketEvent>()
  return {
    expected,
    keyOf,
    fields: ['sequence', 'markPrice'],
    name: ({ kind, venue, symbol }) => `${kind} of ${symbol} at ${venue}`,
    apply(venue, symbol, markPrice) {
      const key = `${venue}:${symbol}`
      const market = markets.get(key) ?? { episode: 0, sequence: 0, isStale: false }
      markets.set(key, market)
      const isStale = markPrice === ''
      if (isStale === market.isStale) return
      market.isStale = isStale
      market.sequence += 1
      if (isStale) market.episode += 1
      const { episode, sequence } = market
      const kind = isStale ? 'market-stale' : 'market-fresh'
      const event = { kind, venue, symbol, episode, sequence, markPrice: isStale ? null : markPrice } as const
      expected.set(keyOf(event), event)
    },
  }
}

function keyOf({ venue, symbol, episode, kind }: ComparedMarketEvent): string {
  return `${venue}:${symbol}|${episode}|${kind}`
}
