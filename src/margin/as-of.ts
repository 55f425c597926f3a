// Whether the time at which an account says that its balances were true can be one.
import type { Account, AccountFault } from '../domain/index.ts'

/** How far `asOfMs` may be ahead of our clock: as far as the clocks of a venue and of this machine may differ, milliseconds. */
export const AS_OF_AHEAD_MAX_MS = 60_000

/** Whether nobody can know yet which payments the balances hold. */
export function isAsOfAhead({ asOfMs }: Pick<Account, 'asOfMs'>, nowMs: number): boolean {
  return asOfMs !== undefined && asOfMs > nowMs + AS_OF_AHEAD_MAX_MS
}

/** The fault of an account whose balances are stated for a time to come: payments up to it would not be charged. */
export function asOfFaultsOf(account: Pick<Account, 'asOfMs'>, nowMs: number): readonly AccountFault[] {
  if (!isAsOfAhead(account, nowMs)) return []
  const rule = `must be at most ${AS_OF_AHEAD_MAX_MS / 1_000} s after the present time, ${nowMs}: no payment before it would be charged`
  return [{ code: 'ACCOUNT_INVALID', path: ['asOfMs'], rule }]
}
