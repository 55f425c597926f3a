import { monitorEventLoopDelay } from 'node:perf_hooks'
import { loadConfig } from '../src/config.ts'
import { openDemoStore, startChild } from '../src/demo/index.ts'
import { type Account, type InstrumentRules, marginalTiers, venueId } from '../src/domain/index.ts'
import { createLog } from '../src/log.ts'
import { systemClock as clock, systemRandom } from '../src/system/index.ts'
import { startWorker, type Worker } from '../src/worker/index.ts'
import type { ExchangeAnswer, ExchangeRequest } from './exchange-main.ts'
import type { WatcherAnswer, WatcherRequest } from './watcher-main.ts'

const CHILD_TIMEOUT_MS = 60_000
/** Longest wait of a bench; then it fails. */
export const STAGE_TIMEOUT_MS = 120_000
const LOAD_ACCOUNTS = 500
const DELAY_RESOLUTION_MS = 1

/** Rules with maintenance margin of 1 % in one tier, so that lines can be computed by hand. */
export const ONE_PERCENT: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  settlementAsset: 'USDT',
  takerFeeRate: '0',
  maintenance: marginalTiers('linear', [
    { cap: '1000000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' },
  ]),
}

export interface StageOptions {
  readonly symbols: readonly string[]
  readonly price: number
  readonly accounts: Iterable<Account>
  readonly notify: (line: string) => void
}

/** The whole worker on a real Redis, with an exchange and a watcher in other processes. */
export interface Stage {
  readonly worker: Worker
  readonly exchange: { send(message: ExchangeRequest): void; next: Next<ExchangeAnswer> }
  readonly watcher: { send(message: WatcherRequest): void; next: Next<WatcherAnswer> }
  /** Waits until the condition holds; false after `timeoutMs`. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean>
  /** Waits until every account has a verdict and more than `ticks` marks are evaluated. */
  untilMarked(ticks: number): Promise<void>
  /** The watcher waits for this many events from now on. The longest stall is reset. */
  watch(events: number): Promise<void>
  /** Throws the error that ended the worker, if it ended. */
  check(): void
  /** The longest turn of the worker's event loop since the last call, in milliseconds. */
  longestStallMs(): number
  close(): Promise<void>
}

type Next<A extends { readonly kind: string }> = <K extends A['kind']>(
  kind: K,
  timeoutMs?: number,
) => Promise<Extract<A, { readonly kind: K }>>

/** Opens the stage, runs `play`, and closes the stage. */
export async function onStage<Result>(
  options: StageOptions,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const stage = await openStage(options)
  let result: Result
  try {
    result = await play(stage)
  } catch (error) {
    // A worker that stops with work left says so too; why the run failed comes first.
    await stage.close().catch((closing: Error) => options.notify(`bench: ${closing.message}`))
    throw error
  }
  await stage.close()
  return result
}

async function openStage({ symbols, price, accounts, notify }: StageOptions): Promise<Stage> {
  const closes: (() => Promise<void> | void)[] = []
  const close = async () => {
    let failure: unknown
    for (const end of closes.reverse()) {
      try {
        await end()
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }
  try {
    const stopMessage = { kind: 'stop' }
    const child = { fault: 'FEED_REJECTED', stopMessage, clock } as const
    const exchange = startChild<ExchangeRequest, ExchangeAnswer>({
      ...child,
      name: 'the exchange of the bench',
      module: new URL('./exchange-main.js', import.meta.url),
    })
    closes.push(() => exchange.stop())
    const watcher = startChild<WatcherRequest, WatcherAnswer>({
      ...child,
      name: 'the watcher of the bench',
      module: new URL('./watcher-main.js', import.meta.url),
    })
    closes.push(() => watcher.stop())
    const config = loadConfig({ logLevel: 'error' })
    const { redisUrl, dataDir } = config
    const { signal } = new AbortController()
    const runId = `bench-${process.pid}`
    const store = await openDemoStore({
      redisUrl,
      dataDir,
      runId,
      clock,
      random: systemRandom,
      notify,
      signal,
    })
    closes.push(() => store.close())
    await fill(accounts, store.putMany)
    exchange.send({ kind: 'open', symbols, price })
    const { url } = await exchange.next('opened', CHILD_TIMEOUT_MS)
    let failure: Error | undefined
    const worker = await startWorker({
      config: {
        ...config,
        redisUrl: store.redisUrl,
        shard: store.shard,
        streamUrls: { 'binance-usdm': url },
      },
      redisUrl: store.redisUrl,
      clock,
      random: systemRandom,
      log: createLog('error'),
      rules: new Map([
        [venueId('binance'), Object.fromEntries(symbols.map((symbol) => [symbol, ONE_PERCENT]))],
      ]),
      fatal: (error) => {
        failure = error
      },
    })
    closes.push(() => worker.stop())
    watcher.send({ kind: 'open', redisUrl: store.redisUrl, shard: store.shard })
    await watcher.next('opened', CHILD_TIMEOUT_MS)
    const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
    delay.enable()
    closes.push(() => void delay.disable())
    const check = () => {
      if (failure !== undefined) throw failure
    }
    const until = async (condition: () => boolean, timeoutMs: number) => {
      const endMs = clock.monotonicMs() + timeoutMs
      while (!condition() && clock.monotonicMs() < endMs) {
        check()
        await pause(20)
      }
      return condition()
    }
    const longestStallMs = () => {
      const longestMs = delay.max / 1e6 - DELAY_RESOLUTION_MS
      delay.reset()
      return Math.max(0, Math.round(longestMs * 10) / 10)
    }
    return {
      worker,
      exchange: {
        send: exchange.send,
        next: (kind, timeoutMs = CHILD_TIMEOUT_MS) => exchange.next(kind, timeoutMs),
      },
      watcher: {
        send: watcher.send,
        next: (kind, timeoutMs = CHILD_TIMEOUT_MS) => watcher.next(kind, timeoutMs),
      },
      check,
      until,
      longestStallMs,
      async untilMarked(ticks) {
        const isMarked = () =>
          worker.read.counters().unknownMarginAccounts === 0 && worker.read.counters().ticks > ticks
        if (!(await until(isMarked, STAGE_TIMEOUT_MS))) throw new Error('not every market has a mark')
      },
      async watch(events) {
        watcher.send({ kind: 'watch', events })
        await watcher.next('watching', CHILD_TIMEOUT_MS)
        longestStallMs()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function fill(
  accounts: Iterable<Account>,
  putMany: (accounts: readonly Account[]) => Promise<void>,
): Promise<void> {
  let batch: Account[] = []
  for (const account of accounts) {
    batch.push(account)
    if (batch.length < LOAD_ACCOUNTS) continue
    await putMany(batch)
    batch = []
  }
  if (batch.length > 0) await putMany(batch)
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve))
}
