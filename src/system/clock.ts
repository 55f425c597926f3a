import type { Clock } from '../domain/index.ts'

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  nextTurn: (callback) => void setImmediate(callback),
}

/** Resolves after `delayMs` of the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve))
}

/** Resolves or rejects as the promise does; resolves after `limitMs` if that is earlier. */
export function atMost(clock: Clock, promise: Promise<void>, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, resolve)
    promise.then(resolve, reject).finally(cancel)
  })
}
