import { createAccountSource } from '../src/book/index.ts'
import { PlimsollError } from '../src/errors.ts'
import { openKernel } from '../src/kernel/index.ts'
import { levelRule } from '../src/margin/index.ts'
import { Monitor } from '../src/monitor/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection, type RedisRole } from '../src/redis/index.ts'
import { sleep, systemClock } from '../src/system/index.ts'
import { bybit, VENUE_NAMES } from '../src/venues/index.ts'
import { START_MARK, START_RULES, type StartedProcess, type StartProcess, startSymbol } from './start.ts'

/** Loads a stored book as a worker does, evaluates a first tick of every market, and measures its own memory. */

const clock = systemClock
const COLLECTIONS = 3
const BETWEEN_COLLECTIONS_MS = 100

async function run(message: StartProcess): Promise<StartedProcess> {
  const connect = (role: RedisRole) => connectRedis({ url: message.redisUrl, role, clock, random: () => 0.5 })
  const [redis, followerRedis] = await Promise.all([connect('command'), connect('blocking')])
  try {
    return await start(message, redis, followerRedis)
  } finally {
    await Promise.all([closeRedis(redis, clock), closeRedis(followerRedis, clock)])
  }
}

async function start(
  { shard, symbols }: StartProcess,
  redis: RedisConnection,
  followerRedis: RedisConnection,
): Promise<StartedProcess> {
  const source = createAccountSource({
    redis,
    followerRedis,
    keys: keysOf(shard),
    venues: VENUE_NAMES,
    clock,
  })
  const kernel = openKernel()
  const book = { ...bybit.ruleBook, version: 'bench', rulesOf: () => START_RULES }
  const refuse = (_of: unknown, error: Error) => {
    throw error
  }
  const startedMs = clock.monotonicMs()
  const monitor = new Monitor({
    kernel,
    clock,
    rule: levelRule(),
    ruleBookOf: () => book,
    log: { logId: 'bench', shard },
    sequenceFloor: 0,
    hasRoom: () => true,
    publish: () => {
      throw new Error('an account is near its line')
    },
    marketAdded: () => undefined,
    refused: refuse,
  })
  await source.load((account) => monitor.apply({ kind: 'put', account }), refuse)
  monitor.loaded()
  const loadMs = clock.monotonicMs() - startedMs
  const tick = () => {
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (let symbol = 0; symbol < symbols; symbol++)
      monitor.tick(bybit.id, startSymbol(symbol), START_MARK, clock.nowMs())
    monitor.frameEnd()
  }
  tick()
  while (!monitor.isIdle) await new Promise<void>((resolve) => void clock.nextTurn(resolve))
  const firstTickMs = clock.monotonicMs() - startedMs
  if (monitor.unknownMarginAccounts > 0) throw new Error(`${monitor.unknownMarginAccounts} have no verdict`)
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await sleep(clock, BETWEEN_COLLECTIONS_MS)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  const { accounts, positions } = monitor.watchlist
  return {
    accounts,
    positions,
    loadMs,
    firstTickMs,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    kernelBytes: kernel.byteLength,
  }
}

process.once('message', (message: StartProcess) => {
  run(message).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: Error) => {
      const { code } = error instanceof PlimsollError ? error : { code: 'bug' }
      process.stderr.write(`${code}: ${error.stack}\n`)
      process.exitCode = 1
      process.disconnect()
    },
  )
})
