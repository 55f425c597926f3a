import { isDeepStrictEqual } from 'node:util'
import {
  type Account,
  type AccountChange,
  type EventRecord,
  marketSubject,
  type Random,
  type RuleBook,
  type VenueId,
  venueId,
} from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import {
  div,
  evaluationsOf,
  formatDecimal,
  heldLevel,
  type LevelRule,
  type MarginAccount,
  marginAccountsOf,
  ZERO,
} from '../../src/margin/index.ts'
import type { ObservedMark } from '../../src/monitor/index.ts'
import { below } from '../../src/system/seeded-random.ts'
import { RuleBooks } from '../../src/worker/rule-books.ts'
import { allSteps, openMonitor } from './monitor.ts'
import type { MarketInput, MonitorModel } from './monitor-model.ts'
import type { CheckedLog, Property } from './monitor-properties.ts'
import { differingSymbols, IDS, pick, TICKED } from './monitor-terms.ts'
import type { Properties } from './properties.ts'

/** Chance that a look at the monotonic clock finds it so much further: longer than a slice, so that it cuts work anywhere. */
const JUMP_CHANCE = 0.3
const JUMP_MS = 6
/** Chance of a step that all accounts leave. */
const LEAVE_CHANCE = 0.08

export interface RunParts {
  readonly rule: LevelRule
  readonly random: Random
  readonly properties: Properties<Property>
  readonly model: MonitorModel
  readonly log: CheckedLog
  /** What Redis holds of each account; the run changes it. */
  readonly stored: Map<string, Account | 'unreadable'>
  readonly books: Readonly<Record<string, RuleBook>>
  readonly accountsLeave: boolean
  rulesChanges: number
  /** Gives a venue other rules, which are in `books` then. */
  nextBook(): VenueId
  newAccount(id: string): Account
  nextEventTimeMs(): number
}

/** One worker, from the load of the book until it stops or crashes. */
export class MonitorRun {
  readonly #random: Random
  readonly #properties: Properties<Property>
  readonly #model: MonitorModel
  readonly #log: CheckedLog
  readonly #stored: Map<string, Account | 'unreadable'>
  readonly #newAccount: (id: string) => Account
  readonly #nextEventTimeMs: () => number
  readonly #of: RunParts
  readonly #ruleBooks: RuleBooks
  /** The books that the monitor is given. */
  readonly #given: Record<string, RuleBook> = {}
  readonly #opened: ReturnType<typeof openMonitor>
  /** Accounts that Redis lost; the worker watches them on. */
  readonly #lost = new Map<string, Account>()
  /** The marks of now, by market. */
  readonly #marks = new Map<string, string>()
  /** The last marks, stale or not, by market. */
  readonly #lastMarks = new Map<string, string>()
  /** Markets that were last said to be stale. */
  readonly #stale = new Set<string>()
  /** Markets whose contract was said to have expired. */
  readonly #expired = new Set<string>()
  /** Chance that the log has room when it is asked. */
  #room = 0
  #isStopped = false

  constructor(of: RunParts) {
    this.#of = of
    const booksAtStart = { ...of.books }
    this.#ruleBooks = new RuleBooks((venue) => booksAtStart[venue]!, 0)
    for (const venue of Object.keys(of.books)) this.#given[venue] = this.#ruleBooks.bookOf(venueId(venue))
    this.#random = of.random
    this.#properties = of.properties
    this.#model = of.model
    this.#log = of.log
    this.#stored = of.stored
    this.#newAccount = (id) => of.newAccount(id)
    this.#nextEventTimeMs = () => of.nextEventTimeMs()
    this.#opened = openMonitor({
      books: this.#given,
      rule: this.#of.rule,
      variant: pick(of.random, KERNEL_VARIANTS),
      sequenceFloor: of.log.sequenceFloor,
      // At times so few that findings which wait have to let them go.
      ...(of.random() < 0.5 ? {} : { pastMarksMax: below(of.random, 8) }),
      hasRoom: () => of.random() < this.#room,
      observer: { instant: (marks) => this.#observe(marks) },
      published: (records) => {
        this.#check('stop', !this.#isStopped, () => `${records[0]!.subject} is published`)
        this.#followChanges()
        of.log.take(records, this.#opened.monitor)
      },
    })
    const { clock } = this.#opened
    const monotonicMs = clock.monotonicMs.bind(clock)
    let aheadMs = 0
    clock.monotonicMs = () => {
      if (of.random() < JUMP_CHANCE) aheadMs += JUMP_MS
      return monotonicMs() + aheadMs
    }
  }

  /** Loads the book and lets things happen. */
  work(): void {
    this.#load()
    const steps = 10 + below(this.#random, 60)
    for (let step = 0; step < steps; step++) {
      if (this.#random() < 0.15) this.#room = pick(this.#random, [0, 0.5, 1])
      this.#act()
      this.#checkCounts()
    }
  }

  #check(property: Property, holds: boolean, message: () => string): void {
    this.#properties.check(property, holds, message)
  }

  #observe(marks: readonly ObservedMark[]): void {
    this.#followChanges()
    const due = this.#model.instant()
    const text = () => `evaluated is ${JSON.stringify(marks)}, due is ${JSON.stringify(due)}`
    this.#check('instants', isDeepStrictEqual(marks, due), text)
  }

  /** What the monitor has applied of the changes of the book, the model applies too. */
  #followChanges(): void {
    const { waitingChanges, watchlist } = this.#opened.monitor
    const rank = (id: string) => watchlist.find(id)
    const isDone = (id: string) =>
      !watchlist.hasOldBook(watchlist.find(id)) || watchlist.isSuspended(watchlist.find(id))
    this.#model.changesWaiting(waitingChanges, rank, isDone)
  }

  #load(): void {
    const { monitor } = this.#opened
    this.#model.restart()
    const { progress } = this.#log
    const remembered = this.#model.remembered
    const isSame = remembered.length === progress.size && remembered.every((subject) => progress.has(subject))
    this.#check('progress', isSame, () => `kept is ${[...progress.keys()]}, published is ${remembered}`)
    for (const subject of remembered) {
      const kept = progress.get(subject)!
      if ('symbol' in kept) monitor.restoreMarket(kept)
      else if ('anomalySinceMs' in kept) monitor.restoreVenue(kept)
      else monitor.restoreMarginAccount(subject, kept)
    }
    for (const [id, account] of this.#stored) {
      if (account !== 'unreadable') this.#apply({ kind: 'put', account })
      else {
        this.#model.refuse(id)
        monitor.refuse(id)
      }
    }
    this.#followChanges()
    this.#model.loaded()
    monitor.loaded()
    this.#followChanges()
    // A clock that was set back says of a contract that it has not expired.
    for (const market of TICKED)
      if (wasExpired(progress.get(marketSubject(market.venue, market.symbol))) && this.#random() < 0.7)
        this.#expire(market)
  }

  #apply(change: AccountChange): void {
    this.#model.apply(change)
    this.#opened.monitor.apply(change)
    this.#followChanges()
  }

  /** One thing that happens to a worker. */
  #act(): void {
    const { clock } = this.#opened
    if (this.#of.accountsLeave && this.#random() < LEAVE_CHANCE) {
      // Half of the time the venues fall silent first.
      if (this.#random() < 0.5) for (const market of TICKED) this.#silence(market)
      for (const each of IDS) this.#remove(each)
      for (const each of IDS) if (this.#random() < 0.5) this.#put(each)
      return
    }
    const id = pick(this.#random, IDS)
    const dice = this.#random()
    if (dice < 0.05) this.#changeRules()
    else if (dice < 0.13) this.#put(id)
    else if (dice < 0.17) this.#remove(id)
    else if (dice < 0.2) {
      this.#forget(id)
      this.#stored.set(id, 'unreadable')
      this.#apply({ kind: 'unreadable', id, error: new Error('a field is unknown') })
    } else if (dice < 0.23) this.#lose(id)
    else if (dice < 0.75) this.#frame()
    else if (dice < 0.81) this.#silence(pick(this.#random, TICKED))
    else if (dice < 0.82) this.#expire(pick(this.#random, TICKED))
    else if (dice < 0.9) clock.runTurns()
    else clock.advance(12)
    this.#followChanges()
  }

  #silence({ venue, symbol }: (typeof TICKED)[number]): void {
    const { clock, monitor } = this.#opened
    const nowMs = clock.nowMs()
    this.#give([{ kind: 'stale', venue, symbol, markPrice: '', eventTimeMs: nowMs, receivedTimeMs: nowMs }])
    monitor.marketStale(venue, symbol, nowMs, clock.monotonicMs())
  }

  /** At times again, which changes nothing. */
  #expire({ venue, symbol }: (typeof TICKED)[number]): void {
    const { clock, monitor } = this.#opened
    const nowMs = clock.nowMs()
    const expiryMs = nowMs - below(this.#random, 1_000)
    this.#give([
      { kind: 'expired', venue, symbol, markPrice: '', eventTimeMs: expiryMs, receivedTimeMs: nowMs },
    ])
    monitor.contracts.expired(venue, symbol, expiryMs, { nowMs, nowMonotonicMs: clock.monotonicMs() })
  }

  #changeRules(): void {
    this.#followChanges()
    const before = { ...this.#of.books }
    const venue = this.#of.nextBook()
    const book = this.#of.books[venue]!
    const change = this.#ruleBooks.replace(venue, book)
    this.#given[venue] = this.#ruleBooks.bookOf(venue)
    if (change === undefined) return
    this.#of.rulesChanges++
    this.#model.pushRules(venue, differingSymbols(before[venue]!, book))
    this.#opened.monitor.apply(change)
    this.#followChanges()
  }

  #forget(id: string): void {
    this.#stored.delete(id)
    this.#lost.delete(id)
  }

  #remove(id: string): void {
    this.#forget(id)
    this.#apply({ kind: 'removed', id, version: 1 })
  }

  #put(id: string): void {
    const account = this.#newAccount(id)
    this.#forget(id)
    this.#stored.set(id, account)
    this.#apply({ kind: 'put', account })
  }

  #lose(id: string): void {
    const account = this.#stored.get(id)
    if (account === undefined || account === 'unreadable') return
    this.#stored.delete(id)
    this.#lost.set(id, account)
    this.#apply({ kind: 'lost', id })
  }

  /** One to four statements about one to four markets; a second mark of one market is an instant of its own. */
  #frame(): void {
    const inputs = Array.from({ length: 1 + below(this.#random, 4) }, (): MarketInput => {
      const market = pick(this.#random, TICKED)
      const receivedTimeMs = this.#opened.clock.nowMs()
      const common = { ...market, eventTimeMs: this.#nextEventTimeMs(), receivedTimeMs }
      if (this.#random() < 0.12) return { ...common, kind: 'confirmed', markPrice: '' }
      return {
        ...common,
        kind: 'mark',
        markPrice: this.#nextMark(marketSubject(market.venue, market.symbol)),
      }
    })
    this.#send(inputs)
  }

  #send(inputs: readonly MarketInput[]): void {
    const { clock, monitor } = this.#opened
    this.#give(inputs)
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (const { kind, venue, symbol, markPrice, eventTimeMs } of inputs) {
      if (kind === 'mark') monitor.tick(venue, symbol, markPrice, eventTimeMs)
      else monitor.unchanged(venue, symbol, eventTimeMs)
    }
    monitor.frameEnd()
    this.#followChanges()
  }

  /** A leap anywhere between 60 and 140, or a small step, so that lines are met and hysteresis holds. */
  #nextMark(subject: string): string {
    const last = Number(this.#lastMarks.get(subject) ?? 100)
    if (this.#random() < 0.5) return String(60 + below(this.#random, 80))
    return (last * (0.99 + 0.02 * this.#random())).toFixed(2)
  }

  /** Tells the model, and notes what holds after it. Markets that the book does not hold are left aside. */
  #give(inputs: readonly MarketInput[]): void {
    const held = inputs.filter(({ venue, symbol }) => this.#opened.added.includes(`${venue}:${symbol}`))
    this.#model.frame(held)
    for (const { kind, venue, symbol, markPrice } of held) {
      const subject = marketSubject(venue, symbol)
      if (this.#expired.has(subject)) continue
      const last = kind === 'mark' ? markPrice : this.#lastMarks.get(subject)
      if (last !== undefined) this.#lastMarks.set(subject, last)
      const isLost = kind === 'stale' || kind === 'expired'
      if (kind === 'expired') this.#expired.add(subject)
      if (isLost) this.#stale.add(subject)
      else if (last !== undefined) this.#stale.delete(subject)
      if (isLost || last === undefined) this.#marks.delete(subject)
      else this.#marks.set(subject, last)
    }
  }

  #checkCounts(): void {
    const { monitor } = this.#opened
    // An instant that was left off half-way has given half of its verdicts.
    if (monitor.counters.instants < this.#model.instants) return
    const counts = allSteps(monitor.read.levelCounts()).map(({ marginAccounts }) => marginAccounts)
    const { levels } = this.#model
    const byLevel = `by level ${counts}, exact is ${levels}`
    this.#check('counts', counts.join() === levels.join(), () => byLevel)
    const all = counts.reduce((sum, count) => sum + count) + monitor.unknownMarginAccounts
    const said = `${all} by level and without a verdict, ${monitor.watchlist.marginAccounts} in the book`
    const isAll = all === monitor.watchlist.marginAccounts && all === this.#model.marginAccounts
    this.#check('counts', isAll, () => `${said}, exact is ${this.#model.marginAccounts}`)
    const unknown = `${monitor.unknownMarginAccounts} without a verdict, exact is ${this.#model.unknownMarginAccounts}`
    this.#check('counts', monitor.unknownMarginAccounts === this.#model.unknownMarginAccounts, () => unknown)
    const waiting = this.#model.waiting.length
    const unpublished = `${monitor.unpublished} events wait, exact is ${waiting}`
    this.#check('counts', monitor.unpublished === waiting, () => unpublished)
  }

  /** The worker is stopped where it stands; what waits is not published. */
  crash(): void {
    const { clock, monitor } = this.#opened
    const { unpublished } = monitor
    monitor.stop()
    this.#isStopped = true
    this.#room = 1
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (const { venue, symbol } of TICKED) monitor.tick(venue, symbol, '1', this.#nextEventTimeMs())
    monitor.frameEnd()
    monitor.apply({ kind: 'removed', id: pick(this.#random, IDS), version: 1 })
    this.#pass()
    const text = () => `${monitor.unpublished} events wait, ${unpublished} did when it was stopped`
    this.#check('stop', monitor.unpublished === unpublished, text)
  }

  /** Everything is judged and published, and is as exact arithmetic finds it. */
  endInOrder(): void {
    this.#becomeIdle()
    // Venues state marks over and over.
    const receivedTimeMs = this.#opened.clock.nowMs()
    const fresh = TICKED.flatMap(({ venue, symbol }): MarketInput[] => {
      const markPrice = this.#marks.get(marketSubject(venue, symbol))
      const eventTimeMs = this.#nextEventTimeMs()
      return markPrice === undefined
        ? []
        : [{ kind: 'mark', venue, symbol, markPrice, eventTimeMs, receivedTimeMs }]
    })
    this.#send(fresh)
    this.#becomeIdle()
    this.#checkCounts()
    this.#checkLevels()
    this.#checkGone()
    this.#checkMarkets()
    this.#checkNearest()
    const { monitor } = this.#opened
    monitor.audit(100)
    const { auditDisagreements } = monitor.counters
    this.#check('audit', auditDisagreements === 0, () => `${auditDisagreements} disagreements`)
  }

  #pass(): void {
    const { clock, monitor } = this.#opened
    for (let i = 0; i < 1_000 && !monitor.isIdle; i++) {
      clock.runTurns()
      clock.advance(11)
    }
    this.#followChanges()
  }

  #becomeIdle(): void {
    this.#room = 1
    this.#pass()
    const { monitor } = this.#opened
    const { waiting, waitingChanges, unpublished } = monitor
    const text = () => `${waiting} ticks, ${waitingChanges} changes and ${unpublished} events wait`
    this.#check('idle', monitor.isIdle && waiting + waitingChanges + unpublished === 0, text)
    const left = this.#model.instant()
    this.#check('instants', left === undefined, () => `${JSON.stringify(left)} is not evaluated`)
    const [missed] = this.#model.waiting
    this.#check(
      'transitions',
      missed === undefined,
      () => `${missed!.subject}: ${missed!.kind} is not published`,
    )
  }

  /** The margin accounts of what is stored or was lost, by id, each at the marks of now. */
  #exactNow() {
    const accounts = [...this.#stored.values(), ...this.#lost.values()]
    return accounts.flatMap((account) => {
      return this.#compiled(account).map((exact) => {
        const markOf = (symbol: string) => this.#marks.get(marketSubject(exact.venue, symbol))
        return { id: exact.id, exact, evaluationAt: evaluationsOf(exact, markOf) }
      })
    })
  }

  /** None where the rules of now refuse the account. */
  #compiled(account: Account | 'unreadable') {
    if (account === 'unreadable') return []
    try {
      return marginAccountsOf(account, this.#of.books[account.venue]!)
    } catch {
      return []
    }
  }

  #checkLevels(): void {
    for (const { id, exact, evaluationAt } of this.#exactNow()) {
      const kept = this.#log.progress.get(id)
      if (evaluationAt === undefined || (kept !== undefined && !('level' in kept))) continue
      const published = kept === undefined ? 0 : this.#of.rule.names.indexOf(kept.level)
      const held = heldLevel(evaluationAt, exact, this.#of.rule, published)
      const text = () =>
        `${id}: published is ${kept?.level ?? '0'}${kept?.unknown === true ? ' unknown' : ''}, exact is ${this.#of.rule.names[held]}`
      this.#check('level', held === published && kept?.unknown !== true, text)
    }
  }

  #checkGone(): void {
    const present = new Set(this.#exactNow().map(({ id }) => id))
    const wrong = [...this.#log.progress].flatMap(([id, kept]) => {
      if (!('account' in kept) || present.has(id)) return []
      // What is stored, or was when Redis lost it, cannot be used: that is unknown, not closed.
      const isUnusable = this.#stored.has(kept.account) || this.#lost.has(kept.account)
      return isUnusable && kept.unknown ? [] : [`${id}: published last is ${kept.level} and not closed`]
    })
    this.#check('gone', wrong.length === 0, () => wrong.join())
  }

  #checkMarkets(): void {
    const { monitor } = this.#opened
    const held = new Set(this.#exactNow().flatMap(({ exact }) => subjectsOf(exact)))
    const isStale = (subject: string) => this.#log.progress.has(subject)
    for (const { venue, symbol } of TICKED) {
      const subject = marketSubject(venue, symbol)
      const text = () =>
        `${subject}: published last is ${isStale(subject) ? 'stale' : 'fresh or closed'}, held is ${held.has(subject)}`
      const hasNoMark = held.has(subject) && !this.#marks.has(subject)
      const isSaid = this.#stale.has(subject)
      // Before the first mark nothing is known to be stale, except what an earlier run left so.
      const holds = hasNoMark ? isStale(subject) || !isSaid : !isStale(subject)
      this.#check('markets', holds, text)
      const isListed = monitor.isHeld(venue, symbol) && monitor.read.market(venue, symbol) !== undefined
      this.#check('markets', isListed === held.has(subject), text)
    }
  }

  #checkNearest(): void {
    const { monitor } = this.#opened
    const levels = this.#of.rule.names.slice(1, -1)
    const { lines: found } = allSteps(monitor.read.page({ levels, limit: 3 }))
    const warned = this.#model.levels
      .slice(1, this.#of.rule.levels.length)
      .reduce((sum, count) => sum + count, 0)
    this.#check(
      'nearest',
      found.length === Math.min(3, warned),
      () => `${found.length} of ${warned} are named`,
    )
    const exactNow = new Map(this.#exactNow().map((each) => [each.id, each]))
    for (const [index, { id: marginAccount, marginRatio }] of found.entries()) {
      const evaluation = exactNow.get(marginAccount)?.evaluationAt?.(ZERO)
      const ratio =
        evaluation && formatDecimal(div(evaluation.maintenanceMargin, evaluation.marginBalance), 6)
      this.#check(
        'nearest',
        ratio === marginRatio,
        () => `${marginAccount}: ${marginRatio}, exact is ${ratio}`,
      )
      const before = Number(found[index - 1]?.marginRatio ?? 1)
      this.#check(
        'nearest',
        before >= Number(marginRatio),
        () => `${marginAccount} comes after a smaller ratio`,
      )
    }
  }
}

function wasExpired(progress: EventRecord['progress'] | undefined): boolean {
  return progress != null && 'expired' in progress
}

/** The markets of a margin account. */
function subjectsOf({ venue, curves }: MarginAccount): string[] {
  return curves.map(({ symbol }) => marketSubject(venue, symbol))
}
