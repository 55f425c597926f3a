import { assert } from '../errors.ts'
import type { Origin } from './batch.ts'
import type { Found } from './found.ts'

/** Findings a page: pages are made when all before them are full, and kept for the next cascade. 110 kB each. */
const PAGE_SHIFT = 12
const PAGE_FINDINGS = 1 << PAGE_SHIFT
const PAGE_MASK = PAGE_FINDINGS - 1
const NONE = -1

/** State of a finding. */
const FREE = 0
/** In numbers only: not yet applied to the standing of its margin account. */
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
  readonly found: (Found | undefined)[] = new Array(PAGE_FINDINGS).fill(undefined)
}

/**
 * What was found of margin accounts and is not published: in columns, by number, so that a verdict costs a few stores and
 * touches no object of its account. The open findings of a margin account are a list in the order of their instants.
 */
export class Findings {
  readonly #pages: Page[] = []
  #free = NONE
  #count = 0
  #open = 0
  /** Where the last search for an open one ended. */
  #looked = 0
  /** First and last open finding, by number of the account in the kernel. */
  #firstOf = new Int32Array(0)
  #lastOf = new Int32Array(0)
  #countOf = new Int32Array(0)

  /** Findings that no standing has heard of yet. */
  get open(): number {
    return this.#open
  }

  /** A level that the kernel proved. */
  addOpen(origin: Origin, kernelAccount: number, level: number, decidedMonotonicMs: number): number {
    const finding = this.#take(OPEN)
    const page = this.#pageOf(finding)
    const at = finding & PAGE_MASK
    page.account[at] = kernelAccount
    page.level[at] = level
    page.decidedMonotonicMs[at] = decidedMonotonicMs
    page.origin[at] = origin
    page.next[at] = NONE
    this.#append(kernelAccount, finding)
    this.#open++
    return finding
  }

  /** One that the standing has heard of already. */
  addSettled(found: Found): number {
    const finding = this.#take(SETTLED)
    this.#pageOf(finding).found[finding & PAGE_MASK] = found
    return finding
  }

  /** An open finding, or −1; every one is met before one is met twice. */
  anyOpen(): number {
    if (this.#open === 0) return NONE
    while (!this.isOpen(this.#looked)) this.#looked = (this.#looked + 1) % this.#count
    return this.#looked
  }

  /** The first open finding of the account, or −1. */
  firstOpenOf(kernelAccount: number): number {
    return this.#firstOf[kernelAccount] ?? NONE
  }

  /** Takes the first open finding of an account out of its list: its standing has heard of it. */
  settle(finding: number, found: Found): void {
    const page = this.#pageOf(finding)
    const at = finding & PAGE_MASK
    assert(page.state[at] === OPEN, 'a finding is settled once')
    const kernelAccount = page.account[at]!
    assert(this.#firstOf[kernelAccount] === finding, 'findings of an account are settled in their order')
    const next = page.next[at]!
    this.#firstOf[kernelAccount] = next
    this.#countOf[kernelAccount] = this.#countOf[kernelAccount]! - 1
    if (next === NONE) this.#lastOf[kernelAccount] = NONE
    page.state[at] = SETTLED
    page.found[at] = found
    page.origin[at] = undefined
    this.#open--
  }

  /** How many findings of the account are open. */
  openOf(kernelAccount: number): number {
    return this.#countOf[kernelAccount] ?? 0
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

  /** Of a settled finding. */
  foundOf(finding: number): Found {
    const found = this.#pageOf(finding).found[finding & PAGE_MASK]
    assert(found !== undefined, 'a settled finding has its transition')
    return found
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
    page.found[finding & PAGE_MASK] = undefined
  }

  /** The number of a published finding is given to another one. */
  free(finding: number): void {
    const page = this.#pageOf(finding)
    assert(this.isPublished(finding), 'what waits keeps its number')
    page.state[finding & PAGE_MASK] = FREE
    page.next[finding & PAGE_MASK] = this.#free
    this.#free = finding
  }

  #append(kernelAccount: number, finding: number): void {
    if (kernelAccount >= this.#firstOf.length) this.#growLists(kernelAccount)
    const last = this.#lastOf[kernelAccount]!
    if (last === NONE) this.#firstOf[kernelAccount] = finding
    else this.#pageOf(last).next[last & PAGE_MASK] = finding
    this.#lastOf[kernelAccount] = finding
    this.#countOf[kernelAccount] = this.#countOf[kernelAccount]! + 1
  }

  #growLists(kernelAccount: number): void {
    const length = 2 * (kernelAccount + 1)
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
