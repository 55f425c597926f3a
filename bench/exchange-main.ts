import { serveSockets } from '../src/demo/index.ts'
import { systemClock as clock } from '../src/system/index.ts'

/** Messages of the bench to the exchange, and its answers. */
export type ExchangeRequest =
  | { readonly kind: 'open'; readonly symbols: readonly string[]; readonly price: number }
  /** Sends all marks in one frame, `perSecond` times a second; 0 ends it. */
  | { readonly kind: 'frames'; readonly perSecond: number }
  /** Sends no mark until the next move, not even to new subscribers. */
  | { readonly kind: 'silence' }
  /** Sets the price of the symbols (all symbols if none are given), and sends one frame with them at once. */
  | { readonly kind: 'move'; readonly price: number; readonly symbols?: readonly string[] }
  | { readonly kind: 'stop' }
export type ExchangeAnswer =
  | { readonly kind: 'opened'; readonly url: string }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'moved'; readonly sentMs: number }
  | { readonly kind: 'halted'; readonly marksSent: number }

const PATH = '/market/stream'
/** Marks move by less than this share of the price, so that hardly any account is near a line. */
const JITTER = 2e-6
const TURN_MS = 5
const DECIMALS = 8

let symbols: readonly string[] = []
const prices = new Map<string, number>()
const clients = new Set<{ send(frame: string): void }>()
let marksSent = 0
let isSilent = false
let cancel = (): void => {}

const server = await serveSockets(
  {
    paths: [PATH],
    opened: (client) => void clients.add(client),
    received(client, frame) {
      const { id, params } = JSON.parse(frame) as { readonly id: number; readonly params: readonly string[] }
      client.send(JSON.stringify({ result: null, id }))
      // A subscribed market gets its first mark at once.
      const wanted = new Set(params.map((param) => param.slice(0, param.indexOf('@'))))
      if (!isSilent)
        sendMarks(
          symbols.filter((symbol) => wanted.has(symbol.toLowerCase())),
          0,
        )
      answer({ kind: 'subscribed' })
    },
    closed: (client) => void clients.delete(client),
  },
  clock,
)

function sendMarks(of: readonly string[], turn: number): void {
  const eventTimeMs = clock.nowMs()
  const data = of.map((symbol, index) => {
    const drift = 1 + JITTER * (((index * 7 + turn * 13) % 11) / 11)
    const p = (prices.get(symbol)! * drift).toFixed(DECIMALS)
    return { e: 'markPriceUpdate', E: eventTimeMs, s: symbol, p, i: p, P: p, r: '0.0001', T: eventTimeMs }
  })
  const frame = JSON.stringify({ stream: '!markPrice@arr@1s', data })
  for (const client of clients) client.send(frame)
  if (clients.size > 0) marksSent += of.length
}

/** Sends frames at the given rate, even if a turn of the event loop comes late. */
function sendFrames(perSecond: number): void {
  const startMs = clock.monotonicMs()
  let sent = 0
  const round = (): void => {
    const due = Math.floor(((clock.monotonicMs() - startMs) / 1_000) * perSecond)
    for (; sent < due; sent++) sendMarks(symbols, sent)
    cancel = clock.after(TURN_MS, round)
  }
  round()
}

function answer(message: ExchangeAnswer): void {
  process.send?.(message)
}

process.on('message', (message: ExchangeRequest) => {
  switch (message.kind) {
    case 'open':
      symbols = message.symbols
      for (const symbol of symbols) prices.set(symbol, message.price)
      answer({ kind: 'opened', url: `${server.url}${PATH}` })
      break
    case 'frames':
      cancel()
      if (message.perSecond > 0) sendFrames(message.perSecond)
      else answer({ kind: 'halted', marksSent })
      break
    case 'silence':
      cancel()
      isSilent = true
      answer({ kind: 'halted', marksSent })
      break
    case 'move': {
      isSilent = false
      const moved = message.symbols ?? symbols
      for (const symbol of moved) prices.set(symbol, message.price)
      const sentMs = clock.nowMs()
      sendMarks(moved, 0)
      answer({ kind: 'moved', sentMs })
      break
    }
    case 'stop':
      cancel()
      void server.stop().then(() => process.disconnect())
  }
})
