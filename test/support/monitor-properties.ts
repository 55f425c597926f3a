import { isDeepStrictEqual } from 'node:util'
import {
  type EventRecord,
  isVenueEvent,
  type MarginEvent,
  type MarketEvent,
  type RevisionEvent,
  type VenueEvent,
} from '../../src/domain/index.ts'
import { assert } from '../../src/errors.ts'
import { type LevelRule, marginStateOf, parseMarginAccountId } from '../../src/margin/index.ts'
import type { Monitor } from '../../src/monitor/index.ts'
import { isMarginEvent } from './monitor.ts'
import {
  type Cause,
  type ExpectedEvent,
  type ExpectedMarginEvent,
  isMarginEventExpected,
  isWithoutMark,
  type MonitorModel,
} from './monitor-model.ts'
import type { Properties } from './properties.ts'

/** What must hold of the events of a monitor and of what it says about itself. */
export const PROPERTIES = {
  fault: 'works without a fault of its own',
  instants: 'evaluates every mark, in order, together with the marks of its frame',
  transitions:
    'publishes every transition that exact arithmetic finds, in the order of its margin account, and no other',
  figures:
    'publishes the terms, marks and exact figures of the instant of the transition, however late the event is made',
  ids: 'gives no event id twice, over restarts too',
  numbers:
    'numbers the events of a margin account without gaps and its episodes one by one, over restarts too',
  ranks: 'ranks the events of an instant from 1 without gaps, liquidations first, then the larger shortfall',
  urgent:
    'publishes nothing before a liquidation that waits, except what its margin account has to say earlier',
  progress: 'keeps of every subject what it published last, and nothing of one that is safe or fresh',
  level: 'has published last the level that exact arithmetic finds at the end',
  markets:
    'has a market published as stale exactly as long as somebody holds it and it has no fresh mark, over restarts too',
  gone: 'has closed what is gone, and has no verdict where the newest terms cannot be used',
  counts:
    'counts margin accounts by level, without a verdict and in all as they are, and the events that wait',
  nearest: 'names the margin accounts nearest below their line with exact ratios',
  audit: 'agrees with its own audit',
  idle: 'becomes idle once the log has room',
  stop: 'publishes nothing after it was stopped',
} as const
export type Property = keyof typeof PROPERTIES

/** Two shortfalls may differ by so little in f64, in which they are ranked, that either may come first. */
const SHORTFALL_TOLERANCE = 1e-9

interface Ranked {
  readonly subject: string
  readonly isLiquidation: boolean
  readonly rank: number
  /** In quote currency. */
  readonly shortfall: number
}

interface Numbers {
  readonly sequence: number
  readonly episode: number
  readonly isOpen: boolean
}

/** The log of events: compares each with the one that the model expects, and keeps what a restart needs. */
export class CheckedLog {
  readonly #properties: Properties<Property>
  readonly #model: MonitorModel
  readonly #rule: LevelRule
  readonly #ids = new Set<string>()
  readonly #numbers = new Map<string, Numbers>()
  readonly #ranked = new Map<Cause, Ranked[]>()
  #lastLiquidation = { cause: 0, rank: 0 }
  /** What is kept of each subject. */
  readonly progress = new Map<string, NonNullable<EventRecord['progress']>>()
  sequenceFloor = 0
  /** Of all that was published. */
  readonly kinds: string[] = []
  /** Events that were published when a later instant had begun. */
  late = 0

  constructor(properties: Properties<Property>, model: MonitorModel, rule: LevelRule) {
    this.#properties = properties
    this.#model = model
    this.#rule = rule
  }

  /** A batch as the monitor publishes it. */
  take(records: readonly EventRecord[], monitor: Monitor): void {
    const isInstantOpen = monitor.counters.instants < this.#model.instants
    const open = isInstantOpen ? this.#model.lastInstant : undefined
    for (const record of records) this.#takeOne(record, open)
  }

  #takeOne({ event, subject, progress }: EventRecord, open: Cause | undefined): void {
    assert(
      event.kind !== 'revision' && !isVenueEvent(event),
      'a monitor without rules of price integrity doubts and revises nothing',
    )
    const expected = this.#model.nextOf(subject)
    const isSame =
      expected !== undefined &&
      (isMarginEvent(event)
        ? isMarginEventExpected(expected) && this.#agrees(event, expected)
        : !isMarginEventExpected(expected) && event.kind === expected.kind)
    const published = `${subject}: published is ${textOf(event)}`
    const due = expected === undefined ? 'nothing' : this.#textOf(expected)
    this.#check('transitions', isSame, () => `${published}, expected is ${due}`)
    this.#check(
      'ranks',
      expected!.cause !== open,
      () => `${published} before its instant was ended and ranked`,
    )
    this.#checkUrgency(expected!, event, open, published)
    this.#checkNumbers(expected!, event, subject, published)
    if (isMarginEvent(event)) this.#checkMarginEvent(expected as ExpectedMarginEvent, event, published)
    else this.#checkMarketEvent(expected!, event, published)
    this.#keep(expected!, event, subject, progress, published)
    this.#model.published(expected!)
    this.kinds.push(event.kind)
    if (expected!.cause.number < (this.#model.lastInstant?.number ?? 0)) this.late++
  }

  #check(property: Property, holds: boolean, message: () => string): void {
    this.#properties.check(property, holds, message)
  }

  #agrees(event: MarginEvent, { kind, after, previousLevel }: ExpectedMarginEvent): boolean {
    const { names } = this.#rule
    const isLevel = event.level === names[after.level] && event.previousLevel === names[previousLevel]
    return event.kind === kind && isLevel
  }

  #textOf(expected: ExpectedEvent): string {
    return isMarginEventExpected(expected)
      ? `${expected.kind} ${this.#rule.names[expected.after.level]}`
      : expected.kind
  }

  #checkUrgency(
    expected: ExpectedEvent,
    event: EventRecord['event'],
    open: Cause | undefined,
    published: string,
  ): void {
    if (expected.kind === 'liquidation') {
      const { rank } = event as MarginEvent
      const { number } = expected.cause
      const { cause, rank: rankBefore } = this.#lastLiquidation
      const isInOrder = number > cause || (number === cause && rank > rankBefore)
      this.#check(
        'ranks',
        isInOrder,
        () => `${published} with rank ${rank} after a liquidation that ranks behind it`,
      )
      this.#lastLiquidation = { cause: number, rank }
      return
    }
    const urgent = this.#model.waiting.filter(({ kind, cause }) => kind === 'liquidation' && cause !== open)
    const holds = urgent.length === 0 || urgent.some(({ subject }) => subject === expected.subject)
    this.#check('urgent', holds, () => `${published} while a liquidation of ${urgent[0]!.subject} waits`)
  }

  #checkNumbers(
    expected: ExpectedEvent,
    { id, episode, sequence, kind }: Exclude<EventRecord['event'], RevisionEvent | VenueEvent>,
    subject: string,
    published: string,
  ): void {
    this.#check('ids', !this.#ids.has(id), () => `${published} under the id ${id} again`)
    this.#ids.add(id)
    const before = this.#numbers.get(subject) ?? { sequence: 0, episode: 0, isOpen: false }
    const holds = expected.isFirst
      ? sequence > before.sequence && episode > before.episode
      : sequence === before.sequence + 1 && episode === before.episode + (before.isOpen ? 0 : 1)
    const numbers = `episode ${episode} and sequence ${sequence}`
    const beforeText = `episode ${before.episode}${before.isOpen ? ' (open)' : ''} and sequence ${before.sequence}`
    this.#check('numbers', holds, () => `${published} as ${numbers} after ${beforeText}`)
    const isOpen = kind === 'warning' || kind === 'liquidation' || isWithoutMark(kind)
    this.#numbers.set(subject, { sequence, episode, isOpen })
  }

  #checkMarginEvent(expected: ExpectedMarginEvent, event: MarginEvent, published: string): void {
    const { exact, marks, account, reasons, cause, kind, book, currency } = expected
    const state = exact && marginStateOf(exact, (symbol) => marks.get(symbol), this.#rule)
    const isWithout = state === undefined || kind === 'unknown'
    const of = (
      figure: 'unrealizedPnl' | 'marginBalance' | 'maintenanceMargin' | 'marginRatio' | 'shortfall',
    ) => (isWithout ? null : state[figure])
    const due = {
      account: parseMarginAccountId(expected.subject)!.account,
      accountVersion: account?.version ?? 0,
      venue: account?.venue ?? event.venue,
      settle: currency ?? event.settle,
      ruleBook: book.version,
      marks: [...marks].map(([symbol, markPrice]) => ({ symbol, markPrice: markPrice ?? null })),
      // Known without any mark: an event is verified from it.
      walletBalance: state?.walletBalance ?? null,
      unrealizedPnl: of('unrealizedPnl'),
      marginBalance: of('marginBalance'),
      maintenanceMargin: of('maintenanceMargin'),
      marginRatio: of('marginRatio'),
      shortfall: of('shortfall'),
      positions: (state?.positions ?? []).map(
        ({ symbol, size, notional, unrealizedPnl, liquidationPrice }) => {
          return { symbol, size, notional, unrealizedPnl, liquidationPrice }
        },
      ),
      cure: isWithout || kind === 'closed' ? null : state.cure,
      reasons: cause.isOfRules === true ? [...reasons, 'rules-changed'] : reasons,
      confidence: reasons.length === 0 || kind === 'unknown' ? 'confirmed' : 'suspect',
      eventTimeMs: cause.times?.eventTimeMs ?? null,
      receivedTimeMs: cause.times?.receivedTimeMs ?? event.receivedTimeMs,
    } as const
    for (const name of Object.keys(due) as (keyof typeof due)[]) {
      const has = shownOf(event, name)
      const text = () =>
        `${published} with ${name} ${JSON.stringify(has)}, of its instant is ${JSON.stringify(due[name])}`
      this.#check('figures', isDeepStrictEqual(has, due[name]), text)
    }
    const hasVerdict = kind !== 'closed' && !isWithout
    const inQuote = exact?.curves[0]?.coordinate === 'reciprocal' ? Number([...marks.values()][0]) : 1
    const shortfall = hasVerdict ? Number(state.shortfall) * inQuote : 0
    const ranked = {
      subject: expected.subject,
      isLiquidation: kind === 'liquidation',
      rank: event.rank,
      shortfall,
    }
    this.#ranked.set(cause, [...(this.#ranked.get(cause) ?? []), ranked])
  }

  #checkMarketEvent(expected: ExpectedEvent, event: MarketEvent, published: string): void {
    if (isMarginEventExpected(expected)) return
    const { marginAccounts, markPrice, expiredMs } = expected
    const isSame =
      event.marginAccounts === marginAccounts &&
      event.markPrice === markPrice &&
      (expiredMs ?? event.sinceMs) === event.sinceMs
    const text = (price: string | null, count: number) => `mark ${price}, ${count} margin accounts`
    this.#check(
      'figures',
      isSame,
      () =>
        `${published} with ${text(event.markPrice, event.marginAccounts)}, of its instant is ${text(markPrice, marginAccounts)}`,
    )
  }

  #keep(
    expected: ExpectedEvent,
    event: Exclude<EventRecord['event'], RevisionEvent | VenueEvent>,
    subject: string,
    progress: EventRecord['progress'],
    published: string,
  ): void {
    const { episode, sequence } = event
    const isMargin = isMarginEventExpected(expected)
    const isKept = isMargin ? expected.after.level > 0 || expected.after.unknown : isWithoutMark(event.kind)
    this.#check(
      'progress',
      (progress !== null) === isKept,
      () => `${published} and kept is ${JSON.stringify(progress)}`,
    )
    if (progress === null) {
      this.progress.delete(subject)
      this.sequenceFloor = Math.max(this.sequenceFloor, sequence)
      return
    }
    const standing = isMargin
      ? { level: this.#rule.names[expected.after.level], unknown: expected.after.unknown }
      : { stale: true, ...(event.kind === 'market-expired' ? { expired: true } : {}) }
    const due = { ...progress, ...standing, episode, sequence }
    this.#check(
      'progress',
      isDeepStrictEqual(progress, due),
      () => `${published} and kept is ${JSON.stringify(progress)}`,
    )
    this.progress.set(subject, progress)
  }

  /** The end of a run: all events of an instant that were published are in the order of their ranks. */
  checkRanks(): void {
    const waiting = new Map<Cause, number>()
    for (const event of this.#model.waiting) {
      if (isMarginEventExpected(event)) waiting.set(event.cause, (waiting.get(event.cause) ?? 0) + 1)
    }
    for (const [cause, events] of this.#ranked) {
      const count = events.length + (waiting.get(cause) ?? 0)
      const ranked = events.sort((a, b) => a.rank - b.rank)
      const ranks = ranked.map(({ rank }) => rank)
      const isGapless =
        events.length === count
          ? ranks.every((rank, index) => rank === index + 1)
          : new Set(ranks).size === ranks.length && ranks[0]! >= 1 && ranks.at(-1)! <= count
      const text = () =>
        `${ranked.map(({ subject, rank, shortfall }) => `${rank}. ${subject} ${shortfall}`).join(', ')}; ${count} in all`
      this.#check('ranks', isGapless, text)
      this.#check(
        'ranks',
        ranked.every((event, index) => index === 0 || isWorse(ranked[index - 1]!, event)),
        text,
      )
    }
    this.#ranked.clear()
    this.#lastLiquidation = { cause: 0, rank: 0 }
  }
}

function isWorse(a: Ranked, b: Ranked): boolean {
  if (a.isLiquidation !== b.isLiquidation) return a.isLiquidation
  return a.shortfall >= b.shortfall - SHORTFALL_TOLERANCE * Math.max(1, b.shortfall)
}

/** The field of an event, without what depends on the clock alone. */
function shownOf(event: MarginEvent, name: keyof MarginEvent) {
  if (name === 'marks') return event.marks.map(({ symbol, markPrice }) => ({ symbol, markPrice }))
  if (name !== 'positions') return event[name]
  return event.positions.map(({ symbol, size, notional, unrealizedPnl, liquidationPrice }) => {
    return { symbol, size, notional, unrealizedPnl, liquidationPrice }
  })
}

function textOf(event: EventRecord['event']): string {
  return isMarginEvent(event) ? `${event.kind} ${event.level}` : event.kind
}
