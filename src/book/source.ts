import {
  type Account,
  type AccountChange,
  type AccountSource,
  type Clock,
  EMPTY_STREAM,
  isEarlierId,
  type VenueNames,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { newestStreamId, type RedisCommands, type StreamEntry } from '../redis/index.ts'
import { Slices, sleep, waitAtMost } from '../system/index.ts'
import { changeOf, type Gap, gapIn, readChanges, type StoredChange, storedChange } from './changes.ts'
import { HeldAccounts } from './held.ts'
import type { BookKeys } from './keys.ts'
import { ReplySize } from './reply-size.ts'
import { scanAccounts } from './scan.ts'
import { type ReadStored, storedReader } from './stored.ts'

/** The longest wait for a change. Short, because `stop` waits for it. */
const BLOCK_MS = 100
/** The wait after a failed command. */
const RETRY_DELAY_MS = 100
/** The least time between two loads of the whole book, however many gaps come. */
const RELOAD_INTERVAL_MS = 1_000
/** `stop` waits so long for a Redis that does not answer; then it returns while the last command still waits. */
const STOP_TIMEOUT_MS = 2_000

export interface AccountSourceOptions {
  /** For the snapshot. */
  readonly redis: RedisCommands
  /** A connection of its own, on which the follower waits. */
  readonly followerRedis: RedisCommands
  readonly keys: BookKeys
  readonly venues: VenueNames
  readonly clock: Clock
}

/**
 * The stored book for a worker: `load` gives a snapshot, `follow` every later change, in order. Both work in slices of
 * SLICE_MS.
 *
 * Of the changes that were made while the snapshot was read, only the last one of each account is applied, so no account
 * goes back to an earlier version. The follower notices a gap in the stream and loads the book again:
 * - Redis trimmed the stream because the follower is more than CHANGES_LENGTH_MAX changes behind: every stored account is
 *   put, every account that is gone is removed.
 * - Redis went back (a power loss, FLUSHALL, a deleted key, an older backup): every stored account is put; those that are
 *   gone, or stored in an older version, are `lost`. `failed` gets their number once (BOOK_LOST). Changes written after Redis
 *   went back are applied as any others.
 *
 * `failed` also gets each change that names no account, which is skipped, and one error an outage of Redis, after which the
 * follower continues.
 */
export function createAccountSource(options: AccountSourceOptions): AccountSource {
  return new RedisAccountSource(options)
}

type Apply = (change: AccountChange) => void
type Failed = (error: Error) => void

class RedisAccountSource implements AccountSource {
  readonly #redis: RedisCommands
  readonly #followerRedis: RedisCommands
  readonly #keys: BookKeys
  readonly #parseStored: ReadStored
  readonly #clock: Clock
  readonly #slices: Slices
  readonly #changesSize = new ReplySize()
  readonly #held = new HeldAccounts()
  /** Changes up to here have been applied. */
  #position = EMPTY_STREAM
  /** Changes up to here were made while the snapshot was read. */
  #overlapEnd = EMPTY_STREAM
  #reloadedMs = Number.NEGATIVE_INFINITY
  #inOutage = false
  /** What `apply` threw. It is a bug of the worker, so it ends the follower. */
  #bug: unknown
  #stopped = false
  #following: Promise<void> = Promise.resolve()

  constructor(options: AccountSourceOptions) {
    this.#redis = options.redis
    this.#followerRedis = options.followerRedis
    this.#keys = options.keys
    this.#parseStored = storedReader(options.venues)
    this.#clock = options.clock
    this.#slices = new Slices(options.clock)
  }

  async load(put: (account: Account) => void, refused: (id: string, error: Error) => void): Promise<void> {
    const position = await newestStreamId(this.#redis, this.#keys.changes)
    const isRead = (id: string) => this.#held.has(id)
    await this.#scan(isRead, (change) => {
      this.#held.note(change)
      if (change.kind === 'put') put(change.account)
      else refused(change.id, change.error)
    })
    await this.#endSnapshot(position)
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
    await waitAtMost(this.#clock, this.#following, STOP_TIMEOUT_MS)
  }

  async #run(apply: Apply, failed: Failed): Promise<void> {
    while (!this.#stopped) {
      try {
        const gap = await this.#step(apply, failed)
        if (gap !== undefined) await this.#reload(gap, apply, failed)
      } catch (error) {
        if (error === this.#bug) throw error
        if (this.#stopped) return
        this.#reportOutage(error, failed)
        await sleep(this.#clock, RETRY_DELAY_MS)
      }
    }
  }

  /** Applies the next changes. Returns the gap if changes before them are gone. */
  async #step(apply: Apply, failed: Failed): Promise<Gap | undefined> {
    const isInOverlap = isEarlierId(this.#position, this.#overlapEnd)
    const entries = isInOverlap ? await this.#readOverlap() : await this.#read(this.#position, BLOCK_MS)
    if (typeof entries === 'string') return entries
    if (entries.length === 0 && (await this.#wentBack())) return 'went-back'
    this.#inOutage = false
    this.#slices.begin()
    for (const entry of entries) {
      if (this.#stopped) return undefined
      this.#apply(entry, apply, failed)
      this.#position = entry.id
      if (this.#slices.isOver) await this.#slices.next()
    }
    return undefined
  }

  /** Whether Redis holds less than what was applied: the stream ends earlier, or the accounts are gone. */
  async #wentBack(): Promise<boolean> {
    const { accounts, changes } = this.#keys
    // In this order: if the last account is removed between the two, the newest position is beyond ours.
    const [exists, newest] = await Promise.all([
      this.#followerRedis.call('EXISTS', accounts),
      newestStreamId(this.#followerRedis, changes),
    ])
    if (isEarlierId(newest, this.#position)) return true
    return exists === 0 && newest === this.#position && this.#held.stored > 0
  }

  async #read(position: string, blockMs: number): Promise<readonly StreamEntry[] | Gap> {
    const entries = await readChanges(
      this.#followerRedis,
      this.#keys.changes,
      position,
      blockMs,
      this.#changesSize,
    )
    return gapIn(position, entries) ?? entries
  }

  /** The last change of each account up to the end of the overlap. */
  async #readOverlap(): Promise<readonly StreamEntry[] | Gap> {
    const lastOfAccount = new Map<string | undefined, StreamEntry>()
    let position = this.#position
    while (isEarlierId(position, this.#overlapEnd)) {
      const entries = await this.#read(position, 0)
      if (typeof entries === 'string') return entries
      const last = entries.at(-1)
      if (last === undefined) return 'went-back'
      for (const entry of entries) {
        const id = entry.fields.get('id')
        // Deleted first, so that the map keeps the order of the stream.
        lastOfAccount.delete(id)
        lastOfAccount.set(id, entry)
      }
      position = last.id
    }
    return [...lastOfAccount.values()]
  }

  #apply(entry: StreamEntry, apply: Apply, failed: Failed): void {
    let change: AccountChange
    try {
      change = changeOf(entry, this.#parseStored)
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      failed(error)
      return
    }
    this.#held.note(change)
    apply(change)
  }

  async #reload(gap: Gap, apply: Apply, failed: Failed): Promise<void> {
    const waitMs = this.#reloadedMs + RELOAD_INTERVAL_MS - this.#clock.monotonicMs()
    if (waitMs > 0) await sleep(this.#clock, waitMs)
    if (this.#stopped) return
    const position = await newestStreamId(this.#redis, this.#keys.changes)
    const written = gap === 'went-back' ? await this.#writtenSince(this.#position) : undefined
    const comparison = this.#held.compare(written)
    const isRead = (id: string) => this.#stopped || comparison.hasFound(id)
    await this.#scan(isRead, (stored) => {
      const change = comparison.found(stored)
      if (change !== undefined) apply(change)
    })
    for (const change of comparison.missing()) {
      if (this.#stopped) return
      apply(change)
      if (this.#slices.isOver) await this.#slices.next()
    }
    const loss = comparison.loss()
    if (loss !== undefined) failed(loss)
    await this.#endSnapshot(position)
    this.#reloadedMs = this.#clock.monotonicMs()
  }

  /** Accounts that were written after Redis went back. */
  async #writtenSince(position: string): Promise<Set<string>> {
    const ids = new Set<string>()
    let at = position
    for (;;) {
      const entries = await readChanges(this.#redis, this.#keys.changes, at, 0, this.#changesSize)
      const last = entries.at(-1)
      if (last === undefined) return ids
      for (const { fields } of entries) ids.add(fields.get('id') ?? '')
      at = last.id
    }
  }

  async #scan(isRead: (id: string) => boolean, found: (change: StoredChange) => void): Promise<void> {
    await scanAccounts(this.#redis, this.#keys.accounts, this.#slices, (id, stored) => {
      // Redis repeats accounts when it rebuilds the hash during the scan.
      if (!isRead(id)) found(storedChange(id, stored, this.#parseStored))
    })
  }

  /** `position` is where the stream ended before the first account was read. */
  async #endSnapshot(position: string): Promise<void> {
    this.#overlapEnd = await newestStreamId(this.#redis, this.#keys.changes)
    this.#position = position
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
}
