/** What a client's frame asks of a venue. `id` is the client's own name for its request, to be given back. */
export type ClientFrame =
  /** `every`: all markets of the venue come in one channel. */
  | { readonly kind: 'subscribe'; readonly symbols: readonly string[] | 'every'; readonly id?: unknown }
  | { readonly kind: 'unsubscribe'; readonly symbols: readonly string[]; readonly id?: unknown }
  | { readonly kind: 'ping'; readonly id?: unknown }
  | { readonly kind: 'pong'; readonly id: unknown }

export interface PriceUpdate {
  readonly symbol: string
  readonly price: string
  /** `first`: the whole state of the market; `same`: the price has not changed since the last frame. */
  readonly change: 'first' | 'new' | 'same'
  readonly eventTimeMs: number
  readonly sequence?: number
  /** What the venue says of the market's next funding; absent if it says nothing. */
  readonly funding?: StatedFunding | undefined
}

export interface StatedFunding {
  readonly rate: string
  readonly nextTimeMs: number
}

/** How a venue's frames are read and written, the server's side of it. One a protocol, beside the venue's fixtures. */
export interface Dialect {
  /** Path of the socket's URL. */
  readonly path: string
  /** `request`: one answer a request, which one bad symbol spoils. `symbol`: each symbol is answered by its name. */
  readonly answers: 'request' | 'symbol'
  read(frame: string): ClientFrame
  acknowledgement(symbols: readonly string[], id: unknown): string
  refusal(symbol: string, id: unknown): string
  /** Answers to a request that unsubscribes; absent if clients of this venue send none. */
  ended?(symbols: readonly string[], id: unknown): readonly string[]
  /** The venue leaves a symbol that it refuses out of its answer. */
  readonly refusesInSilence?: true
  mark(update: PriceUpdate): string
  /** Answer to a client's ping; absent if clients of this venue send none. */
  pong?(id: unknown): string
  /** Absent if the venue sends index prices with its marks only. */
  index?(update: PriceUpdate): string
}
