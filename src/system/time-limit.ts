import type { Clock } from '../domain/index.ts'

/**
 * Resolves or rejects as the promise does, if that is within `limitMs` of the clock. Otherwise resolves with what `atLimit`
 * returns, or rejects with what it throws; what the promise gives later is dropped, a rejection too.
 */
export function orAtLimit<T, L>(
  clock: Clock,
  promise: Promise<T>,
  limitMs: number,
  atLimit: () => L,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => {
      try {
        resolve(atLimit())
      } catch (error) {
        reject(error)
      }
    })
    promise.then(resolve, reject).finally(cancel)
  })
}

/** Waits until the promise is settled, at most `limitMs`. Rejects if the promise rejects within that time. */
export async function waitAtMost(clock: Clock, promise: Promise<unknown>, limitMs: number): Promise<void> {
  await orAtLimit(clock, promise, limitMs, () => undefined)
}
