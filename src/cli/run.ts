import { resolve } from 'node:path'
import { Command } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import type { WorkerCounters } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { keepRedis, type OpenedRedis } from '../redis-server/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'
import { ruleBooks, startWorker, type Worker } from '../worker/index.ts'
import { startHeartbeat } from './heartbeat.ts'
import { withConfigOptions } from './options.ts'
import { runLog, showingEvents, tellOfEmptyBook, waysForPeople, waysToConnect } from './run-display.ts'
import { type Ended, untilSignal } from './signals.ts'
import { speaksJson } from './terminal.ts'
import { tell } from './wrapping.ts'

/** `plimsoll run`: the worker, until SIGTERM or Ctrl-C. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'Runs the worker: feeds, kernel, exact verdicts, events to the Redis stream and to BullMQ',
  )
  return withConfigOptions(command)
    .option(
      '--consumers <names>',
      'named consumers of events, comma-separated: each gets every event in a queue of its own',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .option('--take-over', 'replace a worker that owns the shard at once, instead of waiting until it stops')
    .option('--json', 'print a summary as one JSON object at the end')
    .addHelpText(
      'after',
      '\nSettings come from flags, then the environment (REDIS_URL, PLIMSOLL_...), then\n' +
        '.env, then defaults. Without REDIS_URL a private Redis runs on the data folder.\n' +
        'At a terminal the log and the events are lines for people; elsewhere, and with\n' +
        '--json, the log is JSON. SIGTERM and Ctrl-C stop in order, a second one at once.',
    )
    .action((options: ConfigOverrides & { json?: true }) => run(options))
}

async function run({ json, ...overrides }: ConfigOverrides & { json?: true }): Promise<void> {
  const config = loadConfig(overrides)
  // Throws for a wrong rules file before a Redis is started.
  ruleBooks(config, systemClock.nowMs())
  const log = runLog(config.logLevel, json)
  const clock = systemClock
  const ended = untilSignal(() => log.warn({}, 'npm, which started the worker, is gone: the worker stops'))
  const stop = new AbortController()
  const { signal } = stop
  const abort = () => stop.abort()
  void ended.promise.then(abort, abort)
  const notify = (line: string) => tell(process.stderr, line)
  try {
    const { redisUrl, dataDir, appendfsync } = config
    const { fail: fatal } = ended
    const folder = resolve(dataDir)
    const waysTo = speaksJson(process.stderr, json) ? waysToConnect : waysForPeople
    const tellOf = (own: OpenedRedis) => log.info(waysTo(own, folder), 'private redis')
    const redis = await keepRedis({
      redisUrl,
      dataDir,
      appendfsync,
      clock,
      notify,
      signal,
      replaced: tellOf,
      failed: fatal,
    })
    const options = { config, redisUrl: redis.url, clock, random: systemRandom, log, fatal, signal }
    try {
      if (redis.source !== 'given') tellOf(redis)
      await showingEvents({ ...options, shard: config.shard, json }, async () => {
        const worker = await startWorker(options)
        const { accounts, positions } = worker.read.counters()
        log.info({ redis: redis.source, accounts, positions }, 'worker runs')
        tellOfEmptyBook(accounts, log)
        const stopHeartbeat = heartbeat(config.heartbeatFile, log)
        await untilEnded(ended, worker, json).finally(stopHeartbeat)
      })
    } finally {
      await redis.close()
    }
  } catch (error) {
    if (error !== signal.reason) throw error
    // The command ended before the worker ran. Rejects when that was a fault.
    await ended.promise
    log.info({}, 'stopped while starting')
  } finally {
    ended.dispose()
  }
}

function heartbeat(file: string | undefined, log: Log): () => void {
  if (file === undefined) return () => undefined
  const failed = (error: Error) => log.warn({ error: error.message }, 'the heartbeat file cannot be written')
  return startHeartbeat({ file, clock: systemClock, failed })
}

async function untilEnded(ended: Ended, worker: Worker, json: true | undefined): Promise<void> {
  try {
    await ended.promise
  } finally {
    await worker.stop()
    if (json === true) process.stdout.write(`${JSON.stringify(summaryOf(worker.read.counters()))}\n`)
  }
}

function summaryOf(stats: WorkerCounters) {
  const { ticks, frames, accounts, positions, suspects, exactChecks, events } = stats
  const { auditChecks, auditDisagreements } = stats
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
