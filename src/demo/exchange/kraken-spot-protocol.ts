import type { NamedProtocol } from './named-exchange.ts'
import { requestOf, textsIn } from './request.ts'

/** Assets that the stream names otherwise than positions do. */
const STREAM_NAMES: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }
const QUOTE = 'USD'

/** BTC/USD of XBTUSD. */
function streamedOf(pair: string): string {
  const base = pair.slice(0, -QUOTE.length)
  return `${STREAM_NAMES[base] ?? base}/${QUOTE}`
}

function pairOf(streamed: string): string {
  const [base = '', quote = ''] = streamed.split('/')
  const own = Object.keys(STREAM_NAMES).find((asset) => STREAM_NAMES[asset] === base)
  return `${own ?? base}${quote}`
}

/** Kraken spot, `ticker` of the WebSocket API v2: one answer a pair; prices are numbers, and the last trade counts. */
export const krakenSpotProtocol: NamedProtocol = {
  streamId: 'kraken-spot',
  path: '/v2',
  restateMs: 1_000,
  read(frame) {
    const request = requestOf(frame)
    if (request?.method === 'ping') return { kind: 'ping', id: request.req_id }
    if (request?.method !== 'subscribe') return undefined
    const { channel, symbol } = (request.params ?? {}) as { channel?: unknown; symbol?: unknown }
    if (channel !== 'ticker') return undefined
    return { kind: 'subscribe', symbols: textsIn(symbol).map(pairOf), id: request.req_id }
  },
  answers(pair, isListed, req_id) {
    const symbol = streamedOf(pair)
    const answer = isListed
      ? { result: { channel: 'ticker', event_trigger: 'bbo', snapshot: true, symbol }, success: true }
      : { error: `Currency pair not supported ${symbol}`, success: false, symbol }
    return [JSON.stringify({ method: 'subscribe', req_id, ...answer })]
  },
  pong: (req_id) => JSON.stringify({ method: 'pong', req_id }),
  mark: ({ instrument: { symbol }, markPrice: price, timeMs, isFirst }) =>
    `{"channel":"ticker","type":"${isFirst ? 'snapshot' : 'update'}","data":[{"symbol":"${streamedOf(symbol)}","bid":${price},"bid_qty":1.5,"ask":${price},"ask_qty":0.5,"last":${price},"volume":0.0,"vwap":${price},"low":${price},"high":${price},"change":0.0,"change_pct":0.0,"timestamp":"${new Date(timeMs).toISOString()}"}]}`,
}
