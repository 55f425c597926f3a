/**
 * A subscriber in a process of its own, of the built program. Its argument is JSON: the options of `subscribe` that
 * JSON can hold, `hangAt` and `blockAt`: the sequence of the event at which the handler never ends, or blocks the event
 * loop for `blockMs`.
 */

import { subscribe } from '../../dist/src/api/index.js'
import { systemClock } from '../../dist/src/system/index.js'

const { hangAt, blockAt, blockMs, ...options } = JSON.parse(process.argv[2])
subscribe({
  ...options,
  fault: ({ code, message }) => process.send({ fault: { code, message } }),
  handler: async (event, context) => {
    const { id, sequence } = event
    process.send({ begun: { id, sequence, ...context } })
    if (sequence === hangAt) await new Promise(() => undefined)
    if (sequence === blockAt) {
      const endMs = systemClock.monotonicMs() + blockMs
      while (systemClock.monotonicMs() < endMs);
    }
  },
})
