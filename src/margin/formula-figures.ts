// A margin account by its formula, at known prices.
import type { Decimal } from '../domain/index.ts'
import {
  type AccountFigures,
  type AccountFormula,
  type Change,
  figuresOf,
  fundingSymbolsOf,
  furtherSymbolsOf,
  marketOf,
  type Prices,
  realizedOf,
  symbolsOf,
} from './account-formulas.ts'
import { type Algebra, exactNumbers } from './algebra.ts'
import { indexAssetsOf } from './pool-formulas.ts'
import { initialMarginAt } from './position-formulas.ts'
import { parseDecimal, type Rational } from './rational.ts'

/** The last known mark price of a symbol; undefined when it is not known. */
export type MarkOf = (symbol: string) => Decimal | undefined

/** Prices that only some margin accounts need. */
export interface FurtherPrices {
  /** Funding rate of a symbol for its next payment, a fraction; a long position pays it if it is above zero. */
  readonly fundingRateOf?: (symbol: string) => Decimal | undefined
  /** Price of an asset in the currency of the pool that holds it. */
  readonly indexPriceOf?: (asset: string, currency: string) => Decimal | undefined
}

/** `mark`: of a symbol; `index`: of an asset in the currency of its pool. */
export type PriceKind = 'mark' | 'index'

/** A margin account with all prices that decide about it. */
export interface KnownPrices {
  readonly formula: AccountFormula
  /** Those without which it has a verdict are in it where they are known. */
  readonly marks: ReadonlyMap<string, Rational>
  readonly indexes: ReadonlyMap<string, Rational>
  readonly rates: ReadonlyMap<string, Rational>
  /** The marks at which a part of a position is closed, where they are not `marks`. */
  readonly closingMarks?: ReadonlyMap<string, Rational>
  /** By which each index price has moved from `indexes` against the pool; undefined for none. */
  readonly indexShare?: Rational
}

/** The same with its figures at them. */
export interface Known extends KnownPrices {
  readonly figures: AccountFigures<Rational>
  /** Its prices, cures and distances are traced, also where pieces give them: the slow twin, for tests. */
  readonly isTraced?: boolean
  /** All its positions and assets are computed in every question (see `formula-focus.ts`): the slow twin of a pool, for tests. */
  readonly isWhole?: boolean
}

/** undefined when a price that counts is missing. */
export function knownOf(formula: AccountFormula, markOf: MarkOf, further?: FurtherPrices): Known | undefined {
  const prices = knownPricesOf(formula, markOf, further)
  return prices && { ...prices, figures: figuresAt(exactNumbers, prices) }
}

/** The same without figures. */
export function knownPricesOf(
  formula: AccountFormula,
  markOf: MarkOf,
  { fundingRateOf, indexPriceOf }: FurtherPrices = {},
): KnownPrices | undefined {
  const { pool } = formula
  const marks = parsed(symbolsOf(formula), markOf)
  for (const symbol of furtherSymbolsOf(formula)) {
    const mark = markOf(symbol)
    if (mark !== undefined) marks?.set(symbol, parseDecimal(mark))
  }
  const rates = parsed(fundingSymbolsOf(formula), fundingRateOf ?? (() => undefined))
  const indexes = parsed(pool === undefined ? [] : indexAssetsOf(pool), (asset) =>
    indexPriceOf?.(asset, pool!.currency),
  )
  if (marks === undefined || rates === undefined || indexes === undefined) return undefined
  return { formula, marks, indexes, rates }
}

function parsed(
  names: readonly string[],
  of: (name: string) => Decimal | undefined,
): Map<string, Rational> | undefined {
  const found = new Map<string, Rational>()
  for (const name of names) {
    const text = of(name)
    if (text === undefined) return undefined
    found.set(name, parseDecimal(text))
  }
  return found
}

/** Gives the price of a symbol or an asset that moved from `price`; undefined for one that stays. */
export type Moved<N> = (kind: PriceKind, name: string, price: Rational) => N | undefined

/** `share`: by which each index price moves against the pool, in place of that of the account. */
export function figuresAt<N>(
  algebra: Algebra<N>,
  known: KnownPrices,
  change: Change<N> = {},
  moved: Moved<N> = () => undefined,
  share: N | undefined = known.indexShare && algebra.of(known.indexShare),
): AccountFigures<N> {
  return figuresOf(algebra, known.formula, pricesMoved(algebra, known, moved, share), change)
}

/** The prices of an account of which some have moved. */
export function pricesMoved<N>(
  algebra: Algebra<N>,
  { marks, indexes, rates, closingMarks }: KnownPrices,
  moved: Moved<N>,
  share: N | undefined,
): Prices<N> {
  const priceOf = (kind: PriceKind, name: string, price: Rational | undefined) =>
    price === undefined ? undefined : (moved(kind, name, price) ?? algebra.of(price))
  const closingMarkOf = (symbol: string) => algebra.of(closingMarks!.get(symbol)!)
  return {
    markOf: (symbol: string) => priceOf('mark', symbol, marks.get(symbol)),
    indexOf: (asset: string) => priceOf('index', asset, indexes.get(asset)),
    fundingRateOf: (symbol: string) => rates.get(symbol),
    ...(share === undefined ? {} : { indexShare: share }),
    ...(closingMarks === undefined ? {} : { closingMarkOf }),
  }
}

/** The initial margin of the position at that place; undefined where the rules or a mark do not say it. */
export function knownInitialMargin({ formula, marks, rates }: Known, place: number): Rational | undefined {
  const ruled = formula.positions[place]!
  const prices = {
    markOf: (symbol: string) => marks.get(symbol),
    indexOf: () => undefined,
    fundingRateOf: (symbol: string) => rates.get(symbol),
  }
  return initialMarginAt(ruled, marketOf(ruled, prices))
}

/** What closing that share of the position at that place pays into the wallet of its pool. */
export function paidByShare(
  { formula, marks, rates }: KnownPrices,
  index: number,
  share: Rational,
): Rational {
  const prices = {
    markOf: (symbol: string) => marks.get(symbol),
    indexOf: () => undefined,
    fundingRateOf: (symbol: string) => rates.get(symbol),
  }
  return realizedOf(exactNumbers, formula, prices, { closed: { index, share } })
}

/** marginBalance − maintenanceMargin with some prices moved, after a change. */
export function slackAt<N>(
  algebra: Algebra<N>,
  known: Known,
  moved?: Moved<N>,
  change: Change<N> = {},
  share?: N,
): N {
  const { marginBalance, maintenanceMargin } = figuresAt(algebra, known, change, moved, share)
  return algebra.sub(marginBalance, maintenanceMargin)
}
