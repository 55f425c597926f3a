import { describe, expect, it } from 'vitest'
import type { CollateralRules, RuleBook } from '../../src/domain/index.ts'
import { collateralRulesSchema } from '../../src/domain/index.ts'
import {
  accountFaultsOf,
  answersOf,
  checkCollateral,
  type FurtherPrices,
  levelRule,
  marginAccountOf,
  marginAccountsOf,
  marginStateOf,
} from '../../src/margin/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { okx } from '../../src/venues/okx.ts'
import { parsedAccount } from '../support/accounts.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { BINANCE, bookOf, oneTier } from './support.ts'

const AS_IT_IS = { tiers: [{ cap: '999999999', ratio: '1' }] }
const FREE_DEBT = { ...AS_IT_IS, liabilityMaintenanceRate: '0' }

function bookWith(collateral: Record<string, object>, rules: Parameters<typeof bookOf>[1] = {}): RuleBook {
  const own = new Map<string, CollateralRules>(
    Object.entries(collateral).map(([asset, stated]) => [asset, collateralRulesSchema.parse(stated)]),
  )
  return { ...bookOf(BINANCE, rules), collateralOf: (asset) => own.get(asset) }
}

function stateOf(
  account: object,
  book: RuleBook,
  indexPrices: Record<string, string>,
  marks: Record<string, string> = {},
) {
  const [pool] = marginAccountsOf(parsedAccount({ venue: 'binance', positions: [], ...account }), book)
  const further: FurtherPrices = { indexPriceOf: (asset) => indexPrices[asset] }
  const markOf = (symbol: string) => marks[symbol]
  return {
    ...marginStateOf(pool!, markOf, RATIO_RULE, further),
    ...answersOf(pool!, markOf, further),
  }
}

// spot-margin.md B5: own 3,000, loan 27,000 USDT, 1 BTC bought at 30,000; the tier liquidates at a level of 1.05.
const ISOLATED = {
  pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
  collateral: [{ asset: 'BTC', amount: '1' }],
  liabilities: [{ asset: 'USDT', amount: '27000' }],
}

describe('spot margin', () => {
  const book = bookWith({ BTC: AS_IT_IS })

  it('is liquidated where assets over debts come to the level (Binance isolated, 10x tier 1)', () => {
    const state = stateOf(ISOLATED, book, { BTC: '30000' })
    expect(state).toMatchObject({ verdict: 'warning', marginBalance: '30000', maintenanceMargin: '28350' })
    expect(state.ifOnly).toEqual([{ coin: 'BTC', change: '-0.055', prices: {} }])
    expect(stateOf(ISOLATED, book, { BTC: '28350' })).toMatchObject({ verdict: 'breach', distance: '0' })
    expect(stateOf(ISOLATED, book, { BTC: '28350.00000001' })).toMatchObject({ verdict: 'warning' })
  })

  it('moves with interest alone: 100 USDT of it put the line at 28,455', () => {
    const owed = { ...ISOLATED, liabilities: [{ asset: 'USDT', amount: '27100' }] }
    expect(stateOf(owed, book, { BTC: '28455' }).verdict).toBe('breach')
    expect(stateOf(owed, book, { BTC: '28455.00000001' }).verdict).toBe('warning')
  })

  it('of a short owes the coin: the line is where its price comes to assets over level and debt', () => {
    const short = {
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
      collateral: [{ asset: 'USDT', amount: '66000' }],
      liabilities: [{ asset: 'BTC', amount: '1' }],
    }
    expect(stateOf(short, book, { BTC: '50000' }).ifOnly).toEqual([
      { coin: 'BTC', change: '0.2', prices: {} },
    ])
    expect(stateOf(short, book, { BTC: '60000' }).verdict).toBe('breach')
  })

  it('is unknown without an index price, and its figures are null, not 0', () => {
    expect(stateOf(ISOLATED, book, {})).toMatchObject({
      verdict: 'unknown',
      walletBalance: null,
      marginBalance: null,
      distance: null,
      ifOnly: null,
    })
  })
})

describe('a pool over several currencies', () => {
  const LONG = { symbol: 'BTCUSDT', marginMode: 'cross', size: '1', entryPrice: '60000' }
  const rules = { BTCUSDT: oneTier('0.005') }
  const multi = (more: object) => ({ pool: { currency: 'USD' }, positions: [LONG], ...more })

  it('weighs each tier of an asset with its own ratio', () => {
    const tiers = [
      { cap: '10', ratio: '1' },
      { cap: '20', ratio: '0.975' },
      { cap: '30', ratio: '0' },
    ]
    const book = bookWith({ BTC: { tiers }, USDT: AS_IT_IS }, rules)
    const balanceOf = (amount: string) =>
      stateOf(
        multi({ collateral: [{ asset: 'BTC', amount }] }),
        book,
        { BTC: '100', USDT: '1' },
        { BTCUSDT: '60000' },
      ).marginBalance
    expect(['5', '10', '15', '20', '25', '40'].map(balanceOf)).toEqual([
      '500',
      '1000',
      '1487.5',
      '1975',
      '1975',
      '1975',
    ])
  })

  it('takes caps in the currency of the pool where the venue states them so', () => {
    const tiers = [
      { cap: '1000', ratio: '1' },
      { cap: '2000', ratio: '0.5' },
    ]
    const book = bookWith({ BTC: { tiers, basis: 'value' }, USDT: AS_IT_IS }, rules)
    const collateral = [{ asset: 'BTC', amount: '15' }]
    const state = stateOf(multi({ collateral }), book, { BTC: '100', USDT: '1' }, { BTCUSDT: '60000' })
    expect(state.marginBalance).toBe('1250')
  })

  it('values PnL and maintenance margin by the index of the asset in which they are paid', () => {
    const book = bookWith({ USDT: AS_IT_IS }, rules)
    const collateral = [{ asset: 'USD', amount: '1000' }]
    const state = stateOf(multi({ collateral }), book, { USDT: '0.9' }, { BTCUSDT: '60100' })
    // 1000 + 100·0.9, and 60,100·0.5 %·0.9.
    expect(state).toMatchObject({ marginBalance: '1090', maintenanceMargin: '270.45', unrealizedPnl: '90' })
  })

  it('weighs PnL with the wallet (OKX, Binance) or leaves it whole (Bybit)', () => {
    const half = { tiers: [{ cap: '999999', ratio: '0.5' }] }
    const collateral = [{ asset: 'USDT', amount: '1000' }]
    const of = (discounts: string) =>
      stateOf(
        multi({ collateral }),
        bookWith({ USDT: { ...half, discounts } }, rules),
        { USDT: '1' },
        { BTCUSDT: '60100' },
      ).marginBalance
    expect([of('equity'), of('wallet')]).toEqual(['550', '600'])
  })

  it('counts an asset below zero by the ask buffer, and asks margin for a debt', () => {
    const book = bookWith(
      { USDT: AS_IT_IS, ETH: { ...AS_IT_IS, liabilityRatio: '1.1', liabilityMaintenanceRate: '0.05' } },
      rules,
    )
    const account = multi({
      collateral: [{ asset: 'USDT', amount: '10000' }],
      liabilities: [{ asset: 'ETH', amount: '2' }],
    })
    const state = stateOf(account, book, { USDT: '1', ETH: '2000' }, { BTCUSDT: '60000' })
    expect(state).toMatchObject({ marginBalance: '5600', maintenanceMargin: '500' })
  })

  it('stands on its line at prices moved by its distance', () => {
    const book = bookWith(
      {
        USDT: AS_IT_IS,
        BTC: {
          tiers: [
            { cap: '1', ratio: '0.9' },
            { cap: '9', ratio: '0.8' },
          ],
        },
      },
      rules,
    )
    const account = multi({
      collateral: [
        { asset: 'BTC', amount: '0.5' },
        { asset: 'USDT', amount: '-1000' },
      ],
    })
    const { distance } = stateOf(account, book, { USDT: '1', BTC: '60000' }, { BTCUSDT: '60000' })
    const verdictAt = (by: number) => {
      const price = String(60_000 * (1 - by))
      // From the debt of USDT on, which only grows, USDT rises against the pool.
      return stateOf(account, book, { USDT: String(1 + by), BTC: price }, { BTCUSDT: price }).verdict
    }
    const at = Number(distance)
    expect(at).toBeGreaterThan(0.1)
    expect([verdictAt(at - 1e-12), verdictAt(at + 1e-12)]).toEqual(['warning', 'breach'])
  })

  describe('whose assets turn into debts while prices move', () => {
    const book = bookWith(
      { BTC: { tiers: [{ cap: '999999999', ratio: '0.95' }] }, USDC: AS_IT_IS },
      { BTCUSDT: oneTier('0.004'), BTCUSDC: oneTier('0.004', '0', { settle: 'USDC' }) },
    )
    const position = (symbol: string) => ({
      symbol,
      marginMode: 'cross',
      size: '0.1',
      entryPrice: '60000',
    })
    const ACCOUNT = {
      pool: { currency: 'USDT' },
      collateral: [{ asset: 'BTC', amount: '0.1' }],
      positions: [position('BTCUSDT'), position('BTCUSDC')],
    }
    /** With BTC at its index price and both marks, and USDC at its index price. */
    const at = (price: string, usdc: string, account: object = ACCOUNT) =>
      stateOf(account, book, { BTC: price, USDC: usdc }, { BTCUSDT: price, BTCUSDC: price })

    it('is not farther from its line than the fall that liquidates it with every other price where it is', () => {
      // 5,700·(1 − d) − 12,000·d = 48·(1 − d), so d = 5,652 / 17,652.
      expect([at('40789', '1').verdict, at('40788', '1').verdict]).toEqual(['warning', 'breach'])
      // What is lost in USDC is owed, and USDC rises: 5,700·(1 − d) − 6,000·d − 6,000·d·(1 + d) = 24·(1 − d) + 24·(1 − d²).
      const distance = Number(at('60000', '1').distance)
      expect(5_700 * (1 - distance) - 6_000 * distance * (2 + distance)).toBeCloseTo(
        24 * (1 - distance) + 24 * (1 - distance ** 2),
        6,
      )
      expect(distance).toBeLessThan(5_652 / 17_652)
      expect(distance).toBeGreaterThan(0.28)
    })

    it('is at a level by distance exactly from its distance on', () => {
      const levelBy = (percent: string) => {
        const [pool] = marginAccountsOf(parsedAccount({ venue: 'binance', ...ACCOUNT } as never), book)
        const further = { indexPriceOf: (asset: string) => ({ BTC: '60000', USDC: '1' })[asset] }
        return marginStateOf(pool!, () => '60000', levelRule([`${percent}%`]), further).level
      }
      const percent = Number(at('60000', '1').distance) * 100
      expect([levelBy((percent - 1e-4).toFixed(4)), levelBy((percent + 1e-4).toFixed(4))]).toEqual([
        null,
        `${(percent + 1e-4).toFixed(4)}%`,
      ])
    })

    it('moves an asset of which it owns more than it owes up where its margin asks for more than that', () => {
      // 2 USDC against 24 of maintenance margin: a rise of USDC by d takes 22·d.
      const account = {
        ...ACCOUNT,
        collateral: [
          { asset: 'USDT', amount: '100' },
          { asset: 'USDC', amount: '2' },
        ],
        positions: [{ ...position('BTCUSDC'), size: '0.1' }],
      }
      const state = at('60000', '1', account)
      // 100 + (2 − 6,000·d)·(1 + d) = 24·(1 − d)·(1 + d)
      const distance = Number(state.distance)
      expect(100 + (2 - 6_000 * distance) * (1 + distance)).toBeCloseTo(24 * (1 - distance ** 2), 6)
    })
  })

  it('changes its verdict on both sides of each liquidation price, the other positions and coins where they are', () => {
    const book = bookWith(
      {
        USDT: AS_IT_IS,
        BTC: {
          tiers: [
            { cap: '0.1', ratio: '0.9' },
            { cap: '9', ratio: '0.8' },
          ],
          discounts: 'wallet',
        },
      },
      {
        BTCUSDT: oneTier('0.005'),
        ETHUSDT: oneTier('0.01'),
        BTCUSD: oneTier('0.004', '0', { kind: 'inverse', settle: 'BTC' }),
      },
    )
    const account = multi({
      collateral: [
        { asset: 'BTC', amount: '0.5' },
        { asset: 'USDT', amount: '-1000' },
      ],
      positions: [
        LONG,
        { symbol: 'ETHUSDT', marginMode: 'cross', size: '-20', entryPrice: '3000' },
        { symbol: 'BTCUSD', marginMode: 'cross', size: '-30000', entryPrice: '60000' },
      ],
    })
    const marks: Record<string, string> = { BTCUSDT: '60000', ETHUSDT: '3000', BTCUSD: '60000' }
    const at = (moved: Record<string, string>) =>
      stateOf(account, book, { USDT: '1', BTC: '60000' }, { ...marks, ...moved })
    const { liquidationPrices } = at({})
    let prices = 0
    for (const [symbol, { below, above }] of Object.entries(liquidationPrices!)) {
      for (const price of [below, above]) {
        if (price === null) continue
        prices++
        const verdictAt = (share: number) =>
          at({ [symbol]: String(Number(price) * (1 + share)) }).verdict === 'breach'
        expect([verdictAt(-1e-9), verdictAt(1e-9)].sort(), `${symbol} at ${price}`).toEqual([false, true])
      }
    }
    expect(prices).toBeGreaterThanOrEqual(3)
  })

  it('refuses an asset whose weight no rule states, by name', () => {
    const account = multi({ collateral: [{ asset: 'DOGE', amount: '1' }] })
    expect(() => stateOf(account, bookWith({ USDT: AS_IT_IS }, rules), {})).toThrow(
      /^collateral\[0\]\.asset is "DOGE": rule book .* does not say how DOGE counts in a pool valued in USD; a rules file with collateralRules says it \(docs\/rules\.md, Collateral\)$/,
    )
  })

  it('names every asset without rules once, at its first place, and none that is not there', () => {
    const parts = {
      collateral: [
        { asset: 'DOGE', amount: '0' },
        { asset: 'PEPE', amount: '1' },
      ],
      liabilities: [
        { asset: 'PEPE', amount: '1' },
        { asset: 'ADA', amount: '2' },
      ],
    }
    const account = parsedAccount({ venue: 'binance', ...multi(parts) } as never)
    expect(accountFaultsOf(account, bookWith({}, rules)).map(({ path }) => path)).toEqual([
      ['collateral', 1, 'asset'],
      ['liabilities', 1, 'asset'],
      ['positions', 0, 'symbol'],
    ])
  })

  it('is no margin account without a position or a debt: a debt of zero is none, and nothing of it can be liquidated', () => {
    const parts = {
      positions: [],
      collateral: [{ asset: 'USDT', amount: '0' }],
      liabilities: [{ asset: 'USDT', amount: '0.0' }],
    }
    const account = parsedAccount({ venue: 'binance', ...multi(parts) } as never)
    expect(marginAccountsOf(account, bookWith({ USDT: AS_IT_IS }, rules))).toEqual([])
  })

  it('must have one liquidation for the positions of all currencies', () => {
    const passed = { ...rules, BTCUSDC: oneTier('0.01', '0', { settle: 'USDC', liquidation: 'passed' }) }
    const positions = [LONG, { ...LONG, symbol: 'BTCUSDC' }]
    const account = parsedAccount({ venue: 'binance', ...multi({ positions }) } as never)
    expect(accountFaultsOf(account, bookWith({ USDT: AS_IT_IS, USDC: AS_IT_IS }, passed))).toMatchObject([
      { code: 'ACCOUNT_UNSUPPORTED', path: ['positions', 1, 'symbol'], rule: /one pool needs one$/ },
    ])
  })
})

describe('an account that states a pool', () => {
  it.each([
    ['a debt without a pool', { liabilities: [{ asset: 'USDT', amount: '1' }] }],
    ['separate wallets in a pool', { pool: { currency: 'USD' }, separateWallets: true }],
    ['spot margin without its level', { pool: { currency: 'USD', kind: 'spot-margin' } }],
    ['a level of a multi-asset pool', { pool: { currency: 'USD', liquidationLevel: '1.1' } }],
  ])('is refused where it contradicts itself: %s', (_, account) => {
    expect(() => parsedAccount({ positions: [], ...account } as never)).toThrow()
  })

  it.each([
    ['0.5', false],
    ['1', false],
    ['1.000000000000000001', true],
    ['1.1', true],
    ['10', true],
    ['10.1', false],
    ['110', false],
  ])(
    'of spot margin is liquidated at assets / debts above 1, which no percentage is: %s',
    (liquidationLevel, isTaken) => {
      const pool = { currency: 'USD', kind: 'spot-margin' as const, liquidationLevel }
      const read = () => parsedAccount({ positions: [], pool } as never)
      if (isTaken) expect(read().pool).toEqual(pool)
      else expect(read).toThrow('must be assets / debts, above 1 and at most 10: 110 % is 1.1')
    },
  )
})

describe('a wallet below zero in a pool', () => {
  const book = bookWith({ USDT: { ...AS_IT_IS, liabilityMaintenanceRate: '0.02' } })
  const pool = { currency: 'USD' }
  const usd = { asset: 'USD', amount: '5000' }

  it('is a debt like one that is stated: maintenance margin is asked for it', () => {
    const owed = { pool, collateral: [usd], liabilities: [{ asset: 'USDT', amount: '2000' }] }
    const negative = { pool, collateral: [usd, { asset: 'USDT', amount: '-2000' }] }
    const stated = stateOf({ ...owed, positions: POSITION }, withPosition(book), { USDT: '1' }, MARK)
    expect(stated.maintenanceMargin).toBe('41')
    expect(stateOf({ ...negative, positions: POSITION }, withPosition(book), { USDT: '1' }, MARK)).toEqual(
      stated,
    )
  })

  it.each([
    ['multi-asset', { currency: 'USD' }],
    ['spot-margin', { currency: 'USD', kind: 'spot-margin', liquidationLevel: '1.1' }],
  ])('makes a %s pool without a position a margin account, in its own currency too', (_, own) => {
    const rules = bookWith({ BTC: AS_IT_IS, USDT: { ...AS_IT_IS, liabilityMaintenanceRate: '0.02' } })
    const btc = { asset: 'BTC', amount: '1' }
    const prices = { BTC: '60000', USDT: '1' }
    for (const asset of ['USD', 'USDT']) {
      const negative = { pool: own, collateral: [btc, { asset, amount: '-60000' }] }
      const owed = { pool: own, collateral: [btc], liabilities: [{ asset, amount: '60000' }] }
      const state = stateOf(negative, rules, prices)
      expect(state.verdict).toBe('breach')
      const { maintenanceMargin, marginBalance } = stateOf(owed, rules, prices)
      expect(state).toMatchObject({ maintenanceMargin, marginBalance })
      const account = parsedAccount({ venue: 'binance', positions: [], ...negative } as never)
      const [exact] = marginAccountsOf(account, rules)
      expect(marginAccountOf(account, exact!.id, rules)).toEqual(exact)
    }
  })

  it('of "-0" is no debt', () => {
    const account = parsedAccount({
      venue: 'binance',
      positions: [],
      pool,
      collateral: [{ asset: 'USDT', amount: '-0.0' }],
    } as never)
    expect(marginAccountsOf(account, book)).toEqual([])
  })
})

describe('a debt in the currency of a pool', () => {
  const parts = { collateral: [{ asset: 'BTC', amount: '1' }], positions: [] }
  const pool = { currency: 'USDT' }
  const owed = { pool, ...parts, liabilities: [{ asset: 'USDT', amount: '56900' }] }
  const below = { pool, ...parts, collateral: [...parts.collateral, { asset: 'USDT', amount: '-56900' }] }
  const btc = { tiers: [{ cap: '100', ratio: '0.95' }], discounts: 'wallet' }
  const prices = { BTC: '60000' }
  const withRate = (liabilityMaintenanceRate: string | null) => ({
    ...bookWith({
      BTC: btc,
      USDT: { tiers: [{ cap: '9', ratio: '0.5' }], liabilityRatio: '1.1', liabilityMaintenanceRate },
    }),
  })
  const refused = (book: RuleBook, account: object = owed) =>
    accountFaultsOf(parsedAccount({ venue: 'binance', ...account } as never), book)
  const lackingRate = [
    {
      code: 'ACCOUNT_UNSUPPORTED',
      path: ['pool', 'currency'],
      rule: expect.stringMatching(
        /what maintenance margin a debt of USDT needs: give liabilityMaintenanceRate/,
      ),
    },
  ]

  it('asks for the rate of its rules, which weigh nothing of it', () => {
    for (const account of [owed, below]) {
      expect(stateOf(account, withRate('0.04'), prices)).toMatchObject({
        verdict: 'breach',
        marginBalance: '100',
        maintenanceMargin: '2276',
      })
    }
  })

  it('is refused by name where its rules do not say what it asks for', () => {
    for (const account of [owed, below]) {
      expect(refused(withRate(null), account)).toEqual(lackingRate)
      expect(() => stateOf(account, withRate(null), prices)).toThrow(/a debt of USDT needs/)
    }
    expect(refused(withRate(null), { pool, ...parts })).toEqual([])
  })

  it.each([
    ['bybit', bybit, lackingRate],
    ['okx', okx, lackingRate],
    ['binance', binance, []],
  ])('without rules is refused where the venue asks for margin of debts: %s', (_, venue, faults) => {
    const book = withCollateralRules(venue.ruleBook, { BTC: [collateralRulesSchema.parse(btc)] })
    expect(refused(book)).toEqual(faults)
    const spot = { ...owed, pool: { ...pool, kind: 'spot-margin', liquidationLevel: '1.1' } }
    expect(refused(book, spot)).toEqual([])
  })

  it('of spot margin asks for the level of the pool, whatever its rules say', () => {
    const spot = { ...owed, pool: { ...pool, kind: 'spot-margin', liquidationLevel: '1.1' } }
    expect(stateOf(spot, withRate('0.04'), prices).maintenanceMargin).toBe('62590')
  })

  it('brings the day and the assumptions of its rules into those of the pool, which needs none while it owes none', () => {
    const usdt = { ...AS_IT_IS, asOf: '2022-01-01', assumptions: ['as large as'] }
    const book = bookWith({ BTC: { ...btc, asOf: '2024-01-01' }, USDT: usdt })
    const of = (account: object) =>
      marginAccountsOf(parsedAccount({ venue: 'binance', ...account } as never), book)[0]!
    const owes = of(owed)
    expect(owes.rulesAsOfMs).toBe(Date.parse('2022-01-01'))
    expect(owes.assumptions).toContain('as large as')
    const owing = of({ ...below, collateral: [{ asset: 'BTC', amount: '-1' }] })
    expect(owing.rulesAsOfMs).toBe(Date.parse('2024-01-01'))
    expect(owing.assumptions).not.toContain('as large as')
  })
})

describe('a loss of a pool whose venue asks for margin of debts', () => {
  const pool = { currency: 'USD' }
  const positions = [{ symbol: 'X', marginMode: 'cross', size: '1000', entryPrice: '100' }]
  /** `rate`: undefined for a currency without rules. */
  const bookOfDebts = (rate: string | null | undefined, defaults: object = { debtMargin: 'by-asset' }) => {
    const usd = rate === undefined ? {} : { USD: { ...AS_IT_IS, liabilityMaintenanceRate: rate } }
    const rules = bookOf({ ...BINANCE, ...defaults }, { X: oneTier('0.01', '0', { settle: 'USD' }) })
    const weights = bookWith({ BTC: AS_IT_IS, ...usd })
    return { ...rules, collateralOf: weights.collateralOf! }
  }
  const of = (usd: string, btc: string, book: RuleBook, mark = '40.3') =>
    stateOf(
      {
        pool,
        collateral: [
          { asset: 'USD', amount: usd },
          { asset: 'BTC', amount: btc },
        ],
        positions,
      },
      book,
      { BTC: '60000' },
      { X: mark },
    )
  const sizeOf = (state: ReturnType<typeof of>) => state.cure!.reductions[0]!.size

  it('has no reduction where it would be a debt of unknown rate, which is not 0', () => {
    for (const unknown of [undefined, null]) expect(sizeOf(of('100', '1', bookOfDebts(unknown)))).toBeNull()
    expect(sizeOf(of('100', '1', bookOfDebts(null, {})))).toBeNull()
  })

  it('has the reduction that is right while the wallet holds it, or the rate is known', () => {
    // 0.5 · 400 of margin balance hold 1 % of 40.3 · 496.27…
    const known = '503.72208437'
    expect(sizeOf(of('100', '1', bookOfDebts('0')))).toBe(known)
    expect(sizeOf(of('100', '1', bookOfDebts(undefined, {})))).toBe(known)
    for (const unknown of [undefined, null])
      expect(sizeOf(of('60100', '0', bookOfDebts(unknown)))).toBe(known)
  })

  const assumed = expect.stringContaining('a loss in USD that is not realised')
  const assumptionsOf = (book: RuleBook, account: object = {}) =>
    marginAccountsOf(
      parsedAccount({
        pool,
        collateral: [{ asset: 'BTC', amount: '1' }],
        positions,
        ...account,
      } as never),
      book,
    ).flatMap(({ assumptions }) => assumptions)

  it('is of a rate not known where the rules of the currency leave it out', () => {
    const leftOut = bookWith({ BTC: AS_IT_IS, USD: AS_IT_IS }).collateralOf!
    const book = { ...bookOfDebts(undefined), collateralOf: leftOut }
    expect(assumptionsOf(book)).toEqual([assumed])
    expect(sizeOf(of('100', '1', book))).toBeNull()
    const owed = { collateral: [{ asset: 'USD', amount: '-1' }] }
    expect(() => assumptionsOf(book, owed)).toThrow('what maintenance margin a debt of USD needs')
    const free = { ...bookOfDebts(undefined, {}), collateralOf: leftOut }
    expect(assumptionsOf(free, owed)).not.toContainEqual(assumed)
  })

  it.each([undefined, null, '0.02'])('is assumed to be no debt before it is realised: rate %s', (rate) => {
    expect(assumptionsOf(bookOfDebts(rate))).toEqual([assumed])
  })

  it('needs no assumption where a debt asks for none, the pool holds no position, or its kind counts no such debt', () => {
    expect(assumptionsOf(bookOfDebts('0'))).toEqual([])
    expect(assumptionsOf(bookOfDebts('0.02', {}))).toEqual([])
    const short = [{ asset: 'BTC', amount: '-0.1' }]
    const debtAlone = { collateral: [{ asset: 'USD', amount: '9000' }, ...short], positions: [] }
    const rules = { ...bookOfDebts('0.02'), collateralOf: bookWith({ BTC: FREE_DEBT }).collateralOf! }
    expect(assumptionsOf(rules, debtAlone)).not.toContainEqual(assumed)
    const spot = { pool: { ...pool, kind: 'spot-margin', liquidationLevel: '1.1' } }
    expect(assumptionsOf(bookOfDebts('0.02'), spot)).not.toContainEqual(assumed)
  })
})

const POSITION = [{ symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '100' }]
const MARK = { X: '100' }

function withPosition(book: RuleBook): RuleBook {
  const rules = bookOf(BINANCE, { X: oneTier('0.01', '0', { settle: 'USD' }) })
  return { ...rules, collateralOf: (asset, kind) => book.collateralOf?.(asset, kind) }
}

describe('spot margin of a venue whose futures are liquidated only below their line', () => {
  it('is liquidated at its level (Kraken: 33,000 of assets, 30,000 of debts, level 1.1)', () => {
    const account = {
      pool: { currency: 'USD', kind: 'spot-margin', liquidationLevel: '1.1' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USD', amount: '30000' }],
    }
    const book = { ...bookWith({ BTC: AS_IT_IS }), defaults: { ...BINANCE, liquidation: 'passed' as const } }
    expect(stateOf(account, book, { BTC: '33000' }).verdict).toBe('breach')
    expect(stateOf(account, book, { BTC: '33000.00000001' }).verdict).toBe('warning')
  })
})

describe('collateral rules of a pool', () => {
  const inDollars = { venue: 'binance', positions: [], pool: { currency: 'USD' } }
  const accountOf = (fields: object) => parsedAccount({ ...inDollars, ...fields })
  const collateral = [{ asset: 'BTC', amount: '1' }]
  const liabilities = [{ asset: 'USD', amount: '1' }]
  const held = accountOf({ collateral, liabilities })
  const owing = accountOf({ collateral, liabilities: [{ asset: 'BTC', amount: '0.1' }] })

  it('that do not say what a debt asks for judge what is owned, and refuse what is owed by name', () => {
    const book = bookWith({ BTC: { ...AS_IT_IS, liabilityMaintenanceRate: null } })
    expect(accountFaultsOf(held, book)).toEqual([])
    expect(accountFaultsOf(owing, book)).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['collateral', 0, 'asset'],
        rule: expect.stringContaining('what maintenance margin a debt of BTC needs'),
      },
    ])
    expect(() => marginAccountsOf(owing, book)).toThrow(/a debt of BTC/)
    const below = { ...held, collateral: [{ asset: 'BTC', amount: '-1' }] }
    expect(() => marginAccountsOf(below, book)).toThrow(/a debt of BTC/)
    const spot = { currency: 'USD', kind: 'spot-margin', liquidationLevel: '1.1' } as const
    expect(accountFaultsOf({ ...owing, pool: spot }, book)).toEqual([])
  })

  it.each(['0', '0.05', '29/30', '2.01', '61/30', '105'])(
    'are refused where a debt counts %s times: less than itself, or as a percentage',
    (liabilityRatio) => {
      const rules = { ...AS_IT_IS, liabilityRatio }
      expect(() => checkCollateral('BTC', collateralRulesSchema.parse(rules))).toThrow(
        `liabilityRatio of BTC is ${liabilityRatio}, a debt counts once to twice: a buffer of 5 % is 1.05`,
      )
    },
  )

  it.each(['1', '31/30', '1.15', '2'])('are taken where a debt counts %s times', (liabilityRatio) => {
    const book = bookWith({ BTC: { ...AS_IT_IS, liabilityRatio, liabilityMaintenanceRate: '0' } })
    expect(accountFaultsOf(owing, book)).toEqual([])
  })

  it('of another kind of pool do not count in it', () => {
    const book = bookWith({ BTC: { ...AS_IT_IS, poolKind: 'spot-margin' } })
    expect(accountFaultsOf(held, book)).toEqual([
      expect.objectContaining({
        rule: expect.stringContaining(
          'pool valued in USD: its rules are those of a spot-margin pool; a rules file with collateralRules says it (docs/rules.md, Collateral)',
        ),
      }),
    ])
    expect(() => marginAccountsOf(held, book)).toThrow(/spot-margin pool/)
  })

  it('are those of the kind of the account, where the book holds both; a kind without rules is refused by name', () => {
    const of = (ratio: string, poolKind: string) =>
      collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio }], poolKind })
    const weights = {
      BTC: [of('0.95', 'multi-asset'), of('0.7', 'spot-margin')],
      ETH: [of('0.9', 'multi-asset')],
    }
    const both = withCollateralRules(bookWith({}), weights)
    const pools = [
      { currency: 'USD', kind: 'multi-asset' },
      { currency: 'USD', kind: 'spot-margin', liquidationLevel: '1.1' },
    ]
    const balances = pools.map((pool) => {
      const [exact] = marginAccountsOf(accountOf({ pool, collateral, liabilities }), both)
      const further: FurtherPrices = { indexPriceOf: () => '60000' }
      return marginStateOf(exact!, () => undefined, RATIO_RULE, further).marginBalance
    })
    expect(balances).toEqual(['56999', '42000'])
    const eth = { collateral: [{ asset: 'ETH', amount: '1' }], liabilities }
    expect(accountFaultsOf(accountOf({ ...eth, pool: pools[0] }), both)).toEqual([])
    expect(accountFaultsOf(accountOf({ ...eth, pool: pools[1] }), both)).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['collateral', 0, 'asset'],
        rule: expect.stringMatching(
          /how ETH counts in a pool .*: its rules are those of a multi-asset pool; a rules file with collateralRules says it/,
        ),
      },
    ])
  })

  it('bring their day and their assumptions into those of the pool', () => {
    const of = (own: object) => marginAccountsOf(held, bookWith({ BTC: { ...AS_IT_IS, ...own } }))[0]!
    const dated = of({ asOf: '2022-01-01', assumptions: ['as large as'] })
    expect(dated.rulesAsOfMs).toBe(Date.parse('2022-01-01'))
    expect(dated.assumptions).toContain('as large as')
    expect(of({}).rulesAsOfMs).toBeNull()
    expect(of({}).assumptions).not.toContain('as large as')
  })
})
