import type { Account, EventRecord, InstrumentRules, RuleBook } from '../../src/domain/index.ts'
import { type Kernel, type KernelVariant, openKernel } from '../../src/kernel/index.ts'
import { type LevelRule, levelRule } from '../../src/margin/index.ts'
import { Monitor } from '../../src/monitor/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { TestClock } from './clock.ts'

export const RULES: Readonly<Record<string, InstrumentRules>> = {
  AUSDT: {
    kind: 'linear',
    multiplier: '1',
    settle: 'USDT',
    takerFeeRate: '0',
    tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
  },
  BUSDT: {
    kind: 'linear',
    multiplier: '1',
    settle: 'USDT',
    takerFeeRate: '0',
    tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
  },
}

/** A monitor on a test clock, and everything that it published. */
export function openMonitor(
  options: {
    books?: Record<Account['venue'], RuleBook>
    variant?: KernelVariant
    rule?: LevelRule
    /** Stands in for the kernel that was opened. */
    wrap?: (kernel: Kernel) => Kernel
  } = {},
) {
  const { wrap = (kernel) => kernel } = options
  const clock = new TestClock()
  const records: EventRecord[] = []
  const batches: number[] = []
  const added: string[] = []
  const refused: { account: string; message: string }[] = []
  const books = options.books ?? {
    bybit: { ...bybit.ruleBook, version: 'test', rulesOf: (symbol: string) => RULES[symbol] },
    binance: { ...binance.ruleBook, version: 'test', rulesOf: (symbol: string) => RULES[symbol] },
  }
  const monitor = new Monitor({
    kernel: wrap(openKernel(options.variant)),
    clock,
    rule: options.rule ?? levelRule(),
    ruleBookOf: (venue) => books[venue],
    publish: (published) => {
      records.push(...published)
      batches.push(published.length)
    },
    marketAdded: (venue, symbol) => added.push(`${venue}:${symbol}`),
    refused: (account, error) => refused.push({ account: account.id, message: error.message }),
  })
  let eventTimeMs = 1_700_000_000_000
  /** One frame of Binance with these marks. */
  const frame = (marks: readonly (readonly [string, string])[], venue = 'binance') => {
    eventTimeMs += 1_000
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (const [symbol, markPrice] of marks) monitor.tick(venue, symbol, markPrice, eventTimeMs)
    monitor.frameEnd()
  }
  /** What the events say, in short: kind, margin account, level, episode, sequence. */
  const story = () =>
    records.map(
      ({ event }) =>
        `${event.kind} ${event.marginAccount} ${event.level} #${event.episode} ${event.sequence}`,
    )
  return { monitor, clock, records, batches, added, refused, frame, story }
}

/** A Binance account with one isolated long of 10 AUSDT at 100 and 200 of margin, unless told otherwise. */
export function isolatedLong(
  id: string,
  change: Partial<Account['positions'][number]> = {},
  version = 1,
): Account {
  return {
    id,
    venue: 'binance',
    version,
    collateral: [],
    positions: [
      {
        symbol: 'AUSDT',
        marginMode: 'isolated',
        size: '10',
        entryPrice: '100',
        isolatedMargin: '200',
        ...change,
      },
    ],
    liabilities: [],
  }
}
