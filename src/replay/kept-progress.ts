import { type EventRecord, type OpenRevision, type Progress, revisionSubject } from '../domain/index.ts'
import type { Monitor } from '../monitor/index.ts'

/** What the worker that starts next knows of published events, as the event log keeps it. */
export class KeptProgress {
  readonly #bySubject = new Map<string, Progress>()
  readonly #openRevisions = new Map<string, OpenRevision>()
  #sequenceFloor = 0

  /** The highest sequence among subjects of which nothing is kept any more. */
  get sequenceFloor(): number {
    return this.#sequenceFloor
  }

  add({ event, subject, progress, openRevision }: EventRecord): void {
    if (openRevision !== undefined) this.#openRevisions.set(revisionSubject(openRevision.id), openRevision)
    if (progress !== null) {
      this.#bySubject.set(subject, progress)
      return
    }
    this.#bySubject.delete(subject)
    this.#openRevisions.delete(subject)
    this.#sequenceFloor = Math.max(this.#sequenceFloor, event.sequence)
  }

  restore(
    monitor: Pick<Monitor, 'restoreMarginAccount' | 'restoreMarket' | 'restoreVenue' | 'restoreRevision'>,
  ): void {
    for (const [subject, progress] of this.#bySubject) {
      if ('symbol' in progress) monitor.restoreMarket(progress)
      else if ('anomalySinceMs' in progress) monitor.restoreVenue(progress)
      else monitor.restoreMarginAccount(subject, progress)
    }
    for (const open of this.#openRevisions.values()) monitor.restoreRevision(open)
  }
}
