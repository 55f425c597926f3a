import { sidesOf } from './book-sides.ts'
import type { NamedProtocol } from './named-exchange.ts'
import { requestOf, textsIn } from './request.ts'

const isoOf = (timeMs: number): string => new Date(timeMs).toISOString()

/** US futures, `ticker` of Advanced Trade: best bid and ask; an answer lists all that the connection has subscribed to. */
export const coinbaseCfmProtocol: NamedProtocol = {
  streamId: 'coinbase-cfm',
  path: '/',
  restateMs: 1_000,
  read(frame) {
    const request = requestOf(frame)
    if (request?.type !== 'subscribe') return undefined
    if (request.channel === 'heartbeats') return { kind: 'ping' }
    return request.channel === 'ticker'
      ? { kind: 'subscribe', symbols: textsIn(request.product_ids) }
      : undefined
  },
  answers: () => [],
  listing: (symbols, timeMs) =>
    JSON.stringify({
      channel: 'subscriptions',
      client_id: '',
      timestamp: isoOf(timeMs),
      sequence_num: 0,
      events: [{ subscriptions: symbols.length === 0 ? {} : { ticker: symbols } }],
    }),
  pong: (_id, timeMs) =>
    JSON.stringify({
      channel: 'heartbeats',
      client_id: '',
      timestamp: isoOf(timeMs),
      sequence_num: 0,
      events: [{ current_time: isoOf(timeMs), heartbeat_counter: 1 }],
    }),
  mark({ instrument: { symbol: product_id }, markPrice, timeMs, isFirst }) {
    const { bid, ask } = sidesOf(markPrice)
    const ticker = {
      type: 'ticker',
      product_id,
      price: markPrice,
      volume_24_h: '0',
      low_24_h: markPrice,
      high_24_h: markPrice,
      low_52_w: markPrice,
      high_52_w: markPrice,
      price_percent_chg_24_h: '0',
      best_bid: bid,
      best_bid_quantity: '1',
      best_ask: ask,
      best_ask_quantity: '1',
    }
    return JSON.stringify({
      channel: 'ticker',
      client_id: '',
      timestamp: isoOf(timeMs),
      sequence_num: 0,
      events: [{ type: isFirst ? 'snapshot' : 'update', tickers: [ticker] }],
    })
  },
}

/** Perpetuals of the International exchange, `RISK`, as a gateway passes it on. */
export const coinbaseIntxProtocol: NamedProtocol = {
  streamId: 'coinbase-intx',
  path: '/',
  restateMs: 1_000,
  read(frame) {
    const request = requestOf(frame)
    const isAsked = request?.type === 'SUBSCRIBE' && textsIn(request.channels).includes('RISK')
    return isAsked ? { kind: 'subscribe', symbols: textsIn(request.product_ids) } : undefined
  },
  answers: () => [],
  listing: (symbols, timeMs) =>
    JSON.stringify({
      channels: symbols.length === 0 ? [] : [{ name: 'RISK', product_ids: symbols }],
      authenticated: true,
      channel: 'SUBSCRIPTIONS',
      type: 'SNAPSHOT',
      time: isoOf(timeMs),
    }),
  mark: ({ instrument: { symbol: product_id }, markPrice, indexPrice, timeMs, isFirst }) =>
    JSON.stringify({
      sequence: 0,
      product_id,
      time: isoOf(timeMs),
      limit_up: indexPrice,
      limit_down: indexPrice,
      index_price: indexPrice,
      mark_price: markPrice,
      settlement_price: markPrice,
      indicative_open_price: markPrice,
      open_interest: '0',
      channel: 'RISK',
      type: isFirst ? 'SNAPSHOT' : 'UPDATE',
    }),
}
