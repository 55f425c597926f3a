import type { VenueId } from '../domain/index.ts'
import {
  type FurtherPrices,
  fundingSymbolsOf,
  indexAssetsOf,
  initialSymbolsOf,
  type MarginAccount,
  type MarkOf,
  symbolsOf,
} from '../margin/index.ts'

/** A price that decides about a margin account and is not known. */
export interface MissingPrice {
  readonly kind: 'mark' | 'index price' | 'funding rate'
  /** Venue of a mark or a rate. */
  readonly venue: VenueId
  /** The symbol; of an index price the asset. */
  readonly name: string
  /** Of the mark of an option that moves leave open: what they move, from which no mark of the option follows. */
  readonly underlying?: string
}

export interface CountedPrice extends MissingPrice {
  /** How many wait for it. */
  readonly marginAccounts: number
}

/** Prices that are not known, and how many margin accounts wait for each. */
export class MissingPrices {
  marginAccounts = 0
  readonly #counts = new Map<string, MissingPrice & { marginAccounts: number }>()

  /** Of one margin account. */
  add(missing: readonly MissingPrice[]): void {
    this.marginAccounts++
    for (const price of missing) {
      const key = `${price.kind} ${price.venue} ${price.name}`
      const known = this.#counts.get(key)
      if (known === undefined) this.#counts.set(key, { ...price, marginAccounts: 1 })
      else known.marginAccounts++
    }
  }

  /** Those for which most margin accounts wait come first. */
  list(): CountedPrice[] {
    return [...this.#counts.values()].sort((left, right) => right.marginAccounts - left.marginAccounts)
  }
}

/** A mark without which the initial margin of a position is not known; the margin account has a verdict. */
export interface MissingForInitial extends MissingPrice {
  readonly leavesOpen: 'initialMargin'
}

/** Those of the margin account. */
export function missingForInitialOf({ venue, formula }: MarginAccount, markOf: MarkOf): MissingForInitial[] {
  return initialSymbolsOf(formula)
    .filter((name) => markOf(name) === undefined)
    .map((name) => ({ kind: 'mark', venue, name, leavesOpen: 'initialMargin' }))
}

/** The prices without which the margin account has no verdict. */
export function missingPricesOf(
  { venue, formula }: MarginAccount,
  markOf: MarkOf,
  { indexPriceOf, fundingRateOf }: FurtherPrices,
): MissingPrice[] {
  const missing: MissingPrice[] = []
  for (const name of symbolsOf(formula)) {
    if (markOf(name) === undefined) missing.push({ kind: 'mark', venue, name })
  }
  const { pool } = formula
  for (const name of pool === undefined ? [] : indexAssetsOf(pool)) {
    if (indexPriceOf?.(name, pool!.currency) === undefined) missing.push({ kind: 'index price', venue, name })
  }
  for (const name of fundingSymbolsOf(formula)) {
    if (fundingRateOf?.(name) === undefined) missing.push({ kind: 'funding rate', venue, name })
  }
  return missing
}
