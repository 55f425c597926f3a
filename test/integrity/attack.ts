import { type Decimal, type EventRecord, type PlimsollEvent, venueId } from '../../src/domain/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { underlyingOf } from '../../src/venues/index.ts'
import { restoreInto } from '../support/monitor.ts'
import {
  desk,
  openScenarioMonitor,
  SCENARIO_VENUES,
  type ScenarioVenue,
  START_MS,
  symbolOf,
} from './scenario.ts'

const COIN = 'SOL'
const FRESH_MS = 5_000
const SECONDS = 300
/** In which all venues are right, and all is decided. */
const QUIET_SECONDS = 140
/**
 * Of each venue others, because venues that are wrong alike confirm one another. An exact thousand is none: with a move on top it
 * may be a little less.
 */
const FACTORS: Readonly<Record<ScenarioVenue, readonly number[]>> = {
  bybit: [1e-8, 0.02, 5e3],
  binance: [1e-6, 20, 1e8],
  okx: [1e-4, 0.05, 1e6],
  kraken: [1e-10, 50, 200],
}
const JUMPS = [0.6, 0.75, 0.85, 0.9, 1.1, 1.2, 1.4]
/** A move of all venues stands for so long: one of a single mark is a spike by the rules. */
const MOVE_SECONDS = 10
const ENTRY_PRICE = 100
const MAINTENANCE = 0.01

/** A mark as a venue stated it. */
export interface StatedMark {
  readonly venue: ScenarioVenue
  readonly atMs: number
  readonly price: Decimal
  /** By which it is wrong; 1 of a right price. */
  readonly factor: number
  readonly isIndexWrong: boolean
  /** Whether any venue was at fault then. */
  readonly isFaulty: boolean
  /** Whether at least two other venues, and most of those that were fresh, were right. */
  readonly othersAgree: boolean
  /** Number of the worker that heard it. */
  readonly worker: number
}

/** A position, and beyond which price it is to be liquidated, with a little room. */
interface Position {
  readonly venue: ScenarioVenue
  readonly account: ReturnType<typeof desk>
  readonly isLiquidatedAt: (price: number) => boolean
}

interface Fault {
  readonly untilSecond: number
  readonly kind: 'scale' | 'stuck-index' | 'silent'
  readonly factor: number
  readonly isIndexWrong: boolean
}

export const POSITIONS: readonly Position[] = SCENARIO_VENUES.flatMap((venue) =>
  [2, 5, 20].flatMap((leverage) => [positionOf(venue, leverage, 1), positionOf(venue, leverage, -1)]),
)

function positionOf(venue: ScenarioVenue, leverage: number, side: 1 | -1): Position {
  const id = `desk/${venue}/${leverage}/${side}`
  const stated = { entryPrice: String(ENTRY_PRICE), size: String(side * 10), leverage: String(leverage), id }
  const line = (ENTRY_PRICE * (1 - side / leverage)) / (1 - side * MAINTENANCE)
  const isLiquidatedAt = (price: number) => side * (price / line - 1) < -1e-6
  return { venue, account: desk(COIN, venue, stated), isLiquidatedAt }
}

/**
 * Minutes of random prices that all venues share, jumps among them; of venues that state mark and index in wrong units, at most two
 * at once, whose index is stuck, or that are silent; and of a restart. What the real monitor published, and what it was given.
 */
export function attack(seed: number): {
  readonly marks: readonly StatedMark[]
  readonly events: readonly PlimsollEvent[]
} {
  const random = seededRandom(seed)
  const hasChance = (share: number) => random() < share
  const pick = <One>(from: readonly One[]): One => from[Math.floor(random() * from.length)]!
  const restartSecond = hasChance(0.5) ? Math.floor(random() * SECONDS) : -1
  const records: EventRecord[] = []
  const marks: StatedMark[] = []
  const faults = new Map<ScenarioVenue, Fault>()
  const last = new Map<ScenarioVenue, { readonly mark: StatedMark; readonly index: Decimal }>()
  let truth = ENTRY_PRICE
  let movedSecond = 0
  let worker = 0
  let run = openAfter(records, START_MS)

  const drawFault = (venue: ScenarioVenue, second: number) => {
    const kind = pick(['scale', 'scale', 'stuck-index', 'silent'] as const)
    const untilSecond = second + pick([1, 2, 5, 10, 30, 90])
    const factor = kind === 'scale' ? pick(FACTORS[venue]) : 1
    const wrong = [...faults.values()].filter((fault) => fault.kind === 'scale').length
    if (factor === 1 || wrong < 2)
      faults.set(venue, { kind, untilSecond, factor, isIndexWrong: factor !== 1 && hasChance(0.6) })
  }
  const othersAgree = (venue: ScenarioVenue) => {
    const nowMs = run.clock.nowMs()
    const fresh = [...last.values()].filter(
      ({ mark }) => mark.venue !== venue && mark.worker === worker && nowMs - mark.atMs <= FRESH_MS,
    )
    const right = fresh.filter(({ mark }) => mark.factor === 1).length
    return right >= 2 && right * 2 > fresh.length
  }
  const state = (venue: ScenarioVenue) => {
    const fault = faults.get(venue)
    if (fault?.kind === 'silent' || hasChance(0.05)) return
    const { factor = 1, isIndexWrong = false } = fault ?? {}
    const price = (truth * (1 + (random() - 0.5) * 0.004) * factor).toFixed(12)
    const own = (truth * (isIndexWrong ? factor : 1)).toFixed(12)
    const index = fault?.kind === 'stuck-index' ? (last.get(venue)?.index ?? own) : own
    const { monitor, clock } = run
    const [atMs, symbol] = [clock.nowMs(), symbolOf(venue, COIN)]
    const isFaulty = faults.size > 0
    const mark = {
      venue,
      atMs,
      price,
      factor,
      isIndexWrong,
      isFaulty,
      othersAgree: othersAgree(venue),
      worker,
    }
    for (let times = hasChance(0.1) ? 2 : 1; times > 0; times--) {
      monitor.frameStart(atMs, clock.monotonicMs())
      monitor.tick(venue, symbol, price, atMs)
      monitor.indexPrice(venue, underlyingOf(venueId(venue), symbol)!.index!, index)
      monitor.frameEnd()
      clock.runTurns()
    }
    marks.push(mark)
    last.set(venue, { mark, index })
  }
  const endSecond = (second: number) => {
    const { monitor, clock } = run
    const nowMs = clock.nowMs()
    for (const [venue, { mark }] of last)
      if (nowMs - mark.atMs > FRESH_MS)
        monitor.marketStale(venue, symbolOf(venue, COIN), nowMs, clock.monotonicMs())
    clock.advanceTo(START_MS + (second + 1) * 1_000)
    monitor.expireRevisions(clock.nowMs())
    clock.runTurns()
  }
  for (let second = 0; second < SECONDS + QUIET_SECONDS; second++) {
    truth *= 1 + (random() - 0.5) * 0.01
    if (second < SECONDS && second - movedSecond > MOVE_SECONDS && hasChance(0.04)) {
      truth = Math.min(Math.max(truth * pick(JUMPS), 40), 220)
      movedSecond = second
    }
    truth += (ENTRY_PRICE - truth) * 0.01
    if (second === restartSecond) {
      records.push(...run.records)
      run = openAfter(records, run.clock.nowMs())
      worker++
    }
    for (const venue of SCENARIO_VENUES) {
      if ((faults.get(venue)?.untilSecond ?? 0) <= second || second >= SECONDS) faults.delete(venue)
      if (second < SECONDS && !faults.has(venue) && hasChance(0.03)) drawFault(venue, second)
      run.clock.advance(1 + Math.floor(random() * 100))
      state(venue)
    }
    endSecond(second)
  }
  records.push(...run.records)
  return { marks, events: records.map(({ event }) => event) }
}

/** A worker that finds what those before it have published. */
function openAfter(records: readonly EventRecord[], startMs: number) {
  const sequenceFloor = Math.max(0, ...records.map(({ event }) => event.sequence))
  const opened = openScenarioMonitor(COIN, [], { startMs, sequenceFloor })
  restoreInto(opened.monitor, records)
  for (const { account } of POSITIONS) opened.monitor.apply({ kind: 'put', account })
  opened.monitor.loaded()
  return opened
}
