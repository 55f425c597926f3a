import { describe, expect, it } from 'vitest'
import { accountVersionsSince, createBook } from '../../src/book/index.ts'
import { CHANGES_READ_MAX } from '../../src/book/versions.ts'
import { keysOf } from '../../src/redis/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { testAccount } from '../support/accounts.ts'
import { useTestRedis } from '../support/redis.ts'

const harness = useTestRedis()
const keys = keysOf('versions')

const book = () => createBook(harness.probe, keys, VENUE_NAMES)
/** A time of Redis's clock that is later than every change so far, and not later than any that comes. */
async function mark(): Promise<number> {
  const [last] = await harness.probe.xrevrange(keys.changes, '+', '-', 'COUNT', 1)
  const timeMs = Number(last?.[0].split('-')[0] ?? 0) + 1
  const nowMs = async () => {
    const [seconds, micros] = await harness.probe.time()
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
  }
  while ((await nowMs()) < timeMs);
  return timeMs
}
const since = (timeMs: number) => accountVersionsSince(harness.probe, keys.changes, VENUE_NAMES, timeMs)
/** Versions of an account: `?` where they are not known, `-` while it was not in the book. */
async function told(timeMs: number) {
  const versions = await since(timeMs)
  return Object.fromEntries(
    [...versions].map(([id, own]) => [
      id,
      own
        .map(({ account }) => (account === 'unknown' ? '?' : account === undefined ? '-' : account.version))
        .join(' '),
    ]),
  )
}

describe('the terms of accounts since a time', () => {
  it('are those from before it, from 0 on, and each change with its time', async () => {
    await book().put(testAccount('a', 1))
    await book().put(testAccount('quiet', 1))
    const timeMs = await mark()
    await book().put(testAccount('a', 2))
    await book().put(testAccount('b', 1))
    await book().remove('a')
    expect(await told(timeMs)).toEqual({ a: '1 2 -', b: '- 1' })
    const versions = (await since(timeMs)).get('a')!
    expect(versions[0]!.fromMs).toBe(0)
    expect(versions[1]!.fromMs).toBeGreaterThanOrEqual(timeMs)
    expect(versions[1]!.fromMs).toBeLessThanOrEqual(versions[2]!.fromMs)
    expect(await told(await mark())).toEqual({})
  })

  it('are those of the time itself where a change came in that very millisecond', async () => {
    await book().put(testAccount('a', 1))
    const timeMs = (await mark()) + 60_000
    const [[, fields]] = (await harness.probe.xrange(keys.changes, '-', '+')) as [[string, string[]]]
    const kind = fields[fields.indexOf('kind') + 1] ?? ''
    const text = JSON.stringify(testAccount('a', 2))
    await harness.probe.xadd(keys.changes, `${timeMs}-0`, 'kind', kind, 'id', 'a', 'account', text)
    expect(await told(timeMs)).toEqual({ a: '1 2' })
  })

  it('are not known from before the changes that Redis has kept', async () => {
    await book().put(testAccount('a', 1))
    await book().put(testAccount('b', 1))
    const timeMs = await mark()
    await book().put(testAccount('a', 2))
    await harness.probe.xtrim(keys.changes, 'MAXLEN', 2)
    expect(await told(timeMs)).toEqual({ a: '? 2' })
    await harness.probe.xtrim(keys.changes, 'MAXLEN', 1)
    expect(await told(timeMs)).toEqual({ a: '? 2' })
  })

  it('are not known where the stored account cannot be read, or a change says nothing of it', async () => {
    const timeMs = await mark()
    await harness.probe.xadd(keys.changes, '*', 'kind', 'put', 'id', 'a', 'account', '{}')
    await harness.probe.xadd(keys.changes, '*', 'kind', 'nothing', 'id', 'b')
    expect(await told(timeMs)).toMatchObject({
      a: expect.stringMatching(/\?$/),
      b: expect.stringMatching(/\?$/),
    })
  })

  it('are not known behind the last change that is read', async () => {
    const timeMs = await mark()
    await book().put(testAccount('a', 1))
    const text = (await harness.probe.hget(keys.accounts, 'a')) ?? ''
    const BATCH = 10_000
    for (let done = 1; done <= CHANGES_READ_MAX; done += BATCH) {
      const pipeline = harness.probe.pipeline()
      for (let at = 0; at < BATCH; at++)
        pipeline.xadd(keys.changes, '*', 'kind', 'put', 'id', 'a', 'account', text)
      await pipeline.exec()
    }
    const own = (await since(timeMs)).get('a')!
    expect(own).toHaveLength(CHANGES_READ_MAX + 2)
    expect(own.at(-1)!.account).toBe('unknown')
  })
})
