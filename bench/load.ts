import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Book, createAccountSource, createBook } from '../src/book/index.ts'
import { type Account, BATCH_ACCOUNTS_MAX, venueId } from '../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisRole } from '../src/redis/index.ts'
import { locateRedisServer, startRedisServer } from '../src/redis-server/index.ts'
import { sleep, systemClock } from '../src/system/index.ts'
import { VENUE_NAMES } from '../src/venues/index.ts'

export interface LoadOptions {
  readonly accounts: number
  readonly positionsPerAccount: number
  /** Folder in which the server is found or into which it is fetched. */
  readonly dataDir: string
  readonly notify: (line: string) => void
}

export interface LoadResult {
  /**
   * `load`: the snapshot at the start. `changes`: every account is written again. `reload`: the book is read again after
   * a gap.
   */
  readonly part: 'load' | 'changes' | 'reload'
  readonly accounts: number
  readonly positionsPerAccount: number
  readonly durationMs: number
  /** The longest time in which the event loop did not turn. */
  readonly longestStepMs: number
}

/** Accounts of a batch, so that no batch has many megabytes. */
const WRITE_ACCOUNTS = 100
const POLL_MS = 5

/**
 * Reads a book of wide accounts as a worker does, and watches the event loop meanwhile.
 * @throws Error when an account is
 * missing, refused or stale.
 */
export async function benchLoad(options: LoadOptions): Promise<LoadResult[]> {
  const { accounts, positionsPerAccount, notify } = options
  const clock = systemClock
  const binary = await locateRedisServer({ dataDir: options.dataDir, clock, notify })
  const dataDir = await mkdtemp(join(tmpdir(), 'plimsoll-load-'))
  const server = await startRedisServer({ binary, dataDir, clock })
  const connect = (role: RedisRole) => connectRedis({ url: server.url, role, clock, random: () => 0.5 })
  const [redis, followerRedis] = await Promise.all([connect('command'), connect('blocking')])
  const keys = keysOf('load')
  const book = createBook(redis, keys, VENUE_NAMES)
  const source = createAccountSource({ redis, followerRedis, keys, venues: VENUE_NAMES, clock })
  const versions = new Map<string, number>()
  const put = ({ id, version }: Account) => void versions.set(id, version)
  const refused = (error: Error): never => {
    throw error
  }
  const measured = async (part: LoadResult['part'], work: () => Promise<void>): Promise<LoadResult> => {
    const steps = watchSteps()
    const startedMs = clock.monotonicMs()
    await work()
    const durationMs = clock.monotonicMs() - startedMs
    return { part, accounts, positionsPerAccount, durationMs, longestStepMs: steps.end() }
  }
  const untilAll = async (version: number) => {
    const isDone = () =>
      versions.size === accounts && [...versions.values()].every((found) => found === version)
    while (!isDone()) await sleep(clock, POLL_MS)
  }
  try {
    await write(book, options, 1)
    const results = [
      await measured('load', async () => {
        await source.load(put, (_id, error) => refused(error))
        await untilAll(1)
      }),
    ]
    await write(book, options, 2)
    const follow = () =>
      source.follow((change) => {
        if (change.kind === 'put') put(change.account)
      }, refused)
    results.push(
      await measured('changes', async () => {
        follow()
        await untilAll(2)
      }),
    )
    await redis.call('XTRIM', keys.changes, 'MAXLEN', 0)
    versions.clear()
    results.push(await measured('reload', () => untilAll(2)))
    return results
  } finally {
    await source.stop()
    await Promise.all([closeRedis(redis, clock), closeRedis(followerRedis, clock)])
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Keeps the event loop turning; `end` returns its longest turn in milliseconds. */
function watchSteps(): { end(): number } {
  let isOver = false
  let longestMs = 0
  let lastMs = systemClock.monotonicMs()
  const turn = () => {
    const nowMs = systemClock.monotonicMs()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    if (!isOver) systemClock.nextTurn(turn)
  }
  systemClock.nextTurn(turn)
  return {
    end() {
      isOver = true
      return longestMs
    },
  }
}

async function write(book: Book, options: LoadOptions, version: number): Promise<void> {
  const size = Math.min(WRITE_ACCOUNTS, BATCH_ACCOUNTS_MAX)
  for (let first = 0; first < options.accounts; first += size) {
    const count = Math.min(size, options.accounts - first)
    const batch = Array.from({ length: count }, (_, at) => wideAccount(first + at, options, version))
    await book.putMany(batch.map((account) => ({ account })))
  }
}

function wideAccount(index: number, { positionsPerAccount }: LoadOptions, version: number): Account {
  const position = { marginMode: 'cross' as const, size: '0.5', entryPrice: '61250.1', leverage: '10' }
  const positions = Array.from({ length: positionsPerAccount }, (_, at) => ({
    symbol: `COIN${at}USDT`,
    ...position,
  }))
  const collateral = [{ asset: 'USDT', amount: '12000.5' }]
  return { id: `wide/${index}`, venue: venueId('bybit'), version, collateral, positions, liabilities: [] }
}
