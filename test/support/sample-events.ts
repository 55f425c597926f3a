import { createHash } from 'node:crypto'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { type EventLogOptions, openEventLog, type RedisEventLog } from '../../src/delivery/index.ts'
import {
  type EventKind,
  type EventRecord,
  type JobData,
  type LeftBehind,
  type MarginEvent,
  type MarketEvent,
  marketSubject,
  queueNameOf,
  type RevisionEvent,
  type VenueEvent,
} from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { keysOf } from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'

/** An event of a cross account with two positions, without the terms and rules from which it is recomputed. */
export function sampleEvent(account: string, sequence: number, kind: EventKind = 'liquidation'): MarginEvent {
  const marginAccount = `${account}/cross/USDT`
  return {
    schemaVersion: 2,
    id: sampleId(`${marginAccount} ${sequence} ${kind}`),
    logId: 'sample',
    shard: '0',
    kind,
    venue: 'bybit',
    account,
    accountVersion: 17,
    marginAccount,
    marginMode: 'cross',
    settle: 'USDT',
    episode: sequence,
    sequence,
    level: '1',
    previousLevel: '0.9',
    rank: 1,
    marks: [
      { symbol: 'BTCUSDT', markPrice: '58120.25', eventTimeMs: 1_760_000_000_000, ageMs: 3 },
      { symbol: 'ETHUSDT', markPrice: '2911.04', eventTimeMs: 1_760_000_000_000, ageMs: 120 },
    ],
    walletBalance: '1200.5',
    unrealizedPnl: '-1093.125',
    marginBalance: '107.375',
    maintenanceMargin: '151.7',
    marginRatio: '1.412805587892898719',
    shortfall: '44.325',
    positions: [
      {
        symbol: 'BTCUSDT',
        size: '0.5',
        notional: '29060.125',
        unrealizedPnl: '-1093.125',
        maintenanceMargin: '145.3',
        liquidationPrice: '58209.37',
        bankruptcyPrice: '57905.5',
      },
      {
        symbol: 'ETHUSDT',
        size: '-0.4',
        notional: '1164.416',
        unrealizedPnl: '0',
        maintenanceMargin: '6.4',
        liquidationPrice: '2802.1',
        bankruptcyPrice: '3178.4',
      },
    ],
    cure: { topUp: '44.325', reductions: [{ symbol: 'BTCUSDT', size: '0.152' }] },
    confidence: 'confirmed',
    reasons: [],
    ruleBook: 'bybit-2026-01-01',
    ruleAgeDays: 3,
    eventTimeMs: 1_760_000_000_000,
    receivedTimeMs: 1_760_000_000_003,
    detectionLatencyMs: 0.21,
  }
}

/** The same letters for the same text, in the form of an event's id. */
function sampleId(text: string): string {
  const digest = createHash('sha256').update(text).digest()
  return `e_${[...digest.subarray(0, 26)].map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('')}`
}

/** An event with `count` positions, each of its own market. */
export function largeEvent(account: string, sequence: number, count: number): MarginEvent {
  const event = sampleEvent(account, sequence)
  const symbols = Array.from({ length: count }, (_, index) => `M${index}USDT`)
  return {
    ...event,
    marks: symbols.map((symbol) => ({ ...event.marks[0]!, symbol })),
    positions: symbols.map((symbol) => ({ ...event.positions[0]!, symbol })),
  }
}

export function recordOf(event: MarginEvent): EventRecord {
  const { account, venue, marginMode, settle, sequence, episode, level } = event
  return {
    event,
    subject: event.marginAccount,
    progress: { account, venue, marginMode, settle, sequence, episode, level, open: true, unknown: false },
  }
}

export function sampleRecord(account: string, sequence: number, kind?: EventKind): EventRecord {
  return recordOf(sampleEvent(account, sequence, kind))
}

/** What has become of that event. */
export function sampleRevision(event: MarginEvent): RevisionEvent {
  const { id, logId, shard, venue, episode, sequence, account, marginAccount } = event
  return {
    schemaVersion: 2,
    id,
    logId,
    shard,
    venue,
    episode,
    sequence,
    account,
    marginAccount,
    revisedKind: event.kind,
    level: event.level,
    integrityRules: 'integrity-1-00000000',
    kind: 'revision',
    revision: 1,
    confidence: 'retracted',
    markets: [
      { symbol: 'BTCUSDT', markPrice: '58120.25', confidence: 'retracted', by: 'market-back', marks: 3 },
    ],
    receivedTimeMs: event.receivedTimeMs + 3_000,
  }
}

/** Many markets of Bybit are suspect at once. */
export function sampleVenueEvent(changes: Partial<VenueEvent> = {}): VenueEvent {
  return {
    schemaVersion: 2,
    id: sampleId('venue bybit'),
    logId: 'sample',
    shard: '0',
    venue: 'bybit',
    episode: 1,
    sequence: 1,
    kind: 'venue-suspect',
    sinceMs: 1_760_000_000_000,
    suspectMarkets: 7,
    heldMarkets: 12,
    brokenRules: [
      { rule: 'index', markets: 7 },
      { rule: 'jump', markets: 2 },
    ],
    markets: [{ symbol: 'BTCUSDT', markPrice: '58120.25', rules: ['jump', 'index'] }],
    limits: { share: '0.3', marketsMin: 5, withinMs: 2_000, quietMs: 10_000 },
    integrityRules: 'integrity-1-00000000',
    receivedTimeMs: 1_760_000_000_003,
    ...changes,
  }
}

/** The margin account is closed for good: its progress is forgotten. */
export function forgottenRecord(account: string, sequence: number): EventRecord {
  return { ...sampleRecord(account, sequence, 'closed'), progress: null }
}

/** The market goes stale with an odd sequence, and is fresh again with an even one. */
export function sampleMarketEvent(
  symbol: string,
  sequence: number,
  changes: Partial<MarketEvent> = {},
): MarketEvent {
  const kind = sequence % 2 === 1 ? 'market-stale' : 'market-fresh'
  return {
    schemaVersion: 2,
    id: sampleId(`${marketSubject('bybit', symbol)} ${sequence}`),
    logId: 'sample',
    shard: '0',
    venue: 'bybit',
    episode: sequence,
    sequence,
    kind,
    symbol,
    sinceMs: 1_760_000_000_000,
    marginAccounts: 12,
    markPrice: kind === 'market-fresh' ? '58120.25' : null,
    receivedTimeMs: 1_760_000_000_003,
    ...changes,
  }
}

export function marketRecord(symbol: string, sequence: number): EventRecord {
  const event = sampleMarketEvent(symbol, sequence)
  const progress = {
    venue: 'bybit',
    symbol,
    episode: sequence,
    sequence,
    stale: event.kind === 'market-stale',
  }
  return { event, subject: marketSubject('bybit', symbol), progress }
}

/** `count` records over a hundred accounts, each with sequences from 1. */
export function sampleRecords(count: number, from = 0): EventRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const place = from + index
    return sampleRecord(`desk/${place % 100}`, Math.floor(place / 100) + 1)
  })
}

export const KEYS = keysOf('0')

/** A connection as the worker makes it for commands: they fail while the server is away. */
export function commandConnection(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 50,
  })
  redis.on('error', () => undefined)
  return redis
}

export function queueConnection(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  redis.on('error', () => undefined)
  return redis
}

export async function ready(redis: Redis): Promise<Redis> {
  if (redis.status !== 'ready') await new Promise((resolve) => void redis.once('ready', resolve))
  return redis
}

export interface OpenedLog {
  readonly log: RedisEventLog
  readonly redis: Redis
  readonly faults: PlimsollError[]
  readonly notices: string[]
  /** Returns what is left behind. */
  close(): Promise<LeftBehind>
}

let opened = 0

export async function openLog(url: string, options: Partial<EventLogOptions> = {}): Promise<OpenedLog> {
  const redis = await ready(commandConnection(url))
  const queue = queueConnection(url)
  const faults: PlimsollError[] = []
  const notices: string[] = []
  const disconnect = () => {
    redis.disconnect()
    queue.disconnect()
  }
  try {
    const log = await openEventLog({
      redis,
      queueConnection: queue,
      keys: KEYS,
      clock: systemClock,
      random: seededRandom(7, ++opened),
      fault: (error) => void faults.push(error),
      notice: (line) => void notices.push(line),
      ...options,
    })
    const close = async () => {
      const left = await log.close()
      disconnect()
      return left
    }
    return { log, redis, faults, notices, close }
  } catch (error) {
    disconnect()
    throw error
  }
}

export interface WaitingJob {
  readonly id: string
  readonly name: string
  readonly data: JobData
  /** Completed jobs that stay when this one completes. */
  readonly completedKept: number
}

/** The jobs that wait, oldest first, as BullMQ itself reads them. */
export async function waitingJobs(url: string, consumer?: string): Promise<WaitingJob[]> {
  const connection = queueConnection(url)
  const queue = new Queue(queueNameOf(consumer), { connection, prefix: KEYS.queuePrefix })
  try {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true)
    return jobs.map(({ id, name, data, opts }) => {
      const kept = typeof opts.removeOnComplete === 'object' ? opts.removeOnComplete.count : undefined
      return { id: id ?? '', name, data: data as JobData, completedKept: kept ?? Number.NaN }
    })
  } finally {
    await queue.close()
    connection.disconnect()
  }
}

export function idsOf(jobs: readonly { data: JobData }[]): string[] {
  return jobs.flatMap(({ data }) => data.events.map((event) => (event as MarginEvent).id))
}

/** Adds events after the newest entry of the stream, as a worker leaves them that dies between stream and queue. */
export async function leaveInStream(probe: Redis, records: readonly EventRecord[]): Promise<void> {
  const [newest] = (await probe.xrevrange(KEYS.events, '+', '-', 'COUNT', 1))[0] ?? ['']
  const [fence, sequence] = newest.split('-').map(Number)
  for (const [index, { event }] of records.entries()) {
    await probe.xadd(KEYS.events, `${fence}-${sequence! + index + 1}`, 'event', JSON.stringify(event))
  }
}
