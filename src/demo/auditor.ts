import { inboxId, isVenueEvent, type MarginEvent, type PlimsollEvent } from '../domain/index.ts'
import type { Arrivals, SubscriberResult } from './protocol.ts'
import type { ComparedMarketEvent } from './referee/market-replay.ts'
import type { ComparedEvent, InstantTick, Referee } from './referee/referee.ts'
import { keepWorst } from './screen/headlines.ts'

/** Most liquidations that a person may check after the demo. */
const WORST_KEPT = 5

/** Instants that may wait for the replay, about 100 bytes a tick. Beyond it they are replayed as they come. */
export const INSTANTS_WAITING_MAX = 100_000

type Instant = readonly InstantTick[]

/** Counts the effects of events, keeps the events of judged accounts, and lets the referee replay the instants. */
export interface Auditor {
  readonly delivered: number
  readonly arrivals: Readonly<Record<string, Readonly<Arrivals>>>
  readonly replayedTicks: number
  /** The effect of an event; call it inside `once`. */
  effect(event: PlimsollEvent): void
  /** Instants wait for `replay`. */
  instants(instants: readonly Instant[]): void
  /** Replays instants that wait, in order, at least one, while there is time. True when none waits. */
  replay(isInTime: () => boolean): boolean
  /** Without a judgement while instants wait: the events that they make are not known. */
  result(): SubscriberResult
}

export function createAuditor(referee: Referee): Auditor {
  const effects = new Map<string, number>()
  const judged: (ComparedEvent | ComparedMarketEvent)[] = []
  const worst: MarginEvent[] = []
  const arrivals: Record<string, Arrivals> = {}
  let duplicated = 0
  let waiting: Instant[] = []
  /** The first of `waiting` that is not replayed. */
  let next = 0
  const replayNext = (): void => referee.instant(waiting[next++]!)
  return {
    get delivered() {
      return effects.size
    },
    arrivals,
    get replayedTicks() {
      return referee.ticks
    },
    effect(event) {
      const id = inboxId(event)
      const before = effects.get(id) ?? 0
      effects.set(id, before + 1)
      arrivals[event.venue] ??= { delivered: 0, duplicated: 0 }
      const ofVenue = arrivals[event.venue]!
      if (before > 0) {
        duplicated += 1
        ofVenue.duplicated += 1
        return
      }
      ofVenue.delivered += 1
      // The referee knows the prices that the worker heard, and no doubt of them.
      if (event.kind === 'revision' || isVenueEvent(event)) return
      if (!('marginAccount' in event)) {
        judged.push(event)
        return
      }
      if (referee.judges(event.account)) judged.push(event)
      if (event.kind === 'liquidation') keepWorst(worst, event, WORST_KEPT)
    },
    instants(instants) {
      for (const instant of instants) waiting.push(instant)
      while (waiting.length - next > INSTANTS_WAITING_MAX) replayNext()
    },
    replay(isInTime) {
      while (next < waiting.length) {
        replayNext()
        if (!isInTime()) break
      }
      if (next < waiting.length) return false
      waiting = []
      next = 0
      return true
    },
    result() {
      return {
        delivered: effects.size,
        duplicated,
        arrivals,
        judgement: next < waiting.length ? null : referee.judge(judged),
        replayedTicks: referee.ticks,
        replayChecks: referee.checks,
        worst: [...worst],
      }
    },
  }
}
