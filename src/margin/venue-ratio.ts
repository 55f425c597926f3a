// The ratio of a margin account as its venue defines and prints it.
import type { VenueRatio } from '../domain/index.ts'
import type { AccountFormula } from './account-formulas.ts'
import type { Known } from './formula-figures.ts'
import { add, div, mul, ONE, parseRate, type Rational, sign, sub, ZERO } from './rational.ts'

/** undefined where the venue publishes none, or prints none because it would divide by zero. */
export function venueRatioOf(known: Known): Rational | undefined {
  const { formula, figures } = known
  if (formula.pool?.liquidationLevel !== undefined) {
    return assetsOverDebts(figures.walletBalance, figures.maintenanceMargin, formula.pool.liquidationLevel)
  }
  if (isOnUsedMargin(formula)) return percentOfUsedMargin(known)
  const { marginBalance, maintenanceMargin } = figures
  switch (ratioFormOf(formula)) {
    case 'maintenance-over-balance':
      return sign(marginBalance) > 0 ? div(maintenanceMargin, marginBalance) : undefined
    case 'balance-over-maintenance':
      return sign(maintenanceMargin) > 0 ? div(marginBalance, maintenanceMargin) : undefined
    case undefined:
      return undefined
  }
}

function ratioFormOf({ pool, positions, marginMode }: AccountFormula): VenueRatio | undefined {
  const defaults = pool?.defaults ?? positions[0]?.defaults
  return defaults?.venueRatio?.[marginMode]
}

/** Margin level of spot margin on Binance: all assets over all debts, neither weighted. The line is `level` times the debts. */
function assetsOverDebts(net: Rational, line: Rational, level: Rational): Rational | undefined {
  const debts = div(line, level)
  return sign(debts) > 0 ? div(add(net, debts), debts) : undefined
}

function isOnUsedMargin({ positions }: AccountFormula): boolean {
  return positions.length > 0 && positions.every(({ rules }) => rules.maintenance.kind === 'used-margin')
}

const HUNDRED: Rational = { n: 100n, d: 1n }

/** Margin level of spot margin on Kraken, in per cent: equity over used margin. */
function percentOfUsedMargin({ formula, indexes, figures }: Known): Rational | undefined {
  let used = ZERO
  formula.positions.forEach(({ rules }, index) => {
    const { maintenance, settlementAsset } = rules
    if (maintenance.kind !== 'used-margin') return
    const { maintenanceMargin, closingFee } = figures.positions[index]!
    const own = div(sub(maintenanceMargin, closingFee), parseRate(maintenance.share))
    used = add(used, mul(own, indexes.get(settlementAsset) ?? ONE))
  })
  return sign(used) > 0 ? mul(HUNDRED, div(figures.marginBalance, used)) : undefined
}
