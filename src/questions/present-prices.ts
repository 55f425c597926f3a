import type { Decimal, VenueId } from '../domain/index.ts'
import type { MarkOf } from '../margin/index.ts'

/** Present prices. Marks by symbol hold at every venue but where the venue has its own. Index prices are by asset. */
export interface PresentPrices {
  readonly marks: ReadonlyMap<string, Decimal>
  readonly marksByVenue: ReadonlyMap<VenueId, ReadonlyMap<string, Decimal>>
  readonly indexPrices: ReadonlyMap<string, Decimal>
  readonly fundingRates: ReadonlyMap<string, Decimal>
  /** Take the entry price of a position as the present mark where no mark is stated. */
  readonly isFromEntry: boolean
}

/** The marks that are stated of a venue. */
export function statedMarksOf({ marks, marksByVenue }: PresentPrices, venue: VenueId): MarkOf {
  const own = marksByVenue.get(venue)
  return (symbol) => own?.get(symbol) ?? marks.get(symbol)
}
