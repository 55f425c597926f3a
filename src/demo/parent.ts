/**
 * The child's side of the demo's messages. Ctrl-C reaches the whole process group: a child leaves it to the
 * parent to stop it in order, and ends with the channel when the parent is gone.
 */
export function listenToParent<In, Out>(handle: (message: In, send: (message: Out) => void) => void): void {
  const send = (message: Out): void => {
    if (process.connected) process.send?.(message)
  }
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  process.on('message', (message: In) => handle(message, send))
}

/** Runs `stop` when the parent is gone without having asked for it. */
export function whenOrphaned(stop: () => void): void {
  process.on('disconnect', stop)
}
