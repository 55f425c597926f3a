import { Command, Option } from 'commander'
import type { Bench } from './commands/command.ts'
import { FORMS_TICK_BENCH } from './commands/forms-tick.ts'
import { GAP_BENCH } from './commands/gap.ts'
import { HEAP_BENCH } from './commands/heap.ts'
import { KERNEL_BENCH } from './commands/kernel.ts'
import { LARGE_BENCH } from './commands/large.ts'
import { LOAD_BENCH } from './commands/load.ts'
import { LOG_BENCH } from './commands/log.ts'
import { MEMORY_BENCH } from './commands/memory.ts'
import { OVERLOAD_BENCH } from './commands/overload.ts'
import { PARSE_BENCH } from './commands/parse.ts'
import { POOLS_TICK_BENCH } from './commands/pools-tick.ts'
import { STALENESS_BENCH } from './commands/staleness.ts'
import { VERDICT_BENCH } from './commands/verdict.ts'
import { WHAT_IF_BENCH } from './commands/what-if.ts'
import { machineLine } from './harness.ts'

const program = new Command('bench').description(
  'Benchmarks. Every one checks its answer before it prints a figure.',
)

/** Adds the bench as a command: lines for people, or one JSON object with `--json`. */
function add<Options>({ name, description, options, run }: Bench<Options>): void {
  const command = program.command(name).description(description)
  for (const { flags, description, read, standard } of options) {
    const option = new Option(flags, description).default(standard)
    command.addOption(read === undefined ? option : option.argParser(read))
  }
  command.option('--json', 'print one JSON object').action(async (given: Options & { json?: true }) => {
    const { json, ...rest } = given
    const print = (text: string) => void process.stdout.write(`${text}\n`)
    const report = await run(rest as Options, json === true ? () => undefined : print)
    if (json !== true) return
    print(JSON.stringify({ bench: name, machine: machineLine(), node: process.version, ...report }))
  })
}

add(KERNEL_BENCH)
add(PARSE_BENCH)
add(OVERLOAD_BENCH)
add(GAP_BENCH)
add(LOG_BENCH)
add(STALENESS_BENCH)
add(VERDICT_BENCH)
add(LARGE_BENCH)
add(FORMS_TICK_BENCH)
add(POOLS_TICK_BENCH)
add(WHAT_IF_BENCH)
add(HEAP_BENCH)
add(LOAD_BENCH)
add(MEMORY_BENCH)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}
