import { subscribe } from '../api/index.ts'
import { counted, isVenueEvent, type MarketEvent, type VenueEvent } from '../domain/index.ts'
import { memoryInbox, type Subscription } from '../subscriber/index.ts'
import { sleep, systemClock } from '../system/index.ts'
import { createBook } from './accounts/synthetic-accounts.ts'
import { type Auditor, createAuditor } from './auditor.ts'
import { demoRules, instrumentsOf } from './exchange/instruments.ts'
import { listenToParent, whenOrphaned } from './parent.ts'
import { type Patience, waitWith } from './patience.ts'
import type { FromSubscriber, ToSubscriber } from './protocol.ts'
import { createReferee } from './referee/referee.ts'
import { createHeadlines } from './screen/headlines.ts'
import { HEADLINES_SHOWN } from './screen/view.ts'

const PROGRESS_EVERY_MS = 100
/** The events on the screen change at most this often, so that a person can read them. */
const HEADLINES_EVERY_MS = 1_000
/** Longest replay between two turns of the event loop. */
const REPLAY_SLICE_MS = 5
/** Ids that the inbox remembers: more than a demo of a few million accounts makes events. */
const INBOX_IDS_MAX = 4_000_000

let subscription: Subscription | undefined
let auditor: Auditor | undefined
let isReplaying = false
let isHurried = false
let cancelReports: (() => void)[] = []

type Open = Extract<ToSubscriber, { kind: 'open' }>

function open(options: Open, send: (message: FromSubscriber) => void): void {
  const book = createBook(options.seed, options.accounts, instrumentsOf(options.streams))
  const accounts = book.sample(options.sampleAccounts).map((index) => book.account(index))
  const { levels, hysteresis } = options
  const referee = createReferee({
    accounts,
    rules: Object.fromEntries(demoRules(book.instruments)),
    levels: [...levels, '1'],
    hysteresis,
  })
  const opened = createAuditor(referee)
  auditor = opened
  const headlines = createHeadlines(HEADLINES_SHOWN)
  subscription = subscribe({
    connection: { url: options.redisUrl },
    queuePrefix: options.queuePrefix,
    handler: (event) => {
      opened.effect(event)
      if (event.kind === 'revision') return
      if (isVenueEvent(event)) send({ kind: 'note', text: venueInWords(event) })
      else if ('marginAccount' in event) headlines.add(event)
      else send({ kind: 'note', text: marketInWords(event) })
    },
    inbox: memoryInbox({ idsMax: INBOX_IDS_MAX }),
    fault: ({ message }) => send({ kind: 'note', text: `the subscriber: ${message}` }),
  })
  send({ kind: 'opened', sampleAccounts: referee.accounts, samplePositions: referee.positions })
  every(PROGRESS_EVERY_MS, () => {
    const { delivered, arrivals, replayedTicks } = opened
    send({ kind: 'progress', delivered, arrivals, replayedTicks })
  })
  every(HEADLINES_EVERY_MS, () => send({ kind: 'headlines', headlines: headlines.turn() }))
}

function marketInWords({ kind, venue, symbol, marginAccounts, delisted }: MarketEvent): string {
  if (kind === 'market-fresh') return `${venue} ${symbol} has a fresh price again`
  if (kind === 'market-closed') return `nobody holds ${venue} ${symbol} any more, which had no fresh price`
  if (kind === 'market-gap')
    return `prices of ${venue} ${symbol} were missed, and the venue keeps no record of them`
  if (kind === 'market-expired')
    return `${venue} ${symbol} ${delisted === true ? 'is delisted' : 'has expired'}: ${counted(marginAccounts, 'margin account holds', 'margin accounts hold')} it`
  if (kind === 'market-contradicted')
    return `the rules of ${venue} ${symbol} are not the terms that the venue states`
  return `${venue} ${symbol} has no fresh price: ${counted(marginAccounts, 'margin account has', 'margin accounts have')} no verdict`
}

function venueInWords({ kind, venue, suspectMarkets, heldMarkets }: VenueEvent): string {
  if (kind === 'venue-clear') return `prices of ${venue} are no longer suspect in many markets`
  return `prices of ${venue} are suspect in ${suspectMarkets} of ${counted(heldMarkets, 'market')}`
}

function every(periodMs: number, report: () => void): void {
  const index = cancelReports.length
  const round = (): void => {
    report()
    cancelReports[index] = systemClock.after(periodMs, round)
  }
  round()
}

/** Replays instants in slices, so that events are taken meanwhile. */
function replay(): void {
  if (isReplaying || auditor === undefined) return
  isReplaying = true
  const opened = auditor
  systemClock.nextTurn(() => {
    isReplaying = false
    const endMs = systemClock.monotonicMs() + REPLAY_SLICE_MS
    if (!opened.replay(() => systemClock.monotonicMs() < endMs)) replay()
  })
}

/** Waits for the last events, then for the replay, however long it takes. All instants have come, because messages arrive in order. */
async function finish(
  made: number,
  patience: Patience,
  send: (message: FromSubscriber) => void,
): Promise<void> {
  if (auditor === undefined) return
  const opened = auditor
  const isHere = () => isHurried || opened.delivered >= made
  await waitWith(patience, systemClock, isHere, () => opened.delivered + opened.replayedTicks)
  while (isReplaying && !isHurried) await sleep(systemClock, PROGRESS_EVERY_MS)
  send({ kind: 'result', result: opened.result() })
}

async function stop(): Promise<void> {
  for (const cancel of cancelReports) cancel()
  cancelReports = []
  await subscription?.close()
  if (process.connected) process.disconnect()
}

listenToParent<ToSubscriber, FromSubscriber>((message, send) => {
  if (message.kind === 'open') open(message, send)
  else if (message.kind === 'instants') {
    auditor?.instants(message.instants)
    replay()
  } else if (message.kind === 'finish') void finish(message.made, message.patience, send)
  else if (message.kind === 'hurry') isHurried = true
  else void stop()
})
whenOrphaned(() => void stop())
