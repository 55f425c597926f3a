import { createRequire } from 'node:module'
import { Command } from 'commander'
import { visible } from './visible.ts'
import { fitted } from './wrapping.ts'

const { version } = createRequire(import.meta.url)('plimsoll/package.json') as { version: string }

/** Each command in the order of the help, and what loads it. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['run', async () => (await import('./run.ts')).runCommand()],
  ['demo', async () => (await import('./demo.ts')).demoCommand()],
  ['import', async () => (await import('./import.ts')).importCommand()],
  ['accounts', async () => (await import('./accounts.ts')).accountsCommand()],
  ['tail', async () => (await import('./tail.ts')).tailCommand()],
  ['gaps', async () => (await import('./gaps.ts')).gapsCommand()],
  ['verify', async () => (await import('./verify.ts')).verifyCommand()],
  ['what-if', async () => (await import('./what-if.ts')).whatIfCommand()],
  ['replay', async () => (await import('./replay.ts')).replayCommand()],
  ['size', async () => (await import('./size.ts')).sizeCommand()],
  ['margin', async () => (await import('./margin.ts')).marginCommand()],
  ['rules', async () => (await import('./rules.ts')).rulesCommand()],
  ['probe', async () => (await import('./probe.ts')).probeCommand()],
  ['decode', async () => (await import('./decode.ts')).decodeCommand()],
])

const VERSION_FLAGS: readonly (string | undefined)[] = ['-V', '--version']

/**
 * Builds `plimsoll` for a command line, whose first word is `word`. A command is loaded only when the line names it, for
 * loading all of them takes longer than most commands run; any other line needs all, for the help or for a suggestion.
 * A fault of the command line rejects `parseAsync` with a CommanderError.
 */
export async function createProgram(word?: string): Promise<Command> {
  const program = new Command('plimsoll')
    .description('Watches leveraged accounts: mark prices in, exact liquidation events out.')
    .version(version)
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', '\nExit codes: 0 ok, 1 fault, 2 usage or configuration.')
  for (const load of commandsFor(word)) program.addCommand(await load())
  prepare(program)
  return program
}

function commandsFor(word: string | undefined): Iterable<() => Promise<Command>> {
  if (VERSION_FLAGS.includes(word)) return []
  const named = word === undefined ? undefined : COMMANDS.get(word)
  return named === undefined ? COMMANDS.values() : [named]
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
