import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { LINE_CHARACTERS_MAX, linesOf, openInput } from '../../src/cli/lines.ts'
import { marginCommand, writeMargins } from '../../src/cli/margin.ts'
import { type RuleBook, venueId } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { BYBIT, bookOf, oneTier } from '../margin/support.ts'

const books: Readonly<Record<string, RuleBook>> = {
  bybit: bookOf(BYBIT, { BTCUSDT: oneTier('0.005', '0', { takerFeeRate: '0.00055' }) }),
  binance: bookOf(ruleBookOf(venueId('binance')).defaults, { BTCUSDT: oneTier('0.004') }),
  okx: ruleBookOf(venueId('okx')),
  bitmex: ruleBookOf(venueId('bitmex')),
  deribit: ruleBookOf(venueId('deribit')),
}

const RULES = {
  kind: 'linear',
  multiplier: '1',
  settle: 'USDT',
  takerFeeRate: '0.00055',
  tiers: [{ cap: '2000000', maintenanceMarginRate: '0.005', maintenanceDeduction: '0' }],
}
const POSITION = { symbol: 'BTCUSDT', marginMode: 'isolated', size: '1', entryPrice: '40000', leverage: '50' }
const LINE = { account: { id: 'desk/1', venue: 'bybit', positions: [POSITION] }, marks: { BTCUSDT: '40000' } }

async function run(lines: readonly unknown[], rule = levelRule()) {
  const output = new PassThrough()
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const collected = output.setEncoding('utf8').toArray()
  const refused = await writeMargins(linesOf(Readable.from([Buffer.from(text)])), output, {
    rule,
    bookOf: (venue) => books[venue]!,
    nowMs: Date.UTC(2026, 6, 20, 12),
  })
  output.end()
  const results = (await collected).join('').split('\n').slice(0, -1)
  return { refused, results: results.map((result) => JSON.parse(result)) }
}

async function errorOf(line: unknown) {
  const { refused, results } = await run([line])
  expect(refused).toBe(1)
  return results[0].error
}

/** A short call and a short put of Deribit, priced in coin. */
function optionsLine(
  { marks = {}, exitPrices = {} }: { marks?: object; exitPrices?: object },
  entryPrice = '0.05',
) {
  const held = (symbol: string, price: string) => ({
    symbol,
    marginMode: 'cross',
    size: '-1',
    entryPrice: price,
  })
  const positions = [held('BTC-25DEC26-60000-C', entryPrice), held('BTC-25DEC26-60000-P', '0.05')]
  const account = { id: 'a', venue: 'deribit', collateral: [{ asset: 'BTC', amount: '5' }], positions }
  const known = { 'BTC-25DEC26-60000-C': '0.05', 'BTC-25DEC26-60000-P': '0.05', 'BTC-25DEC26': '60000' }
  return { account, marks: { ...known, ...marks }, exitPrices }
}

describe('plimsoll margin', () => {
  it.each<[string, string[]]>([
    ['nothing', []],
    ['blank lines', ['', '']],
  ])('refuses an input of %s', async (_what, lines) => {
    await expect(run(lines)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'the input holds no account; plimsoll margin --help shows what a line looks like',
    })
  })

  it('refuses balances of a time to come, by field and value', async () => {
    const nowMs = Date.UTC(2026, 6, 20, 12)
    const at = (asOfMs: number) => ({ ...LINE, account: { ...LINE.account, asOfMs } })
    expect(await errorOf(at(nowMs + 60_001))).toEqual({
      code: 'ACCOUNT_INVALID',
      path: 'account.asOfMs',
      message: `asOfMs is ${nowMs + 60_001}: must be at most 60 s after the present time, ${nowMs}: no payment before it would be charged`,
    })
    expect((await run([at(nowMs + 60_000)])).refused).toBe(0)
  })

  it('refuses a value that no venue states, by field and value', async () => {
    const positions = [{ ...POSITION, marginMode: 'isolated', isolatedMargin: '-5' }]
    expect(await errorOf({ ...LINE, account: { ...LINE.account, positions } })).toEqual({
      code: 'ACCOUNT_INVALID',
      path: 'account.positions[0].isolatedMargin',
      message:
        'positions[0].isolatedMargin is "-5": must be 0 or more: test keeps no margin below 0 for a position',
    })
  })

  it('refuses a contract that had expired at the stated time, by name and day, and answers for a time before', async () => {
    const position = { symbol: 'BTC-27DEC24-60000-C', marginMode: 'cross', size: '-1', entryPrice: '0.05' }
    const account = {
      id: 'a',
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount: '1' }],
      positions: [position],
    }
    const line = { account, marks: { 'BTC-27DEC24-60000-C': '0.05' } }
    const asOfMs = Date.UTC(2024, 11, 27, 8)
    expect(await errorOf({ ...line, account: { ...account, asOfMs } })).toEqual({
      code: 'CONTRACT_EXPIRED',
      path: 'account.positions[0].symbol',
      message:
        'positions[0].symbol is "BTC-27DEC24-60000-C": must be a contract that has not expired; this one did on 2024-12-27, 08:00 UTC; asOfMs of a time before asks for the state of then',
    })
    const { refused, results } = await run([{ ...line, account: { ...account, asOfMs: asOfMs - 1 } }, line])
    expect(refused).toBe(0)
    const [before, undated] = results.map((result) => result.marginAccounts[0])
    const said = expect.stringContaining('BTC-27DEC24-60000-C expired on 2024-12-27, 08:00 UTC')
    expect(before).toMatchObject({ verdict: 'safe', assumptions: expect.not.arrayContaining([said]) })
    expect(undated).toMatchObject({ verdict: 'safe', assumptions: expect.arrayContaining([said]) })
  })

  // Of inverse options 1 is a whole coin, and a put at its strike of 60,000 is worth 60,000/U.
  it.each([
    [
      'the mark of a call',
      { marks: { 'BTC-25DEC26-60000-C': '3000' } },
      'marks.BTC-25DEC26-60000-C',
      'marks.BTC-25DEC26-60000-C is "3000": must be at most 1, since a call is worth at most its coin: this option is priced in BTC, not in dollars',
    ],
    [
      'the mark of a put',
      { marks: { 'BTC-25DEC26-60000-P': '1.000001' } },
      'marks.BTC-25DEC26-60000-P',
      'marks.BTC-25DEC26-60000-P is "1.000001": times 60000 of BTC-25DEC26 must be at most the strike of 60000, since a put is worth no more: this option is priced in BTC, not in dollars',
    ],
    [
      'the exit price of a call',
      { exitPrices: { 'BTC-25DEC26-60000-C': '1.0001' } },
      'exitPrices.BTC-25DEC26-60000-C',
      'exitPrices.BTC-25DEC26-60000-C is "1.0001": must be at most 1, since a call is worth at most its coin: this option is priced in BTC, not in dollars',
    ],
  ])('refuses a price in dollars of an option that is priced in coin: %s', async (_, more, path, message) => {
    expect(await errorOf(optionsLine(more))).toEqual({ code: 'MARK_INVALID', path, message })
  })

  it('refuses an entry price in dollars of a call that is priced in coin', async () => {
    expect(await errorOf(optionsLine({}, '3000'))).toMatchObject({
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'account.positions[0].entryPrice',
      message: expect.stringContaining('this option is priced in BTC, not in dollars'),
    })
  })

  it('takes a call at its whole coin, and a put above it while its underlying is below the strike', async () => {
    const marks = { 'BTC-25DEC26-60000-C': '1', 'BTC-25DEC26-60000-P': '3', 'BTC-25DEC26': '20000' }
    expect((await run([optionsLine({ marks }, '1')])).refused).toBe(0)
    expect((await run([optionsLine({ exitPrices: { 'BTC-25DEC26-60000-P': '3' } })])).refused).toBe(0)
  })

  it('refuses rules, and those of an asset, that were seen more than a day after the present time', async () => {
    const table = {
      kind: 'linear',
      settle: 'USDT',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
    }
    const rules = (asOf: string) => ({ ...LINE, rules: { BTCUSDT: { ...table, asOf } } })
    expect(await errorOf(rules('2026-07-22'))).toEqual({
      code: 'RULES_INVALID',
      path: 'rules.BTCUSDT.asOf',
      message:
        'asOf is "2026-07-22": must be at most 1 day after the present day, 2026-07-20: the venue was seen to state the rules on it',
    })
    expect((await run([rules('2026-07-21')])).refused).toBe(0)
    const collateralRules = { BTC: { tiers: [{ cap: '1', ratio: '1' }], asOf: '2099-01-01' } }
    expect(await errorOf({ ...LINE, collateralRules })).toMatchObject({
      code: 'RULES_INVALID',
      path: 'collateralRules.BTC.asOf',
    })
  })

  it('refuses a funding rate of more than half of the value, on either side', async () => {
    const at = (rate: string) => ({ ...LINE, fundingRates: { BTCUSDT: rate } })
    for (const rate of ['2', '-0.500000000000000001', '0.51']) {
      expect(await errorOf(at(rate))).toEqual({
        code: 'INPUT_INVALID',
        path: 'fundingRates.BTCUSDT',
        message: `fundingRates.BTCUSDT is "${rate}": a fraction of at most 0.5, above or below zero, is expected`,
      })
    }
    expect((await run([at('0.5'), at('-0.5')])).refused).toBe(0)
  })

  it.each(['exitPrices', 'fundingRates'])('refuses %s of a symbol that no position has', async (field) => {
    expect(await errorOf({ ...LINE, [field]: { BTCUSDT: '0.1', BTCUSD: '0.1' } })).toEqual({
      code: 'INPUT_INVALID',
      path: `${field}.BTCUSD`,
      message: `${field}.BTCUSD: no position of the account has that symbol`,
    })
  })

  it('names among the assumptions what the levels of an account suppose of a short option', async () => {
    const call = { symbol: 'BTC-25DEC26-50000-C', marginMode: 'cross', size: '-1', entryPrice: '0.05' }
    const account = {
      id: 'desk/1',
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount: '1' }],
      positions: [call],
    }
    const marks = { 'BTC-25DEC26-50000-C': '0.05', 'BTC-25DEC26': '50000' }
    const { results } = await run([
      { account, marks },
      { account: { ...account, levels: ['0.8'] }, marks },
    ])
    const supposed = results.map(({ marginAccounts: [{ assumptions }] }) =>
      assumptions.some((text: string) => text.startsWith('a level by distance')),
    )
    expect(supposed).toEqual([true, false])
  })

  it('gives one line for one line, in order, bad ones in their place, blank ones skipped', async () => {
    const second = { ...LINE, account: { ...LINE.account, id: 'desk/2', venue: 'binance-usdm' } }
    const { refused, results } = await run([LINE, '', '{', second, '  '])
    expect(refused).toBe(1)
    expect(results).toHaveLength(3)
    expect(results[0]).toMatchObject({
      account: 'desk/1',
      marginAccounts: [{ id: 'desk/1:isolated:BTCUSDT:long' }],
    })
    expect(results[0].marginAccounts[0].positions[0].maintenanceMargin).toBe('221.56')
    expect(results[1].error).toMatchObject({ code: 'INPUT_INVALID', path: '' })
    expect(results[2].marginAccounts[0].positions[0].maintenanceMargin).toBe('160')
  })

  it('names the prices without which there is no verdict', async () => {
    const inXbt = {
      id: 'desk/2',
      venue: 'bitmex',
      collateral: [{ asset: 'XBT', amount: '1' }],
      positions: [{ symbol: 'XBTUSD', marginMode: 'cross', size: '100', entryPrice: '40000' }],
    }
    const pool = {
      id: 'desk/3',
      venue: 'binance',
      pool: { currency: 'USDT' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '1' }],
    }
    const collateralRules = { BTC: { tiers: [{ cap: '10', ratio: '0.95' }] } }
    const { results } = await run([
      LINE,
      { ...LINE, marks: { BTCUSD: '40000' } },
      { account: inXbt, marks: { XBTUSD: '40000' } },
      { account: pool, marks: {}, collateralRules },
    ])
    expect(results.map(({ marginAccounts }) => marginAccounts[0].missing)).toEqual([
      [],
      [{ kind: 'mark', venue: 'bybit', name: 'BTCUSDT' }],
      [{ kind: 'funding rate', venue: 'bitmex', name: 'XBTUSD' }],
      [{ kind: 'index price', venue: 'binance', name: 'BTC' }],
    ])
    expect(results[1].marginAccounts[0].verdict).toBe('unknown')
  })

  it('refuses an index price of an asset that neither the account nor the rule book has', async () => {
    const account = {
      id: 'desk/5',
      venue: 'binance',
      pool: { currency: 'USDT', kind: 'multi-asset' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'NEW', amount: '1' }],
    }
    const assetRules = { tiers: [{ cap: '10', ratio: '1' }], liabilityMaintenanceRate: '0' }
    const line = {
      account,
      marks: {},
      collateralRules: { BTC: assetRules, NEW: assetRules, OTHER: assetRules },
    }
    // A list of the whole market states OTHER too, which the account does not have.
    const indexPrices = { BTC: '30000', NEW: '2', OTHER: '1', USDT: '1' }
    const { results } = await run([
      { ...line, indexPrices },
      { ...line, indexPrices: { ...indexPrices, BTCC: '30000' } },
      { ...LINE, indexPrices: { XBT: '30000' } },
    ])
    expect(results[0].marginAccounts[0].missing).toEqual([])
    const error = (name: string) => ({
      code: 'INPUT_INVALID',
      path: `indexPrices.${name}`,
      message: `indexPrices.${name}: neither the account nor the collateral rules of its venue have an asset of that name`,
    })
    expect([results[1].error, results[2].error]).toEqual([error('BTCC'), error('XBT')])
  })

  it('states the interest of the next full hour, and the way to the line after it', async () => {
    const account = {
      id: 'desk/4',
      venue: 'binance',
      asOfMs: 1_778_400_000_000,
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '27000', hourlyInterestRate: '0.00001' }],
    }
    const collateralRules = { BTC: { tiers: [{ cap: '10', ratio: '1' }] } }
    const { results } = await run([
      { account, marks: {}, indexPrices: { BTC: '30000' }, collateralRules },
      LINE,
    ])
    const [own] = results[0].marginAccounts
    // 1.05 · 27,000.27 = 28,350.2835, 1,649.7165 below 30,000.
    expect(own.interest).toMatchObject({
      nextTimeMs: 1_778_403_600_000,
      debts: [{ asset: 'USDT', interest: '0.27' }],
      after: {
        distance: '0.05499055',
        liquidationPrices: {},
        ifOnly: [{ coin: 'BTC', change: '-0.05499055' }],
      },
    })
    expect(own).toMatchObject({
      distance: '0.055',
      assumptions: ['the debt in USDT states no principal, so interest is charged on all of it'],
    })
    expect(results[1].marginAccounts[0].interest).toBe(null)
  })

  it('states the next rollover of a position on spot margin, and the way to the line after it', async () => {
    const account = {
      id: 'desk/5',
      venue: 'binance',
      asOfMs: 1_778_400_000_000,
      collateral: [{ asset: 'USD', amount: '5000' }],
      positions: [
        {
          symbol: 'XBTUSD',
          marginMode: 'cross',
          size: '0.2',
          entryPrice: '50000',
          leverage: '5',
          fourHourlyRolloverRate: '0.0001',
          rolloverTimeMs: 1_778_407_140_000,
        },
      ],
    }
    const rules = {
      XBTUSD: {
        contribution: 'linear',
        settlementAsset: 'USD',
        maintenance: { kind: 'used-margin', share: '0.4' },
        closingFee: 'none',
        liquidation: 'reached',
      },
    }
    const { results } = await run([{ account, marks: { XBTUSD: '50000' }, rules }, LINE])
    const [own] = results[0].marginAccounts
    // 0.2 · (50,000 − P) = 5,000 − 1 − 800 at P = 29,005.
    expect(own).toMatchObject({
      walletBalance: '5000',
      distance: '0.42',
      rollover: {
        nextTimeMs: 1_778_407_140_000,
        positions: [{ symbol: 'XBTUSD', size: '0.2', asset: 'USD', fee: '1' }],
        after: { distance: '0.4199', liquidationPrices: { XBTUSD: { below: '29005', above: null } } },
      },
      assumptions: ['the rollover fee of a position in XBTUSD is charged on its value at entry, in USD'],
    })
    expect(results[1].marginAccounts[0].rollover).toBe(null)
  })

  it('takes rules from the line before those of the venue, for symbols the venue does not know too', async () => {
    const tiers = [{ ...RULES.tiers[0], maintenanceMarginRate: '0.01' }]
    const line = {
      account: { ...LINE.account, positions: [POSITION, { ...POSITION, symbol: 'NEWUSDT' }] },
      marks: { BTCUSDT: '40000', NEWUSDT: '40000' },
      rules: { BTCUSDT: { ...RULES, tiers }, NEWUSDT: RULES },
    }
    const { results } = await run([line])
    const maintenance = results[0].marginAccounts.map(
      (entry: { maintenanceMargin: string }) => entry.maintenanceMargin,
    )
    expect(maintenance).toEqual(['421.56', '221.56'])
  })

  it('takes symbols of any script, and keeps the parts of an id apart', async () => {
    const symbols = ['币安人生USDT', 'kPEPE', 'xyz:TSLA', 'XBT/USD']
    const line = {
      account: {
        id: 'desk:1',
        venue: 'bybit',
        collateral: [{ asset: 'USDT', amount: '0' }],
        positions: symbols.map((symbol, index) => ({
          ...POSITION,
          symbol,
          marginMode: index === 0 ? 'cross' : 'isolated',
        })),
      },
      marks: Object.fromEntries(symbols.map((symbol) => [symbol, '40000'])),
      rules: Object.fromEntries(symbols.map((symbol) => [symbol, RULES])),
    }
    const { results } = await run([line])
    expect(results[0].marginAccounts.map(({ id }: { id: string }) => id)).toEqual([
      'desk%3A1:cross:USDT',
      'desk%3A1:isolated:kPEPE:long',
      'desk%3A1:isolated:xyz%3ATSLA:long',
      'desk%3A1:isolated:XBT/USD:long',
    ])
  })

  it('states the rule book of each margin account and the age of its oldest rules, null if they have no day', async () => {
    const ruled = (rules: object) => ({ ...LINE, rules: { BTCUSDT: { ...RULES, ...rules } } })
    const { results } = await run([LINE, ruled({ asOf: '2026-07-02' }), ruled({ asOf: '2026-07-21' })])
    const said = results.map(({ marginAccounts: [{ ruleBook, ruleAgeDays }] }) => [ruleBook, ruleAgeDays])
    expect(said).toEqual([
      ['test-1', null],
      ['test-1+rules', 18],
      ['test-1+rules', 0],
    ])
  })

  it('prints the ratio and the liquidation price of the venue', async () => {
    const stated = { ...RULES, takerFeeRate: '0', closingFee: 'none', tickSize: '0.5' }
    const account = { ...LINE.account, venue: 'okx', positions: [{ ...POSITION, isolatedMargin: '800.3' }] }
    const { results } = await run([{ ...LINE, account, rules: { BTCUSDT: stated } }])
    const { liquidationPrice } = results[0].marginAccounts[0].positions[0]
    // The line is at (40,000 − 800.3)/0.995.
    expect(liquidationPrice).toMatch(/^39396\.68/)
    expect(results[0].marginAccounts[0]).toMatchObject({
      venueMarginRatio: '4.0015',
      positions: [{ venueLiquidationPrice: liquidationPrice.replace('39396.6', '39397.1') }],
    })
  })

  it('prints the price of the venue by the ticks of its own book', async () => {
    const position = { ...POSITION, size: '100', leverage: '10', entryPrice: '60000' }
    const line = (venue: string, symbol: string) => ({
      account: { id: 'a', venue, positions: [{ ...position, symbol }] },
      marks: { [symbol]: '60000' },
      fundingRates: { [symbol]: '0' },
    })
    const { results } = await run([line('okx', 'BTC-USDT-SWAP'), line('bitmex', 'XBTUSD')])
    const [okx, bitmex] = results.map(({ marginAccounts: [{ positions }] }) => positions[0])
    expect(Number(okx.venueLiquidationPrice) - Number(okx.liquidationPrice)).toBeCloseTo(0.1, 9)
    expect(Number(bitmex.venueLiquidationPrice)).toBe(Math.ceil(Number(bitmex.liquidationPrice) * 2) / 2)
  })

  it('prints the next funding of a position whose rate the line states', async () => {
    const { results } = await run([{ ...LINE, fundingRates: { BTCUSDT: '0.0001' } }, LINE])
    const fundings = results.map(({ marginAccounts: [{ positions }] }) => positions[0].funding)
    expect(fundings).toEqual([{ payment: '-4', liquidationPriceAfter: expect.stringMatching(/^39/) }, null])
  })

  it('prints what the insurance fund pays at the exit prices of the line, and the part that the venue closes first', async () => {
    const tiers = [
      { cap: '10000', maintenanceMarginRate: '0.005', maintenanceDeduction: '0' },
      { cap: '2000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '50' },
    ]
    const account = {
      ...LINE.account,
      venue: 'binance',
      positions: [{ ...POSITION, isolatedMargin: '800' }],
    }
    const line = { ...LINE, account, rules: { BTCUSDT: { ...RULES, takerFeeRate: '0.001', tiers } } }
    const { results } = await run([{ ...line, exitPrices: { BTCUSDT: '39000' } }, line])
    const said = results.map(({ marginAccounts: [{ shortfallAtExit, positions }] }) => [
      shortfallAtExit,
      positions[0].nextTierReduction,
    ])
    expect(said).toEqual([
      ['239', '0.75'],
      [null, '0.75'],
    ])
    expect(await errorOf({ ...LINE, exitPrices: { BTCUSDT: '0' } })).toMatchObject({
      code: 'MARK_INVALID',
      path: 'exitPrices.BTCUSDT',
    })
  })

  // Deribit, "Fees": 0.0003 BTC a contract; of USDC options 0.0005 · index price; both at most 12.5 % of the option's price.
  it.each([
    ['BTC', '0.1', '-10', 'BTC-25DEC26-60000-C', '0.01', '0.003'],
    ['BTC', '0.1', '-1', 'BTC-25DEC26-60000-C', '0.2', '0.1003'],
    ['BTC', '0', '-1', 'BTC-25DEC26-60000-C', '0.0001', '0.0001125'],
    ['USDC', '1000', '-1', 'BTC_USDC-25DEC26-60000-P', '3000', '2029.5'],
  ])(
    'charges the exit of Deribit options as the venue: %s %s, %s of %s at %s leaves a shortfall of %s',
    async (asset, amount, size, symbol, exitPrice, shortfall) => {
      const account = {
        id: 'o/1',
        venue: 'deribit',
        collateral: [{ asset, amount }],
        positions: [{ symbol, marginMode: 'cross', size, entryPrice: exitPrice }],
      }
      const underlying = symbol.split('-').slice(0, 2).join('-')
      const marks = { [symbol]: exitPrice, [underlying]: '59000' }
      const { results } = await run([{ account, marks, exitPrices: { [symbol]: exitPrice } }])
      expect(results[0].marginAccounts[0].shortfallAtExit).toBe(shortfall)
    },
  )

  it('takes the exit price of the underlying of an option, which no position has', async () => {
    const [option, underlying] = ['BTC_USDC-25DEC26-60000-P', 'BTC_USDC-25DEC26']
    const account = {
      id: 'o/1',
      venue: 'deribit',
      collateral: [{ asset: 'USDC', amount: '1000' }],
      positions: [{ symbol: option, marginMode: 'cross', size: '-1', entryPrice: '3000' }],
    }
    const marks = { [option]: '3000', [underlying]: '59000' }
    const exitPrices = { [option]: '3000', [underlying]: '58000' }
    const { results } = await run([{ account, marks, exitPrices }])
    // 1,000 − 3,000 − 0.0005 · 58,000
    expect(results[0].marginAccounts[0].shortfallAtExit).toBe('2029')
  })

  it('judges a short option in coin without the mark of its underlying, and names what its initial margin lacks', async () => {
    const line = optionsLine({})
    const marks = { 'BTC-25DEC26-60000-C': '0.05', 'BTC-25DEC26-60000-P': '0.05' }
    const { results } = await run([{ ...line, marks }])
    expect(results[0].marginAccounts[0]).toMatchObject({
      verdict: 'safe',
      maintenanceMargin: '0.25',
      positions: [{ initialMargin: null }, { initialMargin: null }],
      missing: [{ kind: 'mark', venue: 'deribit', name: 'BTC-25DEC26', leavesOpen: 'initialMargin' }],
    })
    const known = await run([line])
    expect(known.results[0].marginAccounts[0]).toMatchObject({
      maintenanceMargin: '0.25',
      positions: [{ initialMargin: '0.2' }, { initialMargin: '0.2' }],
      missing: [],
    })
  })

  it('leaves a short option in the quote currency unknown without the mark of its underlying', async () => {
    const symbol = 'BTC_USDC-25DEC26-60000-P'
    const account = {
      id: 'o/1',
      venue: 'deribit',
      collateral: [{ asset: 'USDC', amount: '9000' }],
      positions: [{ symbol, marginMode: 'cross', size: '-1', entryPrice: '3000' }],
    }
    const { results } = await run([{ account, marks: { [symbol]: '3000' } }])
    expect(results[0].marginAccounts[0]).toMatchObject({
      verdict: 'unknown',
      missing: [{ kind: 'mark', venue: 'deribit', name: 'BTC_USDC-25DEC26' }],
    })
  })

  it('leaves an account without the mark of a position unknown', async () => {
    const { refused, results } = await run([{ ...LINE, marks: {} }])
    expect(refused).toBe(0)
    expect(results[0].marginAccounts[0]).toMatchObject({ verdict: 'unknown', marginRatio: null })
  })

  it('judges by the levels that it is given', async () => {
    const near = { ...LINE, marks: { BTCUSDT: '39600' } }
    const verdicts = []
    for (const levels of [['0.5'], ['0.6']]) {
      const { results } = await run([near], levelRule(levels))
      verdicts.push(results[0].marginAccounts[0].verdict)
    }
    expect(verdicts).toEqual(['warning', 'safe'])
  })

  it('judges an account with levels of its own by them', async () => {
    const own = (levels: readonly string[]) => ({
      account: { ...LINE.account, levels },
      marks: { BTCUSDT: '39600' },
    })
    const { results } = await run([own(['0.6']), own(['20%', '3%']), own([])], levelRule(['0.5']))
    const judged = results.map(({ marginAccounts: [{ verdict, level }] }) => [verdict, level])
    expect(judged).toEqual([
      ['safe', null],
      ['warning', '3%'],
      ['safe', null],
    ])
  })

  it.each<[string, unknown, object]>([
    [
      'no JSON',
      'account',
      { code: 'INPUT_INVALID', path: '', message: expect.stringContaining('the line is no JSON') },
    ],
    [
      'a name given twice',
      JSON.stringify(LINE).replace('"size":', '"size":"7","size":'),
      {
        code: 'INPUT_INVALID',
        path: 'account.positions[0].size',
        message: 'account.positions[0].size must not be given twice',
      },
    ],
    [
      'an unknown field by the name of the prototype',
      JSON.stringify(LINE).replace('"positions":', '"__proto__":{},"positions":'),
      { code: 'INPUT_INVALID', path: 'account.__proto__' },
    ],
    [
      'nesting so deep that it cannot be printed',
      `{"account":${'['.repeat(20_000)}${']'.repeat(20_000)},"marks":{}}`,
      { code: 'INPUT_INVALID', message: expect.stringContaining('must not be nested deeper') },
    ],
    [
      'more characters than a line may have',
      `${JSON.stringify(LINE)}${' '.repeat(LINE_CHARACTERS_MAX)}x`,
      { code: 'INPUT_INVALID', path: '', message: 'the line is longer than 16777216 characters' },
    ],
    ['a list', '[]', { code: 'INPUT_INVALID', path: '' }],
    [
      'no marks',
      { account: LINE.account },
      { code: 'INPUT_INVALID', path: 'marks', message: expect.stringContaining('marks is missing') },
    ],
    [
      'an unknown field',
      { ...LINE, mark: {} },
      { code: 'INPUT_INVALID', path: 'mark', message: 'mark is {}: unknown field' },
    ],
    [
      'a size that is no decimal',
      { ...LINE, account: { ...LINE.account, positions: [{ ...POSITION, size: '1e3' }] } },
      {
        code: 'ACCOUNT_INVALID',
        path: 'account.positions[0].size',
        message: expect.stringContaining('account.positions[0].size is "1e3": must be a decimal string'),
      },
    ],
    [
      'an unknown venue',
      { ...LINE, account: { ...LINE.account, venue: 'mtgox' } },
      { code: 'ACCOUNT_INVALID', path: 'account.venue' },
    ],
    [
      'an unknown account field',
      { ...LINE, account: { ...LINE.account, owner: 'me' } },
      { code: 'ACCOUNT_INVALID', path: 'account.owner', message: 'account.owner is "me": unknown field' },
    ],
    [
      'an unknown symbol',
      { ...LINE, account: { ...LINE.account, positions: [POSITION, { ...POSITION, symbol: 'FOOUSDT' }] } },
      {
        code: 'SYMBOL_UNKNOWN',
        path: 'account.positions[1].symbol',
        message: expect.stringContaining('is "FOOUSDT": rule book test-1 of bybit does not hold it'),
      },
    ],
    [
      'a number where a decimal must stand, as the number that it is, with every other fault of the account',
      {
        ...LINE,
        account: {
          ...LINE.account,
          positions: [{ ...POSITION, size: 0.5 }],
          collateral: [{ asset: 'usdt' }],
        },
      },
      {
        code: 'ACCOUNT_INVALID',
        path: 'account.collateral[0].asset',
        message: expect.stringMatching(
          /account\.positions\[0\]\.size is 0\.5: decimals are strings: it must stand in quotes$/,
        ),
      },
    ],
    [
      'collateral that would count as nothing',
      {
        ...LINE,
        account: {
          ...LINE.account,
          collateral: [{ asset: 'BTC', amount: '1' }],
          positions: [{ ...POSITION, marginMode: 'cross' }],
        },
      },
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: 'account.collateral',
        message: expect.stringContaining('must hold an entry for USDT'),
      },
    ],
    [
      'rules of another shape',
      { ...LINE, rules: { BTCUSDT: { ...RULES, kind: 'quanto' } } },
      { code: 'RULES_INVALID', path: 'rules.BTCUSDT.kind' },
    ],
    [
      'rules of a symbol that is none',
      { ...LINE, rules: { 'BTC USDT': RULES } },
      {
        code: 'RULES_INVALID',
        path: 'rules.BTC USDT',
        message: expect.stringContaining('its name must be a venue symbol'),
      },
    ],
    [
      'rules with several faults, all named',
      { ...LINE, rules: { BTCUSDT: { ...RULES, asOf: '2026-02-30', tiers: [] } } },
      {
        code: 'RULES_INVALID',
        path: 'rules.BTCUSDT.asOf',
        message:
          'rules.BTCUSDT.asOf is "2026-02-30": must be a day such as 2026-07-02; rules.BTCUSDT.tiers is []: must hold at least one tier',
      },
    ],
    [
      'rules that break the recurrence',
      {
        ...LINE,
        rules: {
          BTCUSDT: {
            ...RULES,
            tiers: [
              ...RULES.tiers,
              { cap: '3000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '9999' },
            ],
          },
        },
      },
      {
        code: 'RULES_INVALID',
        path: 'rules.BTCUSDT.tiers[1].maintenanceDeduction',
        message: expect.stringContaining('of BTCUSDT is 9999, the recurrence'),
      },
    ],
    [
      'rules in the full form that break it, by the path of that form',
      {
        ...LINE,
        rules: {
          BTCUSDT: {
            contribution: 'linear',
            settlementAsset: 'USDT',
            maintenance: {
              kind: 'marginal-tiers',
              basis: 'notional',
              tiers: [
                ...RULES.tiers,
                { cap: '3000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '9999' },
              ],
            },
          },
        },
      },
      { code: 'RULES_INVALID', path: 'rules.BTCUSDT.maintenance.tiers[1].maintenanceDeduction' },
    ],
    [
      'a part of a table that asks for less than nothing of the notional',
      {
        ...LINE,
        rules: {
          BTCUSDT: {
            ...RULES,
            tiers: [{ cap: '3000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '9999' }],
          },
        },
      },
      {
        code: 'RULES_INVALID',
        path: 'rules.BTCUSDT.tiers',
        message: expect.stringContaining('the tiers must hold the notional'),
      },
    ],
    [
      'a collateral of which more counts better',
      {
        ...LINE,
        collateralRules: {
          BTC: {
            tiers: [
              { cap: '1', ratio: '0.5' },
              { cap: '2', ratio: '0.9' },
            ],
          },
        },
      },
      { code: 'RULES_INVALID', path: 'collateralRules.BTC.tiers[1].ratio' },
    ],
    [
      'rules that contradict themselves',
      {
        ...LINE,
        rules: {
          BTCUSDT: {
            contribution: 'linear',
            settlementAsset: 'USDT',
            maintenance: { kind: 'side-rates', long: '10', short: '0.1' },
          },
        },
      },
      {
        code: 'RULES_INVALID',
        path: 'rules.BTCUSDT.maintenance.long',
        message: 'maintenance.long of BTCUSDT is 10, a fraction of at most 1 is expected',
      },
    ],
  ])('refuses %s, naming place, value and rule', async (_, line, error) => {
    expect(await errorOf(line)).toMatchObject(error)
  })

  it.each(['', '0', '0.00', '-1', 'NaN', '1e3', '1e999', ' 1', 'Infinity', 40000, null, {}])(
    'refuses %j as a mark',
    async (markPrice) => {
      expect(await errorOf({ ...LINE, marks: { BTCUSDT: markPrice } })).toMatchObject({
        code: 'MARK_INVALID',
        path: 'marks.BTCUSDT',
        message: expect.stringContaining(`marks.BTCUSDT is ${JSON.stringify(markPrice)}: a price is`),
      })
    },
  )

  it('cuts a long value in a message', async () => {
    const { message } = await errorOf({ ...LINE, marks: { BTCUSDT: '9'.repeat(5_000) } })
    expect(message.length).toBeLessThan(200)
  })
})

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-margin-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['a missing file', [join(folder, 'missing.jsonl')], { code: 'USAGE' }],
    ['a folder', [folder], { code: 'USAGE' }],
    [
      'levels that do not rise',
      [join(folder, 'x'), '--levels', '0.9,0.5'],
      {
        code: 'CONFIGURATION',
        message: expect.stringContaining('--levels (PLIMSOLL_LEVELS): levels[1] is 0.5, levels must rise'),
      },
    ],
    [
      'a negative hysteresis',
      [join(folder, 'x'), '--hysteresis', '-1'],
      {
        code: 'CONFIGURATION',
        message: expect.stringContaining('--hysteresis (PLIMSOLL_HYSTERESIS): hysteresis is -1'),
      },
    ],
  ])('refuses %s', async (_, args, fault) => {
    await expect(marginCommand().exitOverride().parseAsync(args, { from: 'user' })).rejects.toMatchObject(
      fault,
    )
  })

  it('reads a file whose last line has no end and whose lines end in CR LF', async () => {
    const file = join(folder, 'lines.jsonl')
    writeFileSync(file, 'one\r\ntwo')
    const lines = []
    for await (const line of linesOf(await openInput(file))) lines.push(line.text)
    expect(lines).toEqual(['one', 'two'])
  })
})
