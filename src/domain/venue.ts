import type { VenueId } from './account.ts'
import type { Decimal } from './decimal.ts'
import type { RuleBook } from './instrument.ts'
import type { InstrumentList } from './instrument-list.ts'
import type { MarkSource } from './mark-source.ts'
import type { RulesImport } from './rules-import.ts'

/**
 * What a text from a venue was. `ticks`: market data of a market (it may hold no new price: a delta without one says
 * that the price has not changed). `malformed` is counted, never thrown.
 */
export type FrameKind = 'ticks' | 'acknowledged' | 'rejected' | 'heartbeat' | 'ignored' | 'malformed'

/**
 * `mark` is the price by which the venue liquidates, `settlement` its daily one. `index` is the price of an asset in a currency:
 * its symbol is an `indexName`.
 */
export type PriceKind = 'mark' | 'index' | 'settlement'

/** Funding of a market as the frame and its state give it; undefined when they lack it. */
export interface Funding {
  readonly fundingRate: Decimal | undefined
  readonly nextFundingTimeMs: number | undefined
}

/** Takes prices in the order of the text that states them. */
export interface PriceSink<EventTime extends number | undefined = number> {
  /**
   * A price as the venue printed it. A market's mark comes before its other prices. An index price is stated again where the
   * text confirms it. `funding` comes with marks and is valid during the call alone. `markSource` comes with a mark that is not
   * the venue's own.
   */
  price(
    kind: PriceKind,
    symbol: string,
    price: Decimal,
    eventTimeMs: EventTime,
    funding: Funding | undefined,
    markSource?: MarkSource,
  ): void
  /** The text confirms that this market's mark has not changed. `funding` may have: it is that of the text and its state, as with `price`. */
  unchanged(symbol: string, eventTimeMs: EventTime, funding: Funding | undefined): void
}

/**
 * Where a parser puts what it reads. Called synchronously from `parse`. Prices have no time where the venue states none: then
 * the time of receipt is theirs, and they are in the order in which they come.
 */
export interface FrameSink extends PriceSink<number | undefined> {
  /**
   * The venue says that the market has no mark since this time; it has none from then on. Or, without a time, an entry of the
   * text cannot be read: it is counted, and the market, undefined where the entry names none, keeps its mark until that is stale.
   */
  noMark(symbol: string | undefined, sinceMs: number | undefined): void
  /** The venue sends these markets from now on; `request`: all of the oldest request that it has not answered. */
  acknowledged(symbols: readonly string[] | 'request'): void
  /** The venue does not send this market, or refuses the oldest request as a whole. `reason` is in its own words. */
  rejected(symbol: string | 'request', reason: string): void
  /** A frame that the venue expects as an answer; a source that cannot send drops it. */
  reply(frame: string): void
}

/** One a connection, file or polled URL: it keeps the state of deltas. Pure: no socket, clock or retry. */
export interface FrameParser {
  parse(text: string, sink: FrameSink): FrameKind
  /** States the last prices of these markets again, for a source whose one channel brings markets that nobody has asked for. */
  restate?(symbols: readonly string[], sink: FrameSink): void
}

/** One frame that subscribes, or that unsubscribes and has no symbols. The venue answers it as a whole, or symbol by symbol. */
export interface SubscribeRequest {
  readonly frame: string
  readonly symbols: readonly string[]
}

interface Source {
  /** Unique over all venues; the configuration names the source by it. */
  readonly id: string
  /** Whether this source carries the mark of the symbol, or the index price of that name. */
  carries(symbol: string): boolean
  /** The cadence at which each market's mark is stated or confirmed, milliseconds. */
  readonly cadenceMs: number
  /** The same of index prices, where it is another one. */
  readonly indexCadenceMs?: number
  /** Its texts state every market of the venue, whether it was asked for or not: those are no `foreign` ones. */
  readonly statesEveryMarket?: true
  /** It carries its markets only where the settings give its address, and then in place of the venue's other sources. */
  readonly isOptIn?: true
  createParser(): FrameParser
}

/** A public WebSocket endpoint. Each frame is one instant. */
export interface SocketSource extends Source {
  readonly kind: 'socket'
  /** Empty where no public address exists: the settings must give one. */
  readonly url: string
  /** Requests for the symbols, in their order and split to the venue's limits. */
  subscribe(symbols: readonly string[]): readonly SubscribeRequest[]
  /**
   * Requests that end the channels of these symbols, each channel once; none of them names a symbol. The venue answers them as it
   * answers `subscribe`. Absent where a client cannot unsubscribe, or no contract ends.
   */
  unsubscribe?(symbols: readonly string[]): readonly SubscribeRequest[]
  /**
   * The channel in which a market comes, by the name that the venue's answers give it. Markets of one channel come in the same
   * frames and are requested once. Absent where each market has a channel of its own name.
   */
  channelOf?(symbol: string): string
  /**
   * What a connection states first of a market, without a time, is the price that the venue has stored: of any age, if the venue is
   * halted. It counts when the connection states or confirms the market again, or at once if another price was heard before.
   */
  readonly statesStoredFirst?: true
  readonly symbolsPerConnectionMax: number
  /** Client frames a second that the venue tolerates. */
  readonly requestsPerSecondMax: number
  /**
   * A frame that the client must send, or `protocol` for a ping of the WebSocket protocol; absent when the server pings.
   */
  readonly heartbeat?: { readonly everyMs: number; readonly frame: string | 'protocol' }
  /** The venue closes every connection after this time; absent when it does not. */
  readonly connectionLifeMs?: number
}

/** A URL that is asked every `cadenceMs`. Each body is one instant. */
export interface PollSource extends Source {
  readonly kind: 'poll'
  /** What the configuration may replace; `requestUrl` adds path and query. Empty where no public address exists. */
  readonly url: string
  requestUrl(url: string, symbols: readonly string[]): string
  readonly symbolsPerRequestMax: number
  /** A longer body fails the request. */
  readonly bodyBytesMax: number
}

/** Lines of a file that grows, or of standard input. Each line is one instant. */
export interface FileSource extends Source {
  readonly kind: 'file'
  /** `-` for standard input; empty where the settings must give the path. */
  readonly path: string
  /** Whether the lines count that are in the file when it is opened. */
  readonly from: 'start' | 'end'
}

export type VenueSource = SocketSource | PollSource | FileSource

export type KlineColumn = 'symbol' | 'openTime' | 'open' | 'high' | 'low' | 'close'

/** The files of klines, CSV, that the venue offers for download. */
export interface KlineFiles {
  /** Of a file whose first line names none; undefined: one that does not count. */
  readonly columns: readonly (KlineColumn | undefined)[]
  /** Finds the contract in the name of a file, as its first group. */
  readonly symbolIn: RegExp
}

/** Length of a bar of a mark history, milliseconds. */
export const MARK_BAR_MS = 60_000

/** One minute of a market's mark price, or of an index price, as the klines of the venue state it. */
export interface MarkBar {
  /** Unix milliseconds; a whole minute. */
  readonly openTimeMs: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
}

/** The venue's record of past mark prices, in bars of one minute. Pure: no request, clock or retry. */
export interface MarkHistory {
  /** Unique over all venues and their sources; the configuration replaces the URL by it, as that of a source. */
  readonly id: string
  /** What the configuration may replace; `requestUrl` adds path and query. */
  readonly url: string
  /** Whether the venue keeps bars of this contract, or of the index price of that name. */
  carries(symbol: string): boolean
  /**
   * Asks for the bars that open from `fromMs` up to and including `toMs`, Unix milliseconds, both whole minutes, at most
   * `barsPerRequestMax` of them. The bar of a minute that has not ended states what has been so far: ask for ended ones.
   */
  requestUrl(url: string, symbol: string, fromMs: number, toMs: number): string
  readonly barsPerRequestMax: number
  /** What the venue tolerates by address, with room left for live work. */
  readonly requestsPerSecondMax: number
  /**
   * Histories of one `limitId` share one limit of requests, because the venue counts them together. Absent: the history has a
   * limit of its own.
   */
  readonly limitId?: string
  /** A longer body fails the request. */
  readonly bodyBytesMax: number
  /**
   * Bars in time order, none twice. A minute without a bar is left out.
   * @throws PlimsollError INPUT_INVALID for a body that is no answer or has a bar that is none: naming field, value and rule.
   */
  parse(body: string, symbol: string): readonly MarkBar[]
}

/** A venue is one constant object: its names, its symbols, its sources and its margin rules. */
export interface Venue {
  /** The id under which its accounts are stored. */
  readonly id: VenueId
  /** Every name under which its accounts and rules may be given; the id is one of them. */
  readonly names: readonly string[]
  /** The names that the venue gives to its instruments: a part of `SYMBOL_PATTERN`. */
  readonly symbol: RegExp
  /**
   * When the contract of that name ends, Unix milliseconds: the end of the day or month, UTC, where the name says no more and
   * the venue states no time of the day. undefined where the name says no day. Absent where no name does.
   */
  readonly expiryMsOf?: (symbol: string) => number | undefined
  /** At least one; each may be used on request only (`isOptIn`). */
  readonly sources: readonly VenueSource[]
  readonly ruleBook: RuleBook
  readonly rulesImport: RulesImport
  /** Absent for a venue whose files of klines have no known form. */
  readonly klines?: KlineFiles
  /** Absent where the venue keeps no public record of mark prices by the minute; then a gap stays open and is published. */
  readonly markHistory?: readonly MarkHistory[]
  /** Absent where the venue has no public list of its contracts, or none is read; then a contract ends by its name alone. */
  readonly instruments?: readonly InstrumentList[]
}
