import type { Clock, Random } from '../domain/index.ts'

/** Connects a second on average, and at once. Bybit bans after 500 in 5 minutes, Binance after fewer. */
export const CONNECTS_PER_SECOND_MAX = 1
export const CONNECT_BURST_MAX = 5

/** Shared by all feeds of a venue, so that their reconnects after an outage do not come as a storm. */
export interface ConnectBudget {
  /** Reserves one connect. Returns the wait before it in milliseconds. */
  reserve(): number
  /** Takes one connect if it may come at once. */
  tryReserve(): boolean
}

/** A token bucket on the monotonic clock. Reservations beyond the burst queue up, one a second. */
export function connectBudget(clock: Clock): ConnectBudget {
  let tokens = CONNECT_BURST_MAX
  let countedAtMs = clock.monotonicMs()
  const earn = () => {
    const nowMs = clock.monotonicMs()
    tokens = Math.min(CONNECT_BURST_MAX, tokens + ((nowMs - countedAtMs) / 1_000) * CONNECTS_PER_SECOND_MAX)
    countedAtMs = nowMs
  }
  return {
    reserve() {
      earn()
      tokens--
      return tokens >= 0 ? 0 : (-tokens / CONNECTS_PER_SECOND_MAX) * 1_000
    },
    tryReserve() {
      earn()
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}

/** Full jitter: a random delay between 0 and base·2^attempt, at most the cap. `attempt` counts from 0. */
export function jitteredDelayMs(attempt: number, baseMs: number, capMs: number, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt)
}
