import { assert } from '../errors.ts'
import { ANSWER_ACROSS, ANSWER_SAFE, ANSWER_UNKNOWN, LEVEL_NONE } from '../kernel/index.ts'
import { type Evaluation, evaluate, heldLevel, type MarginAccount, toFloat } from '../margin/index.ts'
import type { Announcer, Figures } from './announcer.ts'
import { verdictReasons } from './found.ts'
import type { Markets } from './markets.ts'
import type { MonitorCounters, MonitorOptions } from './options.ts'
import { type Finding, isAboveSafe, mustRepublish } from './standing.ts'
import { kernelLevel, type Watched, type WatchedBook } from './watchlist.ts'

/**
 * Gives verdicts and keeps the standing of every margin account. A level that the kernel proves is one; where f64 is
 * too close to a line, exact arithmetic decides.
 */
export class Judge {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #book: WatchedBook
  readonly #markets: Markets
  readonly #announcer: Announcer

  constructor(
    options: MonitorOptions,
    counters: MonitorCounters,
    parts: { book: WatchedBook; markets: Markets; announcer: Announcer },
  ) {
    this.#options = options
    this.#counters = counters
    this.#book = parts.book
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
      this.#decideExactly(this.#book.watchedAt(kernel.suspectAccount(from)))
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
  judge(watched: Watched): void {
    const { kernel } = this.#options
    const answer = kernel.recheckAccount(watched.kernelAccount)
    if (answer === ANSWER_UNKNOWN) this.#noteUnknownIfStale(watched)
    else if (answer !== ANSWER_SAFE) {
      const level = kernel.measuredLevel
      const { measuredMarginBalance: marginBalance, measuredMaintenanceMargin: maintenanceMargin } = kernel
      if (level === LEVEL_NONE) this.#decideExactly(watched)
      else this.#take(watched, level, { marginBalance, maintenanceMargin })
    }
  }

  /** Publishes that an account has no verdict where a stale mark takes it away and a level above safe is published. */
  noteUnknownAt(kernelAccount: number): void {
    // Safe and with a verdict: nothing above safe is published, and the market itself is said to be stale.
    if (this.#options.kernel.accountLevel(kernelAccount) === 0) return
    const watched = this.#book.watchedAt(kernelAccount)
    this.#announcer.settle(watched)
    this.#noteUnknownIfStale(watched)
  }

  #noteUnknownIfStale(watched: Watched): void {
    if (watched.standing.unknown || !isAboveSafe(watched.standing)) return
    if (watched.markets.some(({ isStale }) => isStale)) this.note(watched, 'unknown', ['stale-mark'])
  }

  /** Applies a finding to the standing of a settled account, and hands what is to be published to the announcer. */
  note(watched: Watched, finding: Finding, reasons: readonly string[] = [], figures?: Figures): void {
    const isNews = this.#announcer.note(watched, finding, reasons, figures)
    if (!isNews || watched.kernelAccount < 0) return
    this.#options.kernel.setAccountLevel(watched.kernelAccount, kernelLevel(watched.standing))
  }

  /** Whether exact arithmetic at the present marks confirms the level of the account; undefined where it has no verdict. */
  confirms(watched: Watched): boolean | undefined {
    const level = this.#options.kernel.accountLevel(watched.kernelAccount)
    if (level < 0 || watched.owner.isSuspended) return undefined
    const exact = this.#exactOf(watched)
    const evaluation = this.#evaluate(exact)
    if (evaluation === undefined) return undefined
    return heldLevel(evaluation, exact, this.#options.rule, level) === level
  }

  #decideExactly(watched: Watched): void {
    this.#announcer.settle(watched)
    const exact = this.#exactOf(watched)
    const evaluation = this.#evaluate(exact)
    if (evaluation === undefined) return
    this.#counters.exactChecks++
    const level = heldLevel(evaluation, exact, this.#options.rule, watched.standing.level)
    const marginBalance = toFloat(evaluation.marginBalance)
    this.#take(watched, level, { marginBalance, maintenanceMargin: toFloat(evaluation.maintenanceMargin) })
  }

  /** Takes a level that is proven or exact; the kernel arms the account for it. */
  #take(watched: Watched, level: number, figures: Figures): void {
    const { kernel } = this.#options
    const { standing, owner, kernelAccount } = watched
    if (level === standing.level && !mustRepublish(standing)) return
    this.note(watched, level, verdictReasons(owner), figures)
    const answer = kernel.recheckAccount(kernelAccount)
    assert(answer !== ANSWER_ACROSS, 'the kernel puts an account across the level that it is found at')
  }

  #exactOf({ id, owner }: Watched): MarginAccount {
    const exact = this.#book.exactOf(owner.account, id)
    assert(exact !== undefined, `${id} is not in its account`)
    return exact
  }

  #evaluate(exact: MarginAccount): Evaluation | undefined {
    return evaluate(exact, this.#markets.markOf(exact.venue))
  }
}
