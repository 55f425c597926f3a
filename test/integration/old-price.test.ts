import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { Clock } from '../../src/domain/index.ts'
import { systemClock, systemRandom } from '../../src/system/index.ts'
import { startWorker, type Worker } from '../../src/worker/index.ts'
import { RecordingLog } from '../feed/harness.ts'
import { isolatedPosition, longAt100, makeAccount } from '../support/accounts.ts'
import { ScriptedKlines } from '../support/mark-klines.ts'
import { until } from '../support/until.ts'
import { ONE_PERCENT, Servers, type Shard } from './harness.ts'

const SYMBOL = 'AAAUSDT'
const MINUTE_MS = 60_000
/** A full minute. */
const START_MS = 1_800_000_000_000

let servers: Servers
let klines: ScriptedKlines
let worker: Worker | undefined
/** The wall clock of the venue and of the worker. */
let aheadMs: number
const clock: Clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }

beforeAll(async () => {
  servers = await Servers.start()
  klines = await ScriptedKlines.start()
})
afterEach(() => worker?.stop())
afterAll(async () => {
  await klines.stop()
  await servers.stop()
})

function at(timeMs: number): void {
  aheadMs = timeMs - Date.now()
  servers.exchange.script.aheadMs = aheadMs
}

async function start(shard: Shard): Promise<Worker> {
  const redisUrl = servers.redis.url
  const rulesFile = servers.writeRules({ AAAUSDT: ONE_PERCENT })
  const streamUrls = { 'bybit-linear': servers.exchange.url, 'bybit-klines': klines.url }
  const config = loadConfig({ redisUrl, rulesFile, shard: shard.name, levels: ['0.5'], streamUrls }, {})
  const log = new RecordingLog()
  const fatal = (error: Error) => {
    throw error
  }
  return await startWorker({ config, redisUrl, clock, random: systemRandom, log, fatal })
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it('a worker judges nobody at the price that Redis or the venue has from before its start, and a gap by the bars of the venue alone', async () => {
  const { exchange } = servers
  const shard = servers.nextShard()
  at(START_MS + 10_000)
  exchange.setMark(SYMBOL, '100')
  await shard.store([longAt100('desk/held', '20')])
  worker = await start(shard)
  await until(() => worker!.read.counters().blindMarkets.length === 0)
  await worker.stop()
  const stored = async () =>
    Object.values(await servers.probe.hgetall(shard.keys.gaps)).map((text) => JSON.parse(text))
  expect(await stored()).toEqual([
    { eventTimeMs: expect.any(Number), heard: { minuteMs: START_MS, low: '100', high: '100' } },
  ])

  // Liquidated at 111.11…: at the old price, and not at the one of the present.
  const position = isolatedPosition(SYMBOL, { entryPrice: '130', isolatedMargin: '20' })
  await shard.store([makeAccount({ id: 'desk/bought-later', positions: [position] })])
  klines.usual = { low: '130', high: '130' }
  klines.set(SYMBOL, START_MS + MINUTE_MS, { low: '80', high: '130' })
  exchange.script.eventTimeMs = (await stored())[0].eventTimeMs
  at(START_MS + 2 * MINUTE_MS)
  worker = await start(shard)
  await until(() => exchange.isHeard(SYMBOL))
  await pause(2_000)
  expect(await shard.streamed()).toEqual([])
  expect(await shard.marketEvents()).toEqual([])
  const { blindMarkets, unknownMarginAccounts } = worker.read.counters()
  expect([blindMarkets.map(({ symbol }) => symbol), unknownMarginAccounts]).toEqual([[SYMBOL], 2])

  // The gap is filled when the minute in which it ends is over.
  at(START_MS + 3 * MINUTE_MS + 58_000)
  exchange.script.eventTimeMs = 'now'
  exchange.setMark(SYMBOL, '130')
  await until(async () => (await shard.streamed()).length === 4, 20_000)
  const told = (await shard.streamed()).map(({ account, kind, marks, reasons }) =>
    [account, kind, marks[0]!.markPrice, ...reasons].join(' '),
  )
  expect(told.sort()).toEqual([
    'desk/bought-later liquidation 80 backfill rules-undated',
    'desk/bought-later recovered 130 backfill rules-undated',
    'desk/held liquidation 80 backfill rules-undated',
    'desk/held recovered 130 backfill rules-undated',
  ])
  expect(await shard.marketEvents()).toEqual([])
})
