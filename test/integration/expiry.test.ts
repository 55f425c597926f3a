import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { Clock } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { systemClock, systemRandom } from '../../src/system/index.ts'
import { startWorker, type Worker } from '../../src/worker/index.ts'
import { RecordingLog } from '../feed/harness.ts'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { ONE_PERCENT, Servers, type Shard, told } from './harness.ts'

const CONTRACT = 'AAAUSDT-26DEC31'
const LATE = 'BBBUSDT-26DEC31'
/** The end of the day in their names. */
const EXPIRY_MS = Date.UTC(2031, 11, 27) - 1
const HOUR_MS = 3_600_000
const LINE =
  'contracts have expired; the margin accounts that hold them have no verdict until they are stored without them'

let servers: Servers
let shard: Shard
let rulesFile: string
let worker: Worker | undefined
let log: RecordingLog
/** What the wall clock of the worker is ahead of that of this machine. */
let aheadMs: number
const clock: Clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }

beforeAll(async () => {
  servers = await Servers.start()
  rulesFile = servers.writeRules({ AAAUSDT: ONE_PERCENT, [CONTRACT]: ONE_PERCENT, [LATE]: ONE_PERCENT })
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
})
afterAll(() => servers.stop())

async function start(): Promise<Worker> {
  const redisUrl = servers.redis.url
  const config = loadConfig(
    {
      redisUrl,
      rulesFile,
      shard: shard.name,
      levels: ['0.5', '0.7', '0.9'],
      streamUrls: { 'bybit-linear': servers.exchange.url },
    },
    {},
  )
  log = new RecordingLog()
  const fatal = (error: Error) => {
    throw error
  }
  worker = await startWorker({ config, redisUrl, clock, random: systemRandom, log, fatal })
  return worker
}

/** Sets the clock of the worker to so long before the expiry. */
function beforeExpiry(ms: number): void {
  aheadMs = EXPIRY_MS - ms - Date.now()
}

const expiryLines = () => log.lines.filter(({ message }) => message === LINE).map(({ fields }) => fields)
const asked = (from: number) => servers.exchange.requests.slice(from).flat()
// Balance 20 + (x − 100), maintenance 1 % of x: level 0.5 at 81.632….
const near = longAt100('desk/near', '20', { symbol: CONTRACT })
const far = longAt100('desk/far', '60', { symbol: CONTRACT })

describe('a contract that expires while the worker runs', () => {
  it('is dropped by name, its accounts are unknown, and the other markets go on over the same connection', async () => {
    const { exchange } = servers
    exchange.setMark(CONTRACT, '81.5')
    exchange.setMark('AAAUSDT', '95')
    await shard.store([near, far, longAt100('desk/other', '20', { symbol: 'AAAUSDT' })])
    const { effects } = shard.subscribe()
    beforeExpiry(HOUR_MS)
    const { read } = await start()
    await until(() => effects.length === 1 && exchange.isHeard('AAAUSDT'))
    expect(effects.map(told)).toEqual(['desk/near #1 episode 1 warning 0 → 0.5'])
    const { connections } = exchange
    const requests = exchange.requests.length

    beforeExpiry(0)
    await until(() => effects.length === 2)
    expect(told(effects[1]!)).toBe('desk/near #2 episode 1 unknown 0.5 → 0.5')
    expect(effects[1]).toMatchObject({ reasons: ['contract-expired'], marginRatio: null })
    expect(expiryLines()).toMatchObject([
      {
        contracts: 1,
        symbols: [`bybit ${CONTRACT} on 2031-12-26, at the end of the day, UTC, held by 2 margin accounts`],
      },
    ])
    expect(read.counters().blindMarkets).toEqual([
      { venue: 'bybit', symbol: CONTRACT, state: 'expired', reason: 'the contract has expired' },
    ])

    await until(() => !exchange.isHeard(CONTRACT))
    expect(exchange.ended).toEqual([[CONTRACT]])
    exchange.setMark(CONTRACT, '50')
    exchange.setMark('AAAUSDT', '81.5')
    await until(() => effects.length === 3)
    expect(told(effects[2]!)).toBe('desk/other #1 episode 1 warning 0 → 0.5')
    expect(exchange.connections).toBe(connections)
    expect(asked(requests)).toEqual([])
    expect(read.counters().unknownMarginAccounts).toBe(2)

    await shard.store([
      { ...near, version: 2, positions: longAt100('desk/near', '60', { symbol: 'AAAUSDT' }).positions },
    ])
    await until(() => effects.length === 4)
    expect(told(effects[3]!)).toBe('desk/near #3 episode 2 closed 0.5 → 0')
    await until(() => read.counters().unknownMarginAccounts === 1)
    const markets = await shard.marketEvents()
    expect(markets).toMatchObject([
      { kind: 'market-expired', symbol: CONTRACT, sinceMs: EXPIRY_MS, marginAccounts: 2, markPrice: null },
    ])
    for (const event of [...effects, ...markets])
      expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })
  })
})

describe('a contract that expired before the worker started', () => {
  it('is not asked for, and is published once over restarts, with a line of the log each time', async () => {
    const { exchange } = servers
    exchange.setMark(CONTRACT, '81.5')
    exchange.setMark('AAAUSDT', '95')
    await shard.store([near, far, longAt100('desk/other', '60', { symbol: 'AAAUSDT' })])
    beforeExpiry(-HOUR_MS)
    const requests = exchange.requests.length
    const { read } = await start()
    await until(() => exchange.isHeard('AAAUSDT'))
    await until(() => read.counters().unknownMarginAccounts === 2)
    expect(expiryLines()).toMatchObject([{ contracts: 1 }])
    await worker!.stop()
    await start()
    await until(() => exchange.isHeard('AAAUSDT'))
    expect(expiryLines()).toMatchObject([{ contracts: 1 }])
    // It comes while the worker runs, and is not asked for either.
    await shard.store([longAt100('desk/late', '60', { symbol: LATE })])
    await until(() => expiryLines().length === 2)
    expect(expiryLines()[1]).toMatchObject({
      symbols: [expect.stringMatching(/^bybit BBBUSDT-26DEC31 .* held by 1 margin account$/)],
    })
    await worker!.stop()
    expect(asked(requests)).toEqual(['AAAUSDT', 'AAAUSDT'])
    expect(await shard.streamed()).toEqual([])
    expect(await shard.marketEvents()).toMatchObject([
      { kind: 'market-expired', symbol: CONTRACT, sinceMs: EXPIRY_MS, marginAccounts: 2, sequence: 1 },
      { kind: 'market-expired', symbol: LATE, sinceMs: EXPIRY_MS, marginAccounts: 1, sequence: 1 },
    ])
  })
})
