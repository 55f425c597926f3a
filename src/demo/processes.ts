import type { Clock } from '../domain/index.ts'
import { type Child, startChild } from './child.ts'
import type { FromExchange, FromSubscriber, ToExchange, ToSubscriber } from './protocol.ts'

export type ExchangeProcess = Child<ToExchange, FromExchange>
export type SubscriberProcess = Child<ToSubscriber, FromSubscriber>

const stopMessage = { kind: 'stop' } as const

/** Starts the process of the simulated venues. */
export function startExchange(clock: Clock): ExchangeProcess {
  return startChild({
    name: 'the exchange simulator',
    module: new URL('./exchange-main.js', import.meta.url),
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
