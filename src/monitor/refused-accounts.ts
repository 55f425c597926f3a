import type { Account, VenueId } from '../domain/index.ts'
import { type FaultCode, PlimsollError } from '../errors.ts'
import { StoredTerms } from './stored-terms.ts'

const REFUSALS: ReadonlySet<FaultCode> = new Set(['SYMBOL_UNKNOWN', 'RULES_INVALID', 'ACCOUNT_UNSUPPORTED'])

/** Whether it is a fault of an account. Any other error is a bug and must not count as a refusal. */
export function isRefusal(error: unknown): error is PlimsollError {
  return error instanceof PlimsollError && REFUSALS.has(error.code)
}

/** A step takes some 50 µs. */
const LOOKS_A_STEP = 256

interface RefusedTerms {
  readonly venue: VenueId
  readonly address: number
  /** Redis lost the account after it was refused. */
  isLost: boolean
}

/**
 * Accounts whose newest terms cannot be used, no more than there are accounts. Terms that only the rules refuse are kept, so
 * that other rules can take them.
 */
export class RefusedAccounts {
  readonly #terms = new StoredTerms()
  /** By id, in the order of the refusals; null when the stored account cannot be read. */
  readonly #refused = new Map<string, RefusedTerms | null>()

  has(id: string): boolean {
    return this.#refused.has(id)
  }

  addUnreadable(id: string): void {
    this.delete(id)
    this.#refused.set(id, null)
  }

  addTerms(account: Account, isLost: boolean): void {
    this.delete(account.id)
    const { id, venue } = account
    this.#refused.set(id, { venue, address: this.#terms.add(account), isLost })
  }

  delete(id: string): void {
    const terms = this.#refused.get(id)
    if (terms) this.#terms.free(terms.address)
    this.#refused.delete(id)
  }

  lose(id: string): void {
    const terms = this.#refused.get(id)
    if (terms) terms.isLost = true
  }

  /** Ids of the accounts of the venue whose terms are kept. Each step looks at LOOKS_A_STEP refused accounts. */
  *stepsOf(venue: VenueId): Generator<readonly string[], void> {
    let ids: string[] = []
    let looks = 0
    for (const [id, terms] of this.#refused) {
      if (terms?.venue === venue) ids.push(id)
      if (++looks % LOOKS_A_STEP !== 0) continue
      yield ids
      ids = []
    }
    yield ids
  }

  /** The terms that the rules refused; undefined when none are kept. */
  termsOf(id: string): { readonly account: Account; readonly isLost: boolean } | undefined {
    const terms = this.#refused.get(id)
    if (!terms) return undefined
    const { venue, address, isLost } = terms
    return { account: this.#terms.read({ id, venue }, address), isLost }
  }
}
