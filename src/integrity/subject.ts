import type { Decimal, Underlying, VenueId } from '../domain/index.ts'
import type { IndexPrice, References } from './references.ts'
import type { IntegrityRules } from './rules.ts'
import type { VenueMarks } from './venue-marks.ts'

/** A limit as it is compared exactly, and in f64. */
interface Limit {
  readonly text: Decimal
  readonly value: number
}

/** What does not change of a market: with what its marks are compared, and by which limits. */
export interface Subject {
  readonly symbol: string
  readonly index: IndexPrice | undefined
  readonly marks: VenueMarks | undefined
  /** Of its venue among those that follow the same underlying. */
  readonly place: number
  readonly jump: Limit
  readonly toIndex: Limit
  readonly crossVenue: Limit
}

/** `underlying` is undefined where the price can be compared with none of another venue. */
export function subjectOf(
  venue: VenueId,
  symbol: string,
  underlying: Underlying | undefined,
  references: References,
  { majors, jump, index, crossVenue }: IntegrityRules,
): Subject {
  const size = underlying !== undefined && majors.includes(underlying.coin) ? 'majors' : 'others'
  const marks = underlying && references.marksOf(underlying.name)
  return {
    symbol,
    index: underlying?.index === undefined ? undefined : references.indexOf(venue, underlying.index),
    marks,
    place: marks?.placeOf(venue) ?? 0,
    jump: limitOf(jump[size]),
    toIndex: limitOf(index[size]),
    crossVenue: limitOf(crossVenue[size]),
  }
}

function limitOf(text: Decimal): Limit {
  return { text, value: Number(text) }
}
