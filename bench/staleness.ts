import type { RiskTier } from '../src/domain/index.ts'
import {
  compare,
  type ExactTier,
  exactTiers,
  mul,
  parseCap,
  type Rational,
  sub,
  tierIndexAt,
} from '../src/margin/index.ts'
import { binance } from '../src/venues/index.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** Ages of a table, in days. */
export const AGES_DAYS = [7, 14, 30, 90, 365, 730]
/** From here on the days on which the history looked at the venue are about a week apart. */
const FROM = '2024-05-01'
/** Days between the days that are looked at. */
const EVERY_DAYS = 14

export interface Staleness {
  readonly ageDays: number
  /** Of the symbols that both days list, the share for which the older table asks for too little somewhere. */
  readonly asksTooLittle: number
  /** The same on the newest day alone. */
  readonly newest: number
}

/**
 * How wrong tables of Binance USDⓈ-M become with their age, over its history since 2024. It throws where looking at random
 * notionals finds a table to ask for too little that looking at the caps does not find.
 */
export function staleness(): Staleness[] {
  const days = daysSince(FROM)
  return AGES_DAYS.map((ageDays) => {
    const shares = days.map((day) => shareOn(day, ageDays)).filter((share) => share !== undefined)
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    return { ageDays, asksTooLittle: mean, newest: shares.at(-1)! }
  })
}

function daysSince(from: string): number[] {
  const newest = Math.max(
    ...[...binance.ruleBook.symbols()].flatMap((symbol) =>
      binance.ruleBook.entriesOf(symbol).map(({ fromMs }) => (Number.isFinite(fromMs) ? fromMs : 0)),
    ),
  )
  const days: number[] = []
  for (let day = newest; day >= Date.parse(from); day -= EVERY_DAYS * DAY_MS) days.unshift(day)
  return days
}

function shareOn(dayMs: number, ageDays: number): number | undefined {
  let both = 0
  let wrong = 0
  for (const symbol of binance.ruleBook.symbols()) {
    const now = tiersAt(symbol, dayMs)
    const before = tiersAt(symbol, dayMs - ageDays * DAY_MS)
    if (now === undefined || before === undefined) continue
    both += 1
    const isLess = now !== before && asksForLess(symbol, before, now)
    if (isLess) wrong += 1
    else if (now !== before) checkAtRandom(symbol, before, now)
  }
  return both === 0 ? undefined : wrong / both
}

function tiersAt(symbol: string, atMs: number): readonly RiskTier[] | undefined {
  const rules = binance.ruleBook.rulesOf(symbol, atMs)
  return rules?.maintenance.kind === 'marginal-tiers' ? rules.maintenance.tiers : undefined
}

/** Both are straight between the caps of either, and beyond them the rates decide. */
function asksForLess(symbol: string, before: readonly RiskTier[], now: readonly RiskTier[]): boolean {
  const [old, young] = [exactTiers(symbol, before), exactTiers(symbol, now)]
  const caps = [...before, ...now].map(({ cap }) => parseCap(cap))
  if (caps.some((cap) => compare(askedAt(old, cap), askedAt(young, cap)) < 0)) return true
  return compare(old.at(-1)!.maintenanceMarginRate, young.at(-1)!.maintenanceMarginRate) < 0
}

const CHECKS = 5

function checkAtRandom(symbol: string, before: readonly RiskTier[], now: readonly RiskTier[]): void {
  const [old, young] = [exactTiers(symbol, before), exactTiers(symbol, now)]
  for (let check = 1; check <= CHECKS; check++) {
    const notional = { n: BigInt(Math.floor(10 ** (2 + 1.3 * check))), d: 1n }
    if (compare(askedAt(old, notional), askedAt(young, notional)) >= 0) continue
    throw new Error(`${symbol}: the older table asks for less at ${notional.n}, and at no cap`)
  }
}

function askedAt(tiers: readonly ExactTier[], notional: Rational): Rational {
  const tier = tiers[tierIndexAt(tiers, notional)]!
  return sub(mul(notional, tier.maintenanceMarginRate), tier.maintenanceDeduction)
}
