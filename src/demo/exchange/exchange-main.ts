import { seededRandom, systemClock } from '../../system/index.ts'
import { listenToParent, whenOrphaned } from '../parent.ts'
import type { FromExchange, ToExchange } from '../protocol.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { instrumentsOf } from './instruments.ts'

const STATUS_EVERY_MS = 100
/** Random stream of what is not a price: quotes, sequence steps. */
const RANDOM_STREAM = 0x51554f54

let exchange: Exchange | undefined
let cancelStatus = (): void => {}

type Open = Extract<ToExchange, { kind: 'open' }>

async function open({ streams, seed, seconds }: Open, send: (message: FromExchange) => void): Promise<void> {
  exchange = await openExchange({
    seed,
    seconds,
    instruments: instrumentsOf(streams),
    clock: systemClock,
    random: seededRandom(seed, RANDOM_STREAM),
  })
  void exchange.over.then(() => send({ kind: 'over' }))
  const report = (): void => {
    if (exchange === undefined) return
    send({ kind: 'status', status: exchange.status() })
    cancelStatus = systemClock.after(STATUS_EVERY_MS, report)
  }
  send({ kind: 'opened', urls: exchange.urls })
  report()
}

function hold(send: (message: FromExchange) => void): void {
  if (exchange !== undefined) send({ kind: 'held', status: exchange.hold() })
}

async function stop(): Promise<void> {
  cancelStatus()
  const open = exchange
  exchange = undefined
  await open?.stop()
  if (process.connected) process.disconnect()
}

listenToParent<ToExchange, FromExchange>((message, send) => {
  if (message.kind === 'open') void open(message, send)
  else if (message.kind === 'count') exchange?.count(message.markets)
  else if (message.kind === 'start') exchange?.start()
  else if (message.kind === 'hold') hold(send)
  else void stop()
})
whenOrphaned(() => void stop())
