import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Book, createAccountSource, createBook } from '../../src/book/index.ts'
import { sleep, systemClock } from '../../src/clock.ts'
import type { Account, AccountChange, AccountSource } from '../../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection } from '../../src/redis/index.ts'
import { testAccount } from '../support/accounts.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

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
  book = createBook(redis, keys)
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
    this.source = createAccountSource({ redis, followerRedis, keys, clock: systemClock })
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
        else this.accounts.delete(change.id)
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

const until = (condition: () => void | Promise<void>) =>
  vi.waitFor(condition, { timeout: 10_000, interval: 5 })

async function untilSame(view: View): Promise<void> {
  const expected = await stored()
  await until(() => expect(view.accounts).toEqual(expected))
}

let view: View
beforeEach(async () => {
  await redis.flushall()
  view = new View()
})
afterEach(() => view.source.stop())

describe('a follower of the book', () => {
  test('loads what is stored, more accounts than one scan gives', async () => {
    for (let first = 0; first < 3_000; first += 500) {
      await book.putMany(
        Array.from({ length: 500 }, (_, index) => ({ account: testAccount(`account-${first + index}`, 1) })),
      )
    }
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
      await until(() => expect(view.versions()).toEqual({ a: version }))
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

  test('skips a change that it cannot read, says so, and goes on', async () => {
    await view.load()
    view.follow()
    await book.put(testAccount('a', 1))
    const [[previous] = ['']] = await redis.xrevrange(keys.changes, '+', '-', 'COUNT', 1)
    await redis.xadd(keys.changes, '*', 'previous', previous, 'kind', 'put', 'id', 'b', 'account', '{}')
    await book.put(testAccount('c', 1))
    await until(() => expect(view.versions()).toEqual({ a: 1, c: 1 }))
    expect(view.failures.map((error) => error.message)).toEqual([
      expect.stringMatching(/^stored account b: id /),
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

  test('loads the book again when the stream is deleted under it', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    view.follow()
    await redis.del(keys.changes)
    await redis.hdel(keys.accounts, 'a')
    await until(() => expect(view.versions()).toEqual({}))
    await book.put(testAccount('b', 1))
    await until(() => expect(view.versions()).toEqual({ b: 1 }))
  })

  test('goes on where it was after Redis restarts from its append-only file', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    view.follow()
    await server.restart('SIGKILL')
    await until(async () => void (await book.put(testAccount('b', 1))))
    await untilSame(view)
    expect(view.versions()).toEqual({ a: 1, b: 1 })
    expect(view.applied).toHaveLength(1)
    expect(view.failures.map((error) => error.message)).toEqual([
      expect.stringContaining('changes of accounts cannot be followed'),
    ])
  })

  test('loads the book again when Redis comes back without its last writes', async () => {
    await book.put(testAccount('a', 1))
    await view.load()
    view.follow()
    await book.put(testAccount('a', 2))
    await book.put(testAccount('lost', 1))
    await until(() => expect(view.versions()).toEqual({ a: 2, lost: 1 }))
    await redis
      .multi()
      .hset(keys.accounts, 'a', JSON.stringify(testAccount('a', 1)))
      .hdel(keys.accounts, 'lost')
      .xtrim(keys.changes, 'MAXLEN', 0)
      .exec()
    await server.restart('SIGTERM')
    await until(async () => void (await redis.ping()))
    await untilSame(view)
    expect(view.versions()).toEqual({ a: 1 })
  })

  test('stops at once while it waits for a change', async () => {
    await view.load()
    view.follow()
    await view.source.stop()
    await book.put(testAccount('a', 1))
    await sleep(systemClock, 50)
    expect(view.applied).toEqual([])
  })

  test('ends with the last write of every account, however writes, load and follow interleave', async () => {
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
      { numRuns: 40 },
    )
  })
})
