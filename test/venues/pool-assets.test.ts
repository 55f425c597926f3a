import { describe, expect, it } from 'vitest'
import { collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import { accountFaultsOf } from '../../src/margin/index.ts'
import { withCollateralRules, withRules } from '../../src/rules/index.ts'
import { indexFaultsOf, parseVenueId, ruleBookOf } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'

const AS_IT_IS = { tiers: [{ cap: '999999999', ratio: '1' }] }

/** The built-in book, which counts these assets in full. */
function bookOf(venue: string, ...assets: string[]): RuleBook {
  const rules = assets.map((asset) => [asset, [collateralRulesSchema.parse(AS_IT_IS)]] as const)
  return withCollateralRules(ruleBookOf(parseVenueId(venue)), Object.fromEntries(rules))
}

function poolOf(venue: string, currency: string, asset: string, more: object = {}) {
  return parsedAccount({
    venue,
    pool: { currency, kind: 'multi-asset' },
    collateral: [{ asset, amount: '1' }],
    positions: [],
    ...more,
  } as never)
}

describe('an asset that the venue calls by another name', () => {
  const CALLED = /calls this coin XBT, and one coin under two names would move as two: give it under/

  it.each(['kraken', 'bitmex'])('is refused in a pool of %s: BTC is XBT there', (venue) => {
    const faults = accountFaultsOf(poolOf(venue, 'USD', 'BTC'), bookOf(venue, 'BTC', 'XBT'))
    expect(faults).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['collateral', 0, 'asset'],
        rule: expect.stringMatching(CALLED),
      },
    ])
    expect(accountFaultsOf(poolOf(venue, 'USD', 'XBT'), bookOf(venue, 'BTC', 'XBT'))).toEqual([])
  })

  it('is refused as a debt and as the currency of the pool too, and nowhere else', () => {
    const book = bookOf('kraken', 'BTC', 'XBT')
    const owing = { liabilities: [{ asset: 'BTC', amount: '1' }] }
    const pathsOf = (account: ReturnType<typeof poolOf>, of = book) =>
      accountFaultsOf(account, of).map(({ path }) => path)
    expect(pathsOf(poolOf('kraken', 'USD', 'XBT', owing))).toEqual([['liabilities', 0, 'asset']])
    expect(pathsOf(poolOf('kraken', 'BTC', 'XBT'))).toEqual([['pool', 'currency']])
    expect(pathsOf(poolOf('bybit', 'USDT', 'BTC'), bookOf('bybit', 'BTC'))).toEqual([])
  })
})

describe('an asset of a pool whose index price comes with a contract', () => {
  it.each([
    ['kraken', 'USD', 'XBT'],
    ['bybit', 'USDT', 'BTC'],
    ['bybit', 'USD', 'BTC'],
    ['binance', 'USDT', 'SOL'],
    ['binance', 'USD', 'ADA'],
    ['deribit', 'USDC', 'SOL'],
    ['bitmex', 'USD', 'XBT'],
    ['okx', 'USD', 'ADA'],
  ])(
    'is taken where the book of %s holds it, or it comes by itself: in %s, of %s',
    (venue, currency, asset) => {
      expect(indexFaultsOf(poolOf(venue, currency, asset), bookOf(venue, asset))).toEqual([])
    },
  )

  it.each([
    ['kraken', 'USD', 'FOO', 'PF_FOOUSD'],
    ['bybit', 'USDT', 'USDC', 'USDCUSDT'],
    ['binance', 'USDT', 'FOO', 'FOOUSDT'],
    ['deribit', 'USD', 'FOO', 'FOO-PERPETUAL'],
    ['bitmex', 'USDT', 'FOO', 'FOOUSDT'],
  ])('is refused where it does not: at %s, in %s, of %s', (venue, currency, asset, contract) => {
    const book = bookOf(venue, asset)
    expect(indexFaultsOf(poolOf(venue, currency, asset), book)).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['collateral', 0, 'asset'],
        rule: `no contract that rule book ${book.version} holds brings the index price of ${asset} in ${currency}; plimsoll rules import adds ${contract} if the venue lists it, and plimsoll margin takes the price beside the account`,
      },
    ])
  })

  it('is taken once rules for that contract are given', () => {
    const book = bookOf('kraken', 'ETH')
    const rules = { PF_ETHUSD: book.rulesOf('PF_XBTUSD')! }
    expect(indexFaultsOf(poolOf('kraken', 'USD', 'ETH'), book)).toHaveLength(1)
    expect(indexFaultsOf(poolOf('kraken', 'USD', 'ETH'), withRules(book, rules, 'own'))).toEqual([])
  })
})

describe('the way out of a refusal', () => {
  const AMOUNTS = { USDT: '1000', BTC: '1' }
  const rulesOf = (venue: string, symbol: string, more: object = {}, held = AMOUNTS) => {
    const account = parsedAccount({
      venue,
      collateral: Object.entries(held).map(([asset, amount]) => ({ asset, amount })),
      positions: [{ symbol, marginMode: 'cross', size: '0.5', entryPrice: '60000', leverage: '10' }],
      ...more,
    } as never)
    return accountFaultsOf(account, ruleBookOf(parseVenueId(venue))).map(({ rule }) => rule)
  }
  const LAST = '"separateWallets": true says that it stands behind no other position'

  it.each([
    ['bybit', 'BTCUSDT', '; "pool": {"currency": "USDT"} puts all assets behind all cross positions'],
    ['okx', 'BTC-USDT-SWAP', '; "pool": {"currency": "USDT"} puts all assets behind all cross positions'],
    ['binance', 'BTCUSDT', '; "pool": {"currency": "USDT"} puts all assets behind all cross positions'],
    ['binance', 'BTCUSD_PERP', ', and a "pool" of binance does not hold BTCUSD_PERP'],
  ])('of a further asset at %s beside %s is the pool first, then separate wallets', (venue, symbol, way) => {
    const [rule] = rulesOf(venue, symbol)
    const page = way.startsWith(';') ? ' (docs/accounts.md, Pools)' : ''
    expect(rule).toBe(`no position of the account settles in it${way}${page}; ${LAST}`)
  })

  it('of a further asset at a venue without index prices is not a pool', () => {
    const rules = rulesOf('dydx', 'BTC-USD', {}, { USDC: '1000', BTC: '1' } as never)
    expect(rules).toContain(
      `no position of the account settles in it, and no stream of dydx brings the index prices that a "pool" needs; ${LAST}`,
    )
  })

  const RULES = 'a rules file with collateralRules says it (docs/rules.md, Collateral)'

  it.each([
    ['bybit', 'BTCUSDT', ': plimsoll rules fetch --venue bybit makes one, for --rules'],
    ['okx', 'BTC-USDT-SWAP', ': plimsoll rules fetch --venue okx makes one, for --rules'],
    [
      'binance',
      'BTCUSDT',
      ': plimsoll rules import --venue binance makes one of the body of /fapi/v1/assetIndex, for --rules',
    ],
    ['deribit', 'BTC_USDC-PERPETUAL', ''],
  ])('of an asset without rules in a pool of %s is what makes them', (venue, symbol, made) => {
    const pool = { currency: 'USD', kind: 'multi-asset' }
    const [rule] = rulesOf(venue, symbol, { pool }, { SHIB: '1' } as never)
    expect(rule).toMatch(/does not say how SHIB counts in a pool valued in USD; /)
    expect(rule!.endsWith(`; ${RULES}${made}`), rule).toBe(true)
  })

  it('is no command for spot margin, of which no venue answers it', () => {
    const pool = { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' }
    const [rule] = rulesOf('bybit', 'BTCUSDT', { pool, positions: [] })
    expect(rule!.endsWith(`; ${RULES}`), rule).toBe(true)
  })
})
