import type { Account, CollateralRules, InstrumentRules, Position } from '../../domain/index.ts'
import { add, type Fraction, multiply, ONE, parse, subtract, ZERO } from './fraction.ts'
import { type AccountFigures, fallingOf, marksFor, movedAgainst } from './margin-accounts.ts'
import { isAtMost } from './venues/formula.ts'
import { type Figures, VENUE_FORMULAS, type VenueFormula } from './venues/index.ts'

/** All assets of an account behind all its cross positions and debts, valued in one currency. */
export interface NaivePool {
  readonly currency: string
  /** Of spot margin; undefined where equity stands against maintenance margin. */
  readonly liquidationLevel: Fraction | undefined
  readonly assets: readonly NaiveAsset[]
  readonly positions: readonly PooledPosition[]
  readonly formula: VenueFormula
}

/** Amounts in units of the asset. */
interface NaiveAsset {
  readonly asset: string
  readonly wallet: Fraction
  readonly debt: Fraction
  /** undefined for the currency of the pool. */
  readonly rules: NaiveCollateral | undefined
  /** Maintenance margin of what is owed, as a share of its value, where equity stands against maintenance margin. */
  readonly debtMaintenanceRate: Fraction
}

interface NaiveCollateral {
  readonly tiers: readonly { readonly cap: Fraction; readonly ratio: Fraction }[]
  readonly capsAreIn: 'coin' | 'value'
  readonly profitIsDiscounted: boolean
  readonly debtRatio: Fraction
}

interface PooledPosition {
  readonly position: Position
  readonly rules: InstrumentRules
  readonly figuresOf: Figures
}

/** undefined where a price is not known. */
export interface PoolPrices {
  markOf(symbol: string): Fraction | undefined
  /** Price of an asset in the currency of the pool. */
  indexOf(asset: string): Fraction | undefined
  /** For the next payment, a fraction. */
  fundingRateOf(symbol: string): Fraction
}

/**
 * The cross pool of an account that states one. It throws for an account without a pool, and for a venue or an asset without
 * rules, which are bugs of the caller.
 */
export function naivePool(
  account: Account,
  rulesOf: (symbol: string) => InstrumentRules,
  collateralOf: (asset: string) => CollateralRules | undefined,
): NaivePool {
  const { pool, venue } = account
  const formula = VENUE_FORMULAS[venue]
  if (pool === undefined || formula === undefined) throw new Error(`${account.id} of ${venue} is no pool`)
  const cross = account.positions.filter(({ marginMode }) => marginMode === 'cross')
  const positions = cross.map((position) => {
    const rules = rulesOf(position.symbol)
    return { position, rules, figuresOf: formula.figuresOf(position, rules) }
  })
  const names = [
    ...account.collateral.map(({ asset }) => asset),
    ...account.liabilities.map(({ asset }) => asset),
    ...positions.map(({ rules }) => rules.settlementAsset),
  ]
  const assets = [...new Set(names)].map((asset) => {
    const stated = collateralOf(asset)
    const rules = asset === pool.currency ? undefined : stated
    if (rules === undefined && asset !== pool.currency) throw new Error(`${asset} has no rules`)
    const amount = amountOf(account.collateral, asset)
    const owed = amountOf(account.liabilities, asset)
    return {
      asset,
      wallet: amount.n < 0n ? ZERO : amount,
      debt: amount.n < 0n ? subtract(owed, amount) : owed,
      rules: rules && collateralIn(rules),
      // Of an account that the rules can judge, an unknown rate is that of no debt.
      debtMaintenanceRate: parse(stated?.liabilityMaintenanceRate ?? '0'),
    }
  })
  const { currency, liquidationLevel } = pool
  return {
    currency,
    liquidationLevel: liquidationLevel === undefined ? undefined : parse(liquidationLevel),
    assets,
    positions,
    formula,
  }
}

function amountOf(list: Account['collateral'], asset: string): Fraction {
  return parse(list.find((entry) => entry.asset === asset)?.amount ?? '0')
}

function collateralIn(rules: CollateralRules): NaiveCollateral {
  return {
    tiers: rules.tiers.map(({ cap, ratio }) => ({ cap: parse(cap), ratio: parse(ratio) })),
    capsAreIn: rules.basis,
    profitIsDiscounted: rules.discounts === 'equity',
    debtRatio: parse(rules.liabilityRatio),
  }
}

/**
 * In the currency of the pool. Of spot margin the margin balance is what is owned, and the maintenance margin is the liquidation
 * level times what is owed. undefined when a price is missing.
 */
export function poolFiguresAt(pool: NaivePool, prices: PoolPrices): AccountFigures | undefined {
  const indexes = new Map<string, Fraction>([[pool.currency, { n: 1n, d: 1n }]])
  for (const { asset } of pool.assets) {
    const price = indexes.get(asset) ?? prices.indexOf(asset)
    if (price === undefined) return undefined
    indexes.set(asset, price)
  }
  const profits = new Map<string, Fraction>()
  const asked: { position: Position; rules: InstrumentRules; maintenance: Fraction }[] = []
  for (const { position, rules, figuresOf } of pool.positions) {
    const marks = marksFor(position, rules, (symbol) => prices.markOf(symbol))
    if (marks === undefined) return undefined
    const own = figuresOf({ ...marks, fundingRate: prices.fundingRateOf(position.symbol) })
    const { settlementAsset } = rules
    profits.set(settlementAsset, add(profits.get(settlementAsset) ?? ZERO, own.contribution))
    asked.push({ position, rules, maintenance: multiply(own.maintenance, indexes.get(settlementAsset)!) })
  }
  let marginBalance = ZERO
  let maintenanceMargin = pool.formula.maintenanceOf(asked)
  for (const asset of pool.assets) {
    const price = indexes.get(asset.asset)!
    const profit = profits.get(asset.asset) ?? ZERO
    const { worth, asks } =
      pool.liquidationLevel === undefined
        ? equityOf(asset, profit, price)
        : ownedAndOwed(asset, profit, price, pool.liquidationLevel)
    marginBalance = add(marginBalance, worth)
    maintenanceMargin = add(maintenanceMargin, asks)
  }
  return { marginBalance, maintenanceMargin }
}

interface Worth {
  readonly worth: Fraction
  readonly asks: Fraction
}

/**
 * Bybit: the haircut is on the wallet, the profit of perpetuals counts as it is ("Account MMR %", MarginBalance − HaircutLoss).
 * OKX, adjEq: the discount is on the equity, profit included; what is owed has none. Binance multi-assets: equity at the bid side
 * of the asset index, below zero at its ask side. Bybit, "Total MM": that of borrowings is part of it, whichever asset is borrowed.
 */
function equityOf(
  { wallet, debt, rules, debtMaintenanceRate }: NaiveAsset,
  profit: Fraction,
  price: Fraction,
): Worth {
  const owned = subtract(wallet, debt)
  const asks = multiply(multiply(debt, price), debtMaintenanceRate)
  if (rules === undefined) return { worth: multiply(add(owned, profit), price), asks }
  if (rules.profitIsDiscounted) return { worth: counted(rules, add(owned, profit), price), asks }
  return { worth: add(counted(rules, owned, price), multiply(profit, price)), asks }
}

/** Binance margin level: assets over liabilities, interest included; the line is where it comes to the liquidation level. */
function ownedAndOwed(
  { wallet, debt, rules }: NaiveAsset,
  profit: Fraction,
  price: Fraction,
  level: Fraction,
): Worth {
  const owned = add(wallet, profit)
  const worth = rules === undefined ? multiply(owned, price) : counted(rules, owned, price)
  return { worth, asks: multiply(multiply(debt, price), level) }
}

/** The value of an amount, each part of it at the ratio of the tier that holds the part. */
function counted(rules: NaiveCollateral, amount: Fraction, price: Fraction): Fraction {
  const value = multiply(amount, price)
  if (amount.n < 0n) return multiply(value, rules.debtRatio)
  const isByCoin = rules.capsAreIn === 'coin'
  const whole = isByCoin ? amount : value
  let sum = ZERO
  let from = ZERO
  for (const [index, { cap, ratio }] of rules.tiers.entries()) {
    const isLast = index === rules.tiers.length - 1 || isAtMost(whole, cap)
    sum = add(sum, multiply(subtract(isLast ? whole : cap, from), ratio))
    if (isLast) break
    from = cap
  }
  return isByCoin ? multiply(sum, price) : sum
}

/** Whether the pool is liquidated exactly on its line: spot margin is; one without positions as if they settled in its currency. */
export function poolLiquidatesOnTheLine({
  currency,
  positions,
  formula,
  liquidationLevel,
}: NaivePool): boolean {
  if (liquidationLevel !== undefined) return true
  return formula.liquidatesOnTheLine(positions[0]?.rules ?? { settlementAsset: currency })
}

/**
 * The prices after a move of each by that share against the pool: a mark down where the pool is net long in the symbol, up where it
 * is net short (where neither, the value of the position grows); then each index price down or up, whichever leaves the pool at
 * those marks with less, down where both leave as much.
 */
export function poolMovedAgainst(pool: NaivePool, prices: PoolPrices, share: Fraction): PoolPrices {
  const risen = add(ONE, share)
  const fallen = share.n < share.d ? subtract(ONE, share) : ZERO
  const { positions } = pool
  const markOf = movedAgainst(
    { falling: fallingOf(positions), positions },
    (symbol) => prices.markOf(symbol),
    share,
  )
  const moved = (price: Fraction | undefined, falls: boolean) =>
    price && multiply(price, falls ? fallen : risen)
  const atMarks = { ...prices, markOf }
  const leftWith = (one: string, falls: boolean) => {
    const indexOf = (asset: string) =>
      asset === one ? moved(prices.indexOf(asset), falls) : prices.indexOf(asset)
    const { marginBalance, maintenanceMargin } = poolFiguresAt(pool, { ...atMarks, indexOf })!
    return subtract(marginBalance, maintenanceMargin)
  }
  const falling = new Map(
    pool.assets
      .filter(({ asset }) => asset !== pool.currency)
      .map(({ asset }) => [asset, subtract(leftWith(asset, true), leftWith(asset, false)).n <= 0n]),
  )
  return { ...atMarks, indexOf: (asset) => moved(prices.indexOf(asset), falling.get(asset)!) }
}
