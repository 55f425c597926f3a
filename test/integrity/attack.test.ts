import { describe, expect, it } from 'vitest'
import {
  isVenueEvent,
  type MarginEvent,
  type PlimsollEvent,
  type RevisionEvent,
} from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { attack, POSITIONS, type StatedMark } from './attack.ts'

const SEED = testSeed(20_261_201)
const CASES = testCases(10)
const DECIDED_MS = 60_000

const RUNS = Array.from({ length: CASES }, (_, number) => attack(SEED + number))
const REVISIONS = RUNS.map(({ events }) => events.filter((event) => event.kind === 'revision'))

function isOfAccount(event: PlimsollEvent): event is MarginEvent {
  return !isVenueEvent(event) && 'marginAccount' in event && event.kind !== 'revision'
}

interface Judged {
  readonly event: MarginEvent
  readonly mark: StatedMark
  readonly revision: RevisionEvent | undefined
  readonly confidence: string
  /** What the same worker heard of the venue before, and in the minute from the mark on. */
  readonly before: readonly StatedMark[]
  readonly after: readonly StatedMark[]
}

/** The events on a price of every run, with the mark that they are on and what has become of them. */
const JUDGED: readonly Judged[] = RUNS.flatMap(({ events, marks }, number) => {
  const revisions = new Map(REVISIONS[number]!.map((revision) => [revision.id, revision]))
  return events.filter(isOfAccount).flatMap((event) => {
    const mark = marks.find(({ venue, atMs }) => venue === event.venue && atMs === event.receivedTimeMs)
    if (mark === undefined || event.kind === 'unknown') return []
    const revision = revisions.get(event.id)
    const own = marks.filter(({ venue, worker }) => venue === mark.venue && worker === mark.worker)
    const before = own.filter(({ atMs }) => atMs < mark.atMs)
    const after = own.filter(({ atMs }) => atMs >= mark.atMs && atMs < mark.atMs + DECIDED_MS)
    const confidence = revision?.confidence ?? event.confidence
    return [{ event, mark, revision, confidence, before, after }]
  })
})

/** Whether nothing but the venue itself speaks of its price, and nothing of that against it. */
function isUnknowable({ mark, revision, before, after }: Judged): boolean {
  const decidedMs = revision?.receivedTimeMs ?? Number.POSITIVE_INFINITY
  if (after.some(({ othersAgree, atMs }) => othersAgree && atMs < decidedMs)) return false
  const isFar = mark.factor > 1_000 || mark.factor < 0.001
  return mark.isIndexWrong && !(isFar && before.some(({ factor }) => factor === 1))
}

const lineOf = ({ event, mark, confidence }: Judged) =>
  `${event.account} ${event.kind} at ${mark.price} (wrong by ${mark.factor}) is ${confidence}`

describe(`${CASES} attacks on the rules, seed ${SEED}`, () => {
  it('are many events on right and on wrong prices', () => {
    const isWrong = ({ mark }: Judged) => mark.factor !== 1
    expect(JUDGED.filter(isWrong).length).toBeGreaterThan(20 * CASES)
    expect(JUDGED.filter((judged) => !isWrong(judged)).length).toBeGreaterThan(50 * CASES)
  })

  it('hold nothing back: a position beyond its line is published as liquidated at that mark, however wrong it is', () => {
    const late = RUNS.flatMap(({ events, marks }) =>
      POSITIONS.flatMap(({ venue, account, isLiquidatedAt }) => {
        const own = events.filter(isOfAccount).filter((event) => event.account === account.id)
        return marks
          .filter((mark) => mark.venue === venue && isLiquidatedAt(Number(mark.price)))
          .filter(({ atMs }) => own.findLast((event) => event.receivedTimeMs <= atMs)?.kind !== 'liquidation')
          .map(({ price, atMs }) => `${account.id} at ${price} at ${atMs}`)
      }),
    )
    expect(late).toEqual([])
  })

  it('confirm no price in wrong units, unless nothing but its own venue speaks of it', () => {
    const wrong = JUDGED.filter(({ mark, confidence }) => mark.factor !== 1 && confidence === 'confirmed')
    expect(wrong.filter((judged) => !isUnknowable(judged)).map(lineOf)).toEqual([])
  })

  it('retract no right price, unless its venue was wrong just before', () => {
    const retracted = JUDGED.filter(({ mark, confidence }) => mark.factor === 1 && confidence === 'retracted')
    const isAfterFault = ({ before, mark }: Judged) =>
      before.some(({ factor, atMs }) => factor !== 1 && mark.atMs - atMs < DECIDED_MS)
    expect(retracted.filter((judged) => !isAfterFault(judged)).map(lineOf)).toEqual([])
  })

  it('leave no right price in doubt where no venue is at fault and the worker goes on', () => {
    const doubtful = JUDGED.filter(({ confidence, revision, before, after }) => {
      if (revision?.markets.some(({ by }) => by === 'restart')) return false
      const around = [...before.slice(-5), ...after]
      return (
        confidence !== 'confirmed' && around.every(({ isFaulty, othersAgree }) => !isFaulty && othersAgree)
      )
    })
    expect(doubtful.map(lineOf)).toEqual([])
  })

  it('revise each event once at most, and say nothing that cannot be verified', () => {
    for (const revisions of REVISIONS)
      expect(new Set(revisions.map(({ id }) => id)).size).toBe(revisions.length)
    for (const { events } of RUNS)
      for (const event of events) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  })
})
