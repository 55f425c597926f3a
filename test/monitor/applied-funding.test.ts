import { describe, expect, it } from 'vitest'
import type { Account, FundingRecord } from '../../src/domain/index.ts'
import { collateralRulesSchema, venueId } from '../../src/domain/index.ts'
import { resultOf } from '../../src/margin/steps.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, isolatedLong, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200 of margin. At a mark of 85 its balance is 50 and 8.5 are asked for. A rate of 0.05
// costs it 42.5: the balance is 7.5 then.

const HOUR_MS = 3_600_000
/** A whole hour, at which nothing is announced. */
const START_MS = 1_790_002_800_000 - (1_790_002_800_000 % HOUR_MS)
const DUE_MS = START_MS + HOUR_MS
const RATE = '0.05'

function openFunded(options: Parameters<typeof openMonitor>[0] = {}) {
  const opened = openMonitor({ appliesFunding: true, startMs: DUE_MS + 2 * HOUR_MS, ...options })
  const { monitor, clock } = opened
  /** A frame of one mark with what the venue says of funding. */
  const mark = (
    markPrice: string,
    eventTimeMs: number,
    { rate = RATE, nextMs = DUE_MS, symbol = 'AUSDT', venue = 'binance' } = {},
  ) => {
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick(venue, symbol, markPrice, eventTimeMs, rate, nextMs)
    monitor.frameEnd()
  }
  /** A frame that confirms the last mark, with what the venue says of funding. */
  const confirm = (eventTimeMs: number, { rate = RATE, nextMs = DUE_MS } = {}) => {
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.unchanged('binance', 'AUSDT', eventTimeMs, rate, nextMs)
    monitor.frameEnd()
  }
  return { ...opened, mark, confirm }
}

const asOf = (account: Account, asOfMs: number): Account => ({ ...account, asOfMs })
const known = ({ terms }: FundingRecord) => terms !== 'unknown'

describe('balances that are stated for a time to come', () => {
  it('leave no payment out in silence: verdicts say that funding is not known, also once that time has passed', () => {
    const { monitor, clock, mark, story, events } = openFunded({ startMs: START_MS })
    const later = START_MS + 600_000
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), later) })
    // As far ahead as clocks may differ.
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('near'), START_MS + 60_000) })
    mark('100', START_MS + 1)
    mark('80', START_MS + 2)
    expect(story().toSorted()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'liquidation near:isolated:AUSDT:long 1 #1 1',
    ])
    const reasons = () => events().map(({ account, reasons }) => [account, reasons])
    expect(reasons().toSorted()).toEqual([
      ['a', ['funding-unknown']],
      ['near', []],
    ])
    clock.advance(700_000)
    mark('100', START_MS + 700_000)
    expect(reasons().slice(2).toSorted()).toEqual([
      ['a', ['funding-unknown']],
      ['near', []],
    ])
    monitor.apply({ kind: 'put', account: { ...asOf(isolatedLong('a'), START_MS), version: 2 } })
    mark('80', START_MS + 700_001)
    expect(reasons().slice(4).toSorted()).toEqual([
      ['a', []],
      ['near', []],
    ])
  })
})

describe('funding that falls due', () => {
  it('refuses a pool that it leaves with a debt of which the rules do not say what it asks for, and says so', () => {
    const btc = collateralRulesSchema.parse({ tiers: [{ cap: '100', ratio: '1' }], discounts: 'wallet' })
    const rules = { AUSDT: oneTier('0.01') }
    const book = withCollateralRules(
      { ...bybit.ruleBook, rulesOf: (symbol) => rules[symbol as keyof typeof rules] },
      { BTC: btc },
    )
    const { monitor, mark, story, events, funding, clock, refused } = openFunded({ books: { bybit: book } })
    const pool = makeAccount({
      id: 'pool',
      venue: 'bybit',
      asOfMs: START_MS,
      collateral: [
        { asset: 'USDT', amount: '10' },
        { asset: 'BTC', amount: '0.001' },
      ],
      positions: [crossPosition('AUSDT', { size: '10', entryPrice: '100' })],
    })
    monitor.apply({
      kind: 'put',
      account: { ...pool, pool: { currency: 'USDT', kind: 'multi-asset' } },
    })
    mark('60000', START_MS + 1, { symbol: 'BTC/USDT index', venue: 'bybit' })
    mark('94', START_MS + 2, { venue: 'bybit' })
    expect(story()).toEqual(['warning pool:cross:USDT 0.9 #1 1'])
    // It pays 47 of the 10 USDT that it has.
    mark('94', DUE_MS + 1, { venue: 'bybit', nextMs: DUE_MS + HOUR_MS })
    funding.keepFunding()
    clock.runTurns()
    expect(refused).toEqual([{ account: 'pool', message: expect.stringContaining('a debt of USDT needs') }])
    expect(events().map(({ kind, reasons }) => [kind, reasons])).toEqual([
      ['warning', []],
      ['unknown', ['account-refused', 'funding']],
    ])
    monitor.apply({
      kind: 'put',
      account: {
        ...pool,
        version: 2,
        pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
      },
    })
    expect(refused).toHaveLength(1)
  })

  it('is in the balances of accounts whose balances are older, with the mark and the rate of its time', () => {
    const { monitor, mark, story, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    monitor.apply({ kind: 'put', account: isolatedLong('untimed') })
    mark('90', START_MS + 1)
    mark('85', DUE_MS - 1)
    expect(funding.recorded.filter(known)).toEqual([])
    mark('86', DUE_MS + 1, { rate: '0.01', nextMs: DUE_MS + HOUR_MS })
    expect(funding.recorded.filter(known)).toEqual([
      {
        venue: 'binance',
        symbol: 'AUSDT',
        fundingTimeMs: DUE_MS,
        terms: { fundingRate: RATE, markPrice: '85' },
      },
    ])
    // Nothing is applied before it is kept.
    expect(story()).toEqual([])
    funding.keepFunding()
    expect(story()).toEqual([])
    mark('85', DUE_MS + 2, { rate: '0.01', nextMs: DUE_MS + HOUR_MS })
    expect(story()).toEqual(['liquidation a:isolated:AUSDT:long 1 #1 1'])
    expect(events()[0]).toMatchObject({
      walletBalance: '157.5',
      marginBalance: '7.5',
      reasons: [],
      positions: [{ isolatedMargin: '157.5' }],
      funding: {
        asOfMs: START_MS,
        payments: 1,
        amounts: [{ asset: 'USDT', amount: '-42.5' }],
        last: [
          {
            symbol: 'AUSDT',
            size: '10',
            fundingTimeMs: DUE_MS,
            markPrice: '85',
            payment: '-42.5',
            booked: '-42.5',
          },
        ],
      },
    })
    expect(verifyEvent(events()[0]!)).toMatchObject({ isOk: true })
  })

  it('is judged when it is kept, without a mark, and is the reason of the event', () => {
    const { monitor, mark, story, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    mark('85', DUE_MS - 1)
    monitor.settleFunding(DUE_MS + 999)
    expect(funding.recorded.filter(known)).toEqual([])
    monitor.settleFunding(DUE_MS + 1_000)
    funding.keepFunding()
    expect(story()).toEqual(['liquidation a:isolated:AUSDT:long 1 #1 1'])
    expect(events()[0]).toMatchObject({ reasons: ['funding'], confidence: 'confirmed', eventTimeMs: DUE_MS })
    expect(verifyEvent(events()[0]!).isOk).toBe(true)
    // A venue that is slow to move on has been charged for all the same.
    mark('85', DUE_MS + 1_500)
    monitor.settleFunding(DUE_MS + 5_000)
    funding.keepFunding()
    expect(funding.recorded.filter(known)).toHaveLength(1)
    expect(story()).toHaveLength(1)
  })

  it('is noticed where a frame brings a time with a mark that has not changed, by another rate or by the same', () => {
    for (const rate of ['0.01', RATE]) {
      const { monitor, mark, confirm, funding } = openFunded()
      monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
      mark('90', START_MS + 1)
      confirm(START_MS + 2)
      expect(funding.recorded.filter(known)).toEqual([])
      confirm(DUE_MS + 1, { rate, nextMs: DUE_MS + HOUR_MS })
      expect(funding.schedules.at(-1)).toMatchObject({ nextFundingTimeMs: DUE_MS + HOUR_MS })
      confirm(DUE_MS + 2, { rate, nextMs: DUE_MS + HOUR_MS })
      monitor.settleFunding(DUE_MS + HOUR_MS + 1_000)
      const ofFunding = (fundingTimeMs: number, fundingRate: string) => ({
        fundingTimeMs,
        terms: { fundingRate, markPrice: '90' },
      })
      expect(funding.recorded.filter(known)).toMatchObject([
        ofFunding(DUE_MS, RATE),
        ofFunding(DUE_MS + HOUR_MS, rate),
      ])
    }
  })

  it('of a time before the balances is in them already', () => {
    const { monitor, mark, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), DUE_MS) })
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('b'), DUE_MS - 1) })
    mark('85', DUE_MS - 1)
    monitor.settleFunding(DUE_MS + 1_000)
    funding.keepFunding()
    const balance = (id: string) => resultOf(monitor.read.accountSteps(id))!.marginAccounts[0]!.walletBalance
    expect([balance('a'), balance('b')]).toEqual(['200', '157.5'])
    // A new version of the account has the payment in its own balances.
    monitor.apply({
      kind: 'put',
      account: asOf(isolatedLong('b', { isolatedMargin: '157.4' }, 2), DUE_MS + 5),
    })
    expect(balance('b')).toBe('157.4')
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('b', {}, 3), DUE_MS - 5) })
    expect(balance('b')).toBe('157.5')
  })

  it('takes effect once, also when it is kept twice and after a restart', () => {
    const first = openFunded()
    first.monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    first.mark('85', DUE_MS - 1)
    first.monitor.settleFunding(DUE_MS + 1_000)
    first.funding.keepFunding()
    first.monitor.applyFunding(first.funding.recorded)
    expect(first.story()).toHaveLength(1)
    const { recorded, schedules } = first.funding
    const second = openFunded()
    restoreInto(second.monitor, first.records)
    second.monitor.restoreFunding(recorded, schedules)
    second.monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    second.monitor.loaded()
    second.mark('85', DUE_MS + 2_000, { nextMs: DUE_MS + HOUR_MS })
    second.funding.keepFunding()
    expect(second.story()).toEqual([])
    expect(resultOf(second.monitor.read.accountSteps('a'))!.marginAccounts[0]!.walletBalance).toBe('157.5')
    second.mark('90', DUE_MS + 3_000, { nextMs: DUE_MS + HOUR_MS })
    expect(second.story()).toEqual(['recovered a:isolated:AUSDT:long 0 #1 2'])
  })

  it('changes the wallet of a cross pool, and that of isolated positions where the venue says so', () => {
    const { monitor, mark, funding } = openFunded()
    const wallet = (amount: string) => [{ asset: 'USDT', amount }]
    const positions = [
      crossPosition('AUSDT', { size: '-10' }),
      isolatedPosition('AUSDT', { size: '10', isolatedMargin: '200' }),
    ]
    const account = (id: string, venue: string, amount: string) =>
      makeAccount({ id, venue, asOfMs: START_MS, collateral: wallet(amount), positions })
    monitor.apply({ kind: 'put', account: account('binance', 'binance', '300') })
    monitor.apply({ kind: 'put', account: account('bybit', 'bybit', '300') })
    monitor.apply({ kind: 'put', account: account('poor', 'bybit', '-32.5') })
    mark('85', DUE_MS - 1)
    mark('85', DUE_MS - 1, { venue: 'bybit' })
    monitor.settleFunding(DUE_MS + 1_000)
    funding.keepFunding()
    const balances = (id: string) =>
      resultOf(monitor.read.accountSteps(id))!.marginAccounts.map(({ walletBalance }) => walletBalance)
    expect(balances('binance')).toEqual(['342.5', '157.5'])
    expect(balances('bybit')).toEqual(['300', '200'])
    // The wallet held nothing of the 42.5 that the long was to pay; the 42.5 of the short came into it after that.
    expect(balances('poor')).toEqual(['10', '157.5'])
  })

  it('does the same in whatever order the account lists its positions, and events say what order is assumed', () => {
    const { monitor, mark, funding, events } = openFunded()
    const long = isolatedPosition('AUSDT', { size: '10', isolatedMargin: '200' })
    const short = isolatedPosition('AUSDT', { size: '-10', isolatedMargin: '200' })
    const account = (id: string, positions: Account['positions']) =>
      makeAccount({
        id,
        asOfMs: START_MS,
        collateral: [{ asset: 'USDT', amount: '2.5' }],
        positions: [...positions],
      })
    monitor.apply({ kind: 'put', account: account('a', [long, short]) })
    monitor.apply({ kind: 'put', account: account('b', [short, long]) })
    mark('85', DUE_MS - 1, { venue: 'bybit' })
    monitor.settleFunding(DUE_MS + 1_000)
    funding.keepFunding()
    mark('81', DUE_MS + 1_001, { venue: 'bybit', nextMs: DUE_MS + HOUR_MS })
    const [one, other, ...more] = events().filter(
      ({ marginAccount, kind }) => marginAccount.endsWith(':long') && kind === 'liquidation',
    )
    expect(more).toEqual([])
    // The wallet has 2.5 of the 42.5, and the margin of 160 is 30 at a mark of 81 less what the long has lost.
    expect([one, other]).toMatchObject(
      ['a', 'b'].map((id) => ({
        account: id,
        kind: 'liquidation',
        walletBalance: '160',
        funding: {
          isolatedPays: 'wallet-first',
          last: [{ marginMode: 'isolated', payment: '-42.5', booked: '-40' }],
        },
        assumptions: [expect.stringContaining('what is paid is charged before what is received')],
      })),
    )
    for (const event of [one!, other!]) expect(verifyEvent(event)).toMatchObject({ isOk: true })
  })
})

describe('funding that is not known', () => {
  const suspect = { reasons: ['funding-unknown'], confidence: 'suspect' }

  it('of a time at which the market had no mark leaves a verdict that says so', () => {
    const { monitor, mark, story, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    mark('81.5', DUE_MS - 10)
    expect(story()).toEqual(['warning a:isolated:AUSDT:long 0.5 #1 1'])
    monitor.marketStale('binance', 'AUSDT', DUE_MS - 5, 0)
    monitor.settleFunding(DUE_MS + 1_000)
    funding.keepFunding()
    mark('81', DUE_MS + 2_000, { nextMs: DUE_MS + HOUR_MS })
    const own = events().slice(1)
    expect(own.map(({ kind, reasons }) => [kind, reasons])).toEqual([
      ['unknown', ['stale-mark']],
      ['warning', ['funding-unknown']],
    ])
    expect(own.at(-1)).toMatchObject({
      ...suspect,
      walletBalance: '200',
      funding: { payments: 0, amounts: [] },
    })
    expect(events().filter((event) => !verifyEvent(event).isOk)).toEqual([])
  })

  it('is one that is on its way, until it is kept', () => {
    const { monitor, mark, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('b'), DUE_MS) })
    mark('90', DUE_MS - 10)
    mark('81.5', DUE_MS + 1, { rate: '0.0001', nextMs: DUE_MS + HOUR_MS })
    funding.keepFunding()
    mark('85', DUE_MS + 2, { rate: '0.0001', nextMs: DUE_MS + HOUR_MS })
    expect(
      events().map(({ account, kind, reasons, walletBalance }) => [account, kind, reasons, walletBalance]),
    ).toEqual([
      ['a', 'warning', ['funding-unknown'], '200'],
      ['b', 'warning', [], '200'],
      ['a', 'liquidation', ['funding'], '155'],
      ['b', 'recovered', [], '200'],
    ])
  })

  it('of a time whose record was on its way at the verdict publishes nothing when it is kept', () => {
    const { monitor, mark, story, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('warned'), START_MS) })
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('safe', { isolatedMargin: '300' }), START_MS) })
    mark('90', DUE_MS - 10)
    monitor.marketStale('binance', 'AUSDT', DUE_MS - 5, 0)
    // Its first mark behind the funding time: the record has no mark, and is not kept yet.
    mark('81.5', DUE_MS + 1, { nextMs: DUE_MS + HOUR_MS })
    expect(story()).toContain('warning warned:isolated:AUSDT:long 0.5 #1 1')
    expect(events()).toMatchObject([suspect])
    funding.keepFunding()
    expect(funding.recorded.at(-1)).toMatchObject({ fundingTimeMs: DUE_MS, terms: 'unknown' })
    expect(events()).toHaveLength(1)
    mark('80', DUE_MS + 2, { nextMs: DUE_MS + HOUR_MS })
    expect(events().slice(1)).toMatchObject([{ account: 'warned', kind: 'liquidation', ...suspect }])
    // Once a verdict does not say so, it is taken back again.
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('warned', {}, 2), DUE_MS) })
    mark('95', DUE_MS + 3, { nextMs: DUE_MS + HOUR_MS })
    mark('80', DUE_MS + 4, { nextMs: DUE_MS + HOUR_MS })
    const fundingTimeMs = DUE_MS + HOUR_MS
    monitor.applyFunding([{ venue: venueId('binance'), symbol: 'AUSDT', fundingTimeMs, terms: 'unknown' }])
    expect(
      events()
        .slice(2)
        .map(({ kind, reasons }) => [kind, reasons]),
    ).toEqual([
      ['recovered', []],
      ['liquidation', []],
      ['unknown', ['funding-unknown', 'funding']],
      ['liquidation', ['funding-unknown', 'funding']],
    ])
  })

  it('and was said so by an earlier run is not said again when its record is kept after a restart', () => {
    const account = asOf(isolatedLong('a'), START_MS)
    const first = openFunded()
    first.monitor.apply({ kind: 'put', account })
    first.mark('90', DUE_MS - 10)
    first.monitor.marketStale('binance', 'AUSDT', DUE_MS - 5, 0)
    // The record is on its way, and the worker ends before it and the next schedule are kept.
    first.mark('81.5', DUE_MS + 1, { nextMs: DUE_MS + HOUR_MS })
    expect(first.events()).toMatchObject([{ kind: 'warning', ...suspect }])
    const second = openFunded()
    restoreInto(second.monitor, first.records)
    second.monitor.restoreFunding([], first.funding.schedules.slice(0, 1))
    second.monitor.apply({ kind: 'put', account })
    second.monitor.loaded()
    second.mark('81.5', DUE_MS + 2, { nextMs: DUE_MS + HOUR_MS })
    second.funding.keepFunding()
    expect(second.funding.recorded.at(-1)).toMatchObject({ fundingTimeMs: DUE_MS, terms: 'unknown' })
    expect(second.story()).toEqual([])
    second.mark('80', DUE_MS + 3, { nextMs: DUE_MS + HOUR_MS })
    expect(second.events()).toMatchObject([{ kind: 'liquidation', ...suspect }])
  })

  it('takes a published verdict back and gives it again with the reason', () => {
    const { monitor, mark, events, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    mark('81.5', DUE_MS - 10)
    monitor.applyFunding([
      { venue: venueId('binance'), symbol: 'AUSDT', fundingTimeMs: DUE_MS, terms: 'unknown' },
    ])
    expect(events().map(({ kind, level, reasons }) => [kind, level, reasons])).toEqual([
      ['warning', '0.5', []],
      ['unknown', '0.5', ['funding-unknown', 'funding']],
      ['warning', '0.5', ['funding-unknown', 'funding']],
    ])
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a', {}, 2), DUE_MS) })
    mark('81', DUE_MS + 1, { nextMs: DUE_MS + HOUR_MS })
    expect(events().at(-1)).toMatchObject({ kind: 'warning', level: '0.7', reasons: [] })
    expect(funding.recorded.filter(known)).toHaveLength(1)
  })

  it('is that before the first schedule, and of the time without a worker, if a whole hour lies in it', () => {
    const { monitor, mark, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS - 1) })
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('b'), START_MS) })
    mark('90', START_MS + 1)
    expect(funding.recorded).toEqual([
      { venue: 'binance', symbol: 'AUSDT', fundingTimeMs: START_MS, terms: 'unknown' },
    ])
    expect(funding.schedules).toEqual([{ venue: 'binance', symbol: 'AUSDT', nextFundingTimeMs: DUE_MS }])
    const again = (atMs: number, nextMs: number) => {
      const next = openFunded()
      next.monitor.restoreFunding(funding.recorded, funding.schedules)
      next.monitor.apply({ kind: 'put', account: asOf(isolatedLong('b'), START_MS) })
      next.mark('90', atMs, { nextMs })
      return next.funding.recorded.map(({ fundingTimeMs, terms }) => [fundingTimeMs, terms])
    }
    // The schedule of before is still ahead; it passed meanwhile; two hours passed after it.
    expect(again(DUE_MS, DUE_MS)).toEqual([])
    expect(again(DUE_MS + 1, DUE_MS + HOUR_MS)).toEqual([[DUE_MS, 'unknown']])
    expect(again(DUE_MS + 2 * HOUR_MS, DUE_MS + 3 * HOUR_MS)).toEqual([
      [DUE_MS, 'unknown'],
      [DUE_MS + 2 * HOUR_MS, 'unknown'],
    ])
  })

  it('is every one of a venue that charges it without times, and of a perpetual of which nothing is said', () => {
    const { monitor, events, clock } = openFunded()
    const account = asOf(isolatedLong('a'), START_MS)
    monitor.apply({ kind: 'put', account })
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('dated', { symbol: 'BUSDT' }), START_MS) })
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick('binance', 'AUSDT', '80', START_MS + 1)
    monitor.frameEnd()
    expect(events()).toMatchObject([suspect])
  })

  it('is none where the venue moves a time that is still ahead', () => {
    const { monitor, mark, funding } = openFunded()
    monitor.apply({ kind: 'put', account: asOf(isolatedLong('a'), START_MS) })
    mark('85', START_MS + 1)
    const sooner = START_MS + HOUR_MS / 2
    mark('85', START_MS + 2, { nextMs: sooner })
    mark('85', sooner + 1, { nextMs: DUE_MS })
    expect(funding.recorded.filter(known)).toMatchObject([{ fundingTimeMs: sooner }])
    mark('85', DUE_MS - 5_001, { nextMs: DUE_MS + HOUR_MS })
    expect(funding.recorded.filter(known)).toHaveLength(1)
    // So shortly before its time it is one that has been charged.
    mark('85', DUE_MS + HOUR_MS - 5_000, { nextMs: DUE_MS + 2 * HOUR_MS })
    expect(funding.recorded.filter(known)).toMatchObject([{}, { fundingTimeMs: DUE_MS + HOUR_MS }])
  })
})
