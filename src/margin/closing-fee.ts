// The fee of closing that a venue counts in its margins, and what stands behind an isolated position because of it.
import { type Algebra, magnitude } from './algebra.ts'
import { type RuledPosition, roundedMargin, type SizedPosition, sizedPositionOf } from './position-value.ts'
import { div, max, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'

/** The fee of closing that counts in the maintenance margin. */
export function closingFeeOf<N>(sized: SizedPosition<N>, markValue: N): N {
  const { algebra, ruled, entryValue } = sized
  const { takerFeeRate } = ruled.rules
  const rate = algebra.read(takerFeeRate)
  switch (feeKindOf(ruled)) {
    case 'none':
      return algebra.of(ZERO)
    case 'at-mark':
      return algebra.mul(rate, markValue)
    case 'at-bankruptcy-price':
      return bankruptcyFeeOf(sized)
    case 'at-cost':
      // BitMEX posComm: ceil(commission·(|posCost| + posInit)).
      return roundedMargin(
        sized,
        algebra.mul(rate, algebra.add(entryValue, costInitialOf(sized) ?? entryValue)),
      )
  }
}

/** The fee of closing at the mark, where the venue counts one; it moves the bankruptcy price. */
export function closingFeeAtMarkOf<N>(
  algebra: Algebra<N>,
  ruled: RuledPosition,
  { value, closingFee }: { readonly value: N; readonly closingFee: N },
): N {
  if (!isClosedAtMark(ruled)) return closingFee
  return algebra.mul(algebra.read(ruled.rules.takerFeeRate), magnitude(algebra, value))
}

/** The share of a position's value at the mark that closing costs where the mark decides it; 0 elsewhere. */
export function feeRateAtMarkOf(ruled: RuledPosition): Rational {
  return isClosedAtMark(ruled) ? parseDecimal(ruled.rules.takerFeeRate) : ZERO
}

function isClosedAtMark(ruled: RuledPosition): boolean {
  const kind = feeKindOf(ruled)
  return kind !== 'none' && kind !== 'at-cost'
}

export function feeKindOf({ rules, defaults }: RuledPosition) {
  return rules.closingFee ?? defaults.closingFee
}

/** value/leverage; undefined without a leverage. */
export function leverageMarginOf<N>({ algebra, ruled }: SizedPosition<N>, value: N): N | undefined {
  const { leverage } = ruled.position
  return leverage === undefined ? undefined : algebra.div(value, algebra.read(leverage))
}

/** BitMEX posInit: ceil(|posCost|/leverage). */
export function costInitialOf<N>(sized: SizedPosition<N>): N | undefined {
  const margin = leverageMarginOf(sized, sized.entryValue)
  return margin === undefined ? undefined : roundedMargin(sized, margin)
}

/**
 * Bybit "estimated fee to close": the taker fee on the value at the bankruptcy price that the leverage gives, entry
 * value·(1 − 1/L) of a position that gains with its value, (1 + 1/L) of one that loses. Without leverage on the entry value.
 */
export function bankruptcyFeeOf<N>({ algebra, ruled, isLong, entryValue }: SizedPosition<N>): N {
  if (feeKindOf(ruled) !== 'at-bankruptcy-price') return algebra.of(ZERO)
  const { rules, position } = ruled
  const fee = algebra.mul(algebra.read(rules.takerFeeRate), entryValue)
  if (position.leverage === undefined) return fee
  const share = div(ONE, parseDecimal(position.leverage))
  const isWithValue = isLong !== (rules.contribution === 'inverse')
  return algebra.mul(
    algebra.of(max(ZERO, isWithValue ? sub(ONE, share) : { n: share.n + share.d, d: share.d })),
    fee,
  )
}

/** Whether an isolated margin counts for another amount than it is, because it moves the price at which the fee is charged. */
export function isCreditedByFee(ruled: RuledPosition): boolean {
  return feeKindOf(ruled) === 'at-bankruptcy-price' && parseDecimal(ruled.rules.takerFeeRate).n !== 0n
}

/** What an isolated position has behind it: `margin` is what the venue shows, `credited` what its formula counts it for. */
export interface IsolatedMargin<N> {
  readonly margin: N
  readonly credited: N
  /** What the fee of closing comes to instead, where the margin moves the bankruptcy price; otherwise undefined. */
  readonly closingFee: N | undefined
}

/**
 * The margin of an isolated position: the stated one times `kept`, the share of the position that is kept, or its initial
 * margin at entry; `topUp` comes on top. Bybit credits margin beyond the initial one as X/(1 ∓ fee), because it moves the bankruptcy price at
 * which the fee is charged; its rule until July 2025, on the value at entry, does not. Without leverage the fee is that at the
 * bankruptcy price of the whole margin.
 */
export function isolatedMarginOf<N>(
  algebra: Algebra<N>,
  ruled: RuledPosition,
  size: N,
  kept: N,
  topUp: N,
): IsolatedMargin<N> {
  const sized = sizedPositionOf(algebra, ruled, size)
  const { entryValue, isLong } = sized
  const { position, rules } = ruled
  const { isolatedMargin } = position
  const fee = feeKindOf(ruled) === 'at-cost' ? closingFeeOf(sized, entryValue) : bankruptcyFeeOf(sized)
  const atLeverage = leverageMarginOf(sized, entryValue)
  const zero = algebra.of(ZERO)
  const initial = atLeverage === undefined ? zero : algebra.add(roundedMargin(sized, atLeverage), fee)
  const own = isolatedMargin === undefined ? initial : algebra.mul(algebra.read(isolatedMargin), kept)
  const margin = algebra.add(own, topUp)
  const rate = parseDecimal(rules.takerFeeRate)
  if (!isCreditedByFee(ruled)) return { margin, credited: margin, closingFee: undefined }
  const isWithValue = isLong !== (rules.contribution === 'inverse')
  const credit = algebra.of(isWithValue ? sub(ONE, rate) : { n: rate.n + rate.d, d: rate.d })
  if (position.leverage !== undefined) {
    if (rules.maintenancePrice === 'entry') return { margin, credited: margin, closingFee: undefined }
    const extra = algebra.div(algebra.sub(margin, initial), credit)
    return { margin, credited: algebra.add(initial, extra), closingFee: undefined }
  }
  const spare = isWithValue ? algebra.sub(entryValue, margin) : algebra.add(entryValue, margin)
  const closingFee = algebra.larger(zero, algebra.mul(algebra.of(rate), algebra.div(spare, credit)))
  return { margin, credited: margin, closingFee }
}
