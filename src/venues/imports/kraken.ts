import {
  type Decimal,
  type InstrumentRules,
  NO_CAP,
  type RulesBody,
  type RulesImport,
  type WholeTier,
} from '../../domain/index.ts'
import {
  add,
  compare,
  div,
  floorTo,
  formatDecimal,
  mul,
  parseCap,
  parseDecimal,
  powerOfTen,
  type Rational,
} from '../../margin/index.ts'
import { isObject } from '../frame.ts'
import {
  type BodyRecord,
  baseAssetField,
  boundIn,
  numberIn,
  objectionIn,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
  tickSizeField,
} from './body.ts'
import { multiAssetRules, oneRatio } from './collateral.ts'
import { leverageOf, refuseGapBelow } from './tiers.ts'

export const KRAKEN_ASSUMPTIONS = [
  'the rate of a level is that of the whole position, since the venue does not say that it is marginal',
]
/** The schedules of both kinds and positions of linear futures say entry; the venue's one worked liquidation, of an inverse one, the mark. */
const ENTRY_ASSUMPTION = 'the maintenance margin is of the value at entry, as its positions show'
const LARGER_ASSUMPTION =
  'the maintenance margin is of the value at entry or at the mark, whichever is larger: the schedule of the venue says entry, its example of a liquidation the mark'

/** `/derivatives/api/v3/instruments`, and the assets of `/derivatives/api/v3/accounts`, which needs an API key. */
const ACCOUNTS = '/derivatives/api/v3/accounts'

export const krakenImport: RulesImport = {
  source: '/derivatives/api/v3/instruments',
  collateral: { body: ACCOUNTS, isFetched: false },
  endpoint: {
    url: 'https://futures.kraken.com',
    first: [{ path: '/derivatives/api/v3/instruments' }],
    following: () => [],
    objectionOf: objectionIn('result', 'success', 'error'),
    pauseMs: 0,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const isInstrument = ({ symbol, type }: BodyRecord) =>
      typeof symbol === 'string' && typeof type === 'string'
    for (const instrument of recordsOf(bodies, isInstrument)) {
      const symbol = symbolOf(instrument)
      taken.take(symbol, () => rulesOf(symbol, instrument, asOf))
    }
    takeCollateral(taken, bodies, asOf)
    return taken
  },
}

/** Decimals of a ratio that is derived from two values of 16 digits, and what these digits leave uncertain in it. */
const RATIO_STEP: Rational = { n: 1n, d: 1_000_000_000n }
const RATIO_NOISE: Rational = { n: 1n, d: 1_000_000_000_000n }

/**
 * The assets of the multi-collateral wallet of `/derivatives/api/v3/accounts`: haircut and conversion fee together are
 * 1 − `collateralValue` / `value`. Profit of linear futures is in dollars and has no haircut.
 */
function takeCollateral(taken: Taken, bodies: readonly RulesBody[], asOf: string): void {
  const isWallet = ({ type }: BodyRecord) => type === 'multiCollateralMarginAccount'
  for (const { currencies } of recordsOf(bodies, isWallet)) {
    if (!isObject(currencies)) continue
    for (const [asset, balance] of Object.entries(currencies)) {
      taken.takeCollateral(asset, () => {
        const record = isObject(balance) ? balance : refuse('its balance is not an object')
        const value = positiveIn(record, 'value')
        const counted = numberIn(record, 'collateralValue')
        refuseFewDigits(value, counted)
        const quotient = div(parseDecimal(counted), parseDecimal(value))
        const ratio = floorTo(add(quotient, RATIO_NOISE), RATIO_STEP)
        return multiAssetRules(oneRatio(formatDecimal(ratio)), asOf, {
          source: ACCOUNTS,
          discounts: 'wallet',
        })
      })
    }
  }
}

/** What a digit too few may leave open of a ratio. */
const RATIO_ERROR_MAX = '0.0001'
/** A sum of whole dollars is printed without its cents. */
const VALUE_DECIMALS_MIN = 2

/** A small balance with two digits, such as 0.01, would state any ratio as 1. */
function refuseFewDigits(value: Decimal, counted: Decimal): void {
  const decimals = Math.max(VALUE_DECIMALS_MIN, ...[value, counted].map(decimalsIn))
  const error = div({ n: 1n, d: powerOfTen(decimals) }, parseDecimal(value))
  if (compare(error, parseDecimal(RATIO_ERROR_MAX)) <= 0) return
  refuse(
    `value is ${value} and collateralValue is ${counted}: too few digits for a ratio to ${RATIO_ERROR_MAX}; give a body with a larger balance, or state the ratio in the rules file`,
  )
}

function decimalsIn(decimal: Decimal): number {
  return decimal.split('.')[1]?.length ?? 0
}

/** Bodies of 2021 print names in small letters. */
function symbolOf(instrument: BodyRecord): string {
  const symbol = symbolIn(instrument, 'symbol')
  return symbol === symbol.toLowerCase() ? symbol.toUpperCase() : symbol
}

/** undefined of a kind that is not read. */
export function krakenTermsOf(
  instrument: BodyRecord,
): { readonly contribution: 'linear' | 'inverse'; readonly multiplier: Decimal } | undefined {
  const { type } = instrument
  if (type !== 'futures_inverse' && type !== 'flexible_futures') return undefined
  const contribution = type === 'futures_inverse' ? 'inverse' : 'linear'
  return { contribution, multiplier: positiveIn(instrument, 'contractSize') }
}

function rulesOf(symbol: string, instrument: BodyRecord, asOf: string): InstrumentRules {
  const terms = krakenTermsOf(instrument)
  if (terms === undefined)
    refuse(`its type is ${textIn(instrument, 'type')}; futures_inverse and flexible_futures are read`)
  const { levels, assumptions } = levelsOf(instrument)
  const isInverse = terms.contribution === 'inverse'
  const { multiplier } = terms
  return {
    ...krakenRules({ symbol, isInverse, multiplier, levels, assumptions, asOf }),
    ...tickSizeField(instrument.tickSize),
  }
}

/** Levels of one kind of client, under the path of their field. */
interface StatedLevels {
  readonly path: string
  readonly list: readonly unknown[]
}

/**
 * The levels of professional clients, where the body states them. `marginSchedules` states levels by platform and kind of
 * client; older bodies lack it, and some lack `marginLevels`.
 */
function levelsOf(instrument: BodyRecord): Required<Pick<KrakenFuture, 'levels' | 'assumptions'>> {
  const stated = statedLevelsOf(instrument)
  const professional = stated.filter(({ path }) => /^marginLevels$|\.professional$/.test(path))
  const [taken, ...alike] = professional.length > 0 ? professional : stated
  if (taken === undefined) refuse('its marginLevels are missing, and it has no others')
  const isOther = ({ list }: StatedLevels) => JSON.stringify(list) !== JSON.stringify(taken.list)
  const contradicting = alike.find(isOther)
  if (taken.path.includes('.') && contradicting !== undefined) {
    refuse(`${taken.path} and ${contradicting.path} differ, and it has no marginLevels`)
  }
  const words = [
    ...(professional.length > 0 ? [] : ['the body states none of professional clients']),
    ...stated.filter(isOther).map(({ path }) => `clients of ${path} are asked for another margin`),
  ]
  return {
    levels: taken.list.filter(isObject).map(levelOf),
    assumptions: words.length === 0 ? [] : [`the rates are those of ${taken.path}; ${words.join('; ')}`],
  }
}

function statedLevelsOf({ marginLevels, retailMarginLevels, marginSchedules }: BodyRecord): StatedLevels[] {
  const lists: [path: string, list: unknown][] = [
    ['marginLevels', marginLevels],
    ['retailMarginLevels', retailMarginLevels],
  ]
  for (const [platform, schedule] of entriesOf(marginSchedules)) {
    for (const [client, list] of entriesOf(schedule)) {
      lists.push([`marginSchedules.${platform}.${client}`, list])
    }
  }
  return lists.flatMap(([path, list]) => (Array.isArray(list) && list.length > 0 ? [{ path, list }] : []))
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : []
}

/** From a lower bound, in contracts of an inverse future and in dollars of a linear one, to the next. */
export interface MarginLevel {
  readonly from: string
  readonly maintenanceRate: string
}

const INITIAL_FACTOR = '2'

function levelOf(level: BodyRecord): MarginLevel {
  const maintenanceRate = positiveIn(level, 'maintenanceMargin')
  const initialRate = positiveIn(level, 'initialMargin')
  if (compare(initialOf(maintenanceRate), parseDecimal(initialRate)) !== 0) {
    refuse(
      `a level has the rates ${initialRate} and ${maintenanceRate}; the first must be ${INITIAL_FACTOR} times the second`,
    )
  }
  return { from: boundIn(level, 'contracts', 'numNonContractUnits'), maintenanceRate }
}

function initialOf(maintenanceRate: string): Rational {
  return mul(parseDecimal(maintenanceRate), parseDecimal(INITIAL_FACTOR))
}

export interface KrakenFuture {
  readonly symbol: string
  readonly isInverse: boolean
  readonly multiplier: string
  readonly levels: readonly MarginLevel[]
  /** What the levels leave open beyond `KRAKEN_ASSUMPTIONS`. */
  readonly assumptions?: readonly string[]
  readonly asOf: string
}

export function krakenRules(future: KrakenFuture): InstrumentRules {
  const { symbol, isInverse, multiplier, levels, assumptions = [], asOf } = future
  const base = symbol.replace(/^[A-Z]+_/, '').replace(/USD(?:_\d+)?$/, '')
  return {
    ...baseAssetField(base),
    contribution: isInverse ? 'inverse' : 'linear',
    multiplier,
    // An inverse future, such as PI_XBTUSD or FI_XBTUSD_220930, settles in its coin; a linear one pays dollars.
    settlementAsset: isInverse ? base : 'USD',
    takerFeeRate: '0',
    asOf,
    maintenance: { kind: 'whole-tiers', basis: isInverse ? 'contracts' : 'notional', tiers: tiersOf(levels) },
    maintenancePrice: isInverse ? 'larger' : 'entry',
    initial: { kind: 'multiple', factor: INITIAL_FACTOR },
    // Linear futures of one underlying share the multi-collateral wallet, where the venue nets them.
    ...(isInverse ? {} : { nettingGroup: base }),
    closingFee: 'none',
    liquidation: 'passed',
    assumptions: [...KRAKEN_ASSUMPTIONS, isInverse ? LARGER_ASSUMPTION : ENTRY_ASSUMPTION, ...assumptions],
  }
}

function tiersOf(levels: readonly MarginLevel[]): WholeTier[] {
  const sorted = [...levels].sort((a, b) => compare(parseCap(a.from), parseCap(b.from)))
  refuseGapBelow(sorted[0]?.from)
  return sorted.map(({ maintenanceRate }, index) => ({
    cap: sorted[index + 1]?.from ?? NO_CAP,
    maintenanceMarginRate: maintenanceRate,
    maxLeverage: leverageOf(initialOf(maintenanceRate)),
  }))
}
