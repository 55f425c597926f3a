// What a venue's rule book says for all its instruments.
import type { z } from 'zod'
import type { MarginMode } from './account.ts'
import type { PoolKind } from './collateral.ts'
import type { Decimal } from './decimal.ts'
import type { IsolatedPays } from './funding.ts'
import type { closingFeeSchema, Liquidation } from './margin-model.ts'

/** How a venue prints the ratio of a margin account: at 1 it is liquidated in both forms. */
export type VenueRatio = 'maintenance-over-balance' | 'balance-over-maintenance'

/**
 * Where a venue prints a liquidation price. `next-tick`: the first whole tick that the mark meets before the line or on it,
 * up for a long position and down for a short one (BitMEX). `tick-before`: of an isolated position one tick before
 * the line, of a cross position the line itself, both without rounding (OKX).
 */
export type PrintedPrice = 'next-tick' | 'tick-before'

/** How a venue charges funding. */
export interface FundingRule {
  /** Matches its perpetual contracts; no other pays funding. */
  readonly perpetual: RegExp
  /**
   * `at-mark`: at each funding time, the value of the position at the mark of that time times the rate. `not-computed`: the
   * venue charges it without such times; then no payment is known.
   */
  readonly payment: 'at-mark' | 'not-computed'
  /**
   * What funding of an isolated position changes: its own margin; or the wallet as long as it holds what is to be paid, and
   * its own margin after that.
   */
  readonly isolated: IsolatedPays
}

/** How a venue that closes a share of a position first, in place of stepping down tiers, measures it. */
export interface LiquidationShare {
  readonly share: Decimal
  /** The least and the most notional that it closes at once; a position of less than the least is closed as a whole. */
  readonly notionalMin?: Decimal
  readonly notionalMax?: Decimal
  /** A position whose notional at the mark is not above this is closed as a whole. */
  readonly notionalAbove?: Decimal
  /** The margin ratio above which the venue takes the whole position over; undefined for a contract of which it takes none. */
  readonly takeoverRatioOf?: (symbol: string) => Decimal | undefined
}

/** Which contracts a pool over several currencies of a venue holds. */
export interface PoolContracts {
  /** Whether a cross position of the contract may stand in it; one that may not is backed by another wallet. */
  readonly holds: (symbol: string) => boolean
  /** Whether a contract that it may hold has isolated positions beside it. */
  readonly hasIsolatedMargin: boolean
}

/** What a venue's book says for all its instruments whose rules do not say otherwise. */
export interface MarginDefaults {
  readonly closingFee: z.infer<typeof closingFeeSchema>
  readonly liquidation: Liquidation
  /** By margin mode; absent where the venue publishes no ratio. */
  readonly venueRatio?: Partial<Readonly<Record<MarginMode, VenueRatio>>>
  /** How many tiers the first part that the venue closes of a liquidated position goes down; absent where it steps down none. */
  readonly tiersPerLiquidationStep?: number
  /** Absent where the venue closes all at once, steps down tiers, or does not say how much it closes first. */
  readonly liquidationShare?: LiquidationShare
  /** Of which positions the initial margin is asked on the value at entry; absent where it follows the mark. */
  readonly initialAtEntry?: MarginMode
  /**
   * The published formula by which positions are ranked for auto-deleveraging; absent where there is no complete one.
   * `return-by-leverage`: BitMEX. `price-by-leverage`: Hyperliquid.
   */
  readonly adlRanking?: 'return-by-leverage' | 'price-by-leverage'
  /** A cross position states the greatest leverage of all, whatever margin its size asks for. */
  readonly isCrossLeverageNominal?: true
  /** The greatest leverage that the venue has granted for any contract, which a position may keep; absent where none is kept. */
  readonly leverageMax?: Decimal
  /** What an account below its maintenance margin has to be brought back to; absent where the venue liquidates it at once. */
  readonly marginCall?: 'to-initial-margin'
  /** The coin whose price an instrument follows, by the venue's grammar of symbols, where its rules state no `baseAsset`. */
  readonly coinOf?: (symbol: string) => string
  /** What the venue calls an asset, by another name that is in use for it and is refused in pools: `{ BTC: 'XBT' }`. */
  readonly assetNames?: Readonly<Record<string, string>>
  /**
   * The venue's name of the pair on spot margin that a text names, `XBTUSD` of `BTC/USD`; undefined of another text. Absent where
   * such pairs have the names of contracts.
   */
  readonly spotPairOf?: (text: string) => string | undefined
  /** Symbols of the book that stand for contracts which share their rules, and are no contract; absent where the book holds contracts alone. */
  readonly families?: RegExp
  /** The command that makes rules of what the venue publishes, for a message about a contract that the book does not hold. */
  readonly rulesCommand?: string
  /** What makes rules of how assets count in multi-asset pools, in words; absent where no body of the venue says it. */
  readonly collateralWayOut?: string
  /** Currencies of pools in which a stream of the venue brings index prices; absent where it brings none, so that no pool is judged. */
  readonly poolCurrencies?: readonly string[]
  /** Absent where no contract of the venue pays funding, or no stream brings its rates. */
  readonly funding?: FundingRule
  /** Whether the venue has isolated positions of a contract; absent where it has them of every one. */
  readonly hasIsolatedMargin?: (symbol: string) => boolean
  /**
   * The margin of an isolated position at its entry price may be below zero, since profit that is not realised can be withdrawn.
   * Absent where the venue keeps a margin that cannot.
   */
  readonly isolatedMarginFallsBelowZero?: true
  /** By kind of pool; absent where a pool of that kind holds every contract of the venue, and isolated ones stand beside it. */
  readonly pools?: Partial<Readonly<Record<PoolKind, PoolContracts>>>
  /**
   * The part of the venue that keeps the margin account of a contract's cross positions, by symbol: those of two parts are
   * never in one. Absent where the venue has one part.
   */
  readonly partOf?: (symbol: string) => string
  /** The venue nets a long and a short position of one contract, so that no account holds both. */
  readonly netsPositions?: true
  /**
   * `by-asset`: a multi-asset pool is asked for maintenance margin of what it owes, at a rate that the rules of each asset state.
   * Absent where the venue asks for none but by the rules of an asset.
   */
  readonly debtMargin?: 'by-asset'
  /** What is assumed of a cross account that is long and short in one contract; absent where the venue states how it is margined. */
  readonly hedgedAssumption?: string
  /** Absent where the venue does not say how it rounds its liquidation prices. */
  readonly printedPrice?: PrintedPrice
}
