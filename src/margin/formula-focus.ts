// A margin account in which only some prices move: the other positions are kept as sums, so that an account of a thousand
// positions costs for each of its symbols what the positions of that symbol cost.
import type { AccountFormula, StillPositions } from './account-formulas.ts'
import { exactNumbers } from './algebra.ts'
import type { Known } from './formula-figures.ts'
import { nettedMaintenanceOf, nettingOf } from './netting.ts'
import {
  indexesMovedAgainst,
  indexPriceOf,
  type PoolBalances,
  type PoolTerms,
  poolBalancesOf,
} from './pool-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { add, mul, neg, type Rational, reduce, ZERO } from './rational.ts'

/**
 * The same account with the positions at these places alone, and the others as sums of their figures at known prices. Of a pool
 * the assets in which these positions settle stay, and those named; the others are sums too.
 */
export function focusOn(
  known: Known,
  places: readonly number[],
  assets: readonly (string | undefined)[] = [],
): Known {
  const { formula, figures } = known
  if (places.length === formula.positions.length || known.isWhole === true) return known
  const rest = new Map(totalsOf(known))
  for (const place of places) {
    const ruled = formula.positions[place]!
    const key = keyOf(ruled)
    rest.set(
      key,
      combined(rest.get(key)!, figures.positions[place]!, (sum, own) => reduce(add(sum, neg(own)))),
    )
  }
  const positions = places.map((place) => formula.positions[place]!)
  const still = [...rest.values()]
  const { pool } = formula
  if (pool === undefined) return { ...known, formula: { ...formula, positions, still } }
  const kept = new Set([...assets, ...positions.map(({ rules }) => rules.settlementAsset)])
  return { ...known, formula: { ...formula, positions, ...pooledRestOf(known, pool, kept, still) } }
}

/** The place in the account that `focusOn` gave of a position of the account. */
export function placeIn(focused: Known, known: Known, places: readonly number[], place: number): number {
  return focused.formula.positions === known.formula.positions ? place : places.indexOf(place)
}

/** A pool of the kept assets alone, and positions that stay: what settles in another asset is said in the currency of the pool. */
function pooledRestOf(
  known: Known,
  pool: PoolTerms,
  kept: ReadonlySet<string | undefined>,
  still: readonly StillPositions[],
): Pick<AccountFormula, 'pool' | 'still'> {
  const priced = pricedAssetsOf(known, pool)
  const others = pool.assets.filter(({ asset }) => !kept.has(asset))
  const sumOfOthers = (of: (balances: PoolBalances<Rational>) => Rational) =>
    reduce(others.reduce((sum, { asset }) => add(sum, of(priced.get(asset)!.balances)), ZERO))
  const rest = {
    walletBalance: sumOfOthers(({ walletBalance }) => walletBalance),
    marginBalance: sumOfOthers(({ marginBalance }) => marginBalance),
    debtMargin: sumOfOthers(({ debtMargin }) => debtMargin),
  }
  return {
    pool: { ...pool, assets: pool.assets.filter(({ asset }) => kept.has(asset)), rest },
    still: still.map((positions) => {
      if (kept.has(positions.asset)) return positions
      const { indexPrice } = priced.get(positions.asset)!
      return {
        asset: pool.currency,
        netting: positions.netting,
        contribution: ZERO,
        unrealizedPnl: mul(positions.unrealizedPnl, indexPrice),
        maintenanceMargin: mul(positions.maintenanceMargin, indexPrice),
      }
    }),
  }
}

interface PricedAsset {
  readonly indexPrice: Rational
  readonly balances: PoolBalances<Rational>
}

const pricedAssets = new WeakMap<Known, ReadonlyMap<string, PricedAsset>>()

/** Each asset of a pool at the prices of the account. */
function pricedAssetsOf(known: Known, pool: PoolTerms): ReadonlyMap<string, PricedAsset> {
  const cached = pricedAssets.get(known)
  if (cached !== undefined) return cached
  const settled = [...totalsOf(known).values()]
  const flows = settled.map(({ asset, contribution }) => ({ asset, contribution, added: ZERO }))
  const askedIn = (asset: string) =>
    nettedMaintenanceOf(
      exactNumbers,
      settled.filter((one) => one.asset === asset),
    )
  const present = { indexOf: (asset: string) => known.indexes.get(asset) }
  const indexes =
    known.indexShare === undefined
      ? present
      : indexesMovedAgainst(exactNumbers, pool, flows, askedIn, present, known.indexShare)
  const priced = new Map(
    pool.assets.map((asset) => [
      asset.asset,
      {
        indexPrice: indexPriceOf(exactNumbers, pool, asset.asset, indexes),
        balances: poolBalancesOf(exactNumbers, { ...pool, assets: [asset] }, flows, indexes),
      },
    ]),
  )
  pricedAssets.set(known, priced)
  return priced
}

const totals = new WeakMap<Known, ReadonlyMap<string, StillPositions>>()

/** The sums of all positions that count together. */
function totalsOf(known: Known): ReadonlyMap<string, StillPositions> {
  const cached = totals.get(known)
  if (cached !== undefined) return cached
  const sums = new Map<string, StillPositions>()
  known.formula.positions.forEach((ruled, place) => {
    const key = keyOf(ruled)
    const before = sums.get(key) ?? emptyOf(ruled)
    sums.set(key, combined(before, known.figures.positions[place]!, add))
  })
  totals.set(known, sums)
  return sums
}

/** Positions count together if they settle in one asset and are on one side of one netting group, or in none. */
function keyOf(ruled: RuledPosition): string {
  const { group, side } = nettingOf(ruled) ?? {}
  return JSON.stringify([ruled.rules.settlementAsset, group, side])
}

function emptyOf(ruled: RuledPosition): StillPositions {
  const amounts = { contribution: ZERO, unrealizedPnl: ZERO, maintenanceMargin: ZERO }
  return { asset: ruled.rules.settlementAsset, netting: nettingOf(ruled), ...amounts }
}

type Amounts = Pick<StillPositions, 'contribution' | 'unrealizedPnl' | 'maintenanceMargin'>

function combined(
  still: StillPositions,
  own: Amounts,
  combine: (sum: Rational, own: Rational) => Rational,
): StillPositions {
  return {
    ...still,
    contribution: combine(still.contribution, own.contribution),
    unrealizedPnl: combine(still.unrealizedPnl, own.unrealizedPnl),
    maintenanceMargin: combine(still.maintenanceMargin, own.maintenanceMargin),
  }
}

/** Places of the positions whose figures move with the mark of one of these symbols, in their order. */
export function placesOn(
  { positions }: Pick<AccountFormula, 'positions'>,
  symbols: ReadonlySet<string>,
): readonly number[] {
  const bySymbol = placesBySymbol(positions)
  if (symbols.size === 1) {
    const [symbol] = symbols
    return bySymbol.get(symbol!) ?? []
  }
  const places = new Set([...symbols].flatMap((symbol) => bySymbol.get(symbol) ?? []))
  return [...places].sort((a, b) => a - b)
}

const placesKept = new WeakMap<readonly RuledPosition[], ReadonlyMap<string, readonly number[]>>()

function placesBySymbol(positions: readonly RuledPosition[]): ReadonlyMap<string, readonly number[]> {
  const kept = placesKept.get(positions)
  if (kept !== undefined) return kept
  const bySymbol = new Map<string, number[]>()
  const put = (symbol: string, place: number) => {
    const places = bySymbol.get(symbol)
    if (places === undefined) bySymbol.set(symbol, [place])
    else places.push(place)
  }
  positions.forEach(({ position, rules: { option } }, place) => {
    put(position.symbol, place)
    if (option !== undefined && option.underlying !== position.symbol) put(option.underlying, place)
  })
  placesKept.set(positions, bySymbol)
  return bySymbol
}
