import {
  type EventRecord,
  type FundingLog,
  type FundingRecord,
  type FundingSchedule,
  type Gap,
  type InstrumentRules,
  type MarginEvent,
  type PlimsollEvent,
  type RuleBook,
  revisionSubject,
} from '../../src/domain/index.ts'
import { type Kernel, type KernelVariant, openKernel } from '../../src/kernel/index.ts'
import type { LevelRule } from '../../src/margin/index.ts'
import { Monitor, type MonitorObserver, type MonitorOptions } from '../../src/monitor/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { TestClock } from './clock.ts'
import { RATIO_RULE } from './levels.ts'
import { rulesFrom } from './rules.ts'

const ONE_PERCENT = rulesFrom({
  tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
})

export const RULES: Readonly<Record<string, InstrumentRules>> = {
  AUSDT: ONE_PERCENT,
  BUSDT: ONE_PERCENT,
}

/** A monitor on a test clock, and everything that it published. */
export function openMonitor(
  options: {
    books?: Record<string, RuleBook>
    variant?: KernelVariant
    rule?: LevelRule
    /** Stands in for the kernel that was opened. */
    wrap?: (kernel: Kernel) => Kernel
    sequenceFloor?: number
    rulesMaxAgeDays?: number
    hasRoom?: () => boolean
    transitionsWaitingMax?: number
    observer?: MonitorObserver
    /** Gets every batch as it is published. */
    published?: (records: readonly EventRecord[]) => void
    pastMarksMax?: number
    /** Funding is applied once `keepFunding` is called, interest by `settleFunding`. */
    appliesFunding?: boolean
    /** Rules of price integrity; without them every mark is accepted. */
    integrity?: MonitorOptions['integrity']
    /** At which the clock starts, Unix milliseconds. */
    startMs?: number
  } = {},
) {
  const { wrap = (kernel) => kernel, sequenceFloor = 0, hasRoom = () => true } = options
  const kernel = wrap(openKernel(options.variant))
  const clock = new TestClock(options.startMs)
  const records: EventRecord[] = []
  const batches: number[] = []
  const added: string[] = []
  const gaps: Gap[] = []
  const refused: { account: string; message: string }[] = []
  const books: Readonly<Record<string, RuleBook>> = options.books ?? {
    bybit: { ...bybit.ruleBook, version: 'test', rulesOf: (symbol: string) => RULES[symbol] },
    binance: { ...binance.ruleBook, version: 'test', rulesOf: (symbol: string) => RULES[symbol] },
  }
  const recorded: FundingRecord[] = []
  const schedules: FundingSchedule[] = []
  const fundingLog: FundingLog = {
    record: (record) => recorded.push(record),
    schedule: (schedule) => schedules.push(schedule),
  }
  const monitor = new Monitor({
    ...(options.appliesFunding === true ? { fundingLog } : {}),
    kernel,
    clock,
    log: LOG,
    sequenceFloor,
    hasRoom,
    ...(options.transitionsWaitingMax === undefined
      ? {}
      : { transitionsWaitingMax: options.transitionsWaitingMax }),
    ...(options.rulesMaxAgeDays === undefined ? {} : { rulesMaxAgeDays: options.rulesMaxAgeDays }),
    ...(options.pastMarksMax === undefined ? {} : { pastMarksMax: options.pastMarksMax }),
    rule: options.rule ?? RATIO_RULE,
    ruleBookOf: (venue) => books[venue]!,
    observer: options.observer,
    gapFound: (gap) => gaps.push(gap),
    integrity: options.integrity,
    publish: (published) => {
      records.push(...published)
      batches.push(published.length)
      options.published?.(published)
    },
    marketAdded: (venue, symbol) => added.push(`${venue}:${symbol}`),
    refused: (account, error) => refused.push({ account: account.id, message: error.message }),
  })
  let eventTimeMs = 1_700_000_000_000
  /** One frame of Binance with these marks, a second after the last one or at that time of the venue. */
  const frame = (marks: readonly (readonly [string, string])[], venue = 'binance', timeMs?: number) => {
    eventTimeMs = timeMs ?? eventTimeMs + 1_000
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (const [symbol, markPrice] of marks) monitor.tick(venue, symbol, markPrice, eventTimeMs)
    monitor.frameEnd()
  }
  /** What the events say, in short: kind, margin account or market, level, episode, sequence. */
  const story = () =>
    records.map(({ event }) => {
      const name = 'symbol' in event ? event.symbol : event.venue
      const what = 'marginAccount' in event ? `${event.marginAccount} ${event.level}` : name
      return `${event.kind} ${what} #${event.episode} ${event.sequence}`
    })
  const events = () => records.map(({ event }) => event).filter(isMarginEvent)
  let kept = 0
  /** Gives the monitor what it recorded, as a log that has kept it. */
  const keepFunding = () => {
    monitor.applyFunding(recorded.slice(kept))
    kept = recorded.length
  }
  const funding = { recorded, schedules, keepFunding }
  return { monitor, kernel, clock, records, events, batches, added, gaps, refused, frame, story, funding }
}

/** What a reader's steps give in the end, taken without a wait. */
export function allSteps<Answer>(steps: Generator<void, Answer>): Answer {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

export const LOG = { logId: 'log', shard: '0' }

export function isMarginEvent(event: PlimsollEvent): event is MarginEvent {
  return 'marginAccount' in event && event.kind !== 'revision'
}

/** Hands what one run left to the next, as the log of events does. */
export function restoreInto(monitor: Monitor, records: readonly EventRecord[]): void {
  const kept = new Map(records.map(({ subject, progress }) => [subject, progress]))
  for (const [subject, progress] of kept) {
    if (progress === null) continue
    if ('symbol' in progress) monitor.restoreMarket(progress)
    else if ('anomalySinceMs' in progress) monitor.restoreVenue(progress)
    else monitor.restoreMarginAccount(subject, progress)
  }
  const ended = new Set(records.map(({ subject }) => subject))
  for (const { openRevision } of records)
    if (openRevision !== undefined && !ended.has(revisionSubject(openRevision.id)))
      monitor.restoreRevision(openRevision)
}
