import { counted, EMPTY_STREAM, formatStreamId, readStreamId } from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import { cursorBroken, logRenewed } from './faults.ts'
import { acquire, Lease, THIS_PROCESS } from './lease.ts'
import type { EventLogOptions, RedisEventLog } from './log-types.ts'
import { DeliveryPipeline } from './pipeline.ts'
import { bullQueues } from './queue.ts'
import { EventQueues } from './queues.ts'
import { randomName } from './random-name.ts'
import { readEarlierProgress } from './restore.ts'
import { EventStream } from './stream.ts'

/**
 * Takes over the stream, if needed after a wait for the lease of another worker, and starts the pipeline: outbox → stream
 * (one script per batch) → queues (only events that are in the stream). The caller closes the connections.
 * @throws
 * PlimsollError CONFIGURATION for consumers that are not valid; REDIS_UNAVAILABLE; the signal's reason.
 */
export async function openEventLog(options: EventLogOptions): Promise<RedisEventLog> {
  const { redis, keys, clock, random, fault, notice, streamLimits, consumers = [] } = options
  const stream = new EventStream(redis, keys, clock, streamLimits)
  const opened: { log?: DeliveryPipeline } = {}
  const queues = new EventQueues({
    open: options.openQueue ?? bullQueues(options.queueConnection, keys.queuePrefix, clock),
    consumers,
    clock,
    fault,
    failed: (error) => opened.log?.queueFailed(error),
  })
  try {
    const { taken, name } = await acquire({
      stream,
      clock,
      signal: options.signal,
      takeOver: options.takeOver ?? false,
      owner: options.owner ?? THIS_PROCESS,
      token: randomName(random),
      newLogId: randomName(random),
      notice,
    })
    const { found, logId, entry } = taken
    if (!found.stream && !found.progress) notice(`a new log of events begins in ${keys.events}: ${logId}`)
    else if (!found.stream || !found.logId) fault(logRenewed(keys.events, found, logId))
    const lease = new Lease(stream, clock, entry, name, () => opened.log?.leaseLost())
    try {
      await queues.register(stream, (queue, jobs) =>
        notice(
          `queue ${queue} gets no events, its consumer is not configured; it still holds ${counted(jobs, 'job')}`,
        ),
      )
      const cursor = await cursorAtStart(stream, queues, keys.cursor, fault)
      const earlier = await readEarlierProgress(stream, fault)
      opened.log = new DeliveryPipeline(options, { stream, queues, lease, taken, cursor, earlier })
      return opened.log
    } catch (error) {
      await lease.close()
      throw error
    }
  } catch (error) {
    // The reason why the log does not open matters more than a failure to close its queues.
    await queues.close().catch(() => undefined)
    throw error
  }
}

/** The stored cursor. When it cannot be read, the newest event that the queues hold. */
async function cursorAtStart(
  stream: EventStream,
  queues: EventQueues,
  key: string,
  fault: (error: PlimsollError) => void,
): Promise<string> {
  const { cursor: found } = await stream.position()
  if (readStreamId(found) !== undefined) return found
  const newest = await queues.newestEvent()
  const cursor = newest === undefined ? EMPTY_STREAM : formatStreamId(newest.fence, newest.sequence)
  await stream.moveCursor(found === '' ? EMPTY_STREAM : found, cursor)
  fault(cursorBroken(key, found, cursor))
  return cursor
}
