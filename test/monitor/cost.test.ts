import { describe, expect, it } from 'vitest'
import { type Account, type EventRecord, PUBLISH_RECORDS_MAX } from '../../src/domain/index.ts'
import { SLICE_MS } from '../../src/monitor/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { isMarginEvent, openMonitor, RULES, restoreInto } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. It is liquidated at 80.808..., of 198.1 exactly at 81.

const ACCOUNTS = 1_000

/** Rule books that write down which symbols they are asked for; every symbol has the rules of AUSDT. */
function countingBooks() {
  const asked: string[] = []
  const rulesOf = (symbol: string) => {
    asked.push(symbol)
    return RULES.AUSDT
  }
  const books = {
    bybit: { ...bybit.ruleBook, version: 'test', rulesOf },
    binance: { ...binance.ruleBook, version: 'test', rulesOf },
  }
  return { asked, books }
}

describe('a cascade', () => {
  it('is decided by what the kernel proves; exact arithmetic decides what is on a line', () => {
    const { monitor, frame, events } = openMonitor()
    for (let i = 0; i < ACCOUNTS; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    const onLine = isolatedLong('on-the-line', { isolatedMargin: '198.1' })
    monitor.apply({ kind: 'put', account: onLine })
    frame([['AUSDT', '100']])
    const { suspects, exactChecks } = monitor.counters
    frame([['AUSDT', '81']])
    expect(monitor.counters.suspects - suspects).toBe(ACCOUNTS + 1)
    expect(monitor.counters.exactChecks - exactChecks).toBe(1)
    expect(events().filter(({ kind }) => kind === 'liquidation')).toHaveLength(1)
    expect(events().filter(({ kind }) => kind === 'warning')).toHaveLength(ACCOUNTS)
  })

  it('publishes no level that exact arithmetic does not confirm: a kernel that proves another one is a fault', () => {
    const { monitor, frame, events } = openMonitor({
      wrap: (kernel) => {
        const proven = kernel.suspectLevel.bind(kernel)
        kernel.suspectLevel = (index) => (proven(index) === 1 ? 2 : proven(index))
        return kernel
      },
    })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    expect(() => frame([['AUSDT', '81.5']])).toThrow(
      'the kernel puts a:isolated:AUSDT:long at level 2, exact arithmetic at 1',
    )
    expect(events()).toEqual([])
  })

  it('is ranked in slices after its verdicts, and then made into events in slices', () => {
    const { monitor, clock, frame, records } = openMonitor()
    const accounts = 40_000
    for (let i = 0; i < accounts; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '100']])
    const turns: { isJudged: boolean; published: number }[] = []
    const { nextTurn } = clock
    clock.nextTurn = (callback) => {
      turns.push({ isJudged: monitor.counters.instants === 2, published: records.length })
      nextTurn.call(clock, callback)
    }
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of a few ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    frame([['AUSDT', '80']])
    clock.runTurns()
    expect(records).toHaveLength(accounts)
    const ranking = turns.filter(({ isJudged, published }) => isJudged && published === 0)
    expect(ranking.length).toBeGreaterThan(3)
    const made = turns.map(({ published }, index) => published - (turns[index - 1]?.published ?? 0))
    expect(Math.max(...made)).toBeGreaterThan(0)
    expect(Math.max(...made)).toBeLessThanOrEqual(2 * SLICE_MS)
  })
})

describe('an account with 800 positions', () => {
  it('is compiled one margin account at a time, for an event and for an audit', () => {
    const { asked, books } = countingBooks()
    const { monitor, frame, events } = openMonitor({ books })
    const [position] = isolatedLong('wide').positions
    const positions = Array.from({ length: 800 }, (_, index) => ({ ...position!, symbol: `M${index}` }))
    monitor.apply({ kind: 'put', account: { ...isolatedLong('wide'), positions } })
    asked.length = 0
    frame([['M7', '80']])
    expect(events().map(({ marginAccount }) => marginAccount)).toEqual(['wide:isolated:M7:long'])
    expect(new Set(asked)).toEqual(new Set(['M7']))
    asked.length = 0
    monitor.audit(1)
    expect(new Set(asked).size).toBe(1)
  })
})

describe('changes of the book', () => {
  it('that come all at once wait as the last of each account and are applied in slices', () => {
    const { monitor, clock } = openMonitor()
    for (let i = 0; i < ACCOUNTS; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    const waiting: number[] = []
    const { nextTurn } = clock
    clock.nextTurn = (callback) => {
      waiting.push(monitor.waitingChanges)
      nextTurn.call(clock, callback)
    }
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of 5 ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    monitor.frameStart(0, 0)
    monitor.tick('binance', 'AUSDT', '80', 1)
    monitor.frameEnd()
    // The first change of each account gives way to the second.
    for (const [version, isolatedMargin] of [
      [2, '1'],
      [3, '900'],
    ] as const) {
      for (let i = 0; i < ACCOUNTS; i++)
        monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`, { isolatedMargin }, version) })
    }
    expect(monitor.waitingChanges).toBe(ACCOUNTS)
    clock.runTurns()
    expect(monitor.waitingChanges).toBe(0)
    const applied = waiting.map((count, index) => (waiting[index - 1] ?? 0) - count)
    expect(Math.max(...applied)).toBeGreaterThan(0)
    expect(Math.max(...applied)).toBeLessThanOrEqual(SLICE_MS + 2)
  })
})

describe('more accounts that were closed without a worker than the log takes at once', () => {
  it('are published batch by batch as there is room, each once', () => {
    const first = openMonitor()
    const gone = 5 * PUBLISH_RECORDS_MAX
    for (let i = 0; i < gone; i++) first.monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    first.frame([['AUSDT', '80']])
    let room = 0
    const second = openMonitor({ hasRoom: () => second.batches.length < room })
    restoreInto(second.monitor, first.records)
    second.monitor.loaded()
    const published: number[] = []
    for (room = 0; room <= 6; room++) {
      second.clock.advance(1_000)
      second.clock.runTurns()
      published.push(second.records.length)
    }
    expect(published).toEqual([0, 1, 2, 3, 4, 5, 5].map((batches) => batches * PUBLISH_RECORDS_MAX))
    expect(second.monitor.isIdle).toBe(true)
    expect(new Set(second.records.map(({ subject }) => subject)).size).toBe(gone)
    expect(second.events().every(({ kind }) => kind === 'closed')).toBe(true)
  })
})

describe('the rules behind an event', () => {
  const eventAt = (
    asOf: string | undefined,
    account: Account = isolatedLong('a'),
    rulesMaxAgeDays?: number,
  ): EventRecord['event'] => {
    const rules = { ...RULES.AUSDT!, ...(asOf === undefined ? {} : { asOf }) }
    const rulesOf = (symbol: string) => (symbol === 'AUSDT' ? rules : { ...RULES.BUSDT!, asOf: '1970-01-02' })
    const book = { ...binance.ruleBook, version: 'dated', rulesOf }
    const { monitor, clock, frame, records } = openMonitor({
      books: { bybit: book, binance: book },
      ...(rulesMaxAgeDays === undefined ? {} : { rulesMaxAgeDays }),
    })
    monitor.apply({ kind: 'put', account })
    clock.advance(3 * 24 * 60 * 60 * 1_000)
    frame([
      ['AUSDT', '80'],
      ['BUSDT', '80'],
    ])
    return records[0]!.event
  }

  it('are stated with their version and the age of the oldest in days', () => {
    expect(eventAt('1970-01-01')).toMatchObject({ ruleBook: 'dated', ruleAgeDays: 3 })
    const cross = (symbol: string) => crossPosition(symbol, { size: '10', entryPrice: '100' })
    const pool = makeAccount({
      venue: 'binance',
      positions: [cross('BUSDT'), cross('AUSDT')],
      collateral: [{ asset: 'USDT', amount: '400' }],
    })
    const event = eventAt('1970-01-01', pool)
    expect(isMarginEvent(event) && event.marginAccount).toBe('a:cross:USDT')
    expect(event).toMatchObject({ ruleAgeDays: 3 })
  })

  it('are a reason of the event once they are older than the worker takes', () => {
    const reasonsAt = (rulesMaxAgeDays: number | undefined, asOf: string | undefined = '1970-01-01') => {
      const event = eventAt(asOf, isolatedLong('a'), rulesMaxAgeDays)
      return isMarginEvent(event) && { reasons: event.reasons, confidence: event.confidence }
    }
    // The price is not in doubt, the table is.
    expect(reasonsAt(2)).toEqual({ reasons: ['rules-old'], confidence: 'confirmed' })
    expect(reasonsAt(3)).toEqual({ reasons: [], confidence: 'confirmed' })
    expect(reasonsAt(undefined)).toEqual({ reasons: [], confidence: 'confirmed' })
  })

  it('are a reason of the event if one of them has no day: nobody knows how old it is', () => {
    const reasonsAt = (asOf: string | undefined, rulesMaxAgeDays?: number) => {
      const event = eventAt(asOf, isolatedLong('a'), rulesMaxAgeDays)
      return isMarginEvent(event) && { reasons: event.reasons, confidence: event.confidence }
    }
    expect(reasonsAt(undefined, 14)).toEqual({ reasons: ['rules-undated'], confidence: 'confirmed' })
    expect(reasonsAt(undefined)).toEqual({ reasons: [], confidence: 'confirmed' })
    expect(reasonsAt('1970-01-01', 14)).toEqual({ reasons: [], confidence: 'confirmed' })
  })

  it('have no age if one was first seen after the event, which says so', () => {
    // The event is of 1970-01-04, and the venue may be a day ahead.
    expect(eventAt('1970-01-05')).toMatchObject({ ruleAgeDays: 0, reasons: [] })
    const later = { ruleAgeDays: null, reasons: ['rules-later'], confidence: 'confirmed' }
    expect(eventAt('1970-01-06')).toMatchObject(later)
    expect(eventAt('1970-01-06', isolatedLong('a'), 14)).toMatchObject(later)
  })

  it('have no age if one of them has no day', () => {
    expect(eventAt(undefined)).toMatchObject({ ruleBook: 'dated', ruleAgeDays: null })
  })
})
