import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { Clock } from '../../src/domain/index.ts'
import { createLog } from '../../src/log.ts'
import { systemClock } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { startWorker, type WorkerOptions } from '../../src/worker/worker.ts'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { Servers, type Shard } from './harness.ts'

const ACCOUNTS = 400

let servers: Servers
beforeAll(async () => {
  servers = await Servers.start()
})
afterAll(() => servers.stop())

function start({ name: shard }: Shard, options: Partial<WorkerOptions>) {
  const { exchange, redis, rulesFile } = servers
  const streamUrls = { 'bybit-linear': exchange.url }
  return startWorker({
    config: loadConfig({ redisUrl: redis.url, shard, logLevel: 'error', rulesFile, streamUrls }),
    redisUrl: redis.url,
    clock: systemClock,
    random: seededRandom(1),
    log: createLog('error'),
    fatal: (error) => expect.unreachable(error.message),
    ...options,
  })
}

describe('a worker that is stopped when an instant begins that liquidates every account', () => {
  it('gives the verdicts, and has all events in stream and queue before it is stopped', async () => {
    const { exchange } = servers
    const shard = servers.nextShard()
    exchange.setMark('AAAUSDT', '100')
    const accounts = Array.from({ length: ACCOUNTS }, (_, index) => longAt100(`desk/${index}`, '20'))
    expect((await shard.import(accounts)).summary.imported).toBe(ACCOUNTS)
    let stopped: Promise<void> | undefined
    const worker = await start(shard, {
      observer: {
        instant: ([mark]) => {
          if (mark?.markPrice === '80') stopped ??= worker.stop()
        },
      },
    })
    await until(() => exchange.isHeard('AAAUSDT'))
    await until(() => worker.read.feeds()[0]?.state === 'fresh')
    expect(worker.read.feeds()).toMatchObject([{ venue: 'bybit', symbol: 'AAAUSDT', source: 'bybit-linear' }])
    expect(worker.read.counters()).toMatchObject({ accounts: ACCOUNTS, blindMarkets: [] })
    exchange.setMark('AAAUSDT', '80')
    await until(() => stopped !== undefined)
    await stopped
    const streamed = await shard.streamed()
    expect(streamed.filter(({ kind }) => kind === 'liquidation')).toHaveLength(ACCOUNTS)
    expect((await shard.queued()).sort()).toEqual(streamed.map(({ id }) => id).sort())
  })
})

describe('a worker that is stopped while minutes pass', () => {
  it('leaves what falls due in them to the next one, and does not say that it left a change of an account', async () => {
    const { exchange } = servers
    const shard = servers.nextShard()
    exchange.setMark('AAAUSDT', '100')
    await shard.import([longAt100('desk/a', '20')])
    let minutes = 0
    let isStopping = false
    const clock: Clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs() + 60_000 * (isStopping ? minutes++ : 0),
      // Funding, which is looked at every 250 ms, is looked at all the while that the worker stops.
      after: (delayMs, then) => systemClock.after(delayMs === 250 ? 1 : delayMs, then),
    }
    const worker = await start(shard, { clock })
    await until(() => worker.read.feeds()[0]?.state === 'fresh')
    isStopping = true
    await expect(worker.stop()).resolves.toBeUndefined()
  })
})
