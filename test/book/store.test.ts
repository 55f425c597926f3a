import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBook, type ListOptions } from '../../src/book/index.ts'
import { venueId } from '../../src/domain/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection } from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { testAccount } from '../support/accounts.ts'
import { storeAccounts } from '../support/book.ts'
import { SERVER_INFO, startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: RedisConnection
const keys = keysOf('store')

beforeAll(async () => {
  server = await startTestRedis()
  redis = await connectRedis({ url: server.url, role: 'command', clock: systemClock, random: () => 0.5 })
})
afterAll(async () => {
  await closeRedis(redis, systemClock)
  await server.stop()
})
beforeEach(() => redis.flushall())

describe('the book of accounts', () => {
  test('gives back what was put, and keeps an account of one shard out of another', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    const account = testAccount('desk-7/alpha', 17)
    expect(await book.put(account)).toBe(17)
    expect(await book.get('desk-7/alpha')).toEqual(account)
    expect(await book.count()).toBe(1)
    expect(await createBook(redis, keysOf('other'), VENUE_NAMES).get('desk-7/alpha')).toBeUndefined()
  })

  test('stores the public format: JSON of the account under its id', async () => {
    await createBook(redis, keys, VENUE_NAMES).put(testAccount('a', 3))
    expect(JSON.parse((await redis.hget('{plimsoll:store}:accounts', 'a')) ?? '')).toEqual(
      testAccount('a', 3),
    )
  })

  test.each([[7], [6]])(
    'refuses version %i over a stored 7, naming both, and writes nothing',
    async (version) => {
      const book = createBook(redis, keys, VENUE_NAMES)
      await book.put(testAccount('a', 7, '100'))
      await expect(book.put(testAccount('a', version, '999'))).rejects.toMatchObject({
        code: 'ACCOUNT_VERSION_CONFLICT',
        path: 'version',
        message: `account a: version ${version} is not above the stored version 7`,
      })
      expect((await book.get('a'))?.collateral[0]?.amount).toBe('100')
      expect(await redis.xlen(keys.changes)).toBe(1)
    },
  )

  test('refuses a stated version above which there is none, and writes nothing', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    const last = testAccount('a', Number.MAX_SAFE_INTEGER)
    for (const mode of ['stated', 'force'] as const) {
      await expect(book.put(last, mode)).rejects.toMatchObject({
        code: 'ACCOUNT_INVALID',
        path: 'version',
        message:
          'account a: version is 9007199254740991: must be at most 9007199254740990, so that a version above it exists',
      })
    }
    expect(await book.count()).toBe(0)
  })

  test('rewrites the last version that may be stated once, then says that the versions are used up', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('a', Number.MAX_SAFE_INTEGER - 1))
    expect(await book.put(testAccount('a', 0, '55'), 'next')).toBe(Number.MAX_SAFE_INTEGER)
    expect(await book.get('a')).toEqual(testAccount('a', Number.MAX_SAFE_INTEGER, '55'))
    for (const mode of ['stated', 'next', 'force'] as const) {
      await expect(book.put(testAccount('a', 1, '66'), mode)).rejects.toMatchObject({
        code: 'ACCOUNT_VERSION_CONFLICT',
        message:
          'account a: the stored version 9007199254740991 is the last one; remove the account, then write it',
      })
    }
    expect((await book.get('a'))?.collateral[0]?.amount).toBe('55')
    expect(await book.remove('a')).toBe(true)
    expect(await book.put(testAccount('a', 1))).toBe(1)
  })

  test('force writes anyway, under a version that still rises', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('a', 7))
    expect(await book.put(testAccount('a', 2, '55'), 'force')).toBe(8)
    expect(await book.get('a')).toEqual(testAccount('a', 8, '55'))
    expect(await book.put(testAccount('a', 20), 'force')).toBe(20)
  })

  test('numbers an account without a version of its own one above the stored one, from 0', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    expect(await book.put(testAccount('a', 0), 'next')).toBe(0)
    expect(await book.put(testAccount('a', 0, '5'), 'next')).toBe(1)
    expect(await book.get('a')).toEqual(testAccount('a', 1, '5'))
  })

  test('writes a batch in order and refuses only what conflicts', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('b', 5))
    expect(
      await book.putMany([
        { account: testAccount('a', 1) },
        { account: testAccount('b', 5) },
        { account: testAccount('a', 2) },
        { account: testAccount('a', 2) },
      ]),
    ).toEqual([{ written: 1 }, { conflict: 5 }, { written: 2 }, { conflict: 2 }])
    const changes = await redis.xrange(keys.changes, '-', '+')
    expect(changes.map(([, fields]) => fields[fields.indexOf('id') + 1])).toEqual(['b', 'a', 'a'])
  })

  test('reads the version of an account that something else wrote', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await redis.hset(keys.accounts, 'a', JSON.stringify(testAccount('a', 9)))
    await expect(book.put(testAccount('a', 9))).rejects.toMatchObject({ code: 'ACCOUNT_VERSION_CONFLICT' })
  })

  test('is not fooled by an id that looks like a version', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    const id = '{"version":99'
    await book.put(testAccount(id, 1))
    expect(await book.put(testAccount(id, 2))).toBe(2)
    expect((await book.get(id))?.id).toBe(id)
  })

  test('keeps the largest version exact', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    const largest = Number.MAX_SAFE_INTEGER - 1
    await book.put(testAccount('a', largest - 1))
    expect(await book.put(testAccount('a', largest, '1'))).toBe(largest)
    expect((await book.get('a'))?.version).toBe(largest)
    await expect(book.put(testAccount('a', largest))).rejects.toMatchObject({
      code: 'ACCOUNT_VERSION_CONFLICT',
    })
  })

  test('removes with a higher version only, and says whether there was something', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('a', 3))
    await expect(book.remove('a', 3)).rejects.toMatchObject({ code: 'ACCOUNT_VERSION_CONFLICT' })
    expect(await book.remove('a', 4)).toBe(true)
    expect(await book.remove('a', 5)).toBe(false)
    expect(await book.count()).toBe(0)
  })

  test('names the field of a stored account that is none', async () => {
    await redis.hset(
      keys.accounts,
      'a',
      '{"id":"a","venue":"bybit","collateral":[{"asset":"USDT","amount":"x"}]}',
    )
    await expect(createBook(redis, keys, VENUE_NAMES).get('a')).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
      path: 'collateral[0].amount',
      message: expect.stringContaining(
        'stored account a: collateral[0].amount is "x": must be a decimal string',
      ),
    })
  })

  test('removes at whatever version is stored, also the largest, and tells the followers a version', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('a', 3))
    await book.put(testAccount('b', Number.MAX_SAFE_INTEGER - 1))
    expect(await book.remove('a')).toBe(true)
    expect(await book.remove('a')).toBe(false)
    expect(await book.removeMany(['b', 'none'])).toEqual([true, false])
    expect(await book.count()).toBe(0)
    const changes = await redis.xrange(keys.changes, '-', '+')
    const removed = changes.map(([, fields]) => fields).filter((fields) => fields.includes('removed'))
    expect(removed.map((fields) => fields[fields.indexOf('version') + 1])).toEqual([
      '4',
      String(Number.MAX_SAFE_INTEGER),
    ])
  })

  test('lists every account once, by venue and symbol if asked', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    const position = { ...testAccount('x', 1).positions[0]!, symbol: 'ETHUSDT' }
    const accounts = Array.from({ length: 1_000 }, (_, index) => testAccount(`account-${index}`, 1))
    const other = { ...testAccount('other', 2), venue: venueId('binance'), positions: [position] }
    await storeAccounts(book, [...accounts, other])
    const idsOf = async (options?: ListOptions) => {
      const ids = []
      for await (const { id } of book.list(options)) ids.push(id)
      return ids.sort()
    }
    const all = [...accounts, other].map(({ id }) => id).sort()
    expect(await idsOf()).toEqual(all)
    expect(await idsOf({ venue: venueId('binance') })).toEqual(['other'])
    expect(await idsOf({ symbol: 'ETHUSDT' })).toEqual(['other'])
    expect(await idsOf({ venue: venueId('bybit'), symbol: 'ETHUSDT' })).toEqual([])
    const ids = []
    for await (const id of book.ids()) ids.push(id)
    expect(ids.sort()).toEqual(all)
  })

  test('lists an account once when Redis gives it twice', async () => {
    const stored = JSON.stringify(testAccount('a', 1))
    const pages = [
      ['7', ['a', stored]],
      ['0', ['a', stored, 'b', JSON.stringify(testAccount('b', 1))]],
    ]
    const call = async (command: string) => (command === 'INFO' ? SERVER_INFO : pages.shift())
    const book = createBook({ call }, keys, VENUE_NAMES)
    const ids = []
    for await (const { id } of book.list()) ids.push(id)
    expect(ids).toEqual(['a', 'b'])
  })

  test('lists the others when a stored account cannot be read, and names that one', async () => {
    const book = createBook(redis, keys, VENUE_NAMES)
    await book.put(testAccount('a', 1))
    await redis.hset(keys.accounts, 'broken', '{"id":')
    const unreadable: string[] = []
    const ids = []
    for await (const { id } of book.list({ unreadable: (id) => void unreadable.push(id) })) ids.push(id)
    expect({ ids, unreadable }).toEqual({ ids: ['a'], unreadable: ['broken'] })
    const readAll = async () => {
      for await (const { id } of book.list()) ids.push(id)
    }
    await expect(readAll()).rejects.toMatchObject({ code: 'ACCOUNT_INVALID' })
  })
})
