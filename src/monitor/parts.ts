import type { Announcer } from './announcer.ts'
import type { Judge } from './judge.ts'
import type { Markets } from './markets.ts'
import type { Venues } from './venues.ts'
import type { Watchlist } from './watchlist.ts'
import type { WatchlistEditor } from './watchlist-editor.ts'

/** The parts of a monitor that a change of the book, of rules or of funding goes through. */
export interface MonitorParts {
  readonly watchlist: Watchlist
  readonly editor: WatchlistEditor
  readonly markets: Markets
  readonly judge: Judge
  readonly announcer: Announcer
  /** Undefined without rules of price integrity. */
  readonly venues: Venues | undefined
}
