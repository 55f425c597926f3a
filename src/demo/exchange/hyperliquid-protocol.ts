import type { NamedProtocol } from './named-exchange.ts'
import { requestOf } from './request.ts'

const TYPE = 'activeAssetCtx'
/** Of the hour. */
const FUNDING_RATE = '0.0000125'

/** Hyperliquid `activeAssetCtx`: one coin a request, answered by the request itself; contexts have no time. */
export const hyperliquidProtocol: NamedProtocol = {
  streamId: 'hyperliquid-public',
  path: '/ws',
  restateMs: 3_000,
  firstIsStored: true,
  read(frame) {
    const request = requestOf(frame)
    if (request?.method === 'ping') return { kind: 'ping' }
    if (request?.method !== 'subscribe') return undefined
    const { type, coin } = (request.subscription ?? {}) as { type?: unknown; coin?: unknown }
    return type === TYPE ? { kind: 'subscribe', symbols: [String(coin)] } : undefined
  },
  answers(coin, isListed) {
    const subscription = { type: TYPE, coin }
    if (!isListed)
      return [
        JSON.stringify({ channel: 'error', data: `Invalid subscription ${JSON.stringify(subscription)}` }),
      ]
    return [JSON.stringify({ channel: 'subscriptionResponse', data: { method: 'subscribe', subscription } })]
  },
  pong: () => '{"channel":"pong"}',
  mark: ({ instrument: { symbol: coin }, markPrice: markPx, indexPrice: oraclePx }) =>
    JSON.stringify({
      channel: TYPE,
      data: {
        coin,
        ctx: {
          funding: FUNDING_RATE,
          openInterest: '0.0',
          prevDayPx: oraclePx,
          dayNtlVlm: '0.0',
          premium: null,
          oraclePx,
          markPx,
          midPx: markPx,
          impactPxs: null,
          dayBaseVlm: '0.0',
        },
      },
    }),
}
