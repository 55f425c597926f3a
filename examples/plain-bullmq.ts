/**
 * Reads the events with BullMQ alone: `node dist/examples/plain-bullmq.js [URL of Redis] [name of the consumer]`.
 * For the private Redis of `plimsoll run` the URL is the full path of `.data/redis/redis.sock`.
 *
 * Delivery is at least once. A job comes again after a crash, so that the effect must bear repeats: remember the ids.
 */
import { Worker } from 'bullmq'

const [url = 'redis://127.0.0.1:6379', consumer] = process.argv.slice(2)

const worker = new Worker(
  consumer === undefined ? 'margin-events' : `margin-events-${consumer}`,
  async (job) => {
    for (const event of job.data.events)
      console.log(event.id, event.kind, event.marginAccount ?? event.symbol ?? event.venue)
  },
  {
    connection: { url },
    // `{plimsoll:<shard>}`
    prefix: '{plimsoll:0}',
    // The job of a killed process comes again after about so long, however often that happens.
    lockDuration: 6_000,
    stalledInterval: 1_500,
    maxStalledCount: 1_000_000,
  },
)
worker.on('failed', (job, error) => console.error(job?.id, error.message))
worker.on('error', (error) => console.error(error.message))

async function stop(): Promise<void> {
  await worker.close()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
