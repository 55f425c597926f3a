import { expect, it } from 'vitest'
import { unfinished } from '../../src/worker/end.ts'

const NOTHING = { ticks: 0, changes: 0, unpublished: 0, notInStream: 0, notInQueues: 0 }

it('a stop that leaves no work undone is not a fault', () => {
  expect(unfinished(NOTHING, 2_500)).toBeUndefined()
})

it('a stop that leaves something undone says how much of each, and what finds it again', () => {
  const fault = unfinished(
    { ticks: 7, changes: 3, unpublished: 299_000, notInStream: 685, notInQueues: 12 },
    2_500,
  )
  expect(fault?.code).toBe('STOP_TIMEOUT')
  expect(fault?.message).toBe(
    'not done within 2500 ms (STOP_FLUSH_MS): ' +
      '7 ticks were not evaluated: the next start judges every account at the marks of then. ' +
      '3 changes of accounts were not applied: the next start reads the stored book. ' +
      '299,685 events are not in the stream: the next start publishes those of accounts that still stand there; ' +
      'a breach that came and went is lost. ' +
      '12 events are in the stream and not in a queue: the next start puts there what is missing',
  )
})
