import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { WorkerCounters } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { keepRedis, type OpenedRedis } from '../redis-server/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'
import { startWorker, type Worker } from '../worker/index.ts'
import type { LoadedRules } from '../worker/rule-books.ts'
import { startHeartbeat } from './heartbeat.ts'
import { openRecording } from './recording-folder.ts'
import { runLog, showingEvents, tellOfEmptyBook, waysForPeople, waysToConnect } from './run-display.ts'
import { type Ended, untilSignal } from './signals.ts'
import { speaksJson } from './terminal.ts'
import { tell } from './wrapping.ts'

/** Starts the worker, and its private Redis if the settings name none; resolves when a signal has ended both in order. */
export async function runWorker(
  config: Config,
  loadedRules: LoadedRules,
  json: true | undefined,
): Promise<void> {
  const log = runLog(config.logLevel, json)
  const clock = systemClock
  // Throws for a folder that cannot be written before a Redis is started.
  const recording = openRecording(config, clock, log)
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
    const recorder = recording?.recorder
    const options = {
      config,
      redisUrl: redis.url,
      clock,
      random: systemRandom,
      log,
      fatal,
      signal,
      recorder,
      loadedRules,
    }
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
    await recording?.close()
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
