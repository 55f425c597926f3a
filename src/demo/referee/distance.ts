// Whether a stated distance is the one that the words of docs/events.md define, by the slack at moved prices alone.
import { add, divide, type Fraction, multiply, ONE, parse, subtract, ZERO } from './fraction.ts'
import { figuresAt, movedAgainst, type NaiveMarginAccount } from './margin-accounts.ts'

/** One in the last place of a printed distance. */
const PRINTED: Fraction = { n: 1n, d: 10n ** 18n }
/** No price falls by all of itself. */
const FALL_MAX = subtract(ONE, PRINTED)
/** Moves at which an account that never meets its line is looked at; all of them only where every price rises. */
const MOVES = ['0.1', '0.5', '0.9', '0.99', '2', '10', '1000', '1000000'].map(parse)
/** Places before the line at which the account is looked at. */
const PLACES = 8n

/**
 * Why the stated distance is not that of the margin account; undefined if it is. Above its line the account stays there up to
 * the distance, and is not there beyond it.
 */
export function distanceFaultOf(
  marginAccount: NaiveMarginAccount,
  markOf: (symbol: string) => Fraction | undefined,
  stated: string | null | undefined,
  fundingRateOf?: (symbol: string) => Fraction,
): string | undefined {
  const tolerance = roundingOf(marginAccount)
  const slackAt = (move: Fraction): Fraction => {
    const figures = figuresAt(marginAccount, movedAgainst(marginAccount, markOf, move), fundingRateOf)!
    return subtract(figures.marginBalance, figures.maintenanceMargin)
  }
  const isAbove = (move: Fraction) => add(slackAt(move), tolerance).n > 0n
  const isBelow = (move: Fraction) => subtract(slackAt(move), tolerance).n < 0n
  const isFalling = marginAccount.falling.size > 0
  const isOnLine = slackAt(ZERO).n <= 0n
  if (stated === undefined) return 'is missing'
  const holdsShortOption = marginAccount.positions.some(
    ({ position, rules }) => rules.contribution === 'option' && position.size.startsWith('-'),
  )
  if (holdsShortOption && !isOnLine) return stated === null ? undefined : `is ${stated} beside a short option`
  if (stated === null) {
    const moves = isFalling ? [...MOVES.filter(({ n, d }) => n < d), FALL_MAX] : MOVES
    return !isOnLine && moves.every(isAbove) ? undefined : 'is null, and a move leads to the line'
  }
  const distance = parse(stated)
  if (isOnLine) return distance.n === 0n ? undefined : `is ${stated}, and the account is not above its line`
  for (let place = 1n; place < PLACES; place++) {
    const move = divide(multiply(distance, { n: place, d: 1n }), { n: PLACES, d: 1n })
    if (!isAbove(move)) return `is ${stated}, and the line is before it`
  }
  const before = subtract(distance, PRINTED)
  if (before.n > 0n && !isAbove(before)) return `is ${stated}, and the line is before it`
  const beyond = add(distance, PRINTED)
  const isBeyond = isBelow(isFalling && beyond.n >= beyond.d ? FALL_MAX : beyond)
  return isBeyond ? undefined : `is ${stated}, and the account is above its line there`
}

/** How far the slack of rounded figures may be from that of the figures before rounding, of which the distance is. */
function roundingOf({ positions }: NaiveMarginAccount): Fraction {
  return positions.reduce((sum, { position, rules: { rounding } }) => {
    if (rounding === undefined) return sum
    const size = parse(position.size.replace('-', ''))
    const values = rounding.per === 'lot' ? divide(size, parse(rounding.lotSize!)) : ONE
    const units = add(multiply({ n: 2n, d: 1n }, values), { n: 4n, d: 1n })
    return add(sum, multiply(parse(rounding.unit), units))
  }, ZERO)
}
