import type { AccountVersion, BackfillRequest } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { LevelRule, Steps } from '../margin/index.ts'
import { type FormerHolder, formerHolders } from './former-holders.ts'
import { FormerTerms } from './former-terms.ts'
import { JudgedMinutes } from './judged-minutes.ts'
import { isHeld, type Market } from './market.ts'
import type { MonitorOptions } from './options.ts'
import type { MonitorParts } from './parts.ts'
import { pastCandidateSteps } from './past-candidates.ts'
import { type Missed, type PastSubject, PastVerdicts, reasonsOfMissed } from './past-verdicts.ts'
import { verdictReasons } from './pending-event.ts'

const NOT_WATCHED = -1

/** What is judged now: a margin account under watch, or all of an account that have left the market. */
interface Begun {
  /** `NOT_WATCHED` of those that have left. */
  readonly marginAccount: number
  readonly account: string
  readonly steps: Steps<void>
}

/**
 * Judges margin accounts by prices of the past, one request at a time, in slices: those of the market, and those that left it since
 * the gap began. The level that one reached and that nobody published is published with the prices of its minute, and then the level
 * at which it stands now, or that it is closed, so that it looks as it would had the prices been heard. Live prices are evaluated
 * between the slices.
 */
export class Backfill {
  readonly #options: MonitorOptions
  readonly #parts: MonitorParts
  readonly #past: PastVerdicts
  readonly #judgedMinutes = new JudgedMinutes()
  readonly former: FormerTerms
  #request: BackfillRequest | undefined
  /** The steps that find the candidates; undefined when they are found. */
  #finding: Steps<void> | undefined
  /** Undefined when nobody holds it any more. */
  #market: Market | undefined
  /** The margin accounts that may have reached another level. */
  #candidates: number[] = []
  #at = 0
  /** Accounts whose terms changed, of which margin accounts may have left the market. */
  #changed: string[] = []
  #changedAt = 0
  /** The candidates of these. */
  readonly #looked = new Set<string>()
  /** Those of them that are not judged. Some are before their turn, because their terms are about to change. */
  #waiting = new Set<number>()
  #begun: Begun | undefined
  #found = 0
  #undecided = 0

  constructor(options: MonitorOptions, parts: MonitorParts) {
    this.#options = options
    this.#parts = parts
    this.#past = new PastVerdicts(parts.watchlist, parts.markets)
    this.former = new FormerTerms(parts.watchlist, () => options.clock.nowMs())
  }

  get isOpen(): boolean {
    return this.#request !== undefined
  }

  /** Call when no request is open. */
  push(request: BackfillRequest): void {
    assert(this.#request === undefined, 'one gap is filled at a time')
    const minutes = this.#judgedMinutes.left(request)
    this.#request = { ...request, minutes, versions: this.former.addTo(request.versions) }
    this.#finding = this.#find(this.#request)
    this.#found = 0
    this.#undecided = 0
    this.#at = 0
    this.#changedAt = 0
    this.#looked.clear()
  }

  /** Works until the given time, at least one step. */
  work(endMs: number): void {
    const { clock } = this.#options
    while (this.#request !== undefined) {
      if (this.#finding !== undefined) this.#stepOfFinding(this.#finding)
      else if (this.#begun !== undefined) this.#step(this.#begun.steps)
      else this.#beginNext(this.#request)
      if (clock.monotonicMs() > endMs) return
    }
  }

  /** Call before the terms of the account change, or it comes or goes: the past is judged by those that it has. */
  beforeChange(account: string): void {
    this.former.note(account)
    const request = this.#request
    if (request === undefined) return
    while (this.#finding !== undefined) this.#stepOfFinding(this.#finding)
    if (this.#begun?.account === account) this.#finish()
    const number = this.#parts.watchlist.find(account)
    if (number >= 0) this.#judgeAhead(request, number)
  }

  /** The same of the account of that number. */
  beforeChangeOf(account: number): void {
    if (this.isOpen) this.beforeChange(this.#parts.watchlist.accountIdOf(account))
  }

  /** Judges the margin accounts of the account that wait for their turn. */
  #judgeAhead(request: BackfillRequest, account: number): void {
    const begun = this.#begun
    for (const marginAccount of this.#parts.watchlist.marginAccountsOf(account)) {
      if (!this.#waiting.delete(marginAccount)) continue
      this.#begun = undefined
      this.#begin(request, marginAccount)
      this.#finish()
    }
    this.#begun = begun
  }

  #stepOfFinding(finding: Steps<void>): void {
    if (finding.next().done === true) this.#finding = undefined
  }

  *#find(request: BackfillRequest): Steps<void> {
    const { markets, watchlist } = this.#parts
    const market = markets.find(request.gap.venue, request.gap.symbol)
    this.#market = market
    this.#changed = [...request.versions.keys()]
    this.#candidates = []
    if (market === undefined || !isHeld(market)) return
    this.#candidates = yield* pastCandidateSteps(this.#options.kernel, watchlist, market, request)
    this.#waiting = new Set(this.#candidates)
    for (const id of this.#changed) {
      const account = watchlist.find(id)
      const own = account < 0 ? [] : watchlist.marginAccountsOf(account)
      for (const one of own) if (this.#waiting.has(one)) this.#looked.add(watchlist.idOf(one))
    }
  }

  #beginNext(request: BackfillRequest): void {
    if (this.#at < this.#candidates.length) {
      const marginAccount = this.#candidates[this.#at++]!
      if (this.#waiting.delete(marginAccount)) this.#begin(request, marginAccount)
    } else if (this.#changedAt < this.#changed.length) {
      const account = this.#changed[this.#changedAt++]!
      this.#begun = { marginAccount: NOT_WATCHED, account, steps: this.#judgeFormer(request, account) }
    } else this.#close(request)
  }

  #begin(request: BackfillRequest, marginAccount: number): void {
    const { watchlist } = this.#parts
    const account = watchlist.has(marginAccount)
      ? watchlist.accountIdOf(watchlist.accountOf(marginAccount))
      : ''
    this.#begun = { marginAccount, account, steps: this.#judge(request, marginAccount) }
  }

  #step(steps: Steps<void>): void {
    if (steps.next().done === true) this.#begun = undefined
  }

  #finish(): void {
    while (this.#begun !== undefined) this.#step(this.#begun.steps)
  }

  #close(request: BackfillRequest): void {
    this.#judgedMinutes.add(request)
    this.#request = undefined
    this.#candidates = []
    this.#waiting.clear()
    this.#changed = []
    request.done({ found: this.#found, undecided: this.#undecided })
  }

  *#judge(request: BackfillRequest, marginAccount: number): Steps<void> {
    const { watchlist, announcer } = this.#parts
    if (!watchlist.has(marginAccount) || watchlist.isSuspended(watchlist.accountOf(marginAccount))) {
      this.#undecided++
      return
    }
    announcer.settle(marginAccount)
    const subject: PastSubject = {
      id: watchlist.idOf(marginAccount),
      venue: watchlist.venueOf(marginAccount),
      book: watchlist.bookOf(marginAccount),
      rule: watchlist.ruleOf(marginAccount),
      level: watchlist.standingOf(marginAccount).level,
    }
    const above = Math.max(this.#publishedOf(request, subject), subject.level)
    const versions = request.versions.get(watchlist.accountIdOf(watchlist.accountOf(marginAccount)))
    const missed = yield* versions === undefined
      ? this.#past.presentSteps(request, subject, watchlist.exactOf(marginAccount), above)
      : this.#past.versionSteps(request, subject, versions, above)
    if (missed === 'unknown') this.#undecided++
    else if (missed !== undefined) this.#publish(marginAccount, missed)
  }

  /** The margin accounts of an account that held the market by terms of before, and are no candidates. */
  *#judgeFormer(request: BackfillRequest, account: string): Steps<void> {
    const { watchlist } = this.#parts
    const versions = request.versions.get(account)!
    const book = watchlist.ruleBookOf(request.gap.venue)
    const { holders, isUnknown } = formerHolders(versions, book, request.gap)
    if (isUnknown && holders.size === 0) this.#undecided++
    yield
    for (const [id, holder] of holders) {
      if (this.#looked.has(id)) continue
      const marginAccount = this.#watchedOf(account, id)
      if (marginAccount === NOT_WATCHED) yield* this.#judgeGone(request, holder, versions)
      else yield* this.#judge(request, marginAccount)
    }
  }

  #watchedOf(account: string, id: string): number {
    const { watchlist } = this.#parts
    const number = watchlist.find(account)
    const own = number < 0 ? [] : watchlist.marginAccountsOf(number)
    return own.find((marginAccount) => watchlist.idOf(marginAccount) === id) ?? NOT_WATCHED
  }

  *#judgeGone(
    request: BackfillRequest,
    { exact, account }: FormerHolder,
    versions: readonly AccountVersion[],
  ): Steps<void> {
    const { watchlist } = this.#parts
    const { id, venue } = exact
    const rule = watchlist.rules.ruleFor(account.levels)
    const subject: PastSubject = { id, venue, book: watchlist.ruleBookOf(venue), rule, level: 0 }
    const above = this.#publishedOf(request, subject)
    const missed = yield* this.#past.versionSteps(request, subject, versions, above)
    if (missed === 'unknown') this.#undecided++
    else if (missed !== undefined) this.#publishGone(exact, rule, missed)
  }

  /** The highest level that was published of the margin account by prices of the gap, or at which it stood in it. */
  #publishedOf({ gap, published }: BackfillRequest, { id, rule: { names } }: PastSubject): number {
    const levels = [
      gap.held.get(id) ?? names[0]!,
      ...(published.get(id) ?? []),
      ...this.#parts.watchlist.levelsLeft.in(id, gap),
    ]
    return Math.max(...levels.map((level) => names.indexOf(level)))
  }

  #publish(marginAccount: number, missed: Missed): void {
    const { watchlist, announcer, judge } = this.#parts
    announcer.settle(marginAccount)
    // A live price may have brought it there meanwhile.
    if (watchlist.standingOf(marginAccount).level >= missed.level) return
    const now = this.#now()
    const marks = this.#past.marksOf(missed, watchlist.venueOf(marginAccount), now)
    const reasons = [...watchlist.reasonsOf(marginAccount), ...reasonsOfMissed(missed)]
    announcer.begin(missed.minuteMs, now.nowMs, now.monotonicMs, 'backfill')
    judge.applyPast(marginAccount, missed.level, reasons, { marks, terms: missed.terms })
    announcer.end()
    announcer.begin(this.#market?.eventTimeMs ?? null, now.nowMs, now.monotonicMs, 'backfill')
    judge.judge(marginAccount)
    announcer.end()
    this.#noteFound(watchlist.idOf(marginAccount), watchlist.ruleOf(marginAccount), missed)
  }

  /** Publishes the level, and that the margin account is closed. Those numbered later are numbered above it. */
  #publishGone(
    { id, account, venue, marginMode, currency }: FormerHolder['exact'],
    rule: LevelRule,
    missed: Missed,
  ): void {
    const { announcer, editor } = this.#parts
    const now = this.#now()
    const terms = missed.terms!
    const nothing = { collateral: [], positions: [], liabilities: [] }
    const gone = {
      subject: { id, account, venue, marginMode, currency },
      account: { id: account, venue, version: terms.version, ...nothing },
      standing: editor.newStanding(),
      rule,
    }
    const { isUnknown = false, isPending = false } = terms.funding ?? {}
    const reasons = [...verdictReasons(false, isUnknown || isPending), ...reasonsOfMissed(missed)]
    const marks = this.#past.marksOf(missed, venue, now)
    announcer.begin(missed.minuteMs, now.nowMs, now.monotonicMs, 'backfill')
    announcer.addAbsent(gone, missed.level, reasons, { marks, terms })
    announcer.end()
    announcer.begin(null, now.nowMs, now.monotonicMs, 'backfill')
    announcer.addAbsent(gone, 'closed', [])
    announcer.end()
    editor.leaveNumbers(gone.standing)
    this.#noteFound(id, rule, missed)
  }

  #noteFound(id: string, { names }: LevelRule, { level, minuteMs }: Missed): void {
    const { symbol } = this.#request!.gap
    this.#parts.watchlist.levelsLeft.noteFound(id, names[level]!, minuteMs, symbol)
    this.#found++
  }

  #now() {
    const { clock } = this.#options
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
  }
}
