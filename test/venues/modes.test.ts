// What the wallets and margin modes of a venue cannot hold: refused by field and rule wherever an account is checked.
import { describe, expect, it } from 'vitest'
import { type Account, collateralRulesSchema, pathText } from '../../src/domain/index.ts'
import {
  accountFaultsOf,
  marginAccountOf,
  marginAccountPartsOf,
  marginAccountsOf,
} from '../../src/margin/index.ts'
import { withCollateralRules, withRules } from '../../src/rules/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'

const AS_IT_IS = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
const COLLATERAL = Object.fromEntries(['BTC', 'XBT', 'USDT', 'USDC'].map((asset) => [asset, AS_IT_IS]))

function bookOf({ venue }: Account) {
  const book = ruleBookOf(venue)
  const first = book.rulesOf([...book.symbols()][0]!)!
  const own = venue === 'hyperliquid' ? { 'xyz:TSLA': first, 'xyz:NVDA': first, 'flx:TSLA': first } : {}
  return withCollateralRules(withRules(book, own, 'own'), COLLATERAL)
}

interface Stated {
  readonly symbol: string
  readonly size?: string
  readonly isolated?: true
}

function accountOf(venue: string, positions: readonly Stated[], more: object = {}): Account {
  return parsedAccount({
    venue,
    collateral: ['USD', 'USDT', 'USDC', venue === 'kraken' ? 'XBT' : 'BTC'].map((asset) => ({
      asset,
      amount: '100000',
    })),
    positions: positions.map(({ symbol, size = '1', isolated }) => ({
      symbol,
      marginMode: isolated === true ? 'isolated' : 'cross',
      size,
      entryPrice: '60000',
      leverage: '10',
      ...(isolated === true ? { isolatedMargin: '6000' } : {}),
    })),
    ...more,
  } as never)
}

const MULTI = { pool: { currency: 'USD' } }
const SPOT = { pool: { currency: 'USD', kind: 'spot-margin', liquidationLevel: '1.1' } }
const SEPARATE = { separateWallets: true }

describe('a position that no wallet of the account backs at the venue', () => {
  it.each<[string, string, readonly Stated[], object, string, RegExp]>([
    [
      'an inverse perpetual of Kraken in a pool, which its single-collateral wallet alone backs',
      'kraken',
      [{ symbol: 'PI_XBTUSD' }],
      MULTI,
      'positions[0].symbol',
      /^is backed by a wallet of its own at kraken, which a multi-asset pool is no part of: .*"pool"$/,
    ],
    [
      'a dated inverse future of Kraken in a pool',
      'kraken',
      [{ symbol: 'PF_XBTUSD' }, { symbol: 'FI_XBTUSD_261225' }],
      MULTI,
      'positions[1].symbol',
      /a wallet of its own at kraken/,
    ],
    [
      'a future of Kraken in spot margin',
      'kraken',
      [{ symbol: 'PF_XBTUSD' }],
      SPOT,
      'positions[0].symbol',
      /which a spot-margin pool is no part of/,
    ],
    [
      'a COIN-M contract of Binance in multi-assets mode',
      'binance',
      [{ symbol: 'BTCUSDT' }, { symbol: 'BTCUSD_PERP' }],
      MULTI,
      'positions[1].symbol',
      /a wallet of its own at binance, which a multi-asset pool is no part of/,
    ],
    [
      'a future of Binance in spot margin',
      'binance',
      [{ symbol: 'BTCUSDT' }],
      SPOT,
      'positions[0].symbol',
      /which a spot-margin pool is no part of/,
    ],
    [
      'an isolated position of Binance beside multi-assets mode',
      'binance',
      [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT', isolated: true }],
      MULTI,
      'positions[1].marginMode',
      /^binance has no isolated positions of this contract beside a multi-asset pool: .*"cross"$/,
    ],
    [
      'an isolated inverse perpetual of Kraken',
      'kraken',
      [{ symbol: 'PI_XBTUSD', isolated: true }],
      {},
      'positions[0].marginMode',
      /^kraken has no isolated positions of this contract: the wallet backs it, "cross"$/,
    ],
    [
      'a cross position of another exchange of Hyperliquid beside those of its own',
      'hyperliquid',
      [{ symbol: 'BTC' }, { symbol: 'xyz:TSLA' }],
      SEPARATE,
      'positions[1].symbol',
      /^hyperliquid keeps one margin account for it and another for positions\[0\] \(BTC\): .*an account of its own$/,
    ],
    [
      'cross positions of two exchanges of builders',
      'hyperliquid',
      [{ symbol: 'xyz:TSLA' }, { symbol: 'flx:TSLA' }],
      SEPARATE,
      'positions[1].symbol',
      /another for positions\[0\] \(xyz:TSLA\)/,
    ],
    [
      'the same in a pool',
      'hyperliquid',
      [{ symbol: 'BTC' }, { symbol: 'xyz:TSLA' }],
      { pool: { currency: 'USDC' } },
      'positions[1].symbol',
      /another for positions\[0\] \(BTC\)/,
    ],
    [
      'a part of a contract of CME',
      'cme',
      [{ symbol: 'BTCZ26', size: '1.5' }],
      SEPARATE,
      'positions[0].size',
      /^must be a whole number of contracts/,
    ],
    [
      'a long and a short of one contract of CME',
      'cme',
      [{ symbol: 'BTCZ26', size: '3' }, { symbol: 'BTCH27' }, { symbol: 'BTCZ26', size: '-1' }],
      SEPARATE,
      'positions[2].size',
      /^cme nets it with positions\[0\] of the same contract: state one position of the net size$/,
    ],
  ])('is refused: %s', (_, venue, positions, more, path, rule) => {
    const account = accountOf(venue, positions, more)
    const book = bookOf(account)
    const faults = accountFaultsOf(account, book)
    expect(faults.filter(({ path }) => path[0] === 'positions')).toEqual([
      { code: 'ACCOUNT_UNSUPPORTED', path: expect.anything(), rule: expect.stringMatching(rule) },
    ])
    expect(faults.map((fault) => pathText(fault.path))).toContain(path)
    const refusal = expect.objectContaining({ code: 'ACCOUNT_UNSUPPORTED' })
    expect(() => marginAccountPartsOf(account, book)).toThrow(refusal)
    expect(() => marginAccountsOf(account, book)).toThrow(refusal)
    const [index] = faults.flatMap(({ path: [list, place] }) =>
      list === 'positions' ? [place as number] : [],
    )
    const { marginMode, symbol, size } = account.positions[index!]!
    const currency = account.pool?.currency ?? book.rulesOf(symbol)!.settlementAsset
    const side = size.startsWith('-') ? 'short' : 'long'
    const id = marginMode === 'cross' ? `a:cross:${currency}` : `a:isolated:${symbol}:${side}`
    expect(() => marginAccountOf(account, id, book)).toThrow(refusal)
  })

  it.each<[string, string, readonly Stated[], object]>([
    ['Bybit, whose unified accounts hold inverse contracts', 'bybit', [{ symbol: 'BTCUSD' }], MULTI],
    [
      'Kraken, isolated linear ones beside a pool',
      'kraken',
      [{ symbol: 'PF_XBTUSD', isolated: true }],
      MULTI,
    ],
    ['Kraken, inverse ones in their own wallet', 'kraken', [{ symbol: 'PI_XBTUSD' }], SEPARATE],
    ['Binance, COIN-M in its own wallet', 'binance', [{ symbol: 'BTCUSD_PERP' }], SEPARATE],
    [
      'Binance, isolated COIN-M beside multi-assets mode, which is of USDⓈ-M',
      'binance',
      [{ symbol: 'BTCUSDT' }, { symbol: 'BTCUSD_PERP', isolated: true }],
      MULTI,
    ],
    [
      'Hyperliquid, two contracts of one exchange of a builder',
      'hyperliquid',
      [{ symbol: 'xyz:TSLA' }, { symbol: 'xyz:NVDA' }],
      SEPARATE,
    ],
    [
      'Hyperliquid, an isolated position of another exchange',
      'hyperliquid',
      [{ symbol: 'BTC' }, { symbol: 'xyz:TSLA', isolated: true }],
      SEPARATE,
    ],
    [
      'CME, two contracts of one product',
      'cme',
      [
        { symbol: 'BTCZ26', size: '3.0' },
        { symbol: 'BTCH27', size: '-1' },
      ],
      SEPARATE,
    ],
    [
      'a closed position',
      'cme',
      [
        { symbol: 'BTCZ26', size: '3' },
        { symbol: 'BTCZ26', size: '-0.0' },
      ],
      SEPARATE,
    ],
  ])('is none of %s', (_, venue, positions, more) => {
    const account = accountOf(venue, positions, more)
    expect(accountFaultsOf(account, bookOf(account))).toEqual([])
    expect(marginAccountsOf(account, bookOf(account)).length).toBeGreaterThan(0)
  })
})
