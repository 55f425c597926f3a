import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../domain/index.ts'
import { sidesOf } from './book-sides.ts'
import type { Market } from './market.ts'
import type { Simulator } from './simulator.ts'
import type { StreamCount } from './stream-count.ts'

export const CME_STREAM = 'cme-poll'
const PATH = '/prices'

/**
 * Answers for the books of CME's contracts over HTTP on loopback, as the program of a user who has a licence would: each request with
 * the present books of the contracts that it names. Once it is held it answers with none, so that no later price is heard.
 */
export async function openCmeEndpoint(market: Market, clock: Clock): Promise<Simulator> {
  const places = new Map<string, number>()
  market.instruments.forEach(({ streamId, symbol }, place) => {
    if (streamId === CME_STREAM) places.set(symbol, place)
  })
  const count: StreamCount = { frames: 0, ticks: 0 }
  let isOnHold = false

  const entryOf = (symbol: string, time: string): object => {
    const place = places.get(symbol)
    if (place === undefined) return { symbol, error: `no contract ${symbol}` }
    count.ticks += 1
    return { symbol, ...sidesOf(market.markOf(place)), time }
  }
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loopback')
    if (pathname !== PATH) {
      response.writeHead(404).end()
      return
    }
    const time = new Date(clock.nowMs()).toISOString()
    const symbols = isOnHold ? [] : (searchParams.get('symbols') ?? '').split(',')
    count.frames += symbols.length > 0 ? 1 : 0
    const body = JSON.stringify({ time, prices: symbols.map((symbol) => entryOf(symbol, time)) })
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }

  const server = createServer(answer)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    urls: { [CME_STREAM]: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    counts: { [CME_STREAM]: count },
    step: () => {},
    hold() {
      isOnHold = true
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
