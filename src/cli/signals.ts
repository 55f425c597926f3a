export interface Ended {
  /** Resolves at the first SIGINT or SIGTERM; rejects with what `fail` was given. */
  readonly promise: Promise<void>
  fail(error: Error): void
  dispose(): void
}

/** The end of a command that runs until it is told to stop. After the first signal the default action is back: a second one ends at once. */
export function untilSignal(): Ended {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  // A failure may come before anybody waits.
  promise.catch(() => undefined)
  const stop = (): void => {
    dispose()
    resolve()
  }
  const dispose = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return { promise, fail: reject, dispose }
}
