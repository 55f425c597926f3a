import type { RiskTier } from '../domain/index.ts'
import { checkTiers } from '../margin/index.ts'

/**
 * Reads tables of risk tiers by symbol or pair, one tier a line: cap, maintenanceMarginRate, maintenanceDeduction.
 * @throws PlimsollError RULES_INVALID, naming the row, where a table breaks the recurrence of the deductions.
 */
export function tierTables(tables: Readonly<Record<string, string>>): ReadonlyMap<string, RiskTier[]> {
  return new Map(Object.entries(tables).map(([symbol, text]) => [symbol, tierTable(symbol, text)]))
}

function tierTable(symbol: string, text: string): RiskTier[] {
  const tiers = text
    .trim()
    .split('\n')
    .map((line) => {
      const [cap = '', maintenanceMarginRate = '', maintenanceDeduction = ''] = line.trim().split(/\s+/)
      return { cap, maintenanceMarginRate, maintenanceDeduction }
    })
  checkTiers(symbol, tiers, { firstDeductionZero: true })
  return tiers
}
