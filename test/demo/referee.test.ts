import { describe, expect, it } from 'vitest'
import { parse, print } from '../../src/demo/referee/fraction.ts'
import type { ComparedMarketEvent } from '../../src/demo/referee/market-replay.ts'
import { type ComparedEvent, createReferee } from '../../src/demo/referee/referee.ts'
import type { Account, Position, RiskTier } from '../../src/domain/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { rulesFrom, USED_MARGIN } from '../support/rules.ts'

const tier = (cap: string, maintenanceMarginRate: string, maintenanceDeduction = '0') => ({
  cap,
  maintenanceMarginRate,
  maintenanceDeduction,
})
const rules = (kind: 'linear' | 'inverse', settle: string, tiers: readonly RiskTier[], multiplier = '1') =>
  rulesFrom({ kind, settle, multiplier, takerFeeRate: '0.00055', tiers })

const RULES = {
  bybit: {
    BTCUSDT: rules('linear', 'USDT', [tier('2000000', '0.005'), tier('2600000', '0.0056', '1200')]),
    BTCUSD: rules('inverse', 'BTC', [tier('150', '0.005')]),
  },
  binance: {
    ETHUSDT: rules('linear', 'USDT', [tier('1000000000', '0.1', '135365')]),
    BTCUSDT: rules('linear', 'USDT', [tier('1000000000', '0.025', '16300')]),
    SOLUSDT: rules('linear', 'USDT', [tier('1000000', '0.01')]),
    BTCUSD_PERP: rules('inverse', 'BTC', [tier('5', '0.004'), tier('10', '0.005', '0.005')], '100'),
  },
}

const account = (venue: 'bybit' | 'binance', positions: Position[], collateral: Account['collateral'] = []) =>
  makeAccount({ venue, positions, collateral })

function refereeOf(...accounts: Account[]) {
  const referee = createReferee({ accounts, rules: RULES, levels: ['0.5', '0.7', '0.9', '1'] })
  const tickOn = (venue: string) => (symbol: string, markPrice: string) =>
    referee.instant([{ venue, symbol, markPrice }])
  return { referee, bybit: tickOn('bybit'), binance: tickOn('binance') }
}

/** Of a warning at 91.8, of a long that is liquidated at 90.909…: 88.2/9088.2. */
const withDistance = (event: ComparedEvent): ComparedEvent => ({
  ...event,
  distance: event.kind === 'warning' ? '0.009704892057833234' : '0',
})

const short = (event: ComparedEvent) =>
  `${event.sequence}: ${event.kind} ${event.previousLevel}→${event.level} e${event.episode}`

/** Bybit's official example: long 1 BTC at 40,000, 50×, 3,000 added, liquidation price 36,380.25. */
const OFFICIAL = isolatedPosition('BTCUSDT', {
  size: '1',
  entryPrice: '40000',
  leverage: '50',
  isolatedMargin: '3821.56',
})

describe('the referee, on examples of the venues', () => {
  it('liquidates the official Bybit isolated long at its printed liquidation price and not before', () => {
    const { referee, bybit } = refereeOf(account('bybit', [OFFICIAL]))
    bybit('BTCUSDT', '40000')
    expect(referee.expected()).toEqual([])
    bybit('BTCUSDT', '36380.250343720')
    expect(referee.expected().map((event) => event.kind)).toEqual(['warning'])
    bybit('BTCUSDT', '36380.250343719')
    expect(referee.expected().at(-1)).toMatchObject({ kind: 'liquidation', level: '1', previousLevel: '0.9' })
  })

  it('states the official maintenance margin, rate on the mark value and fee on the bankruptcy value', () => {
    const { referee, bybit } = refereeOf(account('bybit', [OFFICIAL]))
    bybit('BTCUSDT', '36000')
    expect(referee.expected()[0]).toMatchObject({
      maintenanceMargin: '201.56',
      marginAccount: 'a:isolated:BTCUSDT:long',
    })
  })

  it('takes the initial margin if an isolated Bybit position states none: LP = E(1 − 1/L)/(1 − MMR)', () => {
    const { isolatedMargin: _stated, ...position } = OFFICIAL
    const { referee, bybit } = refereeOf(account('bybit', [position]))
    bybit('BTCUSDT', '39396.98492463')
    expect(referee.expected().at(-1)?.kind).toBe('warning')
    bybit('BTCUSDT', '39396.98492462')
    expect(referee.expected().at(-1)?.kind).toBe('liquidation')
  })

  it('liquidates a Bybit inverse short at Q(1 − MMR)/[Q/E − Q/(E·L) − X/(1 − fee)]', () => {
    const fee = (60000 / 50000) * 0.9 * 0.00055
    const isolatedMargin = (0.12 + fee + 0.05).toFixed(8)
    const extra = Number(isolatedMargin) - 0.12 - fee
    const liquidationPrice = (60000 * 0.995) / (1.2 - 0.12 - extra / (1 - 0.00055))
    const { referee, bybit } = refereeOf(
      account('bybit', [
        isolatedPosition('BTCUSD', { size: '-60000', entryPrice: '50000', leverage: '10', isolatedMargin }),
      ]),
    )
    bybit('BTCUSD', (liquidationPrice * (1 - 1e-9)).toFixed(6))
    expect(referee.expected().at(-1)?.kind).toBe('warning')
    bybit('BTCUSD', (liquidationPrice * (1 + 1e-9)).toFixed(6))
    expect(referee.expected().at(-1)?.kind).toBe('liquidation')
  })

  const FAQ = [
    crossPosition('ETHUSDT', { size: '3683.979', entryPrice: '1456.84', leverage: '10' }),
    crossPosition('BTCUSDT', { size: '109.488', entryPrice: '32481.98', leverage: '10' }),
  ]

  it('liquidates the Binance FAQ cross account at ETH 1,153.26 with BTC at its mark', () => {
    const { referee, binance } = refereeOf(account('binance', FAQ, [{ asset: 'USDT', amount: '1535443.01' }]))
    binance('ETHUSDT', '1335.18')
    expect(referee.expected()).toEqual([])
    binance('BTCUSDT', '31967.27')
    expect(referee.expected()).toEqual([])
    binance('ETHUSDT', '1153.256465')
    expect(referee.expected().at(-1)?.kind).toBe('warning')
    binance('ETHUSDT', '1153.256464')
    expect(referee.expected().at(-1)).toMatchObject({ kind: 'liquidation', marginAccount: 'a:cross:USDT' })
  })

  it('counts no fee on Binance and takes the initial margin of an isolated position that states none', () => {
    const { referee, binance } = refereeOf(
      account('binance', [isolatedPosition('SOLUSDT', { size: '-10', entryPrice: '100', leverage: '10' })]),
    )
    binance('SOLUSDT', '108.91')
    expect(referee.expected().at(-1)?.kind).toBe('warning')
    binance('SOLUSDT', '108.92')
    expect(referee.expected().at(-1)).toMatchObject({
      kind: 'liquidation',
      marginBalance: '10.8',
      maintenanceMargin: '10.892',
    })
  })

  it('values Binance COIN-M contracts of 100 USD in coin: long N(1 + MMR)/(WB + N/E)', () => {
    const { referee, binance } = refereeOf(
      account(
        'binance',
        [crossPosition('BTCUSD_PERP', { size: '100', entryPrice: '25000', leverage: '10' })],
        [{ asset: 'BTC', amount: '0.05' }],
      ),
    )
    binance('BTCUSD_PERP', '22311.12')
    expect(referee.expected().at(-1)?.kind).toBe('warning')
    binance('BTCUSD_PERP', '22311.11')
    expect(referee.expected().at(-1)).toMatchObject({ kind: 'liquidation', marginAccount: 'a:cross:BTC' })
  })

  it('uses the tier that holds the value: 2,000,000 is in the first, a step above it in the second', () => {
    const maintenanceAt = (mark: string) => {
      const { referee, bybit } = refereeOf(
        account('bybit', [crossPosition('BTCUSDT', { size: '-50', entryPrice: '40000', leverage: '1' })]),
      )
      bybit('BTCUSDT', mark)
      return referee.expected()[0]?.maintenanceMargin
    }
    const fee = 50 * 40000 * 2 * 0.00055
    expect(maintenanceAt('40000')).toBe(String(10_000 + fee))
    expect(maintenanceAt('44000')).toBe(String(2_200_000 * 0.0056 - 1_200 + fee))
  })
})

describe('the referee, on spot margin of Kraken', () => {
  const judged = (wallet: string, size: string, entryPrice: string, ...marks: string[]) => {
    const position = crossPosition('XBTUSD', { size, entryPrice, leverage: '5' })
    const collateral = [{ asset: 'USD', amount: wallet }]
    const accounts = [makeAccount({ venue: 'kraken', positions: [position], collateral })]
    const referee = createReferee({ accounts, rules: { kraken: { XBTUSD: USED_MARGIN } }, levels: ['1'] })
    for (const markPrice of marks) referee.instant([{ venue: 'kraken', symbol: 'XBTUSD', markPrice }])
    return referee.expected()
  }

  // Used margin 1.5·30,000/5 = 9,000, of which 40 % is 3,600 = 10,200 + 1.5·(25,600 − 30,000).
  it('liquidates a long at 40 % of the used margin at entry, exactly on the line', () => {
    expect(judged('10200', '1.5', '30000', '25600.000001')).toEqual([])
    expect(judged('10200', '1.5', '30000', '25600')).toMatchObject([
      { kind: 'liquidation', marginBalance: '3600', maintenanceMargin: '3600' },
    ])
  })

  // 5,280 − 0.2·(70,000 − 50,000) = 1,280; the used margin at 70,000 is 2,800, of which 40 % is 1,120.
  it('values the used margin of a short at the mark', () => {
    expect(judged('5280', '-0.2', '50000', '70000', '70741')).toMatchObject([
      { kind: 'liquidation', maintenanceMargin: '1131.856', marginBalance: '1131.8' },
    ])
    expect(judged('5280', '-0.2', '50000', '70000', '70740')).toEqual([])
  })
})

describe('the referee, on levels by distance', () => {
  const reached = (positions: Position[], wallet: string, marks: readonly string[]) => {
    const account = makeAccount({
      venue: 'binance',
      positions,
      collateral: [{ asset: 'USDT', amount: wallet }],
    })
    const referee = createReferee({ accounts: [account], rules: RULES, levels: ['10%', '5%', '1'] })
    for (const markPrice of marks) referee.instant([{ venue: 'binance', symbol: 'SOLUSDT', markPrice }])
    return referee.expected().map(({ kind, level }) => `${kind} ${level}`)
  }
  const long = crossPosition('SOLUSDT', { size: '1', entryPrice: '100', leverage: '10' })
  const short = crossPosition('SOLUSDT', { size: '-1', entryPrice: '100', leverage: '10' })

  it('judges a long at a price that has fallen, on the line and a unit above it', () => {
    // At 95: 5.95 − 5 = 0.01 · 95.
    expect(reached([long], '5.95', ['100.000000000001'])).toEqual(['warning 10%'])
    expect(reached([long], '5.95', ['100.000000000001', '100'])).toEqual(['warning 10%', 'warning 5%'])
  })

  it('judges a short at a price that has risen', () => {
    // At 105: 6.05 − 5 = 0.01 · 105.
    expect(reached([short], '6.05', ['99.999999999999', '100'])).toEqual(['warning 10%', 'warning 5%'])
  })

  it('judges a full hedge at a price that has risen, and leaves its level 1 % beyond it', () => {
    // 2.1 = 0.01 · 2 · 105; left where 2.1 ≥ 0.0101 · 2 · 1.05 · mark, at 99.009….
    const hedge = [long, short]
    expect(reached(hedge, '2.1', ['100', '99.01', '99'])).toEqual(['warning 5%', 'recovered 10%'])
  })
})

describe('the referee, on levels and episodes', () => {
  /** Margin 100 at 100 with rate 1 %: ratio = 0.01·mark/(mark − 90) for a long of 10 with 100 at 100. */
  const long = isolatedPosition('SOLUSDT', { size: '10', entryPrice: '100', leverage: '10' })
  const eventsOf = (...marks: string[]) => {
    const { referee, binance } = refereeOf(account('binance', [long]))
    for (const mark of marks) binance('SOLUSDT', mark)
    return referee.expected().map(short)
  }

  it('reports each level once on the way up, with the level before', () => {
    expect(eventsOf('100', '91.8', '91.7', '91.2', '91', '90.9', '90.5')).toEqual([
      '1: warning 0→0.5 e1',
      '2: warning 0.5→0.7 e1',
      '3: warning 0.7→0.9 e1',
      '4: liquidation 0.9→1 e1',
    ])
  })

  it('reports only the highest level that one tick reaches', () => {
    expect(eventsOf('100', '90.5')).toEqual(['1: liquidation 0→1 e1'])
  })

  it('leaves a level only 1 % beyond it, and ends the episode with the fall', () => {
    // Level 0.5: reached where 0.5(mark − 90) ≤ 0.01·mark, at 91.8367; left where 0.5(mark − 90) ≥ 0.0101·mark.
    expect(eventsOf('91.83', '91.84', '91.855', '91.83')).toEqual(['1: warning 0→0.5 e1'])
    expect(eventsOf('91.83', '91.856', '91.83')).toEqual([
      '1: warning 0→0.5 e1',
      '2: recovered 0.5→0 e1',
      '3: warning 0→0.5 e2',
    ])
  })

  it('reaches a level exactly on the line', () => {
    // At 92 the margin balance is 89.2 − 80 = 9.2 and so is the maintenance margin.
    const { referee, binance } = refereeOf(account('binance', [{ ...long, isolatedMargin: '89.2' }]))
    binance('SOLUSDT', '92.00000001')
    expect(referee.expected().map(short)).toEqual(['1: warning 0→0.9 e1'])
    binance('SOLUSDT', '92')
    expect(referee.expected().at(-1)).toMatchObject({ marginBalance: '9.2', maintenanceMargin: '9.2' })
    expect(referee.expected().at(-1)?.kind).toBe('liquidation')
  })

  it('opens the next episode with a rise after a partial fall', () => {
    expect(eventsOf('90.5', '91.3', '90.5', '100')).toEqual([
      '1: liquidation 0→1 e1',
      '2: recovered 1→0.7 e1',
      '3: liquidation 0.7→1 e2',
      '4: recovered 1→0 e2',
    ])
  })

  it('gives every fall of its own an episode of its own', () => {
    expect(eventsOf('90.5', '91.3', '91.6', '100')).toEqual([
      '1: liquidation 0→1 e1',
      '2: recovered 1→0.7 e1',
      '3: recovered 0.7→0.5 e2',
      '4: recovered 0.5→0 e3',
    ])
  })

  it('knows no verdict while a mark is stale, and says so at both ends', () => {
    expect(eventsOf('91.8', '', '', '91.8')).toEqual([
      '1: warning 0→0.5 e1',
      '2: unknown 0.5→0.5 e1',
      '3: warning 0.5→0.5 e2',
    ])
    expect(eventsOf('91.8', '', '100')).toEqual([
      '1: warning 0→0.5 e1',
      '2: unknown 0.5→0.5 e1',
      '3: recovered 0.5→0 e2',
    ])
  })

  it('expects nothing of safe accounts of a market that is silent, and their levels afterwards', () => {
    expect(eventsOf('', '100', '', '100')).toEqual([])
    expect(eventsOf('', '100', '', '90.5')).toEqual(['1: liquidation 0→1 e1'])
  })

  it('counts the events of each margin account from 1', () => {
    const { referee, binance } = refereeOf(
      account('binance', [long, { ...long, size: '-10' }, { ...long, size: '20', symbol: 'ETHUSDT' }]),
    )
    binance('SOLUSDT', '91.8')
    binance('SOLUSDT', '109')
    const numbered = referee.expected().map(({ marginAccount, sequence }) => `${marginAccount} ${sequence}`)
    expect(numbered).toEqual([
      'a:isolated:SOLUSDT:long 1',
      'a:isolated:SOLUSDT:long 2',
      'a:isolated:SOLUSDT:short 1',
    ])
  })

  it('expects one event of a market when it goes silent and one when it speaks again', () => {
    const { referee, binance, bybit } = refereeOf(account('binance', [long]))
    bybit('BTCUSDT', '')
    for (const mark of ['100', '', '', '101.5', '102', '']) binance('SOLUSDT', mark)
    const told = referee
      .expectedOfMarkets()
      .map(
        ({ kind, symbol, episode, sequence, markPrice }) =>
          `${sequence}: ${kind} ${symbol} e${episode} ${markPrice}`,
      )
    expect(told).toEqual([
      '1: market-stale BTCUSDT e1 null',
      '1: market-stale SOLUSDT e1 null',
      '2: market-fresh SOLUSDT e1 101.5',
      '3: market-stale SOLUSDT e2 null',
    ])
  })

  it('compares the events of markets, too', () => {
    const { referee, binance } = refereeOf(account('binance', [long]))
    for (const mark of ['', '100']) binance('SOLUSDT', mark)
    const [stale, fresh] = referee.expectedOfMarkets() as [ComparedMarketEvent, ComparedMarketEvent]
    expect(referee.judge([stale, fresh])).toMatchObject({ expected: 2, lost: 0, disagreements: 0 })
    expect(referee.judge([{ ...stale, sequence: 2 }])).toMatchObject({
      expected: 2,
      lost: 1,
      disagreements: 1,
      examples: [
        'market-stale of SOLUSDT at binance: sequence is 2, the replay has 1',
        'market-fresh of SOLUSDT at binance: expected and not delivered',
      ],
    })
  })

  it('applies all marks of an instant before it judges', () => {
    const pair = account(
      'binance',
      [
        crossPosition('SOLUSDT', { size: '10', entryPrice: '100', leverage: '10' }),
        crossPosition('BTCUSDT', { size: '-0.02', entryPrice: '50000', leverage: '10' }),
      ],
      [{ asset: 'USDT', amount: '100' }],
    )
    const { referee } = refereeOf(pair)
    const mark = (symbol: string, markPrice: string) => ({ venue: 'binance', symbol, markPrice })
    referee.instant([mark('SOLUSDT', '100'), mark('BTCUSDT', '50000')])
    referee.instant([mark('SOLUSDT', '50'), mark('BTCUSDT', '25000')])
    expect(referee.expected()).toEqual([])
    expect(referee.ticks).toBe(4)
  })

  it('compares what was delivered: lost, not expected, and differing in a figure', () => {
    const { referee, binance } = refereeOf(account('binance', [long]))
    for (const mark of ['91.8', '90.5']) binance('SOLUSDT', mark)
    const [warning, liquidation] = referee.expected().map(withDistance) as [ComparedEvent, ComparedEvent]
    expect(referee.judge([liquidation, warning])).toMatchObject({ expected: 2, lost: 0, disagreements: 0 })
    expect(referee.judge([warning])).toMatchObject({ lost: 1, disagreements: 0 })
    expect(referee.judge([warning, liquidation, { ...warning, episode: 2 }])).toMatchObject({
      lost: 0,
      disagreements: 1,
    })
    const wrong = { ...warning, marginBalance: '18.000000000000000001' }
    expect(referee.judge([wrong, liquidation])).toMatchObject({
      lost: 0,
      disagreements: 1,
      examples: [
        'warning 0.5 of a:isolated:SOLUSDT:long: marginBalance is 18.000000000000000001, the replay has 18',
      ],
    })
  })

  it.each([
    ['0.009704892057833233', 'is 0.009704892057833233, and the account is above its line there'],
    ['0.009704892057833237', 'is 0.009704892057833237, and the line is before it'],
    ['0', 'is 0, and the account is above its line there'],
    ['0.5', 'is 0.5, and the line is before it'],
    [null, 'is null, and a move leads to the line'],
    [undefined, 'is missing'],
  ])('finds out a distance of %s', (distance, fault) => {
    const { referee, binance } = refereeOf(account('binance', [long]))
    for (const mark of ['91.8', '90.5']) binance('SOLUSDT', mark)
    const [warning, liquidation] = referee.expected().map(withDistance) as [ComparedEvent, ComparedEvent]
    const { disagreements, examples } = referee.judge([{ ...warning, distance }, liquidation])
    expect({ disagreements, examples }).toEqual({
      disagreements: 1,
      examples: [`warning 0.5 of a:isolated:SOLUSDT:long: distance ${fault}`],
    })
    const ofBreach = referee.judge([warning, { ...liquidation, distance: '0.1' }])
    expect(ofBreach.examples[0]).toContain('distance is 0.1, and the account is not above its line')
  })

  it('knows whom it judges and has no rules by default', () => {
    const { referee } = refereeOf(account('binance', [long]))
    expect([referee.judges('a'), referee.judges('b'), referee.positions]).toEqual([true, false, 1])
    expect(() => refereeOf(account('bybit', [{ ...long, symbol: 'FOOUSDT' }]))).toThrow('FOOUSDT on bybit')
  })
})

describe('amounts of the referee', () => {
  it.each([
    ['1', '3', '0.333333333333333333'],
    ['-2', '3', '-0.666666666666666667'],
    ['1', '2000000000000000000', '0'],
    ['3', '2000000000000000000', '0.000000000000000002'],
    ['-1', '3000000000000000000', '0'],
    ['1250', '100', '12.5'],
  ])('prints %s/%s as %s', (n, d, text) => {
    expect(print({ n: BigInt(n), d: BigInt(d) })).toBe(text)
  })

  it('reads decimals exactly', () => {
    expect(print(parse('-0.000000000000000001'))).toBe('-0.000000000000000001')
  })
})
