import type { Clock } from '../domain/index.ts'

/** The clock for work that is put off to a later turn, where no caller could be told of a fault: `guard` runs it. */
export function guardedClock(clock: Clock, guard: (action: () => void) => void): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs, () => guard(callback)),
    nextTurn: (callback) => clock.nextTurn(() => guard(callback)),
  }
}
