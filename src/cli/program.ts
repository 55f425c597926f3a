import { createRequire } from 'node:module'
import { Command } from 'commander'
import { accountsCommand } from './accounts.ts'
import { decodeCommand } from './decode.ts'
import { demoCommand } from './demo.ts'
import { importCommand } from './import.ts'
import { marginCommand } from './margin.ts'
import { runCommand } from './run.ts'
import { tailCommand } from './tail.ts'
import { visible } from './visible.ts'
import { fitted } from './wrapping.ts'

const { version } = createRequire(import.meta.url)('plimsoll/package.json') as { version: string }

/** Builds `plimsoll` with all its commands. A fault of the command line rejects `parseAsync` with a CommanderError. */
export function createProgram(): Command {
  const program = new Command('plimsoll')
    .description('Watches leveraged accounts: mark prices in, exact liquidation events out.')
    .version(version)
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', '\nExit codes: 0 ok, 1 fault, 2 usage or configuration.')
  const everyday = [runCommand, demoCommand, importCommand, accountsCommand, tailCommand]
  for (const create of [...everyday, marginCommand, decodeCommand]) program.addCommand(create())
  prepare(program)
  return program
}

/** Prints faults of a command line in place of commander. Control characters that were typed are shown, not obeyed. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const lines = text
        .trimEnd()
        .replace(/^error: /, '')
        .split('\n')
      const [fault = '', ...hints] = lines.map(visible)
      const fitting = [fitted(process.stderr, `plimsoll: USAGE: ${fault}`, ''), ...hints]
      write(`${fitting.join('\n')}\n`)
    },
  })
  for (const sub of command.commands) prepare(sub)
}
