import {
  type Decimal,
  type FileSource,
  type FrameKind,
  type FrameParser,
  type FrameSink,
  ownText,
  type PollSource,
} from '../domain/index.ts'
import { middleOf } from './book-middle.ts'
import { isObject, type JsonObject } from './frame.ts'
import { frameKeepingDigits, isNameOfFrame, priceOfFrame, timeOfIso } from './numbers.ts'

/** A line for each contract is due in this time, changed or not. */
const FILE_CADENCE_MS = 60_000
const POLL_CADENCE_MS = 10_000
const SYMBOLS_PER_REQUEST_MAX = 20
const BODY_BYTES_MAX = 65_536
/** An answer whose book of a contract is older than this states none of it. */
const BOOK_AGE_MAX_MS = 60_000
/** Contracts of which one parser keeps what was stated; entries of further ones are ignored. */
const CONTRACTS_MAX = 4_096

/**
 * Prices of CME as lines that a program of the user's writes, from a licensed feed: the exchange publishes none, and no mark at all.
 * Each line is one entry (docs/sources.md).
 */
export function cmeFile(symbols: RegExp): FileSource {
  return {
    kind: 'file',
    id: 'cme-file',
    path: '',
    isOptIn: true,
    // Of lines that were there before, the prices are old.
    from: 'end',
    carries: (symbol) => symbols.test(symbol),
    cadenceMs: FILE_CADENCE_MS,
    createParser: () => new LineParser(),
  }
}

/** The same from an endpoint of the user's that answers `{"time":…,"prices":[…]}`, a list of the same entries. */
export function cmePoll(symbols: RegExp): PollSource {
  return {
    kind: 'poll',
    id: 'cme-poll',
    url: '',
    isOptIn: true,
    carries: (symbol) => symbols.test(symbol),
    cadenceMs: POLL_CADENCE_MS,
    symbolsPerRequestMax: SYMBOLS_PER_REQUEST_MAX,
    bodyBytesMax: BODY_BYTES_MAX,
    requestUrl: (url, wanted) => `${url}/prices?symbols=${encodeURIComponent(wanted.join(','))}`,
    createParser: () => new BodyParser(),
  }
}

const NAMES = ['symbol', 'bid', 'ask', 'settlement', 'time', 'error', 'prices']

class LineParser implements FrameParser {
  readonly #contracts = new Contracts()

  parse(line: string, sink: FrameSink): FrameKind {
    const entry = frameKeepingDigits(line, NAMES)
    return isObject(entry) ? this.#contracts.take(entry, undefined, sink) : 'malformed'
  }
}

class BodyParser implements FrameParser {
  readonly #contracts = new Contracts()

  parse(body: string, sink: FrameSink): FrameKind {
    const answer = frameKeepingDigits(body, NAMES)
    if (!isObject(answer)) return 'malformed'
    if (answer.error !== undefined) {
      sink.rejected('request', body)
      return 'rejected'
    }
    const timeMs = timeOfIso(answer.time)
    if (timeMs === undefined || !Array.isArray(answer.prices)) return 'malformed'
    let malformed = 0
    for (const entry of answer.prices) {
      const kind = isObject(entry) ? this.#contracts.take(entry, timeMs, sink) : 'malformed'
      if (kind === 'malformed') malformed++
    }
    return malformed > 0 && malformed === answer.prices.length ? 'malformed' : 'ticks'
  }
}

interface Contract {
  hasBook: boolean
  settlement: Decimal | undefined
}

/**
 * What stands for the mark of each contract: the middle of its book, and the last settlement price where the book has none. A
 * settlement price beside a book is kept for then.
 */
class Contracts {
  readonly #contracts = new Map<string, Contract>()

  /** `nowMs`: when the text was made; undefined where it does not say so, and every book counts. */
  take(entry: JsonObject, nowMs: number | undefined, sink: FrameSink): FrameKind {
    const { symbol, error } = entry
    if (!isNameOfFrame(symbol)) return unreadable(undefined, sink)
    if (error !== undefined) {
      sink.rejected(symbol, String(error))
      return 'rejected'
    }
    const timeMs = timeOfIso(entry.time)
    const isBook = entry.bid !== undefined || entry.ask !== undefined
    const middle = isBook ? middleOf(priceOfFrame(entry.bid), priceOfFrame(entry.ask)) : undefined
    const isUnclear = isBook && middle === undefined && !isNone(entry.bid) && !isNone(entry.ask)
    const settlement = priceOfFrame(entry.settlement)
    const isUnsettled = settlement === undefined && !isNone(entry.settlement)
    if (timeMs === undefined || isUnclear || isUnsettled || (!isBook && settlement === undefined))
      return unreadable(symbol, sink)
    const contract = this.#contractOf(symbol)
    if (contract === undefined) return 'ignored'
    if (settlement !== undefined) contract.settlement = ownText(settlement)
    const isOld = nowMs !== undefined && nowMs - timeMs > BOOK_AGE_MAX_MS
    if (isBook) contract.hasBook = middle !== undefined && !isOld
    if (middle !== undefined && contract.hasBook)
      sink.price('mark', symbol, middle, timeMs, undefined, 'book-middle')
    else if (contract.hasBook) return 'ignored'
    else if (contract.settlement === undefined) sink.noMark(symbol, timeMs)
    else sink.price('mark', symbol, contract.settlement, timeMs, undefined, 'settlement')
    return 'ticks'
  }

  #contractOf(symbol: string): Contract | undefined {
    const known = this.#contracts.get(symbol)
    if (known !== undefined || this.#contracts.size >= CONTRACTS_MAX) return known
    const contract = { hasBook: false, settlement: undefined }
    this.#contracts.set(ownText(symbol), contract)
    return contract
  }
}

/** Nothing stands there. */
function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function unreadable(symbol: string | undefined, sink: FrameSink): FrameKind {
  sink.noMark(symbol, undefined)
  return 'malformed'
}
