import { Command } from 'commander'
import { DEFAULT_NAMES } from '../demo/exchange/default-names.ts'
import { VENUES } from '../venues/index.ts'
import type { DemoFlags } from './demo-run.ts'
import { whole } from './options.ts'

const ACCOUNTS_DEFAULT = 100_000
const ACCOUNTS_MAX = 5_000_000
const SECONDS_DEFAULT = 32
const SECONDS_MAX = 3_600
const [FIRST, SECOND] = VENUES
const EXAMPLE_NAMES = `${FIRST!.id},${SECOND!.sources[0]!.id}`
const SEED_MAX = 2 ** 31 - 1

/** `plimsoll demo`: runs the worker on its own Redis with a simulated exchange and a synthetic book. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'See it work: a simulated exchange, a synthetic book, the real worker, and a proof at the end.',
    )
    .option(
      '--accounts <number>',
      'accounts of the book, three positions each on average',
      whole(1, ACCOUNTS_MAX),
      ACCOUNTS_DEFAULT,
    )
    .option('--seconds <number>', 'length of the market', whole(1, SECONDS_MAX), SECONDS_DEFAULT)
    .option('--seed <number>', 'another seed is another market and another book', whole(0, SEED_MAX), 1)
    .option(
      '--venues <names>',
      `venues or streams to simulate, such as ${EXAMPLE_NAMES}; or all (default: ${DEFAULT_NAMES.join(', ')})`,
      (text) => text.split(',').map((name) => name.trim()),
    )
    .option('--redis-url <url>', 'Redis to use (a shard of its own) instead of a private one')
    .option('--data-dir <folder>', 'folder of the private Redis (default .data)')
    .option('--json', 'print the summary only, as one line of JSON')
    .addHelpText(
      'after',
      '\nExit code 1 when an event was lost, took effect twice or disagrees with the\n' +
        'naive replay; 130 after Ctrl-C.',
    )
    .action(async (flags: DemoFlags) => {
      // The demo is loaded when the flags hold: it takes longer than all that comes before.
      const { demo } = await import('./demo-run.ts')
      await demo(flags)
    })
}
