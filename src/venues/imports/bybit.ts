import {
  type InstrumentRules,
  marginalTiers,
  type RulesBody,
  type RulesImport,
  type RulesRequest,
} from '../../domain/index.ts'
import { compare, div, formatDecimal, mul, parseDecimal, parseRate } from '../../margin/index.ts'
import {
  INVERSE_SYMBOL,
  MARK_RULE_FROM,
  RULE_OF_ENTRY,
  settlementAssetOf,
  TAKER_FEE_RATE,
} from '../bybit-contracts.ts'
import { isObject } from '../frame.ts'
import {
  type BodyRecord,
  baseAssetField,
  boundIn,
  decimalOf,
  groupedBy,
  objectionIn,
  pageAt,
  positiveIn,
  recordsOf,
  refuse,
  Taken,
  textOrUndefined,
  tickSizeField,
} from './body.ts'
import { BYBIT_COLLATERAL, takeBybitCollateral } from './bybit-collateral.ts'
import { marginalTiersOf, refuseTwoRates, type StatedBracket } from './tiers.ts'

const FEE_ASSUMPTION = `the taker fee rate is that of accounts without a discount, ${TAKER_FEE_RATE}`

/**
 * `/v5/market/risk-limit` with the contracts of `/v5/market/instruments-info`, and the assets of
 * `/v5/spot-margin-trade/collateral`. Of older versions the names of the fields are read too.
 */
export const bybitImport: RulesImport = {
  source: '/v5/market/risk-limit',
  collateral: { body: BYBIT_COLLATERAL, isFetched: true },
  endpoint: {
    url: 'https://api.bybit.com',
    first: [
      ...['risk-limit', 'instruments-info'].flatMap((list) =>
        ['linear', 'inverse'].map((category) => ({ path: `/v5/market/${list}?category=${category}` })),
      ),
      { path: BYBIT_COLLATERAL },
    ],
    following: nextPage,
    objectionOf: objectionIn('retCode', '0', 'retMsg'),
    pauseMs: 100,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const contracts = contractsOf(bodies)
    const tables = groupedBy(recordsOf(bodies, isRiskLimit), ({ symbol }) => symbol as string)
    for (const [symbol, rows] of tables) {
      taken.take(symbol, () => rulesOf(symbol, rows, contracts.get(symbol)?.[0], asOf))
    }
    for (const symbol of contracts.keys()) {
      if (tables.has(symbol)) continue
      taken.refuse(symbol, 'its risk limits are missing: add the body of /v5/market/risk-limit')
    }
    takeBybitCollateral(taken, bodies, asOf)
    return taken
  },
}

const RISK_LIMIT_FIELDS = ['riskLimitValue', 'limit'] as const
const RATE_FIELDS = ['maintenanceMargin', 'maintainMargin', 'maintain_margin'] as const

/** A row without its rate is one too, so that its table is refused and not taken without it. */
function isRiskLimit(object: BodyRecord): boolean {
  const fields = [...RISK_LIMIT_FIELDS, ...RATE_FIELDS]
  return typeof object.symbol === 'string' && fields.some((field) => object[field] !== undefined)
}

function contractsOf(bodies: readonly RulesBody[]): ReadonlyMap<string, readonly BodyRecord[]> {
  const isContract = (object: BodyRecord) =>
    isDerivative(object) || (typeof object.name === 'string' && typeof object.base_currency === 'string')
  return groupedBy(recordsOf(bodies, isContract), (record) => textOrUndefined(record, 'symbol', 'name'))
}

/** Spot pairs and options are listed by the same endpoint, but have no risk limits. */
function isDerivative({ contractType, settleCoin, optionsType }: BodyRecord): boolean {
  return typeof contractType === 'string' && typeof settleCoin === 'string' && optionsType === undefined
}

function rulesOf(
  symbol: string,
  rows: readonly BodyRecord[],
  contract: BodyRecord | undefined,
  asOf: string,
): InstrumentRules {
  const contribution = bybitContributionOf(symbol, contract)
  const takerFeeRate = decimalOf(contract?.taker_fee)
  const settleCoin = contract === undefined ? undefined : textOrUndefined(contract, 'settleCoin')
  return {
    ...baseAssetField(contract && textOrUndefined(contract, 'baseCoin', 'base_currency')),
    contribution,
    // Inverse contracts are one US dollar each, linear ones one unit of the coin.
    multiplier: '1',
    settlementAsset: settleCoin ?? settlementAssetOf(symbol),
    takerFeeRate: takerFeeRate ?? TAKER_FEE_RATE,
    ...bybitTickSizeOf(contract),
    asOf,
    maintenance: marginalTiers(contribution, marginalTiersOf(symbol, bracketsOf(rows))),
    ...(asOf < MARK_RULE_FROM ? RULE_OF_ENTRY : {}),
    ...(takerFeeRate === undefined ? { assumptions: [FEE_ASSUMPTION] } : {}),
  }
}

/** As `contractType` says, or in older bodies the name. */
export function bybitContributionOf(symbol: string, contract: BodyRecord | undefined): 'linear' | 'inverse' {
  const isInverse =
    typeof contract?.contractType === 'string'
      ? contract.contractType.startsWith('Inverse')
      : INVERSE_SYMBOL.test(symbol)
  return isInverse ? 'inverse' : 'linear'
}

/** Bodies of the second version of the API have their own name for it. */
export function bybitTickSizeOf(contract: BodyRecord | undefined): Pick<InstrumentRules, 'tickSize'> {
  const filter = contract?.priceFilter ?? contract?.price_filter
  return isObject(filter) ? tickSizeField(filter.tickSize ?? filter.tick_size) : {}
}

/** Older bodies state rates in per cent. */
function bracketsOf(rows: readonly BodyRecord[]): StatedBracket[] {
  const lowest = rows.map(({ isLowestRisk, is_lowest_risk }) => isLowestRisk ?? is_lowest_risk)
  if (lowest.every((flag) => flag === '0' || flag === false)) {
    refuse('none of its tiers has isLowestRisk 1: the lowest one is missing')
  }
  const stated = rows.map((row) => ({
    cap: boundIn(row, ...RISK_LIMIT_FIELDS),
    maintenanceMarginRate: positiveIn(row, ...RATE_FIELDS),
    maxLeverage: positiveIn(row, 'maxLeverage', 'max_leverage'),
    stated: decimalOf(row.mmDeduction),
  }))
  refuseTwoRates(stated)
  return stated.every(isPerCent)
    ? stated.map((bracket) => ({
        ...bracket,
        maintenanceMarginRate: fraction(bracket.maintenanceMarginRate),
      }))
    : stated
}

/** A maintenance margin rate of more than this many times the initial one of its leverage is not a fraction. */
const TIMES_INITIAL_MAX = { n: 10n, d: 1n }

/**
 * In per cent a maintenance margin rate is 30 to 95 times 1/maxLeverage, as a fraction less than once. A rate between the
 * two is a wrong fraction, which `importRules` refuses.
 */
function isPerCent({ maintenanceMarginRate, maxLeverage }: StatedBracket): boolean {
  return compare(mul(parseRate(maintenanceMarginRate), parseDecimal(maxLeverage!)), TIMES_INITIAL_MAX) > 0
}

const PER_CENT = { n: 100n, d: 1n }

function fraction(perCent: string): string {
  return formatDecimal(div(parseRate(perCent), PER_CENT))
}

function nextPage(request: RulesRequest, answer: unknown): RulesRequest[] {
  const result = isObject(answer) ? answer.result : undefined
  return pageAt(request, isObject(result) ? textOrUndefined(result, 'nextPageCursor') : undefined)
}
