import { describe, expect, it } from 'vitest'
import { SharedVersions } from '../../src/worker/shared-versions.ts'

/** Reads that end when they are told to. */
function reading() {
  const reads: { sinceMs: number; end: () => void; fail: (error: Error) => void }[] = []
  const shared = new SharedVersions(
    (sinceMs) =>
      new Promise((resolve, reject) => {
        reads.push({ sinceMs, end: () => resolve(new Map([[`${sinceMs}`, []]])), fail: reject })
      }),
  )
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { reads, shared, turn }
}

describe('versions that many gaps share', () => {
  it('are read once for all that ask during a read, since the earliest of their times', async () => {
    const { reads, shared, turn } = reading()
    const first = shared.since(50)
    await turn()
    const others = [shared.since(70), shared.since(30), shared.since(90)]
    await turn()
    expect(reads.map(({ sinceMs }) => sinceMs)).toEqual([50])
    reads[0]!.end()
    expect(await first).toEqual(new Map([['50', []]]))
    await turn()
    expect(reads.map(({ sinceMs }) => sinceMs)).toEqual([50, 30])
    reads[1]!.end()
    const [one, ...more] = await Promise.all(others)
    expect(more.every((versions) => versions === one)).toBe(true)
  })

  it('are read again after a read that failed, which only those hear of that asked for it', async () => {
    const { reads, shared, turn } = reading()
    const first = shared.since(50)
    await turn()
    const second = shared.since(60)
    reads[0]!.fail(new Error('Redis is away'))
    await expect(first).rejects.toThrow('Redis is away')
    await turn()
    reads[1]!.end()
    expect(await second).toEqual(new Map([['60', []]]))
  })
})
