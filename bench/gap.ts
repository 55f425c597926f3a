import { type Account, venueId } from '../src/domain/index.ts'
import { onStage, pause, STAGE_TIMEOUT_MS } from './stage.ts'

const SYMBOL = 'GAPUSDT'
const PRICE = 100
/** The balance of one account at 90 is below its maintenance margin; all others are safe there. */
const RETURN_PRICE = 90
/** Time for events that may still come after the liquidation. */
const AFTER_MS = 2_000

export interface GapOptions {
  readonly accounts: number
  readonly silenceMs: number
  readonly notify: (line: string) => void
}

/** Times in milliseconds from the receipt of the first mark after the silence. */
export interface GapResult {
  readonly accounts: number
  readonly silenceMs: number
  readonly withoutVerdict: number
  readonly events: number
  readonly liquidationInStreamMs: number
  readonly liquidationJobMs: number
  readonly longestStallMs: number
}

/** Goals on a quiet machine. */
export const GAP_GOALS = { liquidationJobMs: 250, events: 10 } as const

/** One market goes silent; its first mark afterwards liquidates one account. */
export async function benchGap({ accounts, silenceMs, notify }: GapOptions): Promise<GapResult> {
  const set = { symbols: [SYMBOL], price: PRICE, accounts: longs(accounts), notify }
  return onStage(set, async (stage) => {
    const { worker, exchange, watcher } = stage
    exchange.send({ kind: 'frames', perSecond: 1 })
    await stage.untilMarked(0)
    exchange.send({ kind: 'silence' })
    await exchange.next('halted')
    await pause(silenceMs)
    const withoutVerdict = worker.read.counters().unknownMarginAccounts
    if (withoutVerdict !== accounts)
      throw new Error(`${withoutVerdict} of ${accounts} accounts are without a verdict`)
    await stage.watch(1)
    const answers = Promise.all([
      watcher.next('first', STAGE_TIMEOUT_MS),
      watcher.next('queued', STAGE_TIMEOUT_MS),
    ])
    // If the feed is reconnecting now, the mark comes when it has subscribed.
    exchange.send({ kind: 'move', price: RETURN_PRICE })
    const [first, queued] = await answers
    await pause(AFTER_MS)
    stage.check()
    if (first.event.kind !== 'liquidation') throw new Error(`the first event is a ${first.event.kind}`)
    const { events } = worker.read.counters()
    return {
      accounts,
      silenceMs,
      withoutVerdict,
      events: Object.values(events).reduce((sum, count) => sum + count, 0),
      liquidationInStreamMs: first.atMs - first.event.receivedTimeMs,
      liquidationJobMs: queued.atMs - first.event.receivedTimeMs,
      longestStallMs: stage.longestStallMs(),
    }
  })
}

function* longs(count: number): Generator<Account> {
  for (let i = 0; i < count; i++) {
    const isolatedMargin = i === 0 ? '105' : '900'
    const position = {
      symbol: SYMBOL,
      marginMode: 'isolated',
      size: '10',
      entryPrice: String(PRICE),
    } as const
    yield {
      id: `bench/${i}`,
      venue: venueId('binance'),
      version: 1,
      collateral: [],
      positions: [{ ...position, isolatedMargin }],
      liabilities: [],
    }
  }
}
