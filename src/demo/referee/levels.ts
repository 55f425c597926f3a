// The level of a margin account, by what docs/operations.md says of levels.
import { type Fraction, ONE, overOneDenominator, parse, ZERO } from './fraction.ts'
import {
  type AccountFigures,
  figuresAt,
  liquidatesOnTheLine,
  movedAgainst,
  type NaiveMarginAccount,
} from './margin-accounts.ts'

/** What a verdict is based on beside the account. */
export interface PricesOf {
  markOf(symbol: string): Fraction | undefined
  fundingRateOf(symbol: string): Fraction
}

export interface Level {
  readonly name: string
  readonly ratio: Fraction
  /** The prices at which it is judged are moved against the account by this share; 0: the present ones. */
  readonly move: Fraction
}

/** `5%` is the line at prices moved by 5 %, any other name a margin ratio at the present prices. */
export function levelNamed(name: string): Level {
  if (!name.endsWith('%')) return { name, ratio: parse(name), move: ZERO }
  const { n, d } = parse(name.slice(0, -1))
  return { name, ratio: ONE, move: { n, d: 100n * d } }
}

/**
 * Level λ is reached when λ·marginBalance ≤ maintenanceMargin at its prices; the line, at the present prices or at moved ones,
 * of some venues only when below it. Once reached a level is left only when λ·marginBalance ≥ maintenanceMargin·(1 + hysteresis).
 */
export function levelOf(
  { level: current, marginAccount }: { readonly level: number; readonly marginAccount: NaiveMarginAccount },
  { markOf, fundingRateOf }: PricesOf,
  present: AccountFigures,
  levels: readonly Level[],
  hysteresis: Fraction,
): number {
  for (let index = levels.length - 1; index > 0; index--) {
    const { ratio, move } = levels[index]!
    const figures =
      move.n === 0n
        ? present
        : figuresAt(marginAccount, movedAgainst(marginAccount, markOf, move), fundingRateOf)!
    const [balance, maintenance] = overOneDenominator(figures.marginBalance, figures.maintenanceMargin)
    const scaledBalance = ratio.n * balance.n
    const line = ratio.d * maintenance.n
    const isOnIt = ratio.n !== ratio.d || liquidatesOnTheLine(marginAccount)
    if (scaledBalance < line || (scaledBalance === line && isOnIt)) return index
    const leaves = scaledBalance * hysteresis.d >= line * (hysteresis.d + hysteresis.n)
    if (index <= current && !leaves) return index
  }
  return 0
}
