import type { Clock } from '../domain/index.ts'

/** Runs every deferred callback inside `guard`: a deferred callback has no caller to throw to. */
export function guardedClock(clock: Clock, guard: (action: () => void) => void): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs, () => guard(callback)),
    nextTurn: (callback) => clock.nextTurn(() => guard(callback)),
  }
}
