import { FULL_EFFORT, table } from '../harness.ts'
import { benchPoolsTick, POOLS_TICK_SEED, type PoolsTickBench } from '../pools-tick.ts'
import { type Bench, wholeNumber } from './command.ts'
import { duration, machineAndNode } from './figures.ts'

export const POOLS_TICK_BENCH: Bench<{ readonly accounts: number; readonly seed: number }> = {
  name: 'pools-tick',
  description:
    'Ticks and a crash over accounts of several currencies: each tick by exact arithmetic, and as far as prices may move',
  options: [
    { flags: '--accounts <n>', description: 'accounts drawn', read: wholeNumber, standard: 10_000 },
    {
      flags: '--seed <n>',
      description: 'seed of the accounts',
      read: wholeNumber,
      standard: POOLS_TICK_SEED,
    },
  ],
  run({ accounts, seed }, print) {
    const run = benchPoolsTick(accounts, seed, FULL_EFFORT)
    print(`${text(run)}\n\n${machineAndNode()}, seed ${seed}`)
    return { seed, ...run }
  },
}

function text({ shapes, accounts, largePools, warned, crashEvents, ways }: PoolsTickBench): string {
  const lines = ways.map(({ way, firstCpuMs, results, crashCpuMs, longestTurnCpuMs }) => [
    way,
    ...results.map(({ medianNs, exactATick }) => `${duration(medianNs)} (${exactATick.toFixed(1)})`),
    ...[firstCpuMs, crashCpuMs, longestTurnCpuMs].map((ms) => duration(ms * 1e6)),
  ])
  const header = [
    'medians (exact verdicts)',
    'quiet mark',
    'quiet index',
    'of large pools',
    'first verdicts, CPU',
    'crash, CPU',
    'longest turn, CPU',
  ]
  return (
    `${accounts.toLocaleString('en')} pools: ${shapes.join('; ')}; and ${largePools} of 100 positions near a cap.\n` +
    `Check: both ways publish the same events: ${warned.toLocaleString('en')} at the first prices, ` +
    `${crashEvents.toLocaleString('en')} in the crash\n${table(header, lines)}`
  )
}
