// Funding a second time: payment by payment, on the account itself.
import type { Account, InstrumentRules, Position } from '../../domain/index.ts'
import { add, type Fraction, multiply, parse, print, subtract, ZERO } from './fraction.ts'
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

/** The account after the payment of each of its positions in the contract, one after the other. */
export function afterFunding(account: Account, payment: FundingPayment, rules: InstrumentRules): Account {
  let paid = account
  for (const [place, position] of account.positions.entries()) {
    if (position.symbol === payment.symbol) paid = afterPosition(paid, place, position, payment, rules)
  }
  return paid
}

function afterPosition(
  account: Account,
  place: number,
  position: Position,
  { fundingRate, markPrice }: FundingPayment,
  rules: InstrumentRules,
): Account {
  const formula = VENUE_FORMULAS[account.venue]!
  const funding = formula.funding!
  const value = funding.valueOf(position, rules, parse(markPrice))
  const share = multiply(value, parse(fundingRate))
  const received = down(position.size.startsWith('-') ? share : subtract(ZERO, share))
  const asset = rules.settlementAsset
  const wallet = account.collateral.find((entry) => entry.asset === asset)
  const held = wallet === undefined ? undefined : parse(wallet.amount)
  const ofWallet =
    position.marginMode === 'cross'
      ? received
      : funding.isolatedPays === 'own-margin'
        ? ZERO
        : takenByWallet(received, held)
  const ofMargin = subtract(received, ofWallet)
  const collateral = account.collateral.map((entry) =>
    entry.asset === asset ? { asset, amount: print(add(held!, ofWallet)) } : entry,
  )
  if (ofMargin.n === 0n) return { ...account, collateral }
  const margin =
    position.isolatedMargin === undefined
      ? down(formula.isolatedMarginOf(position, rules))
      : parse(position.isolatedMargin)
  const isolatedMargin = print(add(margin, ofMargin))
  const positions = account.positions.map((each, at) => (at === place ? { ...each, isolatedMargin } : each))
  return { ...account, collateral, positions }
}

/** All that is received, and of what is paid so much as the wallet holds. One that is not stated holds nothing. */
function takenByWallet(received: Fraction, held: Fraction | undefined): Fraction {
  if (received.n >= 0n) return received
  if (held === undefined || held.n <= 0n) return ZERO
  return add(held, received).n >= 0n ? received : subtract(ZERO, held)
}

/** The whole number of parts that is not above the amount, which may be below zero. */
function down({ n, d }: Fraction): Fraction {
  const scaled = n * PARTS
  const cut = scaled / d
  return { n: cut * d > scaled ? cut - 1n : cut, d: PARTS }
}
