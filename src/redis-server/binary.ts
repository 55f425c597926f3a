import type { Clock } from '../domain/index.ts'
import { runCommand } from './command.ts'

export const VERSION_TIMEOUT_MS = 10_000

/** A program that serves the Redis protocol and was seen to start. */
export interface RedisBinary {
  readonly path: string
  /** Folders with shared libraries that the system lacks; empty for an installed server. */
  readonly libraryPath: readonly string[]
  /** First line of `--version`. */
  readonly version: string
}

/**
 * The command line that starts the binary. Its process becomes the server (`exec`), so the process id stays. It sets the
 * locale, because Redis 7 refuses to start when the inherited one is not installed.
 */
export function commandOf(binary: Pick<RedisBinary, 'path' | 'libraryPath'>): [string, ...string[]] {
  return ['env', 'LC_ALL=C', ...librariesOf(binary), binary.path]
}

/** The same for the client, which every distribution puts beside its server. */
export function clientCommandOf(binary: Pick<RedisBinary, 'path' | 'libraryPath'>): string[] {
  const libraries = librariesOf(binary)
  const client = binary.path.replace(/-server$/, '-cli')
  return libraries.length > 0 ? ['env', ...libraries, client] : [client]
}

function librariesOf({ libraryPath }: Pick<RedisBinary, 'libraryPath'>): string[] {
  return libraryPath.length > 0 ? [`LD_LIBRARY_PATH=${libraryPath.join(':')}`] : []
}

/** The binary with its version, or undefined when it does not start here. */
export async function probe(
  candidate: Pick<RedisBinary, 'path' | 'libraryPath'>,
  clock: Clock,
): Promise<RedisBinary | undefined> {
  const [program, ...args] = commandOf(candidate)
  const { exitCode, output } = await runCommand(program, [...args, '--version'], {
    clock,
    timeoutMs: VERSION_TIMEOUT_MS,
  })
  return exitCode === 0 ? { ...candidate, version: output.trim().split('\n')[0] ?? '' } : undefined
}
