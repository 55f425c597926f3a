import type { Account } from '../domain/index.ts'
import { floatTermsOf, type KernelTerms } from '../kernel/index.ts'
import {
  type ExactTier,
  formulaOf,
  isPlainPart,
  isProvenSafeAt,
  knownPricesOf,
  type Level,
  type LevelRule,
  type MarginAccountPart,
  type MarkOf,
  parseDecimal,
  toFloat,
  ZERO,
} from '../margin/index.ts'
import type { Prices } from './prices.ts'

/**
 * Share of the amounts in a sum by which f64 may err. `floatTermsOf` errs by at most 33u of each term beside its own
 * uncertainty, a moved mark by 3u, a product or a quotient by u, and a sum of 1,000 terms by 1,000u: together below 2^-42
 * with u = 2^-53.
 */
const ERROR_SHARE = 2 ** -42

/**
 * Whether f64 proves that the margin account reaches no level at these prices, so that exact arithmetic has nothing to
 * decide. False where it cannot tell: a price is missing, the account is near a level, or it is a pool.
 */
export function isProvenSafe(
  account: Account,
  part: MarginAccountPart,
  prices: Prices,
  rule: LevelRule,
): boolean {
  if (part.pool !== undefined) return false
  const markOf = prices.marksFor(account.venue, part.positions)
  if (isPlainPart(part)) return isPlainProvenSafe(account, part, markOf, rule)
  const wallet = account.collateral.find(({ asset }) => asset === part.currency)
  const formula = formulaOf(part, wallet === undefined ? ZERO : parseDecimal(wallet.amount))
  const known = knownPricesOf(formula, markOf, prices.further)
  return known !== undefined && isProvenSafeAt(known, rule)
}

/** The same of straight pieces of one price, at a fraction of the cost. */
function isPlainProvenSafe(
  account: Account,
  part: MarginAccountPart,
  markOf: MarkOf,
  { levels, isByDistance }: LevelRule,
): boolean {
  const terms = floatTermsOf(account, part)
  // A nearer distance may be reached where the farthest is not.
  if (isByDistance && !terms.isOneSided)
    return levels.every((level) => isProvenNotReached(terms, level, markOf))
  return isProvenNotReached(terms, levels[0]!, markOf)
}

function isProvenNotReached(
  { constant, uncertainty, rows }: KernelTerms,
  { ratio, distance }: Level,
  markOf: MarkOf,
): boolean {
  const move = toFloat(distance)
  let balance = constant
  let maintenance = 0
  let amounts = Math.abs(constant)
  for (const { symbol, coordinate, isFallAdverse, tiers, intercept, slope, scale, constant: fee } of rows) {
    const mark = markOf(symbol)
    if (mark === undefined) return false
    const isPriceFalling = isFallAdverse === (coordinate === 'price')
    const moved = Number(mark) * (isPriceFalling ? 1 - move : 1 + move)
    const x = coordinate === 'price' ? moved : 1 / moved
    balance += intercept + slope * x
    const { rate, deduction } = tierAt(tiers, scale * x)
    const tiered = rate * scale * x
    maintenance += tiered - deduction + fee
    amounts += Math.abs(intercept) + Math.abs(slope * x) + tiered + deduction + fee
  }
  const error = ERROR_SHARE * amounts + 2 * uncertainty
  return toFloat(ratio) * (balance - error) > maintenance + error
}

interface FloatTier {
  readonly cap: number
  readonly rate: number
  readonly deduction: number
}

const floatTiers = new WeakMap<readonly ExactTier[], readonly FloatTier[]>()

/** The tier of a notional. At a cap both tiers ask for the same, so it does not matter on which side rounding puts it. */
function tierAt(tiers: readonly ExactTier[], notional: number): FloatTier {
  let known = floatTiers.get(tiers)
  if (known === undefined) {
    known = tiers.map(({ cap, maintenanceMarginRate, maintenanceDeduction }) => ({
      cap: toFloat(cap),
      rate: toFloat(maintenanceMarginRate),
      deduction: toFloat(maintenanceDeduction),
    }))
    floatTiers.set(tiers, known)
  }
  for (const tier of known) if (notional <= tier.cap) return tier
  return known[known.length - 1]!
}
