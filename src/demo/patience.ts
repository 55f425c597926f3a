import type { Clock } from '../domain/index.ts'
import { sleep } from '../system/index.ts'

/** Reading the counters of a worker costs it time. */
const POLL_MS = 100

/** How long something is waited for. */
export interface Patience {
  /** Longest time without progress. */
  readonly idleMs: number
  /** Longest time in all. */
  readonly totalMs: number
}

/** Waits until it is done, as long as it makes progress: `progress` gives another number then. False when it is not done. */
export async function waitWith(
  { idleMs, totalMs }: Patience,
  clock: Clock,
  isDone: () => boolean,
  progress: () => number,
): Promise<boolean> {
  const startMs = clock.monotonicMs()
  let last = progress()
  let movedMs = startMs
  while (!isDone()) {
    const nowMs = clock.monotonicMs()
    const next = progress()
    if (next !== last) movedMs = nowMs
    last = next
    if (nowMs - movedMs >= idleMs || nowMs - startMs >= totalMs) return false
    await sleep(clock, POLL_MS)
  }
  return true
}
