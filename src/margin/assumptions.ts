import type { InstrumentRules, IsolatedPays } from '../domain/index.ts'
import { sideOf } from './account-id.ts'
import { feeKindOf } from './closing-fee.ts'
import { holdsShortOption } from './formula-distance.ts'
import type { LevelRule } from './level-rule.ts'
import type { MarginAccount } from './margin-account.ts'
import type { RuledPosition } from './position-value.ts'
import { parseDecimal } from './rational.ts'

const NO_ASSUMPTIONS: readonly string[] = []

/** Each once: those of the rules in the order of the positions, each with what a position leaves open, then that of hedged positions. */
export function assumptionsOf(positions: readonly RuledPosition[]): readonly string[] {
  const hedged = hedgedAssumption(positions)
  if (hedged === undefined && positions.every((ruled) => assumptionsIn(ruled) === NO_ASSUMPTIONS)) {
    return NO_ASSUMPTIONS
  }
  const all = positions.flatMap(assumptionsIn)
  return [...new Set(hedged === undefined ? all : [...all, hedged])]
}

const OPTION_ASSUMPTION =
  'a level by distance raises the mark of a short option by as much as such a move of its underlying alone can raise it; what a rise of implied volatility adds is not counted'

const FUNDING_ASSUMPTION =
  'of one funding time, what is paid is charged before what is received, that of cross positions first, and a wallet that is too small for all isolated positions pays the same share of each; in another order of the venue more or less is left to one of them or to the wallet'

/**
 * Those of a margin account, then what is assumed of the levels by which it is judged, and of the order of payments of funding,
 * if its balances hold some of isolated positions that share a wallet.
 */
export function assumptionsUnder(
  { assumptions: own, formula }: Pick<MarginAccount, 'assumptions' | 'formula'>,
  { isByDistance }: Pick<LevelRule, 'isByDistance'>,
  funding?: { readonly isolatedPays?: IsolatedPays | undefined } | undefined,
): readonly string[] {
  const ofLevels = isByDistance && holdsShortOption(formula.positions) ? [OPTION_ASSUMPTION] : []
  const ofFunding = funding?.isolatedPays === 'wallet-first' ? [FUNDING_ASSUMPTION] : []
  return ofLevels.length + ofFunding.length === 0 ? own : [...own, ...ofLevels, ...ofFunding]
}

function hedgedAssumption(positions: readonly RuledPosition[]): string | undefined {
  const assumed = positions[0]?.defaults.hedgedAssumption
  if (assumed === undefined || positions.length === 1) return undefined
  const sides = new Map<string, string>()
  for (const { position } of positions) {
    const side = sideOf(position)
    if ((sides.get(position.symbol) ?? side) !== side) return assumed
    sides.set(position.symbol, side)
  }
  return undefined
}

/** By rules, because a book has one object for all positions in an instrument. */
const assumptions = new WeakMap<InstrumentRules, readonly string[]>()

function assumptionsIn(ruled: RuledPosition): readonly string[] {
  const ofRules = assumptionsOfRules(ruled)
  const further = feeAssumption(ruled) ?? rolloverAssumption(ruled)
  return further === undefined ? ofRules : [...ofRules, further]
}

/** A position on used margin has no closing fee. Its venue states neither the base nor the currency of its rollover fee. */
function rolloverAssumption({ position, rules }: RuledPosition): string | undefined {
  const { symbol, fourHourlyRolloverRate } = position
  if (rules.maintenance.kind !== 'used-margin') return undefined
  return fourHourlyRolloverRate === undefined
    ? `a position in ${symbol} states no fourHourlyRolloverRate, so no rollover fee is charged to it`
    : `the rollover fee of a position in ${symbol} is charged on its value at entry, in ${rules.settlementAsset}`
}

/** A fee of closing that follows from a leverage which the position does not state. */
function feeAssumption(ruled: RuledPosition): string | undefined {
  const { position, rules } = ruled
  if (position.leverage !== undefined || parseDecimal(rules.takerFeeRate).n === 0n) return undefined
  const kind = feeKindOf(ruled)
  const place = `a position in ${position.symbol} states no leverage`
  if (kind === 'at-cost')
    return `${place}: its closing fee is that of leverage 1, the most that the venue may count`
  // An isolated position has that of the bankruptcy price of its whole margin.
  return kind === 'at-bankruptcy-price' && position.marginMode === 'cross'
    ? `${place}: its closing fee is that on its value at entry, and that at its bankruptcy price may be more or less`
    : undefined
}

function assumptionsOfRules({ position, rules }: RuledPosition): readonly string[] {
  let found = assumptions.get(rules)
  if (found === undefined) {
    const all = [...(rules.assumptions ?? []), ...partialTableOf(position.symbol, rules)]
    found = all.length === 0 ? NO_ASSUMPTIONS : all
    assumptions.set(rules, found)
  }
  return found
}

/** A user may give the part of a table that holds a position; smaller notionals have other tiers. */
function partialTableOf(symbol: string, { maintenance }: InstrumentRules): string[] {
  if (maintenance.kind !== 'marginal-tiers') return []
  const { maintenanceDeduction } = maintenance.tiers[0]!
  if (!/[1-9]/.test(maintenanceDeduction)) return []
  return [
    `the tiers of ${symbol} are a part of a table, since the first has the deduction ${maintenanceDeduction}; figures of a notional below that part are wrong`,
  ]
}
