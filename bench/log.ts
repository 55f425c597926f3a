import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEventLog } from '../src/delivery/index.ts'
import { type EventRecord, type MarginEvent, PUBLISH_RECORDS_MAX, queueNameOf } from '../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection } from '../src/redis/index.ts'
import { locateRedisServer, startRedisServer } from '../src/redis-server/index.ts'
import { sleep, systemClock, systemRandom } from '../src/system/index.ts'

export interface LogBenchOptions {
  readonly events: number
  /** Positions in the margin account of each event. */
  readonly positions: number
  /** URL of an empty Redis. */
  readonly redisUrl: string
}

export interface LogBench {
  readonly events: number
  readonly positions: number
  readonly bytesPerEvent: number
  /** Only `publish`, which makes the JSON. */
  readonly publishUsPerEvent: number
  readonly inStreamPerSecond: number
  readonly inJobsPerSecond: number
  readonly jobs: number
  /** Heap and buffers at the end, after the last event was delivered. */
  readonly heapMb: number
}

const POLL_MS = 1
const READ_ENTRIES = 1_000
const FLUSH_LIMIT_MS = 120_000

/** Runs `use` with a private server on a folder that is removed afterwards. */
export async function withRedis<T>(
  appendfsync: 'always' | 'everysec',
  use: (redisUrl: string) => Promise<T>,
): Promise<T> {
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const binary = await locateRedisServer({ dataDir: '.data', clock: systemClock, notify })
  const dataDir = await mkdtemp(join(tmpdir(), 'plimsoll-bench-'))
  try {
    const server = await startRedisServer({ binary, dataDir, clock: systemClock, appendfsync })
    try {
      return await use(server.url)
    } finally {
      await server.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Publishes events to an empty log and measures until all are in the stream, and until all are in jobs. Reads both back. */
export async function benchLog({ events, positions, redisUrl }: LogBenchOptions): Promise<LogBench> {
  const keys = keysOf('bench')
  const connect = (role: 'command' | 'queue') =>
    connectRedis({ url: redisUrl, role, clock: systemClock, random: systemRandom })
  const [redis, queueConnection] = [await connect('command'), await connect('queue')]
  const log = await openEventLog({
    redis,
    queueConnection,
    keys,
    clock: systemClock,
    random: systemRandom,
    notice: () => undefined,
    fault: (error) => {
      throw error
    },
  })
  const template = eventOf(positions)
  const startMs = systemClock.monotonicMs()
  let publishMs = 0
  let inStreamMs: number | undefined
  const look = () => {
    if (log.counters().streamed === events) inStreamMs ??= systemClock.monotonicMs() - startMs
  }
  for (let next = 0; next < events; next += PUBLISH_RECORDS_MAX) {
    while (!log.hasRoom) await sleep(systemClock, POLL_MS)
    const count = Math.min(PUBLISH_RECORDS_MAX, events - next)
    const batch = Array.from({ length: count }, (_, index) => recordOf(template, next + index + 1))
    const beforeMs = systemClock.monotonicMs()
    log.publish(batch)
    publishMs += systemClock.monotonicMs() - beforeMs
    await new Promise<void>((resolve) => systemClock.nextTurn(resolve))
    look()
  }
  const deadlineMs = systemClock.monotonicMs() + FLUSH_LIMIT_MS
  while (log.pending > 0) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`not handed over within ${FLUSH_LIMIT_MS} ms`)
    await sleep(systemClock, POLL_MS)
    look()
  }
  const inJobsMs = systemClock.monotonicMs() - startMs
  const { jobs } = log.counters()
  await log.close()
  await check(redis, keys, events)
  await Promise.all([closeRedis(redis, systemClock), closeRedis(queueConnection, systemClock)])
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return {
    events,
    positions,
    jobs,
    bytesPerEvent: JSON.stringify(template).length,
    publishUsPerEvent: (publishMs * 1e3) / events,
    inStreamPerSecond: (events * 1e3) / (inStreamMs ?? inJobsMs),
    inJobsPerSecond: (events * 1e3) / inJobsMs,
    heapMb: (heapUsed + arrayBuffers) / 1e6,
  }
}

/** Every event is in a job once, in order, and the newest of them are the entries of the stream. */
async function check(redis: RedisConnection, keys: ReturnType<typeof keysOf>, events: number): Promise<void> {
  const queue = `${keys.queuePrefix}:${queueNameOf()}`
  let sequence = 0
  for (const id of (await redis.lrange(`${queue}:wait`, 0, -1)).reverse()) {
    const data = JSON.parse((await redis.hget(`${queue}:${id}`, 'data')) ?? '')
    for (const event of data.events as MarginEvent[]) {
      if (event.sequence !== ++sequence)
        throw new Error(`job ${id} holds ${event.sequence}, due is ${sequence}`)
    }
  }
  if (sequence !== events) throw new Error(`the jobs hold ${sequence} of ${events} events`)
  const newest = await redis.xrevrange(keys.events, '+', '-', 'COUNT', READ_ENTRIES)
  for (const [index, [, [, text]]] of newest.slice(0, Math.min(READ_ENTRIES, events)).entries()) {
    if (JSON.parse(text ?? '').sequence !== events - index)
      throw new Error(`entry ${index} of the stream is wrong`)
  }
}

/** A record that costs little to make, so that the delivery is measured. */
function recordOf(template: MarginEvent, sequence: number): EventRecord {
  const account = `desk-${sequence % 10_000}`
  const subject = `${account}/cross/USDT`
  const letters = String(sequence).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
  const id = `e_${letters.padStart(26, 'z')}`
  const event = {
    ...template,
    id,
    account,
    marginAccount: subject,
    episode: sequence,
    sequence,
    rank: sequence,
  }
  const { venue, marginMode, settle, level } = event
  const progress = {
    account,
    venue,
    marginMode,
    settle,
    sequence,
    episode: sequence,
    level,
    open: true,
    unknown: false,
  }
  return { event, subject, progress }
}

function eventOf(positions: number): MarginEvent {
  const symbols = Array.from({ length: positions }, (_, place) => `M${place}USDT`)
  return {
    schemaVersion: 2,
    id: 'e_',
    logId: 'bench',
    shard: 'bench',
    kind: 'liquidation',
    venue: 'bybit',
    account: 'desk',
    accountVersion: 1,
    marginAccount: 'desk/cross/USDT',
    marginMode: 'cross',
    settle: 'USDT',
    episode: 1,
    sequence: 1,
    level: '1',
    previousLevel: '0.9',
    rank: 1,
    marks: symbols.map((symbol) => ({
      symbol,
      markPrice: '58120.25',
      eventTimeMs: 1_760_000_000_000,
      ageMs: 3,
    })),
    walletBalance: '1200.5',
    unrealizedPnl: '-1093.125',
    marginBalance: '107.375',
    maintenanceMargin: '151.7',
    marginRatio: '1.412805587892898719',
    shortfall: '44.325',
    positions: symbols.map((symbol) => ({
      symbol,
      size: '0.5',
      notional: '29060.125',
      unrealizedPnl: '-1093.125',
      maintenanceMargin: '145.3',
      liquidationPrice: '58209.37',
      bankruptcyPrice: '57905.5',
    })),
    cure: { topUp: '44.325', reductions: symbols.map((symbol) => ({ symbol, size: '0.152' })) },
    confidence: 'confirmed',
    reasons: [],
    ruleBook: 'bybit-2026-01-01',
    ruleAgeDays: 3,
    eventTimeMs: 1_760_000_000_000,
    receivedTimeMs: 1_760_000_000_003,
    detectionLatencyMs: 0.21,
  }
}

export function logLines(report: LogBench & { appendfsync: string; machine: string; node: string }): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  return [
    `${whole(report.events)} events of ${report.positions} positions, ${whole(report.bytesPerEvent)} bytes each, appendfsync ${report.appendfsync}`,
    `Check: every event is in one of ${whole(report.jobs)} jobs, once and in order`,
    `publish       ${report.publishUsPerEvent.toFixed(1)} us an event`,
    `in the stream ${whole(report.inStreamPerSecond)} events/s`,
    `in jobs       ${whole(report.inJobsPerSecond)} events/s`,
    `memory        ${whole(report.heapMb)} MB of heap and buffers at the end`,
    `${report.machine}, Node ${report.node}`,
  ].join('\n')
}
