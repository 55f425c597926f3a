import type { Decimal, InstrumentRules, MarginDefaults, Position, WholeTier } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import { decimalsOf } from './fixed.ts'
import type { RuledPosition } from './position-value.ts'
import { compare, formatDecimal, ONE, parseDecimal, parseRate, type Rational } from './rational.ts'
import { type ExactTier, exactTiers, parseCap } from './tiers.ts'

/** A higher fee rate is refused: it is a percentage given as a fraction, because venues' taker fees are below 0.001. */
export const TAKER_FEE_RATE_MAX: Decimal = '0.05'

/** Rules under which a position is straight pieces of one price, in exact numbers: what curves and the kernel compute with. */
export interface ExactRules {
  /** Whether the contribution is linear in the mark price; otherwise it is linear in its reciprocal. */
  readonly isLinear: boolean
  readonly multiplier: Rational
  readonly takerFeeRate: Rational
  /** Both rounded once, for the kernel. */
  readonly multiplierF64: number
  readonly takerFeeRateF64: number
  readonly tiers: readonly ExactTier[]
}

const exactRulesCache = new WeakMap<InstrumentRules, ExactRules>()

/**
 * Refuses rules that contradict themselves with RULES_INVALID; the path is inside the rules: tiers that do not rise, rates
 * above 1, a basis that is not that of the contribution, an option without its terms.
 */
export function checkRules(symbol: string, rules: InstrumentRules): void {
  if (checked.has(rules)) return
  const { contribution, maintenance, maintenanceShare, option } = rules
  const feeMax = parseDecimal(TAKER_FEE_RATE_MAX)
  if (compare(parseDecimal(rules.takerFeeRate), feeMax) > 0) {
    const rule = `a fraction of at most ${TAKER_FEE_RATE_MAX} is expected`
    refuse(symbol, 'takerFeeRate', rules.takerFeeRate, rule)
  }
  if (maintenance.kind === 'marginal-tiers') {
    checkBasis(symbol, contribution, maintenance.basis)
    exactTiers(symbol, maintenance.tiers)
  }
  if (maintenance.kind === 'whole-tiers') {
    if (maintenance.basis !== 'contracts') checkBasis(symbol, contribution, maintenance.basis)
    checkWholeTiers(symbol, maintenance.tiers)
  }
  for (const [path, asked] of [
    ['maintenance.share', maintenance],
    ['initial.share', rules.initial],
  ] as const) {
    if (asked?.kind === 'used-margin' && parseRate(asked.share).n === 0n)
      refuse(symbol, path, asked.share, 'a fraction above zero is expected')
  }
  for (const [path, rate] of ratesOf(rules)) {
    if (compare(parseRate(rate), ONE) > 0) refuse(symbol, path, rate, 'a fraction of at most 1 is expected')
  }
  if (maintenanceShare !== undefined && maintenance.kind !== 'marginal-tiers') {
    refuse(symbol, 'maintenanceShare', maintenanceShare, 'it belongs to marginal-tiers and to no other kind')
  }
  const isByContracts = maintenance.kind === 'whole-tiers' && maintenance.basis === 'contracts'
  if (rules.maintenancePrice === 'larger' && !isByContracts)
    refuse(
      symbol,
      'maintenancePrice',
      'larger',
      'it belongs to whole-tiers by contracts and to no other rule',
    )
  const isOption = contribution === 'option'
  if (isOption !== (option !== undefined)) {
    refuse(
      symbol,
      'option',
      option === undefined ? 'missing' : 'given',
      'options have it and no other contract',
    )
  }
  if (isOption !== (maintenance.kind === 'option-standard')) {
    refuse(
      symbol,
      'maintenance.kind',
      maintenance.kind,
      'option-standard belongs to options and to no other contract',
    )
  }
  const { closingFee = 'none' } = rules
  if (isOption && closingFee !== 'none') {
    refuse(symbol, 'closingFee', closingFee, 'no venue counts the fee of closing an option in its margin')
  }
  checked.add(rules)
}

const checked = new WeakSet<InstrumentRules>()

function checkBasis(
  symbol: string,
  contribution: InstrumentRules['contribution'],
  basis: 'notional' | 'coin',
): void {
  if (contribution === 'quanto') return
  const own = contribution === 'inverse' ? 'coin' : 'notional'
  if (basis === own) return
  refuse(symbol, 'maintenance.basis', basis, `${own} is supported where contribution is ${contribution}`)
}

function checkWholeTiers(symbol: string, tiers: readonly WholeTier[]): void {
  tiers.forEach((tier, index) => {
    const path = `tiers[${index}]`
    const below = tiers[index - 1]
    if (compare(parseRate(tier.maintenanceMarginRate), ONE) > 0) {
      refuse(
        symbol,
        `${path}.maintenanceMarginRate`,
        tier.maintenanceMarginRate,
        'a fraction of at most 1 is expected',
      )
    }
    if (below === undefined) return
    if (compare(parseCap(tier.cap), parseCap(below.cap)) <= 0) {
      refuse(symbol, `${path}.cap`, tier.cap, `it must be above the cap before it, ${below.cap}`)
    }
    if (compare(parseRate(tier.maintenanceMarginRate), parseRate(below.maintenanceMarginRate)) < 0) {
      const rule = `it must not be below the rate before it, ${formatDecimal(parseRate(below.maintenanceMarginRate))}`
      refuse(symbol, `${path}.maintenanceMarginRate`, tier.maintenanceMarginRate, rule)
    }
  })
}

/**
 * Every single rate of the rules that is a share of a value, with its path. The increment of `size-rate` is for each coin, the
 * factor of `multiple` is above 1.
 */
function ratesOf({ maintenance, initial, maintenanceShare }: InstrumentRules): (readonly [string, string])[] {
  const rates: (readonly [string, string])[] = []
  for (const [name, asked] of [
    ['maintenance', maintenance],
    ['initial', initial],
  ] as const) {
    for (const [field, value] of Object.entries(asked ?? {})) {
      if (SHARES.has(field)) rates.push([`${name}.${field}`, value])
    }
  }
  if (maintenanceShare !== undefined) rates.push(['maintenanceShare', maintenanceShare])
  return rates
}

const SHARES: ReadonlySet<string> = new Set([
  'rate',
  'base',
  'share',
  'long',
  'short',
  'maintenanceRate',
  'initialRate',
  'initialRateMin',
])

/** Returns the same object for the same rules, so that the curves of one instrument share their tiers. They are plain. */
export function exactRulesOf(symbol: string, rules: InstrumentRules): ExactRules {
  const cached = exactRulesCache.get(rules)
  if (cached !== undefined) return cached
  const { maintenance } = rules
  assert(maintenance.kind === 'marginal-tiers', `the rules of ${symbol} are plain`)
  checkRules(symbol, rules)
  const exact = {
    isLinear: rules.contribution !== 'inverse',
    multiplier: parseDecimal(rules.multiplier),
    takerFeeRate: parseDecimal(rules.takerFeeRate),
    multiplierF64: Number(rules.multiplier),
    takerFeeRateF64: Number(rules.takerFeeRate),
    tiers: exactTiers(symbol, maintenance.tiers),
  }
  exactRulesCache.set(rules, exact)
  return exact
}

/** Whether an initial margin of value/leverage is asked on the value at entry. */
export function isInitialAtEntry({ position, rules, defaults }: RuledPosition): boolean {
  return rules.maintenancePrice === 'entry' || defaults.initialAtEntry === position.marginMode
}

const plainness = new WeakMap<InstrumentRules, boolean>()

/**
 * Whether a position under these rules is straight pieces of one price: marginal tiers of the value at the mark with
 * decimal rates, no rounding, and no fee of closing but that at the bankruptcy price. `AccountFormula` computes the others.
 */
export function isPlain(position: Position, rules: InstrumentRules, defaults: MarginDefaults): boolean {
  if (position.maintenanceMarginRate !== undefined) return false
  const closingFee = rules.closingFee ?? defaults.closingFee
  if (closingFee !== 'none' && closingFee !== 'at-bankruptcy-price') return false
  let plain = plainness.get(rules)
  if (plain === undefined) {
    plain = hasPlainForm(rules)
    plainness.set(rules, plain)
  }
  return plain
}

function hasPlainForm(rules: InstrumentRules): boolean {
  const { contribution, maintenance, maintenancePrice, initial, rounding, option, nettingGroup } = rules
  if (contribution === 'option' || option !== undefined || maintenance.kind !== 'marginal-tiers') return false
  if (initial !== undefined || rounding !== undefined || nettingGroup !== undefined) return false
  if (maintenancePrice === 'entry' || rules.fundingInMaintenance === true) return false
  return maintenance.tiers.every(
    ({ maintenanceMarginRate, maintenanceDeduction }) =>
      decimalsOf(parseRate(maintenanceMarginRate)) !== undefined &&
      decimalsOf(parseRate(maintenanceDeduction)) !== undefined,
  )
}

function refuse(symbol: string, path: string, value: string, rule: string): never {
  throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${value}, ${rule}`, { path })
}
