import type { Account, InstrumentRules, Position } from '../../domain/index.ts'
import { assert } from '../../errors.ts'
import {
  add,
  divide,
  type Fraction,
  multiply,
  ONE,
  overOneDenominator,
  parse,
  reduce,
  subtract,
  ZERO,
} from './fraction.ts'

/**
 * The venues' published margin formulas, written a second time for the referee: Bybit "Maintenance Margin" and
 * "Liquidation Price (isolated, UTA)" help pages of 2025-07 and later, Binance FAQ "Leverage and Margin of USDⓈ-M
 * Futures" and its COIN-M twin. Naive and exact; shares no code with `src/margin`.
 */
export interface NaiveMarginAccount {
  readonly id: string
  readonly symbols: readonly string[]
  /** Margin that does not depend on the price; over one denominator with `fees`. */
  readonly wallet: Fraction
  /** Closing fees in the maintenance margin that do not depend on the price. */
  readonly fees: Fraction
  readonly legs: readonly Leg[]
}

export interface Figures {
  readonly marginBalance: Fraction
  readonly maintenanceMargin: Fraction
}

interface Tier {
  readonly cap: bigint
  readonly rate: bigint
  readonly deduction: bigint
}

/** Whole numbers of 10^-12 of size·multiplier, price, cap, rate and deduction. */
interface Leg {
  readonly symbol: string
  readonly inverse: boolean
  readonly units: bigint
  readonly long: boolean
  readonly entryPrice: bigint
  readonly tiers: readonly Tier[]
}

const SCALE_DECIMALS = 12
const SCALE = 10n ** BigInt(SCALE_DECIMALS)
const SCALE_SQUARED = SCALE * SCALE
const SCALE_CUBED = SCALE_SQUARED * SCALE

/** A decimal as a whole number of 10^-12. */
export function scaled(text: string): bigint {
  const { n, d } = parse(text)
  assert(d <= SCALE, `the referee reads at most ${SCALE_DECIMALS} decimals, not ${text}`)
  return n * (SCALE / d)
}

/** Splits an account into margin accounts, which the venue liquidates as a whole. Every position must state its leverage. */
export function naiveMarginAccounts(
  account: Account,
  rulesOf: (symbol: string) => InstrumentRules,
): NaiveMarginAccount[] {
  const feeCounts = account.venue === 'bybit'
  const pools = new Map<string, Position[]>()
  const result: NaiveMarginAccount[] = []
  for (const position of account.positions) {
    const rules = rulesOf(position.symbol)
    if (position.marginMode === 'cross') {
      const pool = pools.get(rules.settlementAsset)
      if (pool === undefined) pools.set(rules.settlementAsset, [position])
      else pool.push(position)
    } else {
      const side = position.size.startsWith('-') ? 'short' : 'long'
      const id = `${account.id}:isolated:${position.symbol}:${side}`
      const wallet = isolatedWallet(position, rules, feeCounts)
      result.push(build(id, wallet, [position], rulesOf, feeCounts))
    }
  }
  for (const [currency, positions] of pools) {
    const balance = account.collateral.find((entry) => entry.asset === currency)?.amount ?? '0'
    result.push(build(`${account.id}:cross:${currency}`, parse(balance), positions, rulesOf, feeCounts))
  }
  return result
}

/** Margin balance and maintenance margin at the given marks (whole numbers of 10^-12); undefined when a mark is missing. */
export function figuresAt(
  account: NaiveMarginAccount,
  markOf: (symbol: string) => bigint | undefined,
): Figures | undefined {
  let marginBalance = ZERO
  let maintenanceMargin = ZERO
  for (const leg of account.legs) {
    const mark = markOf(leg.symbol)
    if (mark === undefined) return undefined
    marginBalance = add(unrealizedPnl(leg, mark), marginBalance)
    maintenanceMargin = add(maintenance(leg, mark), maintenanceMargin)
  }
  return {
    marginBalance: add(marginBalance, account.wallet),
    maintenanceMargin: add(maintenanceMargin, account.fees),
  }
}

/** Linear: q·(P − E) long, q·(E − P) short. Inverse: Q·(1/E − 1/P) long, Q·(1/P − 1/E) short. */
function unrealizedPnl(leg: Leg, mark: bigint): Fraction {
  const change = leg.long ? mark - leg.entryPrice : leg.entryPrice - mark
  return leg.inverse
    ? { n: leg.units * change, d: leg.entryPrice * mark }
    : { n: leg.units * change * SCALE, d: SCALE_CUBED }
}

/** value·MMR − deduction in the tier that holds the value; the last tier has no upper end. */
function maintenance(leg: Leg, mark: bigint): Fraction {
  if (leg.inverse) {
    const tier = leg.tiers.find((entry) => leg.units * SCALE <= entry.cap * mark) ?? leg.tiers.at(-1)!
    return { n: leg.units * tier.rate - tier.deduction * mark, d: mark * SCALE }
  }
  const value = leg.units * mark
  const tier = leg.tiers.find((entry) => value <= entry.cap * SCALE) ?? leg.tiers.at(-1)!
  return { n: value * tier.rate - tier.deduction * SCALE_SQUARED, d: SCALE_CUBED }
}

function build(
  id: string,
  wallet: Fraction,
  positions: readonly Position[],
  rulesOf: (symbol: string) => InstrumentRules,
  feeCounts: boolean,
): NaiveMarginAccount {
  let fees = ZERO
  const legs = positions.map((position): Leg => {
    const rules = rulesOf(position.symbol)
    if (feeCounts) fees = add(fees, closingFee(position, rules))
    return {
      symbol: position.symbol,
      inverse: rules.contribution === 'inverse',
      units: exactUnits(position, rules),
      long: !position.size.startsWith('-'),
      entryPrice: scaled(position.entryPrice),
      tiers: tiersOf(rules),
    }
  })
  const [sharedWallet, sharedFees] = overOneDenominator(reduce(wallet), reduce(fees))
  return {
    id,
    symbols: [...new Set(positions.map((position) => position.symbol))],
    wallet: sharedWallet,
    fees: sharedFees,
    legs,
  }
}

/** size·multiplier, unsigned. */
function exactUnits(position: Position, rules: InstrumentRules): bigint {
  const product = scaled(unsigned(position.size)) * scaled(rules.multiplier)
  assert(product % SCALE === 0n, `size·multiplier of ${position.symbol} has too many decimals`)
  return product / SCALE
}

const tierCache = new WeakMap<InstrumentRules, readonly Tier[]>()

function tiersOf(rules: InstrumentRules): readonly Tier[] {
  const known = tierCache.get(rules)
  if (known !== undefined) return known
  const { maintenance } = rules
  assert(maintenance.kind === 'marginal-tiers', `the referee reads marginal tiers, not ${maintenance.kind}`)
  const tiers = maintenance.tiers.map((tier) => ({
    cap: scaled(tier.cap),
    rate: scaled(tier.maintenanceMarginRate),
    deduction: scaled(tier.maintenanceDeduction),
  }))
  tierCache.set(rules, tiers)
  return tiers
}

/** Value of the position at its entry price: q·E in quote currency, Q/E in coin. */
function entryValue(position: Position, rules: InstrumentRules): Fraction {
  const units = multiply(parse(unsigned(position.size)), parse(rules.multiplier))
  const entryPrice = parse(position.entryPrice)
  return rules.contribution === 'linear' ? multiply(units, entryPrice) : divide(units, entryPrice)
}

/** Fee for closing at the bankruptcy price of the leverage: linear long and inverse short value·(1 − 1/L)·fee, else (1 + 1/L). */
function closingFee(position: Position, rules: InstrumentRules): Fraction {
  const share = divide(ONE, leverageOf(position))
  const factor = feeSide(position, rules) === 'below' ? subtract(ONE, share) : add(ONE, share)
  return multiply(multiply(entryValue(position, rules), factor), parse(rules.takerFeeRate))
}

/**
 * Bybit: margin beyond the initial margin counts as X/(1 − fee) for linear longs and inverse shorts and
 * X/(1 + fee) for the others, because it moves the bankruptcy price at which the fee is charged.
 */
function isolatedWallet(position: Position, rules: InstrumentRules, feeCounts: boolean): Fraction {
  const ownMargin = divide(entryValue(position, rules), leverageOf(position))
  const stated = position.isolatedMargin
  if (!feeCounts) return stated === undefined ? ownMargin : parse(stated)
  const initialMargin = add(ownMargin, closingFee(position, rules))
  if (stated === undefined) return initialMargin
  const feeRate = parse(rules.takerFeeRate)
  const divisor = feeSide(position, rules) === 'below' ? subtract(ONE, feeRate) : add(ONE, feeRate)
  const extra = subtract(parse(stated), initialMargin)
  return add(initialMargin, divide(extra, divisor))
}

/** Whether the bankruptcy value is below the entry value (linear long, inverse short). */
function feeSide(position: Position, rules: InstrumentRules): 'below' | 'above' {
  const long = !position.size.startsWith('-')
  return long === (rules.contribution === 'linear') ? 'below' : 'above'
}

function leverageOf(position: Position): Fraction {
  assert(position.leverage !== undefined, `the referee needs the leverage of ${position.symbol}`)
  return parse(position.leverage)
}

function unsigned(text: string): string {
  return text.startsWith('-') ? text.slice(1) : text
}
