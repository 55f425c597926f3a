import { type AccountChange, counted } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { NumberedTexts, withRoom } from '../memory/index.ts'
import type { StoredChange } from './changes.ts'

type MissingChange = Extract<AccountChange, { kind: 'removed' | 'lost' }>

/** Stands for the version of an account that Redis does not have, or that cannot be read. */
const NO_VERSION = -1
/** Ids that the message of a loss names; more are counted. */
const NAMED_MAX = 5

/** The versions of accounts, without a JavaScript object an account: a worker holds millions. */
class HeldVersions {
  readonly #ids = new NumberedTexts()
  /** By the number of the id. */
  #versions = new Float64Array()

  get size(): number {
    return this.#ids.size
  }

  has(id: string): boolean {
    return this.#ids.find(id) >= 0
  }

  /** NO_VERSION also for an account that is not held. */
  get(id: string): number {
    const number = this.#ids.find(id)
    return number < 0 ? NO_VERSION : this.#versions[number]!
  }

  set(id: string, version: number): void {
    const number = this.#ids.add(id)
    this.#versions = withRoom(this.#versions, number)
    this.#versions[number] = version
  }

  delete(id: string): void {
    const number = this.#ids.find(id)
    if (number >= 0) this.#ids.remove(number)
  }

  /** All ids. An id that is set meanwhile may be missing. */
  *ids(): Generator<string> {
    for (let number = 0; number < this.#ids.numbers; number++)
      if (this.#ids.has(number)) yield this.#ids.textOf(number)
  }
}

/** The accounts that a follower has given to the worker, with their versions, and those of them that Redis has lost. */
export class HeldAccounts {
  readonly #versions = new HeldVersions()
  /** Lost account → the version that Redis held when the loss was found. */
  readonly #lost = new Map<string, number>()

  /** Number of held accounts that Redis should have. */
  get stored(): number {
    return this.#versions.size - this.#lost.size
  }

  has(id: string): boolean {
    return this.#versions.has(id)
  }

  /** Call with every change that is given to the worker. */
  note(change: AccountChange): void {
    if (change.kind === 'put') {
      this.#versions.set(change.account.id, change.account.version)
      this.#lost.delete(change.account.id)
      return
    }
    this.#lost.delete(change.id)
    if (change.kind === 'unreadable') this.#versions.set(change.id, NO_VERSION)
    else if (change.kind === 'removed') this.#versions.delete(change.id)
  }

  /** `written`: the accounts that were written since Redis went back; undefined when Redis did not go back. */
  compare(written: ReadonlySet<string> | undefined): Comparison {
    return new Comparison(this, this.#versions, this.#lost, written)
  }
}

/**
 * Compares the whole book in Redis with the held accounts. A comparison that is broken off leaves the held accounts complete,
 * so the next one finds the rest.
 */
class Comparison {
  readonly #held: HeldAccounts
  readonly #versions: HeldVersions
  readonly #lost: Map<string, number>
  readonly #written: ReadonlySet<string> | undefined
  readonly #found = new Set<string>()
  readonly #lostNow: string[] = []
  #older = 0

  constructor(
    held: HeldAccounts,
    versions: HeldVersions,
    lost: Map<string, number>,
    written: ReadonlySet<string> | undefined,
  ) {
    this.#held = held
    this.#versions = versions
    this.#lost = lost
    this.#written = written
  }

  hasFound(id: string): boolean {
    return this.#found.has(id)
  }

  /** The change to give to the worker for an account that Redis has; undefined when nothing is new. */
  found(stored: StoredChange): AccountChange | undefined {
    const id = stored.kind === 'put' ? stored.account.id : stored.id
    this.#found.add(id)
    const version = stored.kind === 'put' ? stored.account.version : NO_VERSION
    const heldVersion = this.#versions.get(id)
    const isOlder = stored.kind === 'put' && version < heldVersion
    if (isOlder && this.#isLost(id, version)) return this.#lose(id, version)
    this.#held.note(stored)
    return stored
  }

  /** Call at the end. Gives the changes for held accounts that Redis does not have. */
  *missing(): Generator<MissingChange> {
    for (const id of this.#versions.ids()) {
      if (this.#found.has(id)) continue
      if (this.#isLost(id, NO_VERSION)) {
        const lost = this.#lose(id, NO_VERSION)
        if (lost !== undefined) yield lost
      } else {
        const removed = { kind: 'removed', id, version: 0 } as const
        this.#held.note(removed)
        yield removed
      }
    }
  }

  /** What Redis lost, in one line; undefined when it lost nothing. */
  loss(): PlimsollError | undefined {
    const count = this.#lostNow.length
    if (count === 0) return undefined
    const more = count > NAMED_MAX ? ` and ${count - NAMED_MAX} more` : ''
    return new PlimsollError(
      'BOOK_LOST',
      `Redis went back and lost ${counted(count, 'account that is', 'accounts that are')} watched ` +
        `(${counted(count - this.#older, 'is', 'are')} gone, ${counted(this.#older, 'is', 'are')} stored in an older version): ${this.#lostNow.slice(0, NAMED_MAX).join(', ')}${more}. They stay watched on the ` +
        'terms held in memory until the worker ends. Import them again, or restore Redis from a backup and import what is newer',
    )
  }

  /** Whether Redis has this older version of the account because it went back, and not because a user wrote it. */
  #isLost(id: string, version: number): boolean {
    if (this.#written !== undefined) return !this.#written.has(id)
    return this.#lost.get(id) === version
  }

  #lose(id: string, version: number): MissingChange | undefined {
    const isKnown = this.#lost.has(id)
    this.#lost.set(id, version)
    if (isKnown) return undefined
    this.#lostNow.push(id)
    if (version !== NO_VERSION) this.#older++
    return { kind: 'lost', id }
  }
}
