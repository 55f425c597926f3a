import type { VenueId } from '../../domain/index.ts'

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
  readonly takerFeeRate: string
  /** Whether the fee of closing the position is part of its margin. */
  readonly countsClosingFee: boolean
  /** Log return of the instrument when the whole market has a log return of 1. */
  readonly beta: number
  /** Weight with which an account of the book chooses it. */
  readonly popularity: number
  readonly maintenanceClass: MaintenanceClass
  /** A dated future; it pays no funding. */
  readonly dated: boolean
}

export type MaintenanceClass = 'major' | 'large' | 'small'
