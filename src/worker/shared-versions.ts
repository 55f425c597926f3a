import type { AccountVersion } from '../domain/index.ts'

type Versions = ReadonlyMap<string, readonly AccountVersion[]>

/**
 * The terms of changed accounts for many gaps at once, which an outage of a venue leaves: they are read one time after the other, and
 * all that ask during one read share the next, since the earliest of their times. So a hundred gaps hold few copies of them.
 */
export class SharedVersions {
  readonly #read: (sinceMs: number) => Promise<Versions>
  #last: Promise<unknown> = Promise.resolve()
  #next: { sinceMs: number; readonly versions: Promise<Versions> } | undefined

  /** `read` gives the terms of each account that has changed since a time, Unix milliseconds. */
  constructor(read: (sinceMs: number) => Promise<Versions>) {
    this.#read = read
  }

  /** The terms since that time or an earlier one, with every change that Redis has now. */
  since(sinceMs: number): Promise<Versions> {
    if (this.#next !== undefined) {
      this.#next.sinceMs = Math.min(this.#next.sinceMs, sinceMs)
      return this.#next.versions
    }
    const versions = this.#last.then(() => {
      const { sinceMs: earliestMs } = this.#next!
      this.#next = undefined
      return this.#read(earliestMs)
    })
    this.#next = { sinceMs, versions }
    // The next read begins whatever becomes of this one, which its callers hear of.
    this.#last = versions.catch(() => undefined)
    return versions
  }
}
