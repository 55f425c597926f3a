import { describe, expect, it } from 'vitest'
import type { FundingPayment } from '../../src/demo/referee/funding.ts'
import { createReferee, type InstantTick } from '../../src/demo/referee/referee.ts'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import type { Account, InstrumentRules, Random } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { openMonitor } from '../support/monitor.ts'
import { between, text } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'
import { compiledOf, drawPrices, drawVenueCase, marketsOf, slackOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
const ACCOUNTS = 60
const INSTANTS = 150
const VENUES = Object.keys(VENUE_FORMULAS)
const LEVELS = [
  ['10%', '5%', '2%'],
  ['0.5', '0.9'],
]

const HOUR_MS = 3_600_000
const START_MS = 497_222 * HOUR_MS
/** Less than an hour, so that no funding time passes between two frames of a market unseen. */
const STEP_MAX_MS = HOUR_MS - 60_000
/** The worker waits so long for a mark behind a funding time. */
const SETTLE_AFTER_MS = 1_000
const INTERVALS_HOURS = [1, 4, 8]

interface FundingStream {
  readonly intervalMs: number
  readonly nextTimeMs: number
  readonly rate: string
  readonly markPrice: string
}

describe.each(LEVELS.map((levels) => ({ levels })))(
  `a monitor beside the referee, levels $levels, seed ${SEED}`,
  ({ levels }) => {
    it.each(VENUES)('publishes for accounts of %s the events that the naive replay makes', (venue) => {
      const random = seededRandom(SEED, VENUES.indexOf(venue))
      const markets = marketsOf(venue)
      const rule = levelRule(levels, '0.01')
      const options = { books: { [venue]: markets.book }, rule, appliesFunding: true, startMs: START_MS }
      const { monitor, clock, events, funding } = openMonitor(options)
      const accounts: Account[] = []
      const entries = new Map<string, number>()
      const rules: Record<string, InstrumentRules> = {}
      while (accounts.length < ACCOUNTS) {
        const drawn = drawVenueCase(random, venue, markets, entries)
        const prices = drawPrices(random, drawn)
        const slack = slackOf(compiledOf(drawn), prices)
        const lacking = -Number((slack.n * 1_000_000n) / slack.d) / 1_000_000
        const wallet = (lacking + Math.abs(lacking) * random()).toFixed(6)
        const { collateral, ...rest } = drawn.account
        accounts.push({
          ...rest,
          id: `a${accounts.length}`,
          collateral: collateral.map((entry) => ({ ...entry, amount: wallet })),
          ...drawTime(random),
        })
        for (const [symbol, price] of drawn.entries) entries.set(symbol, price)
        for (const symbol of drawn.entries.keys()) rules[symbol] = markets.book.rulesOf(symbol)!
      }
      const referee = createReferee({
        accounts,
        rules: { [venue]: rules },
        levels: rule.names.slice(1),
        hysteresis: '0.01',
      })
      for (const account of accounts) monitor.apply({ kind: 'put', account })
      const streams = new FundingStreams(random, venue)
      const market = { account: accounts[0]!, book: markets.book, entries }
      const lastMarks = new Map<string, string>()
      const fund = (due: readonly FundingPayment[]) => {
        funding.keepFunding()
        clock.runTurns()
        referee.fund(due)
      }
      let nowMs = START_MS
      for (let instant = 0; instant < INSTANTS; instant++) {
        nowMs += between(random, 1, STEP_MAX_MS)
        const due = streams.passedAt(nowMs)
        const isSettledFirst =
          random() < 0.5 && due.every(({ fundingTimeMs }) => nowMs >= fundingTimeMs + SETTLE_AFTER_MS)
        if (isSettledFirst) {
          monitor.settleFunding(nowMs)
          fund(due)
        }
        monitor.frameStart(clock.nowMs(), clock.monotonicMs())
        const ticks: InstantTick[] = []
        for (const [symbol, drawn] of drawPrices(random, market).marks) {
          const isMoved = instant === 0 || random() < 0.4
          const markPrice = isMoved ? drawn : lastMarks.get(symbol)!
          const { fundingRate, nextTimeMs } = streams.frameAt(symbol, nowMs, markPrice)
          if (isMoved) monitor.tick(venue, symbol, markPrice, nowMs, fundingRate, nextTimeMs)
          else monitor.unchanged(venue, symbol, nowMs, fundingRate, nextTimeMs)
          lastMarks.set(symbol, markPrice)
          // Of a mark that has not changed nothing can follow, unless the rate counts in the maintenance margin.
          const counts = rules[symbol]!.fundingInMaintenance === true
          if (isMoved || counts) ticks.push({ venue, symbol, markPrice, fundingRate })
        }
        monitor.frameEnd()
        clock.runTurns()
        referee.instant(ticks)
        if (!isSettledFirst) fund(due)
      }
      const published = events()
      expect(published.length).toBeGreaterThan(ACCOUNTS / 10)
      const proof = { expected: published.length, lost: 0, disagreements: 0 }
      expect(referee.judge(published)).toEqual({ ...proof, examples: [], ofVenues: { [venue]: proof } })
      const byFunding = published.filter(({ reasons }) => reasons.includes('funding'))
      expect(byFunding.length > 0).toBe(streams.isStated)
      for (const event of byFunding) expect(verifyEvent(event)).toMatchObject({ isOk: true })
    })
  },
)

/** Most accounts say when their balances were true: before every funding time, or after some of them. */
function drawTime(random: Random): Pick<Account, 'asOfMs'> {
  if (random() < 0.2) return {}
  return { asOfMs: START_MS + (random() < 0.6 ? 0 : between(random, 0, 20) * HOUR_MS) }
}

/** What the frames of a venue say of funding, and what it has charged. */
class FundingStreams {
  readonly #random: Random
  readonly #venue: string
  readonly #streams = new Map<string, FundingStream>()
  /** Whether its frames say anything. */
  readonly isStated: boolean

  constructor(random: Random, venue: string) {
    this.#random = random
    this.#venue = venue
    this.isStated = VENUE_FORMULAS[venue]!.funding !== undefined
  }

  /** The payments that fell due before that time and after the last frames. */
  passedAt(nowMs: number): FundingPayment[] {
    return [...this.#streams].flatMap(([symbol, { nextTimeMs, rate, markPrice }]) =>
      nextTimeMs < nowMs
        ? [{ venue: this.#venue, symbol, fundingTimeMs: nextTimeMs, fundingRate: rate, markPrice }]
        : [],
    )
  }

  /** Every frame states the time; that of a new time, and most others, the rate. */
  frameAt(symbol: string, nowMs: number, markPrice: string) {
    if (!this.isStated) return { fundingRate: undefined, nextTimeMs: undefined }
    const random = this.#random
    const known = this.#streams.get(symbol)
    const intervalMs = known?.intervalMs ?? INTERVALS_HOURS[between(random, 0, 2)]! * HOUR_MS
    const isAhead = known !== undefined && known.nextTimeMs >= nowMs
    const nextTimeMs = isAhead ? known.nextTimeMs : (Math.floor(nowMs / intervalMs) + 1) * intervalMs
    const fundingRate = isAhead && random() < 0.3 ? undefined : text((random() - 0.5) * 0.03, 6)
    const rate = fundingRate ?? known!.rate
    this.#streams.set(symbol, { intervalMs, nextTimeMs, rate, markPrice })
    return { fundingRate, nextTimeMs }
  }
}
