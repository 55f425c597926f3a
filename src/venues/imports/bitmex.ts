import type { Contribution, InstrumentRules, RulesBody, RulesImport, WholeTier } from '../../domain/index.ts'
import {
  abs,
  add,
  compare,
  DISPLAY_DECIMALS,
  formatDecimal,
  mul,
  ONE,
  parseDecimal,
  powerOfTen,
  type Rational,
  sign,
} from '../../margin/index.ts'
import {
  type BodyRecord,
  baseAssetField,
  decimalOf,
  errorIn,
  numberIn,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
  textOrUndefined,
  tickSizeField,
} from './body.ts'
import { leverageOf } from './tiers.ts'

/** Decimals of the smallest unit of each settlement currency; `/wallet/assets` states those of all. */
const SCALES: Readonly<Record<string, Scale>> = {
  XBt: { asset: 'XBT', decimals: 8 },
  USDt: { asset: 'USDT', decimals: 6 },
}

interface Scale {
  readonly asset: string
  readonly decimals: number
}

/** `typ` of the contracts with margin, and of some of the others for the reason of their refusal. */
const PERPETUALS = ['FFWCSX', 'FFWCSF']
const DATED = 'FFCCSX'
const NOT_CONTRACTS: Readonly<Record<string, string>> = {
  IFXXXP: 'a spot pair',
  FFICSX: 'a prediction market',
  FFMCSX: 'a spread of two contracts',
  MRCXXX: 'an index',
  MRRXXX: 'an index',
  MRIXXX: 'an index',
}

export const BITMEX_ASSUMPTIONS = [
  'the risk limit follows the value of the position; an account that chose a higher one is asked for more',
]

/** `/api/v1/instrument/active`, with the scales of `/api/v1/wallet/assets`. */
export const bitmexImport: RulesImport = {
  source: '/api/v1/instrument/active',
  endpoint: {
    url: 'https://www.bitmex.com',
    first: [{ path: '/api/v1/instrument/active' }, { path: '/api/v1/wallet/assets' }],
    following: () => [],
    objectionOf: errorIn,
    // Without a key the venue allows 30 requests a minute.
    pauseMs: 1000,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const scales = scalesOf(bodies)
    const isInstrument = ({ symbol, typ }: BodyRecord) =>
      typeof symbol === 'string' && typeof typ === 'string'
    for (const instrument of recordsOf(bodies, isInstrument)) {
      taken.take(symbolIn(instrument, 'symbol'), () => rulesOf(instrument, scales, asOf))
    }
    return taken
  },
}

function scalesOf(bodies: readonly RulesBody[]): ReadonlyMap<string, Scale> {
  const assets = recordsOf(bodies, ({ currency, asset, scale }) =>
    [currency, asset, scale].every((value) => typeof value === 'string'),
  )
  const stated = assets
    .map(
      ({ currency, asset, scale }) =>
        [currency as string, { asset: asset as string, decimals: Number(scale) }] as const,
    )
    .filter(([, { decimals }]) => decimals >= 0 && decimals <= DISPLAY_DECIMALS && Number.isInteger(decimals))
  return new Map([...Object.entries(SCALES), ...stated])
}

type BitmexTerms = Pick<InstrumentRules, 'contribution' | 'multiplier' | 'settlementAsset'>

/** undefined of what is no contract with margin, and of one that settles in a currency of another scale than those known here. */
export function bitmexTermsOf(instrument: BodyRecord): BitmexTerms | undefined {
  const typ = textIn(instrument, 'typ')
  const scale = SCALES[textIn(instrument, 'settlCurrency')]
  return scale === undefined || !(PERPETUALS.includes(typ) || typ === DATED)
    ? undefined
    : termsIn(instrument, scale)
}

function termsIn(instrument: BodyRecord, scale: Scale): BitmexTerms {
  const multiplier = abs(inUnitsOf(instrument, 'multiplier', scale))
  if (sign(multiplier) === 0) refuse('multiplier is 0: must be above or below zero')
  return {
    contribution: contributionOf(instrument),
    multiplier: formatDecimal(multiplier),
    settlementAsset: scale.asset,
  }
}

/** An amount of the settlement asset, stated in its smallest units. */
function inUnitsOf(instrument: BodyRecord, field: string, { decimals }: Scale): Rational {
  return mul(parseDecimal(numberIn(instrument, field)), { n: 1n, d: powerOfTen(decimals) })
}

function rulesOf(instrument: BodyRecord, scales: ReadonlyMap<string, Scale>, asOf: string): InstrumentRules {
  const typ = textIn(instrument, 'typ')
  const isPerpetual = PERPETUALS.includes(typ)
  if (!isPerpetual && typ !== DATED)
    refuse(`its typ is ${typ}, ${NOT_CONTRACTS[typ] ?? 'which has no margin rules here'}`)
  const currency = textIn(instrument, 'settlCurrency')
  const scale = scales.get(currency)
  if (scale === undefined) {
    refuse(`it settles in ${currency}, whose scale is not known: add the body of /api/v1/wallet/assets`)
  }
  const unit = { n: 1n, d: powerOfTen(scale.decimals) }
  const inUnits = (field: string) => inUnitsOf(instrument, field, scale)
  return bitmexRules({
    ...baseAssetField(textOrUndefined(instrument, 'underlying', 'rootSymbol')),
    ...termsIn(instrument, scale),
    takerFeeRate: decimalOf(instrument.takerFee) ?? refuse('takerFee is missing'),
    asOf,
    ...tickSizeField(instrument.tickSize),
    unit: formatDecimal(unit),
    lotSize: positiveIn(instrument, 'lotSize'),
    isPerpetual,
    tiers: riskLimitsOf({
      initial: parseDecimal(numberIn(instrument, 'initMargin')),
      maintenance: parseDecimal(numberIn(instrument, 'maintMargin')),
      riskLimit: inUnits('riskLimit'),
      riskStep: inUnits('riskStep'),
    }),
  })
}

function contributionOf({ isInverse, isQuanto }: BodyRecord): Contribution {
  if (isInverse === true) return 'inverse'
  return isQuanto === true ? 'quanto' : 'linear'
}

export interface BitmexContract
  extends Pick<
    InstrumentRules,
    'baseAsset' | 'contribution' | 'multiplier' | 'settlementAsset' | 'takerFeeRate' | 'tickSize' | 'asOf'
  > {
  /** The smallest amount of the settlement asset. */
  readonly unit: string
  readonly lotSize: string
  readonly isPerpetual: boolean
  readonly tiers: WholeTier[]
}

export function bitmexRules({
  unit,
  lotSize,
  isPerpetual,
  tiers,
  ...contract
}: BitmexContract): InstrumentRules {
  return {
    ...contract,
    maintenance: {
      kind: 'whole-tiers',
      basis: contract.contribution === 'inverse' ? 'coin' : 'notional',
      tiers,
    },
    maintenancePrice: 'entry',
    ...(isPerpetual ? { fundingInMaintenance: true } : {}),
    rounding: { unit, per: 'lot', lotSize },
    closingFee: 'at-cost',
    liquidation: 'reached',
    assumptions: BITMEX_ASSUMPTIONS,
  }
}

/** Base rates and risk limits, the limits in the settlement asset. */
export interface RiskLimits {
  readonly initial: Rational
  readonly maintenance: Rational
  readonly riskLimit: Rational
  readonly riskStep: Rational
}

/** Steps of a ladder. At the lowest base rate seen, 0.35 %, the last one asks for 70 % of the value. */
const STEPS_MAX = 200

/**
 * Each step above the base limit adds the base maintenance margin rate to both rates; the sum is the rate of the whole
 * position. The ladder ends where the initial margin is the value.
 */
export function riskLimitsOf({ initial, maintenance, riskLimit, riskStep }: RiskLimits): WholeTier[] {
  if (sign(riskLimit) <= 0 || sign(riskStep) <= 0) refuse('riskLimit and riskStep must be above zero')
  if (sign(maintenance) <= 0 || compare(maintenance, initial) >= 0) {
    refuse('maintMargin must be above zero and below initMargin')
  }
  if (compare(initial, ONE) >= 0) {
    refuse(`initMargin is ${formatDecimal(initial)}: must be a fraction below 1, not per cent`)
  }
  const tiers: WholeTier[] = []
  let [cap, rate, initialRate] = [riskLimit, maintenance, initial]
  while (tiers.length < STEPS_MAX && compare(initialRate, ONE) <= 0) {
    tiers.push({
      cap: formatDecimal(cap),
      maintenanceMarginRate: formatDecimal(rate),
      maxLeverage: leverageOf(initialRate),
    })
    cap = add(cap, riskStep)
    rate = add(rate, maintenance)
    initialRate = add(initialRate, maintenance)
  }
  return tiers
}
