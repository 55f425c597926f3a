import { describe, expect, it } from 'vitest'
import { type Account, collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { resultOf } from '../../src/margin/steps.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

const RULES = { BTCUSDT: oneTier('0.01'), ETHUSDT: oneTier('0.02') }
const COLLATERAL = {
  BTC: collateralRulesSchema.parse({
    tiers: [
      { cap: '1', ratio: '0.9' },
      { cap: '100', ratio: '0.5' },
    ],
    discounts: 'wallet',
    liabilityMaintenanceRate: '0.05',
  }),
  ETH: collateralRulesSchema.parse({ tiers: [{ cap: '1000', ratio: '0' }] }),
}
const BOOK: RuleBook = withCollateralRules(
  { ...bybit.ruleBook, version: 'pools', rulesOf: (symbol) => RULES[symbol as keyof typeof RULES] },
  COLLATERAL,
)
/** Without hysteresis, so that the published level is that of the prices. */
const BY_RATIO = levelRule(['0.5', '0.9'], '0')

const DAY_MS = 86_400_000

/** Half a BTC behind 100 ETH: at 60,000 and 3,000 it has 27,000 and is asked for 6,000. */
const LONG: Account = {
  ...makeAccount({
    id: 'desk',
    venue: 'bybit',
    collateral: [{ asset: 'BTC', amount: '0.5' }],
    positions: [crossPosition('ETHUSDT', { size: '100', entryPrice: '3000' })],
  }),
  pool: { currency: 'USDT', kind: 'multi-asset' },
}

function open(rule = BY_RATIO, options: Parameters<typeof openMonitor>[0] = {}) {
  const run = openMonitor({ books: { bybit: BOOK }, rule, ...options })
  const prices = (...marks: (readonly [string, string])[]) => {
    run.frame(marks, 'bybit')
    run.clock.runTurns()
  }
  const stale = (name: string) => {
    run.monitor.marketStale('bybit', name, run.clock.nowMs(), run.clock.monotonicMs())
    run.clock.runTurns()
  }
  const verified = () => {
    for (const { event } of run.records)
      expect(verifyEvent(event)).toMatchObject({
        isOk: true,
        differences: [],
        faults: [],
      })
  }
  return { ...run, prices, stale, verified }
}

describe.each(KERNEL_VARIANTS)('a pool over several currencies, by the kernel %s', (variant) => {
  it('asks for the index prices of its assets, beside the marks of its positions', () => {
    const { monitor, added } = open(BY_RATIO, { variant })
    monitor.apply({ kind: 'put', account: LONG })
    expect(added).toEqual(['bybit:ETHUSDT', 'bybit:BTC/USDT index'])
  })

  it('has no verdict before each of its prices is known, and then that of all of them', () => {
    const { monitor, prices, story } = open(BY_RATIO, { variant })
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '2700'])
    expect([story(), monitor.unknownMarginAccounts]).toEqual([[], 1])
    prices(['BTC/USDT index', '60000'])
    // 27,000 less a loss of 30,000.
    expect([story(), monitor.unknownMarginAccounts]).toEqual([['liquidation desk:cross:USDT 1 #1 1'], 0])
  })

  it('is judged again when an index price alone moves, and its events can be recomputed', () => {
    const { monitor, prices, story, events, verified } = open(BY_RATIO, { variant })
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '60000'])
    expect(story()).toEqual([])
    // 0.45 BTC against 6,000: half at 26,666.67, nine tenths at 14,814.81, all at 13,333.33.
    prices(['BTC/USDT index', '26666.67'])
    prices(['BTC/USDT index', '26666.66'])
    prices(['BTC/USDT index', '14814.81'])
    prices(['BTC/USDT index', '13333.34'])
    prices(['BTC/USDT index', '13333.33'])
    prices(['BTC/USDT index', '60000'])
    expect(story()).toEqual([
      'warning desk:cross:USDT 0.5 #1 1',
      'warning desk:cross:USDT 0.9 #1 2',
      'liquidation desk:cross:USDT 1 #1 3',
      'recovered desk:cross:USDT 0 #1 4',
    ])
    verified()
    const { pool, marks, walletBalance, marginBalance, maintenanceMargin, settle, rules } = events()[2]!
    expect({ marks, walletBalance, marginBalance, maintenanceMargin, settle }).toMatchObject({
      marks: [{ symbol: 'ETHUSDT', markPrice: '3000' }],
      walletBalance: '6666.665',
      marginBalance: '5999.9985',
      maintenanceMargin: '6000',
      settle: 'USDT',
    })
    expect(pool).toMatchObject({
      kind: 'multi-asset',
      liquidation: 'reached',
      assets: [
        { asset: 'USDT', amount: '0' },
        { asset: 'BTC', amount: '0.5', indexPrice: '13333.33', ageMs: 0, rules: COLLATERAL.BTC },
      ],
    })
    expect(rules).toHaveProperty('ETHUSDT')
  })

  it('loses its verdict with an index price, never valued at the old one, and is published again when it is back', () => {
    const { monitor, prices, stale, story, events, verified } = open(BY_RATIO, { variant })
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    stale('BTC/USDT index')
    expect(monitor.unknownMarginAccounts).toBe(1)
    // A mark alone gives no verdict.
    prices(['ETHUSDT', '2000'])
    prices(['ETHUSDT', '3000'])
    prices(['BTC/USDT index', '20000'])
    stale('ETHUSDT')
    expect(story()).toEqual([
      'warning desk:cross:USDT 0.5 #1 1',
      'market-stale BTC/USDT index #1 1',
      'unknown desk:cross:USDT 0.5 #1 2',
      'market-fresh BTC/USDT index #1 2',
      'warning desk:cross:USDT 0.5 #2 3',
      'market-stale ETHUSDT #1 1',
      'unknown desk:cross:USDT 0.5 #2 4',
    ])
    verified()
    const [, lost, , last] = events()
    expect([lost!.reasons, last!.reasons]).toEqual([['stale-index'], ['stale-mark']])
    expect(lost).toMatchObject({ walletBalance: null, marginBalance: null })
    expect(lost!.pool!.assets[1]).toMatchObject({ asset: 'BTC', indexPrice: null, ageMs: null })
  })

  it('is warned by distance at prices that move against it together: its collateral falls with what it is long of', () => {
    const { monitor, prices, story, verified } = open(levelRule(['10%'], '0'), { variant })
    monitor.apply({ kind: 'put', account: { ...LONG, collateral: [{ asset: 'BTC', amount: '1.2' }] } })
    // 1.2 BTC count as 1. At 0.9 of both prices: 0.9·39,333 − 30,000 = 5,399.7 against 5,400.
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '39334'])
    expect(story()).toEqual([])
    prices(['BTC/USDT index', '39333'])
    expect(story()).toEqual(['warning desk:cross:USDT 10% #1 1'])
    verified()
  })

  it('is judged with debts alone, and a pool that no price moves when it is put', () => {
    const { monitor, prices, story, added, verified, events } = open(BY_RATIO, { variant })
    const spot = (id: string, collateral: string, owed: string, currency = 'USDT'): Account => ({
      ...makeAccount({
        id,
        venue: 'bybit',
        positions: [],
        collateral: [{ asset: currency, amount: collateral }],
      }),
      liabilities: [{ asset: 'USDT', amount: owed }],
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
    })
    monitor.apply({ kind: 'put', account: spot('still', '1000', '950') })
    expect(story()).toEqual(['liquidation still:cross:USDT 1 #1 1'])
    monitor.apply({ kind: 'put', account: spot('loan', '1', '27000', 'BTC') })
    expect(added).toEqual(['bybit:BTC/USDT index'])
    // 0.9 BTC against 29,700.
    prices(['BTC/USDT index', '33001'])
    prices(['BTC/USDT index', '33000'])
    expect(story().slice(1)).toEqual([
      'warning loan:cross:USDT 0.9 #1 1',
      'liquidation loan:cross:USDT 1 #1 2',
    ])
    expect(events()[2]!.pool).toMatchObject({ kind: 'spot-margin', liquidationLevel: '1.1' })
    verified()
  })

  it('is judged with a wallet below zero alone, and goes when the wallet is back at zero', () => {
    const { monitor, prices, story, verified } = open(BY_RATIO, { variant })
    const account = (version: number, amount: string): Account => ({
      ...makeAccount({
        id: 'below',
        venue: 'bybit',
        positions: [],
        collateral: [
          { asset: 'BTC', amount: '1' },
          { asset: 'USDT', amount },
        ],
      }),
      version,
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
    })
    monitor.apply({ kind: 'put', account: account(1, '-27000') })
    // 0.9 BTC against 29,700, as with 27,000 that are stated as a debt.
    prices(['BTC/USDT index', '33001'])
    prices(['BTC/USDT index', '33000'])
    verified()
    monitor.apply({ kind: 'put', account: account(2, '0') })
    expect(story()).toEqual([
      'warning below:cross:USDT 0.9 #1 1',
      'liquidation below:cross:USDT 1 #1 2',
      'closed below:cross:USDT 0 #1 3',
    ])
  })

  it('keeps its episode when a new version has other assets, and goes with its last position and debt', () => {
    const { monitor, prices, story, added } = open(BY_RATIO, { variant })
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    const richer = [...LONG.collateral, { asset: 'USDT', amount: '100000' }, { asset: 'ETH', amount: '2' }]
    monitor.apply({ kind: 'put', account: { ...LONG, version: 2, collateral: richer } })
    expect(added.slice(2)).toEqual(['bybit:ETH/USDT index'])
    expect(story()).toEqual(['warning desk:cross:USDT 0.5 #1 1'])
    prices(['ETH/USDT index', '3000'])
    monitor.apply({ kind: 'put', account: { ...LONG, version: 3 } })
    monitor.apply({ kind: 'put', account: { ...LONG, version: 4, positions: [] } })
    expect(story().slice(1)).toEqual([
      'recovered desk:cross:USDT 0 #1 2',
      'warning desk:cross:USDT 0.5 #2 3',
      'closed desk:cross:USDT 0 #2 4',
    ])
  })
})

describe('a pool over several currencies', () => {
  it('goes on after a restart where it was, and publishes nothing twice', () => {
    const before = open()
    before.monitor.apply({ kind: 'put', account: LONG })
    before.prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    before.stale('BTC/USDT index')
    const after = open()
    restoreInto(after.monitor, before.records)
    after.monitor.apply({ kind: 'put', account: LONG })
    after.monitor.loaded()
    after.prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    expect(after.story()).toEqual(['market-fresh BTC/USDT index #1 2', 'warning desk:cross:USDT 0.5 #2 3'])
  })

  it('has no exact verdict while its prices move as far as its level is proven to hold', () => {
    const { monitor, prices, stale, story } = open()
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '60000'])
    const { exactChecks, suspects } = monitor.counters
    // 27,000 against 6,000, the first level is at 12,000: each price may move by nearly 3 %.
    prices(['ETHUSDT', '2920'])
    prices(['BTC/USDT index', '58400'])
    prices(['ETHUSDT', '3080'], ['BTC/USDT index', '61600'])
    expect(monitor.counters).toMatchObject({ exactChecks, suspects })
    prices(['ETHUSDT', '2880'])
    expect(monitor.counters.suspects).toBe(suspects + 1)
    expect(story()).toEqual([])
    stale('BTC/USDT index')
    expect(monitor.unknownMarginAccounts).toBe(1)
    // 4,500 less 12,000.
    prices(['BTC/USDT index', '10000'])
    expect(story().slice(1)).toEqual([
      'liquidation desk:cross:USDT 1 #1 1',
      'market-fresh BTC/USDT index #1 2',
    ])
  })

  it('has proofs less and less often while they fail, and at once after one that holds or a new version', () => {
    const { monitor, prices } = open()
    const exactChecksIn = (ticks: number, ...indexes: readonly string[]) => {
      const before = monitor.counters.exactChecks
      for (let tick = 0; tick < ticks; tick++) prices(['BTC/USDT index', indexes[tick % indexes.length]!])
      return monitor.counters.exactChecks - before
    }
    const near = ['26666.67', '26666.68']
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'])
    // At 26,666.67 a millionth of a per cent is left to the first level. Proofs fail before verdicts 1, 2, 3 and 5; the next is before 9.
    expect(exactChecksIn(5, ...near)).toBe(5)
    expect(exactChecksIn(10, '60000', '60001')).toBe(3)
    expect(exactChecksIn(5, ...near)).toBe(5)
    monitor.apply({ kind: 'put', account: { ...LONG, version: 2 } })
    expect(exactChecksIn(10, '60000', '60001')).toBe(0)
  })

  it('is judged again at the prices that it has when its terms change, or its rules', () => {
    const books = { bybit: BOOK }
    const { monitor, clock, prices, story } = open(BY_RATIO, { books })
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '60000'])
    const poorer = [{ asset: 'BTC', amount: '0.2' }]
    monitor.apply({ kind: 'put', account: { ...LONG, version: 2, collateral: poorer } })
    expect(story()).toEqual(['warning desk:cross:USDT 0.5 #1 1'])
    books.bybit = { ...BOOK, rulesOf: () => oneTier('0.05') }
    monitor.apply({ kind: 'rules', venue: LONG.venue, symbols: ['ETHUSDT'], assets: [] })
    clock.runTurns()
    expect(story().slice(1)).toEqual(['liquidation desk:cross:USDT 1 #1 2'])
  })

  it('is judged again when one of its assets counts otherwise, and accounts without a pool are not', () => {
    const books = { bybit: BOOK }
    const { monitor, clock, prices, events } = open(BY_RATIO, { books })
    const single = {
      ...LONG,
      id: 'single',
      collateral: [{ asset: 'USDT', amount: '20000' }],
      pool: undefined,
    }
    monitor.apply({ kind: 'put', account: LONG })
    monitor.apply({ kind: 'put', account: single })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '60000'])
    expect(events()).toEqual([])
    const haircut = collateralRulesSchema.parse({ tiers: [{ cap: '100', ratio: '0.2' }] })
    books.bybit = { ...withCollateralRules(BOOK, { BTC: haircut }), version: 'haircut' }
    monitor.apply({ kind: 'rules', venue: LONG.venue, symbols: [], assets: ['BTC'] })
    clock.runTurns()
    // 6,000 of 30,000 count, and 6,000 are asked for.
    expect(events()).toMatchObject([
      {
        marginAccount: 'desk:cross:USDT',
        kind: 'liquidation',
        marginBalance: '6000',
        reasons: expect.arrayContaining(['rules-changed']),
        ruleBook: 'haircut',
      },
    ])
  })

  it('is watched again when its asset has rules that lacked', () => {
    const books: Record<string, RuleBook> = { bybit: { ...BOOK, collateralOf: () => undefined } }
    const { monitor, clock, prices, story } = open(BY_RATIO, { books })
    monitor.apply({ kind: 'put', account: LONG })
    expect(monitor.watchlist.accounts).toBe(0)
    books.bybit = BOOK
    monitor.apply({ kind: 'rules', venue: LONG.venue, symbols: [], assets: ['BTC'] })
    clock.runTurns()
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '10000'])
    expect(story()).toEqual(['liquidation desk:cross:USDT 1 #1 1'])
  })

  it('is judged again when a funding rate that counts in its margin changes and no price does', () => {
    const rules = { ...oneTier('0.02'), fundingInMaintenance: true }
    const book = withCollateralRules({ ...BOOK, rulesOf: () => rules }, COLLATERAL)
    const { monitor, clock, story } = open(BY_RATIO, { books: { bybit: book } })
    monitor.apply({ kind: 'put', account: LONG })
    const frame = (tell: () => void) => {
      monitor.frameStart(clock.nowMs(), clock.monotonicMs())
      tell()
      monitor.frameEnd()
      clock.runTurns()
    }
    frame(() => {
      monitor.tick('bybit', 'ETHUSDT', '3000', 1, '0.0001')
      monitor.tick('bybit', 'BTC/USDT index', '60000', 1)
    })
    expect(story()).toEqual([])
    // 0.03 of 300,000 beside 6,000: 15,000 against 27,000.
    frame(() => monitor.unchanged('bybit', 'ETHUSDT', 2, '0.03'))
    expect(story()).toEqual(['warning desk:cross:USDT 0.5 #1 1'])
  })

  it('is refused with the asset that no rules weigh, and taken when it goes', () => {
    const { monitor, refused, prices, story } = open()
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    const collateral = [...LONG.collateral, { asset: 'DOGE', amount: '5' }]
    monitor.apply({ kind: 'put', account: { ...LONG, version: 2, collateral } })
    expect(refused).toEqual([
      {
        account: 'desk',
        message:
          'collateral[1].asset is "DOGE": rule book pools does not say how DOGE counts in a pool valued in USDT; a rules file with collateralRules says it (docs/rules.md, Collateral)',
      },
    ])
    monitor.apply({ kind: 'put', account: { ...LONG, version: 3 } })
    expect(story()).toEqual([
      'warning desk:cross:USDT 0.5 #1 1',
      'unknown desk:cross:USDT 0.5 #1 2',
      'warning desk:cross:USDT 0.5 #2 3',
    ])
  })

  it('states in its event what each asset alone would cure it by, and that one which counts as nothing cures nothing', () => {
    const { monitor, prices, events, verified } = open()
    const collateral = [...LONG.collateral, { asset: 'ETH', amount: '1' }]
    monitor.apply({ kind: 'put', account: { ...LONG, collateral } })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '10000'], ['ETH/USDT index', '3000'])
    // 4,500 against 6,000: below half of it with more than 7,500 further, or 0.5 BTC at 0.9 and 0.6 at 0.5 a unit.
    expect(events()[0]!.cure).toMatchObject({
      topUp: '7500.00000001',
      topUps: [
        { asset: 'BTC', amount: '1.10000001' },
        { asset: 'ETH', amount: null },
      ],
    })
    verified()
  })

  it('is read by a screen with its prices', async () => {
    const { monitor, prices } = open()
    monitor.apply({ kind: 'put', account: LONG })
    prices(['ETHUSDT', '3000'], ['BTC/USDT index', '20000'])
    const { lines } = await monitor.read.marginAccounts({ limit: 5 })
    expect(lines).toMatchObject([{ account: 'desk', marginRatio: '0.666667', level: '0.5' }])
    expect(resultOf(monitor.read.accountSteps('desk'))).toMatchObject({
      account: { pool: { currency: 'USDT' } },
      marginAccounts: [{ marginBalance: '9000', maintenanceMargin: '6000' }],
    })
    expect(monitor.read.markets().map(({ symbol, markPrice }) => [symbol, markPrice])).toEqual([
      ['ETHUSDT', '3000'],
      ['BTC/USDT index', '20000'],
    ])
  })
})

describe('the age of the rules of a pool without positions', () => {
  const reasonsWith = (asOf: string | undefined, collateral = 'BTC') => {
    const rules = { ...COLLATERAL.BTC, ...(asOf === undefined ? {} : { asOf }) }
    const book = withCollateralRules(bybit.ruleBook, { BTC: rules })
    const { monitor, prices, events } = open(BY_RATIO, {
      books: { bybit: book },
      rulesMaxAgeDays: 14,
      startMs: 20 * DAY_MS,
    })
    const account: Account = {
      ...makeAccount({ id: 'desk', venue: 'bybit', collateral: [{ asset: collateral, amount: '1' }] }),
      liabilities: [{ asset: 'USDT', amount: '27000' }],
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
    }
    monitor.apply({ kind: 'put', account })
    prices(['BTC/USDT index', '30000'])
    const [event] = events()
    return [event?.kind, event?.ruleAgeDays, event?.reasons]
  }

  it('is a reason of its events: old, or not known', () => {
    expect(reasonsWith('1970-01-01')).toEqual(['liquidation', 20, ['rules-old']])
    expect(reasonsWith('1970-01-07')).toEqual(['liquidation', 14, []])
    expect(reasonsWith(undefined)).toEqual(['liquidation', null, ['rules-undated']])
  })

  it('is none where it holds and owes its currency alone, which needs no rules', () => {
    expect(reasonsWith('1970-01-01', 'USDT')).toEqual(['liquidation', null, []])
  })
})
