import {
  type CollateralRules,
  faultsText,
  firstRule,
  type ImportedRules,
  IN_OUR_WORDS,
  type InstrumentRules,
  instrumentRulesSchema,
  type StatedRules,
  schemaFaultsOf,
  symbolSchema,
  type Venue,
} from '../../domain/index.ts'
import { PlimsollError } from '../../errors.ts'
import { collateralPlace } from '../../margin/index.ts'
import { checkInstrument, collateralOrFault } from '../../rules/index.ts'
import { refuse } from './body.ts'

/** The rules of which every entry can be in a rules file, and of assets; the others are refused, each with the reason. */
export function checked({ symbol: grammar, id }: Venue, imported: ImportedRules): ImportedRules {
  const rules = new Map<string, readonly StatedRules[]>()
  const collateral = new Map<string, CollateralRules>()
  const refused = new Map(imported.refused)
  for (const [symbol, entries] of imported.rules) {
    const reason = reasonAgainst(symbol, grammar, id, entries)
    if (reason === undefined) rules.set(symbol, entries)
    else refused.set(symbol, reason)
  }
  for (const [asset, stated] of imported.collateral) {
    const read = collateralOrFault(asset, stated)
    if (typeof read === 'string') refused.set(collateralPlace(asset), read)
    else collateral.set(asset, read[0]!)
  }
  return { rules, collateral, refused }
}

function reasonAgainst(
  symbol: string,
  grammar: RegExp,
  venue: string,
  entries: readonly StatedRules[],
): string | undefined {
  const name = symbolSchema.safeParse(symbol, IN_OUR_WORDS)
  if (!name.success) return `the symbol ${firstRule(name.error)}`
  if (!grammar.test(symbol)) return `the symbol must be a name that ${venue} gives to a contract`
  try {
    for (const { rules } of entries) checkStated(symbol, rules)
    return undefined
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return error.message
  }
}

/** What must be true of rules in a file: their schema and the checks of the engine. */
function checkStated(symbol: string, rules: InstrumentRules): void {
  const parsed = instrumentRulesSchema.safeParse(rules, IN_OUR_WORDS)
  if (!parsed.success) refuse(faultsText(rules, schemaFaultsOf(parsed.error), 'the table'))
  checkInstrument(symbol, rules, { firstDeductionZero: true })
}
