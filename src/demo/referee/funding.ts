// Funding a second time: payment by payment, on the account itself.
import type { Account, InstrumentRules } from '../../domain/index.ts'
import { add, divide, type Fraction, multiply, parse, print, subtract, ZERO } from './fraction.ts'
import { VENUE_FORMULAS } from './venues/index.ts'

/** What a venue charged at one funding time of one market. */
export interface FundingPayment {
  readonly venue: string
  readonly symbol: string
  readonly fundingTimeMs: number
  /** A fraction; above zero long positions pay. */
  readonly fundingRate: string
  readonly markPrice: string
}

/** Payments are rounded down to so many parts of a unit. */
const PARTS = 10n ** 12n

/** Whether the payment is of a position of the account and behind its balances. */
export function concerns({ venue, symbol, fundingTimeMs }: FundingPayment, account: Account): boolean {
  const { asOfMs, positions } = account
  if (account.venue !== venue || asOfMs === undefined || asOfMs >= fundingTimeMs) return false
  const isCharged = VENUE_FORMULAS[venue]?.funding?.isPerpetual(symbol) === true
  return isCharged && positions.some((position) => position.symbol === symbol)
}

/**
 * The account after all payments since its balances were stated, whatever the order in which they are given. Those of one
 * funding time are one step: whatever a cross position pays is gone first; a wallet that is then too small for all isolated
 * positions leaves the same share of each payment to their margins; what positions receive comes last.
 */
export function afterFunding(
  account: Account,
  payments: readonly FundingPayment[],
  rulesOf: (symbol: string) => InstrumentRules,
): Account {
  const times = [...new Set(payments.map(({ fundingTimeMs }) => fundingTimeMs))].sort((a, b) => a - b)
  return times.reduce((paid, timeMs) => {
    const ofTime = payments.filter(({ fundingTimeMs }) => fundingTimeMs === timeMs)
    return afterTime(paid, ofTime, rulesOf)
  }, account)
}

/** What a position received, below zero where it paid. */
interface Received {
  readonly place: number
  readonly asset: string
  readonly amount: Fraction
  readonly isIsolated: boolean
}

function afterTime(
  account: Account,
  payments: readonly FundingPayment[],
  rulesOf: (symbol: string) => InstrumentRules,
): Account {
  const received = payments.flatMap((payment) => receivedOf(account, payment, rulesOf(payment.symbol)))
  const assets = [...new Set(received.map(({ asset }) => asset))]
  return assets.reduce(
    (paid, asset) =>
      afterAsset(
        paid,
        asset,
        received.filter((each) => each.asset === asset),
        rulesOf,
      ),
    account,
  )
}

function receivedOf(
  { positions, venue }: Account,
  { symbol, fundingRate, markPrice }: FundingPayment,
  rules: InstrumentRules,
): Received[] {
  const funding = VENUE_FORMULAS[venue]!.funding!
  return positions.flatMap((position, place) => {
    if (position.symbol !== symbol) return []
    const share = multiply(funding.valueOf(position, rules, parse(markPrice)), parse(fundingRate))
    const amount = down(position.size.startsWith('-') ? share : subtract(ZERO, share))
    return [{ place, asset: rules.settlementAsset, amount, isIsolated: position.marginMode !== 'cross' }]
  })
}

function afterAsset(
  account: Account,
  asset: string,
  received: readonly Received[],
  rulesOf: (symbol: string) => InstrumentRules,
): Account {
  const formula = VENUE_FORMULAS[account.venue]!
  const ownMargin = formula.funding!.isolatedPays === 'own-margin'
  const held = account.collateral.find((entry) => entry.asset === asset)?.amount
  const sum = (amounts: readonly Received[]) => amounts.reduce((all, { amount }) => add(all, amount), ZERO)
  const paid = received.filter(({ amount }) => amount.n < 0n)
  const left = add(parse(held ?? '0'), sum(paid.filter(({ isIsolated }) => !isIsolated)))
  const owed = subtract(ZERO, sum(paid.filter(({ isIsolated }) => isIsolated)))
  const lacking = subtract(owed, left.n > 0n ? left : ZERO)
  const ofMargin = ({ amount, isIsolated }: Received): Fraction => {
    if (!isIsolated) return ZERO
    if (ownMargin) return amount
    if (amount.n >= 0n || lacking.n <= 0n) return ZERO
    return down(divide(multiply(amount, lacking), owed))
  }
  const positions = [...account.positions]
  let wallet = parse(held ?? '0')
  for (const each of received) {
    const part = ofMargin(each)
    wallet = add(wallet, subtract(each.amount, part))
    if (part.n === 0n) continue
    const position = positions[each.place]!
    const margin =
      position.isolatedMargin === undefined
        ? down(formula.isolatedMarginOf(position, rulesOf(position.symbol)))
        : parse(position.isolatedMargin)
    positions[each.place] = { ...position, isolatedMargin: print(add(margin, part)) }
  }
  const collateral = account.collateral.map((entry) =>
    entry.asset === asset ? { asset, amount: print(wallet) } : entry,
  )
  return { ...account, collateral, positions }
}

/** The whole number of parts that is not above the amount, which may be below zero. */
function down({ n, d }: Fraction): Fraction {
  const scaled = n * PARTS
  const cut = scaled / d
  return { n: cut * d > scaled ? cut - 1n : cut, d: PARTS }
}
