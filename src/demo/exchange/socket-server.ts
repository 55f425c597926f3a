import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../domain/index.ts'

/** Largest frame that a client may send. */
const REQUEST_BYTES_MAX = 64 * 1024
/** A client with more unread bytes than this is disconnected, as venues do with slow readers. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024
const CLOSE_TIMEOUT_MS = 500

/** One connected client of a simulated venue. */
export interface Client {
  readonly path: string
  readonly query: URLSearchParams
  send(frame: string): void
}

/** What a venue does with its clients. The functions must not throw. */
export interface VenueProtocol {
  readonly paths: readonly string[]
  opened(client: Client): void
  received(client: Client, frame: string): void
  closed(client: Client): void
  /** Pause between WebSocket pings of the server; absent when the client pings in the venue's own protocol. */
  readonly pingEveryMs?: number
}

export interface SocketServer {
  /** `ws://127.0.0.1:<port>`, without a path. */
  readonly url: string
  readonly clients: number
  stop(): Promise<void>
}

/** Serves a protocol on a free loopback port; a path that the venue does not have gets HTTP 404. */
export async function serveSockets(protocol: VenueProtocol, clock: Clock): Promise<SocketServer> {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: REQUEST_BYTES_MAX,
  })
  const server = createServer((_request, response) => response.writeHead(404).end())
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const address = new URL(request.url ?? '/', 'ws://loopback')
    if (!protocol.paths.includes(address.pathname)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => attach(client, address, protocol))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const stopPings = protocol.pingEveryMs === undefined ? () => {} : ping(sockets, protocol.pingEveryMs, clock)
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get clients() {
      return sockets.clients.size
    },
    async stop() {
      stopPings()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of sockets.clients) client.close(1001, 'the exchange stops')
      const cancel = clock.after(CLOSE_TIMEOUT_MS, () => {
        for (const client of sockets.clients) client.terminate()
        server.closeAllConnections()
      })
      await closed
      cancel()
    },
  }
}

function attach(socket: WebSocket, address: URL, protocol: VenueProtocol): void {
  const client: Client = {
    path: address.pathname,
    query: address.searchParams,
    send(frame) {
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.terminate()
      else socket.send(frame)
    },
  }
  socket.on('message', (data, isBinary) => {
    if (!isBinary) protocol.received(client, String(data))
  })
  socket.on('close', () => protocol.closed(client))
  socket.on('error', () => socket.terminate())
  protocol.opened(client)
}

/** Pings every client, and disconnects a client that did not answer the ping before. */
function ping(sockets: WebSocketServer, everyMs: number, clock: Clock): () => void {
  const awaited = new Set<WebSocket>()
  let cancel = (): void => {}
  const round = (): void => {
    for (const socket of sockets.clients) {
      if (awaited.has(socket)) {
        awaited.delete(socket)
        socket.terminate()
        continue
      }
      awaited.add(socket)
      socket.once('pong', () => awaited.delete(socket))
      socket.ping()
    }
    cancel = clock.after(everyMs, round)
  }
  cancel = clock.after(everyMs, round)
  return () => cancel()
}
