import {
  type Clock,
  type Contract,
  type ContractSink,
  type Contradiction,
  contradictionText,
  counted,
  type VenueId,
} from '../domain/index.ts'
import { GatheredLine, type MarketData } from '../feed/index.ts'
import type { Log } from '../log.ts'
import { ContractEnds, type Monitor } from '../monitor/index.ts'
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
  readonly marketData: Pick<MarketData, 'end' | 'revive'>
  /** Runs an action whose failure ends the worker. */
  readonly guard: (action: () => void) => void
}

/**
 * Has the worker drop contracts once they have expired by its clock, or are delisted: no mark of theirs is asked for or judged from
 * then on. One that has not ended after all, as the venue says later, is taken back.
 */
export class WorkerExpiry implements ContractSink {
  readonly #options: WorkerExpiryOptions
  readonly #expired: GatheredLine
  readonly #delisted: GatheredLine
  readonly #revived: GatheredLine
  readonly #contradicted: GatheredLine
  readonly #agreeing: GatheredLine
  readonly #ends = new ContractEnds()

  constructor(options: WorkerExpiryOptions) {
    this.#options = options
    const { clock, log } = options
    const line = (level: 'info' | 'error', message: string) =>
      new GatheredLine({
        clock,
        gatherMs: 0,
        write: (contracts, symbols) => log[level]({ contracts, symbols }, message),
      })
    this.#expired = line(
      'error',
      'contracts have expired; the margin accounts that hold them have no verdict until they are stored without them',
    )
    this.#delisted = line(
      'error',
      'contracts are not listed by their venue any more; the margin accounts that hold them have no verdict until they are stored without them',
    )
    this.#revived = line(
      'info',
      'contracts have not ended, as their venue says; their marks are asked for again',
    )
    this.#contradicted = line(
      'error',
      'venues state other terms of contracts than the rules; the margin accounts that hold them have no verdict until the rules agree',
    )
    this.#agreeing = line('info', 'the rules agree with the terms that venues state')
  }

  /** The market has its first position. True when its mark is to be asked for. */
  marketAdded(venue: VenueId, symbol: string): boolean {
    const { expiryMsOf, clock } = this.#options
    const expiryMs = expiryMsOf(venue, symbol)
    this.#ends.add({ venue, symbol }, expiryMs)
    return expiryMs === undefined || clock.nowMs() < expiryMs
  }

  /** Drops what has expired, and does so again and again until the returned function is called. */
  open(): () => void {
    const { clock, guard } = this.#options
    this.#drop()
    return every(clock, EXPIRY_EVERY_MS, () => guard(() => this.#drop()))
  }

  expiryStated(venue: VenueId, symbol: string, expiryMs: number | undefined): void {
    const contract = { venue, symbol }
    if (this.#ends.state(contract, expiryMs, this.#options.clock.nowMs())) this.#revive(contract)
  }

  delisted(venue: VenueId, symbol: string, sinceMs: number): void {
    const { monitor, marketData } = this.#options
    const contract = { venue, symbol }
    if (!this.#ends.delist(contract)) return
    marketData.end([contract], 'delisted')
    const holders = this.#holdersOf(contract)
    monitor.contracts.delisted(venue, symbol, sinceMs, this.#now)
    if (holders > 0) this.#delisted.add(`${venue} ${symbol}, held by ${counted(holders, 'margin account')}`)
    this.#delisted.flush()
  }

  listed(venue: VenueId, symbol: string): void {
    const contract = { venue, symbol }
    if (this.#ends.list(contract, this.#options.clock.nowMs())) this.#revive(contract)
  }

  termsContradicted(venue: VenueId, symbol: string, contradictions: readonly Contradiction[]): void {
    const holders = this.#holdersOf({ venue, symbol })
    this.#options.monitor.contracts.contradicted(venue, symbol, contradictions, this.#now)
    const what = contradictions.map(contradictionText).join(', ')
    if (contradictions.length === 0) this.#agreeing.add(`${venue} ${symbol}`)
    else this.#contradicted.add(`${venue} ${symbol}, held by ${counted(holders, 'margin account')}: ${what}`)
    this.#contradicted.flush()
    this.#agreeing.flush()
  }

  #revive(contract: Contract): void {
    const { monitor, marketData } = this.#options
    const { venue, symbol } = contract
    monitor.contracts.revived(venue, symbol, this.#now)
    marketData.revive(contract)
    this.#revived.add(`${venue} ${symbol}`)
    this.#revived.flush()
  }

  #drop(): void {
    const { clock } = this.#options
    for (const [expiryMs, contracts] of this.#ends.takeUntil(clock.nowMs())) this.#expire(expiryMs, contracts)
    this.#expired.flush()
  }

  #expire(expiryMs: number, contracts: readonly Contract[]): void {
    const { monitor, marketData } = this.#options
    marketData.end(contracts, 'expired')
    for (const contract of contracts) {
      const { venue, symbol } = contract
      const holders = this.#holdersOf(contract)
      monitor.contracts.expired(venue, symbol, expiryMs, this.#now)
      if (holders === 0) continue
      const heldBy = counted(holders, 'margin account')
      this.#expired.add(`${venue} ${symbol} on ${expiryText(expiryMs)}, held by ${heldBy}`)
    }
  }

  #holdersOf({ venue, symbol }: Contract): number {
    return this.#options.monitor.read.market(venue, symbol)?.marginAccounts ?? 0
  }

  get #now() {
    const { clock } = this.#options
    return { nowMs: clock.nowMs(), nowMonotonicMs: clock.monotonicMs() }
  }
}
