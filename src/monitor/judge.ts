import { isIndexName, type MonitorCounters } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { ANSWER_ACROSS, ANSWER_SAFE, ANSWER_UNKNOWN, LEVEL_NONE, undecidedLevel } from '../kernel/index.ts'
import {
  evaluationsOf,
  heldLevel,
  knownPricesOf,
  type MarginAccount,
  quietShareOf,
  toFloat,
  ZERO,
} from '../margin/index.ts'
import type { Announcer } from './announcer.ts'
import type { Market } from './market.ts'
import type { Markets } from './markets.ts'
import type { MonitorOptions } from './options.ts'
import type { Past } from './pending-event.ts'
import { ProofTries } from './proof-tries.ts'
import type { Figures } from './ranking.ts'
import { type Finding, isAboveSafe, mustRepublish } from './standing.ts'
import type { Watchlist } from './watchlist.ts'

/** Gives verdicts. A level that the kernel proves is a verdict; when f64 is too close to a line, exact arithmetic decides. */
export class Judge {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #watchlist: Watchlist
  readonly #markets: Markets
  readonly #announcer: Announcer
  readonly #proofTries = new ProofTries()
  #auditAt = 0

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
   * Decides suspects of the instant from that place on: the next ones that the kernel has proven, or the next one if only
   * exact arithmetic can decide it. Returns the place of the first that is not decided.
   */
  decideSuspects(from: number, to: number): number {
    const { kernel, clock } = this.#options
    if (kernel.suspectLevel(from) === LEVEL_NONE) {
      this.#counters.suspects++
      this.#decideExactly(kernel.suspectAccount(from))
      return from + 1
    }
    if (this.#isHeldAgain(from)) {
      this.#counters.suspects++
      this.#decideAgain(kernel.suspectAccount(from))
      return from + 1
    }
    let end = from + 1
    while (end < to && kernel.suspectLevel(end) !== LEVEL_NONE && !this.#isHeldAgain(end)) end++
    const across = kernel.takeProven(from, end)
    assert(across === 0, 'the kernel puts an account across the level that it is found at')
    this.#announcer.addProven(from, end, clock.monotonicMs())
    this.#counters.suspects += end - from
    return end
  }

  /** Whether a suspect had no verdict for want of a funding rate, and gets that of its standing: there is nothing to publish. */
  #isHeldAgain(suspect: number): boolean {
    const { kernel } = this.#options
    const marginAccount = kernel.suspectAccount(suspect)
    if (kernel.accountLevel(marginAccount) >= 0) return false
    this.#announcer.settle(marginAccount)
    const standing = this.#watchlist.standingOf(marginAccount)
    return standing.level === kernel.suspectLevel(suspect) && !mustRepublish(standing)
  }

  /** Gives a settled account that changed its verdict at the present marks; none if a mark is missing. */
  judge(marginAccount: number): void {
    const { kernel } = this.#options
    this.#proofTries.reset(marginAccount)
    const answer = kernel.recheckAccount(marginAccount)
    // No level above safe is published of it, so `unknown` is not either.
    if (answer === ANSWER_UNKNOWN && kernel.accountLevel(marginAccount) === 0) return
    if (answer === ANSWER_UNKNOWN) this.#unknownIfStale(marginAccount)
    else if (answer !== ANSWER_SAFE) {
      const level = kernel.measuredLevel
      const { measuredMarginBalance: marginBalance, measuredMaintenanceMargin: maintenanceMargin } = kernel
      if (level === LEVEL_NONE) this.#decideExactly(marginAccount)
      else this.#take(marginAccount, level, { marginBalance, maintenanceMargin })
    }
  }

  /** Publishes `unknown` for an account that lost its verdict to a stale mark or index price, or to an expiry, if a level above safe is published. */
  applyStaleness(marginAccount: number): void {
    // A safe account needs no event of its own: `market-stale` or `market-expired` is published for its market.
    if (this.#options.kernel.accountLevel(marginAccount) === 0) return
    this.#announcer.settle(marginAccount)
    this.#unknownIfStale(marginAccount)
  }

  #unknownIfStale(marginAccount: number): void {
    const standing = this.#watchlist.standingOf(marginAccount)
    if (standing.unknown || !isAboveSafe(standing)) return
    const reasons = staleReasons(this.#watchlist.marketsOf(marginAccount))
    if (reasons.length > 0) this.apply(marginAccount, 'unknown', reasons)
  }

  /** Applies a finding to the standing of a settled account, and gives the event that follows to the announcer. */
  apply(marginAccount: number, finding: Finding, reasons: readonly string[] = [], figures?: Figures): void {
    const hasEvent = this.#announcer.add(marginAccount, finding, reasons, figures)
    if (hasEvent) this.#watchlist.setKernelLevel(marginAccount)
  }

  /** Applies a level that a settled account reached in the past, at marks of then. */
  applyPast(marginAccount: number, level: number, reasons: readonly string[], past: Past): void {
    if (this.#announcer.add(marginAccount, level, reasons, undefined, past))
      this.#watchlist.setKernelLevel(marginAccount)
  }

  /** Compares the levels of the next `count` margin accounts with exact arithmetic at the present marks. */
  audit(count: number): void {
    for (let i = 0; i < count && this.#watchlist.marginAccountNumbers > 0; i++) {
      this.#auditAt = (this.#auditAt + 1) % this.#watchlist.marginAccountNumbers
      const isWatched = this.#watchlist.has(this.#auditAt)
      const confirmed = isWatched ? this.confirms(this.#auditAt) : undefined
      if (confirmed === undefined) continue
      this.#counters.auditChecks++
      if (!confirmed) this.#counters.auditDisagreements++
    }
  }

  /** Whether exact arithmetic at the present marks finds the account at its level; undefined when it has no verdict. */
  confirms(marginAccount: number): boolean | undefined {
    const level = this.#options.kernel.accountLevel(marginAccount)
    const account = this.#watchlist.accountOf(marginAccount)
    if (level < 0 || this.#watchlist.isSuspended(account)) return undefined
    const exact = this.#watchlist.exactOf(marginAccount)
    const evaluationAt = this.#evaluationsOf(exact)
    if (evaluationAt === undefined) return undefined
    return heldLevel(evaluationAt, exact, this.#watchlist.ruleOf(marginAccount), level) === level
  }

  #decideExactly(marginAccount: number): void {
    this.#announcer.settle(marginAccount)
    const exact = this.#watchlist.exactOf(marginAccount)
    const isUndecidable = this.#options.kernel.isUndecidable(marginAccount)
    if (isUndecidable && this.#isQuiet(marginAccount, exact)) return
    const evaluationAt = this.#evaluationsOf(exact)
    if (evaluationAt === undefined) {
      this.#takeUnknown(marginAccount)
      return
    }
    this.#counters.exactChecks++
    const { level: present } = this.#watchlist.standingOf(marginAccount)
    const level = heldLevel(evaluationAt, exact, this.#watchlist.ruleOf(marginAccount), present)
    const { marginBalance, maintenanceMargin } = evaluationAt(ZERO)
    this.#take(marginAccount, level, {
      marginBalance: toFloat(marginBalance),
      maintenanceMargin: toFloat(maintenanceMargin),
    })
    if (!isUndecidable) return
    if (level === present) this.#proofTries.decidedExactly(marginAccount)
    else {
      this.#proofTries.reset(marginAccount)
      this.#isQuiet(marginAccount, exact)
    }
  }

  /**
   * Whether an account of which f64 decides nothing provably keeps its level, which is not to be published again. Then no tick
   * gives it to a verdict until a price has moved as far as that is proven. After a proof that failed none is tried for a while.
   */
  #isQuiet(marginAccount: number, { venue, formula }: MarginAccount): boolean {
    const { kernel } = this.#options
    const level = kernel.accountLevel(marginAccount)
    if (level < 0 || !this.#proofTries.isDue(marginAccount)) return false
    const prices = knownPricesOf(formula, this.#markets.markOf(venue), this.#markets.furtherOf(venue))
    if (prices === undefined) return false
    const share = quietShareOf(prices, this.#watchlist.ruleOf(marginAccount), level)
    if (!(share > 0)) return false
    this.#proofTries.reset(marginAccount)
    kernel.armWithin(marginAccount, share)
    return true
  }

  /** Gives the account a level that is proven or exact, and has the kernel arm its triggers for it. */
  #take(marginAccount: number, level: number, figures: Figures): void {
    const { kernel } = this.#options
    const standing = this.#watchlist.standingOf(marginAccount)
    if (level === standing.level && !mustRepublish(standing)) {
      this.#decideAgain(marginAccount)
      return
    }
    this.apply(marginAccount, level, this.#watchlist.reasonsOf(marginAccount), figures)
    const answer = kernel.recheckAccount(marginAccount)
    assert(answer !== ANSWER_ACROSS, 'the kernel puts an account across the level that it is found at')
  }
  /** The kernel has every mark, so a funding rate is missing that counts in the maintenance margin. */
  #takeUnknown(marginAccount: number): void {
    const { kernel } = this.#options
    const standing = this.#watchlist.standingOf(marginAccount)
    if (standing.unknown) return
    if (isAboveSafe(standing)) this.apply(marginAccount, 'unknown', ['no-funding-rate'])
    else kernel.setAccountLevel(marginAccount, undecidedLevel(standing.level))
    kernel.recheckAccount(marginAccount)
  }

  /** Gives the kernel the level of an account that had no verdict and gets that of its standing. */
  #decideAgain(marginAccount: number): void {
    const { kernel } = this.#options
    if (kernel.accountLevel(marginAccount) >= 0) return
    this.#watchlist.setKernelLevel(marginAccount)
    kernel.recheckAccount(marginAccount)
  }

  #evaluationsOf(exact: MarginAccount) {
    const { venue } = exact
    return evaluationsOf(exact, this.#markets.markOf(venue), this.#markets.furtherOf(venue))
  }
}

function staleReasons(markets: readonly Market[]): string[] {
  const isEnded = ({ expiredMs }: Market) => expiredMs > 0
  const isContradicted = (market: Market) => !isEnded(market) && market.contradictions.length > 0
  const stale = markets.filter((market) => market.isStale && !isEnded(market) && !isContradicted(market))
  const ended = markets.filter(isEnded).map(({ isDelisted }) => isDelisted)
  const isIndex = stale.map(({ symbol }) => isIndexName(symbol))
  return [
    ...(ended.includes(false) ? ['contract-expired'] : []),
    ...(ended.includes(true) ? ['contract-delisted'] : []),
    ...(markets.some(isContradicted) ? ['rules-contradicted'] : []),
    ...(isIndex.includes(false) ? ['stale-mark'] : []),
    ...(isIndex.includes(true) ? ['stale-index'] : []),
  ]
}
