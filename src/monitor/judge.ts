import { assert } from '../errors.ts'
import { ANSWER_ACROSS, ANSWER_SAFE, ANSWER_UNKNOWN, LEVEL_NONE } from '../kernel/index.ts'
import { type Evaluation, evaluate, heldLevel, type MarginAccount, toFloat } from '../margin/index.ts'
import type { Announcer } from './announcer.ts'
import { kernelLevel, type Watched, type WatchedBook } from './book.ts'
import { applyFinding, type Finding, isAboveSafe, mustRepublish } from './episode.ts'
import { type Figures, foundOf } from './found.ts'
import type { Levels } from './levels.ts'
import type { Markets } from './markets.ts'
import type { MonitorCounters, MonitorOptions } from './options.ts'

/** What a verdict under lost terms carries: Redis lost the account, the terms are the last that it had. */
const BOOK_LOST = ['book-lost'] as const

/**
 * Gives verdicts and keeps the standing of every margin account. A level that the kernel proves is one; where f64 is
 * too close to a line, exact arithmetic decides.
 */
export class Judge {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #book: WatchedBook
  readonly #markets: Markets
  readonly #levels: Levels
  readonly #announcer: Announcer

  constructor(
    options: MonitorOptions,
    counters: MonitorCounters,
    parts: { book: WatchedBook; markets: Markets; levels: Levels; announcer: Announcer },
  ) {
    this.#options = options
    this.#counters = counters
    this.#book = parts.book
    this.#markets = parts.markets
    this.#levels = parts.levels
    this.#announcer = parts.announcer
  }

  /** The suspect of that place in the instant. */
  decideSuspect(index: number): void {
    const { kernel } = this.#options
    this.#counters.suspects++
    const watched = this.#watchedAt(kernel.suspectAccount(index))
    const level = kernel.suspectLevel(index)
    if (level === LEVEL_NONE) this.#decideExactly(watched)
    else {
      const marginBalance = kernel.suspectMarginBalance(index)
      this.#take(watched, level, { marginBalance, maintenanceMargin: kernel.suspectMaintenanceMargin(index) })
    }
  }

  /** Gives an account its verdict at the present marks, where it has one. */
  judge(watched: Watched): void {
    const { kernel } = this.#options
    const answer = kernel.recheckAccount(watched.kernelAccount)
    if (answer === ANSWER_UNKNOWN) this.noteUnknownIfStale(watched)
    else if (answer !== ANSWER_SAFE) {
      const level = kernel.measuredLevel
      const { measuredMarginBalance: marginBalance, measuredMaintenanceMargin: maintenanceMargin } = kernel
      if (level === LEVEL_NONE) this.#decideExactly(watched)
      else this.#take(watched, level, { marginBalance, maintenanceMargin })
    }
  }

  /** Publishes that an account has no verdict where a stale mark takes it away and a level above safe is published. */
  noteUnknownIfStale(watched: Watched): void {
    if (watched.standing.unknown || !isAboveSafe(watched.standing)) return
    if (watched.markets.some(({ isStale }) => isStale)) this.note(watched, 'unknown', ['stale-mark'])
  }

  noteUnknownAt(kernelAccount: number): void {
    this.noteUnknownIfStale(this.#watchedAt(kernelAccount))
  }

  /** Applies a finding to the standing, and hands what is to be published to the announcer. */
  note(watched: Watched, finding: Finding, reasons: readonly string[] = [], figures?: Figures): void {
    const { clock, kernel, rule } = this.#options
    const before = watched.standing.level
    const transition = applyFinding(watched.standing, finding, rule.levels.length)
    this.#levels.move(watched, before)
    if (transition === undefined) return
    if (watched.kernelAccount >= 0) {
      kernel.setAccountLevel(watched.kernelAccount, kernelLevel(watched.standing))
    }
    const { cause } = this.#announcer
    this.#announcer.note(foundOf(watched, transition, figures, reasons, cause, clock.monotonicMs()))
  }

  /** Whether exact arithmetic at the present marks confirms the standing; undefined where there is no verdict. */
  confirms(watched: Watched): boolean | undefined {
    const { standing, owner } = watched
    if (standing.unknown || owner.isSuspended) return undefined
    const exact = this.#exactOf(watched)
    const evaluation = this.#evaluate(exact)
    if (evaluation === undefined) return undefined
    return heldLevel(evaluation, exact, this.#options.rule, standing.level) === standing.level
  }

  #decideExactly(watched: Watched): void {
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
    this.note(watched, level, owner.isLost ? BOOK_LOST : [], figures)
    const answer = kernel.recheckAccount(kernelAccount)
    assert(answer !== ANSWER_ACROSS, 'the kernel puts an account across the level that it is found at')
  }

  #watchedAt(kernelAccount: number): Watched {
    const watched = this.#book.at(kernelAccount)
    assert(watched !== undefined, 'a nominated account is not in the book')
    return watched
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
