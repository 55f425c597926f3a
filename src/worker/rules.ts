import type { Clock, RulesByVenue, RulesChange, VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Monitor } from '../monitor/index.ts'
import { rulesOfBytes, type VenueRules } from '../rules/index.ts'
import { Slices, type WatchedFile } from '../system/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import type { WorkerContracts } from './contracts.ts'
import { every } from './every.ts'
import {
  type BookOf,
  booksUnder,
  type LoadedRules,
  loadRules,
  type RuleBooks,
  type RulesConfig,
} from './rule-books.ts'
import { LateRules, logRules } from './rules-log.ts'

/** Rules come into force at most so late after their time, and a rules file is looked at so often. */
const CHECK_MS = 1_000

export interface WorkerRulesOptions {
  readonly config: RulesConfig & { readonly rulesMaxAgeDays: number }
  readonly given: RulesByVenue | undefined
  /** Rules that were read before, in place of those of the file. */
  readonly loaded: LoadedRules | undefined
  readonly clock: Clock
  readonly log: Log
  /** Runs an action whose failure ends the worker. */
  readonly guard: (action: () => void) => void
}

/** The rules by which a worker judges: in force by its clock, and taken anew when their file changes. */
export class WorkerRules {
  readonly #options: WorkerRulesOptions
  readonly #file: WatchedFile | undefined
  readonly #books: RuleBooks
  #monitor: Monitor | undefined
  #contracts: Pick<WorkerContracts, 'rulesChanging'> | undefined
  /** undefined while the book of accounts is loaded: one line a venue names what is old in it. */
  #late: LateRules | undefined
  #cancel = () => {}
  #isLooking = false

  /** @throws PlimsollError as `loadRules` does, where none are given. */
  constructor(options: WorkerRulesOptions) {
    const { config, clock, given, loaded } = options
    this.#options = options
    const { file, books } = loaded ?? loadRules(config, clock.nowMs(), given)
    this.#file = file
    this.#books = books
    // Nothing is compiled by them yet, so whatever changes, no account has to be compiled anew.
    books.advance(clock.nowMs())
  }

  get bookOf(): BookOf {
    return this.#books.bookOf
  }

  /** Call when the book of accounts is loaded: says what judges it, and has the monitor judge by other rules from then on. */
  open(monitor: Monitor, contracts: Pick<WorkerContracts, 'rulesChanging'>): void {
    const { config, clock, log, guard } = this.#options
    this.#monitor = monitor
    this.#contracts = contracts
    this.#log()
    this.#late = new LateRules(log, this.bookOf, config.rulesMaxAgeDays)
    this.#cancel = every(clock, CHECK_MS, () => guard(() => this.#check()))
  }

  close(): void {
    this.#cancel()
    this.#monitor = undefined
  }

  /** The market has its first position. */
  marketAdded(venue: VenueId, symbol: string): void {
    this.#late?.add(venue, symbol, this.#options.clock.nowMs())
  }

  #log(): void {
    const { config, clock, log } = this.#options
    logRules(log, this.bookOf, this.#monitor!.markets.all, clock.nowMs(), config.rulesMaxAgeDays)
  }

  #check(): void {
    this.#apply(this.#books.advance(this.#options.clock.nowMs()))
    if (this.#file === undefined || this.#isLooking) return
    this.#isLooking = true
    void this.#look(this.#file).finally(() => {
      this.#isLooking = false
    })
  }

  async #look(file: WatchedFile): Promise<void> {
    const { config, given, log, guard } = this.#options
    const { rulesFile } = config
    let bookOf: BookOf
    try {
      const bytes = await file.look()
      if (bytes === undefined) return
      bookOf = booksUnder(config, await this.#read(rulesFile!, bytes), given)
    } catch (error) {
      if (error instanceof PlimsollError) {
        log.error(
          { code: error.code, error: error.message },
          'rules file is not taken: the rules before it stay in force',
        )
      } else {
        guard(() => {
          throw error
        })
      }
      return
    }
    guard(() => this.#take(bookOf))
  }

  async #read(path: string, bytes: Uint8Array): Promise<ReadonlyMap<VenueId, VenueRules>> {
    const { clock } = this.#options
    const reading = rulesOfBytes(path, bytes, VENUE_NAMES, clock.nowMs())
    const slices = new Slices(clock)
    for (;;) {
      const { done, value } = reading.next()
      if (done === true) return value
      // Prices are evaluated before the file is read on.
      if (slices.isOver) await slices.next()
    }
  }

  #take(bookOf: BookOf): void {
    const { config, log } = this.#options
    if (this.#monitor === undefined) return
    log.info({ rulesFile: config.rulesFile }, 'rules file has changed and is taken')
    this.#apply(this.#books.take(bookOf))
    this.#log()
  }

  #apply(changes: readonly RulesChange[]): void {
    for (const change of changes) {
      const { venue, symbols, assets } = change
      const ruleBook = this.bookOf(venue).version
      this.#options.log.info(
        { venue, ruleBook, symbols: symbols.length, assets: assets.length },
        'other rules are in force',
      )
      this.#contracts!.rulesChanging(venue)
      this.#monitor!.apply(change)
    }
  }
}
