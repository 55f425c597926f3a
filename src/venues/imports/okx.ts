import {
  type InstrumentRules,
  isPrice,
  type RuleBook,
  type RulesBody,
  type RulesImport,
  type RulesRequest,
  type WholeTier,
} from '../../domain/index.ts'
import { compare, formatDecimal, mul, ONE, parseDecimal } from '../../margin/index.ts'
import {
  type BodyRecord,
  baseAssetField,
  boundIn,
  decimalOf,
  groupedBy,
  objectionIn,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
  textOrUndefined,
  tickSizeField,
} from './body.ts'
import { collateralTiersOf, multiAssetRules } from './collateral.ts'
import { byCap, refuseUneven } from './tiers.ts'

/** Taker fee rate of accounts without a discount. */
export const OKX_TAKER_FEE_RATE = '0.0005'

export const OKX_ASSUMPTIONS = [
  `the taker fee rate is that of accounts without a discount, ${OKX_TAKER_FEE_RATE}`,
  'a size between two tiers, such as 1000.5 contracts, is in the upper one',
]

const DISCOUNT_RATES = '/api/v5/public/discount-rate-interest-free-quota'
const DISCOUNT_FIELDS = { from: 'minAmt', to: 'maxAmt', ratio: 'discountRate' }

/**
 * `/api/v5/public/position-tiers` with the contracts of `/api/v5/public/instruments`, and the assets of
 * `/api/v5/public/discount-rate-interest-free-quota`.
 */
export const okxImport: RulesImport = {
  source: '/api/v5/public/position-tiers',
  collateral: { body: DISCOUNT_RATES, isFetched: true },
  endpoint: {
    url: 'https://www.okx.com',
    first: [{ path: '/api/v5/public/instruments?instType=SWAP' }, { path: DISCOUNT_RATES }],
    following: tiersOfFamilies,
    objectionOf: objectionIn('code', '0', 'msg'),
    // The venue allows 10 requests for tiers in two seconds.
    pauseMs: 250,
  },
  read(bodies, { asOf, book }) {
    const taken = new Taken()
    const contracts = groupedBy(recordsOf(bodies, isInstrument), ({ instId }) => instId as string)
    const tiersOfAll = recordsOf(bodies, isTier)
    const families = groupedBy(
      tiersOfAll.filter((tier) => !isOfMarginPair(tier) && !isOfOptions(tier)),
      familyOf,
    )
    for (const pair of groupedBy(tiersOfAll.filter(isOfMarginPair), familyOf).keys()) {
      taken.refuse(pair, 'its tiers are those of spot margin, which is not a contract')
    }
    for (const family of groupedBy(tiersOfAll.filter(isOfOptions), familyOf).keys()) {
      taken.refuse(
        family,
        'its tiers with an optMgnFactor are those of options, which have no maintenance margin rate',
      )
    }
    for (const [symbol, [contract]] of contracts) {
      taken.take(symbol, () => {
        const tiers = families.get(familyOf(contract!)!)
        return rulesOf(tiersOf(tiers, contract!, contracts), okxTermsOf(contract!), asOf)
      })
    }
    for (const [family, tiers] of families) {
      if ([...contracts.values()].some(([contract]) => familyOf(contract!) === family)) continue
      const symbol = `${family}-SWAP`
      taken.take(symbol, () => rulesOf(wholeTiersOf(tiers), knownTermsOf(symbol, book), asOf))
    }
    takeCollateral(taken, bodies, asOf)
    return taken
  },
}

/**
 * `details`: bounds in coin; `minDiscountRate` holds above the last. Older bodies have `discountInfo` instead, of which the
 * documents do not state the unit. API v5, "Get discount rate and interest-free quota".
 */
function takeCollateral(taken: Taken, bodies: readonly RulesBody[], asOf: string): void {
  const isDiscount = (record: BodyRecord) =>
    record.ccy !== undefined && (record.details !== undefined || record.discountInfo !== undefined)
  for (const record of recordsOf(bodies, isDiscount)) {
    taken.takeCollateral(symbolIn(record, 'ccy'), () => {
      const { details, minDiscountRate } = record
      if (details === undefined)
        refuse('it states discountInfo without details: the unit of its tiers is not known')
      const tiers = collateralTiersOf(details, DISCOUNT_FIELDS, decimalOf(minDiscountRate))
      return multiAssetRules(tiers, asOf, { source: DISCOUNT_RATES, discounts: 'equity' })
    })
  }
}

function isTier({ mmr, maxSz, tier }: BodyRecord): boolean {
  return mmr !== undefined && maxSz !== undefined && tier !== undefined
}

function isInstrument({ instType, instId, ctVal }: BodyRecord): boolean {
  return typeof instType === 'string' && typeof instId === 'string' && ctVal !== undefined
}

/** Tiers of spot margin name the pair instead of a family. Older instruments state the family as their underlying. */
function familyOf(record: BodyRecord): string | undefined {
  return textOrUndefined(record, 'instFamily', 'uly', 'instId')
}

/** Tiers of options state a factor of their margin in place of rates. */
function isOfOptions({ optMgnFactor, mmr }: BodyRecord): boolean {
  return isPrice(decimalOf(optMgnFactor)) && decimalOf(mmr) === undefined
}

function isOfMarginPair(tier: BodyRecord): boolean {
  return textOrUndefined(tier, 'instFamily', 'uly') === undefined
}

/**
 * Tiers bear the family, not the kind of contract. Swaps and dated futures of a family have different ones, so tiers that
 * fit both are those of the swap.
 */
function tiersOf(
  tiers: readonly BodyRecord[] | undefined,
  contract: BodyRecord,
  contracts: ReadonlyMap<string, readonly BodyRecord[]>,
): WholeTier[] {
  if (contract.instType !== 'SWAP' && contract.instType !== 'FUTURES') {
    refuse(`its instType is ${contract.instType}; SWAP and FUTURES are read`)
  }
  const family = familyOf(contract)
  if (tiers === undefined) {
    refuse(`its tiers are missing: add the body of /api/v5/public/position-tiers of instFamily ${family}`)
  }
  const isSwapKnown = [...contracts.values()].some(
    ([other]) => familyOf(other!) === family && other!.instType === 'SWAP',
  )
  if (contract.instType === 'FUTURES' && isSwapKnown) {
    refuse(`the tiers of ${family} are taken for its swap, since they do not state for which kind they are`)
  }
  return wholeTiersOf(tiers)
}

function wholeTiersOf(tiers: readonly BodyRecord[]): WholeTier[] {
  const sorted = byCap(
    tiers.map((tier) => ({
      cap: boundIn(tier, 'maxSz'),
      maintenanceMarginRate: rateBelowInitial(tier),
      maxLeverage: positiveIn(tier, 'maxLever'),
      from: tier.minSz === undefined ? undefined : boundIn(tier, 'minSz'),
    })),
  )
  // The venue begins a tier at the cap of the one below or one contract above it.
  refuseUneven(sorted, ONE)
  return sorted.map(({ from: _, ...tier }) => tier)
}

function rateBelowInitial(tier: BodyRecord): string {
  const rate = positiveIn(tier, 'mmr')
  const initial = decimalOf(tier.imr)
  if (initial !== undefined && compare(parseDecimal(rate), parseDecimal(initial)) >= 0) {
    refuse(`the tier up to ${boundIn(tier, 'maxSz')} has the mmr ${rate}: must be below its imr, ${initial}`)
  }
  return rate
}

type Terms = Pick<
  InstrumentRules,
  'baseAsset' | 'contribution' | 'multiplier' | 'settlementAsset' | 'tickSize' | 'assumptions'
>

export function okxTermsOf(contract: BodyRecord): Terms {
  const { ctType } = contract
  if (ctType !== 'linear' && ctType !== 'inverse')
    refuse(`its ctType is ${ctType}: must be linear or inverse`)
  const size = mul(parseDecimal(positiveIn(contract, 'ctVal')), parseDecimal(positiveIn(contract, 'ctMult')))
  return {
    ...baseAssetField(familyOf(contract)?.split('-')[0]),
    contribution: ctType,
    multiplier: formatDecimal(size),
    ...settlementOf(textIn(contract, 'settleCcy')),
    ...tickSizeField(contract.tickSz),
  }
}

/** The venue's name for the dollar and the stablecoins in which a `_UM` contract may be margined. */
const DOLLARS = 'USDⓈ'

function settlementOf(currency: string): Pick<Terms, 'settlementAsset' | 'assumptions'> {
  if (currency !== DOLLARS) return { settlementAsset: currency }
  return {
    settlementAsset: 'USD',
    assumptions: [
      `${DOLLARS}, the dollar and the stablecoins that the venue counts with it, is given as USD`,
    ],
  }
}

/** Sizes of contracts in dollars that the venue documents and whose tiers no book holds. */
const DOCUMENTED: Readonly<Record<string, Terms>> = {
  'BTC-USD-SWAP': { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC' },
  'ETH-USD-SWAP': { contribution: 'inverse', multiplier: '10', settlementAsset: 'ETH' },
}

function knownTermsOf(symbol: string, book: RuleBook): Terms {
  const known = book.rulesOf(symbol) ?? DOCUMENTED[symbol]
  if (known === undefined) {
    refuse('the size of its contract is missing: add the body of /api/v5/public/instruments')
  }
  const { contribution, multiplier, settlementAsset, tickSize } = known
  return {
    ...baseAssetField(symbol.split('-')[0]),
    contribution,
    multiplier,
    settlementAsset,
    ...tickSizeField(tickSize),
  }
}

function rulesOf(tiers: WholeTier[], terms: Terms, asOf: string): InstrumentRules {
  return {
    ...terms,
    takerFeeRate: OKX_TAKER_FEE_RATE,
    asOf,
    maintenance: { kind: 'whole-tiers', basis: 'contracts', tiers },
    closingFee: 'at-mark',
    liquidation: 'reached',
    assumptions: [...(terms.assumptions ?? []), ...OKX_ASSUMPTIONS],
  }
}

const FAMILIES_PER_REQUEST_MAX = 3

/** The tiers of all families of an answer of instruments. */
function tiersOfFamilies({ path }: RulesRequest, answer: unknown): RulesRequest[] {
  if (!path.includes('/instruments')) return []
  const instruments = recordsOf([{ name: path, value: answer }], isInstrument)
  const families = [...new Set(instruments.flatMap((instrument) => familyOf(instrument) ?? []))]
  const requests: RulesRequest[] = []
  for (let start = 0; start < families.length; start += FAMILIES_PER_REQUEST_MAX) {
    const list = families.slice(start, start + FAMILIES_PER_REQUEST_MAX).join(',')
    requests.push({ path: `/api/v5/public/position-tiers?instType=SWAP&tdMode=cross&instFamily=${list}` })
  }
  return requests
}
