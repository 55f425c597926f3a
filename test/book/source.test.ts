import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Book, createAccountSource, createBook } from '../../src/book/index.ts'
import { REPLY_BYTES_TARGET } from '../../src/book/reply-size.ts'
import type { Account, AccountChange, AccountSource } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import {
  closeRedis,
  connectRedis,
  keysOf,
  type RedisCommands,
  type RedisConnection,
} from '../../src/redis/index.ts'
import { sleep, systemClock } from '../../src/system/clock.ts'
import { SLICE_MS } from '../../src/system/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { testAccount } from '../support/accounts.ts'
import { storeAccounts } from '../support/book.ts'
import { TestClock } from '../support/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { testSeed } from '../support/seed.ts'
import { untilPasses } from '../support/until.ts'

const SEED = testSeed(25)

let server: TestRedis
let redis: RedisConnection
let followerRedis: RedisConnection
let book: Book
const keys = keysOf('source')
const connect = (role: 'command' | 'blocking') =>
  connectRedis({ url: server.url, role, clock: systemClock, random: () => 0.5 })

beforeAll(async () => {
  server = await startTestRedis()
  redis = await connect('command')
  followerRedis = await connect('blocking')
  book = createBook(redis, keys, VENUE_NAMES)
})
afterAll(async () => {
  await closeRedis(redis, systemClock)
  await closeRedis(followerRedis, systemClock)
  await server.stop()
})

/** A worker's view of the book. */
class View {
  readonly accounts = new Map<string, Account>()
  readonly applied: AccountChange[] = []
  readonly refused: string[] = []
  readonly failures: Error[] = []
  readonly source: AccountSource

  constructor() {
    this.source = createAccountSource({ redis, followerRedis, keys, venues: VENUE_NAMES, clock: systemClock })
  }

  async load(): Promise<void> {
    await this.source.load(
      (account) => void this.accounts.set(account.id, account),
      (id) => void this.refused.push(id),
    )
  }

  follow(): void {
    this.source.follow(
      (change) => {
        this.applied.push(change)
        if (change.kind === 'put') this.accounts.set(change.account.id, change.account)
        // What is lost stays watched; what cannot be read has no terms.
        else if (change.kind !== 'lost') this.accounts.delete(change.id)
      },
      (error) => void this.failures.push(error),
    )
  }

  versions(): Record<string, number> {
    return Object.fromEntries([...this.accounts.values()].map(({ id, version }) => [id, version]))
  }
}

async function stored(): Promise<Map<string, Account>> {
  const all = await redis.hgetall(keys.accounts)
  return new Map(Object.entries(all).map(([id, json]) => [id, JSON.parse(json) as Account]))
}

async function untilSame(view: View): Promise<void> {
  const expected = await stored()
  await untilPasses(() => expect(view.accounts).toEqual(expected))
}

let view: View
beforeEach(async () => {
  await redis.flushall()
  view = new View()
})
afterEach(() => view.source.stop())

describe('a follower of the book', () => {
  test('loads what is stored, more accounts than one scan gives', async () => {
    const accounts = Array.from({ length: 3_000 }, (_, index) => testAccount(`account-${index}`, 1))
    await storeAccounts(book, accounts)
    await view.load()
    expect(view.accounts).toEqual(await stored())
  })

  test('reports a stored account that does not parse, by id, and loads the others', async () => {
    await book.put(testAccount('good', 1))
    await redis.hset(keys.accounts, 'broken', '{"id":')
    await view.load()
    expect(view.refused).toEqual(['broken'])
    expect([...view.accounts.keys()]).toEqual(['good'])
  })

  test('applies every change in the order of its writing, while it runs', async () => {
    await view.load()
    view.follow()
    for (let version = 1; version <= 50; version++) await book.put(testAccount('a', version))
    await book.remove('a', 51)
    await book.put(testAccount('a', 1))
    await untilSame(view)
    expect(
      view.applied.map((change) => {
        if (change.kind === 'put') return change.account.version
        return change.kind === 'removed' ? -change.version : change.kind
      }),
    ).toEqual([...Array.from({ length: 50 }, (_, index) => index + 1), -51, 1])
  })

  test('hears of a change without waiting for its next poll', async () => {
    await view.load()
    view.follow()
    const delaysMs: number[] = []
    for (let version = 1; version <= 20; version++) {
      await book.put(testAccount('a', version))
      const writtenMs = performance.now()
      await untilPasses(() => expect(view.versions()).toEqual({ a: version }))
      delaysMs.push(performance.now() - writtenMs)
    }
    expect(view.applied).toHaveLength(20)
  })

  test('misses nothing written between its snapshot and its first read, and never goes back', async () => {
    await book.put(testAccount('a', 1))
    await book.put(testAccount('b', 1))
    const loading = view.load()
    await Promise.all([book.put(testAccount('a', 2)), book.put(testAccount('a', 3)), book.remove('b', 2)])
    await loading
    const loadedVersion = view.accounts.get('a')?.version ?? 0
    view.follow()
    await untilSame(view)
    for (const change of view.applied) {
      if (change.kind === 'put') expect(change.account.version).toBeGreaterThanOrEqual(loadedVersion)
    }
  })

  /** Appends an entry as a book would, whatever it holds. */
  async function append(...fields: string[]): Promise<void> {
    const [[previous] = ['0-0']] = await redis.xrevrange(keys.changes, '+', '-', 'COUNT', 1)
    await redis.xadd(keys.changes, '*', 'previous', previous, ...fields)
  }

  test('passes on that an account can no longer be read, so that its old terms are not used', async () => {
    await book.put(testAccount('flipped', 1))
    await view.load()
    view.follow()
    const position = { ...testAccount('flipped', 2).positions[0], size: '-0.5', isHedge: true }
    const account = JSON.stringify({ ...testAccount('flipped', 2), positions: [position] })
    await redis.hset(keys.accounts, 'flipped', account)
    await append('kind', 'put', 'id', 'flipped', 'account', account)
    await book.put(testAccount('next', 1))
    await untilPasses(() => expect(view.versions()).toEqual({ next: 1 }))
    expect(view.applied[0]).toMatchObject({
      kind: 'unreadable',
      id: 'flipped',
      error: { code: 'ACCOUNT_INVALID', message: expect.stringContaining('isHedge') },
    })
    await book.put(testAccount('flipped', 3))
    await untilPasses(() => expect(view.versions()).toEqual({ next: 1, flipped: 3 }))
  })

  test('hands the same on when it loads the book again', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    await redis.hset(keys.accounts, 'a', '{}')
    await book.put(testAccount('b', 1))
    await book.put(testAccount('c', 1))
    await redis.xtrim(keys.changes, 'MAXLEN', 1)
    view.follow()
    await untilPasses(() => expect(view.versions()).toEqual({ b: 1, c: 1 }))
    expect(view.applied).toContainEqual(expect.objectContaining({ kind: 'unreadable', id: 'a' }))
  })

  test('skips a change that names no account, says so, and continues', async () => {
    await view.load()
    view.follow()
    await book.put(testAccount('a', 1))
    await append('kind', 'put', 'account', '{}')
    await book.put(testAccount('c', 1))
    await untilPasses(() => expect(view.versions()).toEqual({ a: 1, c: 1 }))
    expect(view.failures.map((error) => error.message)).toEqual([
      expect.stringMatching(/^change \d+-\d+ is neither an account that was put nor one that was removed/),
    ])
  })

  test('loads the book again when the stream was trimmed past its position', async () => {
    await book.put(testAccount('gone', 1))
    await book.put(testAccount('kept', 1))
    await view.load()
    await book.put(testAccount('kept', 2))
    await book.remove('gone', 2)
    await book.put(testAccount('new', 1))
    await redis.xtrim(keys.changes, 'MAXLEN', 1)
    view.follow()
    await untilSame(view)
    expect(view.versions()).toEqual({ kept: 2, new: 1 })
  })

  test('continues at its place after Redis restarts from its append-only file', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    view.follow()
    await server.restart('SIGKILL')
    await untilPasses(async () => void (await book.put(testAccount('b', 1))))
    await untilSame(view)
    expect(view.versions()).toEqual({ a: 1, b: 1 })
    expect(view.applied).toHaveLength(1)
    expect(view.failures.map((error) => error.message)).toEqual([
      expect.stringContaining('changes of accounts cannot be followed'),
    ])
  })

  test('stops at once while it waits for a change', async () => {
    await view.load()
    view.follow()
    await view.source.stop()
    await book.put(testAccount('a', 1))
    await sleep(systemClock, 50)
    expect(view.applied).toEqual([])
  })

  test(`ends with the last write of every account, however writes, load and follow interleave (seed ${SEED})`, async () => {
    const write = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      kind: fc.constantFrom('put', 'put', 'put', 'remove'),
      pauseTurns: fc.integer({ min: 0, max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 20 }),
        fc.array(write, { maxLength: 60 }),
        async (before, during) => {
          await redis.flushall()
          let version = 0
          const perform = async (writes: typeof before) => {
            for (const { id, kind, pauseTurns } of writes) {
              version += 1
              if (kind === 'put') await book.put(testAccount(id, version))
              else await book.remove(id, version)
              for (let turn = 0; turn < pauseTurns; turn++) {
                await new Promise<void>((resolve) => systemClock.nextTurn(resolve))
              }
            }
          }
          await perform(before)
          view = new View()
          const writing = perform(during)
          await view.load()
          view.follow()
          await writing
          await untilSame(view)
          await view.source.stop()
          expect(view.failures).toEqual([])
        },
      ),
      { seed: SEED, numRuns: 40 },
    )
  })
})

describe('a Redis that went back', () => {
  const lostOf = ({ applied }: View) =>
    applied.flatMap((change) => (change.kind === 'lost' ? [change.id] : [])).sort()
  const losses = ({ failures }: View) =>
    failures.flatMap((error) => ((error as PlimsollError).code === 'BOOK_LOST' ? [error.message] : []))

  test('by FLUSHALL loses every account, and none is taken for closed', async () => {
    for (const id of ['a', 'b', 'c']) await book.put(testAccount(id, 3))
    await view.load()
    view.follow()
    await redis.flushall()
    await untilPasses(() => expect(losses(view)).toHaveLength(1))
    expect(losses(view)[0]).toMatch(
      /^Redis went back and lost 3 accounts that are watched \(3 are gone, 0 are stored in an older version\): [abc], [abc], [abc]\. They stay watched .* Import them again/,
    )
    expect(view.versions()).toEqual({ a: 3, b: 3, c: 3 })
    expect(lostOf(view)).toEqual(['a', 'b', 'c'])
    // What is imported again is an account like any other, whatever its version; it can be removed.
    await book.put(testAccount('a', 1))
    await untilPasses(() => expect(view.versions()).toEqual({ a: 1, b: 3, c: 3 }))
    await book.remove('a', 2)
    await untilPasses(() => expect(view.versions()).toEqual({ b: 3, c: 3 }))
    expect(losses(view)).toHaveLength(1)
  })

  test('by FLUSHALL, with an import before anybody looks, loses what the import does not hold', async () => {
    for (const id of ['a', 'b', 'removed']) await book.put(testAccount(id, 5))
    await view.load()
    await redis.flushall()
    await book.put(testAccount('a', 1))
    await book.put(testAccount('removed', 1))
    await book.remove('removed', 2)
    view.follow()
    await untilPasses(() => expect(view.versions()).toEqual({ a: 1, b: 5 }))
    expect(lostOf(view)).toEqual(['b'])
  })

  test('by a restart with an older append-only file loses what was acknowledged since', async () => {
    await book.put(testAccount('kept', 1))
    await book.put(testAccount('older', 1))
    const folder = join(server.dataDir, 'redis', 'appendonlydir')
    const backup = join(server.dataDir, 'backup')
    await cp(folder, backup, { recursive: true })
    await book.put(testAccount('older', 2))
    await book.put(testAccount('gone', 1))
    await view.load()
    view.follow()
    // The folder of the running server is another one from here on: it writes into files that nobody reads again.
    await rename(folder, `${folder}-lost`)
    await rename(backup, folder)
    await server.restart('SIGKILL')
    await untilPasses(() => expect(losses(view)).toHaveLength(1))
    expect(lostOf(view)).toEqual(['gone', 'older'])
    expect(losses(view)[0]).toContain('(1 is gone, 1 is stored in an older version)')
    expect(view.versions()).toEqual({ kept: 1, older: 2, gone: 1 })
    await untilPasses(async () => void (await book.put(testAccount('older', 3))))
    await untilPasses(() => expect(view.versions()).toEqual({ kept: 1, older: 3, gone: 1 }))
  })

  test('by the loss of the accounts only loses them, and an account that was removed before stays removed', async () => {
    await book.put(testAccount('a', 1))
    await book.put(testAccount('removed', 1))
    await book.remove('removed', 2)
    await view.load()
    view.follow()
    await redis.del(keys.accounts)
    await untilPasses(() => expect(lostOf(view)).toEqual(['a']))
    expect(view.versions()).toEqual({ a: 1 })
  })

  test('by the loss of the stream only loses no account, and the follower continues', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    view.follow()
    await redis.del(keys.changes)
    await book.put(testAccount('b', 1))
    await untilPasses(() => expect(view.versions()).toEqual({ a: 1, b: 1 }))
    expect([lostOf(view), view.failures]).toEqual([[], []])
  })

  test('keeps what was lost through a later trimming, which removes what was removed', async () => {
    for (const id of ['lost', 'kept', 'removed']) await book.put(testAccount(id, 2))
    await view.load()
    await redis.hdel(keys.accounts, 'lost')
    await redis.hset(keys.accounts, 'kept', JSON.stringify(testAccount('kept', 1)))
    await redis.del(keys.changes)
    await book.put(testAccount('removed', 3))
    view.follow()
    await untilPasses(() => expect(lostOf(view)).toEqual(['kept', 'lost']))
    await redis
      .multi()
      .hdel(keys.accounts, 'removed')
      .xadd(
        keys.changes,
        '*',
        'previous',
        '9999999999999-0',
        'kind',
        'removed',
        'id',
        'other',
        'version',
        '1',
      )
      .exec()
    await untilPasses(() => expect(view.versions()).toEqual({ lost: 2, kept: 2 }))
    expect(losses(view)).toHaveLength(1)
  })
})

/** A clock whose time is the work that a test says was done. It counts the turns that were waited for. */
class WorkClock extends TestClock {
  longestMs = 0
  turns = 0
  #stepStartedMs = this.monotonicMs()

  override nextTurn(callback: () => void): void {
    this.turns++
    this.endStep()
    systemClock.nextTurn(callback)
  }

  work(ms: number): void {
    this.advance(ms)
    this.longestMs = Math.max(this.longestMs, this.monotonicMs() - this.#stepStartedMs)
  }

  endStep(): void {
    this.#stepStartedMs = this.monotonicMs()
  }
}

describe('a large book', () => {
  const ACCOUNTS = 300
  const POSITIONS = 100
  const WORK_MS = 1
  const wide = (index: number, version: number): Account => {
    const account = testAccount(`account-${index}`, version)
    const positions = Array.from({ length: POSITIONS }, (_, at) => ({
      ...account.positions[0]!,
      symbol: `COIN${at}USDT`,
    }))
    return { ...account, positions }
  }
  const write = async (version: number) => {
    for (let first = 0; first < ACCOUNTS; first += 100) {
      await book.putMany(Array.from({ length: 100 }, (_, at) => ({ account: wide(first + at, version) })))
    }
  }

  /** Counts the bytes of each reply; a reply begins a step of its own. */
  function measured(target: RedisConnection, clock: WorkClock, replies: number[]): RedisCommands {
    return {
      async call(command, ...args) {
        const reply = await target.call(command, ...args)
        clock.endStep()
        replies.push(JSON.stringify(reply)?.length ?? 0)
        return reply
      },
    }
  }

  test('is loaded, followed and loaded again in slices, from replies of bounded size', async () => {
    await write(1)
    const clock = new WorkClock()
    const replies: number[] = []
    const source = createAccountSource({
      venues: VENUE_NAMES,
      redis: measured(redis, clock, replies),
      followerRedis: measured(followerRedis, clock, replies),
      keys,
      clock,
    })
    const seen = new Map<string, number>()
    const put = ({ id, version }: Account) => {
      clock.work(WORK_MS)
      seen.set(id, version)
    }
    await source.load(put, () => expect.unreachable())
    expect(seen.size).toBe(ACCOUNTS)
    const loadTurns = clock.turns
    expect(loadTurns).toBeGreaterThan((ACCOUNTS * WORK_MS) / SLICE_MS / 2)
    source.follow(
      (change) => {
        if (change.kind === 'put') put(change.account)
      },
      (error) => expect.unreachable(error.message),
    )
    const untilVersion = (version: number) =>
      untilPasses(() => expect([...seen.values()].every((found) => found === version)).toBe(true))
    await write(2)
    await untilVersion(2)
    // A gap: the whole book is put again.
    await redis.del(keys.changes)
    await write(3)
    await untilVersion(3)
    await source.stop()
    expect(clock.turns).toBeGreaterThan(2 * loadTurns)
    expect(clock.longestMs).toBeLessThanOrEqual(SLICE_MS + WORK_MS)
    expect(Math.max(...replies)).toBeLessThan(2 * REPLY_BYTES_TARGET)
  })
})
