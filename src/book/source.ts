import type { Account, AccountChange, AccountSource, Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { changeOf, type Entry, isBefore, newestPosition, readChanges, STREAM_START } from './changes.ts'
import { type BookKeys, type BookRedis, parseStored } from './store.ts'

/** Asked of one HSCAN; Redis may give somewhat more. */
const SCAN_ACCOUNTS = 1_000
/** One wait for a change. Short, because `stop` waits for it. */
const BLOCK_MS = 100
/** Before the connection is tried again after it failed. */
const RETRY_DELAY_MS = 100
/** Between two loads of the whole book by a follower, however many gaps it meets. */
const RELOAD_INTERVAL_MS = 1_000
/** `stop` waits this long for a Redis that does not answer, then leaves the wait to its time limit. */
const STOP_TIMEOUT_MS = 2_000

export interface AccountSourceOptions {
  /** For the snapshot. */
  readonly redis: BookRedis
  /** A connection of its own, on which the follower waits. */
  readonly followerRedis: BookRedis
  readonly keys: BookKeys
  readonly clock: Clock
}

/**
 * The stored book for a worker: `load` gives a snapshot, `follow` every change since, in order.
 *
 * Changes made while the snapshot was read are reduced to the last one of each account before they are
 * applied, so nobody sees an account go back. A gap (more than CHANGES_LENGTH_MAX changes behind, a Redis that
 * lost its last writes, a deleted stream) is noticed and answered by loading the book again: every stored
 * account is put, every account that is gone is removed.
 *
 * `failed` is told of each change that cannot be read (it is skipped) and once of each outage of Redis; the
 * follower goes on by itself.
 */
export function createAccountSource(options: AccountSourceOptions): AccountSource {
  return new RedisAccountSource(options)
}

type Apply = (change: AccountChange) => void
type Failed = (error: Error) => void

class RedisAccountSource implements AccountSource {
  readonly #redis: BookRedis
  readonly #followerRedis: BookRedis
  readonly #keys: BookKeys
  readonly #clock: Clock
  /** Accounts that were put and not removed: what a reload must remove if it is gone. */
  #known = new Set<string>()
  /** Changes up to here have been applied. */
  #position = STREAM_START
  /** Changes up to here were made while the snapshot was read. */
  #overlapEnd = STREAM_START
  #reloadedMs = Number.NEGATIVE_INFINITY
  #inOutage = false
  /** What `apply` threw: not ours to survive. */
  #bug: unknown
  #stopped = false
  #following: Promise<void> = Promise.resolve()

  constructor(options: AccountSourceOptions) {
    this.#redis = options.redis
    this.#followerRedis = options.followerRedis
    this.#keys = options.keys
    this.#clock = options.clock
  }

  async load(put: (account: Account) => void, refused: (id: string, error: Error) => void): Promise<void> {
    const position = await newestPosition(this.#redis, this.#keys.changes)
    const known = new Set<string>()
    await this.#scan((id, stored) => {
      if (known.has(id)) return
      known.add(id)
      const account = attempt(
        () => parseStored(id, stored),
        (error) => refused(id, error),
      )
      if (account !== undefined) put(account)
    })
    this.#overlapEnd = await newestPosition(this.#redis, this.#keys.changes)
    this.#position = position
    this.#known = known
  }

  follow(apply: Apply, failed: Failed): void {
    this.#following = this.#run((change) => {
      try {
        apply(change)
      } catch (error) {
        this.#bug = error
        throw error
      }
    }, failed)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    let cancel = () => {}
    const limit = new Promise<void>((resolve) => {
      cancel = this.#clock.after(STOP_TIMEOUT_MS, resolve)
    })
    await Promise.race([this.#following, limit]).finally(() => cancel())
  }

  async #run(apply: Apply, failed: Failed): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!(await this.#step(apply, failed))) await this.#reload(apply, failed)
      } catch (error) {
        if (error === this.#bug) throw error
        if (this.#stopped) return
        this.#reportOutage(error, failed)
        await this.#delay(RETRY_DELAY_MS)
      }
    }
  }

  /** Applies what comes next; false when changes between here and there are gone. */
  async #step(apply: Apply, failed: Failed): Promise<boolean> {
    const entries = isBefore(this.#position, this.#overlapEnd)
      ? await this.#readOverlap()
      : await this.#read(this.#position, BLOCK_MS)
    if (entries === undefined) return false
    if (entries.length === 0 && (await this.#wentBack())) return false
    this.#inOutage = false
    if (this.#stopped) return true
    for (const entry of entries) this.#apply(entry, apply, failed)
    this.#position = entries.at(-1)?.position ?? this.#position
    return true
  }

  /** Whether the stream ends before what was applied: Redis lost its last writes, or the stream was deleted. */
  async #wentBack(): Promise<boolean> {
    return isBefore(await newestPosition(this.#followerRedis, this.#keys.changes), this.#position)
  }

  /** undefined when changes between `position` and the next entry are gone. */
  async #read(position: string, blockMs: number): Promise<Entry[] | undefined> {
    const entries = await readChanges(this.#followerRedis, this.#keys.changes, position, blockMs)
    return followOn(position, entries) ? entries : undefined
  }

  /** The last change of each account up to the end of the overlap; undefined when some are gone. */
  async #readOverlap(): Promise<Entry[] | undefined> {
    const lastOfAccount = new Map<string | undefined, Entry>()
    let position = this.#position
    while (isBefore(position, this.#overlapEnd)) {
      const entries = await this.#read(position, 0)
      const last = entries?.at(-1)
      if (entries === undefined || last === undefined) return undefined
      for (const entry of entries) {
        const id = entry.fields.get('id')
        // Taken out first, so that the map stays in the order of the stream and ends with its newest entry.
        lastOfAccount.delete(id)
        lastOfAccount.set(id, entry)
      }
      position = last.position
    }
    return [...lastOfAccount.values()]
  }

  #apply(entry: Entry, apply: Apply, failed: Failed): void {
    const change = attempt(() => changeOf(entry), failed)
    if (change === undefined) return
    if (change.kind === 'put') this.#known.add(change.account.id)
    else this.#known.delete(change.id)
    apply(change)
  }

  async #reload(apply: Apply, failed: Failed): Promise<void> {
    const waitMs = this.#reloadedMs + RELOAD_INTERVAL_MS - this.#clock.monotonicMs()
    if (waitMs > 0) await this.#delay(waitMs)
    if (this.#stopped) return
    const before = this.#known
    await this.load(
      (account) => {
        // Into the old set: a load that breaks off here must not leave accounts that no later one removes.
        before.add(account.id)
        apply({ kind: 'put', account })
      },
      (_id, error) => failed(error),
    )
    for (const id of before) {
      if (!this.#known.has(id)) apply({ kind: 'removed', id, version: 0 })
    }
    this.#reloadedMs = this.#clock.monotonicMs()
  }

  async #scan(found: (id: string, stored: string) => void): Promise<void> {
    let cursor = '0'
    do {
      const [next, list] = (await this.#redis.call(
        'HSCAN',
        this.#keys.accounts,
        cursor,
        'COUNT',
        SCAN_ACCOUNTS,
      )) as [string, string[]]
      for (let index = 0; index + 1 < list.length; index += 2) found(list[index] ?? '', list[index + 1] ?? '')
      cursor = next
    } while (cursor !== '0')
  }

  #reportOutage(error: unknown, failed: Failed): void {
    if (this.#inOutage) return
    this.#inOutage = true
    const reason = error instanceof Error ? error.message : String(error)
    failed(
      new PlimsollError('REDIS_UNAVAILABLE', `changes of accounts cannot be followed: ${reason}`, {
        cause: error,
      }),
    )
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve))
  }
}

/** Whether nothing is missing between `position` and the entries, nor among them. */
function followOn(position: string, entries: readonly Entry[]): boolean {
  return entries.every((entry, index) => entry.previous === (entries[index - 1]?.position ?? position))
}

function attempt<T>(action: () => T, failed: (error: Error) => void): T | undefined {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    failed(error)
    return undefined
  }
}
