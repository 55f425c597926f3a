// The smallest changes that bring a margin account below every level, from its formula.
import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { MarginAccount } from './account.ts'
import type { Change } from './account-formulas.ts'
import { type Algebra, exactNumbers, magnitude } from './algebra.ts'
import { type FigureOf, firstCrossing } from './crossing.ts'
import { figuresAt, type Known } from './formula-figures.ts'
import type { LevelRule } from './levels.ts'
import {
  add,
  compare,
  div,
  formatDecimal,
  max,
  mul,
  neg,
  ONE,
  parseDecimal,
  type Rational,
  reduce,
  sign,
  ZERO,
} from './rational.ts'
import { CURE_CONTRACTS, CURE_STEP, type Goal, goalOf, meets, roundUp } from './reduction.ts'

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
  const surplus = surplusAt(exactNumbers, ZERO)
  if (meets(goal, surplus)) return ZERO
  const crossing = surplus.n === 0n ? ZERO : firstCrossing(surplusAt, ZERO, 'up')
  assert(crossing !== undefined, 'money that is added cures')
  return cheapest(goal, crossing, parseDecimal(CURE_STEP), (topUp) =>
    meets(goal, surplusAt(exactNumbers, topUp)),
  )
}

/** Steps beyond a crossing at which a cure is looked for: what rounding by the venue may add. */
const STEPS_BEYOND_MAX = 1_000n

/** The smallest multiple of the step from the crossing on that cures. */
function cheapest(
  goal: Goal,
  crossing: Rational,
  step: Rational,
  cures: (amount: Rational) => boolean,
): Rational {
  const first = roundUp({ ...goal, zeroIsSafe: true }, crossing, step)
  for (let steps = 0n; steps < STEPS_BEYOND_MAX; steps++) {
    const amount = add(first, mul(step, { n: steps, d: 1n }))
    if (cures(amount)) return amount
  }
  assert(false, `a cure lies within ${STEPS_BEYOND_MAX} steps of the crossing`)
}

/**
 * The smallest part of a position whose closing at the mark cures: its whole size if no part does, null if that does not
 * help either.
 */
function reductionFor(known: Known, index: number, goal: Goal): Decimal | null {
  const { position, rules } = known.formula.positions[index]!
  const size = magnitude(exactNumbers, parseDecimal(position.size))
  const step = parseDecimal(rules.contribution === 'inverse' ? CURE_CONTRACTS : CURE_STEP)
  const surplusAt: FigureOf = (algebra, share) =>
    surplusUnder(known, algebra, goal, { closed: { index, share } })
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
  return neg(roundDown(neg(value), step))
}

function roundDown(value: Rational, step: Rational): Rational {
  const ratio = div(value, step)
  const truncated = ratio.n / ratio.d
  const whole = ratio.n < 0n && truncated * ratio.d !== ratio.n ? truncated - 1n : truncated
  return mul({ n: whole, d: 1n }, step)
}
