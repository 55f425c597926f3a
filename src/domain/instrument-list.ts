import type { Decimal } from './decimal.ts'
import type { Contribution } from './margin-model.ts'

/** `settling`: it is traded no more and not settled yet. `closed`: the venue has settled or delisted it. */
export type ContractStatus = 'pre-launch' | 'listed' | 'settling' | 'closed'

/** Terms of a contract by which its margin is computed, as `InstrumentRules` state them; undefined where the list does not. */
export interface StatedTerms {
  readonly contribution: Contribution | 'spot' | undefined
  readonly multiplier: Decimal | undefined
  readonly settlementAsset: string | undefined
  /** The smallest step of its prices. */
  readonly tickSize: Decimal | undefined
}

/** A contract as the venue lists it. */
export interface StatedContract {
  readonly symbol: string
  readonly status: ContractStatus
  /** When it ends, Unix milliseconds; undefined where the venue states no such time. */
  readonly expiryMs: number | undefined
  readonly terms: StatedTerms
}

/** One answer of a list. */
export interface InstrumentPage {
  readonly contracts: readonly StatedContract[]
  /** Why each entry that cannot be read is none. */
  readonly unreadable: readonly UnreadableContract[]
  /** Of the next page; undefined of the last one. */
  readonly cursor: string | undefined
}

export interface UnreadableContract {
  /** undefined of an entry that names no contract: any one may be listed by it. */
  readonly symbol: string | undefined
  readonly reason: string
}

/** A public list of contracts of a venue. Pure: no request, clock or retry. */
export interface InstrumentList {
  /** Unique over all venues, their sources and histories; the configuration replaces the URL by it, as that of a source. */
  readonly id: string
  /** What the configuration may replace; `requestUrl` adds path and query. */
  readonly url: string
  /** Whether the list holds this contract as long as the venue lists it. */
  carries(symbol: string): boolean
  /** `cursor`: of the page; undefined of the first one. */
  requestUrl(url: string, cursor: string | undefined): string
  /** A body of JSON that is posted; absent: the request is a GET. */
  readonly requestBody?: string
  /** A list of more pages is not read to its end. */
  readonly pagesMax: number
  /** What the venue tolerates by address, with room left for live work. */
  readonly requestsPerSecondMax: number
  /** As `MarkHistory.limitId`, which it may share. */
  readonly limitId?: string
  /** A longer body fails the request. */
  readonly bodyBytesMax: number
  /**
   * Reads a body in steps, so that prices are evaluated between them.
   * @throws PlimsollError INPUT_INVALID for a body that is no answer or lists nothing: naming field, value and rule.
   */
  parse(body: string): Generator<void, InstrumentPage>
}
