import { benchFormsTick, FORMS_TICK_SEED, type FormsTickBench, TICK_FORMS } from '../forms-tick.ts'
import { FULL_EFFORT, table } from '../harness.ts'
import { type Bench, wholeNumber } from './command.ts'
import { duration, machineAndNode } from './figures.ts'

export const FORMS_TICK_BENCH: Bench<{ readonly accounts: number; readonly seed: number }> = {
  name: 'forms-tick',
  description:
    'A tick over accounts whose maintenance margin is no straight piece of the mark: by the kernel, and by exact arithmetic',
  options: [
    { flags: '--accounts <n>', description: 'accounts drawn', read: wholeNumber, standard: 10_000 },
    {
      flags: '--seed <n>',
      description: 'seed of the accounts',
      read: wholeNumber,
      standard: FORMS_TICK_SEED,
    },
  ],
  run({ accounts, seed }, print) {
    const results = TICK_FORMS.map((form) => {
      const run = benchFormsTick(form, accounts, seed, FULL_EFFORT)
      print(text(run))
      return run
    })
    print(`\n${machineAndNode()}, seed ${seed}`)
    return { seed, results }
  },
}

function text({ form, accounts, reached, nominatedSafe, results }: FormsTickBench): string {
  const [exact, kernel] = results
  const lines = results.map(({ variant, minNs, medianNs, p99Ns }) => [
    variant,
    ...[minNs, medianNs, p99Ns].map(duration),
  ])
  return (
    `\n${accounts.toLocaleString('en')} accounts, ${form}.\n` +
    `Check: of the accounts in a crash both find the same ${reached.toLocaleString('en')}; ` +
    `the kernel leaves ${nominatedSafe.toLocaleString('en')} more to exact arithmetic\n` +
    `${table(['tick', 'min', 'median', 'p99'], lines)}\n` +
    `The kernel is ${Math.round(exact!.medianNs / kernel!.medianNs).toLocaleString('en')} times as fast (medians).`
  )
}
