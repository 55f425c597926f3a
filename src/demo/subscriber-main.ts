import { sleep, systemClock } from '../clock.ts'
import { memoryInbox, type Subscription, subscribe } from '../events/index.ts'
import { type Auditor, createAuditor } from './auditor.ts'
import { createBook } from './book.ts'
import { DEMO_INSTRUMENTS, demoRules } from './instruments.ts'
import { listenToParent, whenOrphaned } from './parent.ts'
import type { FromSubscriber, ToSubscriber } from './protocol.ts'
import { createReferee } from './referee.ts'

const PROGRESS_EVERY_MS = 100
const ARRIVAL_POLL_MS = 20
/** Ids that the inbox remembers: more events than a demo of a few million accounts makes. */
const INBOX_IDS_MAX = 4_000_000

let subscription: Subscription | undefined
let auditor: Auditor | undefined
let cancelProgress = (): void => {}

type Open = Extract<ToSubscriber, { kind: 'open' }>

function open(options: Open, send: (message: FromSubscriber) => void): void {
  const book = createBook(options.seed, options.accounts, DEMO_INSTRUMENTS)
  const accounts = book.sample(options.sampleAccounts).map((index) => book.account(index))
  const { levels, hysteresis } = options
  const referee = createReferee({ accounts, rules: demoRules(), levels: [...levels, '1'], hysteresis })
  const opened = createAuditor(referee)
  auditor = opened
  subscription = subscribe({
    connection: { url: options.redisUrl },
    queuePrefix: options.queuePrefix,
    handler: (event) => opened.effect(event),
    inbox: memoryInbox({ idsMax: INBOX_IDS_MAX }),
    clock: systemClock,
    fault: (error) =>
      void process.stderr.write(`plimsoll demo subscriber: ${error.code}: ${error.message}\n`),
  })
  const report = (): void => {
    send({ kind: 'progress', delivered: opened.delivered })
    cancelProgress = systemClock.after(PROGRESS_EVERY_MS, report)
  }
  send({ kind: 'opened', sampleAccounts: referee.accounts, samplePositions: referee.positions })
  report()
}

/** Waits for the events that are still to come; the replay is up to date, for messages arrive in order. */
async function finish(
  made: number,
  timeoutMs: number,
  send: (message: FromSubscriber) => void,
): Promise<void> {
  if (auditor === undefined) return
  const endMs = systemClock.monotonicMs() + timeoutMs
  while (auditor.delivered < made && systemClock.monotonicMs() < endMs)
    await sleep(systemClock, ARRIVAL_POLL_MS)
  send({ kind: 'result', result: auditor.result() })
}

async function stop(): Promise<void> {
  cancelProgress()
  await subscription?.close()
  if (process.connected) process.disconnect()
}

listenToParent<ToSubscriber, FromSubscriber>((message, send) => {
  if (message.kind === 'open') open(message, send)
  else if (message.kind === 'instants') auditor?.instants(message.instants)
  else if (message.kind === 'finish') void finish(message.made, message.timeoutMs, send)
  else void stop()
})
whenOrphaned(() => void stop())
