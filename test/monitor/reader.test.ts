import { describe, expect, it } from 'vitest'
import { type MarginAccountQuery, PAGE_MARGIN_ACCOUNTS_MAX, venueId } from '../../src/domain/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100. At 81.1 its ratio is 8.11 / (margin - 189): 0.9 at 198.01…, 0.7 at 200.58…, 0.5 at 205.22.

function openWith(margins: readonly number[]) {
  const opened = openMonitor()
  for (const margin of margins)
    opened.monitor.apply({
      kind: 'put',
      account: isolatedLong(`m${margin}`, { isolatedMargin: String(margin) }),
    })
  const idsOf = async (query: Partial<MarginAccountQuery> = {}) => {
    const { lines, next } = await opened.monitor.read.marginAccounts({ limit: 10, ...query })
    return { ids: lines.map(({ account }) => account), next }
  }
  return { ...opened, idsOf }
}

describe('the list of margin accounts', () => {
  it('names the worst first: no margin balance left, then by ratio, and those without a verdict last', async () => {
    const { monitor, frame, idsOf } = openWith([900, 180, 199, 204, 198])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    frame([['AUSDT', '81.1']])
    expect((await idsOf()).ids).toEqual(['m180', 'm198', 'm199', 'm204', 'm900', 'b'])
    const { lines } = await monitor.read.marginAccounts({ limit: 10 })
    expect(lines.map(({ level, marginRatio }) => [level, marginRatio])).toEqual([
      ['1', null],
      ['0.9', '0.901111'],
      ['0.7', '0.811'],
      ['0.5', '0.540667'],
      ['0', '0.011406'],
      [null, null],
    ])
  })

  it('comes in pages that follow one another without a gap or a repeat, equal ratios too', async () => {
    const { monitor, frame, idsOf } = openWith([180, 181, 190, 199, 204, 900])
    for (let twin = 0; twin < 5; twin++)
      monitor.apply({ kind: 'put', account: isolatedLong(`twin${twin}`, { isolatedMargin: '199' }) })
    frame([['AUSDT', '81.1']])
    const { ids: all } = await idsOf({ limit: 100 })
    expect(all).toHaveLength(11)
    for (const limit of [1, 2, 3, 11]) {
      const paged: string[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof idsOf>> = await idsOf({
          limit,
          ...(after === null ? {} : { after }),
        })
        expect(page.ids.length).toBeLessThanOrEqual(limit)
        paged.push(...page.ids)
        after = page.next
      } while (after !== null)
      expect(paged).toEqual(all)
    }
  })

  it('holds those of a level, a venue, a symbol, or without a verdict', async () => {
    const { monitor, frame, idsOf } = openWith([180, 199, 204, 900])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    monitor.apply({ kind: 'put', account: { ...isolatedLong('v'), venue: venueId('bybit') } })
    frame([['AUSDT', '81.1']])
    expect((await idsOf({ levels: ['0.5', '0.7'] })).ids).toEqual(['m199', 'm204'])
    expect((await idsOf({ levels: ['unknown'] })).ids).toEqual(['b', 'v'])
    expect((await idsOf({ venue: venueId('bybit') })).ids).toEqual(['v'])
    expect((await idsOf({ symbol: 'BUSDT' })).ids).toEqual(['b'])
    expect((await idsOf({ levels: ['0.3'] })).ids).toEqual([])
    expect((await idsOf({ symbol: 'AUSDT', levels: ['1', 'unknown'] })).ids).toEqual(['m180', 'v'])
  })

  it.each([
    ['a limit of 0', { limit: 0 }, 'limit is 0'],
    ['a limit beyond the most', { limit: PAGE_MARGIN_ACCOUNTS_MAX + 1 }, 'limit is 1001'],
  ])('refuses %s', async (_, query, message) => {
    await expect(openMonitor().monitor.read.marginAccounts(query)).rejects.toThrow(message)
  })

  it.each([
    ...['x', '', '1', ':1', '0.5:1:1', '1e2:5', '0x10:1', ' :1', '0.50:1', '-1:1', '-0:1', 'NaN:1'],
    ...['0.5: 1', '0.5:01', '0.5:1.5', '0.5:-1', '0.5:1e3', '0.5:NaN'],
  ])('refuses the cursor %j, which no page gives', async (after) => {
    const asking = openMonitor().monitor.read.marginAccounts({ limit: 1, after })
    await expect(asking).rejects.toThrow(
      `after is ${JSON.stringify(after)}: it must be the next of an earlier page`,
    )
  })

  it('is gathered in slices, while prices come', async () => {
    const { clock, frame, idsOf } = openWith(Array.from({ length: 1_500 }, (_, index) => 900 + index))
    frame([['AUSDT', '81.1']])
    let looks = 0
    // Every look at the clock is 1 ms later.
    clock.monotonicMs = () => looks++
    let turns = 0
    const { nextTurn } = clock
    clock.nextTurn = (callback) => {
      turns++
      nextTurn.call(clock, callback)
      queueMicrotask(() => clock.runTurns())
    }
    expect((await idsOf({ limit: 3 })).ids).toEqual(['m900', 'm901', 'm902'])
    expect(turns).toBeGreaterThan(1)
  })
})

describe('the list of margin accounts, while accounts change', () => {
  it('shows no line that its query does not ask for any more', async () => {
    const { monitor, clock, frame, idsOf } = openWith([
      199,
      ...Array.from({ length: 1_500 }, (_, index) => 900 + index),
    ])
    frame([['AUSDT', '81.1']])
    let looks = 0
    // Every look at the clock is 1 ms later, so that the list takes several turns.
    clock.monotonicMs = () => looks++
    const asked = idsOf({ levels: ['0.7'] })
    monitor.apply({ kind: 'put', account: isolatedLong('m199', { isolatedMargin: '900' }, 2) })
    let isOver = false
    void asked.then(() => {
      isOver = true
    })
    while (!isOver) {
      clock.runTurns()
      await Promise.resolve()
    }
    expect((await asked).ids).toEqual([])
  })
})

describe('one account', () => {
  it('is read with its exact figures, and without any once its newest terms cannot be used', async () => {
    const { monitor, frame } = openWith([199])
    frame([['AUSDT', '81.1']])
    expect(await monitor.read.account('m199')).toMatchObject({
      account: isolatedLong('m199', { isolatedMargin: '199' }),
      marginAccounts: [
        {
          id: 'm199:isolated:AUSDT:long',
          marginBalance: '10',
          maintenanceMargin: '8.11',
          distance: '0.002353996188768075',
        },
      ],
      isSuspended: false,
      isLost: false,
    })
    monitor.apply({ kind: 'lost', id: 'm199' })
    expect(await monitor.read.account('m199')).toMatchObject({ isLost: true })
    monitor.apply({ kind: 'unreadable', id: 'm199', error: new Error('x') })
    expect(await monitor.read.account('m199')).toMatchObject({ marginAccounts: [], isSuspended: true })
    expect(await monitor.read.account('nobody')).toBeUndefined()
  })

  it('is read in slices, all of it at the prices at which it was asked for', async () => {
    const { monitor, clock, frame } = openWith([])
    const { positions, ...rest } = isolatedLong('both', { isolatedMargin: '199' })
    const other = positions.map((position) => ({ ...position, symbol: 'BUSDT' }))
    monitor.apply({ kind: 'put', account: { ...rest, positions: [...positions, ...other] } })
    frame([
      ['AUSDT', '81.1'],
      ['BUSDT', '81.1'],
    ])
    const atOnce = await monitor.read.account('both')
    let looks = 0
    clock.monotonicMs = () => looks++
    const asked = monitor.read.account('both')
    frame([['BUSDT', '90']])
    let [turns, isOver] = [0, false]
    void asked.then(() => {
      isOver = true
    })
    while (!isOver) {
      turns++
      clock.runTurns()
      await Promise.resolve()
    }
    expect(turns).toBeGreaterThan(1)
    expect(await asked).toEqual(atOnce)
  })

  it('tells the distance of one of its margin accounts alone', async () => {
    const { monitor, frame } = openWith([199])
    frame([['AUSDT', '81.1']])
    const distance = (account: string, id: string) => monitor.read.distance(account, id)
    expect(await distance('m199', 'm199:isolated:AUSDT:long')).toEqual({ distance: '0.002353996188768075' })
    expect(await distance('m199', 'm199:cross:USDT')).toBeUndefined()
    expect(await distance('nobody', 'm199:isolated:AUSDT:long')).toBeUndefined()
    monitor.apply({ kind: 'unreadable', id: 'm199', error: new Error('x') })
    expect(await distance('m199', 'm199:isolated:AUSDT:long')).toBeUndefined()
  })
})

describe('the markets', () => {
  it('are read with their marks, ages and margin accounts', () => {
    const { monitor, clock, frame } = openWith([199, 200])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    frame([['AUSDT', '81.1']])
    clock.advance(250)
    const ofA = { venue: 'binance', symbol: 'AUSDT', marginAccounts: 2 }
    expect(monitor.read.markets()).toEqual([
      { ...ofA, markPrice: '81.1', ageMs: 250, isStale: false },
      { ...ofA, symbol: 'BUSDT', marginAccounts: 1, markPrice: null, ageMs: null, isStale: false },
    ])
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(monitor.read.market('binance', 'AUSDT')).toMatchObject({ ...ofA, markPrice: null, isStale: true })
    expect(monitor.read.market('binance', 'NOUSDT')).toBeUndefined()
  })
})
