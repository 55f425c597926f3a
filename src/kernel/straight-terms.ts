import type { Account } from '../domain/index.ts'
import {
  fundingSymbolsOf,
  indexNamesOf,
  type MarginAccountPart,
  parseDecimal,
  sign,
  straightAccountOf,
  symbolsOf,
  toFloat,
  ZERO,
} from '../margin/index.ts'
import { isOneSided, movedByNet } from './adverse-rows.ts'
import type { KernelTerms } from './kernel-terms.ts'

/**
 * The terms of a margin account whose form is not the plain one: pieces with what they leave out as uncertainty, each figure
 * rounded once; of an account that is no such pieces, rows that name what moves it.
 */
export function straightTermsOf(account: Account, part: MarginAccountPart): KernelTerms {
  if (part.pool !== undefined) return undecidedTermsOf(part)
  const wallet = account.collateral.find(({ asset }) => asset === part.currency)?.amount
  const straight = straightAccountOf(part, wallet === undefined ? ZERO : parseDecimal(wallet))
  if (straight === undefined) return undecidedTermsOf(part)
  const rows = straight.positions.map((position) => ({
    symbol: position.symbol,
    coordinate: position.coordinate,
    isFallAdverse: sign(position.slope) > 0,
    tiers: position.tiers,
    isFundingAsked: position.isFundingAsked,
    intercept: toFloat(position.intercept),
    slope: toFloat(position.slope),
    scale: toFloat(position.scale),
    constant: toFloat(position.maintenanceConstant),
  }))
  return {
    constant: toFloat(straight.constant),
    uncertainty: upward(toFloat(straight.uncertainty)),
    isOneSided: isOneSided(part),
    isAlways: false,
    rows: movedByNet(rows, part),
  }
}

/** Not below the exact value that was rounded to it. */
function upward(rounded: number): number {
  return rounded * (1 + Number.EPSILON)
}

/** One tier that asks for nothing. */
const NO_TIERS = [
  {
    cap: { n: 1n, d: 1n },
    maintenanceMarginRate: { n: 0n, d: 1n },
    maintenanceDeduction: { n: 0n, d: 1n },
  },
]

/**
 * A row on each symbol and each index that moves the account, and nothing measured, because pieces do not say what it is: each
 * of their ticks gives the account to exact arithmetic, until that has proven how far prices may move (`armWithin`). So does a
 * change of a funding rate that counts.
 */
function undecidedTermsOf({ positions, pool }: MarginAccountPart): KernelTerms {
  const symbols = [...symbolsOf({ positions }), ...(pool === undefined ? [] : indexNamesOf(pool))]
  const charged = new Set(fundingSymbolsOf({ positions }))
  const rows = symbols.map((symbol) => ({
    symbol,
    coordinate: 'price' as const,
    isFallAdverse: true,
    tiers: NO_TIERS,
    isFundingAsked: charged.has(symbol),
    intercept: 0,
    slope: 1,
    scale: 1,
    constant: 0,
  }))
  return { constant: 0, uncertainty: 0, isOneSided: true, isAlways: true, rows }
}
