// The slack of a cross account while all its prices move against it by one share. The figures of its positions are kept as sums;
// a position is computed again only where the share passes a cap of its own. So each cap costs what one position costs, and as
// many additions as a tree over all positions is high.
import { assert } from '../errors.ts'
import { marketOf, type Prices } from './account-formulas.ts'
import { groupOf, keyOf } from './account-totals.ts'
import type { Adverse } from './adverse.ts'
import type { PieceBeyond } from './crossing.ts'
import { type KnownPrices, type Moved, pricesMoved } from './formula-figures.ts'
import type { Root } from './polynomial-roots.ts'
import { positionFiguresOf } from './position-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { compare, ONE, type Rational, ZERO } from './rational.ts'
import { type SettledPositions, slackOfSettled } from './settled.ts'
import type { Steps } from './steps.ts'
import { addTraced, PARAMETER, type Traced, Tracer } from './traced.ts'

/** Positions as functions of the share. */
interface Moving {
  readonly contribution: Traced
  readonly maintenanceMargin: Traced
  /** Where the first of them may go on as another function. */
  readonly next: Root | undefined
}

const NO_VALUE: Traced = { over: [], under: [] }
/** Of a position that is not computed yet. */
const NOTHING: Moving = {
  contribution: NO_VALUE,
  maintenanceMargin: NO_VALUE,
  next: { near: ZERO, far: ZERO },
}

/** Positions that settle in one asset and are netted alike, with their sums as a tree: the children of node i are 2i and 2i + 1. */
interface Group extends Pick<SettledPositions<unknown>, 'asset' | 'netting'> {
  /** In the account. */
  readonly places: readonly number[]
  /** From 1, the sum of all. The last ones are the positions. */
  readonly nodes: Moving[]
}

/** An account above its line whose prices move against it. */
export interface MovedAccount {
  readonly prices: KnownPrices
  readonly sides: ReadonlyMap<string, Adverse>
  /** The largest share that is asked for. */
  readonly end: Rational | undefined
}

/** Slack without rounding, as a function beyond a share. Shares are asked for in rising order, from 0. */
export function movedSlack(account: MovedAccount): (share: Rational) => Steps<PieceBeyond> {
  const { prices, end } = account
  const { formula } = prices
  assert(formula.still === undefined, 'every position of a distance moves')
  const groups = groupsOf(formula.positions)
  // They compare nothing, so they hold beside every share.
  const pricesBeyond = pricesAgainst(account)
  return function* (share) {
    for (const group of groups) yield* passCaps(group, account, share, pricesBeyond)
    const tracer = new Tracer(share, 'up')
    const sums = groups.map(({ asset, netting, nodes }) => ({ asset, netting, ...nodes[1]! }))
    const { over } = slackOfSettled(tracer, formula, sums, pricesBeyond, PARAMETER)
    const nearest = sums.reduce<Root | undefined>((first, { next }) => nearer(first, next), undefined)
    return { over, next: tracer.firstGuard(end, nearest) }
  }
}

/** Computes the positions that pass a cap at the share, from there on. */
function* passCaps(
  { places, nodes }: Group,
  { prices, end }: MovedAccount,
  share: Rational,
  pricesBeyond: Prices<Traced>,
): Steps<void> {
  const passed = leavesUpTo(nodes, share)
  for (const leaf of passed) {
    const ruled = prices.formula.positions[places[leaf - places.length]!]!
    const tracer = new Tracer(share, 'up')
    const size = tracer.read(ruled.position.size)
    const market = marketOf(ruled, pricesBeyond)
    const { contribution, maintenanceMargin } = positionFiguresOf(tracer, ruled, size, market)
    nodes[leaf] = { contribution, maintenanceMargin, next: tracer.firstGuard(end) }
    yield
  }
  yield* sumUp(nodes, passed)
}

function groupsOf(positions: readonly RuledPosition[]): readonly Group[] {
  const members = new Map<string, number[]>()
  positions.forEach((ruled, place) => {
    const key = keyOf(groupOf(ruled))
    const own = members.get(key)
    if (own === undefined) members.set(key, [place])
    else own.push(place)
  })
  return [...members.values()].map((places) => ({
    ...groupOf(positions[places[0]!]!),
    places,
    nodes: Array.from({ length: 2 * places.length }, () => NOTHING),
  }))
}

/** All prices moved against the account by the share. */
function pricesAgainst({ prices, sides }: MovedAccount): Prices<Traced> {
  const algebra = new Tracer(ZERO, 'up')
  const one = algebra.of(ONE)
  const factors = { fall: algebra.sub(one, PARAMETER), rise: algebra.add(one, PARAMETER) }
  const moved: Moved<Traced> = (kind, name, price) =>
    kind === 'mark' ? algebra.mul(algebra.of(price), factors[sides.get(name)!]) : undefined
  return pricesMoved(algebra, prices, moved, PARAMETER)
}

/** The positions that may go on as other functions at the share, or before it. */
function leavesUpTo(nodes: readonly Moving[], share: Rational): readonly number[] {
  const leaves: number[] = []
  const look = (node: number) => {
    const { next } = nodes[node]!
    if (next === undefined || compare(next.near, share) > 0) return
    if (2 * node >= nodes.length) {
      leaves.push(node)
      return
    }
    look(2 * node)
    look(2 * node + 1)
  }
  look(1)
  return leaves
}

/** Sums that hold these positions, each after those that it is made of. */
function* sumUp(nodes: Moving[], leaves: readonly number[]): Steps<void> {
  const changed = new Set<number>()
  for (const leaf of leaves) {
    for (let node = leaf >> 1; node > 0 && !changed.has(node); node >>= 1) changed.add(node)
  }
  let sums = 0
  for (const node of [...changed].sort((a, b) => b - a)) {
    const [one, other] = [nodes[2 * node]!, nodes[2 * node + 1]!]
    nodes[node] = {
      contribution: addTraced(one.contribution, other.contribution),
      maintenanceMargin: addTraced(one.maintenanceMargin, other.maintenanceMargin),
      next: nearer(one.next, other.next),
    }
    if (++sums % SUMS_A_STEP === 0) yield
  }
}

/** Together about as long as one position takes. */
const SUMS_A_STEP = 8

function nearer(one: Root | undefined, other: Root | undefined): Root | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return compare(other.near, one.near) < 0 ? other : one
}
