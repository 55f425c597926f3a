import { describe, expect, it } from 'vitest'
import type { OpenRevision, RevisionEvent } from '../../src/domain/index.ts'
import { integrityRules } from '../../src/integrity/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { underlyingOf } from '../../src/venues/index.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

const RULES = integrityRules()
const START_MS = 1_700_000_000_000

const long = (id: string, symbol = 'AUSDT') =>
  makeAccount({
    id,
    venue: 'binance',
    positions: [isolatedPosition(symbol, { size: '10', entryPrice: '100', leverage: '5' })],
  })

/** A monitor with a long of 10 AUSDT from 100 at 5 times leverage; a frame a second, at the time of its receipt. */
function openLong(options: Parameters<typeof openMonitor>[0] = {}) {
  const opened = openMonitor({ integrity: { rules: RULES, underlyingOf }, startMs: START_MS, ...options })
  const { monitor, clock, records } = opened
  monitor.apply({ kind: 'put', account: long('desk/long') })
  const second = (price: string, index?: string) => {
    clock.advance(1_000)
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick('binance', 'AUSDT', price, clock.nowMs())
    if (index !== undefined) monitor.indexPrice('binance', 'A/USDT index', index)
    monitor.frameEnd()
    clock.runTurns()
  }
  const seconds = (...prices: string[]) => {
    for (const price of prices) second(price, '100')
  }
  const revisions = () =>
    records.map(({ event }) => event).filter((event): event is RevisionEvent => event.kind === 'revision')
  const brief = () =>
    records.map(({ event }) => [event.kind, 'confidence' in event ? event.confidence : ''].join(' '))
  return { ...opened, second, seconds, revisions, brief }
}

describe('a suspect event', () => {
  it('is confirmed under its id by two further marks at its price that span a second', () => {
    const { seconds, records, revisions } = openLong()
    seconds('100', '70', '71')
    expect(revisions()).toEqual([])
    seconds('69')
    const { event } = records.find((record) => record.event.kind === 'liquidation')!
    expect(event).toMatchObject({ confidence: 'suspect' })
    expect(revisions()).toEqual([
      {
        schemaVersion: 2,
        id: event.id,
        logId: event.logId,
        shard: event.shard,
        venue: 'binance',
        episode: event.episode,
        sequence: event.sequence,
        account: 'desk/long',
        marginAccount: 'desk/long:isolated:AUSDT:long',
        revisedKind: 'liquidation',
        level: '1',
        integrityRules: RULES.version,
        kind: 'revision',
        revision: 1,
        confidence: 'confirmed',
        markets: [{ symbol: 'AUSDT', markPrice: '70', confidence: 'confirmed', by: 'own-marks', marks: 2 }],
        receivedTimeMs: START_MS + 4_000,
      },
    ])
  })

  it('is confirmed by the index of the venue when that comes to its price, and says which', () => {
    const { seconds, second, revisions } = openLong()
    seconds('100', '70')
    second('75', '71')
    expect(revisions()[0]!.markets).toEqual([
      {
        symbol: 'AUSDT',
        markPrice: '70',
        confidence: 'confirmed',
        by: 'own-index',
        reference: '71',
        limit: '0.05',
      },
    ])
  })

  it('is retracted when its price stood for one mark and three marks over two seconds are back', () => {
    const { seconds, revisions, brief } = openLong()
    seconds('100', '70', '100', '99')
    expect(revisions()).toEqual([])
    seconds('101')
    expect(brief()).toEqual(['liquidation suspect', 'recovered confirmed', 'revision retracted'])
    expect(revisions()[0]).toMatchObject({
      confidence: 'retracted',
      markets: [{ markPrice: '70', confidence: 'retracted', by: 'market-back', marks: 3 }],
    })
  })

  it('is undecided after a minute when its price stood for two marks and went', () => {
    const { seconds, revisions } = openLong()
    seconds('100', '70', '71', ...new Array<string>(58).fill('100'))
    expect(revisions()).toEqual([])
    seconds('100')
    expect(revisions()).toMatchObject([
      { confidence: 'undecided', markets: [{ by: 'time' }], receivedTimeMs: START_MS + 62_000 },
    ])
  })

  it('is undecided at the limit also without a further frame, by the clock', () => {
    const { seconds, revisions, monitor } = openLong()
    seconds('100', '70')
    monitor.expireRevisions(START_MS + 61_999)
    expect(revisions()).toEqual([])
    monitor.expireRevisions(START_MS + 62_200)
    expect(revisions()).toMatchObject([{ confidence: 'undecided', receivedTimeMs: START_MS + 62_000 }])
  })

  it('is not confirmed by marks of its own when it is off scale, and retracted once the market is back', () => {
    const { seconds, revisions, brief } = openLong()
    seconds('100', ...new Array<string>(20).fill('0.000001'))
    expect(revisions()).toEqual([])
    seconds('100', '100', '100')
    expect(brief()).toEqual(['liquidation suspect', 'recovered confirmed', 'revision retracted'])
  })

  it('is revised when its account is closed meanwhile', () => {
    const { seconds, brief, monitor } = openLong()
    seconds('100', '70')
    monitor.apply({ kind: 'removed', id: 'desk/long', version: 2 })
    seconds('100', '100', '100')
    expect(brief()).toEqual(['liquidation suspect', 'closed confirmed', 'revision retracted'])
  })

  it('is revised once: nothing follows a revision', () => {
    const { seconds, revisions, monitor } = openLong()
    seconds('100', '70', '70', '70', '70', '100', '100', '100', '100')
    monitor.expireRevisions(START_MS + 600_000)
    const ids = revisions().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(monitor.isIdle).toBe(true)
  })

  it('waits for all its prices: one that is retracted retracts it', () => {
    const opened = openLong()
    const { monitor, clock, revisions } = opened
    const cross = makeAccount({
      id: 'desk/cross',
      venue: 'binance',
      collateral: [{ asset: 'USDT', amount: '400' }],
      positions: ['AUSDT', 'BUSDT'].map((symbol) => ({
        ...isolatedPosition(symbol, { size: '10', entryPrice: '100', leverage: '5' }),
        marginMode: 'cross' as const,
      })),
    })
    monitor.apply({ kind: 'removed', id: 'desk/long', version: 2 })
    monitor.apply({ kind: 'put', account: cross })
    const both = (a: string, b: string) => {
      clock.advance(1_000)
      opened.frame(
        [
          ['AUSDT', a],
          ['BUSDT', b],
        ],
        'binance',
        clock.nowMs(),
      )
      clock.runTurns()
    }
    both('100', '100')
    both('70', '70')
    for (let mark = 0; mark < 3; mark++) both('70', '100')
    expect(revisions()).toMatchObject([
      {
        confidence: 'retracted',
        markets: [
          { symbol: 'AUSDT', confidence: 'confirmed', by: 'own-marks' },
          { symbol: 'BUSDT', confidence: 'retracted', by: 'market-back' },
        ],
      },
    ])
  })
})

describe('an event on a price that no rule doubts', () => {
  it('has no revision, and nothing is kept of it', () => {
    const { second, records, monitor } = openLong()
    second('100', '100')
    second('70', '71')
    monitor.expireRevisions(START_MS + 600_000)
    expect(records.map(({ event, openRevision }) => [event.kind, openRevision])).toEqual([
      ['liquidation', undefined],
    ])
  })
})

describe('a worker that starts while a suspect event is not revised', () => {
  it('revises it as undecided at its limit, because it did not hear the marks, and says so', () => {
    const before = openLong()
    before.seconds('100', '70')
    const after = openMonitor({ integrity: { rules: RULES, underlyingOf }, startMs: START_MS + 10_000 })
    restoreInto(after.monitor, before.records)
    after.monitor.apply({ kind: 'put', account: long('desk/long') })
    after.monitor.loaded()
    after.monitor.expireRevisions(START_MS + 61_999)
    expect(after.records).toEqual([])
    after.monitor.expireRevisions(START_MS + 62_100)
    expect(after.records.map(({ event }) => event)).toMatchObject([
      {
        kind: 'revision',
        id: before.events()[0]!.id,
        confidence: 'undecided',
        markets: [{ by: 'restart' }],
        receivedTimeMs: START_MS + 62_000,
      },
    ])
  })

  it('revises those of an earlier worker at their limits, in the order of these, however they were kept', () => {
    const before = openLong()
    before.seconds('100', '70')
    const [openRevision] = before.records.flatMap(({ openRevision }): OpenRevision[] =>
      openRevision ? [openRevision] : [],
    )
    const after = openMonitor({ integrity: { rules: RULES, underlyingOf }, startMs: START_MS + 10_000 })
    const limits = [30, 10, 20, 50, 40]
    for (const seconds of limits)
      after.monitor.restoreRevision({
        ...openRevision!,
        id: `e_${seconds}`,
        untilMs: START_MS + seconds * 1_000,
      })
    const revised = () => after.records.map(({ event }) => event.id)
    after.monitor.loaded()
    expect(revised()).toEqual(['e_10'])
    after.monitor.expireRevisions(START_MS + 35_000)
    expect(revised()).toEqual(['e_10', 'e_20', 'e_30'])
    after.monitor.expireRevisions(START_MS + 60_000)
    expect(revised()).toEqual(['e_10', 'e_20', 'e_30', 'e_40', 'e_50'])
  })

  it('has nothing to revise where the worker before it did', () => {
    const before = openLong()
    before.seconds('100', '70', '70', '70')
    expect(before.revisions()).toHaveLength(1)
    const after = openMonitor({ integrity: { rules: RULES, underlyingOf }, startMs: START_MS + 10_000 })
    restoreInto(after.monitor, before.records)
    after.monitor.apply({ kind: 'put', account: long('desk/long') })
    after.monitor.loaded()
    expect(after.records).toEqual([])
  })
})

describe('revisions that the event log has no room for', () => {
  it('wait, and are published when it has', () => {
    let hasRoom = true
    const { seconds, revisions, monitor, clock } = openLong({ hasRoom: () => hasRoom })
    seconds('100', '70', '70')
    hasRoom = false
    seconds('70')
    expect([revisions().length, monitor.unpublished, monitor.isIdle]).toEqual([0, 1, false])
    hasRoom = true
    clock.advance(1_000)
    clock.runTurns()
    expect([revisions().length, monitor.unpublished, monitor.isIdle]).toEqual([1, 0, true])
  })
})

describe('verify of a revision', () => {
  function revision(): RevisionEvent {
    const { seconds, revisions } = openLong()
    seconds('100', '70', '71', '69')
    return revisions()[0]!
  }

  it('recomputes the id of the event that is revised and what follows from why', () => {
    expect(verifyEvent(revision())).toMatchObject({ isOk: true, differences: [], kind: 'revision' })
  })

  it.each<[string, (event: RevisionEvent) => RevisionEvent, string]>([
    ['another level', (event) => ({ ...event, level: '0.7' }), 'id'],
    ['another confidence', (event) => ({ ...event, confidence: 'retracted' }), 'confidence'],
    [
      'a price of another confidence than its cause has',
      (event) => ({ ...event, markets: [{ ...event.markets[0]!, by: 'time' }] }),
      'markets[0].confidence',
    ],
    [
      'a cause without what it counts',
      (event) => ({ ...event, markets: event.markets.map(({ marks: _, ...market }) => market) }),
      'markets[0].marks',
    ],
  ])('finds %s', (_name, change, field) => {
    expect(verifyEvent(change(revision())).differences.map((difference) => difference.field)).toContain(field)
  })
})
