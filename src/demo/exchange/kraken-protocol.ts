import type { NamedProtocol } from './named-exchange.ts'
import { requestOf, textsIn } from './request.ts'

/** Kraken Futures `ticker`: one answer a product; prices are numbers, and pings those of the WebSocket protocol. */
export const krakenProtocol: NamedProtocol = {
  streamId: 'kraken-futures-public',
  path: '/ws/v1',
  restateMs: 1_000,
  read(frame) {
    const request = requestOf(frame)
    if (request?.event !== 'subscribe' || request.feed !== 'ticker') return undefined
    return { kind: 'subscribe', symbols: textsIn(request.product_ids) }
  },
  answers: (symbol, isListed) => [
    isListed
      ? JSON.stringify({ event: 'subscribed', feed: 'ticker', product_ids: [symbol] })
      : JSON.stringify({ event: 'error', message: `Invalid product id ${symbol}` }),
  ],
  mark: ({ instrument: { symbol, dated }, markPrice, indexPrice, timeMs }) =>
    `{"time":${timeMs},"product_id":"${symbol}","feed":"ticker","index":${indexPrice},"suspended":false,"tag":"${dated ? 'quarter' : 'perpetual'}","markPrice":${markPrice},"post_only":false}`,
}
