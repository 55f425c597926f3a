import { describe, expect, it } from 'vitest'
import type { MarginEvent } from '../../src/domain/index.ts'
import { integrityRules } from '../../src/integrity/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { underlyingOf } from '../../src/venues/index.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const RULES = integrityRules()

/** A monitor with a long of 10 AUSDT from 100 at 5 times leverage; a frame a second, at the time of its receipt. */
function openLong() {
  const opened = openMonitor({ integrity: { rules: RULES, underlyingOf }, startMs: 1_700_000_000_000 })
  const { monitor, clock } = opened
  const position = isolatedPosition('AUSDT', { size: '10', entryPrice: '100', leverage: '5' })
  monitor.apply({
    kind: 'put',
    account: makeAccount({ id: 'desk/long', venue: 'binance', positions: [position] }),
  })
  const second = (price: string, index?: string) => {
    clock.advance(1_000)
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick('binance', 'AUSDT', price, clock.nowMs())
    if (index !== undefined) monitor.indexPrice('binance', 'A/USDT index', index)
    monitor.frameEnd()
    clock.runTurns()
  }
  return { ...opened, second }
}

describe('an event on a mark that breaks a rule of price integrity', () => {
  it('is published at once, is suspect, and says which rule and what it compared', () => {
    const { second, events } = openLong()
    second('100', '100')
    second('70', '100')
    const liquidation = events().find(({ kind }) => kind === 'liquidation')
    expect(liquidation).toMatchObject({
      confidence: 'suspect',
      reasons: ['price-jump', 'price-index'],
      integrity: {
        rules: RULES.version,
        markets: [
          {
            symbol: 'AUSDT',
            markPrice: '70',
            otherVenues: 0,
            findings: [
              { rule: 'jump', reference: '100', limit: '0.25' },
              { rule: 'index', reference: '100', limit: '0.05' },
            ],
          },
        ],
      },
    })
    expect(liquidation!.marks).toMatchObject([{ symbol: 'AUSDT', markPrice: '70' }])
  })

  it('is confirmed when the index, which stands behind the mark in the frame, has moved with it', () => {
    const { second, events } = openLong()
    second('100', '100')
    second('70', '71')
    expect(events().map(({ kind, confidence, reasons }) => [kind, confidence, reasons])).toEqual([
      ['liquidation', 'confirmed', []],
    ])
    expect(events()[0]).not.toHaveProperty('integrity')
  })

  it('leaves the recovery confirmed: the mark is back where the last accepted one was', () => {
    const { second, events } = openLong()
    second('100', '100')
    second('70', '100')
    second('100', '100')
    expect(events().map(({ kind, confidence }) => `${kind} ${confidence}`)).toEqual([
      'liquidation suspect',
      'recovered confirmed',
    ])
  })

  it('says nothing of prices once the market is stale, or the account closed', () => {
    const { second, events, monitor, clock } = openLong()
    second('100', '100')
    second('70', '100')
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.apply({ kind: 'removed', id: 'desk/long', version: 2 })
    clock.runTurns()
    expect(events().map(({ kind, reasons }) => [kind, reasons])).toEqual([
      ['liquidation', ['price-jump', 'price-index']],
      ['unknown', ['stale-mark']],
      ['closed', []],
    ])
  })
})

describe('verify', () => {
  function suspectEvent(): MarginEvent {
    const { second, events } = openLong()
    second('100', '100')
    second('9', '100')
    return events()[0]!
  }

  it('recomputes each rule that is said to be broken, and the reasons that follow', () => {
    const event = suspectEvent()
    expect(event.reasons).toEqual(['price-scale', 'price-jump', 'price-index'])
    expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  })

  it.each<[string, (event: MarginEvent) => MarginEvent, string]>([
    ['a reason without its rule', (event) => ({ ...event, reasons: ['price-clock'] }), 'reasons'],
    ['a rule without its reason', (event) => ({ ...event, reasons: [] }), 'reasons'],
    ['no rules', ({ integrity: _, ...event }) => event, 'reasons'],
    ['another confidence', (event) => ({ ...event, confidence: 'confirmed' }), 'confidence'],
    [
      'a price that is not that of the verdict',
      (event) => withMarket(event, { markPrice: '8' }),
      'integrity.markets[0].markPrice',
    ],
    [
      'a reference from which the price is not far',
      (event) => withMarket(event, { findings: [{ rule: 'scale', reference: '20', limit: '10' }] }),
      'integrity.markets[0].findings[0].rule',
    ],
    [
      'no rule that is broken',
      (event) => withMarket(event, { findings: [] }),
      'integrity.markets[0].findings',
    ],
  ])('finds %s', (_name, change, field) => {
    const { differences } = verifyEvent(change(suspectEvent()))
    expect(differences.map((difference) => difference.field)).toContain(field)
  })
})

type Market = NonNullable<MarginEvent['integrity']>['markets'][number]

function withMarket(event: MarginEvent, change: Partial<Market>): MarginEvent {
  const [market] = event.integrity!.markets
  return { ...event, integrity: { ...event.integrity!, markets: [{ ...market!, ...change }] } }
}
