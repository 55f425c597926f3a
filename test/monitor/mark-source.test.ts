import { expect, it } from 'vitest'
import type { MarkSource } from '../../src/domain/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

it('an event says what stands for a mark that is not the own one of the venue', () => {
  const { monitor, events } = openMonitor()
  monitor.apply({ kind: 'put', account: isolatedLong('a') })
  let eventTimeMs = 1_700_000_000_000
  const frame = (mark: string | undefined, markSource?: MarkSource) => {
    eventTimeMs += 1_000
    monitor.frameStart(eventTimeMs, eventTimeMs)
    if (mark === undefined) monitor.unchanged('binance', 'AUSDT', eventTimeMs)
    else monitor.tick('binance', 'AUSDT', mark, eventTimeMs, undefined, undefined, markSource)
    monitor.frameEnd()
  }
  frame('100', 'book-middle')
  frame('81.5', 'settlement')
  monitor.marketStale('binance', 'AUSDT', eventTimeMs, eventTimeMs)
  // The venue confirms the mark, which is still the settlement price.
  frame(undefined)
  frame('80', 'book-middle')
  frame('90')
  expect(events().map(({ kind, marks }) => [kind, marks[0]!.markPrice, marks[0]!.markSource])).toEqual([
    ['warning', '81.5', 'settlement'],
    ['unknown', null, undefined],
    ['warning', '81.5', 'settlement'],
    ['liquidation', '80', 'book-middle'],
    ['recovered', '90', undefined],
  ])
  expect('markSource' in events().at(-1)!.marks[0]!).toBe(false)
})
