// The smallest changes that bring a margin account below every level, from its formula.
import type { Cure, Decimal, MarginMode } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { MarginAccount } from './account.ts'
import { type Change, symbolsOf } from './account-formulas.ts'
import { movedMark } from './adverse.ts'
import { type Algebra, exactNumbers, magnitude } from './algebra.ts'
import { isCreditedByFee } from './closing-fee.ts'
import { type Figure, type FigureOf, firstCrossing, tracedFigure } from './crossing.ts'
import { figuresAt, type Known, paidByShare } from './formula-figures.ts'
import { focusOn, placeIn } from './formula-focus.ts'
import type { LevelRule } from './level-rule.ts'
import { indexAssetsOf, type PoolTerms } from './pool-formulas.ts'
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
  sub,
  ZERO,
} from './rational.ts'
import {
  CURE_STEP,
  type Goal,
  meets,
  reductionGoalsOf,
  reductionStepOf,
  roundUp,
  topUpGoalsOf,
} from './reduction.ts'
import { type Surplus, surplusByPieces } from './share-pieces.ts'
import type { Steps } from './steps.ts'
import { isTurned, type Turn, turnOf } from './turn.ts'

/** The account at prices moved against it by a distance. */
type KnownAt = (distance: Rational) => Known

/**
 * As `cureOf`: the smallest top-up, and the smallest reduction of each position, that brings the account below every level. Each
 * top-up and each reduction is a step.
 */
export function* cureSteps(
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  knownAt: KnownAt,
  rule: LevelRule,
): Steps<Cure> {
  const present = knownAt(ZERO)
  const { formula, figures } = present
  const isNegative = sign(figures.marginBalance) < 0
  const topUpGoals = topUpGoalsOf(marginAccount, rule, false)
  const topUpOf = (asset: string | undefined) =>
    topUpGoals.reduce<Rational | undefined>(
      (amount, goal) => amount && topUpFor(knownAt(goal.distance), goal, asset, amount),
      ZERO,
    )
  const topUp = topUpOf(undefined)
  assert(topUp !== undefined, 'money that is added cures')
  yield
  // What an option is sold for can bring a balance above zero, where another level asks for the most.
  const goals = isNegative ? topUpGoals : reductionGoalsOf(marginAccount, rule, false, false)
  const reductions: Cure['reductions'][number][] = []
  for (const [index, { position }] of formula.positions.entries()) {
    const closings = goals.map((goal) => closingOf(knownAt, index, goal))
    const size = reductionOf(closings, formula.marginMode)
    // A larger part would lose more.
    const isKnown = size === null || !leavesUnknownDebt(present, index, size)
    reductions.push({ symbol: position.symbol, size: isKnown ? size : null })
    yield
  }
  const cure = { topUp: formatDecimal(topUp), reductions }
  return formula.pool === undefined ? cure : { ...cure, topUps: yield* topUpSteps(formula.pool, topUpOf) }
}

/** Whether the wallet of a pool does not hold what closing that size loses, and no rules say what such a debt asks for. */
function leavesUnknownDebt(known: Known, index: number, size: Decimal): boolean {
  const { position, rules } = known.formula.positions[index]!
  const held = known.formula.pool?.assets.find(({ asset }) => asset === rules.settlementAsset)
  if (held?.lacksDebtRate !== true) return false
  const share = div(parseDecimal(size), magnitude(exactNumbers, parseDecimal(position.size)))
  return sign(add(held.wallet, paidByShare(known, index, share))) < 0
}

/** With each asset of the pool but its currency. */
function* topUpSteps(
  pool: PoolTerms,
  topUpOf: (asset: string) => Rational | undefined,
): Steps<NonNullable<Cure['topUps']>> {
  const topUps: NonNullable<Cure['topUps']>[number][] = []
  for (const asset of indexAssetsOf(pool)) {
    const amount = topUpOf(asset)
    topUps.push({ asset, amount: amount === undefined ? null : formatDecimal(amount) })
    yield
  }
  return topUps
}

function surplusUnder<N>(known: Known, algebra: Algebra<N>, { ratio }: Goal, change: Change<N>): N {
  const { marginBalance, maintenanceMargin } = figuresAt(algebra, known, change)
  return algebra.sub(algebra.mul(algebra.of(ratio), marginBalance), maintenanceMargin)
}

/**
 * The smallest top-up that meets the goal; `least`, which other goals ask for, if that does. `asset`: of a pool, in place of its
 * currency. undefined if no amount of it is enough, because the last of its tiers counts as nothing.
 */
function topUpFor(
  known: Known,
  goal: Goal,
  asset: string | undefined,
  least: Rational,
): Rational | undefined {
  const step = parseDecimal(CURE_STEP)
  if (known.isTraced !== true && addsAsItIs(known)) {
    const { marginBalance, maintenanceMargin } = known.figures
    const lacking = sub(div(maintenanceMargin, goal.ratio), marginBalance)
    return max(least, roundUp(goal, lacking, step))
  }
  const into = asset === undefined ? {} : { topUpAsset: asset }
  const { pool } = known.formula
  const focused = pool === undefined ? known : focusOn(known, [], [asset ?? pool.currency])
  const surplusAt: FigureOf = (algebra, topUp) => surplusUnder(focused, algebra, goal, { topUp, ...into })
  const cures = (topUp: Rational) => meets(goal, surplusAt(exactNumbers, topUp))
  if (cures(least)) return least
  const found = firstCrossing(surplusAt, ZERO, 'up')
  if (found === undefined && asset !== undefined) return undefined
  const crossing = found ?? ZERO
  const steps = fewestSteps(ceilOf(div(crossing, step)), (count) => cures(mul(step, { n: count, d: 1n })))
  return steps === undefined ? undefined : mul(step, { n: steps, d: 1n })
}

/** Whether money that is added raises the margin balance by as much, and nothing else. */
function addsAsItIs({ formula }: Known): boolean {
  const { pool, marginMode, positions } = formula
  if (pool !== undefined) return false
  return marginMode === 'cross' || !isCreditedByFee(positions[0]!)
}

/** Steps on either side of a guess within which the answer lies: 2^64 of the smallest amount are beyond the domain. */
const DOUBLINGS_MAX = 64

/** The fewest steps that cure, near a guess. What a venue rounds puts the answer on either side of the guess. */
function fewestSteps(guess: bigint, cures: (steps: bigint) => boolean): bigint | undefined {
  return fewestStepsUpTo(guess > 0n ? guess : 1n, guess + (1n << BigInt(DOUBLINGS_MAX)), cures)
}

/**
 * The fewest steps that cure, from 1 to `most`, near a guess beside which more steps never cure less. undefined if none of
 * those looked at cures.
 */
function fewestStepsUpTo(guess: bigint, most: bigint, cures: (steps: bigint) => boolean): bigint | undefined {
  let high = guess
  let low = guess - 1n
  for (let stride = 1n; !cures(high); stride *= 2n) {
    if (high >= most) return undefined
    low = high
    high = high + stride < most ? high + stride : most
  }
  for (let stride = 1n; low > 0n && cures(low); stride *= 2n) {
    high = low
    low -= stride
  }
  if (low < 0n) low = 0n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (cures(middle)) high = middle
    else low = middle
  }
  return high
}

/** Closing a part of one position, as far as one goal is concerned. */
interface Closing {
  /** The whole size. */
  readonly size: Rational
  readonly meetsWith: (closed: Rational) => boolean
  /** The smallest part above that one that meets the goal, not all; undefined for none. */
  smallestAbove(part: Rational): Rational | undefined
}

/**
 * The smallest part of a position whose closing at the present mark meets every goal: each that is not met asks for more. Its
 * whole size if no part does, null if that does not help either.
 */
function reductionOf(closings: readonly Closing[], marginMode: MarginMode): Decimal | null {
  let closed: Rational | undefined = ZERO
  while (closed !== undefined) {
    const part: Rational = closed
    const lacking = closings.find(({ meetsWith }) => !meetsWith(part))
    if (lacking === undefined) return formatDecimal(part)
    closed = lacking.smallestAbove(part)
  }
  const { size } = closings[0]!
  const isCured = marginMode === 'isolated' || closings.every(({ meetsWith }) => meetsWith(size))
  return isCured ? formatDecimal(size) : null
}

function closingOf(knownAt: KnownAt, index: number, goal: Goal): Closing {
  const known = knownAt(goal.distance)
  const { positions } = known.formula
  const { position, rules } = positions[index]!
  const size = magnitude(exactNumbers, parseDecimal(position.size))
  const step = parseDecimal(reductionStepOf(rules))
  const figure = surplusWithout(known, index, goal)
  const turn = goal.distance.n === 0n ? undefined : turnOf(positions, index)
  const turned = turn && surplusAfter(turn, known, knownAt(ZERO), goal, index)
  const sizeOf = (steps: bigint) => mul(step, { n: steps, d: 1n })
  const meetsWith = (closed: Rational) => {
    const surplus = turn !== undefined && isTurned(turn, closed) ? turned! : figure
    return meets(goal, surplus.exactAt(div(closed, size)))
  }
  const stepsTo = (share: Rational) => ceilOf(div(mul(share, size), step))
  /** By the surplus before a turn or after it, from a share on. */
  const smallestIn = (surplus: Figure, start: Rational, end: Rational, above: Rational) => {
    const cures = (steps: bigint) => {
      const part = sizeOf(steps)
      return compare(part, above) > 0 && compare(part, size) < 0 && meetsWith(part)
    }
    for (const [share, next] of piecesOf(surplus, start, end)) {
      const first = stepsTo(share) > 0n ? stepsTo(share) : 1n
      // On a root the surplus is zero, which may not be enough; a step further it is above. Rounding moves it, so that the
      // search around a root covers the end of the piece before it.
      const steps =
        rules.rounding === undefined
          ? [first, first + 1n].find(cures)
          : compare(share, start) === 0 && surplus.valueAt(start).n < 0n
            ? undefined
            : fewestStepsUpTo(first, stepsTo(next ?? end), cures)
      if (steps !== undefined) return sizeOf(steps)
    }
    return undefined
  }
  const smallestAbove = (part: Rational) => {
    const start = div(part, size)
    if (turn === undefined) return smallestIn(figure, start, ONE, part)
    const atTurn = div(turn.size, size)
    const before = compare(start, atTurn) < 0 ? smallestIn(figure, start, atTurn, part) : undefined
    return before ?? smallestIn(turned!, max(start, atTurn), ONE, part)
  }
  return { size, meetsWith, smallestAbove }
}

/** The surplus at the prices of the goal, but with that of the symbol on the side to which it turns. */
function surplusAfter(turn: Turn, known: Known, present: Known, goal: Goal, index: number): Surplus {
  const { symbol } = known.formula.positions[index]!.position
  const focused = focusOn(known, turn.places)
  const marks = new Map(symbolsOf(focused.formula).map((one) => [one, known.marks.get(one)!]))
  marks.set(symbol, movedMark(present, symbol, turn.side, goal.distance))
  const priced = { ...focused, marks }
  const turned = { ...priced, figures: figuresAt(exactNumbers, priced) }
  return surplusWithout(turned, placeIn(focused, known, turn.places, index), goal)
}

/** The surplus as a function of the share that is closed. */
function surplusWithout(known: Known, index: number, goal: Goal): Surplus {
  const byPieces = known.isTraced === true ? undefined : surplusByPieces(known, index, goal)
  if (byPieces !== undefined) return byPieces
  // An account of which only some positions move is kept as it is.
  const focused = known.formula.still === undefined ? focusOn(known, [index]) : known
  const place = placeIn(focused, known, [index], index)
  const surplusAt: FigureOf = (algebra, share) =>
    surplusUnder(focused, algebra, goal, { closed: { index: place, share } })
  return { ...tracedFigure(surplusAt), exactAt: (share) => surplusAt(exactNumbers, share) }
}

/** The shares from one to another between which the surplus keeps its sign, each with the next. */
function* piecesOf(
  surplus: Figure,
  start: Rational,
  end: Rational,
): Generator<readonly [Rational, Rational | undefined]> {
  let share: Rational | undefined = start
  while (share !== undefined && compare(share, end) < 0) {
    const crossing: Rational | undefined = surplus.crossing(share, 'up', end)
    const next: Rational | undefined =
      crossing !== undefined && compare(crossing, share) > 0 ? reduce(crossing) : undefined
    yield [share, next]
    share = next
  }
}

/** The smallest whole number that is not below the value. */
function ceilOf({ n, d }: Rational): bigint {
  const truncated = n / d
  return truncated * d < n ? truncated + 1n : truncated
}
