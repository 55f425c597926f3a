import type { VenueId } from './account.ts'
import type { Decimal } from './decimal.ts'
import type { RuleBook } from './instrument.ts'

/**
 * What a frame was. `ticks`: market data of a subscribed market (it may hold no new mark price: a delta
 * without one says that the mark has not changed). `malformed` is counted, never thrown.
 */
export type FrameKind = 'ticks' | 'acknowledged' | 'rejected' | 'heartbeat' | 'ignored' | 'malformed'

/** What a frame says of one market beside its mark price. Fields that the frame and its state lack are undefined. */
export interface TickDetails {
  readonly indexPrice: Decimal | undefined
  readonly fundingRate: Decimal | undefined
  readonly nextFundingTimeMs: number | undefined
}

/** Where a parser puts what it reads. Called synchronously from `parse`, in frame order. */
export interface TickSink {
  /** A mark price, as the venue printed it. `details` is valid only during the call. */
  tick(symbol: string, markPrice: Decimal, eventTimeMs: number, details: TickDetails): void
  /** The frame confirms that this market's mark price has not changed. */
  unchanged(symbol: string, eventTimeMs: number): void
}

/** One per connection: delta feeds keep their per-symbol state here. Pure: no socket, clock or retry. */
export interface FrameParser {
  parse(frame: string, sink: TickSink): FrameKind
}

/** One frame that subscribes; the venue answers it once, for all the symbols that it names. */
export interface SubscribeRequest {
  readonly frame: string
  readonly symbols: readonly string[]
}

/** One public WebSocket endpoint of a venue. */
export interface VenueStream {
  /** Unique over all venues, for example `bybit-linear`. */
  readonly id: string
  readonly url: string
  /** Whether this stream carries the mark price of the symbol. */
  carries(symbol: string): boolean
  /** Requests for the symbols, in their order and split to the venue's limits. */
  subscribe(symbols: readonly string[]): readonly SubscribeRequest[]
  readonly symbolsPerConnectionMax: number
  /** Client frames per second that the venue tolerates. */
  readonly requestsPerSecondMax: number
  /** A frame that the client must send; absent where the server pings. */
  readonly heartbeat?: { readonly everyMs: number; readonly frame: string }
  /** The cadence at which each market's mark is stated, milliseconds. */
  readonly cadenceMs: number
  /** The venue closes every connection after this time; absent where it does not. */
  readonly connectionLifeMs?: number
  createParser(): FrameParser
}

/** A venue is one constant object: its names, its symbols, its streams and its margin rules. */
export interface Venue {
  /** The id under which its accounts are stored. */
  readonly id: VenueId
  /** Every name under which its accounts and rules may be given; the id is one of them. */
  readonly names: readonly string[]
  /** The names that the venue gives to its instruments: a part of `SYMBOL_PATTERN`. */
  readonly symbol: RegExp
  readonly streams: readonly VenueStream[]
  readonly ruleBook: RuleBook
}
