import type { EffectiveRules, InstrumentRules, MarginDefaults, RuleBook, VenueId } from '../domain/index.ts'
import { ruleBookOfEntries } from '../rules/index.ts'

/** Rules from an ISO day on; always in force without one. null: the venue does not list the contract any more. */
export interface RulesFrom {
  readonly from?: string
  readonly rules: InstrumentRules | null
  readonly source: string
}

export interface BookParts {
  readonly venue: VenueId
  readonly version: string
  readonly defaults: MarginDefaults
  /** By symbol, ascending by `from`. Called at the first use, so that a program that judges no account pays nothing. */
  readonly read: () => Readonly<Record<string, readonly RulesFrom[]>>
  readonly heldAs?: RuleBook['heldAs']
}

/** The rule book of a venue whose tables are few. */
export function bookOf({ venue, version, defaults, read, heldAs }: BookParts): RuleBook {
  let known: ReadonlyMap<string, readonly EffectiveRules[]> | undefined
  const entries = () => {
    known ??= new Map(Object.entries(read()).map(([symbol, list]) => [symbol, list.map(effective)]))
    return known
  }
  return ruleBookOfEntries({
    venue,
    version,
    defaults,
    symbols: () => entries().keys(),
    entriesOf: (symbol) => entries().get(heldAs?.(symbol) ?? symbol) ?? [],
    ...(heldAs === undefined ? {} : { heldAs }),
  })
}

function effective({ from, rules, source }: RulesFrom): EffectiveRules {
  return { fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from), rules, source }
}
