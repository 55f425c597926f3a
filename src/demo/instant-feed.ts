import type { Clock } from '../domain/index.ts'
import type { InstantTick } from './referee/referee.ts'

/** Pause between two batches of instants to the referee. */
const SEND_EVERY_MS = 50

/** Sends the worker's instants to the referee in batches, in order. */
export interface InstantFeed {
  add(instant: readonly InstantTick[]): void
  /** Sends the waiting instants at once. */
  flush(): void
  stop(): void
}

export function createInstantFeed(
  clock: Clock,
  send: (instants: readonly (readonly InstantTick[])[]) => void,
): InstantFeed {
  let waiting: (readonly InstantTick[])[] = []
  let cancel = (): void => {}
  const flush = (): void => {
    if (waiting.length === 0) return
    send(waiting)
    waiting = []
  }
  const round = (): void => {
    flush()
    cancel = clock.after(SEND_EVERY_MS, round)
  }
  round()
  return { add: (instant) => void waiting.push(instant), flush, stop: () => cancel() }
}
