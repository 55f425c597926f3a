import { describe, expect, it } from 'vitest'
import { catchUp } from '../../src/demo/closing.ts'
import type { Worker } from '../../src/worker/index.ts'
import { TestClock } from '../support/clock.ts'

/** A worker with so many prices that wait, which become fewer by one every time one looks. */
function behindBy(waiting: number, onLook: () => void = () => {}) {
  let left = waiting
  const read = {
    counters() {
      onLook()
      return { waiting: Math.max(0, left--), unpublished: 0, log: { outbox: 0 } }
    },
  }
  return { worker: { read } as unknown as Worker, left: () => left }
}

async function caughtUp(worker: Worker, signal = new AbortController().signal): Promise<void> {
  const clock = new TestClock(0)
  let isDone = false
  const done = catchUp({ worker, clock, signal }).then(() => {
    isDone = true
  })
  while (!isDone) {
    clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
}

describe('the end of the market of a demo', () => {
  it('waits for a worker that is behind before the venues fall silent', async () => {
    const { worker, left } = behindBy(100)
    await caughtUp(worker)
    expect(left()).toBeLessThanOrEqual(0)
  })

  it('waits no longer after Ctrl-C', async () => {
    const interrupt = new AbortController()
    let looks = 0
    const { worker, left } = behindBy(100_000, () => {
      if (++looks === 10) interrupt.abort()
    })
    await caughtUp(worker, interrupt.signal)
    expect(left()).toBeGreaterThan(99_000)
  })
})
