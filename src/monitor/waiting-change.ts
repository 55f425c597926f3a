import type { AccountChange } from '../domain/index.ts'

/**
 * A change of the stored book; `absent`: an account with published history that the book does not hold; `other-rules`: an
 * account that the rules refused, for whose venue others are in force.
 */
export type Change = AccountChange | { readonly kind: 'absent' | 'other-rules'; readonly id: string }

export interface WaitingChange {
  readonly change: Change
  /** Redis lost the account after the change. */
  readonly isLost: boolean
}
