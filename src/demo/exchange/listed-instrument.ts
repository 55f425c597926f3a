import type { InstrumentRules, VenueId } from '../../domain/index.ts'
import { coinOf } from './coins.ts'
import type { DemoInstrument } from './instrument.ts'

/** What a venue says of one contract; the rest follows from its coin. */
export interface Listed {
  readonly symbol: string
  readonly coin: string
  readonly kind: 'linear' | 'inverse'
  readonly settlementAsset: string
  /** Base units (linear) or quote units (inverse) per unit of size, as the venue writes it. */
  readonly multiplier: string
  /** Those of the coin unless given. */
  readonly sizeDecimals?: number
  readonly dated?: boolean
  readonly hasIsolatedMargin?: boolean
  readonly leverageMax?: number
  readonly accountsOf?: string
  readonly isNetted?: boolean
}

/** Relative to the same coin on the first two venues. Exact figures of an event take several times as long here. */
const POPULARITY = 0.08

type Form = Omit<InstrumentRules, 'contribution' | 'multiplier' | 'settlementAsset' | 'asOf'>

export function listedInstrument(
  venue: VenueId,
  streamId: string,
  listed: Listed,
  form: Form,
): DemoInstrument {
  const { coin, kind, multiplier, settlementAsset, dated = false, hasIsolatedMargin = true } = listed
  const { maintenanceClass: _, ...terms } = coinOf(coin)
  return {
    ...terms,
    popularity: terms.popularity * POPULARITY,
    ...listed,
    sizeDecimals: listed.sizeDecimals ?? terms.sizeDecimals,
    venue,
    streamId,
    dated,
    hasIsolatedMargin,
    multiplier: Number(multiplier),
    countsClosingFee: false,
    rules: { contribution: kind, multiplier, settlementAsset, ...form },
  }
}
