import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { subscribe } from '../src/api/index.ts'
import { createBook } from '../src/book/index.ts'
import { serveSockets } from '../src/demo/index.ts'
import { type Account, venueId } from '../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf } from '../src/redis/index.ts'
import { locateRedisServer, startRedisServer } from '../src/redis-server/index.ts'
import { memoryInbox } from '../src/subscriber/index.ts'
import { seededRandom, sleep, systemClock } from '../src/system/index.ts'
import { VENUE_NAMES } from '../src/venues/index.ts'
import type { FromWorker, Memory, ToWorker, WorkerSetup } from './heap-protocol.ts'

/** Heap before and after a number of liquidations that recover, after garbage collections. */
export interface RecoverResult {
  readonly part: 'recover'
  readonly accounts: number
  readonly liquidations: number
  /** Events that another process received, warm-up included: a liquidation and a recovery an account. */
  readonly events: number
  readonly heapBeforeBytes: number
  readonly heapAfterBytes: number
  /** Share by which the heap grew; negative if it shrank. */
  readonly growth: number
}

/** A loop of crashes of a book whose events are large. */
export interface CrashLoopResult {
  readonly part: 'crash-loop'
  readonly accounts: number
  readonly positionsPerAccount: number
  readonly seconds: number
  readonly oldSpaceMiB: number
  readonly events: number
  readonly rssMaxBytes: number
  /** Samples over the time of the run. */
  readonly samples: readonly RssSample[]
}

/** Memory of the worker's process at that second of the loop, without a collection. */
export interface RssSample {
  readonly second: number
  readonly rssBytes: number
}

/** Largest share by which the heap may grow. */
export const GROWTH_MAX = 0.1
/** Most bytes that the worker's process may have in memory during the loop of crashes. */
export const RSS_MAX_BYTES = 1_024 ** 3
/** Share of the liquidations that comes before the measurement, to fill bounded buffers. */
const WARM_UP_SHARE = 0.5
const MS_PER_SECOND = 1_000
/** Most samples, evenly spread over the loop of crashes. */
const SAMPLES_MAX = 60

type Where = Pick<HeapOptions, 'dataDir' | 'notify'>

/** @throws Error when an event is missing, comes twice or the worker ends. */
export async function benchRecover(
  options: Where & { readonly accounts: number; readonly liquidations: number },
): Promise<RecoverResult> {
  const { accounts } = options
  const run = await openHeapRun({ ...options, positionsPerAccount: 1, oldSpaceMiB: 4_096 })
  try {
    const warmUp = options.liquidations * WARM_UP_SHARE
    while (run.liquidations < warmUp) await run.cycle()
    const before = await run.measure()
    const from = run.liquidations
    while (run.liquidations - from < options.liquidations) await run.cycle()
    const after = await run.measure()
    return {
      part: 'recover',
      accounts,
      liquidations: run.liquidations - from,
      events: run.events,
      heapBeforeBytes: before.heapBytes,
      heapAfterBytes: after.heapBytes,
      growth: after.heapBytes / before.heapBytes - 1,
    }
  } finally {
    await run.stop()
  }
}

/** @throws Error when an event is missing, comes twice or the worker ends, for example because its memory is used up. */
export async function benchCrashLoop(
  options: Omit<HeapOptions, keyof Where> & Where & { readonly seconds: number },
): Promise<CrashLoopResult> {
  const { accounts, positionsPerAccount, seconds, oldSpaceMiB } = options
  const run = await openHeapRun(options)
  try {
    const startMs = systemClock.monotonicMs()
    const endMs = startMs + seconds * MS_PER_SECOND
    const everyMs = Math.max(MS_PER_SECOND, (endMs - startMs) / SAMPLES_MAX)
    const samples: RssSample[] = []
    for (let nowMs = startMs; nowMs < endMs; nowMs = systemClock.monotonicMs()) {
      await run.cycle()
      if (nowMs - startMs < samples.length * everyMs) continue
      const second = Math.round((systemClock.monotonicMs() - startMs) / MS_PER_SECOND)
      samples.push({ second, rssBytes: await run.rssBytes() })
    }
    const { rssMaxBytes } = await run.measure()
    return {
      part: 'crash-loop',
      accounts,
      positionsPerAccount,
      seconds,
      oldSpaceMiB,
      events: run.events,
      rssMaxBytes,
      samples,
    }
  } finally {
    await run.stop()
  }
}

export interface HeapOptions {
  readonly accounts: number
  readonly positionsPerAccount: number
  /** V8's limit for long-lived objects in the worker's process, MiB. */
  readonly oldSpaceMiB: number
  /** Folder in which the private Redis finds its server; its data is in another folder. */
  readonly dataDir: string
  readonly notify: (line: string) => void
}

/** A run in which all accounts are liquidated and recover, again and again. */
export interface HeapRun {
  /** One crash and one recovery of every account; ends when another process has received every event. */
  cycle(): Promise<void>
  measure(): Promise<Memory>
  /** Memory of the worker's process. */
  rssBytes(): Promise<number>
  readonly liquidations: number
  readonly events: number
  stop(): Promise<void>
}

const SHARD = 'bench'
const SAFE_PRICE = '100'
/** A price far below every line: one instant takes each account from safe to liquidation. */
const CRASH_PRICE = '80'
const MARGIN_SHARE = 0.15
/** Pause between two equal marks, so that no mark becomes stale. */
const RESTATE_EVERY_MS = 500
const STORE_ACCOUNTS = 500
const POLL_MS = 2
/** Longest wait for all events of half a cycle. */
const ARRIVAL_LIMIT_MS = 120_000
const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000
const SEED = 7

/** Opens Redis, a venue, the book, a subscriber and the worker in a process of its own. */
export async function openHeapRun(options: HeapOptions): Promise<HeapRun> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    return await open(options, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(
  options: HeapOptions,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<HeapRun> {
  const { accounts, positionsPerAccount } = options
  const symbols = Array.from({ length: positionsPerAccount }, (_, index) => `HEAP${index}USDT`)
  const redis = await openPrivateRedis(options, stops)
  await storeAccounts(redis.url, accounts, symbols)
  const venue = await openVenue(symbols, stops)
  let received = 0
  const subscription = subscribe({
    connection: { url: redis.url },
    queuePrefix: keysOf(SHARD).queuePrefix,
    handler: () => {
      received++
    },
    inbox: memoryInbox(),
    clock: systemClock,
    fault: ({ code, message }) => options.notify(`subscriber: ${code}: ${message}`),
  })
  stops.push(() => subscription.close())
  const setup = { redisUrl: redis.url, shard: SHARD, streamUrl: venue.url, symbols }
  const worker = await startProcess(setup, options.oldSpaceMiB, stops)
  let expected = 0
  let liquidations = 0

  const halfCycle = async (price: string): Promise<void> => {
    venue.state(price)
    expected += accounts
    const endMs = systemClock.monotonicMs() + ARRIVAL_LIMIT_MS
    while (received < expected) {
      worker.check()
      if (systemClock.monotonicMs() > endMs)
        throw new Error(
          `${expected - received} of ${expected} events have not arrived within ${ARRIVAL_LIMIT_MS} ms`,
        )
      await sleep(systemClock, POLL_MS)
    }
    if (received > expected) throw new Error(`${received} events arrived, ${expected} were expected`)
  }

  return {
    async cycle() {
      await halfCycle(CRASH_PRICE)
      liquidations += accounts
      await halfCycle(SAFE_PRICE)
    },
    measure: () => worker.measure(),
    rssBytes: () => worker.rssBytes(),
    get liquidations() {
      return liquidations
    },
    get events() {
      return received
    },
    stop,
  }
}

async function openPrivateRedis({ dataDir, notify }: HeapOptions, stops: (() => Promise<unknown>)[]) {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-heap-'))
  stops.push(() => rm(folder, { recursive: true, force: true }))
  const binary = await locateRedisServer({ dataDir, clock: systemClock, notify })
  const redis = await startRedisServer({ binary, dataDir: folder, clock: systemClock })
  stops.push(() => redis.stop())
  return redis
}

/** Stores accounts with one cross pool each: long one unit of every symbol, with margin of 15 % of its value. */
async function storeAccounts(url: string, count: number, symbols: readonly string[]): Promise<void> {
  const random = seededRandom(SEED)
  const connection = await connectRedis({ url, role: 'command', clock: systemClock, random })
  const book = createBook(connection, keysOf(SHARD), VENUE_NAMES)
  const amount = String(Number(SAFE_PRICE) * symbols.length * MARGIN_SHARE)
  const account = (index: number): Account => ({
    id: `heap-${index}`,
    venue: venueId('binance'),
    version: 1,
    liabilities: [],
    collateral: [{ asset: 'USDT', amount }],
    positions: symbols.map((symbol) => ({ symbol, marginMode: 'cross', size: '1', entryPrice: SAFE_PRICE })),
  })
  for (let from = 0; from < count; from += STORE_ACCOUNTS) {
    const size = Math.min(STORE_ACCOUNTS, count - from)
    await book.putMany(Array.from({ length: size }, (_, index) => ({ account: account(from + index) })))
  }
  await closeRedis(connection, systemClock)
}

/** Opens a USDⓈ-M stream that states one price for every symbol, all in one frame. */
async function openVenue(symbols: readonly string[], stops: (() => Promise<unknown>)[]) {
  const clients = new Set<{ send(frame: string): void }>()
  let price = SAFE_PRICE
  let cancel = (): void => {}
  const state = (): void => {
    const E = systemClock.nowMs()
    const data = symbols.map((s) => ({ e: 'markPriceUpdate', E, s, p: price, i: price, r: '0', T: 0 }))
    const frame = JSON.stringify({ stream: '!markPrice@arr@1s', data })
    for (const client of clients) client.send(frame)
  }
  const round = (): void => {
    state()
    cancel = systemClock.after(RESTATE_EVERY_MS, round)
  }
  const server = await serveSockets(
    {
      paths: ['/market/stream'],
      opened: () => undefined,
      received(client, frame) {
        client.send(JSON.stringify({ result: null, id: JSON.parse(frame).id }))
        clients.add(client)
      },
      closed: (client) => void clients.delete(client),
    },
    systemClock,
  )
  round()
  stops.push(() => server.stop())
  stops.push(async () => cancel())
  return {
    url: `${server.url}/market/stream`,
    state(next: string) {
      price = next
      state()
    },
  }
}

async function startProcess(setup: WorkerSetup, oldSpaceMiB: number, stops: (() => Promise<unknown>)[]) {
  const module = new URL('./heap-worker.js', import.meta.url)
  const execArgv = ['--expose-gc', `--max-old-space-size=${oldSpaceMiB}`]
  const child: ChildProcess = fork(module, [JSON.stringify(setup)], {
    execArgv,
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  let failure: Error | undefined
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      failure ??= new Error(`the worker ended with ${signal ?? `exit code ${code}`}`)
      resolve()
    })
  })
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'failed') failure ??= new Error(`the worker failed: ${message.message}`)
  })
  const check = (): void => {
    if (failure !== undefined) throw failure
  }
  const next = async <K extends FromWorker['kind']>(kind: K) => {
    let answer: Extract<FromWorker, { kind: K }> | undefined
    const listen = (message: FromWorker): void => {
      if (message.kind === kind) answer = message as typeof answer
    }
    child.on('message', listen)
    const endMs = systemClock.monotonicMs() + START_LIMIT_MS
    try {
      while (answer === undefined) {
        check()
        if (systemClock.monotonicMs() > endMs)
          throw new Error(`the worker sent no '${kind}' within ${START_LIMIT_MS} ms`)
        await sleep(systemClock, POLL_MS)
      }
    } finally {
      child.off('message', listen)
    }
    return answer
  }
  stops.push(async () => {
    if (child.connected) child.send({ kind: 'stop' } satisfies ToWorker)
    const cancel = systemClock.after(STOP_LIMIT_MS, () => void child.kill('SIGKILL'))
    await ended
    cancel()
  })
  await next('ready')
  return {
    check,
    async measure(): Promise<Memory> {
      const answer = next('measured')
      child.send({ kind: 'measure' } satisfies ToWorker)
      return (await answer).memory
    },
    async rssBytes(): Promise<number> {
      const answer = next('sampled')
      child.send({ kind: 'sample' } satisfies ToWorker)
      return (await answer).rssBytes
    },
  }
}
