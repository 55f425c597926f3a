import type { RiskTier } from '../domain/index.ts'
import { assert } from '../errors.ts'

/** Reads a table of risk tiers, one a line: cap, maintenanceMarginRate, maintenanceDeduction. */
export function tierTable(text: string): RiskTier[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [cap, maintenanceMarginRate, maintenanceDeduction] = line.trim().split(/\s+/)
      assert(maintenanceDeduction !== undefined, `a tier has three columns: ${line}`)
      return { cap: cap!, maintenanceMarginRate: maintenanceMarginRate!, maintenanceDeduction }
    })
}
