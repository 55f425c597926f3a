import type { Config } from '../config.ts'
import {
  type Clock,
  type Contract,
  type InstrumentCounters,
  isIndexName,
  type VenueId,
} from '../domain/index.ts'
import { InstrumentReader, type MarketData, type VenueRequests } from '../feed/index.ts'
import type { Log } from '../log.ts'
import { isHeld, type Monitor } from '../monitor/index.ts'
import { expiryMsOf, instrumentsCarrying } from '../venues/index.ts'
import { every } from './every.ts'
import { WorkerExpiry } from './expiry.ts'
import { WorkerInstruments } from './instruments.ts'
import type { WorkerOptions } from './types.ts'

const MINUTE_MS = 60_000
/** A contract of which the book gets a position, and which is known to be delisted, is dropped so late. */
const RESTORED_EVERY_MS = 1_000

export interface WorkerContractsOptions extends Pick<WorkerOptions, 'expiryMsOf' | 'recorder'> {
  readonly config: Pick<Config, 'instrumentsMinutes' | 'streamUrls'>
  readonly clock: Clock
  readonly log: Log
  readonly monitor: Monitor
  readonly marketData: MarketData
  readonly requests: VenueRequests
  readonly guard: (action: () => void) => void
}

/** What becomes of contracts while the worker runs: by their names and clocks, and by the lists of their venues. */
export class WorkerContracts {
  readonly #options: WorkerContractsOptions
  readonly #expiry: WorkerExpiry
  /** undefined where the settings turn the lists off. */
  readonly #instruments: WorkerInstruments | undefined
  /** Found delisted by an earlier worker, and not yet dropped by this one. */
  readonly #restored: Contract[] = []

  constructor(options: WorkerContractsOptions) {
    const { config, clock, log, monitor, requests, recorder, guard } = options
    const { instrumentsMinutes, streamUrls: urls } = config
    this.#options = options
    this.#expiry = new WorkerExpiry({ ...options, expiryMsOf: options.expiryMsOf ?? expiryMsOf })
    if (instrumentsMinutes === 0) return
    this.#instruments = new WorkerInstruments({
      clock,
      log,
      everyMs: instrumentsMinutes * MINUTE_MS,
      reader: new InstrumentReader({ requests, clock, urls }),
      listOf: ({ venue, symbol }) =>
        isIndexName(symbol) ? undefined : instrumentsCarrying(venue, symbol, urls),
      held: () => monitor.markets.all.filter(isHeld),
      sink: recorder?.contracts(this.#expiry) ?? this.#expiry,
      guard,
    })
  }

  get counters(): InstrumentCounters | undefined {
    return this.#instruments?.counters
  }

  /** The market has its first position. True when its mark is to be asked for. */
  marketAdded(venue: VenueId, symbol: string): boolean {
    const isAsked = this.#expiry.marketAdded(venue, symbol)
    const isDelisted = this.#options.monitor.markets.find(venue, symbol)?.published.delisted
    if (this.#instruments === undefined || isDelisted !== true) return isAsked
    this.#restored.push({ venue, symbol })
    return false
  }

  /** Drops what has ended, and does so again and again until the returned function is called. */
  open(): () => void {
    const { clock, guard } = this.#options
    this.#dropRestored()
    const cancels = [
      this.#expiry.open(),
      every(clock, RESTORED_EVERY_MS, () => guard(() => this.#dropRestored())),
      this.#instruments?.open(),
    ]
    return () => {
      for (const cancel of cancels) cancel?.()
    }
  }

  #dropRestored(): void {
    for (const contract of this.#restored.splice(0)) this.#instruments?.restoreDelisted(contract)
  }
}
