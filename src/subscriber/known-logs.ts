/** Most logs that are remembered, so that a job of an older log is not taken for a new start. */
const LOGS_MAX = 64

/** A log of events that is new to this subscription. */
export interface StartedLog {
  readonly logId: string
  /** The log before it; undefined for the first log of this process. */
  readonly previous: string | undefined
}

/** The logs of events from which jobs came. */
export class KnownLogs {
  readonly #known = new Set<string>()
  #latest: string | undefined

  /** The log if it is new, undefined if it is known. */
  meet(logId: string): StartedLog | undefined {
    if (this.#known.has(logId)) return undefined
    const previous = this.#latest
    this.#latest = logId
    this.#known.add(logId)
    for (const oldest of this.#known) {
      if (this.#known.size <= LOGS_MAX) break
      this.#known.delete(oldest)
    }
    return { logId, previous }
  }
}
