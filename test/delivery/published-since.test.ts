import { describe, expect, it } from 'vitest'
import { publishedSince } from '../../src/delivery/index.ts'
import { PUBLISHED_READ_MAX } from '../../src/delivery/published-since.ts'
import { useTestRedis } from '../support/redis.ts'
import { sampleEvent } from '../support/sample-events.ts'

const harness = useTestRedis()
const KEY = 'events'

const event = (sequence: number, receivedTimeMs: number, reasons: readonly string[] = []) =>
  JSON.stringify({ ...sampleEvent('desk/1', sequence), receivedTimeMs, reasons })
async function add(...texts: readonly string[]): Promise<void> {
  const pipeline = harness.probe.pipeline()
  for (const text of texts) pipeline.xadd(KEY, '*', 'event', text)
  await pipeline.exec()
}
const owner = () => harness.probe.xadd(KEY, '1-0', 'owner', 'worker')
const read = (sinceMs: number) => publishedSince(harness.probe, KEY, sinceMs)

describe('the events that were published since a time', () => {
  it('are oldest first, without those from before it', async () => {
    await owner()
    await add(event(1, 99), event(2, 100), 'no event', event(3, 101, ['backfill']))
    const { levels, isWhole } = await read(100)
    expect(isWhole).toBe(true)
    expect(levels).toMatchObject([
      { marginAccount: 'desk/1/cross/USDT', level: '1', previousLevel: '0.9', isBackfill: false },
      { receivedTimeMs: 101, isBackfill: true },
    ])
    expect(levels).toHaveLength(2)
  })

  it('are whole where the stream begins with its owner, or is empty', async () => {
    expect(await read(0)).toEqual({ levels: [], isWhole: true })
    await owner()
    await add(event(1, 100))
    expect((await read(0)).isWhole).toBe(true)
  })

  it.each([499, 500, 501])(
    'are not whole where a stream of %i events has lost its beginning',
    async (count) => {
      await owner()
      await add(...Array.from({ length: count }, (_, index) => event(index + 1, 100)))
      expect((await read(0)).isWhole).toBe(true)
      await harness.probe.xtrim(KEY, 'MAXLEN', count)
      const { levels, isWhole } = await read(0)
      expect(levels).toHaveLength(count)
      expect(isWhole).toBe(false)
    },
  )

  it('are not whole where there are more than are read', async () => {
    await owner()
    const texts = Array.from({ length: 10_000 }, (_, index) => event(index + 1, 100))
    for (let done = 0; done < PUBLISHED_READ_MAX; done += texts.length) await add(...texts)
    const { levels, isWhole } = await read(0)
    expect(levels.length).toBeGreaterThanOrEqual(PUBLISHED_READ_MAX)
    expect(isWhole).toBe(false)
  })
})
