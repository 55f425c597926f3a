// A margin account in which only some prices move: the other positions are kept as sums, so that an account of a thousand
// positions costs for each of its symbols what the positions of that symbol cost.
import type { AccountFormula, StillPositions } from './account-formulas.ts'
import { totalsWithout } from './account-totals.ts'
import type { Known } from './formula-figures.ts'
import { countedUnderlyingOf } from './option-formulas.ts'
import type { PoolBalances, PoolTerms } from './pool-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { pricedAssetsOf } from './priced-assets.ts'
import { add, mul, type Rational, reduce, ZERO } from './rational.ts'

/**
 * The same account with the positions at these places alone, and the others as sums of their figures at known prices. Of a pool
 * the assets in which these positions settle stay, and those named; the others are sums too.
 */
export function focusOn(
  known: Known,
  places: readonly number[],
  assets: readonly (string | undefined)[] = [],
): Known {
  const { formula } = known
  if (places.length === formula.positions.length || known.isWhole === true) return known
  const positions = places.map((place) => formula.positions[place]!)
  const still = totalsWithout(known, places)
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
  positions.forEach((ruled, place) => {
    const { symbol } = ruled.position
    const underlying = countedUnderlyingOf(ruled)
    put(symbol, place)
    if (underlying !== undefined && underlying !== symbol) put(underlying, place)
  })
  placesKept.set(positions, bySymbol)
  return bySymbol
}
