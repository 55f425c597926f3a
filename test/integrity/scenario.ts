import { expect } from 'vitest'
import {
  type Account,
  collateralRulesSchema,
  type Decimal,
  isVenueEvent,
  type RuleBook,
  venueId,
} from '../../src/domain/index.ts'
import { integrityRules } from '../../src/integrity/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { ruleBookOf, underlyingOf } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, RULES } from '../support/monitor.ts'

/** At which the first frame of every scenario comes. */
export const START_MS = 1_700_000_000_000

export const SCENARIO_VENUES = ['bybit', 'binance', 'okx', 'kraken'] as const
export type ScenarioVenue = (typeof SCENARIO_VENUES)[number]

/** The perpetual contract of a coin at each venue. */
const SYMBOLS: Readonly<Record<ScenarioVenue, (coin: string) => string>> = {
  bybit: (coin) => `${coin}USDT`,
  binance: (coin) => `${coin}USDT`,
  okx: (coin) => `${coin}-USDT-SWAP`,
  kraken: (coin) => `PF_${coin === 'BTC' ? 'XBT' : coin}USD`,
}

export function symbolOf(venue: ScenarioVenue, coin: string): string {
  return SYMBOLS[venue](coin)
}

/** What a venue states in one frame: a mark, the index price beside it, and further prices by their names. */
export interface Stated {
  readonly mark?: Decimal
  readonly index?: Decimal
  readonly further?: Readonly<Record<string, Decimal>>
}
/** A frame of each venue. One that is left out is silent. */
export type Second = Readonly<Partial<Record<ScenarioVenue, Stated>>>

/** `count` prices on a straight line, the last of them `to`. */
export function line(from: number, to: number, count: number, digits = 2): Decimal[] {
  return Array.from({ length: count }, (_, at) => (from + ((to - from) * (at + 1)) / count).toFixed(digits))
}

/** All venues state the same mark, which their index follows. */
export function together(mark: Decimal): Second {
  return Object.fromEntries(SCENARIO_VENUES.map((venue) => [venue, { mark, index: mark }]))
}

/** The other three venues at one price, beside what Bybit states. */
export function beside(others: Decimal, mark: Decimal, index: Decimal): Second {
  return { ...together(others), bybit: { mark, index } }
}

export function without(venue: ScenarioVenue, { [venue]: _, ...others }: Second): Second {
  return others
}

export function still(second: Second, seconds: number): Second[] {
  return new Array<Second>(seconds).fill(second)
}

/** An isolated position at a venue, whose margin is its value at entry through the leverage. */
export function desk(
  coin: string,
  venue: ScenarioVenue,
  stated: {
    readonly entryPrice: Decimal
    readonly size?: Decimal
    readonly leverage?: Decimal
    readonly id?: string
  },
): Account {
  const { entryPrice, size = '10', leverage = '5', id = `desk/${venue}` } = stated
  const position = isolatedPosition(SYMBOLS[venue](coin), { size, entryPrice, leverage })
  return makeAccount({ id, venue, positions: [position] })
}

/** A pool at Bybit of that amount of a coin, 95 % of which count, behind 10 BTC bought at 60,000. */
export function pool(coin: string, amount: Decimal): Account {
  const positions = [crossPosition('BTCUSDT', { size: '10', entryPrice: '60000' })]
  const account = makeAccount({ id: 'desk/pool', collateral: [{ asset: coin, amount }], positions })
  return { ...account, pool: { currency: 'USDT', kind: 'multi-asset' } }
}

/** Holds so much margin that it is never liquidated: its venue is heard because of it. */
function witness(coin: string, venue: ScenarioVenue): Account {
  const symbol = SYMBOLS[venue](coin)
  const position = isolatedPosition(symbol, { size: '0.001', entryPrice: '1', isolatedMargin: '1000000' })
  return makeAccount({ id: `witness/${venue}`, venue, positions: [position] })
}

/** Rules of 1 % for every contract, and of the collateral of pools. */
function anyContract(coin: string, venue: ScenarioVenue): RuleBook {
  const tiers = [{ cap: '1000000', ratio: '0.95' }]
  const book = { ...ruleBookOf(venueId(venue)), version: 'scenario', rulesOf: () => RULES.AUSDT }
  return withCollateralRules(book, { [coin]: collateralRulesSchema.parse({ tiers, discounts: 'wallet' }) })
}

/** A monitor under the rules of price integrity, with accounts at these venues. Without levels they are judged at their line alone. */
export function openScenarioMonitor(
  coin: string,
  accounts: readonly Account[],
  {
    startMs = START_MS,
    levels = [],
    sequenceFloor = 0,
  }: {
    readonly startMs?: number
    readonly levels?: readonly string[]
    readonly sequenceFloor?: number
  } = {},
) {
  const books = SCENARIO_VENUES.map((venue) => [venue, anyContract(coin, venue)] as const)
  const opened = openMonitor({
    books: Object.fromEntries(books),
    rule: levelRule(levels, '0.01'),
    integrity: { rules: integrityRules(), underlyingOf },
    startMs,
    sequenceFloor,
  })
  for (const account of accounts) opened.monitor.apply({ kind: 'put', account })
  return opened
}

/** The real monitor, told a frame a venue a second. */
export function openScenario(coin: string, desks: readonly Account[]) {
  const witnesses = SCENARIO_VENUES.map((venue) => witness(coin, venue))
  const opened = openScenarioMonitor(coin, [...desks, ...witnesses])
  const { monitor, clock } = opened
  monitor.loaded()

  const state = (venue: ScenarioVenue, { mark, index, further = {} }: Stated) => {
    const symbol = SYMBOLS[venue](coin)
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    if (mark !== undefined) monitor.tick(venue, symbol, mark, clock.nowMs())
    if (index !== undefined) monitor.indexPrice(venue, underlyingOf(venueId(venue), symbol)!.index!, index)
    for (const [name, price] of Object.entries(further)) monitor.tick(venue, name, price, clock.nowMs())
    monitor.frameEnd()
    clock.runTurns()
  }
  /** Each is told a second after the one before. */
  const play = (seconds: readonly Second[]) => {
    for (const second of seconds) {
      for (const venue of SCENARIO_VENUES) if (second[venue] !== undefined) state(venue, second[venue])
      clock.advance(1_000)
    }
  }
  /** The contract of the venue is delisted now. */
  const delist = (venue: ScenarioVenue) => {
    const nowMs = clock.nowMs()
    monitor.contracts.expired(venue, SYMBOLS[venue](coin), nowMs, {
      nowMs,
      nowMonotonicMs: clock.monotonicMs(),
    })
    clock.runTurns()
  }
  const story = () => storyOf(opened).filter((told) => !told.includes('witness/'))
  return { ...opened, play, delist, story }
}

type Published = Pick<ReturnType<typeof openMonitor>, 'records'>

/** What was published, a line an event: second, account or market, kind, and what is said of its prices. */
export function storyOf({ records }: Published, startMs = START_MS): string[] {
  return records.map(({ event }) => {
    const second = Math.round((event.receivedTimeMs - startMs) / 1_000)
    if (event.kind === 'revision') {
      const by = event.markets.map((market) => market.by).join(', ')
      return `${second} s: ${event.account} ${event.revisedKind} is ${event.confidence} by ${by}`
    }
    if (isVenueEvent(event)) {
      const { venue, kind, suspectMarkets, heldMarkets } = event
      return `${second} s: ${venue} ${kind} ${suspectMarkets} of ${heldMarkets}`
    }
    if ('symbol' in event) return `${second} s: ${event.venue} ${event.symbol} ${event.kind}`
    const price = event.marks.map(({ markPrice }) => markPrice ?? 'no mark').join(', ')
    const told = `${second} s: ${event.account} ${event.kind} at ${price} ${event.confidence}`
    return [told, ...event.reasons].join(' ')
  })
}

/** The confidence of every liquidation at last, after its revision. */
export function liquidations({ records }: Published): string[] {
  const last = new Map<string, string>()
  for (const { event } of records) {
    if (event.kind === 'liquidation') last.set(event.id, event.confidence)
    if (event.kind === 'revision' && event.revisedKind === 'liquidation') last.set(event.id, event.confidence)
  }
  return [...last.values()]
}

/** What is published, and what every event says, is as it should be. */
export function expectStory(run: ReturnType<typeof openScenario>, story: readonly string[]): void {
  expect(run.story()).toEqual(story)
  for (const { event } of run.records)
    expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
}
