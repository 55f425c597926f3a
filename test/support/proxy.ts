import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy before a server that can go silent: connections stay open and nothing is forwarded, in neither direction. */
export interface SilentProxy {
  readonly port: number
  /** Connections that were opened since the start. */
  readonly opened: number
  /** The connections that are open now answer no more; later ones do. */
  silence(): void
  stop(): Promise<void>
}

export async function startSilentProxy(targetPort: number): Promise<SilentProxy> {
  const pairs = new Set<{ inner: Socket; outer: Socket }>()
  let opened = 0
  const server = createServer((outer) => {
    opened++
    const inner = connect(targetPort, '127.0.0.1')
    const pair = { inner, outer }
    pairs.add(pair)
    outer.pipe(inner).pipe(outer)
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    get opened() {
      return opened
    },
    silence() {
      for (const { inner, outer } of pairs) {
        outer.unpipe(inner)
        inner.unpipe(outer)
        inner.pause()
        outer.pause()
      }
    },
    async stop() {
      for (const { inner, outer } of pairs) {
        inner.destroy()
        outer.destroy()
      }
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}
