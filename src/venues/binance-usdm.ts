import {
  type EffectiveRules,
  type InstrumentRules,
  marginalTiers,
  NO_CAP,
  type RiskTier,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type Bracket, tiersOfBrackets } from '../rules/index.ts'
import { USDM_DAYS, USDM_HISTORIES, USDM_LADDERS, USDM_TABLES } from './binance-usdm-history.ts'
import { coinOfAsset } from './coins.ts'

/** Currencies in which USDⓈ-M contracts are or were quoted and settled. A symbol ends in one of them. */
const USDM_QUOTES = ['USDT', 'USDC', 'USD1', 'BUSD', 'BTC', 'U'] as const
const DELIVERY_DATE = /_\d{6}$/
const SOURCE = "/fapi/v1/leverageBracket, as in freqtrade's binance_leverage_tiers.json"
/** The table of a contract that the venue does not list any more. */
const NOT_LISTED = '-'
/** In which the numbers of the histories are written. */
const BASE = 36

/** Day on which the venue was last seen to state its brackets. */
export const USDM_AS_OF = linesOf(USDM_DAYS).at(-1)!.slice(-'2026-07-02'.length)

/** The histories as split text, which is done at their first use, so that a program that judges no account pays nothing. */
interface Histories {
  readonly days: readonly string[]
  readonly ladders: readonly string[]
  readonly tables: readonly string[]
  /** By symbol: its history as text, replaced by its entries at their first use. */
  readonly contracts: Map<string, string | readonly EffectiveRules[]>
  /** Rules by table, settlement asset and day, which contracts share. */
  readonly rules: Map<string, InstrumentRules>
  readonly tiers: Map<string, RiskTier[]>
}

let histories: Histories | undefined

/** Every USDⓈ-M contract that the venue listed at any time of the history. */
export function usdmSymbols(): Iterable<string> {
  histories ??= readHistories()
  return histories.contracts.keys()
}

/** The asset in which a USDⓈ-M contract settles; undefined for a name that ends in none of them. */
export function usdmSettlementAssetOf(symbol: string): string | undefined {
  const name = symbol.replace(DELIVERY_DATE, '')
  return USDM_QUOTES.find((quote) => name.endsWith(quote))
}

/** BTC of BTCUSDT, BTCUSDC and BTCUSDT_261225; PEPE of 1000PEPEUSDT. */
export function usdmCoinOf(symbol: string): string {
  const pair = symbol.replace(DELIVERY_DATE, '')
  const quote = usdmSettlementAssetOf(symbol)
  return coinOfAsset(quote === undefined || pair === quote ? pair : pair.slice(0, -quote.length))
}

/** All bracket tables of a USDⓈ-M contract, ascending; none for a symbol that is not one. */
export function usdmEntriesOf(symbol: string): readonly EffectiveRules[] {
  histories ??= readHistories()
  const known = histories.contracts.get(symbol)
  if (known === undefined) return NO_ENTRIES
  if (typeof known !== 'string') return known
  const entries = entriesOf(histories, symbol, known)
  histories.contracts.set(symbol, entries)
  return entries
}

const NO_ENTRIES: readonly EffectiveRules[] = []

function entriesOf(of: Histories, symbol: string, text: string): readonly EffectiveRules[] {
  const changes = text.split(' ').map((change) => change.split(':') as [day: string, table: string])
  return changes.map(([day, table], index) => {
    const next = changes[index + 1]
    const fromMs = Date.parse(of.days[numberOf(day)]!)
    if (table === NOT_LISTED) return { fromMs, rules: null, source: SOURCE }
    // The copy before the next change is the last one that is known to have had the table.
    const asOf = of.days[next === undefined ? of.days.length - 1 : numberOf(next[0]) - 1]!
    return { fromMs, rules: rulesOn(of, symbol, table, asOf), source: SOURCE }
  })
}

function rulesOn(of: Histories, symbol: string, table: string, asOf: string): InstrumentRules {
  const settlementAsset = usdmSettlementAssetOf(symbol)
  assert(settlementAsset !== undefined, `${symbol} ends in no currency of USDM_QUOTES`)
  const key = `${table} ${settlementAsset} ${asOf}`
  let rules = of.rules.get(key)
  if (rules === undefined) {
    const maintenance = marginalTiers('linear', tiersOf(of, symbol, table))
    rules = { contribution: 'linear', multiplier: '1', settlementAsset, takerFeeRate: '0', asOf, maintenance }
    of.rules.set(key, rules)
  }
  return rules
}

function tiersOf(of: Histories, symbol: string, table: string): RiskTier[] {
  let tiers = of.tiers.get(table)
  if (tiers === undefined) {
    const [ladder = '', ...caps] = of.tables[numberOf(table)]!.split(' ')
    const steps = of.ladders[numberOf(ladder)]!.split(' ')
    tiers = tiersOfBrackets(
      symbol,
      caps.map((cap, index) => bracketOf(cap, steps[index]!)),
    )
    of.tiers.set(table, tiers)
  }
  return tiers
}

function bracketOf(cap: string, step: string): Bracket {
  const [rate, maxLeverage] = step.split(':')
  return { cap: capOf(cap), maintenanceMarginRate: `0${rate}`, maxLeverage }
}

/** 5k is 5,000; 1.5M is 1,500,000. */
function capOf(short: string): string {
  if (short === '*') return NO_CAP
  const zeros = short.endsWith('k') ? 3 : short.endsWith('M') ? 6 : 0
  if (zeros === 0) return short
  const [whole = '', fraction = ''] = short.slice(0, -1).split('.')
  return whole + fraction.padEnd(zeros, '0')
}

function numberOf(text: string): number {
  return Number.parseInt(text, BASE)
}

function readHistories(): Histories {
  const contracts = new Map<string, string>()
  for (const line of linesOf(USDM_HISTORIES)) {
    const [symbols = '', changes = ''] = line.split(' | ')
    for (const symbol of symbols.split(' ')) contracts.set(symbol, changes)
  }
  return {
    days: linesOf(USDM_DAYS).flatMap((line) => line.split(' ')),
    ladders: linesOf(USDM_LADDERS),
    tables: linesOf(USDM_TABLES),
    contracts,
    rules: new Map(),
    tiers: new Map(),
  }
}

function linesOf(text: string): string[] {
  return text.trim().split('\n')
}
