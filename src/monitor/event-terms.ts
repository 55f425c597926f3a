import {
  type Account,
  type CollateralRules,
  type EventPool,
  type EventRules,
  eventRulesOf,
  type InstrumentRules,
  indexName,
  type MarginDefaults,
  type PooledAsset,
  withPlaces,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { MarginAccount, RuledPosition } from '../margin/index.ts'
import type { SeenMark } from './market.ts'

/** The rules of the positions of a margin account that settles in `settle`, each symbol once, as an event with these assumptions carries them. */
export function rulesBySymbol(
  positions: readonly RuledPosition[],
  settle: string,
  assumptions: readonly string[],
): Record<string, EventRules> {
  const bySymbol: Record<string, EventRules> = {}
  for (const { position, rules, defaults } of positions) {
    const { settlementAsset } = rules
    const short = withPlaces(
      shortOf(rules, defaults),
      rules.assumptions,
      defaults.hedgedAssumption,
      assumptions,
    )
    bySymbol[position.symbol] ??= settlementAsset === settle ? short : { ...short, settlementAsset }
  }
  return bySymbol
}

/** The pool of a margin account as an event carries it; undefined of an account without one. `marks` and `assumptions` are those of the event. */
export function poolOf(
  { formula, liquidation }: MarginAccount,
  { pool, collateral, liabilities }: Account,
  marks: readonly SeenMark[],
  nowMonotonicMs: number,
  assumptions: readonly string[],
): EventPool | undefined {
  if (formula.pool === undefined) return undefined
  assert(pool !== undefined, 'an account with a pool states it')
  const amountIn = (list: Account['collateral'], asset: string) =>
    list.find((entry) => entry.asset === asset)?.amount
  const assets = formula.pool.assets.map(({ asset, rules }): PooledAsset => {
    const liability = amountIn(liabilities, asset)
    const amounts = {
      asset,
      amount: amountIn(collateral, asset) ?? '0',
      ...(liability === undefined ? {} : { liability }),
    }
    if (rules === undefined) return amounts
    const counting = { rules: figuresOf(rules, assumptions) }
    if (asset === pool.currency) return { ...amounts, ...counting }
    const name = indexName(asset, pool.currency)
    const seen = marks.find(({ symbol }) => symbol === name)
    return { ...amounts, ...indexFields(seen, nowMonotonicMs), ...counting }
  })
  const { kind, liquidationLevel } = pool
  const { debtMargin } = formula.pool.defaults
  return {
    kind,
    ...(liquidationLevel === undefined ? {} : { liquidationLevel }),
    liquidation,
    ...(debtMargin === undefined ? {} : { debtMargin }),
    assets,
  }
}

/** Without the words beside them, on which no figure depends. */
function figuresOf(
  { source: _, assumptions: own, ...rules }: CollateralRules,
  assumptions: readonly string[],
): EventRules {
  return withPlaces(rules, own, undefined, assumptions)
}

function indexFields(seen: SeenMark | undefined, nowMonotonicMs: number) {
  if (seen?.markPrice === undefined) return { indexPrice: null, eventTimeMs: null, ageMs: null }
  const { markPrice, eventTimeMs } = seen
  return { indexPrice: markPrice, eventTimeMs, ageMs: ageMsOf(seen, nowMonotonicMs) }
}

/** Whole milliseconds since the price was stated or confirmed. */
export function ageMsOf({ receivedMonotonicMs }: SeenMark, nowMonotonicMs: number): number {
  return Math.max(0, Math.round(nowMonotonicMs - receivedMonotonicMs))
}

/** One object for all events on the same rules. */
const known = new WeakMap<
  InstrumentRules,
  { readonly defaults: MarginDefaults; readonly short: EventRules }
>()

function shortOf(rules: InstrumentRules, defaults: MarginDefaults): EventRules {
  const kept = known.get(rules)
  if (kept?.defaults === defaults) return kept.short
  const short = eventRulesOf(rules, defaults)
  known.set(rules, { defaults, short })
  return short
}
