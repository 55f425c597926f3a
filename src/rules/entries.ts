import {
  counted,
  type EffectiveRules,
  effectiveFromSchema,
  type FieldFault,
  faultsText,
  IN_OUR_WORDS,
  instrumentRulesSchema,
  ruleSourceSchema,
  schemaFaultsOf,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { checkInstrument } from './overlay.ts'

/** Entries of one symbol. A venue that changes a table every day for two years stays below it. */
export const ENTRIES_MAX = 1_000

/**
 * What a rules file states for a symbol: rules, or a list of them that ascends by `effectiveFrom`. Rules without that
 * field are in force always. Returns what is wrong as a text that names place, value and rule. `source`: where rules come
 * from that do not state it.
 */
export function entriesOrFault(
  symbol: string,
  stated: unknown,
  source: string,
): readonly EffectiveRules[] | string {
  if (!Array.isArray(stated)) {
    const entry = entryOrFault(symbol, stated, source)
    return typeof entry === 'string' ? entry : [entry]
  }
  if (stated.length === 0 || stated.length > ENTRIES_MAX) {
    return `the list has ${counted(stated.length, 'entry', 'entries')}, 1 to ${ENTRIES_MAX} are expected`
  }
  const entries: EffectiveRules[] = []
  for (const [index, one] of stated.entries()) {
    const entry = entryOrFault(symbol, one, source)
    if (typeof entry === 'string') return `entry ${index} of the list: ${entry}`
    const before = entries.at(-1)
    if (before !== undefined && entry.fromMs <= before.fromMs) {
      return `entry ${index} of the list: effectiveFrom must be later than that of the entry before it`
    }
    entries.push(entry)
  }
  return entries
}

function entryOrFault(symbol: string, stated: unknown, source: string): EffectiveRules | string {
  const { effectiveFrom, source: own, ...table } = isObject(stated) ? stated : {}
  const time = effectiveFromSchema.safeParse(effectiveFrom, IN_OUR_WORDS)
  const origin = ruleSourceSchema.safeParse(own, IN_OUR_WORDS)
  const rules = instrumentRulesSchema.safeParse(isObject(stated) ? table : stated, IN_OUR_WORDS)
  if (!time.success || !origin.success || !rules.success) {
    const at = (field: string, { error }: { error?: Parameters<typeof schemaFaultsOf>[0] }): FieldFault[] =>
      error === undefined ? [] : schemaFaultsOf(error).map(({ rule }) => ({ path: [field], rule }))
    const ofRules = rules.success ? [] : schemaFaultsOf(rules.error)
    return faultsText(
      stated,
      [...at('effectiveFrom', time), ...at('source', origin), ...ofRules],
      'the table',
    )
  }
  try {
    checkInstrument(symbol, rules.data, { firstDeductionZero: true })
    return { fromMs: time.data, rules: rules.data, source: origin.data ?? source }
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return error.message
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
