import type { MarketEvent } from '../../domain/index.ts'
import { compareEvents, type Judgement } from './comparison.ts'

/** What the referee compares of an event of a market. It knows a sample of the book, so it cannot count margin accounts. */
export type ComparedMarketEvent = Pick<
  MarketEvent,
  'kind' | 'venue' | 'symbol' | 'episode' | 'sequence' | 'markPrice'
>

/** The silences of markets, derived from the marks that the worker applied and nothing else. */
export interface MarketReplay {
  /** An empty mark is the start of a silence, the next mark its end. */
  apply(venue: string, symbol: string, markPrice: string): void
  /** The starts and ends of silences, numbered as if no gap were published. */
  expected(): readonly ComparedMarketEvent[]
  judge(delivered: readonly ComparedMarketEvent[]): Judgement
}

interface Silences {
  episode: number
  sequence: number
  isStale: boolean
}

export function createMarketReplay(): MarketReplay {
  const markets = new Map<string, Silences>()
  const expected: ComparedMarketEvent[] = []
  return {
    expected: () => expected,
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
      expected.push({ kind, venue, symbol, episode, sequence, markPrice: isStale ? null : markPrice })
    },
    judge: (delivered) => judge(expected, delivered),
  }
}

/** Gaps in what was heard cannot be derived from what was heard; of them the numbers are judged. */
function judge(
  silences: readonly ComparedMarketEvent[],
  delivered: readonly ComparedMarketEvent[],
): Judgement {
  const gaps = byMarket(delivered.filter(isGap))
  const others = byMarket(silences)
  const numbered = [...new Set([...others.keys(), ...gaps.keys()])].flatMap((market) =>
    withGaps(others.get(market) ?? [], gaps.get(market) ?? []),
  )
  const expected = new Map(numbered.map((event) => [keyOf(event), event]))
  const rightGaps = new Set(numbered.filter(isGap).map(keyOf))
  for (const key of rightGaps) expected.delete(key)
  const judged = delivered.filter((event) => !rightGaps.delete(keyOf(event)))
  return compareEvents(
    {
      expected,
      keyOf,
      venueOf: ({ venue }) => venue,
      fields: ['sequence', 'markPrice'],
      name: ({ kind, venue, symbol }) => `${kind} of ${symbol} at ${venue}`,
    },
    judged,
  )
}

/**
 * The events of one market by their numbers, of which gaps have those that they state. A gap belongs to the last silence; one
 * before the first silence is an episode of its own.
 */
function withGaps(
  silences: readonly ComparedMarketEvent[],
  gaps: readonly ComparedMarketEvent[],
): ComparedMarketEvent[] {
  const gapAt = new Map(gaps.map((gap) => [gap.sequence, gap]))
  const waiting = [...silences].reverse()
  const events: ComparedMarketEvent[] = []
  let episode = 0
  for (let sequence = 1; ; sequence++) {
    const event = gapAt.get(sequence) ?? waiting.pop()
    if (event === undefined) return events
    if (event.kind === 'market-stale') episode += 1
    else if (isGap(event)) episode = Math.max(1, episode)
    events.push({ ...event, episode, sequence })
  }
}

function byMarket(events: readonly ComparedMarketEvent[]): ReadonlyMap<string, ComparedMarketEvent[]> {
  const found = new Map<string, ComparedMarketEvent[]>()
  for (const event of events) {
    const own = found.get(marketOf(event))
    if (own === undefined) found.set(marketOf(event), [event])
    else own.push(event)
  }
  return found
}

function isGap({ kind }: ComparedMarketEvent): boolean {
  return kind === 'market-gap'
}

function marketOf({ venue, symbol }: ComparedMarketEvent): string {
  return `${venue}:${symbol}`
}

/** An episode may have several gaps. */
function keyOf(event: ComparedMarketEvent): string {
  const { episode, kind, sequence } = event
  return `${marketOf(event)}|${episode}|${kind}${isGap(event) ? `|${sequence}` : ''}`
}
