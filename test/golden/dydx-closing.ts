// What dYdX v4 computes where nothing of the product asks for it: the prices at which the chain closes a part of a position
// of an account that it liquidates, each position charged for the account's loss by its share of the maintenance margin; and
// the funding since a settlement.
import { PlimsollError } from '../../src/errors.ts'
import { exactNumbers } from '../../src/margin/algebra.ts'
import {
  abs,
  compare,
  div,
  formatDecimal,
  max,
  mul,
  neg,
  ONE,
  type Rational,
  sign,
  sub,
  ZERO,
} from '../../src/margin/index.ts'

/** Money in the settlement asset. */
export interface ClosedPart {
  /** Cash and the value of all positions. */
  readonly netCollateral: Rational
  /** Of all positions; above zero. */
  readonly maintenanceMargin: Rational
  readonly position: {
    /** Signed. */
    readonly size: Rational
    /** At the mark, signed as the size. */
    readonly value: Rational
    readonly maintenanceMargin: Rational
  }
  /** The change of the size: against its sign, and at most all of it. */
  readonly change: Rational
}

/**
 * What the account is paid for the part so that its loss ends with the position's share of it: the part's value −
 * netCollateral · the part's maintenance margin / maintenanceMargin, rounded up to `unit`; below zero for a short position,
 * which pays. Refuses a change that does not reduce the position. Source: v4-chain, GetBankruptcyPriceInQuoteQuantums.
 */
export function bankruptcyQuoteOf(part: ClosedPart, unit: Rational): Rational {
  const { netCollateral, maintenanceMargin, position } = part
  const share = shareOf(part)
  const loss = div(mul(netCollateral, mul(position.maintenanceMargin, share)), maintenanceMargin)
  const quote = sub(mul(position.value, share), loss)
  return exactNumbers.round(quote, unit, sign(quote) < 0 ? 'toward-zero' : 'up')
}

/** Both are fractions; the venue's are 1 and 1.5. */
export interface FillableTerms {
  readonly bankruptcyAdjustment: Rational
  readonly spreadToMaintenance: Rational
}

/**
 * The worst price of the closing order: (value − s · spreadToMaintenance · the position's maintenance margin) / size, where
 * s = bankruptcyAdjustment · (1 − netCollateral/maintenanceMargin) within 0 and 1. Refuses a change that does not reduce the
 * position. Source: v4-chain, GetFillablePrice.
 */
export function fillablePriceOf(part: ClosedPart, terms: FillableTerms): Rational {
  const { netCollateral, maintenanceMargin, position } = part
  shareOf(part)
  const missing = sub(ONE, div(netCollateral, maintenanceMargin))
  const adjusted = max(ZERO, mul(terms.bankruptcyAdjustment, missing))
  const bounded = compare(adjusted, ONE) > 0 ? ONE : adjusted
  const spread = mul(mul(bounded, terms.spreadToMaintenance), position.maintenanceMargin)
  return div(sub(position.value, spread), position.size)
}

function shareOf({ position, change }: ClosedPart): Rational {
  const { size } = position
  if (sign(change) === 0 || sign(change) === sign(size) || compare(abs(change), abs(size)) > 0) {
    throw new PlimsollError(
      'INPUT_INVALID',
      `change is ${formatDecimal(change)}, which does not reduce a size of ${formatDecimal(size)}`,
      { path: 'change' },
    )
  }
  return div(abs(change), abs(size))
}

/**
 * Received by a position of `size` since its last settlement, below zero where it pays: −size·(index − settledIndex), in the
 * unit of size times index. The venue's index grows by price·rate at each funding. Source: v4-chain, GetSettlementPpm.
 */
export function fundingSince(size: Rational, settledIndex: Rational, index: Rational): Rational {
  return mul(neg(size), sub(index, settledIndex))
}
