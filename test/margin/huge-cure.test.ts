import { describe, expect, it } from 'vitest'
import {
  evaluate,
  formatDecimal,
  knownOf,
  levelRule,
  marginAccountsOf,
  marginStateOf,
  stateOfKnown,
  sub,
} from '../../src/margin/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { makeAccount } from '../support/accounts.ts'

/** The largest size and the largest wallet that an account may state. */
const SIZE = '999999999999999'
const WALLET_MAX = 999_999_999_999_999
const CONTRACTS = [
  ['bitmex', 'XBTUSD'],
  ['bitmex', 'ETHUSD'],
  ['bybit', 'BTCUSD'],
  ['bybit', 'BTCUSDT'],
  ['deribit', 'BTC-PERPETUAL'],
  ['okx', 'BTC-USDT-SWAP'],
  ['kraken', 'PI_XBTUSD'],
] as const
/** Low, so that the wallet of an account near its line has no more digits than one may have. */
const markOf = () => '0.995'
const further = { fundingRateOf: () => '0.0001' }

function accountOf(venue: string, symbol: string, size: string, amount: string) {
  const account = makeAccount({ venue, positions: [] })
  const book = ruleBookOf(account.venue)
  const { settlementAsset } = book.rulesOf(symbol)!
  const position = { symbol, marginMode: 'cross' as const, size, entryPrice: '1', leverage: '10' }
  const collateral = [{ asset: settlementAsset, amount }]
  return marginAccountsOf({ ...account, collateral, positions: [position] }, book)[0]!
}

describe('the cure of a position of the largest size', () => {
  it.each(
    CONTRACTS.flatMap(([venue, symbol]) => [
      [venue, symbol, SIZE] as const,
      [venue, symbol, `-${SIZE}`] as const,
    ]),
  )('of %s %s, size %s, is the traced one, and a part of it or null', (venue, symbol, size) => {
    const { marginBalance, maintenanceMargin } = evaluate(
      accountOf(venue, symbol, size, '0'),
      markOf,
      further,
    )!
    const lacking = Number(formatDecimal(sub(maintenanceMargin, marginBalance)))
    const asked = Number(formatDecimal(maintenanceMargin))
    for (const share of [-0.3, -0.0001, 0.0001, 0.3]) {
      const wallet = Math.min(WALLET_MAX, Math.max(0, lacking + asked * share))
      const amount = wallet === WALLET_MAX ? String(WALLET_MAX) : wallet.toFixed(8)
      const marginAccount = accountOf(venue, symbol, size, amount)
      const known = knownOf(marginAccount.formula, markOf, further)!
      for (const rule of [levelRule(), levelRule(['0.5', '0.8'])]) {
        const { cure, verdict } = marginStateOf(marginAccount, markOf, rule, further)
        expect(cure).toEqual(stateOfKnown(marginAccount, { ...known, isTraced: true }, rule).cure)
        expect(cure === null).toBe(verdict === 'safe')
        if (cure === null) continue
        const [reduction] = cure.reductions
        expect(Number(cure.topUp)).toBeGreaterThan(0)
        if (reduction!.size === null) continue
        expect(Number(reduction!.size)).toBeGreaterThan(0)
        expect(BigInt(reduction!.size.split('.')[0]!)).toBeLessThanOrEqual(BigInt(SIZE))
      }
    }
  })
})
