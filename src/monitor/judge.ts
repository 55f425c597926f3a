import { assert } from '../errors.ts'
import { ANSWER_ACROSS, ANSWER_SAFE, ANSWER_UNKNOWN, LEVEL_NONE } from '../kernel/index.ts'
import { type Evaluation, evaluate, heldLevel, type MarginAccount, toFloat } from '../margin/index.ts'
import type { Announcer, Figures } from './announcer.ts'
import type { Markets } from './markets.ts'
import type { MonitorCounters, MonitorOptions } from './options.ts'
import { verdictReasons } from './pending-event.ts'
import { type Finding, isAboveSafe, mustRepublish } from './standing.ts'
import type { Watchlist } from './watchlist.ts'

/**
 * Gives verdicts and keeps the standing of every margin account. A level that the kernel proves is one; where f64 is
 * too close to a line, exact arithmetic decides.
 */
export class Judge {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #watchlist: Watchlist
  readonly #markets: Markets
  readonly #announcer: Announcer

  constructor(
    options: MonitorOptions,
    counters: MonitorCounters,
    parts: { watchlist: Watchlist; markets: Markets; announcer: Announcer },
  ) {
    this.#options = options
    this.#counters = counters
    this.#watchlist = parts.watchlist
    this.#markets = parts.markets
    this.#announcer = parts.announcer
  }

  /**
   * Decides suspects of the instant from that place on: as many as the kernel has proven, or one that only exact
   * arithmetic can decide. Returns the place of the next one.
   */
  decideSuspects(from: number, to: number): number {
    const { kernel, clock } = this.#options
    if (kernel.suspectLevel(from) === LEVEL_NONE) {
      this.#counters.suspects++
      this.#decideExactly(kernel.suspectAccount(from))
      return from + 1
    }
    let end = from + 1
    while (end < to && kernel.suspectLevel(end) !== LEVEL_NONE) end++
    const across = kernel.takeProven(from, end)
    assert(across === 0, 'the kernel puts an account across the level that it is found at')
    this.#announcer.noteProven(from, end, clock.monotonicMs())
    this.#counters.suspects += end - from
    return end
  }

  /** Gives a settled account its verdict at the present marks, where it has one. */
  judge(marginAccount: number): void {
    const { kernel } = this.#options
    const answer = kernel.recheckAccount(marginAccount)
    // Safe and with a verdict until now: nothing above safe is published.
    if (answer === ANSWER_UNKNOWN && kernel.accountLevel(marginAccount) === 0) return
    if (answer === ANSWER_UNKNOWN) this.#noteUnknownIfStale(marginAccount)
    else if (answer !== ANSWER_SAFE) {
      const level = kernel.measuredLevel
      const { measuredMarginBalance: marginBalance, measuredMaintenanceMargin: maintenanceMargin } = kernel
      if (level === LEVEL_NONE) this.#decideExactly(marginAccount)
      else this.#take(marginAccount, level, { marginBalance, maintenanceMargin })
    }
  }

  /** Publishes that an account has no verdict where a stale mark takes it away and a level above safe is published. */
  noteUnknownAt(marginAccount: number): void {
    // Safe and with a verdict: nothing above safe is published, and the market itself is said to be stale.
    if (this.#options.kernel.accountLevel(marginAccount) === 0) return
    this.#announcer.settle(marginAccount)
    this.#noteUnknownIfStale(marginAccount)
  }

  #noteUnknownIfStale(marginAccount: number): void {
    const standing = this.#watchlist.standingOf(marginAccount)
    if (standing.unknown || !isAboveSafe(standing)) return
    const markets = this.#watchlist.marketsOf(marginAccount)
    if (markets.some(({ isStale }) => isStale)) this.note(marginAccount, 'unknown', ['stale-mark'])
  }

  /** Applies a finding to the standing of a settled account, and hands what is to be published to the announcer. */
  note(marginAccount: number, finding: Finding, reasons: readonly string[] = [], figures?: Figures): void {
    const isNews = this.#announcer.note(marginAccount, finding, reasons, figures)
    if (isNews) this.#watchlist.setKernelLevel(marginAccount)
  }

  /** Whether exact arithmetic at the present marks confirms the level of the account; undefined where it has no verdict. */
  confirms(marginAccount: number): boolean | undefined {
    const level = this.#options.kernel.accountLevel(marginAccount)
    const account = this.#watchlist.accountOf(marginAccount)
    if (level < 0 || this.#watchlist.isSuspended(account)) return undefined
    const exact = this.#watchlist.exactOf(marginAccount)
    const evaluation = this.#evaluate(exact)
    if (evaluation === undefined) return undefined
    return heldLevel(evaluation, exact, this.#options.rule, level) === level
  }

  #decideExactly(marginAccount: number): void {
    this.#announcer.settle(marginAccount)
    const exact = this.#watchlist.exactOf(marginAccount)
    const evaluation = this.#evaluate(exact)
    if (evaluation === undefined) return
    this.#counters.exactChecks++
    const { level: present } = this.#watchlist.standingOf(marginAccount)
    const level = heldLevel(evaluation, exact, this.#options.rule, present)
    const marginBalance = toFloat(evaluation.marginBalance)
    this.#take(marginAccount, level, {
      marginBalance,
      maintenanceMargin: toFloat(evaluation.maintenanceMargin),
    })
  }

  /** Takes a level that is proven or exact; the kernel arms the account for it. */
  #take(marginAccount: number, level: number, figures: Figures): void {
    const { kernel } = this.#options
    const standing = this.#watchlist.standingOf(marginAccount)
    if (level === standing.level && !mustRepublish(standing)) return
    const isLost = this.#watchlist.isLost(this.#watchlist.accountOf(marginAccount))
    this.note(marginAccount, level, verdictReasons(isLost), figures)
    const answer = kernel.recheckAccount(marginAccount)
    assert(answer !== ANSWER_ACROSS, 'the kernel puts an account across the level that it is found at')
  }

  #evaluate(exact: MarginAccount): Evaluation | undefined {
    return evaluate(exact, this.#markets.markOf(exact.venue))
  }
}
