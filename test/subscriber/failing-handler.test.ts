import { describe, expect, it } from 'vitest'
import { HANDLER_CALLS_MAX, memoryInbox } from '../../src/subscriber/index.ts'
import { HOLD_MS, HOLDS_MAX, ORDERED_SUBJECTS_MAX, SubjectOrder } from '../../src/subscriber/subject-order.ts'
import { systemClock } from '../../src/system/clock.ts'
import { sampleEvent, sampleRevision } from '../support/sample-events.ts'
import { until } from '../support/until.ts'
import { HASTY_CLOCK, useQueue } from './queue-harness.ts'

const harness = useQueue()
const { consume, add, faults } = harness
const clock = HASTY_CLOCK

/** A hundred events of a hundred accounts; `desk/41` has two more at the end. */
const JOB = [
  ...Array.from({ length: 98 }, (_, index) => sampleEvent(`desk/${index}`, 1)),
  sampleEvent('desk/41', 2),
  sampleEvent('desk/41', 3),
]
const POISON = JOB[41]!

describe('a handler that always fails for one event', () => {
  it('gets the events of all other accounts, in order, before the next call for that event', async () => {
    const handled: string[] = []
    let calls = 0
    consume({
      clock,
      handler: ({ id }) => {
        if (id === POISON.id) {
          calls++
          throw new Error('no such account')
        }
        handled.push(id)
      },
    })
    await add('ja', JOB)
    await until(() => calls >= 2)
    const others = JOB.filter(({ account }) => account !== 'desk/41').map(({ id }) => id)
    expect(handled).toEqual(others)
  })

  it('leaves the job failing with that event named, and gets nothing twice that was handled', async () => {
    const handled: string[] = []
    let calls = 0
    const subscription = consume({
      clock,
      handler: ({ id }) => {
        if (id === POISON.id) {
          calls++
          throw new Error('no such account')
        }
        handled.push(id)
      },
    })
    const job = await add('ja', JOB, { attempts: 4 })
    await until(async () => (await harness.queue.getFailedCount()) === 1)
    const failed = await harness.queue.getJob(job.id!)
    expect(failed?.failedReason).toContain(`event ${POISON.id}: handler failed again: no such account`)
    expect(failed?.failedReason).toContain('2 events wait for an older one')
    expect(failed?.stacktrace?.[0]).toContain(`handler failed ${HANDLER_CALLS_MAX} times (HANDLER_CALLS_MAX)`)
    expect(calls).toBe(HANDLER_CALLS_MAX + 3)
    expect(handled).toHaveLength(97)
    expect(new Set(handled).size).toBe(97)
    expect(subscription.stats()).toMatchObject({ jobs: 0, effects: 97, failures: HANDLER_CALLS_MAX + 3 })
  })

  it('and recovers gets that event and then the later ones of its account, and the job is done', async () => {
    const handled: [string, number, boolean][] = []
    let calls = 0
    const subscription = consume({
      clock,
      handler: (event, { isLate }) => {
        if (event.id === POISON.id && ++calls <= HANDLER_CALLS_MAX + 2) throw new Error('not yet')
        if ('account' in event) handled.push([event.account, event.sequence, isLate])
      },
    })
    await add('ja', JOB)
    await until(() => subscription.stats().jobs === 1)
    expect(handled).toHaveLength(100)
    expect(handled.filter(([account]) => account === 'desk/41')).toEqual([
      ['desk/41', 1, false],
      ['desk/41', 2, false],
      ['desk/41', 3, false],
    ])
  })

  it('does not get a later event of that account from another job meanwhile, but all others', async () => {
    const handled: [string, number][] = []
    let isUp = false
    const subscription = consume({
      clock,
      handler: (event) => {
        if (!('account' in event)) return
        if (event.id === POISON.id && !isUp) throw new Error('down')
        handled.push([event.account, event.sequence])
      },
    })
    await add('ja', [POISON])
    await add('jb', [sampleEvent('desk/41', 2), sampleEvent('desk/5', 1)])
    await until(async () => handled.length === 1 && (await harness.queue.getJob('jb'))?.attemptsMade === 3)
    expect(handled).toEqual([['desk/5', 1]])
    isUp = true
    await until(() => subscription.stats().jobs === 2)
    expect(handled).toEqual([
      ['desk/5', 1],
      ['desk/41', 1],
      ['desk/41', 2],
    ])
  })

  it('gets the later events of that account after HOLD_MS, and the failing one marked as late then', async () => {
    let aheadMs = 0
    const handled: [number, boolean][] = []
    const subscription = consume({
      clock: { ...clock, monotonicMs: () => systemClock.monotonicMs() + aheadMs },
      handler: ({ sequence }, { isLate }) => {
        if (sequence === 1 && !isLate) throw new Error('poison')
        handled.push([sequence, isLate])
      },
    })
    await add('ja', [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2)])
    await until(async () => ((await harness.queue.getJob('ja'))?.attemptsMade ?? 0) >= 2)
    expect(handled).toEqual([])
    aheadMs = HOLD_MS
    await until(() => subscription.stats().jobs === 1)
    expect(handled).toEqual([
      [2, false],
      [1, true],
    ])
  })

  it('does not get what was handled again from the next subscriber either, without an inbox', async () => {
    const first: number[] = []
    const closing = consume({
      handler: ({ sequence }) => {
        first.push(sequence)
        if (sequence === 3) throw new Error('down')
      },
    })
    await add(
      'ja',
      [1, 2, 3, 4].map((sequence) => sampleEvent(`desk/${sequence}`, sequence)),
    )
    await until(() => first.filter((sequence) => sequence === 3).length >= 2)
    await closing.close()
    expect(first.slice(0, 4)).toEqual([1, 2, 3, 4])
    const second: number[] = []
    const subscription = consume({ handler: ({ sequence }) => void second.push(sequence) })
    await until(() => subscription.stats().jobs === 1)
    expect(second).toEqual([3])
  })

  it('is reported at the first call, and then each time the failures of the job have doubled', async () => {
    const subscription = consume({
      clock,
      inbox: memoryInbox(),
      handler: () => {
        throw new Error('poison')
      },
    })
    await add('ja', [POISON], { attempts: 10 })
    await until(async () => (await harness.queue.getFailedCount()) === 1)
    await until(() => faults.length >= 6)
    expect(subscription.stats().failures).toBe(HANDLER_CALLS_MAX + 9)
    expect(
      faults.map(({ message }) => /^job ja(?: failed (\d+) times)?|up to 8 calls/.exec(message)?.[0]),
    ).toEqual(['up to 8 calls', 'job ja', ...[2, 4, 8, 10].map((times) => `job ja failed ${times} times`)])
    expect(faults.every(({ message }) => message.includes(POISON.id))).toBe(true)
  })
})

describe('the order of the events of a margin account', () => {
  const event = (sequence: number) => sampleEvent('desk/1', sequence)

  it('is kept behind the oldest event that fails, once, for HOLD_MS', () => {
    const order = new SubjectOrder()
    order.failed('a', event(2), 1_000)
    expect(order.heldBy('a', event(2), 1_000)).toBeUndefined()
    expect(order.heldBy('a', event(3), 1_000)).toBe(event(2).id)
    expect(order.heldBy('b', event(3), 1_000)).toBeUndefined()
    order.failed('a', event(1), 2_000)
    expect(order.heldBy('a', event(2), 2_000)).toBe(event(1).id)
    order.failed('a', event(1), 1_000 + HOLD_MS)
    expect(order.heldBy('a', event(2), 999 + HOLD_MS)).toBe(event(1).id)
    expect(order.heldBy('a', event(2), 1_000 + HOLD_MS)).toBeUndefined()
    order.handled('a', event(2))
    order.failed('a', event(1), 2_000 + HOLD_MS)
    expect(order.heldBy('a', event(3), 2_000 + HOLD_MS)).toBeUndefined()
    expect(order.isLate('a', event(1))).toBe(true)
  })

  it('has a revision behind its event, which no other event waits for', () => {
    const order = new SubjectOrder()
    const revision = sampleRevision(event(2))
    order.failed('a', event(2), 1_000)
    expect(order.heldBy('a', revision, 1_000)).toBe(event(2).id)
    order.handled('a', event(2))
    order.handled('a', event(3))
    expect([order.heldBy('a', revision, 1_000), order.isLate('a', revision)]).toEqual([undefined, false])
    order.failed('a', revision, 1_000)
    expect(order.heldBy('a', event(4), 1_000)).toBeUndefined()
    order.handled('a', revision)
    expect([order.isLate('a', event(2)), order.isLate('a', event(3))]).toEqual([true, false])
  })

  it('is remembered for ORDERED_SUBJECTS_MAX accounts, those with the newest events', () => {
    const order = new SubjectOrder()
    const fifth = event(5)
    for (let account = 0; account < ORDERED_SUBJECTS_MAX; account++) order.handled(`a${account}`, fifth)
    order.handled('a0', event(6))
    order.handled('one more', event(1))
    expect(order.isLate('a0', event(5))).toBe(true)
    expect(order.isLate('a1', event(4))).toBe(false)
    expect(order.isLate('a2', event(4))).toBe(true)
  })

  it('is kept for HOLDS_MAX accounts at a time', () => {
    const order = new SubjectOrder()
    for (let account = 0; account <= HOLDS_MAX; account++) order.failed(`a${account}`, event(1), account)
    expect(order.heldBy('a0', event(2), 1)).toBeUndefined()
    expect(order.heldBy('a1', event(2), 1)).toBe(event(1).id)
  })
})
