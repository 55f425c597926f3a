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
import type { BookOf } from './rule-books.ts'
import type { WorkerOptions } from './types.ts'

const MINUTE_MS = 60_000
/** A contradiction that other rules end is ended at most so long after accounts are compiled by them. */
const SETTLE_EVERY_MS = 1_000

export interface WorkerContractsOptions extends Pick<WorkerOptions, 'expiryMsOf' | 'recorder'> {
  readonly config: Pick<Config, 'instrumentsMinutes' | 'streamUrls'>
  readonly clock: Clock
  readonly log: Log
  readonly monitor: Monitor
  readonly marketData: MarketData
  readonly requests: VenueRequests
  readonly bookOf: BookOf
  readonly guard: (action: () => void) => void
}

/** What becomes of contracts while the worker runs: by their names and clocks, and by the lists of their venues. */
export class WorkerContracts {
  readonly #options: WorkerContractsOptions
  readonly #expiry: WorkerExpiry
  /** undefined where the settings turn the lists off. */
  readonly #instruments: WorkerInstruments | undefined
  /** Of which an earlier worker found something that this one has not taken yet. */
  readonly #restored: Contract[] = []

  constructor(options: WorkerContractsOptions) {
    const { config, clock, log, monitor, requests, recorder, bookOf, guard } = options
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
      hasMark: ({ venue, symbol }) => monitor.markets.find(venue, symbol)?.markText !== '',
      rulesOf: ({ venue, symbol }) => bookOf(venue).rulesOf(symbol),
      isCompiled: () => monitor.waitingChanges === 0,
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
    const published = this.#publishedOf({ venue, symbol })
    const isDelisted = published?.delisted === true
    const isContradicted = (published?.contradictions.length ?? 0) > 0
    if (this.#instruments === undefined || !(isDelisted || isContradicted)) return isAsked
    this.#restored.push({ venue, symbol })
    return isAsked && !isDelisted
  }

  /** Call when other rules of the venue are in force, before accounts are compiled by them. */
  rulesChanging(venue: VenueId): void {
    this.#instruments?.rulesChanging(venue)
  }

  /** Drops what has ended, and does so again and again until the returned function is called. */
  open(): () => void {
    const { clock, guard } = this.#options
    this.#takeRestored()
    const cancels = [
      this.#expiry.open(),
      every(clock, SETTLE_EVERY_MS, () => guard(() => this.#settle())),
      this.#instruments?.open(),
    ]
    return () => {
      for (const cancel of cancels) cancel?.()
    }
  }

  #settle(): void {
    this.#takeRestored()
    this.#instruments?.settle()
  }

  #takeRestored(): void {
    for (const contract of this.#restored.splice(0)) {
      const { delisted = false, contradictions = [] } = this.#publishedOf(contract) ?? {}
      if (delisted) this.#instruments?.restoreDelisted(contract)
      if (contradictions.length > 0) this.#instruments?.restoreTerms(contract, contradictions)
    }
  }

  #publishedOf({ venue, symbol }: Contract) {
    return this.#options.monitor.markets.find(venue, symbol)?.published
  }
}
