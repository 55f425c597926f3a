import { spawn } from 'node:child_process'
import type { Clock } from '../domain/index.ts'

/** Most characters kept of a command's output; older ones are dropped. */
const OUTPUT_LENGTH_MAX = 65_536

export interface CommandResult {
  /** Undefined when the program does not exist, was killed, or did not end in time. */
  readonly exitCode: number | undefined
  readonly output: string
}

/** Runs a program to its end. Kills it after `timeoutMs` or at the signal. Never rejects: a failure is a result. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: {
    readonly clock: Clock
    readonly timeoutMs: number
    readonly directory?: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_LENGTH_MAX)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const cancel = options.clock.after(options.timeoutMs, () => {
      output += `\n${program} was stopped after ${options.timeoutMs} ms`
      child.kill('SIGKILL')
    })
    const kill = () => void child.kill('SIGKILL')
    options.signal?.addEventListener('abort', kill, { once: true })
    const settle = (exitCode: number | undefined) => {
      cancel()
      options.signal?.removeEventListener('abort', kill)
      resolve({ exitCode, output })
    }
    child.on('error', (error) => {
      output += error.message
      settle(undefined)
    })
    child.on('close', (code) => settle(code ?? undefined))
  })
}
