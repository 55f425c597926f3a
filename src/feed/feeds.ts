import type { VenueSource } from '../domain/index.ts'
import { openFeed } from './feed.ts'
import { RequestPause } from './request-pause.ts'
import type { Feed, FeedOptions } from './types.ts'

/** All connections to one source: as many as its limit of symbols needs. */
export interface Feeds {
  readonly feeds: readonly Feed[]
  /** Fills the open connections, then opens more. */
  add(symbols: readonly string[]): void
  /** Asks for these markets no more. Closes a connection that has no other one. */
  remove(symbols: readonly string[]): void
  close(): Promise<void>
}

export function openFeeds(options: FeedOptions): Feeds {
  const feeds: Feed[] = []
  const requestPause = new RequestPause(options.clock)
  const perConnectionMax = symbolsMaxOf(options.source)
  const add = (symbols: readonly string[]) => {
    let rest = symbols.filter((symbol) => !feeds.some(({ markets }) => markets.has(symbol)))
    for (const feed of feeds) {
      const room = perConnectionMax - feed.markets.size
      feed.add(rest.slice(0, room))
      rest = rest.slice(room)
    }
    for (let start = 0; start < rest.length; start += perConnectionMax) {
      const symbols = rest.slice(start, start + perConnectionMax)
      feeds.push(openFeed({ ...options, symbols, requestPause }))
    }
  }
  const closing = new Set<Promise<void>>()
  const remove = (symbols: readonly string[]) => {
    for (const feed of [...feeds]) {
      feed.remove(symbols)
      // What a file said is not to be read again when it gets a market.
      if (feed.markets.size > 0 || feed.source.kind === 'file') continue
      feeds.splice(feeds.indexOf(feed), 1)
      const closed = feed.close().finally(() => closing.delete(closed))
      closing.add(closed)
    }
  }
  const close = async () => void (await Promise.all([...feeds.map((feed) => feed.close()), ...closing]))
  add([...new Set(options.symbols)])
  return { feeds, add, remove, close }
}

/** Most markets of one feed of the source. A file is opened once, however many markets it has. */
function symbolsMaxOf(source: VenueSource): number {
  if (source.kind === 'file') return Number.POSITIVE_INFINITY
  return source.kind === 'poll' ? source.symbolsPerRequestMax : source.symbolsPerConnectionMax
}
