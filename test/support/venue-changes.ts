// Changes to an account of a venue that a test follows: money, a closed part of a position, a position in two parts.

import {
  add,
  divide,
  type Fraction,
  multiply,
  ONE,
  parse,
  print,
  subtract,
} from '../../src/demo/referee/fraction.ts'
import { naiveMarginAccounts } from '../../src/demo/referee/margin-accounts.ts'
import { isAtMost } from '../../src/demo/referee/venues/formula.ts'
import type { Account, InstrumentRules, Position } from '../../src/domain/index.ts'
import type { MarginAccount } from '../../src/margin/index.ts'
import { formatDecimal } from '../../src/margin/index.ts'
import type { VenueCase, VenuePrices } from './venue-cases.ts'

/** Adds a decimal amount, which may be negative, to what stands behind the only margin account of the case. */
export function withMoney(one: VenueCase, engine: MarginAccount, amount: string): VenueCase {
  const plus = (text: string) => print(add(parse(text), parse(amount)))
  const { collateral, positions } = one.account
  if (engine.marginMode === 'cross') {
    return withAccount(one, {
      collateral: collateral.map((entry) => ({ ...entry, amount: plus(entry.amount) })),
    })
  }
  const own = formatDecimal(engine.walletBalance)
  return withAccount(one, {
    positions: positions.map((position) => ({ ...position, isolatedMargin: plus(own) })),
  })
}

/**
 * The account after a part of one position is closed at its mark: in a cross pool its PnL stays in the wallet, into which an
 * option brings its whole value; the margin of an isolated position leaves with the part.
 */
export function withClosed(one: VenueCase, index: number, size: string, prices: VenuePrices): VenueCase {
  const position = one.account.positions[index]!
  const share = divide(parse(size), magnitudeOf(position))
  const kept = subtract(ONE, share)
  const rest: Position = { ...position, size: print(multiply(parse(position.size), kept)) }
  const positions = (changed: Position) =>
    one.account.positions.map((each, at) => (at === index ? changed : each))
  if (position.marginMode === 'isolated') {
    const { isolatedMargin } = position
    const changed =
      isolatedMargin === undefined
        ? rest
        : { ...rest, isolatedMargin: print(multiply(parse(isolatedMargin), kept)) }
    return withAccount(one, { positions: positions(changed) })
  }
  const realized = paidByClosing(one, { ...position, size: signed(position, size) }, prices)
  const collateral = one.account.collateral.map((entry) => ({
    ...entry,
    amount: print(add(parse(entry.amount), realized)),
  }))
  return withAccount(one, { collateral, positions: positions(rest) })
}

/** The account with a position in two parts of the same side and entry price, the first of this size. */
export function withSplit(one: VenueCase, index: number, size: string): VenueCase {
  const position = one.account.positions[index]!
  const rest = print(subtract(magnitudeOf(position), parse(size)))
  const parts = [size, rest].map((part) => ({ ...position, size: signed(position, part) }))
  return withAccount(one, {
    positions: one.account.positions.flatMap((each, at) => (at === index ? parts : [each])),
  })
}

export function withAccount(one: VenueCase, changed: Partial<Account>): VenueCase {
  return { ...one, account: { ...one.account, ...changed } }
}

/** Unsigned. */
export function magnitudeOf({ size }: Position): Fraction {
  return parse(size.replace('-', ''))
}

export function signed({ size }: Position, magnitude: string): string {
  return size.startsWith('-') ? `-${magnitude}` : magnitude
}

/** What closing the position at its mark brings into the wallet: the value of an option, elsewhere its PnL by the referee. */
export function paidByClosing(one: VenueCase, position: Position, prices: VenuePrices): Fraction {
  const { option, multiplier } = one.book.rulesOf(position.symbol)!
  if (option === undefined) return contributionOf(one, position, prices)
  const units = multiply(parse(position.size), parse(multiplier))
  return multiply(units, parse(prices.marks.get(position.symbol)!))
}

/** What the position adds to the margin balance, by the referee. */
function contributionOf(one: VenueCase, position: Position, { marks, fundingRates }: VenuePrices): Fraction {
  const alone = { ...one.account, positions: [position] }
  const { figuresOf, rules } = naiveMarginAccounts(alone, (symbol) => one.book.rulesOf(symbol)!)[0]!
    .positions[0]!
  const underlying = rules.option === undefined ? undefined : parse(marks.get(rules.option.underlying)!)
  const mark = parse(marks.get(position.symbol)!)
  return figuresOf({ mark, underlying, fundingRate: parse(fundingRates.get(position.symbol) ?? '0') })
    .contribution
}

/**
 * Whether the margin of a position at the mark is a straight line of its size, so that two parts ask for what the whole asks
 * for. It is not above the first tier, for a rate that grows with the size (Deribit futures), and where the venue rounds.
 */
export function isLinearInSize(position: Position, rules: InstrumentRules, mark: string): boolean {
  const { maintenance, rounding } = rules
  if (rounding !== undefined || maintenance.kind === 'size-rate') return false
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return true
  const units = multiply(magnitudeOf(position), parse(rules.multiplier))
  const price = parse(rules.maintenancePrice === 'entry' ? position.entryPrice : mark)
  const value = rules.contribution === 'inverse' ? divide(units, price) : multiply(units, price)
  const isByContracts = maintenance.kind === 'whole-tiers' && maintenance.basis === 'contracts'
  return isAtMost(isByContracts ? magnitudeOf(position) : value, parse(maintenance.tiers[0]!.cap))
}
