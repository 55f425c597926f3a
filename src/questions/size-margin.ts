import {
  type Account,
  type Decimal,
  type InstrumentRules,
  type MarginMode,
  type RuleBook,
  venueId,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  div,
  formatDecimal,
  isLinePassedBefore,
  knownOf,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  marginStateOf,
  parseDecimal,
  type Rational,
} from '../margin/index.ts'
import { positive } from './stated.ts'

/** Money behind a position, in its settlement asset. */
export interface Backing {
  /** `isolated`: the margin of the position. `cross`: the balance of a wallet without other positions. */
  readonly marginMode: MarginMode
  readonly amount: Decimal
}

export interface SizedMargin {
  readonly marginMode: MarginMode
  readonly amount: Decimal
  /** notional/amount. */
  readonly leverage: Decimal
  /** null: no price above zero liquidates the position. */
  readonly liquidationPrice: Decimal | null
  /** The venue liquidates before the mark is at the stop, or as soon as the position is open. */
  readonly isLiquidatedBeforeStop: boolean
}

/** A position with its backing, and the stop that is to close it. */
export interface BackedPosition {
  readonly book: RuleBook
  readonly symbol: string
  readonly rules: InstrumentRules
  /** Signed, not 0. */
  readonly size: Rational
  /** Value at the entry price. */
  readonly notional: Rational
  readonly entryPrice: Decimal
  readonly stopPrice: Decimal
  readonly fundingRate: Decimal
  readonly backing: Backing
}

/** The leverage that the backing gives, and whether the venue liquidates before the stop fills. */
export function marginOf(position: BackedPosition): SizedMargin {
  const { symbol, entryPrice, stopPrice, fundingRate, notional, backing } = position
  const { marginMode, amount } = backing
  const leverage = div(notional, positive('margin', amount))
  const account = accountOf(position)
  const rule = levelRule([])
  const further = { fundingRateOf: () => fundingRate }
  const markAt = (price: Decimal) => (asked: string) => (asked === symbol ? price : undefined)
  const stateAt = (price: Decimal) => marginStateOf(account, markAt(price), rule, further)
  const { verdict, positions } = stateAt(entryPrice)
  const { liquidationPrice } = positions[0]!
  const known = knownOf(account.formula, markAt(entryPrice), further)
  assert(known !== undefined, 'a position that is no option needs no other price')
  return {
    marginMode,
    amount,
    leverage: formatDecimal(leverage),
    liquidationPrice,
    // Where the rate of a tier is that of the whole position, less is asked below its cap: the stop may be safe again.
    isLiquidatedBeforeStop:
      verdict === 'breach' ||
      stateAt(stopPrice).verdict === 'breach' ||
      isLinePassedBefore(known, symbol, parseDecimal(stopPrice)),
  }
}

function accountOf({ book, symbol, rules, size, entryPrice, backing }: BackedPosition): MarginAccount {
  const { marginMode, amount } = backing
  const isIsolated = marginMode === 'isolated'
  const position = { symbol, marginMode, size: formatDecimal(size), entryPrice }
  const account: Account = {
    id: 'size',
    venue: venueId(book.venue),
    version: 0,
    collateral: isIsolated ? [] : [{ asset: rules.settlementAsset, amount }],
    positions: [isIsolated ? { ...position, isolatedMargin: amount } : position],
    liabilities: [],
  }
  return marginAccountsOf(account, book)[0]!
}
