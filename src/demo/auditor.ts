import type { MarginEvent, PlimsollEvent } from '../domain/index.ts'
import type { SubscriberResult } from './protocol.ts'
import type { ComparedMarketEvent } from './referee/market-replay.ts'
import type { ComparedEvent, InstantTick, Referee } from './referee/referee.ts'
import { keepWorst } from './screen/headlines.ts'

/** Most liquidations that a person may check after the demo. */
const WORST_KEPT = 5

/** Counts the effects of events, keeps the events of judged accounts, and lets the referee replay the instants. */
export interface Auditor {
  readonly delivered: number
  /** The effect of an event; call it inside `once`. */
  effect(event: PlimsollEvent): void
  instants(instants: readonly (readonly InstantTick[])[]): void
  result(): SubscriberResult
}

export function createAuditor(referee: Referee): Auditor {
  const effects = new Map<string, number>()
  const judged: (ComparedEvent | ComparedMarketEvent)[] = []
  const worst: MarginEvent[] = []
  let duplicated = 0
  return {
    get delivered() {
      return effects.size
    },
    effect(event) {
      const before = effects.get(event.id) ?? 0
      effects.set(event.id, before + 1)
      if (before > 0) {
        duplicated += 1
        return
      }
      if (!('marginAccount' in event)) {
        judged.push(event)
        return
      }
      if (referee.judges(event.account)) judged.push(event)
      if (event.kind === 'liquidation') keepWorst(worst, event, WORST_KEPT)
    },
    instants(instants) {
      for (const ticks of instants) referee.instant(ticks)
    },
    result: () => ({
      delivered: effects.size,
      duplicated,
      judgement: referee.judge(judged),
      replayedTicks: referee.ticks,
      replayChecks: referee.checks,
      worst: [...worst],
    }),
  }
}
