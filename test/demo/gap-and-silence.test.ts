import { describe, expect, it } from 'vitest'
import { createAuditor } from '../../src/demo/auditor.ts'
import { createReferee } from '../../src/demo/referee/referee.ts'
import { marketEventSchema, type PlimsollEvent } from '../../src/domain/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor, RULES } from '../support/monitor.ts'

const START_MS = 1_700_000_000_000
const SYMBOLS = ['AUSDT', 'BUSDT'] as const

/** A worker at Binance with an account on each of two markets, whose venue keeps no record, and the referee beside it. */
function watched() {
  const accounts = SYMBOLS.map((symbol) => isolatedLong(symbol, { symbol, isolatedMargin: '100' }))
  const rules = { binance: RULES }
  const auditor = createAuditor(createReferee({ accounts, rules, levels: ['0.5', '0.7', '0.9', '1'] }))
  const { monitor, clock, frame, records, gaps } = openMonitor({
    startMs: START_MS,
    observer: { instant: (marks) => auditor.instants([marks]) },
  })
  for (const account of accounts) monitor.apply({ kind: 'put', account })
  let marks = 0
  return {
    /** The same mark of these markets, and the gaps that end with it. */
    mark(markPrice: string, symbols: readonly string[] = SYMBOLS) {
      frame(
        symbols.map((symbol) => [symbol, markPrice]),
        'binance',
        START_MS + ++marks * 5_000,
      )
      for (const { symbol, fromMs, toMs } of gaps.splice(0))
        monitor.missed.publishUnfilled('binance', symbol, {
          fromMs,
          toMs,
          undecided: 1,
          reasons: ['no-record'],
        })
    },
    cut() {
      for (const symbol of SYMBOLS)
        monitor.marketInterrupted('binance', symbol, clock.nowMs(), clock.monotonicMs())
    },
    silence: (symbol: string) => monitor.marketStale('binance', symbol, clock.nowMs(), clock.monotonicMs()),
    events: () => records.map(({ event }) => event),
    judge(events: readonly PlimsollEvent[]) {
      for (const event of events) auditor.effect(event)
      auditor.replay(() => true)
      return auditor.result().judgement!
    },
  }
}

/** Of one market a gap, a silence and another gap; of the other one a silence and the gap of it. */
function cutAndSilent() {
  const run = watched()
  run.mark('100')
  run.cut()
  run.mark('91.8', ['AUSDT'])
  run.silence('BUSDT')
  run.mark('91.8', ['BUSDT'])
  run.silence('AUSDT')
  run.mark('90.5', ['AUSDT'])
  run.cut()
  run.mark('100')
  return run
}

const isGap = ({ kind }: PlimsollEvent) => kind === 'market-gap'
const agreed = (expected: number) => {
  const tally = { expected, lost: 0, disagreements: 0 }
  return { ...tally, examples: [], ofVenues: { binance: tally } }
}

describe('the referee beside a worker whose connection is cut while a market is silent', () => {
  it('agrees with every event, whichever of gap and silence comes first', () => {
    const { events, judge } = cutAndSilent()
    const ofMarkets = events().filter((event) => 'symbol' in event)
    expect(ofMarkets.map(({ kind, symbol }) => `${kind} ${symbol}`)).toEqual([
      'market-gap AUSDT',
      'market-stale BUSDT',
      'market-fresh BUSDT',
      'market-gap BUSDT',
      'market-stale AUSDT',
      'market-fresh AUSDT',
      'market-gap AUSDT',
      'market-gap AUSDT',
      'market-gap BUSDT',
    ])
    for (const event of ofMarkets) expect(() => marketEventSchema.parse(event)).not.toThrow()
    expect(judge(events())).toEqual(agreed(events().filter((event) => !isGap(event)).length))
  })

  it('finds out a gap that is lost, or has another number or episode', () => {
    const changed = (change: (gap: PlimsollEvent) => readonly PlimsollEvent[]) => {
      const { events, judge } = cutAndSilent()
      const first = events().findIndex(isGap)
      return judge(events().flatMap((event, index) => (index === first ? change(event) : [event])))
    }
    const wrong = (gap: PlimsollEvent, change: object) => [{ ...gap, ...change } as PlimsollEvent]
    expect(changed(() => []).disagreements).toBeGreaterThan(0)
    expect(changed((gap) => wrong(gap, { sequence: 9 })).disagreements).toBeGreaterThan(0)
    expect(changed((gap) => wrong(gap, { episode: 2 }))).toMatchObject({
      lost: 0,
      disagreements: 1,
      examples: ['market-gap of AUSDT at binance: not expected'],
    })
  })
})
