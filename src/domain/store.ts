import type { Account } from './account.ts'

/** One change of the stored book, in the order in which it was written. */
export type AccountChange =
  | { readonly kind: 'put'; readonly account: Account }
  | { readonly kind: 'removed'; readonly id: string; readonly version: number }
  /** What is stored of the account cannot be read, so that the terms held before may be wrong. */
  | { readonly kind: 'unreadable'; readonly id: string; readonly error: Error }
  /** Redis went back and has the account no longer, or in an older version. Nobody closed it: the terms held before are the best known. */
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
