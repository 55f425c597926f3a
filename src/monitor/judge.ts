import type { AccountChange, EventRecord } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import { ANSWER_ACROSS, ANSWER_SAFE, ANSWER_UNKNOWN, LEVEL_NONE } from '../kernel/index.ts'
import { evaluate, heldLevel } from '../margin/index.ts'
import { type Watched, WatchedBook } from './book.ts'
import { applyFinding, type Finding, isToldAbove, isToldAfresh } from './episode.ts'
import { type Found, rankByShortfall, recordOf } from './event.ts'
import { Levels } from './levels.ts'
import { Markets } from './markets.ts'
import type { MonitorCounters, MonitorOptions } from './options.ts'

/** Decides by exact arithmetic, keeps the standing of every margin account, and makes the events. */
export class Judge {
  readonly markets: Markets
  readonly book: WatchedBook
  readonly levels: Levels
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  /** Transitions that are not told yet, and after `rank` their order. */
  #found: Found[] = []
  #ranked: Found[] = []
  #told = 0
  /** Accounts whose stored terms are refused. */
  readonly #refused = new Set<string>()

  constructor(options: MonitorOptions, counters: MonitorCounters) {
    const { kernel, rule, ruleBookOf, marketAdded } = options
    this.#options = options
    this.#counters = counters
    this.markets = new Markets(kernel, (market) => marketAdded(market.venue, market.symbol))
    this.book = new WatchedBook(kernel, this.markets, rule, ruleBookOf)
    this.levels = new Levels(rule.levels.length)
  }

  /** A suspect of an instant whose frame was received at the given time. */
  decideSuspect(kernelAccount: number, receivedMonotonicMs: number): void {
    this.#counters.suspects++
    const watched = this.book.at(kernelAccount)
    assert(watched !== undefined, 'a suspect is not in the book')
    this.#decide(watched, receivedMonotonicMs)
  }

  /** An account with a mark that was cleared loses its verdict. */
  noteUnknown(kernelAccount: number, receivedMonotonicMs: number): void {
    const watched = this.book.at(kernelAccount)
    if (watched === undefined || watched.standing.unknown || !this.#hasStaleMark(watched)) return
    this.#note(watched, 'unknown', receivedMonotonicMs, ['stale-mark'])
    this.#options.kernel.setAccountLevel(kernelAccount, LEVEL_NONE)
  }

  /** A stored account that cannot even be read. */
  refuse(account: string): void {
    this.#refused.add(account)
  }

  /** Once the book is loaded: tells what was closed while nobody watched, and what is refused and was not closed. */
  closeAbsent(): void {
    const nowMonotonicMs = this.#options.clock.monotonicMs()
    for (const watched of this.book.absent()) {
      if (!this.#refused.has(watched.owner.account.id)) this.#note(watched, 'closed', nowMonotonicMs)
      else if (isToldAbove(watched.standing))
        this.#note(watched, 'unknown', nowMonotonicMs, ['account-refused'])
    }
    this.#tellAll()
  }

  /** Applies a change of the book, judges what is new at the present marks, and publishes. */
  change(change: AccountChange): void {
    this.#applyChange(change, this.#options.clock.monotonicMs())
    this.#tellAll()
  }

  /** Puts what was found since the last time into order. */
  rank(): void {
    if (this.#found.length === 0) return
    this.#ranked = this.#found.length > 1 ? rankByShortfall(this.#found, this.markets) : this.#found
    this.#found = []
    this.#told = 0
  }

  /** Publishes the events of what is ranked until the given time; false when some are left. */
  tell(eventTimeMs: number | null, receivedTimeMs: number, endMs: number): boolean {
    if (this.#told === this.#ranked.length) return true
    const { rule, clock, publish } = this.#options
    const records: EventRecord[] = []
    do {
      const nowMonotonicMs = clock.monotonicMs()
      if (nowMonotonicMs > endMs) break
      const found = this.#ranked[this.#told++]!
      const cause = { eventTimeMs, receivedTimeMs, nowMonotonicMs }
      records.push(recordOf(found, this.#told, cause, rule, this.markets))
    } while (this.#told < this.#ranked.length)
    if (records.length > 0) publish(records)
    return this.#told === this.#ranked.length
  }

  #tellAll(): void {
    this.rank()
    this.tell(null, this.#options.clock.nowMs(), Number.POSITIVE_INFINITY)
  }

  /** Whether exact arithmetic at the present marks confirms the standing; undefined where there is no verdict. */
  confirms(watched: Watched): boolean | undefined {
    if (watched.standing.unknown) return undefined
    const exact = this.book.exactOf(watched)
    const evaluation = evaluate(exact, this.markets.markOf(exact.venue))
    this.book.release(watched)
    if (evaluation === undefined) return undefined
    return heldLevel(evaluation, exact, this.#options.rule, watched.standing.level) === watched.standing.level
  }

  /** Exact arithmetic decides the level; the kernel is told and re-arms the account. */
  #decide(watched: Watched, receivedMonotonicMs: number): void {
    const { kernel, rule } = this.#options
    const exact = this.book.exactOf(watched)
    const evaluation = evaluate(exact, this.markets.markOf(exact.venue))
    if (evaluation === undefined) return
    this.#counters.exactChecks++
    const { standing } = watched
    const level = heldLevel(evaluation, exact, rule, standing.level)
    if (level === standing.level && !isToldAfresh(standing)) {
      this.book.release(watched)
      return
    }
    this.#note(watched, level, receivedMonotonicMs, [], evaluation)
    kernel.setAccountLevel(watched.kernelAccount, level)
    const answer = kernel.recheckAccount(watched.kernelAccount)
    assert(answer !== ANSWER_ACROSS, 'the kernel puts an account across a level that exact arithmetic holds')
  }

  #note(
    watched: Watched,
    finding: Finding,
    receivedMonotonicMs: number,
    reasons: readonly string[] = [],
    evaluation?: Found['evaluation'],
  ): void {
    const exact = this.book.exactOf(watched)
    const before = watched.standing.level
    const transition = applyFinding(watched.standing, finding, this.#options.rule.levels.length)
    this.levels.move(watched, before)
    this.book.release(watched)
    if (transition === undefined) return
    const detectionLatencyMs = Math.max(0, this.#options.clock.monotonicMs() - receivedMonotonicMs)
    this.#found.push({ watched, transition, exact, evaluation, detectionLatencyMs, reasons })
  }

  /** Whether a stale mark takes a verdict away: one of this run, or one that an earlier run told. */
  #hasStaleMark(watched: Watched): boolean {
    const { owner, standing } = watched
    const { venue, positions } = owner.account
    // Most accounts have none; only for the others are the exact rows asked for.
    if (!positions.some(({ symbol }) => this.markets.find(venue, symbol)?.isStale)) return false
    const told = isToldAbove(standing)
    const found = this.book.exactOf(watched).rows.some((row) => {
      const market = this.markets.find(venue, row.symbol)
      return market?.isStale === true && (told || market.receivedMonotonicMs > 0)
    })
    this.book.release(watched)
    return found
  }

  #applyChange(change: AccountChange, nowMonotonicMs: number): void {
    const closed = (watched: Watched): void => this.#note(watched, 'closed', nowMonotonicMs)
    if (change.kind === 'removed') {
      this.#refused.delete(change.id)
      this.book.absentIn(change.id).forEach(closed)
      this.book.remove(change.id, closed)
      return
    }
    if (change.kind === 'unreadable') {
      this.#suspend(change.id, nowMonotonicMs)
      return
    }
    // The terms that are held stay under watch.
    if (change.kind === 'lost') return
    const changed: Watched[] = []
    try {
      this.book.put(change.account, (watched) => changed.push(watched), closed)
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#counters.accountsRefused++
      this.#suspend(change.account.id, nowMonotonicMs)
      this.#options.refused(change.account, error)
      return
    }
    this.#refused.delete(change.account.id)
    for (const watched of changed) {
      this.levels.move(watched, watched.standing.level)
      const answer = this.#options.kernel.recheckAccount(watched.kernelAccount)
      if (answer === ANSWER_UNKNOWN) this.noteUnknown(watched.kernelAccount, nowMonotonicMs)
      else if (answer !== ANSWER_SAFE) this.#decide(watched, nowMonotonicMs)
    }
  }

  /** What is watched of an account whose new terms are refused has no verdict: the old terms are not true any more. */
  #suspend(account: string, nowMonotonicMs: number): void {
    this.#refused.add(account)
    const owner = this.book.get(account)
    if (owner === undefined) return
    for (const watched of owner.margin.values())
      this.#note(watched, 'unknown', nowMonotonicMs, ['account-refused'])
    this.book.suspend(owner)
  }
}

const REFUSAL_CODES: ReadonlySet<string> = new Set(['SYMBOL_UNKNOWN', 'ACCOUNT_UNSUPPORTED', 'RULES_INVALID'])

/** What is wrong with the account, against a fault of the program, which must not pass for one. */
function isRefusal(error: unknown): error is PlimsollError {
  return error instanceof PlimsollError && REFUSAL_CODES.has(error.code)
}
