import type { SubscribeRequest } from '../domain/index.ts'

type Requests = (symbols: readonly string[]) => readonly SubscribeRequest[]

/**
 * How a source subscribes and unsubscribes by requests of one form. `requestsOf` prints them under the venue's name for what they
 * ask. One that unsubscribes has no symbols: its answer takes and refuses no market.
 */
export function bothWays<Name extends string>(
  [begin, end]: readonly [Name, Name],
  requestsOf: (name: Name, symbols: readonly string[]) => readonly SubscribeRequest[],
): { readonly subscribe: Requests; readonly unsubscribe: Requests } {
  return {
    subscribe: (symbols) => requestsOf(begin, symbols),
    unsubscribe: (symbols) => requestsOf(end, symbols).map(({ frame }) => ({ frame, symbols: [] })),
  }
}

/**
 * Splits `symbols` into batches of at most `perFrameMax` channels and prints one request for each, numbered from 1. `channelOf`
 * gives the channel in which a market comes; markets of one channel are in one batch, which asks for it once.
 */
export function subscribeFrames(
  symbols: readonly string[],
  perFrameMax: number,
  request: (channels: readonly string[], number: number) => object,
  channelOf: (symbol: string) => string = (symbol) => symbol,
): readonly SubscribeRequest[] {
  const byChannel = new Map<string, string[]>()
  for (const symbol of symbols) {
    const channel = channelOf(symbol)
    const together = byChannel.get(channel)
    if (together === undefined) byChannel.set(channel, [symbol])
    else together.push(symbol)
  }
  const groups = [...byChannel]
  const requests: SubscribeRequest[] = []
  for (let start = 0; start < groups.length; start += perFrameMax) {
    const batch = groups.slice(start, start + perFrameMax)
    const channels = batch.map(([channel]) => channel)
    requests.push({
      frame: JSON.stringify(request(channels, requests.length + 1)),
      symbols: batch.flatMap(([, together]) => together),
    })
  }
  return requests
}
