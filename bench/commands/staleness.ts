import { table } from '../harness.ts'
import { staleness } from '../staleness.ts'
import type { Bench } from './command.ts'

export const STALENESS_BENCH: Bench<Record<never, never>> = {
  name: 'staleness',
  description:
    'How many tables of Binance USDⓈ-M ask for too little once they are a week, a month or a year old',
  options: [],
  run(_options, print) {
    const results = staleness()
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`
    const lines = results.map(({ ageDays, asksTooLittle, newest }) => [
      `${ageDays} days`,
      percent(asksTooLittle),
      percent(newest),
    ])
    print(
      'Symbols whose older table asks for less margin than the one in force, somewhere in its notionals.\n' +
        table(['age of the table', 'mean since May 2024', 'on the newest day'], lines),
    )
    return { results }
  },
}
