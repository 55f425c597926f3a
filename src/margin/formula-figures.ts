// A margin account by its formula, at known prices.
import type { Decimal } from '../domain/index.ts'
import {
  type AccountFigures,
  type AccountFormula,
  type Change,
  figuresOf,
  fundingSymbolsOf,
  symbolsOf,
} from './account-formulas.ts'
import { type Algebra, exactNumbers } from './algebra.ts'
import { parseDecimal, type Rational } from './rational.ts'

/** The last known mark price of a symbol; undefined when it is not known. */
export type MarkOf = (symbol: string) => Decimal | undefined

/** Funding rate of a symbol for its next payment, a fraction; a long position pays it if it is above zero. */
export type FundingRateOf = (symbol: string) => Decimal | undefined

export const NO_FUNDING: FundingRateOf = () => undefined

export interface Known {
  readonly formula: AccountFormula
  readonly marks: ReadonlyMap<string, Rational>
  readonly rates: ReadonlyMap<string, Rational>
  readonly figures: AccountFigures<Rational>
}

export function knownOf(
  formula: AccountFormula,
  markOf: MarkOf,
  fundingRateOf: FundingRateOf,
): Known | undefined {
  const marks = parsed(symbolsOf(formula), markOf)
  const rates = parsed(fundingSymbolsOf(formula), fundingRateOf)
  if (marks === undefined || rates === undefined) return undefined
  return { formula, marks, rates, figures: figuresAt(exactNumbers, formula, marks, rates) }
}

function parsed(
  symbols: readonly string[],
  of: (symbol: string) => Decimal | undefined,
): Map<string, Rational> | undefined {
  const found = new Map<string, Rational>()
  for (const symbol of symbols) {
    const text = of(symbol)
    if (text === undefined) return undefined
    found.set(symbol, parseDecimal(text))
  }
  return found
}

/** `moved` gives the mark of one symbol in the algebra; the other marks stay. */
export function figuresAt<N>(
  algebra: Algebra<N>,
  formula: AccountFormula,
  marks: ReadonlyMap<string, Rational>,
  rates: ReadonlyMap<string, Rational>,
  change: Change<N> = {},
  moved?: { readonly symbol: string; readonly price: N },
): AccountFigures<N> {
  const markOf = (symbol: string) => {
    if (symbol === moved?.symbol) return moved.price
    const mark = marks.get(symbol)
    return mark === undefined ? undefined : algebra.of(mark)
  }
  return figuresOf(algebra, formula, { markOf, fundingRateOf: (symbol) => rates.get(symbol) }, change)
}
