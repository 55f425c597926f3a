import { assert } from '../errors.ts'
import { Findings } from './findings.ts'
import { type Cause, type Found, verdictReasons } from './found.ts'
import { type Markets, seenMark } from './markets.ts'
import { applyFinding, type Finding, type Transition } from './standing.ts'
import type { Watched, WatchedBook } from './watchlist.ts'

/** The transitions of one margin account that wait, in their order. */
interface Line {
  first: Found
  last: Found
}

/**
 * Applies what is found to the standings of margin accounts, each account's in the order of its instants, and keeps the
 * transitions that wait to be published, each account's in one line.
 *
 * A level that the kernel proved waits as numbers. It is settled, which is to say applied to the standing, when its event
 * is made, or before anything else happens to the account: a change of its terms, a verdict by exact arithmetic.
 */
export class PendingEvents {
  readonly #book: WatchedBook
  readonly #markets: Markets
  readonly #breachLevel: number
  readonly findings = new Findings()
  /** By id: an account that goes and comes back, or is known first from an earlier run, stays in one line. */
  readonly #lines = new Map<string, Line>()

  constructor(book: WatchedBook, markets: Markets, breachLevel: number) {
    this.#book = book
    this.#markets = markets
    this.#breachLevel = breachLevel
  }

  /** Applies all findings of the margin account that its standing has not heard of. */
  settle(watched: Watched): void {
    const { findings } = this
    const { kernelAccount } = watched
    if (kernelAccount < 0) return
    for (let finding = findings.firstOpenOf(kernelAccount); finding >= 0; ) {
      this.#settleOne(watched, finding)
      finding = findings.firstOpenOf(kernelAccount)
    }
  }

  settleAccount(kernelAccount: number): void {
    this.settle(this.#book.watchedAt(kernelAccount))
  }

  /** Settles an open finding, and every earlier one of its account. */
  settleUntil(finding: number): void {
    while (this.findings.isOpen(finding)) {
      const kernelAccount = this.findings.accountOf(finding)
      this.#settleOne(this.#book.watchedAt(kernelAccount), this.findings.firstOpenOf(kernelAccount))
    }
  }

  /** Settles an account that has something open. False where none has. */
  settleNext(): boolean {
    const finding = this.findings.anyOpen()
    if (finding < 0) return false
    this.settleAccount(this.findings.accountOf(finding))
    return true
  }

  /** Applies a finding to a settled standing; the number of the finding, or −1 where there is nothing to publish. */
  apply(
    watched: Watched,
    finding: Finding,
    reasons: readonly string[],
    cause: Cause,
    nowMonotonicMs: number,
  ): number {
    const transition = applyFinding(watched.standing, finding, this.#breachLevel)
    if (transition === undefined) return -1
    const marks = watched.markets.map(seenMark)
    const found = this.#wait(watched, transition, marks, reasons, cause, nowMonotonicMs)
    found.finding = this.findings.addSettled(found)
    return found.finding
  }

  /** The transition of the margin account that is to be published first. */
  firstOf(id: string): Found {
    const line = this.#lines.get(id)
    assert(line !== undefined, `a transition of ${id} waits`)
    return line.first
  }

  /** Takes the first transition of the margin account out of its line. */
  published({ watched, next, finding }: Found): void {
    this.findings.setPublished(finding)
    if (next === undefined) this.#lines.delete(watched.id)
    else this.#lines.get(watched.id)!.first = next
  }

  #settleOne(watched: Watched, finding: number): void {
    const { findings } = this
    const { cause, instant } = findings.originOf(finding)
    const transition = applyFinding(watched.standing, findings.levelOf(finding), this.#breachLevel)
    assert(transition !== undefined, `the kernel found ${watched.id} at the level at which it stands`)
    const marks = watched.markets.map((market) => this.#markets.seenAt(market, instant))
    const reasons = verdictReasons(watched.owner)
    const decidedMonotonicMs = findings.decidedMonotonicMsOf(finding)
    const found = this.#wait(watched, transition, marks, reasons, cause, decidedMonotonicMs)
    found.finding = finding
    findings.settle(finding, found)
    if (findings.open === 0) this.#markets.forgetPast()
  }

  #wait(
    watched: Watched,
    transition: Transition,
    marks: Found['marks'],
    reasons: readonly string[],
    cause: Cause,
    decidedMonotonicMs: number,
  ): Found {
    const { account } = watched.owner
    const place = { finding: -1, next: undefined }
    const found: Found = { watched, account, marks, transition, reasons, cause, decidedMonotonicMs, ...place }
    const line = this.#lines.get(watched.id)
    if (line === undefined) this.#lines.set(watched.id, { first: found, last: found })
    else {
      line.last.next = found
      line.last = found
    }
    return found
  }
}
