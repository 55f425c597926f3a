// The margin account as one formula over its positions, for every contract kind, in any algebra. `sums.ts` computes the
// accounts whose curves are straight pieces of marginal tiers, many times as fast; this is its twin.
import { assert } from '../errors.ts'
import { type Algebra, sumOf } from './algebra.ts'
import { isolatedMarginOf } from './closing-fee.ts'
import { nettedMaintenanceOf, nettingOf } from './netting.ts'
import { countedUnderlyingOf, initialUnderlyingOf } from './option-formulas.ts'
import type { AssetFlow, IndexPrices, PoolTerms } from './pool-formulas.ts'
import { type PositionFigures, paidByClosing, positionFiguresOf } from './position-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { ONE, type Rational, ZERO } from './rational.ts'
import { contributionOf, pooledBalancesOf, type SettledPositions } from './settled.ts'

/** The terms of a margin account for which `curves` are not enough. */
export interface AccountFormula {
  readonly marginMode: 'isolated' | 'cross'
  /** In the order of the legs; a single one when it is isolated. */
  readonly positions: readonly RuledPosition[]
  /** Of a cross pool in one currency; an isolated position brings its own margin. */
  readonly walletBalance: Rational
  /** Set for a cross pool over several currencies. */
  readonly pool?: PoolTerms
  /** Further cross positions, whose prices stay; see `formula-focus.ts`. */
  readonly still?: readonly StillPositions[]
}

export interface StillPositions extends SettledPositions<Rational> {
  readonly unrealizedPnl: Rational
}

/** Prices of a margin account. */
export interface Prices<N> extends IndexPrices<N> {
  /** By symbol; undefined when it is not known. */
  markOf(symbol: string): N | undefined
  /** At which a part of a position is closed; without it that is its mark. */
  closingMarkOf?(symbol: string): N | undefined
  fundingRateOf(symbol: string): Rational | undefined
  /** Each index price of a pool has moved against it by this share, as `indexesMovedAgainst` says. Without it none has. */
  readonly indexShare?: N
}

/**
 * What a cure changes: money that is added, of a pool in its currency unless `topUpAsset` says which, and the share of one
 * position that is closed at the mark.
 */
export interface Change<N> {
  readonly topUp?: N
  readonly topUpAsset?: string
  readonly closed?: { readonly index: number; readonly share: N }
}

export interface AccountFigures<N> {
  /** As the venue displays it. */
  readonly walletBalance: N
  readonly unrealizedPnl: N
  readonly marginBalance: N
  readonly maintenanceMargin: N
  readonly positions: readonly PositionFigures<N>[]
}

const NONE: readonly string[] = []
const symbols = new WeakMap<readonly RuledPosition[], readonly string[]>()

/** The symbols whose marks decide about the account. */
export function symbolsOf({ positions }: Pick<AccountFormula, 'positions'>): readonly string[] {
  // What is made at once is not worth keeping.
  if (positions.length === 1) return countedSymbolsOf(positions[0]!)
  let known = symbols.get(positions)
  if (known === undefined) {
    known = [...new Set(positions.flatMap(countedSymbolsOf))]
    symbols.set(positions, known)
  }
  return known
}

function countedSymbolsOf(ruled: RuledPosition): string[] {
  const underlying = countedUnderlyingOf(ruled)
  return underlying === undefined ? [ruled.position.symbol] : [ruled.position.symbol, underlying]
}

const underlyings = new WeakMap<readonly RuledPosition[], readonly string[]>()

/** Further symbols whose marks answers name where they are known: underlyings without which the account has a verdict. */
export function furtherSymbolsOf(formula: Pick<AccountFormula, 'positions'>): readonly string[] {
  const { positions } = formula
  if (positions.length === 1 && positions[0]!.rules.option === undefined) return NONE
  let known = underlyings.get(positions)
  if (known === undefined) {
    known = besides(formula, ({ rules }) => rules.option?.underlying)
    underlyings.set(positions, known)
  }
  return known
}

/** Those among them without which an initial margin is not known. */
export function initialSymbolsOf(formula: Pick<AccountFormula, 'positions'>): readonly string[] {
  return besides(formula, initialUnderlyingOf)
}

function besides(
  formula: Pick<AccountFormula, 'positions'>,
  of: (ruled: RuledPosition) => string | undefined,
): readonly string[] {
  const counted = new Set(symbolsOf(formula))
  const all = new Set(formula.positions.map(of))
  return [...all].filter((symbol) => symbol !== undefined && !counted.has(symbol)) as string[]
}

/** The symbols whose funding rate counts in the maintenance margin. */
export function fundingSymbolsOf({ positions }: Pick<AccountFormula, 'positions'>): readonly string[] {
  return positions
    .filter(({ rules }) => rules.fundingInMaintenance === true)
    .map(({ position }) => position.symbol)
}

/** All prices are known; of a rate that does not count 0 is enough. */
export function figuresOf<N>(
  algebra: Algebra<N>,
  formula: AccountFormula,
  prices: Prices<N>,
  change: Change<N> = {},
): AccountFigures<N> {
  const zero = algebra.of(ZERO)
  const one = algebra.of(ONE)
  const keptOf = (index: number) =>
    change.closed?.index === index ? algebra.sub(one, change.closed.share) : one
  const figures = formula.positions.map((ruled, index) => {
    const size = algebra.mul(algebra.read(ruled.position.size), keptOf(index))
    return positionFiguresOf(algebra, ruled, size, marketOf(ruled, prices))
  })
  const topUp = change.topUp ?? zero
  if (formula.marginMode === 'isolated')
    return isolatedFiguresOf(algebra, formula, figures[0]!, keptOf(0), topUp)
  const realized = realizedOf(algebra, formula, prices, change)
  const settled = settledOf(algebra, formula, figures)
  const { pool } = formula
  if (pool !== undefined) {
    const flows = flowsOf(algebra, formula, pool, realized, change)
    return pooledFiguresOf(algebra, formula, pool, figures, settled, flows, prices)
  }
  const wallet = algebra.add(algebra.of(formula.walletBalance), topUp)
  const still = (formula.still ?? []).map(({ unrealizedPnl }) => algebra.of(unrealizedPnl))
  return {
    walletBalance: wallet,
    unrealizedPnl: sumOf(algebra, [...figures.map(({ unrealizedPnl }) => unrealizedPnl), ...still]),
    marginBalance: algebra.add(algebra.add(wallet, realized), contributionOf(algebra, settled)),
    maintenanceMargin: nettedMaintenanceOf(algebra, settled),
    positions: figures,
  }
}

/** All positions, those that stay included. */
function settledOf<N>(
  algebra: Algebra<N>,
  { positions, still = [] }: AccountFormula,
  figures: readonly PositionFigures<N>[],
): readonly SettledPositions<N>[] {
  const moving = positions.map((ruled, index) => {
    const { contribution, maintenanceMargin } = figures[index]!
    return {
      netting: nettingOf(ruled),
      asset: ruled.rules.settlementAsset,
      contribution,
      maintenanceMargin,
    }
  })
  const staying = still.map(({ netting, asset, contribution, maintenanceMargin }) => ({
    netting,
    asset,
    contribution: algebra.of(contribution),
    maintenanceMargin: algebra.of(maintenanceMargin),
  }))
  return [...moving, ...staying]
}

export function marketOf<N>({ position, rules }: RuledPosition, { markOf, fundingRateOf }: Prices<N>) {
  const markPrice = markOf(position.symbol)
  assert(markPrice !== undefined, `the mark of ${position.symbol} is known`)
  const underlyingPrice = rules.option === undefined ? undefined : markOf(rules.option.underlying)
  return { markPrice, underlyingPrice, fundingRate: fundingRateOf(position.symbol) ?? ZERO }
}

/** What closing a part of a position pays into the wallet of its pool. */
export function realizedOf<N>(
  algebra: Algebra<N>,
  { positions }: AccountFormula,
  prices: Prices<N>,
  { closed }: Change<N>,
): N {
  if (closed === undefined) return algebra.of(ZERO)
  const ruled = positions[closed.index]!
  const size = algebra.mul(algebra.read(ruled.position.size), closed.share)
  const { closingMarkOf } = prices
  const closing = closingMarkOf === undefined ? prices : { ...prices, markOf: closingMarkOf }
  return paidByClosing(ruled, positionFiguresOf(algebra, ruled, size, marketOf(ruled, closing)))
}

/** What a change brings to the assets of a pool. */
function flowsOf<N>(
  algebra: Algebra<N>,
  { positions }: AccountFormula,
  { currency }: PoolTerms,
  realized: N,
  { topUp, topUpAsset = currency, closed }: Change<N>,
): readonly AssetFlow<N>[] {
  const contribution = algebra.of(ZERO)
  const flows: AssetFlow<N>[] = []
  if (closed !== undefined) {
    const asset = positions[closed.index]!.rules.settlementAsset
    flows.push({ asset, contribution, added: realized })
  }
  if (topUp !== undefined) flows.push({ asset: topUpAsset, contribution, added: topUp })
  return flows
}

/** All in the currency of the pool, but the figures of the positions. */
function pooledFiguresOf<N>(
  algebra: Algebra<N>,
  { positions, still = [] }: AccountFormula,
  pool: PoolTerms,
  figures: readonly PositionFigures<N>[],
  settled: readonly SettledPositions<N>[],
  changes: readonly AssetFlow<N>[],
  prices: Prices<N>,
): AccountFigures<N> {
  const { walletBalance, marginBalance, maintenanceMargin, valued } = pooledBalancesOf(
    algebra,
    pool,
    settled,
    changes,
    prices,
    prices.indexShare,
  )
  const unrealizedPnl = sumOf(algebra, [
    ...figures.map((position, index) =>
      valued(position.unrealizedPnl, positions[index]!.rules.settlementAsset),
    ),
    ...still.map((one) => valued(algebra.of(one.unrealizedPnl), one.asset)),
  ])
  return { walletBalance, unrealizedPnl, marginBalance, maintenanceMargin, positions: figures }
}

/** The margin of an isolated position leaves with the part that is closed. */
function isolatedFiguresOf<N>(
  algebra: Algebra<N>,
  { positions }: AccountFormula,
  figures: PositionFigures<N>,
  kept: N,
  topUp: N,
): AccountFigures<N> {
  const ruled = positions[0]!
  const size = algebra.mul(algebra.read(ruled.position.size), kept)
  const { margin, credited, closingFee } = isolatedMarginOf(algebra, ruled, size, kept, topUp)
  const fee = closingFee ?? figures.closingFee
  const maintenanceMargin = algebra.add(algebra.sub(figures.maintenanceMargin, figures.closingFee), fee)
  const position = { ...figures, closingFee: fee, maintenanceMargin }
  return {
    walletBalance: margin,
    unrealizedPnl: figures.unrealizedPnl,
    marginBalance: algebra.add(credited, figures.contribution),
    maintenanceMargin,
    positions: [position],
  }
}
