import { assert } from '../errors.ts'
import type { Origin } from './batch.ts'
import type { PendingEvent } from './pending-event.ts'

/** Findings of one page. A page is made when all others are full, and kept for the next cascade. 110 kB each. */
const PAGE_SHIFT = 12
const PAGE_FINDINGS = 1 << PAGE_SHIFT
const PAGE_MASK = PAGE_FINDINGS - 1
const NONE = -1

/** State of a finding. */
const FREE = 0
/** Not yet applied to the standing of its margin account. */
const OPEN = 1
const SETTLED = 2
const PUBLISHED = 3

class Page {
  readonly state = new Uint8Array(PAGE_FINDINGS)
  readonly account = new Int32Array(PAGE_FINDINGS)
  readonly level = new Int8Array(PAGE_FINDINGS)
  readonly decidedMonotonicMs = new Float64Array(PAGE_FINDINGS)
  readonly rank = new Int32Array(PAGE_FINDINGS)
  /** Next open finding of the account, or next free one. */
  readonly next = new Int32Array(PAGE_FINDINGS)
  readonly origin: (Origin | undefined)[] = new Array(PAGE_FINDINGS).fill(undefined)
  readonly pending: (PendingEvent | undefined)[] = new Array(PAGE_FINDINGS).fill(undefined)
}

/**
 * Findings that are not published, in columns by number: a verdict costs a few stores and touches no object. The open
 * findings of a margin account are a list in the order of their instants.
 */
export class Findings {
  readonly #pages: Page[] = []
  #free = NONE
  #count = 0
  #open = 0
  /** Where the last search for an open finding ended. */
  #looked = 0
  /** First and last open finding, by number of the account in the kernel. */
  #firstOf = new Int32Array(0)
  #lastOf = new Int32Array(0)
  #countOf = new Int32Array(0)

  /** Findings that are not applied to their standing yet. */
  get open(): number {
    return this.#open
  }

  /** Adds a level that the kernel proved. */
  addOpen(origin: Origin, marginAccount: number, level: number, decidedMonotonicMs: number): number {
    const finding = this.#take(OPEN)
    const page = this.#pageOf(finding)
    const at = finding & PAGE_MASK
    page.account[at] = marginAccount
    page.level[at] = level
    page.decidedMonotonicMs[at] = decidedMonotonicMs
    page.origin[at] = origin
    page.next[at] = NONE
    this.#append(marginAccount, finding)
    this.#open++
    return finding
  }

  /** Adds a finding that is applied to its standing already. */
  addSettled(pending: PendingEvent): number {
    const finding = this.#take(SETTLED)
    this.#pageOf(finding).pending[finding & PAGE_MASK] = pending
    return finding
  }

  /** An open finding, or −1. Repeated calls give every open finding before they give one twice. */
  anyOpen(): number {
    if (this.#open === 0) return NONE
    while (!this.isOpen(this.#looked)) this.#looked = (this.#looked + 1) % this.#count
    return this.#looked
  }

  /** The first open finding of the account, or −1. */
  firstOpenOf(marginAccount: number): number {
    return this.#firstOf[marginAccount] ?? NONE
  }

  /** Takes the first open finding of an account out of its list, when it is applied to its standing. */
  settle(finding: number, pending: PendingEvent): void {
    const page = this.#pageOf(finding)
    const at = finding & PAGE_MASK
    assert(page.state[at] === OPEN, 'a finding is settled once')
    const marginAccount = page.account[at]!
    assert(this.#firstOf[marginAccount] === finding, 'findings of an account are settled in their order')
    const next = page.next[at]!
    this.#firstOf[marginAccount] = next
    this.#countOf[marginAccount] = this.#countOf[marginAccount]! - 1
    if (next === NONE) this.#lastOf[marginAccount] = NONE
    page.state[at] = SETTLED
    page.pending[at] = pending
    page.origin[at] = undefined
    this.#open--
  }

  /** Number of open findings of the account. */
  openOf(marginAccount: number): number {
    return this.#countOf[marginAccount] ?? 0
  }

  accountOf(finding: number): number {
    return this.#pageOf(finding).account[finding & PAGE_MASK]!
  }

  levelOf(finding: number): number {
    return this.#pageOf(finding).level[finding & PAGE_MASK]!
  }

  decidedMonotonicMsOf(finding: number): number {
    return this.#pageOf(finding).decidedMonotonicMs[finding & PAGE_MASK]!
  }

  /** Of an open finding. */
  originOf(finding: number): Origin {
    const origin = this.#pageOf(finding).origin[finding & PAGE_MASK]
    assert(origin !== undefined, 'an open finding has its origin')
    return origin
  }

  isOpen(finding: number): boolean {
    return this.#pageOf(finding).state[finding & PAGE_MASK] === OPEN
  }

  /** The event of a settled finding. */
  eventOf(finding: number): PendingEvent {
    const pending = this.#pageOf(finding).pending[finding & PAGE_MASK]
    assert(pending !== undefined, 'a settled finding has its event')
    return pending
  }

  /** Place among the findings of its instant, from 1. */
  rankOf(finding: number): number {
    return this.#pageOf(finding).rank[finding & PAGE_MASK]!
  }

  setRank(finding: number, rank: number): void {
    this.#pageOf(finding).rank[finding & PAGE_MASK] = rank
  }

  isPublished(finding: number): boolean {
    return this.#pageOf(finding).state[finding & PAGE_MASK] === PUBLISHED
  }

  setPublished(finding: number): void {
    const page = this.#pageOf(finding)
    page.state[finding & PAGE_MASK] = PUBLISHED
    page.pending[finding & PAGE_MASK] = undefined
  }

  /** Makes the number of a published finding free for another one. */
  free(finding: number): void {
    const page = this.#pageOf(finding)
    assert(this.isPublished(finding), 'a finding that waits keeps its number')
    page.state[finding & PAGE_MASK] = FREE
    page.next[finding & PAGE_MASK] = this.#free
    this.#free = finding
  }

  #append(marginAccount: number, finding: number): void {
    if (marginAccount >= this.#firstOf.length) this.#growLists(marginAccount)
    const last = this.#lastOf[marginAccount]!
    if (last === NONE) this.#firstOf[marginAccount] = finding
    else this.#pageOf(last).next[last & PAGE_MASK] = finding
    this.#lastOf[marginAccount] = finding
    this.#countOf[marginAccount] = this.#countOf[marginAccount]! + 1
  }

  #growLists(marginAccount: number): void {
    const length = 2 * (marginAccount + 1)
    const [firstOf, lastOf, countOf] = [this.#firstOf, this.#lastOf, this.#countOf]
    this.#firstOf = new Int32Array(length).fill(NONE)
    this.#lastOf = new Int32Array(length).fill(NONE)
    this.#firstOf.set(firstOf)
    this.#lastOf.set(lastOf)
    this.#countOf = new Int32Array(length)
    this.#countOf.set(countOf)
  }

  #take(state: number): number {
    let finding = this.#free
    if (finding === NONE) {
      finding = this.#count++
      if (finding >> PAGE_SHIFT === this.#pages.length) this.#pages.push(new Page())
    } else this.#free = this.#pageOf(finding).next[finding & PAGE_MASK]!
    this.#pageOf(finding).state[finding & PAGE_MASK] = state
    return finding
  }

  #pageOf(finding: number): Page {
    return this.#pages[finding >> PAGE_SHIFT]!
  }
}
