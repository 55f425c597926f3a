import { benchOverload, OVERLOAD_GOALS } from '../overload.ts'
import { type Bench, notify, wholeNumber } from './command.ts'
import { figuresText } from './figures.ts'

export const OVERLOAD_BENCH: Bench<{ readonly accounts: number; readonly marksPerSecond: number }> = {
  name: 'overload',
  description:
    'All accounts breach in one frame while marks go on: real worker, Redis, WebSocket and processes',
  options: [
    {
      flags: '--accounts <n>',
      description: 'accounts, three positions each',
      read: wholeNumber,
      standard: 100_000,
    },
    {
      flags: '--marks-per-second <n>',
      description: 'marks that go on meanwhile',
      read: wholeNumber,
      standard: 20_000,
    },
  ],
  async run({ accounts, marksPerSecond }, print) {
    const result = await benchOverload({ accounts, marksPerSecond, notify })
    print(figuresText('overload', result, OVERLOAD_GOALS))
    return { results: [result] }
  },
}
