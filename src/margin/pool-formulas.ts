// A cross pool over several currencies: what its assets and debts are worth in the currency of the pool.
import { type CollateralRules, indexName, type MarginDefaults, type Pool } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type Algebra, sumOf } from './algebra.ts'
import { add, mul, ONE, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { parseCap } from './tiers.ts'

/** One asset of a pool. Amounts in units of the asset. */
export interface PoolAsset {
  readonly asset: string
  /** What is below zero of it is owed. */
  readonly wallet: Rational
  /** Stated debts, not below zero: money in the wallet does not repay them. */
  readonly liability: Rational
  /** What the book says of it; of the currency of the pool only what a debt in it asks for counts. */
  readonly rules: CollateralRules | undefined
  /** How it counts; undefined for the currency of the pool, which counts as it is. */
  readonly weights: CollateralRules | undefined
  /** Nothing says what a debt in it asks for: an account that owes it is refused, and no change may leave such a debt. */
  readonly lacksDebtRate?: true
}

export interface PoolTerms {
  readonly currency: string
  readonly kind: Pool['kind']
  /** Every asset that the account holds, owes or settles in. */
  readonly assets: readonly PoolAsset[]
  /** What further assets bring, whose amounts and prices stay; see `formula-focus.ts`. */
  readonly rest?: PoolBalances<Rational>
  /** Of spot margin: the line is where weighted assets are this many times the debts. undefined: equity against margin. */
  readonly liquidationLevel: Rational | undefined
  /** Of the rule book. */
  readonly defaults: MarginDefaults
}

export interface IndexPrices<N> {
  /** Price of an asset in the currency of the pool; undefined when it is not known. */
  indexOf(asset: string): N | undefined
}

/** What positions and changes bring to an asset: PnL that is not realised, and money. */
export interface AssetFlow<N> {
  readonly asset: string
  readonly contribution: N
  readonly added: N
}

export interface PoolBalances<N> {
  /** Of all wallets less debts, without weights. */
  readonly walletBalance: N
  readonly marginBalance: N
  /** Maintenance margin for debts; of spot margin the whole line. */
  readonly debtMargin: N
}

/** The assets whose index prices decide about the pool. */
export function indexAssetsOf({ currency, assets }: PoolTerms): readonly string[] {
  return assets.map(({ asset }) => asset).filter((asset) => asset !== currency)
}

/** The names of those index prices. */
export function indexNamesOf(pool: PoolTerms): readonly string[] {
  return indexAssetsOf(pool).map((asset) => indexName(asset, pool.currency))
}

export function indexPriceOf<N>(
  algebra: Algebra<N>,
  pool: PoolTerms,
  asset: string,
  prices: IndexPrices<N>,
): N {
  if (asset === pool.currency) return algebra.of(ONE)
  const price = prices.indexOf(asset)
  assert(price !== undefined, `the index price of ${asset} is known`)
  return price
}

const NOTHING: PoolBalances<Rational> = { walletBalance: ZERO, marginBalance: ZERO, debtMargin: ZERO }

export function poolBalancesOf<N>(
  algebra: Algebra<N>,
  pool: PoolTerms,
  flows: readonly AssetFlow<N>[],
  prices: IndexPrices<N>,
): PoolBalances<N> {
  const parts = pool.assets.map((asset) =>
    assetBalancesOf(
      algebra,
      pool,
      asset,
      heldOf(algebra, asset, flows),
    )(indexPriceOf(algebra, pool, asset.asset, prices)),
  )
  const { walletBalance, marginBalance, debtMargin } = pool.rest ?? NOTHING
  const sum = (rest: Rational, of: (part: PoolBalances<N>) => N) =>
    parts.reduce((total, part) => algebra.add(total, of(part)), algebra.of(rest))
  return {
    walletBalance: sum(walletBalance, (part) => part.walletBalance),
    marginBalance: sum(marginBalance, (part) => part.marginBalance),
    debtMargin: sum(debtMargin, (part) => part.debtMargin),
  }
}

/**
 * The index prices of a pool once each has moved by the share against it: a fall or a rise, whichever leaves less of what its
 * asset counts above the margin asked in that asset; a fall where both leave as much. By amounts, PnL and margin as they are
 * then, so an asset that the pool owns now and owes then rises. A fall ends at nothing. `askedIn` gives the maintenance margin of
 * the positions that settle in an asset, in units of it.
 */
export function indexesMovedAgainst<N>(
  algebra: Algebra<N>,
  pool: PoolTerms,
  flows: readonly AssetFlow<N>[],
  askedIn: (asset: string) => N,
  prices: IndexPrices<N>,
  share: N,
): IndexPrices<N> {
  const moved = new Map<string, N>()
  for (const asset of pool.assets) {
    if (asset.asset === pool.currency) continue
    const balancesAt = assetBalancesOf(algebra, pool, asset, heldOf(algebra, asset, flows))
    const asked = askedIn(asset.asset)
    const leftAt = (price: N) => {
      const { marginBalance, debtMargin } = balancesAt(price)
      return algebra.sub(marginBalance, algebra.add(debtMargin, algebra.mul(asked, price)))
    }
    const { low, high } = indexSidesOf(algebra, indexPriceOf(algebra, pool, asset.asset, prices), share)
    moved.set(asset.asset, algebra.compare(leftAt(low), leftAt(high)) <= 0 ? low : high)
  }
  return { indexOf: (asset) => moved.get(asset) }
}

/** An index price after a fall, which ends at nothing, and after a rise by the share. */
export function indexSidesOf<N>(algebra: Algebra<N>, present: N, share: N): { low: N; high: N } {
  const one = algebra.of(ONE)
  const fallen = algebra.larger(algebra.sub(one, share), algebra.of(ZERO))
  return { low: algebra.mul(present, fallen), high: algebra.mul(present, algebra.add(one, share)) }
}

/** Units of an asset: of the wallet with what changes add, and of PnL. */
interface Held<N> {
  readonly wallet: N
  readonly contribution: N
}

function heldOf<N>(
  algebra: Algebra<N>,
  { asset, wallet }: PoolAsset,
  flows: readonly AssetFlow<N>[],
): Held<N> {
  const own = flows.filter((flow) => flow.asset === asset)
  const sum = (of: (flow: AssetFlow<N>) => N) => sumOf(algebra, own.map(of))
  return {
    wallet: algebra.add(
      algebra.of(wallet),
      sum(({ added }) => added),
    ),
    contribution: sum(({ contribution }) => contribution),
  }
}

/** What is asked for a debt in the asset, as a share of its value. */
export function debtRateOf({ liquidationLevel }: PoolTerms, { rules }: PoolAsset): Rational {
  // A rate that is not known is that of no debt: an account that has one is refused.
  return liquidationLevel ?? parseRate(rules?.liabilityMaintenanceRate ?? '0')
}

/** All that is owed of an asset of which so much is in the wallet: stated debts, and what the wallet is below zero. */
export function owedOf<N>(algebra: Algebra<N>, { liability }: PoolAsset, wallet: N): N {
  const zero = algebra.of(ZERO)
  return algebra.add(algebra.of(liability), algebra.larger(algebra.sub(zero, wallet), zero))
}

/** What one asset brings to the balances of its pool, by its index price. */
function assetBalancesOf<N>(
  algebra: Algebra<N>,
  pool: PoolTerms,
  asset: PoolAsset,
  { wallet, contribution }: Held<N>,
): (price: N) => PoolBalances<N> {
  const { liquidationLevel } = pool
  const debt = owedOf(algebra, asset, wallet)
  const owned = algebra.sub(wallet, algebra.of(asset.liability))
  const held = algebra.larger(wallet, algebra.of(ZERO))
  const debtRate = algebra.of(debtRateOf(pool, asset))
  return (price) => ({
    walletBalance: algebra.mul(owned, price),
    marginBalance:
      liquidationLevel === undefined
        ? countedOf(algebra, asset, owned, contribution, price)
        : weighted(algebra, asset, algebra.add(held, contribution), price),
    debtMargin: algebra.mul(debtRate, algebra.mul(debt, price)),
  })
}

/** Value of what is owned of an asset and of the PnL in it, as its rules count them. */
function countedOf<N>(algebra: Algebra<N>, asset: PoolAsset, owned: N, contribution: N, price: N): N {
  const isWallet = asset.weights?.discounts === 'wallet'
  const discounted = weighted(algebra, asset, isWallet ? owned : algebra.add(owned, contribution), price)
  return isWallet ? algebra.add(discounted, algebra.mul(contribution, price)) : discounted
}

/** amount·price with the weights of its tiers, which are of the amount in coin or of its value. */
function weighted<N>(algebra: Algebra<N>, { weights }: PoolAsset, amount: N, price: N): N {
  if (weights === undefined) return algebra.mul(amount, price)
  const counted = (held: N) => weightedHeld(algebra, weights, held)
  return weights.basis === 'coin'
    ? algebra.mul(algebra.rising(amount, counted), price)
    : algebra.rising(algebra.mul(amount, price), counted)
}

/** What is held with the weights of its tiers; below zero `liabilityRatio` times. */
function weightedHeld<N>(algebra: Algebra<N>, rules: CollateralRules, held: N): N {
  if (algebra.compare(held, algebra.of(ZERO)) < 0)
    return algebra.mul(algebra.read(rules.liabilityRatio), held)
  const { ratio, constant } = weightOf(algebra, rules, held)
  return algebra.add(algebra.mul(algebra.of(ratio), held), algebra.of(constant))
}

/** The tier of an amount as ratio·amount + constant: the tiers below count with their own ratios. */
function weightOf<N>(
  algebra: Algebra<N>,
  { tiers }: CollateralRules,
  amount: N,
): { ratio: Rational; constant: Rational } {
  let constant = ZERO
  for (let index = 0; ; index++) {
    const tier = tiers[index]!
    const ratio = parseRate(tier.ratio)
    const next = tiers[index + 1]
    if (next === undefined || algebra.compare(amount, algebra.of(parseCap(tier.cap))) <= 0)
      return { ratio, constant }
    constant = add(constant, mul(parseCap(tier.cap), sub(ratio, parseRate(next.ratio))))
  }
}
