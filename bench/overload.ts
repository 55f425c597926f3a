import { type Account, venueId } from '../src/domain/index.ts'
import { onStage, pause, STAGE_TIMEOUT_MS } from './stage.ts'

const SYMBOLS = 200
const POSITIONS = 3
const PRICE = 100
const CRASH_PRICE = 88
/** How long marks come before the crash, and after the delivery of its events. */
const CALM_MS = 2_000
const AFTER_MS = 1_000

export interface OverloadOptions {
  readonly accounts: number
  readonly marksPerSecond: number
  readonly notify: (line: string) => void
}

/** Times in milliseconds from the receipt of the frame in which all accounts breach. */
export interface OverloadResult {
  readonly accounts: number
  readonly marksPerSecond: number
  readonly marksSent: number
  readonly marksEvaluated: number
  readonly liquidations: number
  readonly verdictsMs: number
  readonly firstLiquidationMs: number
  readonly allInStreamMs: number
  readonly allJobsMs: number
  /** From the receipt of a frame to all its verdicts, over all frames of the run. */
  readonly detectP99Ms: number
  readonly longestStallMs: number
}

/** All accounts breach in one frame while marks come at a high rate. Throws when an event is missing. */
export async function benchOverload(options: OverloadOptions): Promise<OverloadResult> {
  const { accounts, marksPerSecond, notify } = options
  const symbols = Array.from({ length: SYMBOLS }, (_, index) => `B${index}USDT`)
  const set = { symbols, price: PRICE, accounts: breachingAccounts(accounts, symbols), notify }
  return onStage(set, async (stage) => {
    const { worker, exchange, watcher } = stage
    exchange.send({ kind: 'frames', perSecond: marksPerSecond / SYMBOLS })
    await stage.untilMarked(SYMBOLS)
    await pause(CALM_MS)
    await stage.watch(accounts)
    const answers = Promise.all([
      watcher.next('first', STAGE_TIMEOUT_MS),
      watcher.next('streamed', STAGE_TIMEOUT_MS),
      watcher.next('queued', STAGE_TIMEOUT_MS),
    ])
    exchange.send({ kind: 'move', price: CRASH_PRICE })
    const [first, streamed, queued] = await answers
    stage.check()
    const longestStallMs = stage.longestStallMs()
    await pause(AFTER_MS)
    exchange.send({ kind: 'frames', perSecond: 0 })
    const { marksSent } = await exchange.next('halted')
    await stage.until(
      () => worker.read.counters().ticks >= marksSent && worker.read.counters().waiting === 0,
      STAGE_TIMEOUT_MS,
    )
    const { ticks, events, detectMaxMs, detectP99Ms } = worker.read.counters()
    if (first.event.kind !== 'liquidation') throw new Error(`the first event is a ${first.event.kind}`)
    if (events.liquidation !== accounts) {
      throw new Error(`${events.liquidation} liquidations of ${accounts} accounts`)
    }
    const since = (atMs: number) => atMs - first.event.receivedTimeMs
    return {
      accounts,
      marksPerSecond,
      marksSent,
      marksEvaluated: ticks,
      liquidations: events.liquidation,
      verdictsMs: Math.round(detectMaxMs),
      firstLiquidationMs: since(first.atMs),
      allInStreamMs: since(streamed.atMs),
      allJobsMs: since(queued.atMs),
      detectP99Ms: Math.round(detectP99Ms * 10) / 10,
      longestStallMs,
    }
  })
}

/** Three longs at 100 each with 12 % of their value as margin: farther than 10 % from the line at 100, in breach at 88. */
function* breachingAccounts(count: number, symbols: readonly string[]): Generator<Account> {
  for (let i = 0; i < count; i++) {
    const positions = Array.from({ length: POSITIONS }, (_, leg) => ({
      symbol: symbols[(i * POSITIONS + leg) % symbols.length]!,
      marginMode: 'cross' as const,
      size: String(1 + ((i + leg) % 9)),
      entryPrice: String(PRICE),
      leverage: '8',
    }))
    const value = positions.reduce((sum, { size }) => sum + Number(size) * PRICE, 0)
    yield {
      id: `bench/${i}`,
      venue: venueId('binance'),
      version: 1,
      collateral: [{ asset: 'USDT', amount: String((value * 12) / 100) }],
      positions,
      liabilities: [],
    }
  }
}

/** Goals on a quiet machine. */
export const OVERLOAD_GOALS = { detectP99Ms: 100, firstLiquidationMs: 300, verdictsMs: 500 } as const
