import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Job, type JobType, Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { subscribe } from '../../src/api/subscribe.ts'
import { type Book, createBook } from '../../src/book/index.ts'
import {
  type Account,
  type JobData,
  type MarginEvent,
  type MarketEvent,
  type PlimsollEvent,
  plimsollEventSchema,
  queueNameOf,
  type RevisionEvent,
} from '../../src/domain/index.ts'
import { keysOf, type ShardKeys } from '../../src/redis/index.ts'
import { type Inbox, memoryInbox, type Subscription } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { storeAccounts } from '../support/book.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { isMarginEvent } from '../support/monitor.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { WorkerProcess } from '../support/worker.ts'
import { bybitDialect } from '../venues/fixtures/bybit.ts'

/** One tier of 1 % without a fee, so that every figure of a test can be checked by hand. */
export const ONE_PERCENT = withRate('0.01')
export function withRate(maintenanceMarginRate: string) {
  const tiers = [{ cap: '100000000', maintenanceMarginRate, maintenanceDeduction: '0' }]
  return { kind: 'linear', settle: 'USDT', tiers }
}
export const SYMBOLS = ['AAAUSDT', 'BBBUSDT'] as const
const JOB_STATES: JobType[] = ['waiting', 'active', 'completed', 'failed', 'delayed', 'prioritized']

/** What a consumer did: every event whose effect took place, in order. */
export interface Consumer {
  readonly effects: MarginEvent[]
  readonly subscription: Subscription
}

/** One shard on the servers that the tests of a file share. */
export class Shard {
  readonly keys: ShardKeys
  readonly book: Book
  readonly #servers: Servers
  readonly name: string

  constructor(servers: Servers, name: string) {
    this.#servers = servers
    this.name = name
    this.keys = keysOf(name)
    this.book = createBook(servers.probe, this.keys, VENUE_NAMES)
  }

  /** Every setting of a worker but its signals. */
  get args(): string[] {
    const { redis, rulesFile, exchange } = this.#servers
    const stream = `bybit-linear=${exchange.url}`
    const store = ['--redis-url', redis.url, '--shard', this.name, '--rules', rulesFile]
    return [...store, '--stream-url', stream, '--levels', '0.5,0.7,0.9']
  }

  /** A worker that hears all markets of the book. */
  async startWorker(...args: string[]): Promise<WorkerProcess> {
    return await WorkerProcess.start([...this.args, ...args])
  }

  /** The same in that environment. */
  async startWorkerIn(env: Readonly<Record<string, string>>, ...args: string[]): Promise<WorkerProcess> {
    return await WorkerProcess.start([...this.args, ...args], { env })
  }

  /** Puts accounts into the book without a process of `plimsoll import`. */
  async store(accounts: readonly Account[]): Promise<void> {
    await storeAccounts(this.book, accounts)
  }

  /** Accounts through `plimsoll import`; its summary. */
  async import(accounts: readonly Account[]) {
    const { redis, rulesFile } = this.#servers
    const store = ['--redis-url', redis.url, '--shard', this.name, '--rules', rulesFile]
    const input = accounts.map((account) => JSON.stringify(account)).join('\n')
    const { code, stdout, stderr } = await runCli(['import', ...store, '--json', '-'], { input })
    return { code, stderr, summary: JSON.parse(stdout) as { imported: number; refusedCount: number } }
  }

  /** Events of margin accounts in the Redis stream, in its order. */
  async streamed(): Promise<MarginEvent[]> {
    return (await this.#inStream()).filter(isMarginEvent)
  }

  /** The same of markets. */
  async marketEvents(): Promise<MarketEvent[]> {
    return (await this.#inStream()).filter((event) => 'symbol' in event)
  }

  /** The same of suspect events that are revised. */
  async revisions(): Promise<RevisionEvent[]> {
    return (await this.#inStream()).filter((event) => event.kind === 'revision')
  }

  async #inStream(): Promise<PlimsollEvent[]> {
    const entries = await this.#servers.probe.xrange(this.keys.events, '-', '+')
    return entries.flatMap(([, [field, text]]) =>
      field === 'event' ? [plimsollEventSchema.parse(JSON.parse(text!))] : [],
    )
  }

  /** Ids of the events in the jobs of the queue, whatever became of the job. */
  async queued(consumer?: string): Promise<string[]> {
    const connection = this.#servers.probe
    const queue = new Queue(queueNameOf(consumer), { connection, prefix: this.keys.queuePrefix })
    const jobs: Job<JobData>[] = await queue.getJobs(JOB_STATES)
    await queue.close()
    return jobs.flatMap(({ data }) => data.events.map((event) => (event as MarginEvent).id))
  }

  /** A subscription that ends with the test. */
  subscribe(inbox: Inbox = memoryInbox()): Consumer {
    const effects: MarginEvent[] = []
    const subscription = subscribe({
      connection: { url: this.#servers.redis.url },
      queuePrefix: this.keys.queuePrefix,
      handler: (event) => {
        if (isMarginEvent(event)) effects.push(event)
      },
      inbox,
      clock: systemClock,
      fault: (error) => {
        throw error
      },
    })
    onTestFinished(() => subscription.close())
    return { effects, subscription }
  }
}

/** A Redis, an exchange and a rules file for the tests of one file. */
export class Servers {
  readonly redis: TestRedis
  readonly exchange: ScriptedVenue
  /** For looking at the store from outside. */
  readonly probe: Redis
  readonly rulesFile: string
  readonly folder: string
  readonly #remove: () => void
  #shards = 0
  #rulesFiles = 0

  private constructor(redis: TestRedis, exchange: ScriptedVenue) {
    this.redis = redis
    this.exchange = exchange
    this.probe = new Redis(redis.url, { maxRetriesPerRequest: null })
    const { path, remove } = temporaryFolder()
    this.folder = path
    this.#remove = remove
    this.rulesFile = this.writeRules(Object.fromEntries(SYMBOLS.map((symbol) => [symbol, ONE_PERCENT])))
  }

  /** A rules file with these rules of Bybit; its path. */
  writeRules(rules: Readonly<Record<string, unknown>>): string {
    const path = join(this.folder, `rules-${++this.#rulesFiles}.json`)
    writeFileSync(path, JSON.stringify({ bybit: rules }))
    return path
  }

  static async start(): Promise<Servers> {
    return new Servers(
      await startTestRedis(),
      await ScriptedVenue.start({ dialect: bybitDialect, cadenceMs: 100, prices: 'stated' }),
    )
  }

  nextShard(): Shard {
    return new Shard(this, `test${++this.#shards}`)
  }

  async stop(): Promise<void> {
    this.probe.disconnect()
    await this.exchange.stop()
    await this.redis.stop()
    this.#remove()
  }
}

/** What a test compares of a series of events. */
export function told({ account, kind, previousLevel, level, episode, sequence }: MarginEvent): string {
  return `${account} #${sequence} episode ${episode} ${kind} ${previousLevel} → ${level}`
}
