import type { Account } from './account.ts'

/**
 * One change of the stored book, in the order in which it was written. `unreadable`: an account was written that cannot
 * be read, so its earlier terms no longer hold. `lost`: Redis went back in time and has no version of the account, or an
 * older one; nobody removed it.
 */
export type AccountChange =
  | { readonly kind: 'put'; readonly account: Account }
  | { readonly kind: 'removed'; readonly id: string; readonly version: number }
  | { readonly kind: 'unreadable'; readonly id: string; readonly error: Error }
  | { readonly kind: 'lost'; readonly id: string }

/** What the worker needs of the stored book. */
export interface AccountSource {
  /** Calls `put` for every stored account; a stored account that no longer parses goes to `refused`. */
  load(put: (account: Account) => void, refused: (id: string, error: Error) => void): Promise<void>
  /**
   * Follows the changes from the position that `load` read first, in order, until `stop`. `failed` gets what
   * concerns no single account: an outage, a change without an account id, a Redis that went back.
   */
  follow(apply: (change: AccountChange) => void, failed: (error: Error) => void): void
  stop(): Promise<void>
}
