import { withRoom } from '../memory/index.ts'
import { newStanding, type Standing } from './standing.ts'

const NONE = -1

/** Flags of a standing. */
const OPEN = 1
const UNKNOWN = 2
const FOREIGN = 4
const SAYS_FUNDING_UNKNOWN = 8

/**
 * The margin accounts under watch, by their number in the kernel: the account of each, which part of it, and its standing. 32
 * bytes each.
 */
export class WatchedMarginAccounts {
  #accountOf = new Int32Array()
  /** The next margin account of the same account, or −1. */
  #nextOf = new Int32Array()
  #partOf = new Int32Array()
  #currencyOf = new Uint16Array()
  #episodeOf = new Float64Array()
  #sequenceOf = new Float64Array()
  #levelOf = new Uint8Array()
  #flagsOf = new Uint8Array()
  #size = 0
  #numbers = 0

  get size(): number {
    return this.#size
  }

  /** One more than the highest number that was ever given. */
  get numbers(): number {
    return this.#numbers
  }

  has(number: number): boolean {
    return number >= 0 && number < this.#numbers && this.#accountOf[number] !== NONE
  }

  /** `next` is the margin account of the same account that comes after it, or −1. */
  add(number: number, account: number, part: number, next: number): void {
    if (number >= this.#flagsOf.length) this.#grow(number)
    this.#accountOf[number] = account
    this.#partOf[number] = part
    this.#nextOf[number] = next
    this.#size++
    this.#numbers = Math.max(this.#numbers, number + 1)
  }

  #grow(number: number): void {
    this.#accountOf = withRoom(this.#accountOf, number, NONE)
    this.#nextOf = withRoom(this.#nextOf, number)
    this.#partOf = withRoom(this.#partOf, number)
    this.#currencyOf = withRoom(this.#currencyOf, number)
    this.#episodeOf = withRoom(this.#episodeOf, number)
    this.#sequenceOf = withRoom(this.#sequenceOf, number)
    this.#levelOf = withRoom(this.#levelOf, number)
    this.#flagsOf = withRoom(this.#flagsOf, number)
  }

  remove(number: number): void {
    this.#accountOf[number] = NONE
    this.#size--
  }

  accountOf(number: number): number {
    return this.#accountOf[number]!
  }

  /** As `AccountParts` makes it. */
  partOf(number: number): number {
    return this.#partOf[number]!
  }

  nextOf(number: number): number {
    return this.#nextOf[number]!
  }

  setNext(number: number, next: number): void {
    this.#nextOf[number] = next
  }

  /** Number of the currency that its money is in. */
  currencyOf(number: number): number {
    return this.#currencyOf[number]!
  }

  setCurrency(number: number, currency: number): void {
    this.#currencyOf[number] = currency
  }

  sequenceOf(number: number): number {
    return this.#sequenceOf[number]!
  }

  /** A copy: a change of it reaches the columns by `setStanding`. */
  standingOf(number: number): Standing {
    const flags = this.#flagsOf[number]!
    const standing = newStanding(0)
    standing.episode = this.#episodeOf[number]!
    standing.sequence = this.#sequenceOf[number]!
    standing.level = this.#levelOf[number]!
    standing.open = (flags & OPEN) !== 0
    standing.unknown = (flags & UNKNOWN) !== 0
    standing.isForeign = (flags & FOREIGN) !== 0
    standing.saysFundingUnknown = (flags & SAYS_FUNDING_UNKNOWN) !== 0
    return standing
  }

  setStanding(number: number, standing: Standing): void {
    const { episode, sequence, level, open, unknown, isForeign, saysFundingUnknown } = standing
    this.#episodeOf[number] = episode
    this.#sequenceOf[number] = sequence
    this.#levelOf[number] = level
    this.#flagsOf[number] =
      (open ? OPEN : 0) +
      (unknown ? UNKNOWN : 0) +
      (isForeign ? FOREIGN : 0) +
      (saysFundingUnknown ? SAYS_FUNDING_UNKNOWN : 0)
  }
}
