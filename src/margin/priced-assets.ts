// The assets of a pool at the prices of a margin account, each with what settles in it.
import { slackIn, totalsOf } from './account-totals.ts'
import { exactNumbers, sumOf } from './algebra.ts'
import type { Known } from './formula-figures.ts'
import { nettedMaintenanceOf } from './netting.ts'
import {
  indexesMovedAgainst,
  indexPriceOf,
  indexSidesOf,
  type PoolAsset,
  type PoolBalances,
  type PoolTerms,
  poolBalancesOf,
} from './pool-formulas.ts'
import { add, mul, type Rational, reduce, sub, ZERO } from './rational.ts'

/** Where an index price can be that moved against the pool, a fall and a rise. */
export interface IndexSides {
  readonly low: Rational
  readonly high: Rational
  /** What the asset counts less what is asked in it. */
  readonly left: Rational
  /** What all else in the account leaves above the line. */
  readonly others: Rational
}

export interface PricedAsset {
  readonly asset: PoolAsset
  readonly indexPrice: Rational
  /** undefined for an index price that stays. */
  readonly sides: IndexSides | undefined
  readonly balances: PoolBalances<Rational>
  /** PnL in the asset of the positions that settle in it. */
  readonly contribution: Rational
  /** What is asked of them, in the asset. */
  readonly maintenanceMargin: Rational
}

const pricedAssets = new WeakMap<Known, ReadonlyMap<string, PricedAsset>>()

/** Each asset of a pool at the prices of the account. */
export function pricedAssetsOf(known: Known, pool: PoolTerms): ReadonlyMap<string, PricedAsset> {
  const cached = pricedAssets.get(known)
  if (cached !== undefined) return cached
  const settled = [...totalsOf(known).values()]
  const { indexes, indexShare } = known
  const present = { indexOf: (asset: string) => indexes.get(asset) }
  const { rest: _, ...terms } = pool
  const priced = new Map<string, PricedAsset>()
  for (const one of pool.assets) {
    const { asset } = one
    const own = settled.filter((positions) => positions.asset === asset)
    const maintenanceMargin = nettedMaintenanceOf(exactNumbers, own)
    const flows = own.map(({ contribution }) => ({ asset, contribution, added: ZERO }))
    const alone = { ...terms, assets: [one] }
    const moved =
      indexShare === undefined
        ? present
        : indexesMovedAgainst(exactNumbers, alone, flows, () => maintenanceMargin, present, indexShare)
    const indexPrice = indexPriceOf(exactNumbers, pool, asset, moved)
    const balances = poolBalancesOf(exactNumbers, alone, flows, moved)
    priced.set(asset, {
      asset: one,
      indexPrice,
      sides:
        asset === pool.currency || indexShare === undefined
          ? undefined
          : {
              ...indexSidesOf(exactNumbers, indexes.get(asset)!, indexShare),
              ...leftOf(known, balances, mul(maintenanceMargin, indexPrice)),
            },
      balances,
      contribution: sumOf(
        exactNumbers,
        own.map(({ contribution }) => contribution),
      ),
      maintenanceMargin,
    })
  }
  pricedAssets.set(known, priced)
  return priced
}

function leftOf(
  known: Known,
  { marginBalance, debtMargin }: PoolBalances<Rational>,
  asked: Rational,
): Pick<IndexSides, 'left' | 'others'> {
  const left = reduce(sub(marginBalance, add(debtMargin, asked)))
  return { left, others: reduce(sub(slackIn(known), left)) }
}

/** What an asset counts less what is asked for its debts, with so much more of it in the wallet, at its present index price. */
export function leftWith(
  { indexes }: Known,
  { rest: _, ...terms }: PoolTerms,
  { asset, contribution }: PricedAsset,
  added: Rational,
): Rational {
  const flows = [{ asset: asset.asset, contribution, added }]
  const present = { indexOf: (name: string) => indexes.get(name) }
  const pool = { ...terms, assets: [asset] }
  const { marginBalance, debtMargin } = poolBalancesOf(exactNumbers, pool, flows, present)
  return sub(marginBalance, debtMargin)
}
