import { benchGap, GAP_GOALS } from '../gap.ts'
import { type Bench, notify, wholeNumber } from './command.ts'
import { figuresText } from './figures.ts'

export const GAP_BENCH: Bench<{ readonly accounts: number; readonly silence: number }> = {
  name: 'gap',
  description:
    'One market is silent, then a mark liquidates one account: real worker, Redis, WebSocket and processes',
  options: [
    {
      flags: '--accounts <n>',
      description: 'accounts, one position each',
      read: wholeNumber,
      standard: 300_000,
    },
    { flags: '--silence <ms>', description: 'length of the silence', read: wholeNumber, standard: 8_000 },
  ],
  async run({ accounts, silence: silenceMs }, print) {
    const result = await benchGap({ accounts, silenceMs, notify })
    print(figuresText('gap', result, GAP_GOALS))
    return { results: [result] }
  },
}
