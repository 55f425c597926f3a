export { readRulesFile, type VenueRules } from './file.ts'
export { bookAt, entryAt, type RuleBookParts, ruleBookOfEntries, rulesAt } from './in-time.ts'
export { checkInstrument, type SymbolRules, withoutSymbols, withRules } from './overlay.ts'
export { type Bracket, tiersOfBrackets, tierTables } from './tier-table.ts'
