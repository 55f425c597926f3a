import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyEvent } from '../../src/questions/index.ts'
import { longAt100 } from '../support/accounts.ts'
import { ScriptedKlines } from '../support/mark-klines.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { ONE_PERCENT, Servers, type Shard } from './harness.ts'

const ACCOUNTS = 1_000
/** Those that are taken out of the book in the gap, after they breached. */
const REMOVED = Array.from({ length: 10 }, (_, number) => `desk/${number}`)
const MINUTE_MS = 60_000
const SYMBOL = 'AAAUSDT'
/** How long no worker runs, or nothing is heard. */
const GAP_MS = Number(process.env.GAP_SECONDS ?? 3) * 1_000
/** The minute in which the gap ends has to end as well. */
const LIMIT_MS = 2 * GAP_MS + 5 * MINUTE_MS

let servers: Servers
let klines: ScriptedKlines
beforeAll(async () => {
  servers = await Servers.start()
  klines = await ScriptedKlines.start()
  servers.exchange.script.eventTimeMs = 'now'
})
afterAll(async () => {
  await klines.stop()
  await servers.stop()
})

const rulesFile = () => servers.writeRules({ AAAUSDT: ONE_PERCENT })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function start(shard: Shard): Promise<WorkerProcess> {
  const worker = await shard.startWorker('--rules', rulesFile(), '--stream-url', `bybit-klines=${klines.url}`)
  await until(() => servers.exchange.isHeard(SYMBOL))
  return worker
}

/** Accounts whose lines lie from 80 to 90; those of even number are short and breach above 110. */
function book() {
  return Array.from({ length: ACCOUNTS }, (_, number) => {
    const margin = (10 + (number % 100) / 10).toFixed(1)
    return longAt100(`desk/${number}`, margin, { symbol: SYMBOL, size: number % 2 === 0 ? '-1' : '1' })
  })
}

/** Lets the mark of the minute of this time reach extremes that breach all accounts. */
function breachAllAt(timeMs: number): number {
  klines.set(SYMBOL, timeMs, { low: '70', high: '130' })
  return Math.floor(timeMs / MINUTE_MS) * MINUTE_MS
}

async function expectEachOnce(
  shard: Shard,
  minuteMs: number,
  removed: readonly string[] = [],
): Promise<void> {
  await until(async () => (await shard.streamed()).length >= 2 * ACCOUNTS, LIMIT_MS)
  // Time for a second one, were there any.
  await pause(1_000)
  const events = await shard.streamed()
  const breaches = events.filter(({ kind }) => kind === 'liquidation')
  expect(breaches).toHaveLength(ACCOUNTS)
  expect(new Set(breaches.map(({ account }) => account)).size).toBe(ACCOUNTS)
  expect(new Set(breaches.map(({ eventTimeMs }) => eventTimeMs))).toEqual(new Set([minuteMs]))
  const ended = (kind: string) => events.filter((event) => event.kind === kind)
  expect(ended('recovered')).toHaveLength(ACCOUNTS - removed.length)
  expect(new Set(ended('closed').map(({ account }) => account))).toEqual(new Set(removed))
  expect(events).toHaveLength(2 * ACCOUNTS)
  for (const event of events.slice(0, 20))
    expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
}

describe(`${ACCOUNTS} accounts that breach and recover in a gap`, () => {
  it('are each published once, with the minute, after a worker that was killed, also those that have left the book', {
    timeout: LIMIT_MS,
  }, async () => {
    const shard = servers.nextShard()
    servers.exchange.setMark(SYMBOL, '100')
    await shard.store(book())
    const worker = await start(shard)
    await pause(1_500)
    await worker.end('SIGKILL')
    const minuteMs = breachAllAt(Date.now())
    await shard.book.removeMany(REMOVED)
    await pause(GAP_MS)
    const next = await start(shard)
    await expectEachOnce(shard, minuteMs, REMOVED)
    await next.end('SIGTERM')
  })

  it('are each published once after a connection that was cut, and a worker that was killed before all were published', {
    timeout: LIMIT_MS,
  }, async () => {
    klines.bars.clear()
    const shard = servers.nextShard()
    servers.exchange.setMark(SYMBOL, '100')
    await shard.store(book())
    const worker = await start(shard)
    await pause(1_500)
    servers.exchange.script.acknowledges = false
    servers.exchange.drop()
    const minuteMs = breachAllAt(Date.now())
    await pause(GAP_MS)
    servers.exchange.script.acknowledges = true
    await until(async () => (await shard.streamed()).length > 0, LIMIT_MS)
    await worker.end('SIGKILL')
    const next = await start(shard)
    await expectEachOnce(shard, minuteMs)
    await next.end('SIGTERM')
  })
})
