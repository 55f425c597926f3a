import { Command } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { systemClock } from '../system/index.ts'
import { loadRules } from '../worker/rule-books.ts'
import { withConfigOptions } from './options.ts'

type RunFlags = Omit<ConfigOverrides, 'recordDir' | 'recordMaxMib'> & {
  readonly json?: true
  readonly record?: string
  readonly recordMax?: string
}

/** `plimsoll run`: the worker, until SIGTERM or Ctrl-C. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'Runs the worker: feeds, kernel, exact verdicts, events to the Redis stream and to BullMQ',
  )
  return withConfigOptions(command)
    .option(
      '--consumers <names>',
      'named consumers of events, comma-separated: each gets every event in a queue of its own',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .option('--record <folder>', 'write what the worker takes into this folder, for `plimsoll replay`')
    .option('--record-max <MiB>', 'most that the files of that folder hold (default 1024)')
    .option('--take-over', 'replace a worker that owns the shard at once, instead of waiting until it stops')
    .option('--json', 'print a summary as one JSON object at the end')
    .addHelpText(
      'after',
      '\nSettings come from flags, then the environment (REDIS_URL, PLIMSOLL_...), then\n' +
        '.env, then defaults. Without REDIS_URL a private Redis runs on the data folder.\n' +
        'At a terminal the log and the events are lines for people; elsewhere, and with\n' +
        '--json, the log is JSON. SIGTERM and Ctrl-C stop in order, a second one at once.',
    )
    .action((flags: RunFlags) => run(flags))
}

async function run({ json, record, recordMax, ...overrides }: RunFlags): Promise<void> {
  const config = loadConfig({ ...overrides, recordDir: record, recordMaxMib: recordMax })
  // Throws for a wrong rules file before a Redis is started.
  const rules = loadRules(config, systemClock.nowMs())
  // The worker is loaded when the settings hold: it takes longer than all that comes before.
  const { runWorker } = await import('./run-worker.ts')
  await runWorker(config, rules, json)
}
