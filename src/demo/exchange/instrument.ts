import type { InstrumentRules, VenueId } from '../../domain/index.ts'

/** One instrument of the simulated exchange. Prices are in quote currency per coin. */
export interface DemoInstrument {
  readonly symbol: string
  readonly venue: VenueId
  readonly streamId: string
  readonly coin: string
  readonly kind: 'linear' | 'inverse'
  readonly settlementAsset: string
  readonly startPrice: number
  /** Decimals that the venue prints in a mark price. */
  readonly markDecimals: number
  /** Decimals of an entry price: the tick size is 10^-entryDecimals. */
  readonly entryDecimals: number
  /** Decimals of a size: the smallest size is 10^-sizeDecimals (0 for contracts). */
  readonly sizeDecimals: number
  /** Multiplier: base units (linear) or quote units (inverse) per unit of size. */
  readonly multiplier: number
  /** Its margin rules, but for the day on which they are stated. */
  readonly rules: Omit<InstrumentRules, 'asOf'>
  /** Whether the venue counts the fee of closing where the rules do not say so. */
  readonly countsClosingFee: boolean
  /** Whether the venue has isolated positions of it. */
  readonly hasIsolatedMargin: boolean
  /** Log return of the instrument when the whole market has a log return of 1. */
  readonly beta: number
  /** Weight with which an account of the book chooses it. */
  readonly popularity: number
  /** The greatest leverage that an account may state; absent where any is as good. */
  readonly leverageMax?: number
  /** The part of the venue whose accounts hold it; accounts hold contracts of one part alone. Absent where a venue has no parts. */
  readonly accountsOf?: string
  /** Opposite positions of it close each other, so that no account holds both. */
  readonly isNetted?: boolean
  /** A dated future; it pays no funding. */
  readonly dated: boolean
}

export type MaintenanceClass = 'major' | 'large' | 'small'

/** What instruments of one coin share. */
export interface DemoCoin
  extends Pick<
    DemoInstrument,
    'coin' | 'startPrice' | 'entryDecimals' | 'markDecimals' | 'sizeDecimals' | 'beta' | 'popularity'
  > {
  readonly maintenanceClass: MaintenanceClass
}
