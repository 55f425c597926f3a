import { type Clock, type Contract, counted, type VenueId } from '../domain/index.ts'
import { GatheredLine, type MarketData } from '../feed/index.ts'
import type { Log } from '../log.ts'
import { ExpiryTimes, type Monitor } from '../monitor/index.ts'
import { expiryText } from '../venues/index.ts'
import { every } from './every.ts'

/** A contract is judged at most so long after its expiry by the clock of the worker. */
const EXPIRY_EVERY_MS = 1_000

export interface WorkerExpiryOptions {
  readonly clock: Clock
  readonly log: Log
  /** When the contract of that name ends, Unix milliseconds; undefined for one that does not, or where that is not known. */
  readonly expiryMsOf: (venue: VenueId, symbol: string) => number | undefined
  readonly monitor: Monitor
  readonly marketData: Pick<MarketData, 'expire'>
  /** Runs an action whose failure ends the worker. */
  readonly guard: (action: () => void) => void
}

/** Has the worker drop contracts once they have expired by its clock: no mark of theirs is asked for or judged from then on. */
export class WorkerExpiry {
  readonly #options: WorkerExpiryOptions
  readonly #line: GatheredLine
  readonly #times = new ExpiryTimes()

  constructor(options: WorkerExpiryOptions) {
    this.#options = options
    const { clock, log } = options
    this.#line = new GatheredLine({
      clock,
      gatherMs: 0,
      write: (contracts, symbols) =>
        log.error(
          { contracts, symbols },
          'contracts have expired; the margin accounts that hold them have no verdict until they are stored without them',
        ),
    })
  }

  /** The market has its first position. True when its mark is to be asked for. */
  marketAdded(venue: VenueId, symbol: string): boolean {
    const { expiryMsOf, clock } = this.#options
    const expiryMs = expiryMsOf(venue, symbol)
    if (expiryMs === undefined) return true
    this.#times.add(expiryMs, { venue, symbol })
    return clock.nowMs() < expiryMs
  }

  /** Drops what has expired, and does so again and again until the returned function is called. */
  open(): () => void {
    const { clock, guard } = this.#options
    this.#drop()
    return every(clock, EXPIRY_EVERY_MS, () => guard(() => this.#drop()))
  }

  #drop(): void {
    const { clock } = this.#options
    for (const [expiryMs, contracts] of this.#times.takeUntil(clock.nowMs()))
      this.#expire(expiryMs, contracts)
    this.#line.flush()
  }

  #expire(expiryMs: number, contracts: readonly Contract[]): void {
    const { clock, monitor, marketData } = this.#options
    marketData.expire(contracts)
    for (const { venue, symbol } of contracts) {
      const marginAccounts = monitor.read.market(venue, symbol)?.marginAccounts ?? 0
      monitor.marketExpired(venue, symbol, expiryMs, {
        nowMs: clock.nowMs(),
        nowMonotonicMs: clock.monotonicMs(),
      })
      if (marginAccounts === 0) continue
      const holders = counted(marginAccounts, 'margin account')
      this.#line.add(`${venue} ${symbol} on ${expiryText(expiryMs)}, held by ${holders}`)
    }
  }
}
