import type { RiskTier } from '../domain/index.ts'
import {
  add,
  checkTiers,
  formatRate,
  mul,
  parseCap,
  parseRate,
  type Rational,
  sub,
  ZERO,
} from '../margin/index.ts'

/** A table as text, one tier a line: cap, maintenanceMarginRate, maintenanceDeduction. */
export interface TierText {
  /** ISO day on which the venue was seen to state the table; absent when its source bears no date. */
  readonly asOf?: string
  readonly tiers: string
}

export interface TierTable {
  readonly asOf?: string
  readonly tiers: RiskTier[]
}

/**
 * Reads tables of risk tiers by symbol or pair.
 * @throws PlimsollError RULES_INVALID, naming the row, when a table breaks the recurrence of the deductions.
 */
export function tierTables(tables: Readonly<Record<string, TierText>>): ReadonlyMap<string, TierTable> {
  return new Map(
    Object.entries(tables).map(([symbol, text]) => [
      symbol,
      { ...text, tiers: tierTable(symbol, text.tiers) },
    ]),
  )
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

/** A bracket as venues state it, without its deduction. */
export type Bracket = Omit<RiskTier, 'maintenanceDeduction'>

/**
 * The tiers of a table of brackets; the deductions are those of the recurrence. A bracket whose cap is that of the one
 * before it holds no notional (Binance stated such brackets of DEXEUSDT in November 2025), so it makes no tier.
 * @throws PlimsollError RULES_INVALID when caps or rates fall.
 */
export function tiersOfBrackets(symbol: string, brackets: readonly Bracket[]): RiskTier[] {
  let deduction: Rational = ZERO
  let below: RiskTier | undefined
  const tiers: RiskTier[] = []
  for (const bracket of brackets) {
    if (below?.cap === bracket.cap) continue
    if (below !== undefined) {
      const rate = parseRate(bracket.maintenanceMarginRate)
      const rateStep = sub(rate, parseRate(below.maintenanceMarginRate))
      deduction = add(deduction, mul(parseCap(below.cap), rateStep))
    }
    below = { ...bracket, maintenanceDeduction: formatRate(deduction) }
    tiers.push(below)
  }
  checkTiers(symbol, tiers, { firstDeductionZero: true })
  return tiers
}
