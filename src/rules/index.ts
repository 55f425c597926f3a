export { readRulesFile, type VenueRules } from './file.ts'
export { bookAt, rulesAt } from './in-time.ts'
export { checkInstrument, type SymbolRules, withoutSymbols, withRules } from './overlay.ts'
export { tiersOfBrackets, tierTables } from './tier-table.ts'
