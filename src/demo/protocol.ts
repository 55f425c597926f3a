import type { MarginEvent } from '../domain/index.ts'
import type { ExchangeStatus } from './exchange/exchange.ts'
import type { Patience } from './patience.ts'
import type { Judgement } from './referee/comparison.ts'
import type { InstantTick } from './referee/referee.ts'
import type { Headline } from './screen/headlines.ts'
import type { DemoSnapshot } from './screen/snapshot.ts'

/** Messages between the demo's own processes, over Node's IPC channel (in order, not lost). */

export type ToExchange =
  | {
      readonly kind: 'open'
      readonly streams: readonly string[]
      readonly seed: number
      readonly seconds: number
    }
  /** The markets of the book, `venue:symbol`. */
  | { readonly kind: 'count'; readonly markets: readonly string[] }
  | { readonly kind: 'start' }
  /** Send no more market data. The answer is `held`. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'stop' }

export type FromExchange =
  | { readonly kind: 'opened'; readonly urls: Readonly<Record<string, string>> }
  | { readonly kind: 'status'; readonly status: ExchangeStatus }
  | { readonly kind: 'over' }
  | { readonly kind: 'held'; readonly status: ExchangeStatus }

export type ToSubscriber =
  | {
      readonly kind: 'open'
      readonly redisUrl: string
      readonly queuePrefix: string
      readonly streams: readonly string[]
      readonly seed: number
      readonly accounts: number
      readonly sampleAccounts: number
      readonly levels: readonly string[]
      readonly hysteresis: string
    }
  /** Instants in the order in which the worker applied them. */
  | { readonly kind: 'instants'; readonly instants: readonly (readonly InstantTick[])[] }
  /** No further instant or event is made. Wait so long until `made` events have arrived, then until all is replayed. */
  | { readonly kind: 'finish'; readonly made: number; readonly patience: Patience }
  /** Ctrl-C: do not wait any longer. */
  | { readonly kind: 'hurry' }
  | { readonly kind: 'stop' }

export type FromSubscriber =
  | { readonly kind: 'opened'; readonly sampleAccounts: number; readonly samplePositions: number }
  | ({ readonly kind: 'progress' } & SubscriberProgress)
  | { readonly kind: 'headlines'; readonly headlines: readonly Headline[] }
  /** A line for the person at the screen. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'result'; readonly result: SubscriberResult }

/** What arrived of the events of one venue. */
export interface Arrivals {
  /** Different events that took effect. */
  delivered: number
  /** Effects beyond the first of an event. */
  duplicated: number
}

export interface SubscriberProgress {
  /** Different events of the whole book that took effect. */
  readonly delivered: number
  /** By venue. */
  readonly arrivals: Readonly<Record<string, Readonly<Arrivals>>>
  readonly replayedTicks: number
}

export interface SubscriberResult extends SubscriberProgress {
  /** Effects beyond the first of an event. */
  readonly duplicated: number
  /** null if the replay was cut short. */
  readonly judgement: Judgement | null
  readonly replayChecks: number
  /** The worst liquidations of the run, worst first. */
  readonly worst: readonly MarginEvent[]
}

export type ToScreen =
  | { readonly kind: 'snapshot'; readonly snapshot: DemoSnapshot }
  | { readonly kind: 'stop' }

/** The snapshot is drawn; the next one may be sent. */
export interface FromScreen {
  readonly kind: 'drawn'
}
