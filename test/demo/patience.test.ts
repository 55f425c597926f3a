import { describe, expect, it } from 'vitest'
import { leftOf } from '../../src/demo/outcome.ts'
import { waitWith } from '../../src/demo/patience.ts'
import { TestClock } from '../support/clock.ts'

const PATIENCE = { idleMs: 1_000, totalMs: 10_000 }

/** Waits while `at` of the milliseconds since the start is the progress. Gives the end, and whether it was done. */
async function ended(at: (sinceMs: number) => number, doneMs = Number.POSITIVE_INFINITY) {
  const clock = new TestClock(0)
  let done: boolean | undefined
  const waited = waitWith(
    PATIENCE,
    clock,
    () => clock.nowMs() >= doneMs,
    () => at(clock.nowMs()),
  ).then((isDone) => {
    done = isDone
  })
  while (done === undefined) {
    clock.advance(10)
    await Promise.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await waited
  return { done, endMs: clock.nowMs() }
}

describe('waiting with patience', () => {
  it('goes on as long as there is progress, and ends when it is done', async () => {
    const { done, endMs } = await ended((sinceMs) => Math.floor(sinceMs / 900), 5_000)
    expect(done).toBe(true)
    expect(endMs).toBeLessThan(5_100)
  })

  it('ends without progress', async () => {
    const { done, endMs } = await ended((sinceMs) => Math.min(sinceMs, 2_000))
    expect(done).toBe(false)
    expect(endMs).toBeGreaterThanOrEqual(3_000)
    expect(endMs).toBeLessThan(3_100)
  })

  it('ends at the longest time, however much progress there is', async () => {
    const { done, endMs } = await ended((sinceMs) => sinceMs)
    expect(done).toBe(false)
    expect(endMs).toBeLessThan(10_100)
  })
})

it('prices, verdicts, events and jobs are left between the venues and the subscriber', () => {
  const log = { outbox: 0 } as Parameters<typeof leftOf>[0]['log']
  const settled = { ticks: 10, waiting: 0, unpublished: 0, log, feeds: {} }
  expect(leftOf(settled, 10)).toBe(0)
  expect(leftOf(settled, 12)).toBe(2)
  expect(leftOf({ ...settled, waiting: 1 }, 10)).toBe(1)
  expect(leftOf({ ...settled, unpublished: 3 }, 10)).toBe(3)
  expect(leftOf({ ...settled, log: { ...log, outbox: 4 } }, 10)).toBe(4)
  const feeds = { a: [{ reconnects: 1 }] } as unknown as Parameters<typeof leftOf>[0]['feeds']
  expect(leftOf({ ...settled, feeds }, 12)).toBe(0)
})
