import { WebSocket } from 'ws'

export interface SocketLimits {
  /** Bytes of one frame; a larger one ends the connection. */
  readonly frameBytesMax: number
  /** Fragments of one frame, and chunks that wait to be read; beyond these the connection ends. */
  readonly fragmentsMax: number
  readonly bufferedChunksMax: number
}

/** What happens to a socket. Nothing follows `closed`. */
export interface SocketEvents {
  opened(): void
  frame(text: string, isBinary: boolean): void
  /** The other side answered a `ping`. */
  ponged(): void
  /** The attempt or the connection failed; `closed` follows. */
  failed(error: Error): void
  closed(code: number): void
}

/** One WebSocket connection, from the attempt to its end. */
export interface Socket {
  readonly isClosed: boolean
  /** Bytes that were sent and that the other side has not read. */
  readonly unsentBytes: number
  /** Call after `opened` only. */
  send(frame: string): void
  /** Sends a ping of the WebSocket protocol. Call after `opened` only. */
  ping(): void
  /** Sends a close frame and waits for the other side to close. */
  close(): void
  /** Ends the connection at once. */
  terminate(): void
}

export type Connect = (url: string, limits: SocketLimits, events: SocketEvents) => Socket

/** Connects through the `ws` package. It has no timer: the caller watches the time. */
export const connectSocket: Connect = (url, limits, events) => {
  // No handshakeTimeout: after a blocked event loop its timer fires before the answer is read.
  const socket = new WebSocket(url, {
    maxPayload: limits.frameBytesMax,
    maxFragments: limits.fragmentsMax,
    maxBufferedChunks: limits.bufferedChunksMax,
    // Venues send plain frames to who offers no compression: then no frame is larger than what came.
    perMessageDeflate: false,
  })
  socket.on('open', () => events.opened())
  socket.on('message', (data, isBinary) => events.frame(String(data), isBinary))
  socket.on('pong', () => events.ponged())
  socket.on('error', (error) => events.failed(error))
  socket.on('close', (code) => events.closed(code))
  return {
    get isClosed() {
      return socket.readyState === WebSocket.CLOSED
    },
    get unsentBytes() {
      return socket.bufferedAmount
    },
    send: (frame) => socket.send(frame),
    ping: () => socket.ping(),
    close: () => socket.close(1_000),
    terminate: () => socket.terminate(),
  }
}
