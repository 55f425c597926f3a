import type { FrameKind, FrameSink, SocketSource } from '../../src/domain/index.ts'
import type { ClientFrame, Dialect, PriceUpdate } from '../venues/dialect.ts'
import { CADENCE_MS } from './harness.ts'

type Frame =
  | { readonly kind: 'price'; readonly symbol: string; readonly price: string; readonly timeMs: number }
  | { readonly kind: 'index'; readonly symbol: string; readonly price: string; readonly timeMs: number }
  | { readonly kind: 'taken'; readonly symbols: readonly string[] }
  | { readonly kind: 'refused'; readonly symbol: string; readonly reason: string }
  | { readonly kind: 'test'; readonly id: number }

/** A venue that answers every argument of a subscription by its name, and asks its clients for a sign of life. */
export const namedSource: SocketSource = {
  kind: 'socket',
  id: 'named',
  url: 'ws://127.0.0.1:1',
  carries: () => true,
  cadenceMs: CADENCE_MS,
  symbolsPerConnectionMax: 100,
  requestsPerSecondMax: 200,
  subscribe: (symbols) => (symbols.length === 0 ? [] : [{ frame: JSON.stringify({ symbols }), symbols }]),
  createParser: () => ({ parse: (text, sink) => parse(JSON.parse(text) as Frame, sink) }),
}

function parse(frame: Frame, sink: FrameSink): FrameKind {
  if (frame.kind === 'taken') {
    sink.acknowledged(frame.symbols)
    return 'acknowledged'
  }
  if (frame.kind === 'refused') {
    sink.rejected(frame.symbol, frame.reason)
    return 'rejected'
  }
  if (frame.kind === 'test') {
    sink.reply(JSON.stringify({ alive: frame.id }))
    return 'heartbeat'
  }
  sink.price(frame.kind === 'price' ? 'mark' : 'index', frame.symbol, frame.price, frame.timeMs, undefined)
  return 'ticks'
}

/** The server's side of `namedSource`. */
export const namedDialect = {
  path: '/',
  answers: 'symbol',
  read(frame: string): ClientFrame {
    const { symbols = [], alive } = JSON.parse(frame) as { symbols?: string[]; alive?: number }
    return alive === undefined ? { kind: 'subscribe', symbols } : { kind: 'pong', id: alive }
  },
  acknowledgement: (symbols: readonly string[]) => printed({ kind: 'taken', symbols }),
  refusal: (symbol: string) => printed({ kind: 'refused', symbol, reason: `no instrument ${symbol}` }),
  mark: ({ symbol, price, eventTimeMs }: PriceUpdate) =>
    printed({ kind: 'price', symbol, price, timeMs: eventTimeMs }),
  index: ({ symbol, price, eventTimeMs }: PriceUpdate) =>
    printed({ kind: 'index', symbol: indexOfMarket(symbol), price, timeMs: eventTimeMs }),
} satisfies Dialect

function indexOfMarket(symbol: string): string {
  return `${symbol.toUpperCase().replace(':', '/')} index`
}

/** A frame of the venue as text. */
export function printed(frame: Frame): string {
  return JSON.stringify(frame)
}
