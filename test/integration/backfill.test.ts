import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readGaps } from '../../src/api/index.ts'
import { loadConfig } from '../../src/config.ts'
import type { Clock } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { systemClock, systemRandom } from '../../src/system/index.ts'
import { startWorker, type Worker } from '../../src/worker/index.ts'
import { RecordingLog } from '../feed/harness.ts'
import { longAt100 } from '../support/accounts.ts'
import { ScriptedKlines } from '../support/mark-klines.ts'
import { until } from '../support/until.ts'
import { ONE_PERCENT, Servers, type Shard, told } from './harness.ts'

const SYMBOL = 'AAAUSDT'
const MINUTE_MS = 60_000
/** A full minute. */
const START_MS = 1_800_000_000_000

let servers: Servers
let klines: ScriptedKlines
let shard: Shard
let rulesFile: string
let worker: Worker | undefined
let log: RecordingLog
/** The wall clock of the venue and of the worker. */
let aheadMs: number
const nowMs = () => Date.now() + aheadMs
const clock: Clock = { ...systemClock, nowMs }

beforeAll(async () => {
  servers = await Servers.start()
  klines = await ScriptedKlines.start()
  rulesFile = servers.writeRules({ AAAUSDT: ONE_PERCENT, BBBUSDT: ONE_PERCENT, CCCUSDT: ONE_PERCENT })
})
beforeEach(() => {
  shard = servers.nextShard()
  klines.bars.clear()
  klines.requests.length = 0
  klines.status = 200
  servers.exchange.requests.length = 0
  at(START_MS + 10_000)
  servers.exchange.setMark(SYMBOL, '100')
  servers.exchange.setMark('BBBUSDT', '100')
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
})
afterAll(async () => {
  await klines.stop()
  await servers.stop()
})

/** Moves the clock of venue and worker to that time. */
function at(timeMs: number): void {
  aheadMs = timeMs - Date.now()
  servers.exchange.script.aheadMs = aheadMs
}

async function start(): Promise<Worker> {
  const redisUrl = servers.redis.url
  const streamUrls = { 'bybit-linear': servers.exchange.url, 'bybit-klines': klines.url }
  const config = loadConfig(
    { redisUrl, rulesFile, shard: shard.name, levels: ['0.5', '0.7', '0.9'], streamUrls },
    {},
  )
  log = new RecordingLog()
  const fatal = (error: Error) => {
    throw error
  }
  worker = await startWorker({ config, redisUrl, clock, random: systemRandom, log, fatal })
  return worker
}

const lines = (message: string) => log.lines.filter((line) => line.message.startsWith(message))
const heard = () => until(() => worker!.read.counters().blindMarkets.length === 0)
// Balance 20 + (x − 100), maintenance 1 % of x: liquidated at 80.808….
const near = longAt100('desk/near', '20')
const far = longAt100('desk/far', '60')

const filled = () => lines('the gap is').length
const events = async () => (await shard.streamed()).map((event) => `${told(event)} ${event.eventTimeMs}`)
const minute = (number: number) => START_MS + number * MINUTE_MS

/** First and last minute of a request for klines. */
const minutesOf = (request: string) =>
  request
    .split(' ')
    .slice(1)
    .map((text) => Number(text) - START_MS / MINUTE_MS)

/** The connection is cut; the venue is heard again two seconds before the end of the minute of that number. */
function cutUntil(number: number): void {
  servers.exchange.drop()
  at(minute(number) + 58_000)
}

describe('a breach that comes and goes while a connection is cut', () => {
  it('is found in the klines of its minute, once, and the other accounts get nothing', async () => {
    await shard.store([near, far, longAt100('desk/other', '20', { symbol: 'BBBUSDT' })])
    const { effects } = shard.subscribe()
    await start()
    await heard()
    klines.set(SYMBOL, minute(1), { low: '80.9', high: '100' })
    klines.set(SYMBOL, minute(2), { low: '80.8', high: '100' })
    cutUntil(3)
    await until(() => filled() === 2, 20_000)
    await until(() => effects.length === 2)
    expect(effects.map(told)).toEqual([
      'desk/near #1 episode 1 liquidation 0 → 1',
      'desk/near #2 episode 1 recovered 1 → 0',
    ])
    expect(effects[0]).toMatchObject({
      eventTimeMs: minute(2),
      reasons: ['backfill', 'rules-undated'],
      confidence: 'confirmed',
      marks: [{ symbol: SYMBOL, markPrice: '80.8', eventTimeMs: minute(2) }],
    })
    for (const event of effects) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
    expect(lines('the gap is').map(({ fields }) => fields)).toMatchObject([
      { reasons: [], found: expect.any(Number) },
      { reasons: [], found: expect.any(Number) },
    ])
    expect(await shard.marketEvents()).toEqual([])
  })
})

describe('a breach that comes and goes while no worker runs', () => {
  it('is found by the next worker, and not again by the one after it', async () => {
    await shard.store([near, far])
    await start()
    await heard()
    await worker!.stop()
    klines.set(SYMBOL, minute(1), { low: '80', high: '100' })
    at(minute(2) + 58_000)
    await start()
    await until(() => filled() === 1, 20_000)
    await until(() => worker!.read.counters().log.streamed === 2)
    const first = await events()
    expect(first).toEqual([
      `desk/near #1 episode 1 liquidation 0 → 1 ${minute(1)}`,
      expect.stringMatching(/^desk\/near #2 episode 1 recovered 1 → 0 /),
    ])
    await worker!.stop()
    at(minute(4) + 58_000)
    await start()
    await until(() => filled() === 1, 20_000)
    expect(await events()).toEqual(first)
    // What was heard of a minute before is not asked for again.
    expect(klines.requests.map(minutesOf)).toEqual([
      [0, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ])
  })
})

describe('a breach that comes and goes before the first mark of a market', () => {
  const UNHEARD = 'CCCUSDT'

  it('is found by the worker that hears the venue at last, from the time at which the account was stored', async () => {
    await shard.store([
      longAt100('desk/near', '20', { symbol: UNHEARD }),
      longAt100('desk/far', '60', { symbol: UNHEARD }),
    ])
    await start()
    await until(
      async () => (await readGaps({ url: servers.redis.url, shard: shard.name })).watermarks.length > 0,
    )
    klines.set(UNHEARD, minute(1), { low: '80', high: '100' })
    // The next worker goes on waiting for the mark.
    at(minute(2) + 10_000)
    await worker!.stop()
    await start()
    await until(() => servers.exchange.requests.length === 2)
    at(minute(3) + 58_000)
    servers.exchange.setMark(UNHEARD, '100')
    await until(() => filled() === 1, 20_000)
    await until(() => worker!.read.counters().log.streamed === 2)
    expect(await events()).toEqual([
      `desk/near #1 episode 1 liquidation 0 → 1 ${minute(1)}`,
      expect.stringMatching(/^desk\/near #2 episode 1 recovered 1 → 0 /),
    ])
    expect(klines.requests.map(minutesOf)).toEqual([
      [0, 2],
      [3, 3],
    ])
  })
})

describe('a gap that cannot be filled', () => {
  it('is published with its span and its reason, and no account is told safe or in breach for it', async () => {
    await shard.store([near])
    await start()
    await heard()
    klines.status = 403
    cutUntil(2)
    await until(() => filled() === 1, 20_000)
    await until(() => worker!.read.counters().log.streamed === 1)
    expect(await shard.marketEvents()).toMatchObject([
      {
        kind: 'market-gap',
        symbol: SYMBOL,
        gapReasons: ['unavailable'],
        marginAccounts: 1,
        sequence: 1,
        markPrice: null,
      },
    ])
    const [gap] = await shard.marketEvents()
    expect(gap!.untilMs! - gap!.sinceMs).toBeGreaterThan(100_000)
    expect(verifyEvent(gap!)).toMatchObject({ isOk: true, differences: [] })
    expect(await shard.streamed()).toEqual([])
  })
})
