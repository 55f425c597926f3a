/**
 * The child's side of the demo's messages. Ctrl-C reaches the whole process group; a child ignores it, because the parent
 * stops its children in order. When the parent has ended, the channel closes and the child ends.
 */
export function listenToParent<In, Out>(handle: (message: In, send: (message: Out) => void) => void): void {
  const send = (message: Out): void => {
    if (process.connected) process.send?.(message)
  }
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  process.on('message', (message: In) => handle(message, send))
}

/** Runs `stop` when the parent ended without sending `stop`. */
export function whenOrphaned(stop: () => void): void {
  process.on('disconnect', stop)
}
