import { table } from '../harness.ts'
import {
  benchLarge,
  LARGE_EFFORT,
  LARGE_FORMS,
  LARGE_POSITIONS,
  LARGE_SEED,
  type LargeBench,
} from '../large.ts'
import { type Bench, wholeNumber } from './command.ts'
import { duration, machineAndNode } from './figures.ts'

export const LARGE_BENCH: Bench<{ readonly positions: number; readonly seed: number }> = {
  name: 'large',
  description: 'State with cure and all answers of one margin account in breach that holds many positions',
  options: [
    {
      flags: '--positions <n>',
      description: 'positions of the account; of an inverse one at most 100',
      read: wholeNumber,
      standard: LARGE_POSITIONS,
    },
    { flags: '--seed <n>', description: 'seed of the accounts', read: wholeNumber, standard: LARGE_SEED },
  ],
  run({ positions, seed }, print) {
    const forms = LARGE_FORMS.map((form) => {
      const run = benchLarge(form, positions, seed, LARGE_EFFORT)
      print(text(run))
      return run
    })
    print(`\n${machineAndNode()}, seed ${seed}`)
    return { seed, forms }
  },
}

function text({ form, positions, checked, results }: LargeBench): string {
  const lines = results.map(({ variant, minNs, medianNs }) => [variant, ...[minNs, medianNs].map(duration)])
  return (
    `\n${positions.toLocaleString('en')} positions, ${form}.\n` +
    `Check: ${checked.toLocaleString('en')} characters of smaller accounts are identical to those of the traced formulas\n` +
    `${table(['call', 'min', 'median'], lines)}`
  )
}
