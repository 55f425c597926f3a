import { loadConfig } from '../src/config.ts'
import { type InstrumentRules, marginalTiers, venueId } from '../src/domain/index.ts'
import { createLog } from '../src/log.ts'
import { seededRandom, sleep, systemClock } from '../src/system/index.ts'
import { startWorker, type Worker } from '../src/worker/index.ts'
import type { FromWorker, Memory, ToWorker, WorkerSetup } from './heap-protocol.ts'

/** One worker as in production, in a process whose flags limit its heap. */

const READY_POLL_MS = 20
const COLLECTIONS_MAX = 10
const BETWEEN_COLLECTIONS_MS = 100
/** Two readings that differ by at most this count as equal. */
const SETTLED_BYTES = 256 * 1_024
/** Seed of the worker's back-off. */
const SEED = 1
const RULES: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  settlementAsset: 'USDT',
  takerFeeRate: '0',
  maintenance: marginalTiers('linear', [
    { cap: '1000000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' },
  ]),
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}

async function start({ redisUrl, shard, streamUrl, symbols }: WorkerSetup): Promise<Worker> {
  const config = loadConfig({ redisUrl, shard, logLevel: 'error', streamUrls: { 'binance-usdm': streamUrl } })
  const worker = await startWorker({
    config,
    redisUrl,
    clock: systemClock,
    random: seededRandom(SEED),
    log: createLog('error'),
    rules: new Map([[venueId('binance'), Object.fromEntries(symbols.map((symbol) => [symbol, RULES]))]]),
    fatal: (error) => send({ kind: 'failed', message: error.message }),
  })
  const check = (): void => {
    if (worker.read.counters().ticks >= symbols.length) send({ kind: 'ready' })
    else systemClock.after(READY_POLL_MS, check)
  }
  check()
  return worker
}

/**
 * Collects until two readings agree: buffers outside the heap that one collection frees, up to 40 MB after a busy time,
 * disappear from the figures only at the next.
 */
async function measured(): Promise<Memory> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('the process of the worker needs --expose-gc')
  let heapBytes = Number.POSITIVE_INFINITY
  for (let round = 0; round < COLLECTIONS_MAX; round++) {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    const isSettled = Math.abs(heapUsed + external - heapBytes) <= SETTLED_BYTES
    heapBytes = heapUsed + external
    if (isSettled) break
    await sleep(systemClock, BETWEEN_COLLECTIONS_MS)
  }
  return { heapBytes, rssMaxBytes: process.resourceUsage().maxRSS * 1_024 }
}

const setup = JSON.parse(process.argv[2]!) as WorkerSetup
const worker = await start(setup)
process.on('message', (message: ToWorker) => {
  if (message.kind === 'measure') void measured().then((memory) => send({ kind: 'measured', memory }))
  else if (message.kind === 'sample') send({ kind: 'sampled', rssBytes: process.memoryUsage().rss })
  else void worker.stop().finally(() => process.disconnect())
})
process.on('disconnect', () => void worker.stop().finally(() => process.exit()))
