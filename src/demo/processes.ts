import type { Clock } from '../domain/index.ts'
import { type Child, startChild } from './child.ts'
import type {
  FromExchange,
  FromScreen,
  FromSubscriber,
  ToExchange,
  ToScreen,
  ToSubscriber,
} from './protocol.ts'

export type ExchangeProcess = Child<ToExchange, FromExchange>
export type SubscriberProcess = Child<ToSubscriber, FromSubscriber>
export type ScreenProcess = Child<ToScreen, FromScreen>

/** A child that works answers a question within this time. */
export const CHILD_TIMEOUT_MS = 15_000

const stopMessage = { kind: 'stop' } as const

/** Starts the process of the simulated venues. */
export function startExchange(clock: Clock): ExchangeProcess {
  return startChild({
    name: 'the exchange simulator',
    module: new URL('./exchange/exchange-main.js', import.meta.url),
    fault: 'FEED_REJECTED',
    stopMessage,
    clock,
  })
}

/** Starts the process that consumes the events and replays the ticks. */
export function startSubscriber(clock: Clock): SubscriberProcess {
  return startChild({
    name: 'the subscriber',
    module: new URL('./subscriber-main.js', import.meta.url),
    fault: 'SUBSCRIBER_FAILED',
    stopMessage,
    clock,
  })
}

/** Starts the process that draws on our standard output or error. */
export function startScreen(output: 'stdout' | 'stderr', clock: Clock): ScreenProcess {
  return startChild({
    name: 'the screen',
    module: new URL('./screen/screen-main.js', import.meta.url),
    fault: 'SUBSCRIBER_FAILED',
    stopMessage,
    clock,
    standardOutput: output,
  })
}
