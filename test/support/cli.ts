import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The command as it is published: `npm test` builds it first. */
const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts the built command in an environment without settings of ours. It is killed if it outlives the test. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): ChildProcessWithoutNullStreams {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build makes it`)
  const inherited = Object.entries(process.env).filter(([name]) => !/^PLIMSOLL_|^REDIS_URL$/.test(name))
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...options.env },
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => void child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  })
  return child
}

/** Runs the built command to its end. */
export async function runCli(args: readonly string[], options: CliOptions & { input?: string } = {}) {
  const child = spawnCli(args, options)
  // A command that refuses its arguments ends before it reads.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  return await finished(child)
}

export async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve) => void child.on('close', resolve))
  return { code, stdout, stderr }
}

/** A folder that is gone after the test file; made at import, so `remove` belongs into `afterAll`. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
