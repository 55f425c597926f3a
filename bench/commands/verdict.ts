import { benchForms, FORM_VENUES, type FormsBench } from '../forms.ts'
import { FULL_EFFORT, table } from '../harness.ts'
import { benchVerdict, VERDICT_POSITIONS, VERDICT_SEED, type VerdictBench, verdictKinds } from '../verdict.ts'
import { type Bench, wholeNumber } from './command.ts'
import { duration, machineAndNode } from './figures.ts'

export const VERDICT_BENCH: Bench<{ readonly positions?: number; readonly seed: number }> = {
  name: 'verdict',
  description:
    'Exact verdicts and states of margin accounts: over one common denominator and by fractions, by pieces and by traced formulas',
  options: [
    {
      flags: '--positions <n>',
      description: 'only accounts of this many positions (default 1, 3, 100 and 1,000)',
      read: wholeNumber,
    },
    { flags: '--seed <n>', description: 'seed of the accounts', read: wholeNumber, standard: VERDICT_SEED },
  ],
  run({ positions, seed }, print) {
    const sizes = positions === undefined ? VERDICT_POSITIONS : [positions]
    const results = sizes.flatMap((size) =>
      verdictKinds(size).map((kind) => {
        const run = benchVerdict(kind, size, seed, FULL_EFFORT)
        print(verdictText(run))
        return run
      }),
    )
    const forms = positions === undefined ? formsOf(seed, print) : []
    print(`\n${machineAndNode()}, seed ${seed}`)
    return { seed, results, forms }
  },
}

function formsOf(seed: number, print: (text: string) => void): readonly FormsBench[] {
  const forms = FORM_VENUES.map((venue) => benchForms(venue, seed, FULL_EFFORT))
  const checked = forms.reduce((sum, one) => sum + one.checked, 0)
  const lines = forms.flatMap(({ venue, results }) =>
    results.map(({ variant, minNs, medianNs, p99Ns }) => [
      `${venue}, ${variant}`,
      ...[minNs, medianNs, p99Ns].map(duration),
    ]),
  )
  print(
    '\n1 to 3 positions near the line, with prices and cure, by the formulas of each venue.\n' +
      `Check: ${checked.toLocaleString('en')} characters of states are identical to those of the traced formulas\n` +
      table(['call', 'min', 'median', 'p99'], lines),
  )
  return forms
}

function verdictText({ kind, positions, checked, results }: VerdictBench): string {
  const lines = results.map(({ variant, minNs, medianNs, p99Ns }) => [
    variant,
    ...[minNs, medianNs, p99Ns].map(duration),
  ])
  return (
    `\n${positions.toLocaleString('en')} positions, ${kind}.\n` +
    `Check: ${checked.toLocaleString('en')} characters of states are identical to those of the fractions\n` +
    `${table(['call', 'min', 'median', 'p99'], lines)}`
  )
}
