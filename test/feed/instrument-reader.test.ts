import { describe, expect, it } from 'vitest'
import type { InstrumentList, MarkHistory } from '../../src/domain/index.ts'
import { InstrumentReader, MarkHistoryReader, VenueRequests } from '../../src/feed/index.ts'
import { type HttpAnswer, httpPost } from '../../src/system/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { TestClock } from '../support/clock.ts'

const list = bybit.instruments![0]!
const START_MS = 1_700_000_040_000

function page(symbols: readonly unknown[], nextPageCursor = ''): HttpAnswer {
  const contracts = symbols.map((symbol) => ({ symbol, status: 'Trading', deliveryTime: '0' }))
  return { status: 200, body: JSON.stringify({ retCode: 0, result: { list: contracts, nextPageCursor } }) }
}

/** A reader on a clock that moves by itself, and what it sent at which time. */
function opened(answers: readonly HttpAnswer[]) {
  const clock = new TestClock(START_MS)
  const sent: string[] = []
  const requests = new VenueRequests({
    clock,
    random: () => 0.999,
    machine: {
      httpPost,
      httpGet: async (url) => {
        sent.push(`${clock.nowMs() - START_MS} ${url}`)
        return answers[Math.min(sent.length, answers.length) - 1]!
      },
    },
  })
  const reader = new InstrumentReader({ requests, clock, urls: { [list.id]: 'http://h' } })
  const settle = async <Result>(result: Promise<Result>) => {
    let isDone = false
    void result.finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      clock.advance(50)
      clock.runTurns()
    }
    return await result
  }
  return { requests, sent, settle, read: (of: InstrumentList = list) => settle(reader.read(of)) }
}

describe('a reading of a list of contracts', () => {
  it('has the contracts of all pages, and asks each within the limit of the venue', async () => {
    const { sent, read } = opened([page(['A', 'B'], 'next'), page(['C'])])
    const { contracts, ...rest } = await read()
    expect([...contracts.keys()]).toEqual(['A', 'B', 'C'])
    expect(rest).toEqual({ unreadable: [], isWhole: true, failure: undefined })
    const url = 'http://h/v5/market/instruments-info?category=linear&limit=500'
    expect(sent.map((one) => one.split(' ')[1])).toEqual([url, `${url}&cursor=next`])
  })

  it('is not whole where a page fails, and has what came before it', async () => {
    const { read } = opened([page(['A'], 'next'), { status: 404, body: 'gone' }])
    const { contracts, isWhole, failure } = await read()
    expect([...contracts.keys()]).toEqual(['A'])
    expect({ isWhole, failure }).toEqual({
      isWhole: false,
      failure: 'the venue answers with status 404: gone',
    })
  })

  it('is not whole where there are more pages than are read, or an entry names no contract', async () => {
    const { sent, read } = opened([page(['A'], 'next')])
    expect(await read()).toMatchObject({ isWhole: false, failure: 'it has more than 10 pages' })
    expect(sent).toHaveLength(10)
    const odd = opened([page(['A', 7])])
    expect(await odd.read()).toMatchObject({
      isWhole: false,
      failure: undefined,
      unreadable: [{ symbol: undefined }],
    })
  })

  it('fails after five tries where the answer is no list', async () => {
    const { sent, read } = opened([{ status: 200, body: '<html>' }])
    const { failure } = await read()
    expect(failure).toMatch(/^list is .*must be a JSON list of contracts, at the last of 5 tries$/)
    expect(sent).toHaveLength(5)
  })

  it('waits with records of past prices for one limit where the venue counts both together', async () => {
    const { requests, sent, settle, read } = opened([page(['A'])])
    const history: MarkHistory = {
      ...bybit.markHistory![0]!,
      requestsPerSecondMax: 2,
      url: 'http://h',
      parse: () => [],
    }
    const past = new MarkHistoryReader({ requests, log: { info: () => {}, warn: () => {} } })
    const bars = Promise.all(
      ['A', 'B', 'C'].map((symbol) => past.read(history, `${symbol}USDT`, START_MS, START_MS)),
    )
    await Promise.all([read(), settle(bars)])
    expect(sent.map((one) => Number(one.split(' ')[0]))).toEqual([0, 500, 1_000, 1_500])
  })

  it('fails when all is closed', async () => {
    const { requests, read } = opened([page(['A'])])
    requests.close()
    expect(await read()).toMatchObject({ isWhole: false, failure: 'the reader is closed' })
  })
})
