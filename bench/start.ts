import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBook } from '../src/book/index.ts'
import { type Account, BATCH_ACCOUNTS_MAX, type InstrumentRules, marginalTiers } from '../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf } from '../src/redis/index.ts'
import { locateRedisServer, startRedisServer } from '../src/redis-server/index.ts'
import { systemClock } from '../src/system/index.ts'
import { bybit, VENUE_NAMES } from '../src/venues/index.ts'

/** A start of a worker on a stored book: the time until the first tick is evaluated, and the memory of its process then. */
export interface StartedProcess {
  readonly accounts: number
  readonly positions: number
  /** From the first command to Redis until every account is under watch. */
  readonly loadMs: number
  /** From the same moment until one tick of every market is evaluated, and every margin account has its verdict. */
  readonly firstTickMs: number
  /** Memory of the whole process, after a collection. */
  readonly rssBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  readonly kernelBytes: number
}

/** Options of the measured process. */
export interface StartProcess {
  readonly redisUrl: string
  readonly shard: string
  readonly symbols: number
}

export interface StartOptions {
  readonly positions: number
  /** Folder in which the server is found or into which it is fetched. */
  readonly dataDir: string
  readonly notify: (line: string) => void
}

/** Cross positions an account. */
export const START_POSITIONS_PER_ACCOUNT = 3
const SYMBOLS = 500
/** Entry price of every position, so that none is near its line. */
export const START_MARK = '61250.1'
export const START_RULES: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  settlementAsset: 'USDT',
  takerFeeRate: '0.00055',
  maintenance: marginalTiers('linear', [
    { cap: '2000000', maintenanceMarginRate: '0.005', maintenanceDeduction: '0' },
    { cap: '2600000', maintenanceMarginRate: '0.0056', maintenanceDeduction: '1200' },
    { cap: '3200000', maintenanceMarginRate: '0.0063', maintenanceDeduction: '3020' },
  ]),
}
const SHARD = 'start'

export function startSymbol(index: number): string {
  return `COIN${index}USDT`
}

/** @throws Error when an account is refused, has no verdict, or the measured process ends. */
export async function benchStart({ positions, dataDir, notify }: StartOptions): Promise<StartedProcess> {
  const accounts = Math.ceil(positions / START_POSITIONS_PER_ACCOUNT)
  const clock = systemClock
  const binary = await locateRedisServer({ dataDir, clock, notify })
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-start-'))
  const server = await startRedisServer({ binary, dataDir: folder, clock })
  try {
    await write(server.url, accounts)
    const result = await measuredProcess({ redisUrl: server.url, shard: SHARD, symbols: SYMBOLS })
    if (result.accounts !== accounts)
      throw new Error(`${result.accounts} of ${accounts} accounts are under watch`)
    return result
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function write(url: string, accounts: number): Promise<void> {
  const redis = await connectRedis({ url, role: 'command', clock: systemClock, random: () => 0.5 })
  const book = createBook(redis, keysOf(SHARD), VENUE_NAMES)
  for (let first = 0; first < accounts; first += BATCH_ACCOUNTS_MAX) {
    const count = Math.min(BATCH_ACCOUNTS_MAX, accounts - first)
    await book.putMany(Array.from({ length: count }, (_, at) => ({ account: accountAt(first + at) })))
  }
  await closeRedis(redis, systemClock)
}

function accountAt(index: number): Account {
  const positions = Array.from({ length: START_POSITIONS_PER_ACCOUNT }, (_, leg) => {
    const symbol = startSymbol((index * START_POSITIONS_PER_ACCOUNT + leg) % SYMBOLS)
    const size = `${leg === 1 ? '-' : ''}${(1 + (index % 97)) / 100}`
    return { symbol, marginMode: 'cross' as const, size, entryPrice: START_MARK, leverage: '10' }
  })
  const collateral = [{ asset: 'USDT', amount: `${120_000 + (index % 1_000)}.5` }]
  return { id: `desk-${index}`, venue: bybit.id, version: 1, collateral, positions, liabilities: [] }
}

function measuredProcess(message: StartProcess): Promise<StartedProcess> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(new URL('start-main.js', import.meta.url), {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the measured process ended with ${code}`)))
    child.once('message', (result) => resolve(result as StartedProcess))
    child.send(message)
  })
}
