import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { EventContext } from '../../src/subscriber/index.ts'
import { LOCK_MS, STALLED_CHECK_MAX_MS } from '../../src/subscriber/subscription.ts'
import { sampleEvent } from '../support/sample-events.ts'
import { until } from '../support/until.ts'
import { useQueue } from './queue-harness.ts'

const PROGRAM = fileURLToPath(new URL('../support/subscriber-process.mjs', import.meta.url))
const HAND_OVER_LIMIT_MS = 10_000

interface Seen extends EventContext {
  readonly id: string
  readonly sequence: number
}

interface SubscriberProcess {
  readonly child: ChildProcess
  readonly seen: Seen[]
  readonly faults: { code: string; message: string }[]
}

const harness = useQueue()
const { add, consume } = harness
const processes: SubscriberProcess[] = []
afterEach(async () => {
  for (const { child } of processes.splice(0)) await kill(child)
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function spawnSubscriber(options: object): SubscriberProcess {
  const child = fork(PROGRAM, [JSON.stringify({ connection: { url: harness.server.url }, ...options })])
  const subscriber: SubscriberProcess = { child, seen: [], faults: [] }
  child.on('message', (message: { begun?: Seen; fault?: { code: string; message: string } }) => {
    if (message.begun !== undefined) subscriber.seen.push(message.begun)
    if (message.fault !== undefined) subscriber.faults.push(message.fault)
  })
  processes.push(subscriber)
  return subscriber
}

describe('after a subscriber was killed', () => {
  it('another one gets its job, with the events that come after later ones marked', async () => {
    const first = spawnSubscriber({ hangAt: 1 })
    await add('ja', [sampleEvent('desk/1', 1), sampleEvent('desk/2', 3)])
    await until(() => first.seen.length === 1)
    const seen: [string, number, boolean][] = []
    consume({
      handler: (event, { isLate }) => {
        if ('account' in event) seen.push([event.account, event.sequence, isLate])
      },
    })
    await add('jb', [sampleEvent('desk/1', 2)])
    await until(() => seen.length === 1)
    await kill(first.child)
    await until(() => seen.length === 3)
    expect(seen).toEqual([
      ['desk/1', 2, false],
      ['desk/1', 1, true],
      ['desk/2', 3, false],
    ])
  })

  it('within ten seconds with the default settings', () => {
    expect(LOCK_MS + 2 * STALLED_CHECK_MAX_MS).toBeLessThan(HAND_OVER_LIMIT_MS)
  })
})

describe('a handler that blocks the event loop for longer than the lock of its job lasts', () => {
  it('loses the job to another subscriber, gets a fault, and gets no further event of it', async () => {
    const blocked = spawnSubscriber({ lockMs: 1_500, blockAt: 2, blockMs: 4_500 })
    await add(
      'ja',
      [1, 2, 3, 4].map((sequence) => sampleEvent('desk/1', sequence)),
    )
    await until(() => blocked.seen.length === 2)
    const seen: number[] = []
    const other = consume({ lockMs: 1_500, handler: ({ sequence }) => void seen.push(sequence) })
    await until(() => other.stats().jobs === 1)
    expect(seen).toEqual([1, 2, 3, 4])
    await until(() => blocked.faults.length > 0)
    expect(blocked.faults).toEqual([
      {
        code: 'SUBSCRIBER_FAILED',
        message: expect.stringMatching(
          /^the lock of job ja expired, .* 1500 ms \(lockMs\).*the whole job runs again.*no event is lost/,
        ),
      },
    ])
    await add('jb', [sampleEvent('desk/2', 5)])
    await add('jc', [sampleEvent('desk/2', 6)])
    await until(() => seen.length + blocked.seen.length === 8)
    expect(blocked.seen.map(({ sequence }) => sequence).filter((sequence) => sequence < 5)).toEqual([1, 2])
    expect(blocked.faults).toHaveLength(1)
  })
})
