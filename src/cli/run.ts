import { Command } from 'commander'
import { systemClock } from '../clock.ts'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { openRedis } from '../redis/index.ts'
import { ruleBooks } from '../rule-books.ts'
import { startWorker, type Worker, type WorkerOptions } from '../worker.ts'
import { withConfigOptions } from './options.ts'
import { type Ended, untilSignal } from './signals.ts'

/** `plimsoll run`: the worker, until SIGTERM or Ctrl-C. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'Runs the worker: feeds, kernel, exact verdicts, events to the Redis stream and to BullMQ',
  )
  return withConfigOptions(command)
    .option('--json', 'print a summary as one JSON object at the end')
    .addHelpText(
      'after',
      '\nSettings come from flags, then the environment (REDIS_URL, PLIMSOLL_...), then .env, then defaults.\n' +
        'Without REDIS_URL a private Redis is started on the data folder. Stops in order on SIGTERM and Ctrl-C;\n' +
        'a second signal ends at once.',
    )
    .action((options: ConfigOverrides & { json?: true }) => run(options))
}

async function run({ json, ...overrides }: ConfigOverrides & { json?: true }): Promise<void> {
  const config = loadConfig(overrides)
  // A wrong rules file is told before a Redis is started.
  ruleBooks(config)
  const log = createLog(config.logLevel)
  const clock = systemClock
  const ended = untilSignal()
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const redis = await openRedis({ redisUrl: config.redisUrl, dataDir: config.dataDir, clock, notify })
  try {
    const worker = await startUntil(ended, {
      config,
      redisUrl: redis.url,
      clock,
      random: systemRandom,
      log,
      fatal: ended.fail,
    })
    if (worker === undefined) return
    log.info({ redis: redis.source, ...summaryOf(worker.stats()) }, 'worker runs')
    try {
      await ended.promise
    } finally {
      await worker.stop()
      if (json === true) process.stdout.write(`${JSON.stringify(summaryOf(worker.stats()))}\n`)
    }
  } finally {
    await redis.close()
    ended.dispose()
  }
}

/** The worker; undefined where the end comes while it is starting. */
async function startUntil(ended: Ended, options: Omit<WorkerOptions, 'signal'>): Promise<Worker | undefined> {
  const stop = new AbortController()
  const abort = () => stop.abort()
  void ended.promise.then(abort, abort)
  try {
    return await startWorker({ ...options, signal: stop.signal })
  } catch (error) {
    if (error !== stop.signal.reason) throw error
    // Rejects where the end is a fault.
    await ended.promise
    options.log.info({}, 'stopped while starting')
    return undefined
  }
}

function summaryOf(stats: ReturnType<Awaited<ReturnType<typeof startWorker>>['stats']>) {
  const {
    ticks,
    frames,
    accounts,
    positions,
    suspects,
    exactChecks,
    events,
    auditChecks,
    auditDisagreements,
  } = stats
  return {
    ticks,
    frames,
    accounts,
    positions,
    suspects,
    exactChecks,
    events,
    auditChecks,
    auditDisagreements,
  }
}
