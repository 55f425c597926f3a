import type { NamedProtocol } from './named-exchange.ts'
import { requestOf, textsIn } from './request.ts'

const CHANNEL = /^ticker\.(.+)\.100ms$/

/** Deribit JSON-RPC `ticker`: an answer lists what is taken and leaves the rest out; prices are numbers. */
export const deribitProtocol: NamedProtocol = {
  streamId: 'deribit-public',
  path: '/ws/api/v2',
  restateMs: 1_000,
  read(frame) {
    const request = requestOf(frame)
    if (request?.method === 'public/test') return { kind: 'ping', id: request.id }
    if (request?.method !== 'public/subscribe') return undefined
    const { channels } = (request.params ?? {}) as { channels?: unknown }
    const symbols = textsIn(channels).flatMap((channel) => CHANNEL.exec(channel)?.slice(1) ?? [])
    return { kind: 'subscribe', symbols, id: request.id }
  },
  answers: (symbol, isListed, id) => [
    JSON.stringify({ jsonrpc: '2.0', id, result: isListed ? [`ticker.${symbol}.100ms`] : [] }),
  ],
  pong: (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { version: '1.2.26' } }),
  mark: ({ instrument: { symbol }, markPrice, indexPrice, timeMs }) =>
    `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.${symbol}.100ms","data":{"timestamp":${timeMs},"state":"open","index_price":${indexPrice},"instrument_name":"${symbol}","mark_price":${markPrice}}}}`,
}
