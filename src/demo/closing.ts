import type { Clock } from '../domain/index.ts'
import type { Worker } from '../worker/index.ts'
import type { InstantFeed } from './instant-feed.ts'
import { behindOf, leftOf, madeOf } from './outcome.ts'
import { type Patience, waitWith } from './patience.ts'
import { CHILD_TIMEOUT_MS, type SubscriberProcess } from './processes.ts'
import type { SubscriberResult } from './protocol.ts'

/** For the last events to reach the queue, and then the subscriber. A busy machine takes its time. */
const PATIENCE: Patience = { idleMs: 10_000, totalMs: 300_000 }
/** The same after Ctrl-C, after which the demo must end within 5 s. */
const HURRIED_PATIENCE: Patience = { idleMs: 1_500, totalMs: 1_500 }

interface Closing {
  readonly worker: Pick<Worker, 'read' | 'stop'>
  readonly clock: Clock
  /** Ctrl-C. */
  readonly signal: AbortSignal
}

/** Waits for a worker that is behind. Its venues go on to state their prices: nothing may fall silent meanwhile. */
export async function catchUp({ worker, clock, signal }: Closing): Promise<void> {
  const behind = () => behindOf(worker.read.counters())
  await waitWith(PATIENCE, clock, () => signal.aborted || behind() === 0, behind)
}

/**
 * Waits until what the venues have sent is judged and its events are in the queue, stops the worker, and asks the referee for
 * its judgement. `stopped` is called when the worker has stopped; `progress` gives another number as long as the subscriber works.
 */
export async function drain(
  closing: Closing & { readonly progress: () => number },
  sentTicks: number,
  subscriber: SubscriberProcess,
  referee: InstantFeed,
  stopped: () => void,
): Promise<SubscriberResult> {
  const { worker, clock, signal } = closing
  const left = () => leftOf(worker.read.counters(), sentTicks)
  await waitWith(PATIENCE, clock, () => signal.aborted || left() === 0, left)
  if (signal.aborted) await waitWith(HURRIED_PATIENCE, clock, () => left() === 0, left)
  await worker.stop()
  referee.flush()
  stopped()
  const made = madeOf(worker.read.counters().events)
  subscriber.send({ kind: 'finish', made, patience: signal.aborted ? HURRIED_PATIENCE : PATIENCE })
  return await resultOf(closing, subscriber)
}

/** Waits for the result as long as the subscriber works; after Ctrl-C for a moment, then it answers with what it has. */
export async function resultOf(
  { signal, progress }: Pick<Closing, 'signal'> & { readonly progress: () => number },
  subscriber: Pick<SubscriberProcess, 'next' | 'send'>,
): Promise<SubscriberResult> {
  let last = progress()
  let idleMs = 0
  for (;;) {
    try {
      return (await subscriber.next('result', HURRIED_PATIENCE.totalMs)).result
    } catch (error) {
      idleMs = progress() === last ? idleMs + HURRIED_PATIENCE.totalMs : 0
      last = progress()
      if (idleMs >= CHILD_TIMEOUT_MS) throw error
      if (signal.aborted) subscriber.send({ kind: 'hurry' })
    }
  }
}
