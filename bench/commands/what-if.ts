import { benchWhatIf } from '../what-if.ts'
import { type Bench, wholeNumber } from './command.ts'
import { machineAndNode } from './figures.ts'

export const WHAT_IF_BENCH: Bench<{ readonly accounts: number; readonly checkEvery: number }> = {
  name: 'what-if',
  description: 'Who is warned and liquidated in a demo book if prices move, from accounts in memory',
  options: [
    { flags: '--accounts <n>', description: 'accounts of the book', read: wholeNumber, standard: 100_000 },
    {
      flags: '--check-every <n>',
      description: 'compare every nth margin account with its state',
      read: wholeNumber,
      standard: 10,
    },
  ],
  run({ accounts, checkEvery }, print) {
    const result = benchWhatIf(accounts, Math.max(1, checkEvery))
    const count = (value: number) => value.toLocaleString('en')
    print(
      `${count(result.accounts)} accounts, ${count(result.positions)} positions, ${count(result.marginAccounts)} margin accounts\n` +
        `${count(result.liquidated)} liquidated, ${count(result.warned)} warned\n` +
        `Check: ${count(result.checked)} margin accounts are as their states\n` +
        `answer in ${(result.answerMs / 1_000).toFixed(2)} s\n\n${machineAndNode()}`,
    )
    return result
  },
}
