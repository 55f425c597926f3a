import { describe, expect, it } from 'vitest'
import { type Account, type InstrumentRules, instrumentRulesSchema } from '../../src/domain/index.ts'
import { levelRule, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { checkInstrument, withoutSymbols, withRules } from '../../src/rules/index.ts'
import { parseVenueId, ruleBookOf, symbolFaultsOf, VENUES } from '../../src/venues/index.ts'
import { isolatedLong } from '../support/accounts.ts'

const rulesOn = (venue: string, symbol: string, day?: string): InstrumentRules | undefined =>
  ruleBookOf(parseVenueId(venue)).rulesOf(symbol, day === undefined ? undefined : Date.parse(day))
const tiersOf = (rules: InstrumentRules | undefined) =>
  (rules!.maintenance as { tiers: { cap: string; maintenanceMarginRate: string; maxLeverage?: string }[] })
    .tiers
const rowsOf = (rules: InstrumentRules | undefined) =>
  tiersOf(rules).map((tier) => [tier.cap, tier.maintenanceMarginRate, tier.maxLeverage].join(' '))

/** Binance has a thousand entries, which tests of its own look at. */
const FEW = VENUES.filter(({ ruleBook }) => [...ruleBook.symbols()].length < 100)

describe.each([...FEW])('every entry of the book of $id', ({ ruleBook, symbol: grammar }) => {
  const entries = [...ruleBook.symbols()].flatMap((symbol) =>
    ruleBook.entriesOf(symbol).map((entry) => ({ symbol, ...entry })),
  )

  it('has rules that a rules file may hold, under a name of the venue', () => {
    expect(entries.length).toBeGreaterThan(0)
    for (const { symbol, rules, source } of entries) {
      expect(rules).toEqual(instrumentRulesSchema.parse(rules))
      expect(() => checkInstrument(symbol, rules!, { firstDeductionZero: true })).not.toThrow()
      expect(source).not.toBe('')
      // Dated futures of one pair share an entry, whose name is not that of a contract.
      if (ruleBook.rulesOf(`${symbol}_261225`) !== rules) expect(symbol).toMatch(grammar)
    }
  })

  it('begins later than the entry before it', () => {
    for (const symbol of ruleBook.symbols()) {
      const times = ruleBook.entriesOf(symbol).map(({ fromMs }) => fromMs)
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
    }
  })

  it('is the same object at every call', () => {
    for (const symbol of ruleBook.symbols()) expect(ruleBook.rulesOf(symbol)).toBe(ruleBook.rulesOf(symbol))
  })
})

describe('a dated contract whose rules follow from its name', () => {
  it.each([
    ['deribit', 'BTC-26FEB27', 'BTC-31FEB27'],
    ['deribit', 'BTC-26FEB27-60000-C', 'BTC-31FEB27-60000-C'],
    ['deribit', 'ETH_USDC-29FEB28', 'ETH_USDC-29FEB27'],
    ['deribit', 'SOL-30APR27', 'SOL-0APR27'],
    ['deribit', 'BTC-25DEC26', 'BTC-25DEZ26'],
    ['kraken', 'FI_XBTUSD_270226', 'FI_XBTUSD_270231'],
    ['kraken', 'FI_ETHUSD_270430', 'FI_ETHUSD_271330'],
    ['binance', 'BTCUSD_270226', 'BTCUSD_270231'],
    ['binance', 'BTCUSD_270625', 'BTCUSD_270600'],
  ])('of %s has rules as %s, and none for a day that does not exist: %s', (venue, held, misspelt) => {
    expect(rulesOn(venue, held)).toBeDefined()
    expect(rulesOn(venue, misspelt)).toBeUndefined()
  })

  it.each([
    ['bybit', 'BTCUSDT-31FEB27'],
    ['coinbase', 'BIP-31FEB30-CDE'],
    ['okx', 'BTC-USDT-270231'],
    ['bitmex', 'XBTZ26'],
  ])('is not held by the books of other venues under any day: %s %s', (venue, symbol) => {
    expect(rulesOn(venue, symbol)).toBeUndefined()
  })
})

describe('figures of the books', () => {
  it('OKX ETH-USDT-SWAP of June 2021 rises by half a percentage point each 12,000 contracts', () => {
    expect(rowsOf(rulesOn('okx', 'ETH-USDT-SWAP', '2021-06-11')).slice(0, 5)).toEqual([
      '3000 0.004 125',
      '6000 0.005 100',
      '12000 0.01 66.66',
      '24000 0.015 50',
      '36000 0.02 40',
    ])
    expect(rulesOn('okx', 'ETH-USDT-SWAP', '2021-06-10')).toBeUndefined()
  })

  it('OKX of 2026 states what is assumed above the first tier, the only one known', () => {
    const rules = rulesOn('okx', 'BTC-USDT-SWAP')!
    expect(rowsOf(rules).slice(0, 2)).toEqual(['1000 0.004 100', '2000 0.009 66.66'])
    expect(rules.assumptions!.at(-1)).toBe(
      'only the tier up to 1000 contracts is known; each further 1000 are taken to ask for 0.5 percentage points more',
    )
  })

  it('BitMEX XBTUSD: the ladder of the page of examples from 2024, other rates in 2021', () => {
    expect(rowsOf(rulesOn('bitmex', 'XBTUSD')).slice(0, 4)).toEqual([
      '200 0.005 100',
      '350 0.01 66.66',
      '500 0.015 50',
      '650 0.02 40',
    ])
    expect(tiersOf(rulesOn('bitmex', 'XBTUSD', '2021-07-22'))[0]).toMatchObject({
      maintenanceMarginRate: '0.0035',
    })
  })

  it('Deribit: rates by coin and day, and options by name', () => {
    expect(rulesOn('deribit', 'BTC-PERPETUAL', '2021-12-31')).toMatchObject({
      maintenance: { kind: 'size-rate', base: '0.00525' },
    })
    expect(rulesOn('deribit', 'BTC-25DEC26')).toMatchObject({
      contribution: 'inverse',
      settlementAsset: 'BTC',
      maintenance: { base: '0.01', increment: '0.00005' },
    })
    expect(rulesOn('deribit', 'SOL_USDC-PERPETUAL')).toMatchObject({
      contribution: 'linear',
      settlementAsset: 'USDC',
      maintenance: { base: '0.02', increment: '0.000005' },
    })
    expect(rulesOn('deribit', 'ETH_USDC-25DEC26-2500d5-P')).toMatchObject({
      contribution: 'option',
      settlementAsset: 'USDC',
      option: { type: 'put', strike: '2500.5', underlying: 'ETH_USDC-25DEC26', pricedIn: 'quote' },
    })
    for (const symbol of ['XRP_USDC-PERPETUAL', 'BTC', 'btc-perpetual', 'BTC-PERPETUAL-1'])
      expect(rulesOn('deribit', symbol)).toBeUndefined()
  })

  it('Kraken: dated futures of a pair share their levels, which are not those of the perpetual', () => {
    expect(rulesOn('kraken', 'FI_XBTUSD_261225')).toBe(rulesOn('kraken', 'FI_XBTUSD_270326'))
    expect(
      tiersOf(rulesOn('kraken', 'PI_XBTUSD')).map(({ maintenanceMarginRate }) => maintenanceMarginRate),
    ).toEqual(['0.01', '0.02', '0.03', '0.05', '0.075', '0.125', '0.15', '0.2'])
    expect(rulesOn('kraken', 'PF_XBTUSD')).toMatchObject({ contribution: 'linear', nettingGroup: 'XBT' })
  })

  it('Hyperliquid: BTC asks for 2.5 % less 1,875,000 above 150 million; DOGE had other leverages each time', () => {
    expect(tiersOf(rulesOn('hyperliquid', 'BTC'))[1]).toMatchObject({
      maintenanceMarginRate: '0.025',
      maintenanceDeduction: '1875000',
    })
    const leverages = ['2023-08-01', '2024-06-01', '2026-08-01'].map(
      (day) => tiersOf(rulesOn('hyperliquid', 'DOGE', day))[0]!.maxLeverage,
    )
    expect(leverages).toEqual(['50', '20', '10'])
  })

  it('CME: contracts of a product share its margins, and the initial margin is 110 % of them', () => {
    expect(rulesOn('cme', 'BTCZ7')).toBe(rulesOn('cme', 'BTC'))
    expect(rulesOn('cme', 'BTC', '2018-01-15')).toMatchObject({
      maintenance: { kind: 'per-contract', amount: '41065' },
      initial: { kind: 'multiple', factor: '11/10', roundUpTo: '1' },
    })
  })

  it('CME: rules given for a product are those of its contracts, and a refusal of it refuses them', () => {
    const book = ruleBookOf(parseVenueId('cme'))
    const own = rulesOn('cme', 'BTC', '2018-01-15')!
    const given = withRules(book, { BTC: own, BTCZ7: rulesOn('cme', 'BTC')! }, 'given')
    expect(given.rulesOf('BTCF8')).toBe(own)
    expect(given.rulesOf('BTCZ7')).toBe(rulesOn('cme', 'BTC'))
    const without = withoutSymbols(book, new Map([['BTC', 'a reason']]))
    expect(without.rulesOf('BTCF8')).toBeUndefined()
  })

  it('Coinbase: the rates of the overnight window, by side', () => {
    expect(rulesOn('coinbase', 'BIP-20DEC30-CDE')).toMatchObject({
      maintenance: { kind: 'side-rates', long: '0.245625', short: '0.306375' },
    })
  })

  it('Coinbase International asks for two thirds of the base rate of its BTC perpetual', () => {
    expect(tiersOf(rulesOn('coinbase', 'BTC-PERP'))[0]).toMatchObject({ maintenanceMarginRate: '1/15' })
  })

  it('dYdX: the initial margin of SOL-USD follows the open interest, that of BTC-USD does not', () => {
    expect(rulesOn('dydx', 'SOL-USD')!.initial).toMatchObject({ lowerCap: '40000000', upperCap: '100000000' })
    expect(rulesOn('dydx', 'BTC-USD')!.initial).toMatchObject({ lowerCap: '0', upperCap: '0' })
  })

  it('Deribit options of SOL say that a unit of size is one coin, where a contract is ten', () => {
    const sentence =
      'a unit of size is one SOL, as amount and size of the interface count; a contract is 10 SOL'
    expect(rulesOn('deribit', 'SOL_USDC-25DEC26-250-C')).toMatchObject({ multiplier: '1' })
    expect(rulesOn('deribit', 'SOL_USDC-25DEC26-250-C')!.assumptions).toContain(sentence)
    expect(rulesOn('deribit', 'BTC-25DEC26-60000-C')!.assumptions).not.toContain(sentence)
  })

  it('Bybit BTCUSD, whose table is of 2023, was asked on the value at entry until July 2025', () => {
    expect(rulesOn('bybit', 'BTCUSD', '2025-06-30')).toMatchObject({ maintenancePrice: 'entry' })
    expect(rulesOn('bybit', 'BTCUSD', '2025-06-30')).not.toHaveProperty('closingFee')
    expect(rulesOn('bybit', 'BTCUSD', '2025-07-01')).not.toHaveProperty('maintenancePrice')
    expect(rulesOn('bybit', 'BTCUSDT', '2025-06-30')).not.toHaveProperty('maintenancePrice')
  })
})

describe.each(VENUES.filter(({ sources }) => sources.length === 0))(
  'an account of $id',
  ({ id, ruleBook }) => {
    it('is refused at import, because no source brings its marks', () => {
      const [symbol] = ruleBook.symbols()
      const account = isolatedLong('a')
      const position = { ...account.positions[0]!, symbol: symbol! }
      expect(symbolFaultsOf({ ...account, venue: id, positions: [position] })).toEqual([
        {
          code: 'SYMBOL_UNKNOWN',
          path: ['positions', 0, 'symbol'],
          rule: `no source of ${id} brings the mark of this contract; plimsoll margin takes marks beside the account`,
        },
      ])
    })
  },
)

it('the inverse futures of Kraken are liquidated where the worked example of the venue says', () => {
  const book = ruleBookOf(parseVenueId('kraken'))
  const account: Account = {
    id: 'epp',
    venue: parseVenueId('kraken'),
    version: 1,
    collateral: [{ asset: 'XBT', amount: '0.01' }],
    positions: [{ symbol: 'PI_XBTUSD', marginMode: 'cross', size: '1000', entryPrice: '8000' }],
    liabilities: [],
  }
  const [marginAccount] = marginAccountsOf(account, book)
  const stateAt = (mark: string) => marginStateOf(marginAccount!, () => mark, levelRule())
  // Document of the Equity Protection Process: liquidation at 1010/0.135.
  expect(stateAt('8000').positions[0]!.liquidationPrice).toMatch(/^7481\.48148148/)
  expect(stateAt('7481').level).toBe('1')
  expect(stateAt('7482').level).not.toBe('1')
})
