import type { NamedProtocol } from './named-exchange.ts'
import { requestOf } from './request.ts'

const MARK_CHANNEL = 'mark-price'

/** OKX v5 `mark-price`: one answer an argument, and a bare `pong`. */
export const okxProtocol: NamedProtocol = {
  streamId: 'okx-public',
  path: '/ws/v5/public',
  restateMs: 10_000,
  read(frame) {
    if (frame === 'ping') return { kind: 'ping' }
    const args = requestOf(frame)?.args
    if (!Array.isArray(args)) return undefined
    const symbols = (args as { channel?: unknown; instId?: unknown }[])
      .filter(({ channel }) => channel === MARK_CHANNEL)
      .map(({ instId }) => String(instId))
    return { kind: 'subscribe', symbols }
  },
  answers(instId, isListed) {
    const connId = 'a4d3ae55'
    if (isListed)
      return [JSON.stringify({ event: 'subscribe', arg: { channel: MARK_CHANNEL, instId }, connId })]
    const msg = `Wrong URL or channel:${MARK_CHANNEL},instId:${instId} doesn't exist.`
    return [JSON.stringify({ event: 'error', code: '60018', msg, connId })]
  },
  pong: () => 'pong',
  mark: ({ instrument: { symbol: instId }, markPrice: markPx, timeMs }) =>
    JSON.stringify({
      arg: { channel: MARK_CHANNEL, instId },
      data: [{ instType: 'SWAP', instId, markPx, ts: String(timeMs) }],
    }),
}
