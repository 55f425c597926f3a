import {
  type AccountView,
  type Clock,
  type Decimal,
  type Distant,
  type LevelCount,
  type LevelName,
  type MarginAccountLine,
  type MarginAccountPage,
  type MarginAccountQuery,
  type MarketView,
  PAGE_MARGIN_ACCOUNTS_MAX,
  type WatchlistReadModel,
} from '../domain/index.ts'
import { type Kernel, LEVEL_NONE } from '../kernel/index.ts'
import { div, type Evaluation, evaluate, formatDecimal, type Steps, sign, toFloat } from '../margin/index.ts'
import { accountSteps, distanceSteps } from './account-reader.ts'
import { isHeld, type Market } from './market.ts'
import type { Markets } from './markets.ts'
import type { Watchlist } from './watchlist.ts'

/** A reader works so long in one turn of the event loop. */
const SLICE_MS = 2
/** Margin accounts that are looked at between two looks at the clock. */
const LOOKS_PER_CLOCK = 256
const RATIO_DIGITS = 6
const NONE = -1

export interface ReaderParts {
  readonly kernel: Kernel
  readonly watchlist: Watchlist
  readonly markets: Markets
  readonly clock: Clock
}

/** Place of a margin account in the list: its ratio in f64, by which alone it is ordered, then its number. */
interface Place {
  readonly ratio: number
  readonly marginAccount: number
}

/** Answers questions about the accounts under watch. It changes nothing. */
export class Reader implements WatchlistReadModel {
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  marginAccounts(query: MarginAccountQuery): Promise<MarginAccountPage> {
    return this.#inSlices(this.page(query))
  }

  levels(): Promise<readonly LevelCount[]> {
    return this.#inSlices(this.levelCounts())
  }

  /** `marginAccounts`, step by step: it yields when the next step belongs to a later turn. */
  *page(query: MarginAccountQuery): Generator<void, MarginAccountPage> {
    const { limit } = query
    if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MARGIN_ACCOUNTS_MAX)
      throw new RangeError(
        `limit is ${limit}: it must be a whole number from 1 to ${PAGE_MARGIN_ACCOUNTS_MAX}`,
      )
    const after = query.after === undefined ? undefined : placeOf(query.after)
    const isWanted = this.#filterOf(query)
    // One more than the page holds says whether another page follows.
    const first = new FirstPlaces(limit + 1)
    yield* this.#each((marginAccount) => {
      if (!isWanted(marginAccount)) return
      const place = { ratio: this.#ratioOf(marginAccount), marginAccount }
      if (after === undefined || compare(after, place) < 0) first.add(place)
    })
    const places = first.sorted()
    const shown = places.slice(0, limit)
    // While the rest was gathered, a number may have come to another margin account, or a level may have changed.
    const still = shown.filter(
      ({ marginAccount }) => this.#parts.watchlist.has(marginAccount) && isWanted(marginAccount),
    )
    const lines = still.map(({ marginAccount }) => this.#lineOf(marginAccount))
    return { lines, next: places.length > limit ? cursorOf(shown.at(-1)!) : null }
  }

  account(id: string): Promise<AccountView | undefined> {
    return this.#inSlices(this.#inTurns(this.accountSteps(id)))
  }

  /** `account`, step by step. */
  accountSteps(id: string): Steps<AccountView | undefined> {
    return accountSteps(this.#parts, id)
  }

  distance(account: string, marginAccount: string): Promise<Distant | undefined> {
    return this.#inSlices(this.#inTurns(distanceSteps(this.#parts, account, marginAccount)))
  }

  markets(): readonly MarketView[] {
    return this.#parts.markets.all.filter(isHeld).map((market) => this.#marketView(market))
  }

  market(venue: string, symbol: string): MarketView | undefined {
    const market = this.#parts.markets.find(venue, symbol)
    return market !== undefined && isHeld(market) ? this.#marketView(market) : undefined
  }

  /** `levels`, step by step. */
  *levelCounts(): Generator<void, readonly LevelCount[]> {
    const { watchlist } = this.#parts
    const { names } = watchlist.rules.standard
    const counts = new Map(names.map((name) => [name, 0]))
    yield* this.#each((marginAccount) => {
      const name = this.#levelNameOf(marginAccount)
      if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
    })
    const line = names.at(-1)!
    const inOrder = [...[...counts.keys()].filter((name) => name !== line), line]
    return inOrder.map((level) => ({ level, marginAccounts: counts.get(level)! }))
  }

  /** null without a verdict. */
  #levelNameOf(marginAccount: number): LevelName | null {
    const level = this.levelOf(marginAccount)
    return level === NONE ? null : this.#parts.watchlist.ruleOf(marginAccount).names[level]!
  }

  #marketView({ venue, symbol, markText, receivedMonotonicMs, isStale, marginAccounts }: Market): MarketView {
    const ageMs =
      receivedMonotonicMs === 0 ? null : Math.max(0, this.#parts.clock.monotonicMs() - receivedMonotonicMs)
    return { venue, symbol, markPrice: markText || null, ageMs, isStale, marginAccounts }
  }

  /** Steps of one account as slices: it yields when the next step belongs to a later turn. */
  *#inTurns<Answer>(steps: Steps<Answer>): Generator<void, Answer> {
    const { clock } = this.#parts
    let endMs = clock.monotonicMs() + SLICE_MS
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      if (clock.monotonicMs() < endMs) continue
      yield
      endMs = clock.monotonicMs() + SLICE_MS
    }
  }

  async #inSlices<Answer>(steps: Generator<void, Answer>): Promise<Answer> {
    const { clock } = this.#parts
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await new Promise<void>((resolve) => clock.nextTurn(resolve))
    }
  }

  /** Visits every margin account, in slices; one that comes or goes meanwhile may be missing. */
  *#each(visit: (marginAccount: number) => void): Generator<void, void> {
    const { watchlist, clock } = this.#parts
    let endMs = clock.monotonicMs() + SLICE_MS
    for (let marginAccount = 0; marginAccount < watchlist.marginAccountNumbers; marginAccount++) {
      if (watchlist.has(marginAccount)) visit(marginAccount)
      if (marginAccount % LOOKS_PER_CLOCK !== 0 || clock.monotonicMs() < endMs) continue
      yield
      endMs = clock.monotonicMs() + SLICE_MS
    }
  }

  /** The level of a margin account that is under watch, as an index of the rule; −1 without a verdict. */
  levelOf(marginAccount: number): number {
    const { kernel, watchlist } = this.#parts
    const level = kernel.accountLevel(marginAccount)
    // Below 0 the verdict has yet to be published.
    if (level < 0 || kernel.isAccountUnknown(marginAccount)) return NONE
    return watchlist.isSuspended(watchlist.accountOf(marginAccount)) ? NONE : level
  }

  /** Infinity if the margin balance is not above zero, −Infinity without a verdict. */
  #ratioOf(marginAccount: number): number {
    const { kernel } = this.#parts
    if (this.levelOf(marginAccount) === NONE) return Number.NEGATIVE_INFINITY
    kernel.measureAccount(marginAccount)
    if (kernel.measuredLevel === LEVEL_NONE) return this.#floatOfExactRatio(marginAccount)
    const { measuredMarginBalance: balance, measuredMaintenanceMargin: maintenance } = kernel
    if (Number.isNaN(balance)) return Number.NEGATIVE_INFINITY
    return balance > 0 ? maintenance / balance : Number.POSITIVE_INFINITY
  }

  #filterOf({ levels, venue, symbol }: MarginAccountQuery): (marginAccount: number) => boolean {
    const { watchlist, markets } = this.#parts
    const wanted = levels && new Set(levels)
    return (marginAccount) => {
      if (wanted !== undefined && !wanted.has(this.#levelNameOf(marginAccount) ?? 'unknown')) return false
      if (venue !== undefined && watchlist.venueOf(marginAccount) !== venue) return false
      if (symbol === undefined) return true
      const market = markets.find(watchlist.venueOf(marginAccount), symbol)
      return market !== undefined && watchlist.isOn(marginAccount, market)
    }
  }

  #lineOf(marginAccount: number): MarginAccountLine {
    const { watchlist } = this.#parts
    const { id, account, venue, marginMode, currency } = watchlist.subjectOf(marginAccount)
    const level = this.#levelNameOf(marginAccount)
    const marginRatio = level === null ? null : this.#exactRatioOf(marginAccount)
    return {
      id,
      account,
      venue,
      marginMode,
      currency,
      level,
      marginRatio,
    }
  }

  /** Where f64 proves no level it may not know the figures either: of an account that is no straight pieces it knows none. */
  #floatOfExactRatio(marginAccount: number): number {
    const evaluation = this.#evaluationOf(marginAccount)
    if (evaluation === undefined) return Number.NEGATIVE_INFINITY
    if (sign(evaluation.marginBalance) <= 0) return Number.POSITIVE_INFINITY
    return toFloat(div(evaluation.maintenanceMargin, evaluation.marginBalance))
  }

  #evaluationOf(marginAccount: number): Evaluation | undefined {
    const { watchlist, markets } = this.#parts
    const exact = watchlist.exactOf(marginAccount)
    return evaluate(exact, markets.markOf(exact.venue), markets.furtherOf(exact.venue))
  }

  #exactRatioOf(marginAccount: number): Decimal | null {
    const evaluation = this.#evaluationOf(marginAccount)
    if (evaluation === undefined || sign(evaluation.marginBalance) <= 0) return null
    return formatDecimal(div(evaluation.maintenanceMargin, evaluation.marginBalance), RATIO_DIGITS)
  }
}

/** The places that come first of all that are added. */
class FirstPlaces {
  readonly #count: number
  #places: Place[] = []

  constructor(count: number) {
    this.#count = count
  }

  add(place: Place): void {
    this.#places.push(place)
    // Sorted now and then: in all, a place costs the logarithm of the count.
    if (this.#places.length >= 2 * this.#count + LOOKS_PER_CLOCK) this.#places = this.sorted()
  }

  sorted(): Place[] {
    return this.#places.sort(compare).slice(0, this.#count)
  }
}

function compare(a: Place, b: Place): number {
  if (a.ratio !== b.ratio) return a.ratio > b.ratio ? -1 : 1
  return a.marginAccount - b.marginAccount
}

function cursorOf({ ratio, marginAccount }: Place): string {
  return `${ratio}:${marginAccount}`
}

function placeOf(cursor: string): Place {
  const [ratio, marginAccount] = cursor.split(':')
  const place = { ratio: Number(ratio), marginAccount: Number(marginAccount) }
  // `Number` also reads forms that `cursorOf` never writes: spaces, hexadecimal, further zeros.
  const isPlace = (place.ratio >= 0 || place.ratio === Number.NEGATIVE_INFINITY) && place.marginAccount >= 0
  if (isPlace && Number.isSafeInteger(place.marginAccount) && cursorOf(place) === cursor) return place
  throw new RangeError(`after is ${JSON.stringify(cursor)}: it must be the next of an earlier page`)
}
