import type { Clock } from '../domain/index.ts'

/** Calls the action again and again, with `delayMs` between the end of one call and the next. The returned function ends it. */
export function every(clock: Clock, delayMs: number, action: () => void): () => void {
  const again = () => {
    action()
    cancel = clock.after(delayMs, again)
  }
  let cancel = clock.after(delayMs, again)
  return () => cancel()
}
