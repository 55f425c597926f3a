import { type Account, type Random, type RuleBook, venueId } from '../../src/domain/index.ts'
import type { LevelRule } from '../../src/margin/index.ts'
import { below } from '../../src/system/seeded-random.ts'
import { MonitorModel } from './monitor-model.ts'
import { CheckedLog, type Property } from './monitor-properties.ts'
import { MonitorRun } from './monitor-run.ts'
import { firstBooks, IDS, otherBook, pick, randomAccount } from './monitor-terms.ts'
import type { Properties } from './properties.ts'

/** One book, and the workers that watch it one after the other, each on what the one before left in the log. */
export class MonitorCase {
  readonly random: Random
  readonly properties: Properties<Property>
  /** The rules of each venue, as they are now. */
  readonly books: Record<string, RuleBook> = firstBooks()
  readonly rule: LevelRule
  readonly model: MonitorModel
  readonly log: CheckedLog
  /** What Redis holds of each account. */
  readonly stored = new Map<string, Account | 'unreadable'>()
  /** Whether all accounts leave at times, so that nobody holds a market. */
  readonly accountsLeave: boolean
  /** Workers that ended without publishing what waited. */
  crashes = 0
  /** Changes of rules that a worker met. */
  rulesChanges = 0
  #version = 0
  #bookVersion = 0
  #eventTimeMs = 1_700_000_000_000

  constructor(
    random: Random,
    properties: Properties<Property>,
    { accountsLeave = false, rule }: { accountsLeave?: boolean; rule: LevelRule },
  ) {
    this.rule = rule
    this.model = new MonitorModel(rule, this.books)
    this.random = random
    this.properties = properties
    this.accountsLeave = accountsLeave
    this.log = new CheckedLog(properties, this.model, rule)
  }

  run(): void {
    for (let runs = 1 + below(this.random, 3); runs > 0; runs--) {
      const run = new MonitorRun(this)
      run.work()
      // The last worker ends in order, so that everything is published once.
      if (runs === 1 || this.random() < 0.5) run.endInOrder()
      else {
        run.crash()
        this.crashes++
      }
      this.log.checkRanks()
      this.#changeWhileDown()
    }
  }

  newAccount(id: string): Account {
    return randomAccount(this.random, id, ++this.#version)
  }

  nextEventTimeMs(): number {
    this.#eventTimeMs += 1_000
    return this.#eventTimeMs
  }

  /** Gives a venue other rules; returns the venue. */
  nextBook() {
    const venue = pick(this.random, ['binance', 'binance', 'bybit'])
    this.books[venue] = otherBook(this.random, this.books[venue]!, `v${++this.#bookVersion}`)
    return venueId(venue)
  }

  #changeWhileDown(): void {
    if (this.random() < 0.5) this.nextBook()
    for (const id of IDS) {
      const dice = this.random()
      if (dice < 0.15) this.stored.delete(id)
      else if (dice < 0.3) this.stored.set(id, this.newAccount(id))
      else if (dice < 0.35) this.stored.set(id, 'unreadable')
    }
  }
}
