// A margin account in which only some prices move: what stays is one amount, so that an account of a thousand positions
// costs for each of its symbols what the positions of that symbol cost.
import type { AccountFormula } from './account-formulas.ts'
import type { Known } from './formula-figures.ts'
import type { PoolTerms, StillPosition } from './pool-formulas.ts'
import { add, div, mul, type Rational, reduce, sub, ZERO } from './rational.ts'

/** The part of a position in the sum that a focus keeps. */
type PartOf = (position: Known['figures']['positions'][number]) => Rational

/** Whether positions count one by one, so that those whose prices stay are one amount: not where sides net. */
function isSeparable({ marginMode, positions }: AccountFormula): boolean {
  if (marginMode === 'isolated') return false
  return positions.every(({ rules }) => rules.nettingGroup === undefined)
}

/**
 * The account with the positions at these places alone, and a wallet with which its slack, marginBalance − maintenanceMargin,
 * is what it is. Only slack may be asked of it.
 */
export function slackFocus(known: Known, places: readonly number[]): Known {
  const { marginBalance, maintenanceMargin } = known.figures
  const slack = sub(marginBalance, maintenanceMargin)
  return focus(known, places, slack, (position) => sub(position.contribution, position.maintenanceMargin))
}

/** The same for walletBalance + unrealizedPnl. */
export function worthFocus(known: Known, places: readonly number[]): Known {
  const { walletBalance, unrealizedPnl } = known.figures
  return focus(known, places, add(walletBalance, unrealizedPnl), (position) => position.unrealizedPnl)
}

/** The same for level·marginBalance − maintenanceMargin. */
export function surplusFocus(known: Known, place: number, level: Rational): Known {
  const { marginBalance, maintenanceMargin } = known.figures
  const surplus = sub(mul(level, marginBalance), maintenanceMargin)
  const partOf: PartOf = (position) => sub(mul(level, position.contribution), position.maintenanceMargin)
  return focus(known, [place], surplus, partOf, level)
}

/** `weight`: how many times the wallet counts in the sum. */
function focus(
  known: Known,
  places: readonly number[],
  sum: Rational,
  partOf: PartOf,
  weight?: Rational,
): Known {
  const { formula, figures } = known
  if (!isSeparable(formula)) return known
  if (formula.pool !== undefined) return pooledFocus(known, formula.pool, places)
  const own = places.reduce((total, place) => add(total, partOf(figures.positions[place]!)), ZERO)
  const rest = reduce(sub(sum, own))
  return {
    ...known,
    formula: {
      ...formula,
      positions: places.map((place) => formula.positions[place]!),
      walletBalance: weight === undefined ? rest : reduce(div(rest, weight)),
    },
  }
}

/** In a pool the other positions stay as figures of their assets, which its weights and index prices then count. */
function pooledFocus(known: Known, pool: PoolTerms, places: readonly number[]): Known {
  const { formula, figures } = known
  const kept = new Set(places)
  const still = new Map<string, StillPosition>()
  formula.positions.forEach(({ rules }, place) => {
    if (kept.has(place)) return
    const asset = rules.settlementAsset
    const { contribution, unrealizedPnl, maintenanceMargin } = figures.positions[place]!
    const before = still.get(asset) ?? { contribution: ZERO, unrealizedPnl: ZERO, maintenanceMargin: ZERO }
    still.set(asset, {
      asset,
      contribution: add(before.contribution, contribution),
      unrealizedPnl: add(before.unrealizedPnl, unrealizedPnl),
      maintenanceMargin: add(before.maintenanceMargin, maintenanceMargin),
    })
  })
  return {
    ...known,
    formula: {
      ...formula,
      positions: places.map((place) => formula.positions[place]!),
      pool: { ...pool, still: [...still.values()] },
    },
  }
}

/** Places of the positions whose figures move with the mark of one of these symbols. */
export function placesOn({ positions }: AccountFormula, symbols: ReadonlySet<string>): readonly number[] {
  return positions.flatMap(({ position, rules }, place) =>
    symbols.has(position.symbol) || (rules.option !== undefined && symbols.has(rules.option.underlying))
      ? [place]
      : [],
  )
}

/** Whether a focus of this account holds only the positions that were asked for. */
export function isFocused(focused: Known, known: Known): boolean {
  return focused.formula !== known.formula
}
