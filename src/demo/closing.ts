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
 * its judgement. `stopped` is called when the worker has stopped.
 */
export async function drain(
  { worker, clock, signal }: Closing,
  sentTicks: number,
  subscriber: SubscriberProcess,
  referee: InstantFeed,
  stopped: () => void,
): Promise<SubscriberResult> {
  const patience = signal.aborted ? HURRIED_PATIENCE : PATIENCE
  const left = () => leftOf(worker.read.counters(), sentTicks)
  await waitWith(patience, clock, () => left() === 0, left)
  await worker.stop()
  referee.flush()
  stopped()
  const made = madeOf(worker.read.counters().events)
  subscriber.send({ kind: 'finish', made, patience })
  const { result } = await subscriber.next('result', patience.totalMs + CHILD_TIMEOUT_MS)
  return result
}
