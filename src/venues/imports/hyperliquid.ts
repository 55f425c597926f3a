import {
  type InstrumentRules,
  marginalTiers,
  NO_CAP,
  type RiskTier,
  type RulesBody,
  type RulesImport,
  shownValue,
} from '../../domain/index.ts'
import { div, formatRate, mul, ONE, parseDecimal } from '../../margin/index.ts'
import { isObject } from '../frame.ts'
import {
  type BodyRecord,
  baseAssetField,
  boundIn,
  decimalOf,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
} from './body.ts'
import { marginalTiersOf, refuseGapBelow } from './tiers.ts'

/** Taker fee rate of the lowest tier of accounts. Fees are not part of margin. */
export const HYPERLIQUID_TAKER_FEE_RATE = '0.00045'

/** Below it a margin table is one tier, and its id is the leverage. */
const FIRST_TABLE_ID = 50

/** Tokens by number in which perpetuals are margined; `spotMeta` names all. The first exchange states no token. */
export const COLLATERAL: Readonly<Record<string, string>> = {
  0: 'USDC',
  235: 'USDE',
  268: 'USDT0',
  360: 'USDH',
}

/** `meta`, `metaAndAssetCtxs` and `allPerpMetas`, with the tokens of `spotMeta`. */
export const hyperliquidImport: RulesImport = {
  source: 'info, request meta',
  endpoint: {
    url: 'https://api.hyperliquid.xyz',
    first: [
      { path: '/info', body: '{"type":"allPerpMetas"}' },
      { path: '/info', body: '{"type":"spotMeta"}' },
    ],
    following: () => [],
    objectionOf: () => undefined,
    pauseMs: 0,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const tokens = tokensOf(bodies)
    for (const meta of recordsOf(bodies, ({ universe }) => Array.isArray(universe))) {
      for (const asset of meta.universe as readonly unknown[]) {
        // Spot pairs, in the universe of `spotMeta`, have no leverage.
        if (!isObject(asset) || asset.maxLeverage === undefined) continue
        taken.take(symbolIn(asset, 'name'), () => rulesOf(asset, meta, tokens, asOf))
      }
    }
    return taken
  },
}

function tokensOf(bodies: readonly RulesBody[]): ReadonlyMap<string, string> {
  const tokens = recordsOf(bodies, ({ index, name, tokenId }) =>
    [index, name, tokenId].every((value) => typeof value === 'string'),
  )
  const named = tokens.map(({ index, name }) => [index as string, name as string] as const)
  return new Map([...Object.entries(COLLATERAL), ...named])
}

function rulesOf(
  asset: BodyRecord,
  meta: BodyRecord,
  tokens: ReadonlyMap<string, string>,
  asOf: string,
): InstrumentRules {
  if (asset.isDelisted === true) refuse('the venue does not list it any more')
  const token = decimalOf(meta.collateralToken) ?? '0'
  const settlementAsset = tokens.get(token)
  if (settlementAsset === undefined) {
    refuse(`it is margined in token ${token}, whose name is not known: add the body of spotMeta`)
  }
  return {
    ...hyperliquidRules(textIn(asset, 'name'), tiersOf(asset, meta), settlementAsset, asOf),
    ...onlyIsolatedField(asset),
    ...tableAssumption(asset),
  }
}

/** Bodies of the time before the venue had tiers by size name no table, and neither do those that were cut short. */
function tableAssumption(asset: BodyRecord): Pick<InstrumentRules, 'assumptions'> {
  if (decimalOf(asset.marginTableId) !== undefined) return {}
  const leverage = positiveIn(asset, 'maxLeverage')
  return {
    assumptions: [
      `the body names no margin table: one tier at maxLeverage ${leverage} for every size; a larger position may be asked for more`,
    ],
  }
}

/** `onlyIsolated` of older bodies and `marginMode` say the same. From a `strictIsolated` position no margin can be taken either. */
function onlyIsolatedField(asset: BodyRecord): Pick<InstrumentRules, 'onlyIsolated'> {
  const onlyIsolated = asset.onlyIsolated ?? false
  if (typeof onlyIsolated !== 'boolean') {
    refuse(`onlyIsolated is ${shownValue(onlyIsolated)}: must be true or false`)
  }
  const mode = asset.marginMode ?? 'normal'
  if (mode !== 'normal' && mode !== 'noCross' && mode !== 'strictIsolated') {
    refuse(`marginMode is ${shownValue(mode)}: must be normal, noCross or strictIsolated`)
  }
  return onlyIsolated || mode !== 'normal' ? { onlyIsolated: true } : {}
}

export function hyperliquidRules(
  name: string,
  tiers: RiskTier[],
  settlementAsset: string,
  asOf: string | undefined,
): InstrumentRules {
  return {
    ...baseAssetField(name.replace(/^.*:/, '')),
    contribution: 'linear',
    multiplier: '1',
    settlementAsset,
    takerFeeRate: HYPERLIQUID_TAKER_FEE_RATE,
    ...(asOf === undefined ? {} : { asOf }),
    maintenance: marginalTiers('linear', tiers),
    maintenanceShare: '1/2',
    closingFee: 'none',
    liquidation: 'passed',
  }
}

function tiersOf(asset: BodyRecord, meta: BodyRecord): RiskTier[] {
  const name = textIn(asset, 'name')
  const leverage = positiveIn(asset, 'maxLeverage')
  const id = decimalOf(asset.marginTableId)
  const table = id === undefined ? undefined : tableOf(meta.marginTables, id)
  if (table !== undefined) {
    const tiers = table.map((tier) => ({
      lowerBound: boundIn(tier, 'lowerBound'),
      maxLeverage: positiveIn(tier, 'maxLeverage'),
    }))
    return leverageTiersOf(name, tiers)
  }
  if (id !== undefined && Number(id) >= FIRST_TABLE_ID) refuse(`its margin table ${id} is not in the body`)
  if (id !== undefined && id !== leverage) {
    refuse(`its margin table ${id} stands for a leverage of ${id}, but its maxLeverage is ${leverage}`)
  }
  return leverageTiersOf(name, [{ lowerBound: '0', maxLeverage: leverage }])
}

/** `marginTables` is a list of pairs of an id and a table. */
function tableOf(tables: unknown, id: string): readonly BodyRecord[] | undefined {
  if (!Array.isArray(tables)) return undefined
  const found = tables.find((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair[0] === id)
  const table = found?.[1]
  if (!isObject(table) || !Array.isArray(table.marginTiers)) return undefined
  return table.marginTiers.filter(isObject)
}

/** Half of the initial margin rate of each leverage, from each lower bound to the next. */
export function leverageTiersOf(
  symbol: string,
  tiers: readonly { readonly lowerBound: string; readonly maxLeverage: string }[],
): RiskTier[] {
  refuseGapBelow(tiers[0]?.lowerBound)
  const two = { n: 2n, d: 1n }
  return marginalTiersOf(
    symbol,
    tiers.map(({ maxLeverage }, index) => ({
      cap: tiers[index + 1]?.lowerBound ?? NO_CAP,
      maintenanceMarginRate: formatRate(div(ONE, mul(two, parseDecimal(maxLeverage)))),
      maxLeverage,
    })),
  )
}
