// The smallest changes that bring a margin account below every level, from its formula.
import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { MarginAccount } from './account.ts'
import type { Change } from './account-formulas.ts'
import { type Algebra, exactNumbers, magnitude } from './algebra.ts'
import { type FigureOf, firstCrossing } from './crossing.ts'
import { figuresAt, type Known } from './formula-figures.ts'
import { isFocused, surplusFocus } from './formula-focus.ts'
import type { LevelRule } from './levels.ts'
import {
  add,
  compare,
  div,
  formatDecimal,
  max,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  reduce,
  sign,
  ZERO,
} from './rational.ts'
import { CURE_CONTRACTS, CURE_STEP, type Goal, goalOf, meets } from './reduction.ts'

/** As `cureOf`: the smallest top-up, and the smallest reduction of each position, that brings the account below every level. */
export function cureByFormula(
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  known: Known,
  rule: LevelRule,
): Cure {
  const lowest = goalOf(1, marginAccount, rule)
  const highest = goalOf(rule.levels.length, marginAccount, rule)
  const goal = sign(known.figures.marginBalance) < 0 ? highest : lowest
  const topUps = [lowest, highest].map((one) => topUpFor(known, one))
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: known.formula.positions.map(({ position }, index) => ({
      symbol: position.symbol,
      size: reductionFor(known, index, goal),
    })),
  }
}

function surplusUnder<N>(known: Known, algebra: Algebra<N>, { level }: Goal, change: Change<N>): N {
  const { marginBalance, maintenanceMargin } = figuresAt(algebra, known, change)
  return algebra.sub(algebra.mul(algebra.of(level), marginBalance), maintenanceMargin)
}

function topUpFor(known: Known, goal: Goal): Rational {
  const surplusAt: FigureOf = (algebra, topUp) => surplusUnder(known, algebra, goal, { topUp })
  const cures = (topUp: Rational) => meets(goal, surplusAt(exactNumbers, topUp))
  if (cures(ZERO)) return ZERO
  const crossing = firstCrossing(surplusAt, ZERO, 'up') ?? ZERO
  const step = parseDecimal(CURE_STEP)
  return mul(step, {
    n: fewestSteps(ceilOf(div(crossing, step)), (steps) => cures(mul(step, { n: steps, d: 1n }))),
    d: 1n,
  })
}

/** Steps on either side of a guess within which the answer lies: 2^64 of the smallest amount are beyond the domain. */
const DOUBLINGS_MAX = 64

/**
 * The fewest steps that cure, near a guess: more steps never cure less, and none do not. What a venue rounds puts the
 * answer on either side of the guess.
 */
function fewestSteps(guess: bigint, cures: (steps: bigint) => boolean): bigint {
  let high = guess > 0n ? guess : 1n
  for (let doubling = 0; !cures(high); doubling++) {
    assert(doubling < DOUBLINGS_MAX, 'money that is added cures')
    high += 1n << BigInt(doubling)
  }
  let low = high - 1n
  for (let doubling = 0; low > 0n && cures(low); doubling++) {
    high = low
    low -= 1n << BigInt(doubling)
  }
  if (low < 0n) low = 0n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (cures(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * The smallest part of a position whose closing at the mark cures: its whole size if no part does, null if that does not
 * help either.
 */
function reductionFor(known: Known, index: number, goal: Goal): Decimal | null {
  const { position, rules } = known.formula.positions[index]!
  const size = magnitude(exactNumbers, parseDecimal(position.size))
  const step = parseDecimal(rules.contribution === 'inverse' ? CURE_CONTRACTS : CURE_STEP)
  const focused = surplusFocus(known, index, goal.level)
  const place = isFocused(focused, known) ? 0 : index
  const surplusAt: FigureOf = (algebra, share) =>
    surplusUnder(focused, algebra, goal, { closed: { index: place, share } })
  const curesWith = (closed: Rational) => meets(goal, surplusAt(exactNumbers, div(closed, size)))
  const tried = (share: Rational) => {
    const first = ceilTo(mul(share, size), step)
    // On a root the surplus is zero, which may not be enough; a step further it is above.
    return [first, add(first, step)].find((closed) => compare(closed, size) < 0 && curesWith(closed))
  }
  let share: Rational | undefined = ZERO
  while (share !== undefined && compare(share, ONE) < 0) {
    const closed = tried(share)
    if (closed !== undefined) return formatDecimal(closed)
    const next: Rational | undefined = firstCrossing(surplusAt, share, 'up', ONE)
    share = next !== undefined && compare(next, share) > 0 ? reduce(next) : undefined
  }
  if (known.formula.marginMode === 'isolated') return formatDecimal(size)
  return curesWith(size) ? formatDecimal(size) : null
}

function ceilTo(value: Rational, step: Rational): Rational {
  return mul({ n: ceilOf(div(value, step)), d: 1n }, step)
}

/** The smallest whole number that is not below the value. */
function ceilOf({ n, d }: Rational): bigint {
  const truncated = n / d
  return truncated * d < n ? truncated + 1n : truncated
}
