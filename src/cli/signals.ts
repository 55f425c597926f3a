import { isStartedByNpm } from '../config.ts'
import { systemClock } from '../system/index.ts'
import { watchNpm } from './npm-parent.ts'

/** One Ctrl-C may come twice, from the terminal and from npm. A second Ctrl-C of a person comes later than this. */
const REPEAT_MS = 500

/**
 * Sent by Ctrl-C and by a service manager. A closed terminal (SIGHUP) ends the command at once; the private Redis then
 * stops in order.
 */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface Ended {
  /**
   * Resolves at the first of SIGNALS, or when npm, which started the command, has ended. Rejects with the error that
   * `fail` gets.
   */
  readonly promise: Promise<void>
  fail(error: Error): void
  dispose(): void
}

/**
 * The end of a command that runs until a signal. A second signal ends the process at once. `orphaned` is called before
 * the command stops because npm has ended.
 */
export function untilSignal(orphaned: () => void = () => undefined): Ended {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  // A failure may come before the caller awaits it.
  promise.catch(() => undefined)
  let firstMs: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    const nowMs = systemClock.monotonicMs()
    firstMs ??= nowMs
    if (nowMs === firstMs) resolve()
    else if (nowMs - firstMs > REPEAT_MS) {
      dispose()
      process.kill(process.pid, signal)
    }
  }
  const stopWatching = isStartedByNpm()
    ? watchNpm(systemClock, () => {
        orphaned()
        resolve()
      })
    : () => undefined
  const dispose = (): void => {
    stopWatching()
    for (const signal of SIGNALS) process.off(signal, stop)
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return { promise, fail: reject, dispose }
}
