import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type StatedContract, type StatedTerms, venueId } from '../../src/domain/index.ts'
import { instrumentsCarrying, ruleBookOf } from '../../src/venues/index.ts'
import {
  type ComparedRules,
  contradictionsOf,
  isOtherTick,
  termsOfContradictions,
} from '../../src/worker/contradictions.ts'
import { sharedPath } from '../support/shared.ts'

const RULES: ComparedRules = {
  contribution: 'linear',
  multiplier: '0.1',
  settlementAsset: 'USDT',
  tickSize: '0.5',
}
const SILENT: StatedTerms = {
  contribution: undefined,
  multiplier: undefined,
  settlementAsset: undefined,
  tickSize: undefined,
}

describe('terms that a venue states', () => {
  it('contradict rules of another value, by number and not by text, and not where they are not stated', () => {
    expect(contradictionsOf(SILENT, RULES)).toEqual([])
    expect(contradictionsOf({ ...SILENT, multiplier: '0.100', contribution: 'linear' }, RULES)).toEqual([])
    expect(contradictionsOf({ ...SILENT, multiplier: '0.100000000000000001' }, RULES)).toHaveLength(1)
    const stated: StatedTerms = {
      contribution: 'spot',
      multiplier: '1',
      settlementAsset: 'USDC',
      tickSize: '9',
    }
    const contradictions = contradictionsOf(stated, RULES)
    expect(contradictions).toEqual([
      { field: 'contribution', rules: 'linear', venue: 'spot' },
      { field: 'settlementAsset', rules: 'USDT', venue: 'USDC' },
      { field: 'multiplier', rules: '0.1', venue: '1' },
    ])
    expect(termsOfContradictions(contradictions)).toEqual({ ...stated, tickSize: undefined })
  })

  it('may have another smallest step of prices, which contradicts nothing', () => {
    expect(isOtherTick({ ...SILENT, tickSize: '0.50' }, RULES)).toBe(false)
    expect(isOtherTick({ ...SILENT, tickSize: '0.1' }, RULES)).toBe(true)
    expect(isOtherTick(SILENT, RULES)).toBe(false)
    expect(isOtherTick({ ...SILENT, tickSize: '0.1' }, { ...RULES, tickSize: undefined })).toBe(false)
  })
})

/** Recorded lists, and of how many of their contracts the built-in books hold rules. */
const RECORDED: readonly (readonly [file: string, venue: string, symbol: string, compared: number])[] = [
  ['bybit/rest-instruments/nautilus-http_get_instruments_linear.json', 'bybit', 'ETHUSDT', 2],
  ['binance-usdm/rest-instruments/cryptofeed-exchangeInfo.json', 'binance', 'BTCUSDT', 104],
  ['binance-coinm/rest-instruments/cryptofeed-exchangeInfo.json', 'binance', 'BTCUSD_PERP', 3],
  ['okx/rest-instruments/cryptofeed-instruments-swap.json', 'okx', 'BTC-USDT-SWAP', 6],
  ['bitmex/rest-instruments/cryptofeed-instrument-active.json', 'bitmex', 'XBTUSD', 5],
  ['deribit/rest-instruments/cryptofeed-get_instruments-btc.json', 'deribit', 'BTC-PERPETUAL', 398],
  ['kraken-futures/rest-tiers/nautilus-http_futures_instruments.json', 'kraken', 'PF_ETHUSD', 1],
  ['hyperliquid/rest-tiers/nautilus-http_all_perp_metas_non_usdc_collateral.json', 'hyperliquid', 'BTC', 1],
  ['coinbase-cfm/rest-instruments/nautilus-http_products_future.json', 'coinbase', 'BIP-20DEC30-CDE', 2],
]

describe('recorded lists of contracts', () => {
  const recordings = sharedPath('recordings')
  it.skipIf(recordings === undefined).each(RECORDED)(
    '%s contradicts no built-in rules',
    (file, venue, symbol, compared) => {
      const steps = instrumentsCarrying(venueId(venue), symbol, {})!.parse(
        readFileSync(`${recordings}/${file}`, 'utf8'),
      )
      let contracts: readonly StatedContract[] | undefined
      while (contracts === undefined) contracts = steps.next().value?.contracts
      const book = ruleBookOf(venueId(venue))
      const known = contracts.filter((contract) => book.rulesOf(contract.symbol) !== undefined)
      expect(known).toHaveLength(compared)
      for (const contract of known)
        expect(contradictionsOf(contract.terms, book.rulesOf(contract.symbol)!), contract.symbol).toEqual([])
    },
  )
})
