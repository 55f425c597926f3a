#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { EXIT_FAULT, EXIT_OK, EXIT_USAGE, exitCodeOf, PlimsollError } from '../errors.ts'
import { asRedisFault } from '../redis/index.ts'
import { accountsCommand } from './accounts.ts'
import { decodeCommand } from './decode.ts'
import { demoCommand } from './demo.ts'
import { importCommand } from './import.ts'
import { marginCommand } from './margin.ts'
import { runCommand } from './run.ts'
import { tailCommand } from './tail.ts'
import { visible } from './visible.ts'

const { version } = createRequire(import.meta.url)('plimsoll/package.json') as { version: string }

const program = new Command('plimsoll')
  .description('Watches leveraged accounts: mark prices in, exact liquidation events out.')
  .version(version)
  .showHelpAfterError('(--help tells more)')
  .addHelpText('after', '\nExit codes: 0 ok, 1 fault, 2 usage or configuration.')

const everyday = [runCommand, demoCommand, importCommand, accountsCommand, tailCommand]
for (const create of [...everyday, marginCommand, decodeCommand]) program.addCommand(create())
prepare(program)

/** Faults of a command line end here instead of in commander, and show what was typed without obeying it. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const lines = text
        .trimEnd()
        .replace(/^error: /, '')
        .split('\n')
      write(`plimsoll: USAGE: ${lines.map(visible).join('\n')}\n`)
    },
  })
  for (const sub of command.commands) prepare(sub)
}

// A reader that goes away (`| head`) is no fault: whoever waits for it to read gets the same error and ends.
process.stdout.on('error', (error) => {
  if (!isReaderGone(error)) process.exitCode = report(error)
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** One line on standard error for what a user can act on; a bug shows its stack. */
function report(thrown: unknown): number {
  if (isReaderGone(thrown)) return EXIT_OK
  const error = asRedisFault('Redis failed', thrown)
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
  if (error instanceof PlimsollError) {
    process.stderr.write(`plimsoll: ${error.code}: ${visible(error.message)}\n`)
    return exitCodeOf(error)
  }
  process.stderr.write(
    `plimsoll: bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return EXIT_FAULT
}

function isReaderGone(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE'
}
