import type { InstrumentRules, Position } from '../../../domain/index.ts'
import { add, divide, type Fraction, multiply, parse, subtract, ZERO } from '../fraction.ts'

/** A position in exact numbers. */
export interface Held {
  readonly symbol: string
  readonly isLong: boolean
  /** Unsigned, in contracts or units as the venue counts them. */
  readonly size: Fraction
  /** size·multiplier. */
  readonly units: Fraction
  readonly entryPrice: Fraction
  readonly leverage: Fraction | undefined
  readonly isInverse: boolean
}

export interface Prices {
  readonly mark: Fraction
  /** Mark of the underlying of an option whose margin depends on it. */
  readonly underlying: Fraction | undefined
  /** A fraction for the next payment; a long position pays it if it is above zero. */
  readonly fundingRate: Fraction
}

/** In the settlement asset. */
export interface Asked {
  /** What the position adds to the margin balance. */
  readonly contribution: Fraction
  readonly maintenance: Fraction
}

/** The figures of one position at given prices. */
export type Figures = (prices: Prices) => Asked

/**
 * The margin formula that a venue publishes, written a second time: naive, in exact numbers, without the engine. `rules` give
 * numbers of the venue's table; that table's form is known here.
 */
export interface VenueFormula {
  /** Whether a margin account of such positions is liquidated exactly on its line. */
  liquidatesOnTheLine(
    rules: Pick<InstrumentRules, 'settlementAsset'> & Partial<Pick<InstrumentRules, 'maintenance'>>,
  ): boolean
  figuresOf(position: Position, rules: InstrumentRules): Figures
  /** What stands behind an isolated position, as the formula counts it. */
  isolatedMarginOf(position: Position, rules: InstrumentRules): Fraction
  /** The maintenance margin of a margin account. */
  maintenanceOf(asked: readonly AskedPosition[]): Fraction
  /** How it charges funding; absent where its stream does not state the payments. */
  readonly funding?: FundingFormula
}

export interface FundingFormula {
  isPerpetual(symbol: string): boolean
  /** What pays for an isolated position: its margin, or the wallet as long as that lasts. */
  readonly isolatedPays: 'own-margin' | 'wallet-first'
  /** On which the rate is charged, unsigned. */
  valueOf(position: Position, rules: InstrumentRules, mark: Fraction): Fraction
}

/** On the value at the mark, not rounded. */
export function valueAtMark(position: Position, rules: InstrumentRules, mark: Fraction): Fraction {
  return valueAt(heldOf(position, rules), mark)
}

export interface AskedPosition {
  readonly position: Position
  readonly rules: InstrumentRules
  readonly maintenance: Fraction
}

/** The stated margin, or value at entry/leverage. */
export function statedOrInitial(position: Position, rules: InstrumentRules): Fraction {
  if (position.isolatedMargin !== undefined) return parse(position.isolatedMargin)
  const held = heldOf(position, rules)
  if (held.leverage === undefined) throw new Error(`${position.symbol} states no leverage and no margin`)
  return divide(valueAt(held, held.entryPrice), held.leverage)
}

/** Of a venue that has no isolated positions: an account with one is refused before it is judged. */
export function notIsolated({ symbol }: Position): never {
  throw new Error(`${symbol} has no isolated positions`)
}

export function sumOf(asked: readonly AskedPosition[]): Fraction {
  return asked.reduce((sum, { maintenance }) => add(sum, maintenance), ZERO)
}

export function heldOf(position: Position, rules: InstrumentRules): Held {
  const size = parse(position.size.replace('-', ''))
  return {
    symbol: position.symbol,
    isLong: !position.size.startsWith('-'),
    size,
    units: multiply(size, parse(rules.multiplier)),
    entryPrice: parse(position.entryPrice),
    leverage: position.leverage === undefined ? undefined : parse(position.leverage),
    isInverse: rules.contribution === 'inverse',
  }
}

/** units·price, of an inverse contract units/price. */
export function valueAt({ units, isInverse }: Held, price: Fraction): Fraction {
  return isInverse ? divide(units, price) : multiply(units, price)
}

/** Linear long units·(P − E), inverse long units·(1/E − 1/P); of a short the opposite. By the value at the mark. */
function profitsOf(held: Held): (markValue: Fraction) => Fraction {
  const entryValue = valueAt(held, held.entryPrice)
  const losesWithValue = held.isLong === held.isInverse
  return (markValue) => (losesWithValue ? subtract(entryValue, markValue) : subtract(markValue, entryValue))
}

/** The figures of a position whose maintenance margin follows from its value at the mark, or from nothing that moves. */
export function byValue(held: Held, maintenanceOf: (markValue: Fraction) => Fraction): Figures {
  const profitOf = profitsOf(held)
  return ({ mark }) => {
    const value = valueAt(held, mark)
    return { contribution: profitOf(value), maintenance: maintenanceOf(value) }
  }
}

export function isAtMost(a: Fraction, b: Fraction): boolean {
  return a.n * b.d <= b.n * a.d
}

export function larger(a: Fraction, b: Fraction): Fraction {
  return isAtMost(a, b) ? b : a
}

/** `1/30` or a decimal. */
export function parseShare(text: string): Fraction {
  const [over, under] = text.split('/')
  return under === undefined ? parse(text) : divide(parse(over!), parse(under))
}

/** The whole number of units that is not above a positive amount. */
export function floorTo(amount: Fraction, unit: Fraction): Fraction {
  const units = divide(amount, unit)
  return multiply({ n: units.n / units.d, d: 1n }, unit)
}

export function ceilTo(amount: Fraction, unit: Fraction): Fraction {
  const below = floorTo(amount, unit)
  return isAtMost(amount, below) ? below : { n: below.n * unit.d + unit.n * below.d, d: below.d * unit.d }
}

/** Half up. */
export function nearestTo(amount: Fraction, unit: Fraction): Fraction {
  const units = divide(amount, unit)
  return multiply({ n: (2n * units.n + units.d) / (2n * units.d), d: 1n }, unit)
}

/** The tier that holds the measure: the first whose cap is not below it, the last for all above. */
export function tierOf<Tier extends { readonly cap: Fraction }>(
  tiers: readonly Tier[],
  measure: Fraction,
): Tier {
  return tiers.find(({ cap }) => isAtMost(measure, cap)) ?? tiers.at(-1)!
}

export interface Rated {
  readonly cap: Fraction
  readonly rate: Fraction
}

/** Keeps what a function of rules gives: a table of hundreds of tiers is parsed once, not once a position. */
function onceFor<Value>(of: (rules: InstrumentRules) => Value): (rules: InstrumentRules) => Value {
  const known = new WeakMap<InstrumentRules, Value>()
  return (rules) => {
    const found = known.get(rules)
    if (found !== undefined) return found
    const made = of(rules)
    known.set(rules, made)
    return made
  }
}

/** Tiers whose rate is that of the whole position. */
export const wholeTiers = onceFor(({ maintenance }): readonly Rated[] => {
  if (maintenance.kind !== 'whole-tiers') throw new Error(`whole tiers are expected, not ${maintenance.kind}`)
  return maintenance.tiers.map(({ cap, maintenanceMarginRate }) => ({
    cap: parse(cap),
    rate: parseShare(maintenanceMarginRate),
  }))
})

/**
 * The margin of marginal tiers, each rate that of the part of the value inside the tier. Summed part by part, without the
 * deductions of the table; that of the first tier says what the missing part of a table would have asked for less.
 */
export const marginalTiers = onceFor(({ maintenance }): ((value: Fraction) => Fraction) => {
  if (maintenance.kind !== 'marginal-tiers') {
    throw new Error(`marginal tiers are expected, not ${maintenance.kind}`)
  }
  const tiers = maintenance.tiers.map(({ cap, maintenanceMarginRate }) => ({
    cap: parse(cap),
    rate: parseShare(maintenanceMarginRate),
  }))
  const missing = parseShare(maintenance.tiers[0]!.maintenanceDeduction)
  return (value) => {
    let sum = subtract(ZERO, missing)
    let from = ZERO
    for (const [index, { cap, rate }] of tiers.entries()) {
      const isLast = index === tiers.length - 1 || isAtMost(value, cap)
      sum = add(sum, multiply(subtract(isLast ? value : cap, from), rate))
      if (isLast) return sum
      from = cap
    }
    return sum
  }
})
