import { systemClock } from '../src/clock.ts'
import { loadConfig } from '../src/config.ts'
import type { InstrumentRules } from '../src/domain/index.ts'
import { createLog } from '../src/log.ts'
import { startWorker, type Worker } from '../src/worker.ts'
import { seededRandom } from './harness.ts'
import type { FromWorker, Memory, ToWorker, WorkerSetup } from './heap-protocol.ts'

/** One worker as in production, in a process whose heap is limited by the flags that it was started with. */

const READY_POLL_MS = 20
/** The worker's chance spreads its back-off only. */
const SEED = 1
const RULES: InstrumentRules = {
  ...{ kind: 'linear', multiplier: '1', settle: 'USDT', takerFeeRate: '0' },
  tiers: [{ cap: '1000000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}

async function start({ redisUrl, shard, streamUrl, symbols }: WorkerSetup): Promise<Worker> {
  const config = loadConfig({ redisUrl, shard, logLevel: 'error', streamUrls: { 'binance-usdm': streamUrl } })
  const worker = await startWorker({
    ...{ config, redisUrl, clock: systemClock, random: seededRandom(SEED), log: createLog('error') },
    rules: new Map([['binance', Object.fromEntries(symbols.map((symbol) => [symbol, RULES]))]]),
    fatal: (error) => send({ kind: 'failed', message: error.message }),
  })
  const check = (): void => {
    if (worker.stats().ticks >= symbols.length) send({ kind: 'ready' })
    else systemClock.after(READY_POLL_MS, check)
  }
  check()
  return worker
}

function measured(): Memory {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('the process of the worker needs --expose-gc')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return { heapBytes: heapUsed + external, rssMaxBytes: process.resourceUsage().maxRSS * 1_024 }
}

const setup = JSON.parse(process.argv[2]!) as WorkerSetup
const worker = await start(setup)
process.on('message', (message: ToWorker) => {
  if (message.kind === 'measure') send({ kind: 'measured', memory: measured() })
  else void worker.stop().finally(() => process.disconnect())
})
process.on('disconnect', () => void worker.stop().finally(() => process.exit()))
