import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { RedisCommands } from '../redis/index.ts'
import { orAtLimit } from '../system/index.ts'

/** A connection that says when it is ready again. An ioredis instance fits as it is. */
export interface EventRedis extends RedisCommands {
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/**
 * Resolves as the promise does; rejects with REDIS_UNAVAILABLE after `limitMs`. A connection without a command timeout
 * may never answer.
 */
export function withDeadline<T>(
  clock: Clock,
  promise: Promise<T>,
  limitMs: number,
  action: string,
): Promise<T> {
  return orAtLimit(clock, promise, limitMs, () => {
    const message = `${action}: no answer within ${limitMs} ms, which is the limit`
    throw new PlimsollError('REDIS_UNAVAILABLE', message)
  })
}
