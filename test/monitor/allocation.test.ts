import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const TICKS = 20_000
/** Two numbers that cross a call boundary may be boxed (16 bytes each); one object or string a tick more is too much. */
const BOXED_BYTES_MAX = 40

describe('a tick', () => {
  it.each([{ appliesFunding: false }, { appliesFunding: true }])(
    'allocates nothing but boxed numbers while nothing is near its line; applies funding: $appliesFunding',
    (options) => {
      setFlagsFromString('--expose-gc')
      const gc = runInNewContext('gc') as () => void
      const { monitor } = openMonitor(options)
      for (let i = 0; i < 1_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
      const marks = Array.from({ length: 64 }, (_, i) => (100 + i / 1_000).toFixed(8))
      const rates = ['0.0001', '-0.00005', undefined]
      const run = (ticks: number) => {
        for (let i = 0; i < ticks; i++) {
          monitor.frameStart(1, 1)
          monitor.tick('binance', 'AUSDT', marks[i & 63]!, 1_700_000_000_000, rates[i % 3], 1_700_000_000_001)
          monitor.frameEnd()
        }
      }
      run(100_000)
      const perTick = Array.from({ length: 5 }, () => {
        gc()
        const before = process.memoryUsage().heapUsed
        run(TICKS)
        return (process.memoryUsage().heapUsed - before) / TICKS
      }).sort((a, b) => a - b)
      expect(perTick[2]).toBeLessThan(BOXED_BYTES_MAX)
    },
  )
})
