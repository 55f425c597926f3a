import type { VenueId } from './account.ts'
import type { Contradiction } from './contradiction.ts'

/** Takes what the lists of venues say of contracts of the book, where it is other than before. */
export interface ContractSink {
  /** When the contract ends, Unix milliseconds; undefined: the venue states no such time, so that of its name counts. */
  expiryStated(venue: VenueId, symbol: string, expiryMs: number | undefined): void
  /** The venue does not list the contract any more; `sinceMs`: when that was found, Unix milliseconds. */
  delisted(venue: VenueId, symbol: string, sinceMs: number): void
  /** It lists a contract again that was delisted. */
  listed(venue: VenueId, symbol: string): void
  /** The venue states these terms otherwise than the rules in use; none: it does so no more. */
  termsContradicted(venue: VenueId, symbol: string, contradictions: readonly Contradiction[]): void
}
