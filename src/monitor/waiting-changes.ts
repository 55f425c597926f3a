import type { AccountChange } from '../domain/index.ts'

/**
 * A change of the stored book; `absent`: an account with published history that the book does not hold; `other-rules`: an
 * account that the rules refused, for whose venue others are in force.
 */
export type Change = AccountChange | { readonly kind: 'absent' | 'other-rules'; readonly id: string }

export function idOf(change: Change): string {
  return change.kind === 'put' ? change.account.id : change.id
}

interface WaitingChange {
  readonly change: Change
  /** Redis lost the account after the change. */
  readonly isLost: boolean
}

/** Changes that are not applied yet: the last one of each account, so no more than there are accounts. */
export class WaitingChanges {
  readonly #waiting = new Map<string, WaitingChange>()
  /** Refused accounts that do not wait for other rules yet, in steps. By venue, so no more than there are venues. */
  readonly #refused = new Map<string, Iterator<readonly string[]>>()

  get size(): number {
    return this.#waiting.size
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  push(change: Change): void {
    const id = idOf(change)
    const waiting = this.#waiting.get(id)
    if (change.kind === 'lost' && waiting !== undefined) {
      // An account that was put stays under watch on the terms that wait; one that was removed has nothing to lose.
      this.#waiting.set(id, { change: waiting.change, isLost: true })
      return
    }
    // Deleted first, so that the newest change of an account waits behind all earlier ones.
    this.#waiting.delete(id)
    this.#waiting.set(id, { change, isLost: false })
  }

  /** The venue has other rules: its refused accounts, which the caller finds in steps, wait to be put again. */
  pushRefused(venue: string, steps: Iterator<readonly string[]>): void {
    this.#refused.set(venue, steps)
    this.queueRefused(() => true)
  }

  /** Lets the refused accounts of `pushRefused` wait, at least one step. False if `isOver` ended it before all of them wait. */
  queueRefused(isOver: () => boolean): boolean {
    for (const [venue, steps] of this.#refused) {
      for (let step = steps.next(); step.done !== true; step = steps.next()) {
        for (const id of step.value) this.#queueOtherRules(id)
        if (isOver()) return false
      }
      this.#refused.delete(venue)
    }
    return true
  }

  /** Takes the changes out, in order, as long as the caller iterates. */
  *take(): Generator<WaitingChange> {
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.delete(id)
      yield waiting
    }
  }

  #queueOtherRules(id: string): void {
    const waiting = this.#waiting.get(id)
    const kind = waiting?.change.kind
    // `absent` and `lost` have no terms: those that the rules refused are put in their place, and lost again after a `lost`.
    if (kind !== undefined && kind !== 'absent' && kind !== 'lost') return
    const isLost = kind === 'lost' || waiting?.isLost === true
    this.#waiting.set(id, { change: { kind: 'other-rules', id }, isLost })
  }
}
