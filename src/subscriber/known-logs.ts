/** Logs that are known, so that jobs of an older one do not count as another start. */
const LOGS_MAX = 64

/** A log of events that this subscription meets for the first time. */
export interface StartedLog {
  readonly logId: string
  /** The log that was met before; undefined for the first one of this process. */
  readonly previous: string | undefined
}

/** The logs of events that jobs came from. */
export class KnownLogs {
  readonly #known = new Set<string>()
  #latest: string | undefined

  /** The log as a new one, or undefined where it is known. */
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
