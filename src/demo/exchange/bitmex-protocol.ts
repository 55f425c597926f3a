import type { NamedProtocol } from './named-exchange.ts'
import { requestOf, textsIn } from './request.ts'

const TOPIC_PREFIX = 'instrument:'

/** BitMEX table `instrument`: a partial, then updates; prices are numbers, and the answer to a ping is a bare `pong`. */
export const bitmexProtocol: NamedProtocol = {
  streamId: 'bitmex-public',
  path: '/realtime',
  restateMs: 1_000,
  read(frame) {
    if (frame === 'ping') return { kind: 'ping' }
    const topics = textsIn(requestOf(frame)?.args).filter((topic) => topic.startsWith(TOPIC_PREFIX))
    return { kind: 'subscribe', symbols: topics.map((topic) => topic.slice(TOPIC_PREFIX.length)) }
  },
  answers(symbol, isListed) {
    const topic = `${TOPIC_PREFIX}${symbol}`
    const request = { op: 'subscribe', args: [topic] }
    if (isListed) return [JSON.stringify({ success: true, subscribe: topic, request })]
    return [JSON.stringify({ status: 400, error: 'Unknown or expired symbol.', meta: {}, request })]
  },
  pong: () => 'pong',
  mark: ({ instrument: { symbol }, markPrice, indexPrice, timeMs, isFirst }) =>
    `{"table":"instrument","action":"${isFirst ? 'partial' : 'update'}","data":[{"symbol":"${symbol}","fairPrice":${markPrice},"markPrice":${markPrice},"indicativeSettlePrice":${indexPrice},"timestamp":"${new Date(timeMs).toISOString()}"}]}`,
}
