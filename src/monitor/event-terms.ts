import { type EventRules, eventRulesOf, type InstrumentRules, type MarginDefaults } from '../domain/index.ts'
import type { RuledPosition } from '../margin/index.ts'

/** The rules of the positions, each symbol once, as an event carries them. */
export function rulesBySymbol(positions: readonly RuledPosition[]): Record<string, EventRules> {
  const bySymbol: Record<string, EventRules> = {}
  for (const { position, rules, defaults } of positions)
    bySymbol[position.symbol] ??= shortOf(rules, defaults)
  return bySymbol
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
