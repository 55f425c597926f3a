import { describe, expect, it } from 'vitest'
import { catchUp, resultOf } from '../../src/demo/closing.ts'
import type { SubscriberProcess } from '../../src/demo/processes.ts'
import type { SubscriberResult } from '../../src/demo/protocol.ts'
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

describe('the wait for the judgement of a demo', () => {
  const RESULT = { delivered: 7 } as SubscriberResult
  /** Answers after so many waits, or at once when it is told to hurry. */
  const answering = (waits: number) => {
    const sent: string[] = []
    return {
      sent,
      subscriber: {
        async next() {
          if (sent.includes('hurry') || waits-- <= 0) return { kind: 'result', result: RESULT }
          throw new Error('no answer')
        },
        send: ({ kind }: { readonly kind: string }) => void sent.push(kind),
      } as unknown as SubscriberProcess,
    }
  }
  const signal = new AbortController().signal

  it('lasts as long as the subscriber works', async () => {
    let ticks = 0
    const { subscriber, sent } = answering(1_000)
    expect(await resultOf({ signal, progress: () => ticks++ }, subscriber)).toBe(RESULT)
    expect(sent).toEqual([])
  })

  it('ends with a subscriber that does no more', async () => {
    const { subscriber } = answering(1_000)
    await expect(resultOf({ signal, progress: () => 5 }, subscriber)).rejects.toThrow('no answer')
  })

  it('is cut short after Ctrl-C', async () => {
    let ticks = 0
    const { subscriber, sent } = answering(1_000)
    const interrupted = AbortSignal.abort()
    expect(await resultOf({ signal: interrupted, progress: () => ticks++ }, subscriber)).toBe(RESULT)
    expect(sent).toEqual(['hurry'])
  })
})
