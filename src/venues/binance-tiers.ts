import { type InstrumentRules, type Maintenance, marginalTiers } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { tiersOfBrackets, tierTables } from '../rules/index.ts'
import { USDM_BRACKETS, USDM_BRACKETS_AS_OF } from './binance-usdm-brackets.ts'

/** Currencies in which USDⓈ-M contracts are quoted and settled. A symbol ends in one of them. */
const USDM_QUOTES = ['USDT', 'USDC', 'USD1', 'BTC', 'U'] as const
const DELIVERY_DATE = /_\d{6}$/

/** A line of USDM_BRACKETS. Its contracts share their maintenance, and those of one currency share their rules. */
interface BracketLine {
  readonly brackets: string
  readonly rules: Map<string, InstrumentRules>
  maintenance: Maintenance | undefined
}

/** By symbol: the line of a contract, replaced by its rules at their first use. */
let contracts: Map<string, BracketLine | InstrumentRules> | undefined

/**
 * Rules of a USDⓈ-M contract. The list is split at the first call and a table is read at its first use, so that a program
 * that judges no account pays nothing.
 */
export function usdmRulesOf(symbol: string): InstrumentRules | undefined {
  contracts ??= readLines()
  const known = contracts.get(symbol)
  if (known === undefined || 'contribution' in known) return known
  const rules = rulesOn(known, symbol)
  contracts.set(symbol, rules)
  return rules
}

function rulesOn(line: BracketLine, symbol: string): InstrumentRules {
  const name = symbol.replace(DELIVERY_DATE, '')
  const settlementAsset = USDM_QUOTES.find((quote) => name.endsWith(quote))
  assert(settlementAsset !== undefined, `${symbol} of USDM_BRACKETS ends in no currency of USDM_QUOTES`)
  const shared = line.rules.get(settlementAsset)
  if (shared !== undefined) return shared
  line.maintenance ??= marginalTiers('linear', tiersOfBrackets(symbol, line.brackets))
  const rules: InstrumentRules = {
    contribution: 'linear',
    multiplier: '1',
    settlementAsset,
    takerFeeRate: '0',
    asOf: USDM_BRACKETS_AS_OF,
    maintenance: line.maintenance,
  }
  line.rules.set(settlementAsset, rules)
  return rules
}

function readLines(): Map<string, BracketLine | InstrumentRules> {
  const lines = new Map<string, BracketLine | InstrumentRules>()
  for (const text of USDM_BRACKETS.trim().split('\n')) {
    const [symbols = '', brackets = ''] = text.split(' | ')
    const line: BracketLine = { brackets, rules: new Map(), maintenance: undefined }
    for (const symbol of symbols.split(' ')) lines.set(symbol, line)
  }
  return lines
}

/** US dollars of one COIN-M contract. */
const CONTRACT_SIZE = { BTC: '100', OTHER: '10' }

/**
 * Quantity brackets of Binance COIN-M by pair, in the coin. Source: the COIN-M leverage FAQ (caps and rates of the first
 * seven levels, confirmed by two worked examples there), which has no date. The FAQ ends there: beyond 400 BTC the venue
 * demands more than the last level says.
 */
const COINM_TIERS = tierTables({
  BTCUSD: {
    tiers: `
  5 0.004 0
  10 0.005 0.005
  20 0.01 0.055
  50 0.025 0.355
  100 0.05 1.605
  200 0.1 6.605
  400 0.125 11.605
`,
  },
})

/** By pair, as in the venue's brackets: BTCUSD for BTCUSD_PERP and every dated contract. */
const coinmRules = new Map<string, InstrumentRules>()
for (const [pair, { tiers }] of COINM_TIERS) {
  const settlementAsset = pair.slice(0, -'USD'.length)
  const multiplier = settlementAsset === 'BTC' ? CONTRACT_SIZE.BTC : CONTRACT_SIZE.OTHER
  coinmRules.set(pair, {
    contribution: 'inverse',
    multiplier,
    settlementAsset,
    takerFeeRate: '0',
    maintenance: marginalTiers('inverse', tiers),
  })
}

/** Rules of a COIN-M contract by its symbol, such as BTCUSD_PERP. */
export function coinmRulesOf(symbol: string): InstrumentRules | undefined {
  return coinmRules.get(symbol.slice(0, symbol.indexOf('_')))
}
