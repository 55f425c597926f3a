import { describe, expect, it } from 'vitest'
import { type Contract, venueId } from '../../src/domain/index.ts'
import { WorkerExpiry } from '../../src/worker/expiry.ts'
import { RecordingLog } from '../feed/harness.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const BINANCE = venueId('binance')
const START_MS = 1_790_000_000_000
const LATER_MS = START_MS + 10_000

/** A worker's expiry on a simulated clock that holds AUSDT and BUSDT, which end at these times. */
function opened(expiryMs: Readonly<Record<string, number>>) {
  const { monitor, clock, story, frame } = openMonitor({ startMs: START_MS })
  const log = new RecordingLog()
  const dropped: string[][] = []
  const revived: string[] = []
  let asks = 0
  const nowMs = clock.nowMs.bind(clock)
  clock.nowMs = () => {
    asks++
    return nowMs()
  }
  const expiry = new WorkerExpiry({
    clock,
    log,
    expiryMsOf: (_venue, symbol) => expiryMs[symbol],
    monitor,
    marketData: {
      end: (contracts: readonly Contract[]) => dropped.push(contracts.map(({ symbol }) => symbol)),
      revive: ({ symbol }: Contract) => revived.push(symbol),
    },
    guard: (action) => action(),
  })
  const hold = (id: string, symbol: string) => {
    monitor.apply({ kind: 'put', account: isolatedLong(id, { symbol, isolatedMargin: '900' }) })
    return expiry.marketAdded(BINANCE, symbol)
  }
  return { monitor, clock, story, frame, log, dropped, revived, expiry, hold, asks: () => asks }
}

describe('the contracts of a worker', () => {
  it('are dropped when they expire by its clock, at most a second later, and not before', () => {
    const { clock, log, dropped, expiry, hold } = opened({ AUSDT: LATER_MS })
    expect(hold('a', 'AUSDT')).toBe(true)
    expect(hold('b', 'BUSDT')).toBe(true)
    expiry.open()
    clock.advanceTo(LATER_MS - 1)
    expect(dropped).toEqual([])
    clock.advance(1_000)
    expect(dropped).toEqual([['AUSDT']])
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { contracts: 1, symbols: ['binance AUSDT on 2026-09-21, 14:13 UTC, held by 1 margin account'] },
    ])
    clock.advance(60_000)
    expect(dropped).toHaveLength(1)
    expect(log.lines).toHaveLength(1)
  })

  it('are not asked for when they expired before, and dropped at the start', () => {
    const { dropped, story, expiry, hold } = opened({ AUSDT: START_MS, BUSDT: LATER_MS })
    expect(hold('a', 'AUSDT')).toBe(false)
    expect(hold('b', 'BUSDT')).toBe(true)
    expect(dropped).toEqual([])
    expiry.open()
    expect(dropped).toEqual([['AUSDT']])
    expect(story()).toEqual(['market-expired AUSDT #1 1'])
  })

  it('of one time are dropped together, in one line of the log, and of several times in their order', () => {
    const { clock, log, dropped, expiry, hold } = opened({
      AUSDT: LATER_MS,
      BUSDT: LATER_MS,
      CUSDT: LATER_MS - 1,
    })
    hold('a', 'AUSDT')
    hold('b', 'BUSDT')
    // Nobody holds it any more.
    expiry.marketAdded(BINANCE, 'CUSDT')
    expiry.open()
    clock.advanceTo(LATER_MS + 1_000)
    expect(dropped).toEqual([['CUSDT'], ['AUSDT', 'BUSDT']])
    expect(log.lines.map(({ fields }) => fields)).toMatchObject([{ contracts: 2 }])
  })

  it('that expire later are dropped when their time comes, not with the first', () => {
    const { clock, dropped, expiry, hold } = opened({ AUSDT: LATER_MS, BUSDT: LATER_MS + 60_000 })
    hold('b', 'BUSDT')
    hold('a', 'AUSDT')
    expiry.open()
    clock.advanceTo(LATER_MS + 1_000)
    expect(dropped).toEqual([['AUSDT']])
    clock.advance(60_000)
    expect(dropped).toEqual([['AUSDT'], ['BUSDT']])
  })

  it('that come after their expiry are dropped while it runs', () => {
    const { clock, dropped, expiry, hold } = opened({ AUSDT: START_MS, BUSDT: START_MS - 5 })
    expiry.open()
    expect(hold('a', 'AUSDT')).toBe(false)
    clock.advance(1_000)
    hold('b', 'BUSDT')
    clock.advance(1_000)
    expect(dropped).toEqual([['AUSDT'], ['BUSDT']])
  })

  it('that come while others are dropped are dropped the next time', () => {
    const { monitor, clock, dropped, expiry, hold } = opened({ AUSDT: LATER_MS, BUSDT: LATER_MS })
    hold('a', 'AUSDT')
    expiry.open()
    const { contracts } = monitor
    const expired = contracts.expired.bind(contracts)
    contracts.expired = (...given) => {
      expired(...given)
      if (given[1] === 'AUSDT') hold('b', 'BUSDT')
    }
    clock.advanceTo(LATER_MS + 2_000)
    expect(dropped).toEqual([['AUSDT'], ['BUSDT']])
  })

  it('cost no more than a look at the clock a second while none expires', () => {
    const { clock, expiry, hold, asks } = opened({ AUSDT: LATER_MS + 3_600_000 })
    hold('a', 'AUSDT')
    const close = expiry.open()
    const before = asks()
    clock.advance(60_000)
    expect(asks() - before).toBe(60)
    close()
    clock.advance(60_000)
    expect(asks() - before).toBe(60)
  })
})

describe('what the list of a venue says', () => {
  it('of the expiry stands above the name, before and after it', () => {
    const { clock, dropped, revived, expiry, hold } = opened({ AUSDT: LATER_MS, BUSDT: LATER_MS })
    hold('a', 'AUSDT')
    hold('b', 'BUSDT')
    expiry.open()
    expiry.expiryStated(BINANCE, 'AUSDT', LATER_MS - 5_000)
    expiry.expiryStated(BINANCE, 'BUSDT', LATER_MS + 60_000)
    clock.advanceTo(LATER_MS - 4_000)
    expect(dropped).toEqual([['AUSDT']])
    clock.advanceTo(LATER_MS + 2_000)
    expect(dropped).toEqual([['AUSDT']])
    clock.advance(60_000)
    expect(dropped).toEqual([['AUSDT'], ['BUSDT']])
    expect(revived).toEqual([])
  })

  it('takes back a contract that had expired by its name, and drops it when its time has come', () => {
    const { clock, log, story, frame, dropped, revived, expiry, hold } = opened({ AUSDT: START_MS })
    hold('a', 'AUSDT')
    expiry.open()
    expect(dropped).toEqual([['AUSDT']])
    expiry.expiryStated(BINANCE, 'AUSDT', LATER_MS)
    expiry.expiryStated(BINANCE, 'AUSDT', LATER_MS)
    expect(revived).toEqual(['AUSDT'])
    expect(log.lines.at(-1)!.message).toMatch(/^contracts have not ended/)
    frame([['AUSDT', '100']])
    clock.advanceTo(LATER_MS + 1_000)
    expect(dropped).toEqual([['AUSDT'], ['AUSDT']])
    expect(story()).toEqual([
      'market-expired AUSDT #1 1',
      'market-fresh AUSDT #1 2',
      'market-expired AUSDT #2 3',
    ])
    // None is stated any more: that of the name has long passed.
    expiry.expiryStated(BINANCE, 'AUSDT', undefined)
    expect(revived).toEqual(['AUSDT'])
  })

  it('drops what is delisted once, with its holders in the log, and takes it back when it is listed', () => {
    const { clock, log, dropped, revived, story, expiry, hold } = opened({ AUSDT: LATER_MS })
    hold('a', 'AUSDT')
    hold('b', 'BUSDT')
    expiry.open()
    expiry.listed(BINANCE, 'BUSDT')
    expiry.delisted(BINANCE, 'BUSDT', START_MS - 5)
    expiry.delisted(BINANCE, 'BUSDT', START_MS)
    expiry.delisted(BINANCE, 'CUSDT', START_MS)
    expect(dropped).toEqual([['BUSDT']])
    expect(story()).toEqual(['market-expired BUSDT #1 1'])
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { contracts: 1, symbols: ['binance BUSDT, held by 1 margin account'] },
    ])
    expiry.listed(BINANCE, 'BUSDT')
    expect(revived).toEqual(['BUSDT'])
    expiry.delisted(BINANCE, 'AUSDT', START_MS)
    clock.advanceTo(LATER_MS + 1_000)
    // It was dropped before its expiry, which is nothing new, and cannot be listed after it.
    expiry.listed(BINANCE, 'AUSDT')
    expect(dropped).toEqual([['BUSDT'], ['AUSDT']])
    expect(revived).toEqual(['BUSDT'])
  })
})
