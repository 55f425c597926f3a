// A cross account by what its positions come to.
import { type Algebra, sumOf } from './algebra.ts'
import { type AskedMargin, nettedMaintenanceOf } from './netting.ts'
import {
  type AssetFlow,
  type IndexPrices,
  indexesMovedAgainst,
  indexPriceOf,
  type PoolTerms,
  poolBalancesOf,
} from './pool-formulas.ts'
import { type Rational, ZERO } from './rational.ts'

/** What positions that settle in one asset and are netted alike come to, in that asset; of one position or of many. */
export interface SettledPositions<N> extends AskedMargin<N> {
  readonly asset: string
  readonly contribution: N
}

/** What stands behind the positions of a cross account: a wallet in one currency, or a pool. */
export interface CrossFunds {
  readonly walletBalance: Rational
  readonly pool?: PoolTerms
}

/**
 * marginBalance − maintenanceMargin of a cross account by what its positions come to. Sums of those that count together are enough,
 * so a caller that keeps them computes only the positions of which something has changed.
 */
export function slackOfSettled<N>(
  algebra: Algebra<N>,
  { pool, walletBalance }: CrossFunds,
  settled: readonly SettledPositions<N>[],
  prices: IndexPrices<N>,
  indexShare?: N,
): N {
  if (pool !== undefined) {
    const { marginBalance, maintenanceMargin } = pooledBalancesOf(
      algebra,
      pool,
      settled,
      [],
      prices,
      indexShare,
    )
    return algebra.sub(marginBalance, maintenanceMargin)
  }
  const marginBalance = algebra.add(algebra.of(walletBalance), contributionOf(algebra, settled))
  return algebra.sub(marginBalance, nettedMaintenanceOf(algebra, settled))
}

/** What they add to the margin balance of an account in one currency. */
export function contributionOf<N>(algebra: Algebra<N>, settled: readonly SettledPositions<N>[]): N {
  return sumOf(
    algebra,
    settled.map(({ contribution }) => contribution),
  )
}

/** Of a pool, in its currency, once its index prices have moved by the share. `valued`: an amount of an asset there. */
export function pooledBalancesOf<N>(
  algebra: Algebra<N>,
  pool: PoolTerms,
  settled: readonly SettledPositions<N>[],
  changes: readonly AssetFlow<N>[],
  prices: IndexPrices<N>,
  indexShare: N | undefined,
) {
  const added = algebra.of(ZERO)
  const flows = [...settled.map(({ asset, contribution }) => ({ asset, contribution, added })), ...changes]
  // A netting group that settles in several assets is netted in each apart to choose the side of an index price.
  const askedIn = (asset: string) =>
    nettedMaintenanceOf(
      algebra,
      settled.filter((one) => one.asset === asset),
    )
  const indexes: IndexPrices<N> =
    indexShare === undefined ? prices : indexesMovedAgainst(algebra, pool, flows, askedIn, prices, indexShare)
  const { walletBalance, marginBalance, debtMargin } = poolBalancesOf(algebra, pool, flows, indexes)
  const valued = (amount: N, asset: string) =>
    algebra.mul(amount, indexPriceOf(algebra, pool, asset, indexes))
  const positionsMargin = nettedMaintenanceOf(
    algebra,
    settled.map((one) => ({ ...one, maintenanceMargin: valued(one.maintenanceMargin, one.asset) })),
  )
  return { walletBalance, marginBalance, maintenanceMargin: algebra.add(positionsMargin, debtMargin), valued }
}
