import type { Account, InstrumentRules, Position } from '../../domain/index.ts'
import { add, divide, type Fraction, multiply, ONE, parse, subtract, ZERO } from './fraction.ts'
import { larger } from './venues/formula.ts'
import { type Figures, type Prices, VENUE_FORMULAS, type VenueFormula } from './venues/index.ts'

/** What a venue liquidates as a whole: an isolated position, or a cross pool of one settlement asset. */
export interface NaiveMarginAccount {
  readonly id: string
  /** Every symbol whose mark decides about it. */
  readonly symbols: readonly string[]
  /** Those whose price falls when it moves against the account; the others rise. */
  readonly falling: ReadonlySet<string>
  /** Margin that does not depend on a price. */
  readonly wallet: Fraction
  readonly positions: readonly NaivePosition[]
  readonly formula: VenueFormula
}

export interface NaivePosition {
  readonly position: Position
  readonly rules: InstrumentRules
  readonly figuresOf: Figures
}

/** In the settlement asset. */
export interface AccountFigures {
  readonly marginBalance: Fraction
  readonly maintenanceMargin: Fraction
}

/** Splits an account as its venue does. It throws for a venue without a formula, which is a bug of the caller. */
export function naiveMarginAccounts(
  account: Account,
  rulesOf: (symbol: string) => InstrumentRules,
): NaiveMarginAccount[] {
  const formula = VENUE_FORMULAS[account.venue]
  if (formula === undefined) throw new Error(`the referee has no formula of ${account.venue}`)
  const pools = new Map<string, NaivePosition[]>()
  const result: NaiveMarginAccount[] = []
  for (const position of account.positions) {
    const rules = rulesOf(position.symbol)
    const naive = { position, rules, figuresOf: formula.figuresOf(position, rules) }
    if (position.marginMode === 'cross') {
      const pool = pools.get(rules.settlementAsset)
      if (pool === undefined) pools.set(rules.settlementAsset, [naive])
      else pool.push(naive)
    } else {
      const side = position.size.startsWith('-') ? 'short' : 'long'
      const id = `${account.id}:isolated:${position.symbol}:${side}`
      result.push(built(id, formula.isolatedMarginOf(position, rules), [naive], formula))
    }
  }
  for (const [currency, positions] of pools) {
    const balance = account.collateral.find((entry) => entry.asset === currency)?.amount ?? '0'
    result.push(built(`${account.id}:cross:${currency}`, parse(balance), positions, formula))
  }
  return result
}

function built(
  id: string,
  wallet: Fraction,
  positions: readonly NaivePosition[],
  formula: VenueFormula,
): NaiveMarginAccount {
  const symbols = positions.flatMap(({ position, rules }) => {
    const underlying = askedByUnderlying(position, rules)
    return underlying === undefined ? [position.symbol] : [position.symbol, underlying]
  })
  return { id, symbols: [...new Set(symbols)], falling: fallingOf(positions), wallet, positions, formula }
}

/** The underlying of a short option in dollars, which is asked for a share of it; undefined for all others. */
function askedByUnderlying({ size }: Position, { option }: InstrumentRules): string | undefined {
  return option !== undefined && option.pricedIn !== 'coin' && size.startsWith('-')
    ? option.underlying
    : undefined
}

/** The marks by which a position is judged; undefined when one is missing. */
export function marksFor(
  position: Position,
  rules: InstrumentRules,
  markOf: (symbol: string) => Fraction | undefined,
): Pick<Prices, 'mark' | 'underlying'> | undefined {
  const mark = markOf(position.symbol)
  const asked = askedByUnderlying(position, rules)
  const underlying = asked === undefined ? undefined : markOf(asked)
  return mark === undefined || (asked !== undefined && underlying === undefined)
    ? undefined
    : { mark, underlying }
}

/** undefined when a mark is missing. `fundingRateOf`: of the next payment, a fraction; 0 unless given. */
export function figuresAt(
  { wallet, positions, formula }: NaiveMarginAccount,
  markOf: (symbol: string) => Fraction | undefined,
  fundingRateOf: (symbol: string) => Fraction = () => ZERO,
): AccountFigures | undefined {
  let marginBalance = wallet
  const asked: { position: Position; rules: InstrumentRules; maintenance: Fraction }[] = []
  for (const { position, rules, figuresOf } of positions) {
    const marks = marksFor(position, rules, markOf)
    if (marks === undefined) return undefined
    const prices: Prices = { ...marks, fundingRate: fundingRateOf(position.symbol) }
    const { contribution, maintenance } = figuresOf(prices)
    marginBalance = add(marginBalance, contribution)
    asked.push({ position, rules, maintenance })
  }
  return { marginBalance, maintenanceMargin: formula.maintenanceOf(asked) }
}

/**
 * The marks after a move of each by that share against the account: down where it is net long in the symbol, up where it is
 * net short. Where neither, the value of the position grows: the price of an inverse contract falls, any other one rises. An
 * option that rises gains at least all that its underlying would by that share.
 */
export function movedAgainst(
  { falling, positions }: Pick<NaiveMarginAccount, 'falling' | 'positions'>,
  markOf: (symbol: string) => Fraction | undefined,
  share: Fraction,
): (symbol: string) => Fraction | undefined {
  const [fallen, risen] = [subtract(ONE, share), add(ONE, share)]
  return (symbol) => {
    const mark = markOf(symbol)
    if (mark === undefined) return undefined
    if (falling.has(symbol)) return multiply(mark, fallen)
    const option = positions.find(({ position }) => position.symbol === symbol)?.rules.option
    const grown = multiply(mark, risen)
    if (option === undefined) return grown
    // In coins what the option gains does not depend on what a coin is worth.
    const underlying = option.pricedIn === 'coin' ? ONE : markOf(option.underlying)
    return underlying && larger(grown, dearestOf(option, mark, underlying, share))
  }
}

/**
 * The mark of an option whose underlying has moved by that share towards its money, where the option has gained as much in the
 * currency of quotes as one underlying has.
 */
function dearestOf(
  { type, pricedIn }: NonNullable<InstrumentRules['option']>,
  mark: Fraction,
  underlying: Fraction,
  share: Fraction,
): Fraction {
  const gain = multiply(underlying, share)
  if (pricedIn === 'quote') return add(mark, gain)
  const then = type === 'call' ? add(underlying, gain) : subtract(underlying, gain)
  return divide(add(multiply(mark, underlying), gain), then)
}

/** The symbols whose price falls when it moves against the account. */
export function fallingOf(positions: readonly NaivePosition[]): ReadonlySet<string> {
  const nets = new Map<string, Fraction>()
  for (const { position } of positions)
    nets.set(position.symbol, add(nets.get(position.symbol) ?? ZERO, parse(position.size)))
  const isFalling = ({ position, rules }: NaivePosition) => {
    const { n } = nets.get(position.symbol)!
    return n > 0n || (n === 0n && rules.contribution === 'inverse')
  }
  return new Set(positions.filter(isFalling).map(({ position }) => position.symbol))
}

/** A pool holds no positions that differ in this. */
export function liquidatesOnTheLine({ formula, positions }: NaiveMarginAccount): boolean {
  return formula.liquidatesOnTheLine(positions[0]!.rules)
}
