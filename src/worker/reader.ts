import type { RedisEventLog } from '../delivery/index.ts'
import type {
  AccountView,
  Distant,
  LevelCount,
  MarginAccountPage,
  MarginAccountQuery,
  MarketFeed,
  MarketView,
  ReadModel,
  WorkerCounters,
} from '../domain/index.ts'
import type { MarketData } from '../feed/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { Monitor } from '../monitor/index.ts'
import type { WorkerContracts } from './contracts.ts'
import type { EventCounts } from './event-counts.ts'

export interface WorkerReaderParts {
  readonly monitor: Monitor
  readonly marketData: MarketData
  readonly contracts: Pick<WorkerContracts, 'counters'>
  readonly eventLog: RedisEventLog
  readonly kernel: Kernel
  /** Events that the worker has published, by kind. */
  readonly events: Readonly<EventCounts>
}

/** The read model of a worker: what its monitor, its feeds and its delivery know. */
export class WorkerReader implements ReadModel {
  readonly #parts: WorkerReaderParts

  constructor(parts: WorkerReaderParts) {
    this.#parts = parts
  }

  marginAccounts(query: MarginAccountQuery): Promise<MarginAccountPage> {
    return this.#parts.monitor.read.marginAccounts(query)
  }

  account(id: string): Promise<AccountView | undefined> {
    return this.#parts.monitor.read.account(id)
  }

  distance(account: string, marginAccount: string): Promise<Distant | undefined> {
    return this.#parts.monitor.read.distance(account, marginAccount)
  }

  markets(): readonly MarketView[] {
    return this.#parts.monitor.read.markets()
  }

  market(venue: string, symbol: string): MarketView | undefined {
    return this.#parts.monitor.read.market(venue, symbol)
  }

  levels(): Promise<readonly LevelCount[]> {
    return this.#parts.monitor.read.levels()
  }

  feeds(): readonly MarketFeed[] {
    return this.#parts.marketData.markets()
  }

  counters(): WorkerCounters {
    const { monitor, marketData, contracts, eventLog, kernel, events } = this.#parts
    const { counters: instruments } = contracts
    const { counters, watchlist, latency, waiting, unpublished, unknownMarginAccounts } = monitor
    return {
      ...counters,
      frames: marketData.frames,
      accounts: watchlist.accounts,
      marginAccounts: watchlist.marginAccounts,
      positions: watchlist.positions,
      events: { ...events },
      unknownMarginAccounts,
      detectP50Ms: latency.quantileMs(0.5),
      detectP99Ms: latency.quantileMs(0.99),
      detectMaxMs: latency.maxMs,
      log: eventLog.counters(),
      feeds: marketData.counters(),
      ...(instruments === undefined ? {} : { instruments: { ...instruments } }),
      blindMarkets: marketData.blind(),
      kernelBytes: kernel.byteLength,
      waiting,
      unpublished,
    }
  }
}
