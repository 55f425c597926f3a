#!/usr/bin/env node
import { CommanderError } from 'commander'
import { EXIT_FAULT, EXIT_OK, EXIT_USAGE, exitCodeOf, PlimsollError } from '../errors.ts'
import { createProgram } from './program.ts'
import { visible } from './visible.ts'
import { tell } from './wrapping.ts'

// A closed pipe (`| head`) is not a fault here: the code that writes to it gets the same error and ends.
process.stdout.on('error', (error) => {
  if (!isReaderGone(error)) process.exitCode = report(error)
})

try {
  await (await createProgram(process.argv[2])).parseAsync()
} catch (error) {
  process.exitCode = report(await faultOf(error))
}

/** Errors of Redis as faults. Only an error that has another name asks for the client of Redis, which is long to load. */
async function faultOf(thrown: unknown): Promise<unknown> {
  if (thrown instanceof PlimsollError || thrown instanceof CommanderError || isReaderGone(thrown))
    return thrown
  const { asRedisFault } = await import('../redis/index.ts')
  return asRedisFault('Redis failed', thrown)
}

/** Prints a fault that a user can act on as one line on standard error, and a bug with its stack. */
function report(error: unknown): number {
  if (isReaderGone(error)) return EXIT_OK
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
  if (error instanceof PlimsollError) {
    tell(process.stderr, `plimsoll: ${error.code}: ${visible(error.message)}`)
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
