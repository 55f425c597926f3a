export { readRulesFile, type VenueRules } from './file.ts'
export { checkInstrument, withoutSymbols, withRules } from './overlay.ts'
export { tiersOfBrackets, tierTables } from './tier-table.ts'
