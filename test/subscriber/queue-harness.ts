import { type Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { queueNameOf } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { openSubscription, type Subscription, type SubscriptionOptions } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { KEYS, queueConnection } from '../support/sample-events.ts'

export interface QueueHarness {
  readonly server: TestRedis
  readonly queue: Queue
  readonly redis: Redis
  /** Faults of the subscriptions of this test. */
  readonly faults: PlimsollError[]
  /** A subscription that ends with the test. */
  consume(options: Pick<SubscriptionOptions, 'handler'> & Partial<SubscriptionOptions>): Subscription
  add(id: string, events: readonly unknown[], options?: { attempts?: number; logId?: string }): Promise<Job>
}

/** A clock whose pauses are short: the pauses between the calls of a failing handler. */
export const HASTY_CLOCK = {
  ...systemClock,
  after: (delayMs: number, then: () => void) => systemClock.after(Math.min(delayMs, 5), then),
}

/** A queue of its own for the tests of a file, empty at the begin of each. */
export function useQueue(): QueueHarness {
  let server: TestRedis | undefined
  let probe: Redis
  let queue: Queue
  const open: Subscription[] = []
  const faults: PlimsollError[] = []

  beforeAll(async () => {
    server = await startTestRedis()
    probe = queueConnection(server.url)
    queue = new Queue(queueNameOf(), { connection: probe, prefix: KEYS.queuePrefix })
  })
  beforeEach(async () => {
    await probe.flushall()
    faults.length = 0
  })
  afterEach(async () => {
    for (const subscription of open.splice(0)) await subscription.close()
  })
  afterAll(async () => {
    await queue.close()
    probe.disconnect()
    await server?.stop()
  })

  return {
    get server() {
      return server!
    },
    get redis() {
      return probe
    },
    get queue() {
      return queue
    },
    faults,
    consume(options) {
      const subscription = openSubscription({
        connection: { url: server!.url },
        queuePrefix: KEYS.queuePrefix,
        clock: systemClock,
        fault: (error) => void faults.push(error),
        ...options,
      })
      open.push(subscription)
      return subscription
    },
    add(id, events, { attempts = 50, logId = 'log-1' } = {}) {
      const data = { schemaVersion: 2, logId, shard: '0', events, streamIds: { first: '1-1', last: '1-9' } }
      return queue.add('events', data, { jobId: id, attempts, backoff: { type: 'fixed', delay: 50 } })
    },
  }
}
