import { describe, expect, it } from 'vitest'
import type { MarkHistory } from '../../src/domain/index.ts'
import { type HistoryLimits, MarkHistoryReader, VenueRequests } from '../../src/feed/index.ts'
import { retryAfterMsOf } from '../../src/feed/retry-after.ts'
import { type HttpAnswer, httpPost } from '../../src/system/index.ts'
import { TestClock } from '../support/clock.ts'

const FROM_MS = 1_700_000_040_000
const START_MS = FROM_MS + 600_000

function historyNamed(id: string, changes: Partial<MarkHistory> = {}): MarkHistory {
  return {
    id,
    url: `http://${id}`,
    carries: () => true,
    requestUrl: (url, symbol) => `${url}/${symbol}`,
    barsPerRequestMax: 10,
    requestsPerSecondMax: 2,
    bodyBytesMax: 1_000,
    parse: () => [],
    ...changes,
  }
}

/** A reader on a clock that stands still, and when it sent which request. */
function simulated(
  limits: Partial<HistoryLimits> = {},
  answer: (url: string) => HttpAnswer = () => ({ status: 200, body: '' }),
) {
  const clock = new TestClock(START_MS)
  const sent: string[] = []
  const requests = new VenueRequests({
    clock,
    random: () => 0.999,
    machine: {
      httpPost,
      httpGet: async (url) => {
        sent.push(`${clock.nowMs() - START_MS} ${url}`)
        return answer(url)
      },
    },
    limits,
  })
  const reader = new MarkHistoryReader({ requests, log: { info: () => {}, warn: () => {} }, limits })
  const read = (history: MarkHistory, symbol: string) => {
    const result = reader.read(history, symbol, FROM_MS, FROM_MS)
    return result.then(
      () => 'read',
      (error: Error) => error.message,
    )
  }
  return { clock, sent, read, requests }
}

/** Moves time in small steps, so that what a promise asks for is asked for at its time. */
async function pass(clock: TestClock, ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await settled()
    clock.advance(stepMs)
  }
  await settled()
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the limit of requests', () => {
  it('is one of the venue: all its markets share it, another venue has its own', async () => {
    const { clock, sent, read } = simulated()
    const [one, other] = [historyNamed('one'), historyNamed('other', { requestsPerSecondMax: 1 })]
    const reads = ['A', 'B', 'C'].map((symbol) => read(one, symbol))
    reads.push(read(other, 'A'), read(other, 'B'))
    await pass(clock, 1_000)
    expect(await Promise.all(reads)).toEqual(['read', 'read', 'read', 'read', 'read'])
    expect(sent).toEqual([
      '0 http://one/A',
      '0 http://other/A',
      '500 http://one/B',
      '1000 http://other/B',
      '1000 http://one/C',
    ])
  })

  it('is shared by histories that the venue counts together', async () => {
    const { clock, sent, read } = simulated()
    const parts = ['linear', 'inverse'].map((id) => historyNamed(id, { limitId: 'venue' }))
    const reads = parts.map((part) => read(part, 'A'))
    await pass(clock, 500)
    await Promise.all(reads)
    expect(sent).toEqual(['0 http://linear/A', '500 http://inverse/A'])
  })

  it('holds for further tries too, which wait with full jitter up to the cap', async () => {
    const limits = { backoffBaseMs: 1_000, backoffCapMs: 3_000, triesMax: 4 }
    const { clock, sent, read } = simulated(limits, () => ({ status: 500, body: 'down' }))
    const result = read(historyNamed('one'), 'A')
    await pass(clock, 10_000)
    expect(await result).toMatch(/status 500: down, at the last of 4 tries$/)
    // 0.999 of 1,000 and 2,000 ms, then of the cap; time passes in steps of 50 ms.
    expect(sent.map((line) => Number(line.split(' ')[0]))).toEqual([0, 1_000, 3_000, 6_000])
  })

  it('without Retry-After status 429 stops the venue for a minute', async () => {
    const answers = [{ status: 429, body: '' }]
    const { clock, sent, read } = simulated({}, () => answers.shift() ?? { status: 200, body: '' })
    const result = read(historyNamed('one'), 'A')
    await pass(clock, 61_000, 500)
    expect(await result).toBe('read')
    expect(sent).toEqual(['0 http://one/A', '60000 http://one/A'])
  })

  it('after a long pause reads are answered again', async () => {
    const answers = [{ status: 418, body: '', retryAfter: '300' }]
    const { clock, sent, read } = simulated({}, () => answers.shift() ?? { status: 200, body: '' })
    const one = historyNamed('one')
    expect(await read(one, 'A')).toMatch(/status 418/)
    expect(await read(one, 'A')).toMatch(/wants no requests for another 300 s/)
    clock.advance(299_000)
    const result = read(one, 'A')
    await pass(clock, 1_000)
    expect(await result).toBe('read')
    expect(sent).toEqual(['0 http://one/A', '300000 http://one/A'])
  })

  it('leaves no timer behind', async () => {
    const { clock, read, requests } = simulated()
    const reads = ['A', 'B', 'C'].map((symbol) => read(historyNamed('one'), symbol))
    await settled()
    requests.close()
    await Promise.all(reads)
    expect(clock.timers).toBe(0)
  })
})

describe('Retry-After', () => {
  it.each([
    [undefined, undefined],
    ['0', 0],
    ['120', 120_000],
    ['Tue, 14 Nov 2023 22:25:00 GMT', 60_000],
    ['Tue, 14 Nov 2023 22:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['Tue, the day after', undefined],
  ])('%j is %j ms', (header, waitMs) => {
    expect(retryAfterMsOf(header, START_MS)).toEqual(waitMs)
  })
})
