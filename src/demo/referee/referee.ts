import type { Account, EventKind, InstrumentRules, MarginEvent } from '../../domain/index.ts'
import { compareEvents, type Expectations, type Judgement, sumOf } from './comparison.ts'
import { distanceFaultOf } from './distance.ts'
import { type Fraction, ONE, overOneDenominator, parse, print, ZERO } from './fraction.ts'
import {
  type AccountFigures,
  figuresAt,
  liquidatesOnTheLine,
  movedAgainst,
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
  judges(account: string): boolean
  /** The events that the replay has made so far, in its order. */
  expected(): readonly ComparedEvent[]
  /** The events of markets that the replay has made so far, in its order. */
  expectedOfMarkets(): readonly ComparedMarketEvent[]
  judge(delivered: readonly (ComparedEvent | ComparedMarketEvent)[]): Judgement
}

type MarkOf = (symbol: string) => Fraction | undefined

/** What is wrong with the stated distance of an event; undefined for nothing. */
type DistanceCheck = (stated: string | null | undefined) => string | undefined

const LEVELS = ['10%', '5%', '2%', '1']
const HYSTERESIS = '0.01'

interface Level {
  readonly name: string
  readonly ratio: Fraction
  /** The prices at which it is judged are moved against the account by this share; 0: the present ones. */
  readonly move: Fraction
}

interface Judged {
  readonly account: string
  readonly marginAccount: NaiveMarginAccount
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
  const judgedAccounts = new Set<string>()
  const expected = new Map<string, ComparedEvent>()
  const distanceFaults = new Map<string, DistanceCheck>()
  const markets = createMarketReplay()
  let positions = 0
  let ticks = 0
  let checks = 0

  for (const account of options.accounts) {
    judgedAccounts.add(account.id)
    positions += account.positions.length
    const rulesOf = (symbol: string): InstrumentRules => {
      const rules = options.rules[account.venue]?.[symbol]
      if (rules === undefined) throw new Error(`the referee has no rules of ${symbol} on ${account.venue}`)
      return rules
    }
    for (const marginAccount of naiveMarginAccounts(account, rulesOf)) {
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
    markOf: MarkOf = () => undefined,
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
    distanceFaults.set(keyOf(event), figures === undefined ? isNull : distanceCheckOf(judged, markOf))
    judged.level = level
  }

  const check = (judged: Judged, venue: string): void => {
    checks += judged.positions
    const markOf = (symbol: string) => marks.get(`${venue}:${symbol}`)
    const figures = figuresAt(judged.marginAccount, markOf)
    if (figures === undefined) return
    const level = levelOf(judged, markOf, figures, levels, hysteresis)
    if (level === judged.level && !judged.unknown) return
    // After a stale mark the next verdict is published at any level. It is `recovered` only if it is safe.
    const worse = level > (judged.unknown ? 0 : judged.level)
    judged.unknown = false
    const rise = level === levels.length - 1 ? 'liquidation' : 'warning'
    expect(judged, worse ? rise : 'recovered', level, figures, markOf)
  }

  /** Applies one mark and adds the accounts to be checked at the end of the instant to `touched`. */
  const apply = ({ venue, symbol, markPrice }: InstantTick, touched: Map<Judged, string>): void => {
    markets.apply(venue, symbol, markPrice)
    const market = `${venue}:${symbol}`
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
    accounts: judgedAccounts.size,
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
    judges: (account) => judgedAccounts.has(account),
    expected: () => [...expected.values()],
    expectedOfMarkets: () => [...markets.expected.values()],
    judge: (delivered) => {
      const ofMarkets = delivered.filter((event) => 'symbol' in event)
      const ofAccounts = delivered.filter((event) => 'marginAccount' in event)
      const accounts = expectationsOf(expected, distanceFaults)
      return sumOf([compareEvents(accounts, ofAccounts), compareEvents(markets, ofMarkets)])
    },
  }
}

/** `5%` is the line at prices moved by 5 %, any other name a margin ratio at the present prices. */
function levelNamed(name: string): Level {
  if (!name.endsWith('%')) return { name, ratio: parse(name), move: ZERO }
  const { n, d } = parse(name.slice(0, -1))
  return { name, ratio: ONE, move: { n, d: 100n * d } }
}

/**
 * Level λ is reached when λ·marginBalance ≤ maintenanceMargin at its prices; the line, at the present prices or at moved ones,
 * of some venues only when below it. Once reached a level is left only when λ·marginBalance ≥ maintenanceMargin·(1 + hysteresis).
 */
function levelOf(
  { level: current, marginAccount }: Judged,
  markOf: (symbol: string) => Fraction | undefined,
  present: AccountFigures,
  levels: readonly Level[],
  hysteresis: Fraction,
): number {
  for (let index = levels.length - 1; index > 0; index--) {
    const { ratio, move } = levels[index]!
    const figures =
      move.n === 0n ? present : figuresAt(marginAccount, movedAgainst(marginAccount, markOf, move))!
    const [balance, maintenance] = overOneDenominator(figures.marginBalance, figures.maintenanceMargin)
    const scaledBalance = ratio.n * balance.n
    const line = ratio.d * maintenance.n
    const isOnIt = ratio.n !== ratio.d || liquidatesOnTheLine(marginAccount)
    if (scaledBalance < line || (scaledBalance === line && isOnIt)) return index
    const leaves = scaledBalance * hysteresis.d >= line * (hysteresis.d + hysteresis.n)
    if (index <= current && !leaves) return index
  }
  return 0
}

const isNull: DistanceCheck = (stated) => (stated === null ? undefined : `is ${stated} without a verdict`)

/** At the present marks, which it keeps. */
function distanceCheckOf({ marginAccount }: Judged, markOf: MarkOf): DistanceCheck {
  const marks = new Map(marginAccount.symbols.map((symbol) => [symbol, markOf(symbol)]))
  return (stated) => distanceFaultOf(marginAccount, (symbol) => marks.get(symbol), stated)
}

function expectationsOf(
  expected: ReadonlyMap<string, ComparedEvent>,
  distanceFaults: ReadonlyMap<string, DistanceCheck>,
): Expectations<ComparedEvent> {
  const fields = ['account', 'previousLevel', 'sequence', 'marginBalance', 'maintenanceMargin'] as const
  const name = ({ kind, level, marginAccount }: ComparedEvent) => `${kind} ${level} of ${marginAccount}`
  const faultOf = (event: ComparedEvent) => {
    const fault = distanceFaults.get(keyOf(event))!(event.distance)
    return fault && `distance ${fault}`
  }
  return { expected, keyOf, fields, name, faultOf }
}

function keyOf(event: ComparedEvent): string {
  return `${event.marginAccount}|${event.episode}|${event.kind}|${event.level}`
}
