import type { Clock } from '../domain/index.ts'

/** Calls the action again and again, so long after the call before it has ended. Returns what ends it. */
export function every(clock: Clock, delayMs: number, action: () => void): () => void {
  const again = () => {
    action()
    cancel = clock.after(delayMs, again)
  }
  let cancel = clock.after(delayMs, again)
  return () => cancel()
}
