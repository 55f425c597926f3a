import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { systemClock } from '../../src/clock.ts'
import type { EventKind, EventRecord, MarginEvent } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { EVENTS_QUEUE_NAME, type JobData, openEventLog, type RedisEventLog } from '../../src/events/index.ts'
import { eventId } from '../../src/monitor/index.ts'

/** An event of the size that a real one has: a cross account with two positions. */
export function sampleEvent(account: string, sequence: number, kind: EventKind = 'liquidation'): MarginEvent {
  const marginAccount = `${account}/cross/USDT`
  return {
    schemaVersion: 1,
    id: eventId({ marginAccount, episode: sequence, kind, level: '1' }),
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
    eventTimeMs: 1_760_000_000_000,
    receivedTimeMs: 1_760_000_000_003,
    detectionLatencyMs: 0.21,
  }
}

export function sampleRecord(account: string, sequence: number): EventRecord {
  return {
    event: sampleEvent(account, sequence),
    progress: {
      sequence,
      marginAccounts: {
        [`${account}/cross/USDT`]: {
          ...{ episode: sequence, level: '1', open: true, unknown: false },
          ...{ venue: 'bybit', marginMode: 'cross', settle: 'USDT' },
        },
      },
    },
  }
}

/** `count` records over a hundred accounts, each with sequences from 1. */
export function sampleRecords(count: number, from = 0): EventRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const place = from + index
    return sampleRecord(`desk/${place % 100}`, Math.floor(place / 100) + 1)
  })
}

export const KEYS = {
  events: '{plimsoll:0}:events',
  progress: '{plimsoll:0}:progress',
  queuePrefix: '{plimsoll:0}',
}

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
  close(): Promise<void>
}

export async function openLog(url: string): Promise<OpenedLog> {
  const redis = await ready(commandConnection(url))
  const queue = queueConnection(url)
  const faults: PlimsollError[] = []
  const log = await openEventLog({
    redis,
    queueConnection: queue,
    keys: KEYS,
    queueName: EVENTS_QUEUE_NAME,
    clock: systemClock,
    fault: (error) => void faults.push(error),
  })
  return {
    log,
    redis,
    faults,
    async close() {
      await log.close()
      redis.disconnect()
      queue.disconnect()
    },
  }
}

/** The jobs that wait, oldest first. */
export async function waitingJobs(url: string): Promise<{ id: string; data: JobData }[]> {
  const connection = queueConnection(url)
  const queue = new Queue(EVENTS_QUEUE_NAME, { connection, prefix: KEYS.queuePrefix })
  try {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true)
    return jobs.map((job) => ({ id: job.id ?? '', data: job.data as JobData }))
  } finally {
    await queue.close()
    connection.disconnect()
  }
}

export function idsOf(jobs: readonly { data: JobData }[]): string[] {
  return jobs.flatMap(({ data }) => data.events.map((event) => (event as MarginEvent).id))
}

/** Waits until `holds`, at most `limitMs`. */
export async function until(holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + limitMs
  while (!(await holds())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`still not so after ${limitMs} ms: ${holds}`)
    await new Promise<void>((resolve) => void systemClock.after(10, resolve))
  }
}
