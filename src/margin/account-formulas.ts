// The margin account as one formula over its positions, for every contract kind, in any algebra. `sums.ts` computes the
// accounts whose curves are straight pieces of marginal tiers, many times as fast; this is its twin.
import { assert } from '../errors.ts'
import { type Algebra, sumOf } from './algebra.ts'
import { isolatedMarginOf } from './closing-fee.ts'
import { type AskedMargin, type Netting, nettedMaintenanceOf, nettingOf } from './netting.ts'
import { countedUnderlyingOf, initialUnderlyingOf } from './option-formulas.ts'
import {
  type IndexPrices,
  indexesMovedAgainst,
  indexPriceOf,
  type PoolTerms,
  poolBalancesOf,
} from './pool-formulas.ts'
import { type PositionFigures, paidByClosing, positionFiguresOf } from './position-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { ONE, parseDecimal, type Rational, ZERO } from './rational.ts'

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

/** The sums of positions that settle in one asset, in that asset, and that are netted alike. */
export interface StillPositions {
  readonly asset: string
  readonly netting: Netting | undefined
  readonly contribution: Rational
  readonly unrealizedPnl: Rational
  readonly maintenanceMargin: Rational
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

const symbols = new WeakMap<readonly RuledPosition[], readonly string[]>()

/** The symbols whose marks decide about the account. */
export function symbolsOf({ positions }: Pick<AccountFormula, 'positions'>): readonly string[] {
  const known = symbols.get(positions) ?? symbolsIn(positions)
  symbols.set(positions, known)
  return known
}

function symbolsIn(positions: readonly RuledPosition[]): readonly string[] {
  const all = positions.flatMap((ruled) => {
    const underlying = countedUnderlyingOf(ruled)
    return underlying === undefined ? [ruled.position.symbol] : [ruled.position.symbol, underlying]
  })
  return [...new Set(all)]
}

const underlyings = new WeakMap<readonly RuledPosition[], readonly string[]>()

/** Further symbols whose marks answers name where they are known: underlyings without which the account has a verdict. */
export function furtherSymbolsOf(formula: Pick<AccountFormula, 'positions'>): readonly string[] {
  const { positions } = formula
  const known = underlyings.get(positions) ?? besides(formula, ({ rules }) => rules.option?.underlying)
  underlyings.set(positions, known)
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
    const size = algebra.mul(algebra.of(parseDecimal(ruled.position.size)), keptOf(index))
    return positionFiguresOf(algebra, ruled, size, marketOf(ruled, prices))
  })
  const topUp = change.topUp ?? zero
  if (formula.marginMode === 'isolated')
    return isolatedFiguresOf(algebra, formula, figures[0]!, keptOf(0), topUp)
  const realized = realizedOf(algebra, formula, prices, change)
  const { pool } = formula
  if (pool !== undefined) return pooledFiguresOf(algebra, formula, pool, figures, realized, prices, change)
  const still = formula.still ?? []
  const wallet = algebra.add(algebra.of(formula.walletBalance), topUp)
  const sumWith = (
    of: (position: PositionFigures<N>) => N,
    stillOf: (positions: StillPositions) => Rational,
  ) => sumOf(algebra, [...figures.map(of), ...still.map((positions) => algebra.of(stillOf(positions)))])
  const contribution = sumWith(
    (position) => position.contribution,
    (positions) => positions.contribution,
  )
  return {
    walletBalance: wallet,
    unrealizedPnl: sumWith(
      (position) => position.unrealizedPnl,
      (positions) => positions.unrealizedPnl,
    ),
    marginBalance: algebra.add(algebra.add(wallet, realized), contribution),
    maintenanceMargin: nettedMaintenanceOf(algebra, askedOf(algebra, formula, figures)),
    positions: figures,
  }
}

/** What is asked for positions, in the asset in which they settle. */
interface SettledMargin<N> extends AskedMargin<N> {
  readonly asset: string
}

/** Of all positions, those that stay included. */
function askedOf<N>(
  algebra: Algebra<N>,
  { positions, still = [] }: AccountFormula,
  figures: readonly PositionFigures<N>[],
): readonly SettledMargin<N>[] {
  const moving = positions.map((ruled, index) => ({
    netting: nettingOf(ruled),
    asset: ruled.rules.settlementAsset,
    maintenanceMargin: figures[index]!.maintenanceMargin,
  }))
  const staying = still.map(({ netting, asset, maintenanceMargin }) => ({
    netting,
    asset,
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
  const size = algebra.mul(algebra.of(parseDecimal(ruled.position.size)), closed.share)
  const { closingMarkOf } = prices
  const closing = closingMarkOf === undefined ? prices : { ...prices, markOf: closingMarkOf }
  return paidByClosing(ruled, positionFiguresOf(algebra, ruled, size, marketOf(ruled, closing)))
}

/** All in the currency of the pool, but the figures of the positions. */
function pooledFiguresOf<N>(
  algebra: Algebra<N>,
  formula: AccountFormula,
  pool: PoolTerms,
  figures: readonly PositionFigures<N>[],
  realized: N,
  prices: Prices<N>,
  { topUp, topUpAsset = pool.currency, closed }: Change<N>,
): AccountFigures<N> {
  const assetOf = (index: number) => formula.positions[index]!.rules.settlementAsset
  const flows = figures.map((position, index) => ({
    asset: assetOf(index),
    contribution: position.contribution,
    added: closed?.index === index ? realized : algebra.of(ZERO),
  }))
  const still = formula.still ?? []
  for (const { asset, contribution } of still) {
    flows.push({ asset, contribution: algebra.of(contribution), added: algebra.of(ZERO) })
  }
  if (topUp !== undefined) flows.push({ asset: topUpAsset, contribution: algebra.of(ZERO), added: topUp })
  const asked = askedOf(algebra, formula, figures)
  const { indexShare } = prices
  // A netting group that settles in several assets is netted in each apart to choose the side of an index price.
  const askedIn = (asset: string) =>
    nettedMaintenanceOf(
      algebra,
      asked.filter((one) => one.asset === asset),
    )
  const indexes: IndexPrices<N> =
    indexShare === undefined ? prices : indexesMovedAgainst(algebra, pool, flows, askedIn, prices, indexShare)
  const { walletBalance, marginBalance, debtMargin } = poolBalancesOf(algebra, pool, flows, indexes)
  const valued = (amount: N, asset: string) =>
    algebra.mul(amount, indexPriceOf(algebra, pool, asset, indexes))
  const unrealizedPnl = sumOf(algebra, [
    ...figures.map((position, index) => valued(position.unrealizedPnl, assetOf(index))),
    ...still.map((positions) => valued(algebra.of(positions.unrealizedPnl), positions.asset)),
  ])
  const positionsMargin = nettedMaintenanceOf(
    algebra,
    asked.map((one) => ({ ...one, maintenanceMargin: valued(one.maintenanceMargin, one.asset) })),
  )
  const maintenanceMargin = algebra.add(positionsMargin, debtMargin)
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
  const size = algebra.mul(algebra.of(parseDecimal(ruled.position.size)), kept)
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
