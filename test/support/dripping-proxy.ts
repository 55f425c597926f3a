import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that gives what the server says byte by byte, each in a segment of its own. */
export interface DrippingProxy {
  readonly port: number
  /** Between two bytes; 0: the next turn of the event loop. It is read at every byte. */
  everyMs: number
  stop(): Promise<void>
}

export async function startDrippingProxy(targetPort: number): Promise<DrippingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((outer) => {
    const inner = connect(targetPort, '127.0.0.1')
    outer.setNoDelay(true)
    outer.pipe(inner)
    inner.on('data', (chunk) => {
      inner.pause()
      drip(outer, chunk, () => inner.resume())
    })
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const drip = (outer: Socket, chunk: Buffer, done: () => void, at = 0): void => {
    if (outer.destroyed) return
    if (at === chunk.length) {
      done()
      return
    }
    outer.write(chunk.subarray(at, at + 1))
    const next = () => drip(outer, chunk, done, at + 1)
    if (proxy.everyMs === 0) setImmediate(next)
    else setTimeout(next, proxy.everyMs)
  }
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const proxy: DrippingProxy = {
    port: address.port,
    everyMs: 0,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
  return proxy
}
