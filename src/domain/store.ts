import { ACCOUNT_VERSION_MAX, type Account } from './account.ts'

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

/** Accounts in one call of `putMany`: Redis serves nobody else while it runs, about 10 µs an account. */
export const BATCH_ACCOUNTS_MAX = 500

export interface AccountWrite {
  readonly account: Account
  /**
   * `stated` (default): the account's version must be above the stored one. `next`: one above the stored
   * version, whatever it is. `force`: the account's version, or one above the stored one if that is higher.
   * All three are a conflict when the stored version is ACCOUNT_VERSION_MAX.
   */
  readonly version?: 'stated' | 'next' | 'force'
}

/** `written`: the version under which the account is stored now. `conflict`: the stored version that refused the write. */
export type WriteResult = { readonly written: number } | { readonly conflict: number }

/** The message of a conflict when no version is above the stored one. */
export const LAST_VERSION_RULE = `the stored version ${ACCOUNT_VERSION_MAX} is the last one; remove the account, then write it`

/** What an import needs of the stored book. */
export interface AccountWriter {
  /**
   * At most BATCH_ACCOUNTS_MAX, written as one: all reach Redis or none, conflicts apart. Results in order.
   * @throws PlimsollError ACCOUNT_INVALID for a stated version above ACCOUNT_VERSION_STATED_MAX; nothing is written.
   */
  putMany(writes: readonly AccountWrite[]): Promise<WriteResult[]>
}
