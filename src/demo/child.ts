import { type ChildProcess, fork } from 'node:child_process'
import type { Clock } from '../domain/index.ts'
import { type FaultCode, PlimsollError } from '../errors.ts'

/** A child that has not stopped after this time is killed. */
const STOP_TIMEOUT_MS = 3_000

interface Message {
  readonly kind: string
}
type OfKind<M extends Message, K extends M['kind']> = Extract<M, { readonly kind: K }>

/** A child process of the demo. Parent and child exchange messages of known kinds. */
export interface Child<Out extends Message, In extends Message> {
  send(message: Out): void
  on<K extends In['kind']>(kind: K, handler: (message: OfKind<In, K>) => void): void
  /** The next message of a kind. Rejects when the child ends first or after `timeoutMs`. */
  next<K extends In['kind']>(kind: K, timeoutMs: number): Promise<OfKind<In, K>>
  /** Sends `stop` and waits for the end; repeatable. */
  stop(): Promise<void>
}

export interface ChildOptions {
  /** Name of the child in a fault. */
  readonly name: string
  readonly module: URL
  /** Code of the fault when it ends early or does not answer. */
  readonly fault: FaultCode
  readonly stopMessage: Message
  readonly clock: Clock
  /** Where its standard output goes. Default `stderr`, because standard output belongs to the summary. */
  readonly standardOutput?: 'stdout' | 'stderr'
}

/** Starts a Node process. */
export function startChild<Out extends Message, In extends Message>(options: ChildOptions): Child<Out, In> {
  const { name, clock } = options
  const output = options.standardOutput === 'stdout' ? 1 : 2
  const process = fork(options.module, { execArgv: [], stdio: ['ignore', output, 2, 'ipc'] })
  const handlers = new Map<string, Set<(message: never) => void>>()
  const failures = new Set<(error: Error) => void>()
  const ended = untilEnd(process)
  let failure: PlimsollError | undefined

  const fail = (text: string): void => {
    failure ??= new PlimsollError(options.fault, `${name} ${text}`)
    for (const reject of failures) reject(failure)
  }
  process.on('message', (message: In) => {
    for (const handler of handlers.get(message.kind) ?? []) handler(message as never)
  })
  process.on('error', (error) => fail(`cannot be started: ${error.message}`))
  process.on('exit', (code, signal) => fail(`ended early with ${signal ?? `exit code ${code}`}`))

  const listen = (kind: string, handler: (message: never) => void): (() => void) => {
    const known = handlers.get(kind) ?? new Set()
    handlers.set(kind, known)
    known.add(handler)
    return () => known.delete(handler)
  }
  let stopping: Promise<void> | undefined

  return {
    send(message) {
      if (process.connected) process.send(message)
    },
    on: (kind, handler) => void listen(kind, handler),
    next(kind, timeoutMs) {
      return new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        const finish = (act: () => void): void => {
          cancel()
          unlisten()
          failures.delete(onFailure)
          act()
        }
        const onFailure = (error: Error): void => finish(() => reject(error))
        const unlisten = listen(kind, (message: never) => finish(() => resolve(message)))
        const cancel = clock.after(timeoutMs, () =>
          onFailure(new PlimsollError(options.fault, `${name} sent no '${kind}' within ${timeoutMs} ms`)),
        )
        failures.add(onFailure)
      })
    },
    stop() {
      stopping ??= stopChild(process, options, ended)
      return stopping
    },
  }
}

async function stopChild(process: ChildProcess, options: ChildOptions, ended: Promise<void>): Promise<void> {
  if (process.connected) process.send(options.stopMessage)
  const cancel = options.clock.after(STOP_TIMEOUT_MS, () => void process.kill('SIGKILL'))
  await ended
  cancel()
}

function untilEnd(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    process.once('exit', () => resolve())
    process.once('error', () => resolve())
  })
}
