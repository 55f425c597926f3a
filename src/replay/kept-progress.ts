import type { EventRecord, MarginAccountProgress, MarketProgress } from '../domain/index.ts'
import type { Monitor } from '../monitor/index.ts'

/** What the worker that starts next knows of published events, as the event log keeps it. */
export class KeptProgress {
  readonly #bySubject = new Map<string, MarginAccountProgress | MarketProgress>()
  #sequenceFloor = 0

  /** The highest sequence among subjects of which nothing is kept any more. */
  get sequenceFloor(): number {
    return this.#sequenceFloor
  }

  add({ event, subject, progress }: EventRecord): void {
    if (progress !== null) {
      this.#bySubject.set(subject, progress)
      return
    }
    this.#bySubject.delete(subject)
    this.#sequenceFloor = Math.max(this.#sequenceFloor, event.sequence)
  }

  restore(monitor: Pick<Monitor, 'restoreMarginAccount' | 'restoreMarket'>): void {
    for (const [subject, progress] of this.#bySubject) {
      if ('symbol' in progress) monitor.restoreMarket(progress)
      else monitor.restoreMarginAccount(subject, progress)
    }
  }
}
