import type { Clock, Random } from '../domain/index.ts'

/** Connects a second on average, and at once. Bybit bans after 500 in 5 minutes, Binance after fewer. */
export const CONNECTS_PER_SECOND_MAX = 1
export const CONNECT_BURST_MAX = 5

/** So long after the last attempt that failed, several may come at once again. Longer than any pause of a feed that fails. */
export const CALM_AFTER_MS = 60_000

/** Shared by all feeds of a venue, so that their reconnects after an outage do not come as a storm. */
export interface ConnectBudget {
  /** Reserves one connect. Returns the wait before it in milliseconds. */
  reserve(): number
  /** Takes one connect if it may come at once. */
  tryReserve(): boolean
  /** An attempt was closed or refused, or brought no price, or was lost soon: the next ones come a second apart. */
  failed(): void
}

/**
 * A token bucket on the monotonic clock. Reservations beyond the burst queue up, one a second. While attempts fail there is no burst:
 * each reservation is for a second after the one before, at the earliest.
 */
export function connectBudget(clock: Clock): ConnectBudget {
  let tokens = CONNECT_BURST_MAX
  let countedAtMs = clock.monotonicMs()
  let lastConnectMs = Number.NEGATIVE_INFINITY
  let failedAtMs = Number.NEGATIVE_INFINITY
  const earn = (nowMs: number) => {
    tokens = Math.min(CONNECT_BURST_MAX, tokens + ((nowMs - countedAtMs) / 1_000) * CONNECTS_PER_SECOND_MAX)
    countedAtMs = nowMs
  }
  /** The wait for the next connect, which takes no token. */
  const waitMs = (nowMs: number): number => {
    earn(nowMs)
    const bucketMs = Math.max(0, ((1 - tokens) / CONNECTS_PER_SECOND_MAX) * 1_000)
    if (nowMs - failedAtMs >= CALM_AFTER_MS) return bucketMs
    return Math.max(bucketMs, lastConnectMs + 1_000 / CONNECTS_PER_SECOND_MAX - nowMs)
  }
  const take = (connectMs: number) => {
    tokens--
    lastConnectMs = Math.max(lastConnectMs, connectMs)
  }
  return {
    reserve() {
      const nowMs = clock.monotonicMs()
      const wait = waitMs(nowMs)
      take(nowMs + wait)
      return wait
    },
    tryReserve() {
      const nowMs = clock.monotonicMs()
      if (waitMs(nowMs) > 0) return false
      take(nowMs)
      return true
    },
    failed() {
      failedAtMs = clock.monotonicMs()
    },
  }
}

/** Full jitter: a random delay between 0 and base·2^attempt, at most the cap. `attempt` counts from 0. */
export function jitteredDelayMs(attempt: number, baseMs: number, capMs: number, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt)
}
