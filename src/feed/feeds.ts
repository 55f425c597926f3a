import type { VenueSource } from '../domain/index.ts'
import { openFeed } from './feed.ts'
import type { Feed, FeedOptions } from './types.ts'

/** All connections to one source: as many as its limit of symbols needs. */
export interface Feeds {
  readonly feeds: readonly Feed[]
  /** Fills the open connections, then opens more. */
  add(symbols: readonly string[]): void
  close(): Promise<void>
}

export function openFeeds(options: FeedOptions): Feeds {
  const feeds: Feed[] = []
  const perConnectionMax = symbolsMaxOf(options.source)
  const add = (symbols: readonly string[]) => {
    let rest = symbols.filter((symbol) => !feeds.some(({ markets }) => markets.has(symbol)))
    for (const feed of feeds) {
      const room = perConnectionMax - feed.markets.size
      feed.add(rest.slice(0, room))
      rest = rest.slice(room)
    }
    for (let start = 0; start < rest.length; start += perConnectionMax) {
      feeds.push(openFeed({ ...options, symbols: rest.slice(start, start + perConnectionMax) }))
    }
  }
  add([...new Set(options.symbols)])
  return { feeds, add, close: async () => void (await Promise.all(feeds.map((feed) => feed.close()))) }
}

/** Most markets of one feed of the source. A file is opened once, however many markets it has. */
function symbolsMaxOf(source: VenueSource): number {
  if (source.kind === 'file') return Number.POSITIVE_INFINITY
  return source.kind === 'poll' ? source.symbolsPerRequestMax : source.symbolsPerConnectionMax
}
