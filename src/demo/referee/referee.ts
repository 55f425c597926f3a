import type { Account, EventKind, InstrumentRules, MarginEvent } from '../../domain/index.ts'
import { compareEvents, type Expectations, type Judgement, sumOf } from './comparison.ts'
import { distanceFaultOf } from './distance.ts'
import { type Fraction, parse, print, ZERO } from './fraction.ts'
import { afterFunding, concerns, type FundingPayment } from './funding.ts'
import { type Level, levelNamed, levelOf, type PricesOf } from './levels.ts'
import {
  type AccountFigures,
  figuresAt,
  type NaiveMarginAccount,
  naiveMarginAccounts,
} from './margin-accounts.ts'
import { type ComparedMarketEvent, createMarketReplay } from './market-replay.ts'

/** One mark price of one instant, as the worker applied it. */
export interface InstantTick {
  readonly venue: string
  readonly symbol: string
  /** Empty when the worker declared the market stale, so that its mark is unknown. */
  readonly markPrice: string
  /** Of the next payment, where the frame states it; the last one holds on. */
  readonly fundingRate?: string | undefined
}

/** What the referee compares of an event. */
export type ComparedEvent = Pick<
  MarginEvent,
  | 'account'
  | 'marginAccount'
  | 'kind'
  | 'level'
  | 'previousLevel'
  | 'episode'
  | 'sequence'
  | 'marginBalance'
  | 'maintenanceMargin'
  | 'distance'
>

export interface Referee {
  readonly accounts: number
  readonly positions: number
  /** Ticks replayed and position re-checks made. */
  readonly ticks: number
  readonly checks: number
  /** Replays one instant: all its marks are applied, then every position on them is re-checked. */
  instant(ticks: readonly InstantTick[]): void
  /** Replays what fell due at funding times: all payments are made, then every account that made one is re-checked. */
  fund(payments: readonly FundingPayment[]): void
  judges(account: string): boolean
  /** The events that the replay has made so far, in its order. */
  expected(): readonly ComparedEvent[]
  /** The events of markets that the replay has made so far, in its order. */
  expectedOfMarkets(): readonly ComparedMarketEvent[]
  judge(delivered: readonly (ComparedEvent | ComparedMarketEvent)[]): Judgement
}

const NO_PRICES: PricesOf = { markOf: () => undefined, fundingRateOf: () => ZERO }

/** What is wrong with the stated distance of an event; undefined for nothing. */
type DistanceCheck = (stated: string | null | undefined) => string | undefined

const LEVELS = ['10%', '5%', '2%', '1']
const HYSTERESIS = '0.01'

interface Judged {
  readonly account: string
  marginAccount: NaiveMarginAccount
  readonly positions: number
  level: number
  episode: number
  episodeOpen: boolean
  sequence: number
  /** Published as `unknown`; the next verdict ends this. */
  unknown: boolean
}

/**
 * The independent, naive replay: exact arithmetic, every position, every tick, no shortcuts. `rules` is venue → symbol →
 * rules. It throws for a symbol without rules, which is a bug of the caller.
 */
export function createReferee(options: {
  readonly accounts: Iterable<Account>
  readonly rules: Readonly<Record<string, Readonly<Record<string, InstrumentRules>>>>
  readonly levels?: readonly string[]
  readonly hysteresis?: string
}): Referee {
  const levels: Level[] = [
    { name: '0', ratio: ZERO, move: ZERO },
    ...(options.levels ?? LEVELS).map(levelNamed),
  ]
  const hysteresis = parse(options.hysteresis ?? HYSTERESIS)
  const byMarket = new Map<string, Judged[]>()
  const marks = new Map<string, Fraction>()
  const fundingRates = new Map<string, Fraction>()
  /** The accounts as stated, what was charged since, and their margin accounts. */
  const accounts = new Map<string, Account>()
  const charged = new Map<string, FundingPayment[]>()
  const ofAccount = new Map<string, Judged[]>()
  const expected = new Map<string, ComparedEvent>()
  const distanceFaults = new Map<string, DistanceCheck>()
  const markets = createMarketReplay()
  let positions = 0
  let ticks = 0
  let checks = 0

  const rulesOf = (venue: string, symbol: string): InstrumentRules => {
    const rules = options.rules[venue]?.[symbol]
    if (rules === undefined) throw new Error(`the referee has no rules of ${symbol} on ${venue}`)
    return rules
  }
  const venueOf = ({ account }: ComparedEvent): string => accounts.get(account)!.venue
  const marginAccountsOf = (account: Account) =>
    naiveMarginAccounts(account, (symbol) => rulesOf(account.venue, symbol))

  for (const account of options.accounts) {
    accounts.set(account.id, account)
    const own: Judged[] = []
    ofAccount.set(account.id, own)
    positions += account.positions.length
    for (const marginAccount of marginAccountsOf(account)) {
      const judged: Judged = {
        account: account.id,
        marginAccount,
        positions: marginAccount.positions.length,
        level: 0,
        episode: 0,
        episodeOpen: false,
        sequence: 0,
        unknown: false,
      }
      own.push(judged)
      for (const symbol of marginAccount.symbols) {
        const key = `${account.venue}:${symbol}`
        const holders = byMarket.get(key)
        if (holders === undefined) byMarket.set(key, [judged])
        else holders.push(judged)
      }
    }
  }

  /**
   * Every event belongs to an episode. An event begins one when none is open. Every event but a rise to a higher level
   * ends it.
   */
  const expect = (
    judged: Judged,
    kind: EventKind,
    level: number,
    figures?: AccountFigures,
    prices: PricesOf = NO_PRICES,
  ): void => {
    if (!judged.episodeOpen) judged.episode += 1
    judged.episodeOpen = kind === 'warning' || kind === 'liquidation'
    judged.sequence += 1
    const event: ComparedEvent = {
      account: judged.account,
      marginAccount: judged.marginAccount.id,
      kind,
      level: levels[level]!.name,
      previousLevel: levels[judged.level]!.name,
      episode: judged.episode,
      sequence: judged.sequence,
      marginBalance: figures === undefined ? null : print(figures.marginBalance),
      maintenanceMargin: figures === undefined ? null : print(figures.maintenanceMargin),
    }
    expected.set(keyOf(event), event)
    distanceFaults.set(keyOf(event), figures === undefined ? isNull : distanceCheckOf(judged, prices))
    judged.level = level
  }

  const check = (judged: Judged, venue: string): void => {
    checks += judged.positions
    const prices: PricesOf = {
      markOf: (symbol) => marks.get(`${venue}:${symbol}`),
      fundingRateOf: (symbol) => fundingRates.get(`${venue}:${symbol}`) ?? ZERO,
    }
    const figures = figuresAt(judged.marginAccount, prices.markOf, prices.fundingRateOf)
    if (figures === undefined) return
    const level = levelOf(judged, prices, figures, levels, hysteresis)
    if (level === judged.level && !judged.unknown) return
    // After a stale mark the next verdict is published at any level. It is `recovered` only if it is safe.
    const worse = level > (judged.unknown ? 0 : judged.level)
    judged.unknown = false
    const rise = level === levels.length - 1 ? 'liquidation' : 'warning'
    expect(judged, worse ? rise : 'recovered', level, figures, prices)
  }

  /** Applies one mark and adds the accounts to be checked at the end of the instant to `touched`. */
  const apply = (
    { venue, symbol, markPrice, fundingRate }: InstantTick,
    touched: Map<Judged, string>,
  ): void => {
    markets.apply(venue, symbol, markPrice)
    const market = `${venue}:${symbol}`
    if (fundingRate !== undefined) fundingRates.set(market, parse(fundingRate))
    const holders = byMarket.get(market) ?? []
    if (markPrice !== '') {
      ticks += 1
      marks.set(market, parse(markPrice))
      for (const judged of holders) touched.set(judged, venue)
    } else if (marks.delete(market)) {
      for (const judged of holders) {
        // A safe account gets no event: the event of the market says that it has no verdict.
        if (judged.level === 0 || judged.unknown) continue
        expect(judged, 'unknown', judged.level)
        judged.unknown = true
      }
    }
  }

  return {
    accounts: accounts.size,
    positions,
    get ticks() {
      return ticks
    },
    get checks() {
      return checks
    },
    instant(instantTicks) {
      const touched = new Map<Judged, string>()
      for (const tick of instantTicks) apply(tick, touched)
      for (const [judged, venue] of touched) check(judged, venue)
    },
    fund(payments) {
      for (const [id, stated] of accounts) {
        const fresh = payments.filter((payment) => concerns(payment, stated))
        if (fresh.length === 0) continue
        const all = [...(charged.get(id) ?? []), ...fresh]
        charged.set(id, all)
        const account = afterFunding(stated, all, (symbol) => rulesOf(stated.venue, symbol))
        const rebuilt = marginAccountsOf(account)
        for (const judged of ofAccount.get(id)!) {
          judged.marginAccount = rebuilt.find((each) => each.id === judged.marginAccount.id)!
          check(judged, account.venue)
        }
      }
    },
    judges: (account) => accounts.has(account),
    expected: () => [...expected.values()],
    expectedOfMarkets: () => markets.expected(),
    judge: (delivered) => {
      const ofMarkets = delivered.filter((event) => 'symbol' in event)
      const ofAccounts = delivered.filter((event) => 'marginAccount' in event)
      const ofReplay = expectationsOf(expected, distanceFaults, venueOf)
      return sumOf([compareEvents(ofReplay, ofAccounts), markets.judge(ofMarkets)])
    },
  }
}

const isNull: DistanceCheck = (stated) => (stated === null ? undefined : `is ${stated} without a verdict`)

/** At the present marks and rates, which it keeps. */
function distanceCheckOf({ marginAccount }: Judged, { markOf, fundingRateOf }: PricesOf): DistanceCheck {
  const marks = new Map(marginAccount.symbols.map((symbol) => [symbol, markOf(symbol)]))
  const rates = new Map(marginAccount.symbols.map((symbol) => [symbol, fundingRateOf(symbol)]))
  const rateOf = (symbol: string) => rates.get(symbol)!
  return (stated) => distanceFaultOf(marginAccount, (symbol) => marks.get(symbol), stated, rateOf)
}

function expectationsOf(
  expected: ReadonlyMap<string, ComparedEvent>,
  distanceFaults: ReadonlyMap<string, DistanceCheck>,
  venueOf: (event: ComparedEvent) => string,
): Expectations<ComparedEvent> {
  const fields = ['account', 'previousLevel', 'sequence', 'marginBalance', 'maintenanceMargin'] as const
  const name = ({ kind, level, marginAccount }: ComparedEvent) => `${kind} ${level} of ${marginAccount}`
  const faultOf = (event: ComparedEvent) => {
    const fault = distanceFaults.get(keyOf(event))!(event.distance)
    return fault && `distance ${fault}`
  }
  return { expected, keyOf, venueOf, fields, name, faultOf }
}

function keyOf(event: ComparedEvent): string {
  return `${event.marginAccount}|${event.episode}|${event.kind}|${event.level}`
}
