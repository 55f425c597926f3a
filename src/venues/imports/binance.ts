import {
  type InstrumentRules,
  marginalTiers,
  type RulesBody,
  type RulesImport,
  type StatedRules,
} from '../../domain/index.ts'
import { compare, ONE, parseDecimal } from '../../margin/index.ts'
import { coinmContractSizeOf } from '../binance-coinm.ts'
import { usdmSettlementAssetOf } from '../binance-usdm.ts'
import { isObject } from '../frame.ts'
import { bufferedRules } from './binance-collateral.ts'
import {
  type BodyRecord,
  baseAssetField,
  boundIn,
  decimalOf,
  groupedBy,
  numberIn,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textOrUndefined,
  tickSizeField,
} from './body.ts'
import { marginalTiersOf, type StatedBracket } from './tiers.ts'

/**
 * `leverageBracket` of USDⓈ-M and COIN-M, or the tables of the venue's page of leverage and margin, with the contracts of
 * `exchangeInfo`, and the assets of `assetIndex`.
 */
export const binanceImport: RulesImport = {
  source: '/fapi/v1/leverageBracket',
  collateral: { body: '/fapi/v1/assetIndex', isFetched: false },
  endpoint: {
    reason:
      'its brackets need an API key: ask /fapi/v1/leverageBracket with yours, and give the answer to plimsoll rules import; /fapi/v1/assetIndex, which says how assets of multi-assets mode count, and /fapi/v1/exchangeInfo need none',
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const contracts = contractsOf(bodies)
    const tables = recordsOf(bodies, isTable)
    const withTable = new Set<string>()
    for (const record of tables) {
      for (const symbol of symbolsOf(record, contracts)) {
        withTable.add(symbol)
        taken.take(symbol, () => {
          const rules = rulesOf(symbol, record, contracts.get(symbol)?.[0], asOf)
          return [{ ...sourceField(record), rules }]
        })
      }
    }
    for (const symbol of contracts.keys()) {
      if (withTable.has(symbol)) continue
      taken.refuse(
        symbol,
        'its brackets are missing: add the body of leverageBracket, which needs an API key',
      )
    }
    takeCollateral(taken, bodies, asOf)
    return taken
  },
}

/** Of the tables that `/fapi/v1/leverageBracket` does not state. */
function sourceField(table: BodyRecord): Pick<StatedRules, 'source'> {
  if (isOfPage(table)) return { source: 'riskBrackets of the page of leverage and margin' }
  if (!isOfCoin(rowsOf(table))) return {}
  // The first version states brackets by pair, such as BTCUSD.
  const version = textOrUndefined(table, 'symbol')?.includes('_') === true ? 'v2' : 'v1'
  return { source: `/dapi/${version}/leverageBracket` }
}

/** The assets of `/fapi/v1/assetIndex`: ADAUSD is ADA in dollars. */
function takeCollateral(taken: Taken, bodies: readonly RulesBody[], asOf: string): void {
  const isAssetIndex = ({ bidBuffer, askBuffer }: BodyRecord) =>
    bidBuffer !== undefined || askBuffer !== undefined
  for (const record of recordsOf(bodies, isAssetIndex)) {
    const name = symbolIn(record, 'symbol')
    const asset = /^(.+)USD$/u.exec(name)?.[1]
    taken.takeCollateral(asset ?? name, () => {
      if (asset === undefined) refuse(`its symbol is ${name}: must be an asset and USD, such as ADAUSD`)
      return bufferedRules(numberIn(record, 'bidBuffer'), numberIn(record, 'askBuffer'), asOf)
    })
  }
  for (const asset of recordsOf(bodies, isCrossRatio).flatMap(({ assetNames }) => assetNames as unknown[])) {
    if (typeof asset !== 'string' || taken.collateral.has(asset)) continue
    taken.takeCollateral(asset, () => refuse(CROSS_RATIO_REASON))
  }
}

/** The ratios weigh `collateralMarginLevel`; the venue liquidates by `marginLevel`, which weighs no asset. */
const CROSS_RATIO_REASON =
  'crossMarginCollateralRatio does not say when cross margin is liquidated; of multi-assets mode give the body of /fapi/v1/assetIndex'

function isCrossRatio({ collaterals, assetNames }: BodyRecord): boolean {
  return Array.isArray(collaterals) && Array.isArray(assetNames)
}

function contractsOf(bodies: readonly RulesBody[]): ReadonlyMap<string, readonly BodyRecord[]> {
  const contracts = recordsOf(bodies, ({ pair, contractType }) => isText(pair) && isText(contractType))
  return groupedBy(contracts, (record) => textOrUndefined(record, 'symbol'))
}

/** The page of leverage and margin lists tables, with `riskBrackets`, in an array that is itself called brackets. */
function isTable(record: BodyRecord): boolean {
  const { symbol, pair, brackets } = record
  return (Array.isArray(brackets) && isText(symbol ?? pair)) || isOfPage(record)
}

function isOfPage({ symbol, riskBrackets }: BodyRecord): boolean {
  return isText(symbol) && Array.isArray(riskBrackets)
}

/** The first version of the COIN-M endpoint states brackets by pair; all contracts of the pair share them. */
function symbolsOf(record: BodyRecord, contracts: ReadonlyMap<string, readonly BodyRecord[]>): string[] {
  const symbol = textOrUndefined(record, 'symbol')
  if (symbol !== undefined && !(isOfCoin(rowsOf(record)) && /USD$/.test(symbol))) return [symbol]
  const pair = symbol ?? textOrUndefined(record, 'pair')
  if (pair === undefined) return []
  const listed = [...contracts].filter(([, [contract]]) => contract!.pair === pair).map(([name]) => name)
  return listed.length > 0 ? listed : [`${pair}_PERP`]
}

function rulesOf(
  symbol: string,
  table: BodyRecord,
  contract: BodyRecord | undefined,
  asOf: string,
): InstrumentRules {
  const { notionalCoef } = table
  const rows = rowsOf(table).map((row) => (isObject(row) ? row : refuse('a bracket is not an object')))
  if (isOfPage(table) && /USD(_|$)/.test(symbol)) {
    refuse('riskBrackets are read of USDⓈ-M alone: add the body of /dapi/v2/leverageBracket')
  }
  const isInverse = isOfCoin(rows)
  const contribution = isInverse ? 'inverse' : 'linear'
  const assumptions = [
    ...(isScaled(notionalCoef)
      ? [`notionalCoef is ${notionalCoef}; the caps are taken as they are printed, not multiplied by it`]
      : []),
    ...(isInverse && contract === undefined
      ? ['a contract is 100 dollars of BTC and 10 dollars of any other coin']
      : []),
  ]
  return {
    ...baseAssetField(contract && textOrUndefined(contract, 'baseAsset')),
    contribution,
    ...(isInverse ? coinmTerms(symbol, contract) : usdmTerms(symbol, contract)),
    takerFeeRate: '0',
    ...binanceTickSizeOf(contract),
    asOf,
    maintenance: marginalTiers(contribution, marginalTiersOf(symbol, rows.map(bracketOf))),
    ...(assumptions.length === 0 ? {} : { assumptions }),
  }
}

function rowsOf(table: BodyRecord): readonly unknown[] {
  const { brackets, riskBrackets } = table
  return (isOfPage(table) ? riskBrackets : brackets) as readonly unknown[]
}

/** Caps of COIN-M are quantities of the coin. */
function isOfCoin(rows: readonly unknown[]): boolean {
  return rows.some((row) => isObject(row) && row.qtyCap !== undefined)
}

export function binanceTickSizeOf(contract: BodyRecord | undefined): Pick<InstrumentRules, 'tickSize'> {
  const filters = Array.isArray(contract?.filters) ? contract.filters.filter(isObject) : []
  return tickSizeField(filters.find(({ filterType }) => filterType === 'PRICE_FILTER')?.tickSize)
}

const FLOORS = ['notionalFloor', 'qtyFloor', 'bracketNotionalFloor'] as const

function bracketOf(row: BodyRecord): StatedBracket {
  return {
    cap: boundIn(row, 'notionalCap', 'qtyCap', 'bracketNotionalCap'),
    maintenanceMarginRate: positiveIn(row, 'maintMarginRatio', 'bracketMaintenanceMarginRate'),
    maxLeverage: positiveIn(row, 'initialLeverage', 'maxOpenPosLeverage'),
    stated: decimalOf(row.cum ?? row.cumFastMaintenanceAmount),
    from: FLOORS.some((field) => row[field] !== undefined) ? boundIn(row, ...FLOORS) : undefined,
  }
}

/** The venue may scale the caps of one user. Whether the printed ones are scaled is not documented. */
function isScaled(notionalCoef: unknown): boolean {
  const coefficient = decimalOf(notionalCoef)
  return coefficient !== undefined && compare(parseDecimal(coefficient), ONE) !== 0
}

function usdmTerms(symbol: string, contract: BodyRecord | undefined) {
  const stated = contract === undefined ? undefined : textOrUndefined(contract, 'marginAsset')
  const settlementAsset = stated ?? usdmSettlementAssetOf(symbol)
  if (settlementAsset === undefined) {
    refuse('the asset in which it settles is not known: add the body of exchangeInfo')
  }
  return { multiplier: '1', settlementAsset }
}

function coinmTerms(symbol: string, contract: BodyRecord | undefined) {
  const coin = symbol.replace(/USD_.*$/, '')
  if (contract === undefined) return { multiplier: coinmContractSizeOf(coin), settlementAsset: coin }
  return {
    multiplier: positiveIn(contract, 'contractSize'),
    settlementAsset: textOrUndefined(contract, 'marginAsset') ?? coin,
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
