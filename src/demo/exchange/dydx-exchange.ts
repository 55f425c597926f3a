import type { Clock } from '../../domain/index.ts'
import type { Market } from './market.ts'
import { requestOf } from './request.ts'
import type { Simulator } from './simulator.ts'
import { type Client, serveSockets } from './socket-server.ts'

export const DYDX_STREAM = 'dydx-indexer'
const PATH = '/v4/ws'
const CHANNEL = 'v4_markets'
/** A block takes about a second. */
const BLOCK_MS = 1_000
const CONNECTION_ID = 'd0c1a3e2-5b7f-4c7e-9d39-6f1b0a2c4e58'
const FIRST_BLOCK = 1_000_000
const FUNDING_RATE = '0.0000125'

/**
 * Simulates the Indexer of dYdX on loopback: one channel holds all markets. Its answer is their state, without a time, which the
 * worker holds until a block confirms it and which is no tick; then each block states the oracle prices that have moved, and where
 * none has all of them again, beside other fields. `isHeld`: whether accounts hold the instrument at that place; a price of another
 * one is no tick.
 */
export async function openDydxExchange(
  market: Market,
  clock: Clock,
  isHeld: (place: number) => boolean,
): Promise<Simulator> {
  const own = market.instruments.flatMap(({ streamId }, place) => (streamId === DYDX_STREAM ? [place] : []))
  const symbolOf = (place: number): string => market.instruments[place]!.symbol
  const messages = new Map<Client, number>()
  const subscribers = new Set<Client>()
  const moved = new Set<number>()
  const stated = new Map<number, number>()
  let frames = 0
  let blocks = 0

  const send = (client: Client, message: object): void => {
    const message_id = messages.get(client)!
    messages.set(client, message_id + 1)
    client.send(JSON.stringify({ ...message, connection_id: CONNECTION_ID, message_id }))
  }
  const sendMarkets = (client: Client, type: string, contents: object): void => {
    frames += 1
    send(client, { type, channel: CHANNEL, version: '1.0.0', contents })
  }

  const stateOf = (place: number) => ({
    clobPairId: String(own.indexOf(place)),
    ticker: symbolOf(place),
    status: 'ACTIVE',
    oraclePrice: market.markOf(place),
    priceChange24H: '0',
    nextFundingRate: FUNDING_RATE,
    openInterest: '0',
  })
  const subscribe = (client: Client, channel: unknown): void => {
    if (channel !== CHANNEL)
      send(client, { type: 'error', message: `Invalid subscription: channel '${channel}' not found` })
    else if (subscribers.has(client))
      send(client, { type: 'error', message: `Invalid subscribe message: already subscribed (${CHANNEL})` })
    else {
      subscribers.add(client)
      const markets = Object.fromEntries(own.map((place) => [symbolOf(place), stateOf(place)]))
      sendMarkets(client, 'subscribed', { markets })
    }
  }

  const server = await serveSockets(
    {
      paths: [PATH],
      opened(client) {
        messages.set(client, 0)
        send(client, { type: 'connected' })
      },
      received(client, frame) {
        const request = requestOf(frame)
        if (request?.type === 'subscribe') subscribe(client, request.channel)
        else if (request === undefined)
          send(client, { type: 'error', message: 'Invalid message: could not parse' })
      },
      closed(client) {
        messages.delete(client)
        subscribers.delete(client)
      },
    },
    clock,
  )

  const blockOf = (places: readonly number[]): object => {
    const effectiveAt = new Date(clock.nowMs()).toISOString()
    const effectiveAtHeight = String(FIRST_BLOCK + blocks)
    const priceOf = (place: number) => ({
      oraclePrice: market.markOf(place),
      effectiveAt,
      effectiveAtHeight,
      marketId: own.indexOf(place),
    })
    const statedIn = places.length === 0 ? own : places
    for (const place of statedIn) stated.set(place, (stated.get(place) ?? 0) + subscribers.size)
    const oraclePrices = Object.fromEntries(statedIn.map((place) => [symbolOf(place), priceOf(place)]))
    if (places.length > 0) return { oraclePrices }
    const fields = { nextFundingRate: FUNDING_RATE, openInterest: '0' }
    return { trading: { [symbolOf(own[0]!)]: fields }, oraclePrices }
  }

  return {
    urls: { [DYDX_STREAM]: server.url + PATH },
    get counts() {
      const held = [...stated].filter(([place]) => isHeld(place))
      return { [DYDX_STREAM]: { frames, ticks: held.reduce((sum, [, times]) => sum + times, 0) } }
    },
    step(changed, elapsedMs) {
      for (const place of changed) if (own.includes(place)) moved.add(place)
      const due = Math.floor(elapsedMs / BLOCK_MS)
      if (due === blocks) return
      blocks = due
      const places = [...moved]
      moved.clear()
      const contents = blockOf(places)
      for (const client of subscribers) sendMarkets(client, 'channel_data', contents)
    },
    stop: () => server.stop(),
  }
}
