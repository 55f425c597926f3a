import {
  type Account,
  type AccountChange,
  type Decimal,
  type EventKind,
  type MarketEventKind,
  marketSubject,
  type RuleBook,
} from '../../src/domain/index.ts'
import {
  evaluationsOf,
  heldLevel,
  type LevelRule,
  type MarginAccount,
  marginAccountsOf,
  parseMarginAccountId,
} from '../../src/margin/index.ts'
import type { ObservedMark } from '../../src/monitor/index.ts'

/** What was told to the monitor about one market, in a frame. */
export interface MarketInput {
  readonly kind: 'mark' | 'confirmed' | 'stale' | 'expired'
  readonly venue: string
  readonly symbol: string
  /** Empty unless it is a mark. */
  readonly markPrice: Decimal
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
}

/** One instant, or one change of the book. */
export interface Cause {
  readonly number: number
  /** Other rules are the cause. */
  readonly isOfRules?: boolean
  /** null for a change of the book. */
  readonly times: { readonly eventTimeMs: number; readonly receivedTimeMs: number } | null
}

export interface Standing {
  readonly level: number
  readonly unknown: boolean
}

export interface ExpectedMarginEvent {
  readonly subject: string
  readonly cause: Cause
  readonly kind: EventKind
  readonly previousLevel: number
  readonly after: Standing
  /** undefined for an account that is not in the book. */
  readonly account: Account | undefined
  /** The exact terms; undefined where the account has no position there. */
  readonly exact: MarginAccount | undefined
  /** By symbol; undefined where none is known. */
  readonly marks: ReadonlyMap<string, Decimal | undefined>
  readonly reasons: readonly string[]
  /** The rules by which its account was compiled. */
  readonly book: RuleBook
  readonly currency: string | undefined
  /** Nothing that came before of this margin account is remembered. */
  readonly isFirst: boolean
}

export interface ExpectedMarketEvent {
  readonly subject: string
  readonly cause: Cause
  readonly kind: MarketEventKind
  readonly marginAccounts: number
  readonly markPrice: Decimal | null
  /** Of an expiry, Unix milliseconds. */
  readonly expiredMs: number | undefined
  readonly isFirst: boolean
}

export type ExpectedEvent = ExpectedMarginEvent | ExpectedMarketEvent

export function isMarginEventExpected(event: ExpectedEvent): event is ExpectedMarginEvent {
  return 'after' in event
}

interface ModelMarginAccount {
  readonly id: string
  readonly owner: ModelAccount
  exact: MarginAccount
  standing: Standing
  isFirst: boolean
}

interface ModelAccount {
  account: Account
  book: RuleBook
  readonly margin: Map<string, ModelMarginAccount>
  isSuspended: boolean
  isLost: boolean
}

interface ModelMarket {
  markPrice: Decimal | undefined
  lastMarkPrice: Decimal | undefined
  isStale: boolean
  /** When its contract expired, Unix milliseconds. */
  expiredMs: number | undefined
  /** The kind of the last event, if it says that the market has no mark. */
  published: 'market-stale' | 'market-expired' | undefined
  isFirst: boolean
}

type Change = AccountChange | { readonly kind: 'absent' | 'other-rules'; readonly id: string }

/** Whether an event of that kind says that a market has no mark. */
export function isWithoutMark(kind: EventKind | MarketEventKind): kind is 'market-stale' | 'market-expired' {
  return kind === 'market-stale' || kind === 'market-expired'
}

/** Whether an input changes the mark of a market that has not expired. An expiry is an instant also where there is no mark. */
function changes(
  kind: MarketInput['kind'],
  { isStale }: ModelMarket,
  markPrice: Decimal | undefined,
): boolean {
  if (kind === 'stale') return !isStale
  return kind !== 'confirmed' || (isStale && markPrice !== undefined)
}

const NOTHING: Standing = { level: 0, unknown: false }

/** Whether something of the margin account stands published that a restart has to remember. */
function isRemembered({ level, unknown }: Standing): boolean {
  return level > 0 || unknown
}

/**
 * The monitor as a trader would do it by hand: at every instant every margin account that has a position there is
 * evaluated in exact arithmetic. No kernel, no slices, no queue of events. It is told what the monitor is told, and
 * when an instant begins (by the monitor's observer) and how many changes still wait; it says which events must come.
 */
export class MonitorModel {
  readonly #rule: LevelRule
  readonly #books: Readonly<Record<string, RuleBook>>
  readonly #accounts = new Map<string, ModelAccount>()
  readonly #markets = new Map<string, ModelMarket>()
  /** What an earlier run published of margin accounts whose account was not put yet, by account. */
  readonly #restored = new Map<string, Map<string, Standing>>()
  readonly #restoredMarkets = new Map<string, 'market-stale' | 'market-expired'>()
  readonly #refused = new Set<string>()
  /** Newest terms that the rules refuse, by id, in the order in which they were refused. */
  readonly #refusedTerms = new Map<string, { readonly account: Account; isLost: boolean }>()
  /** Symbols of other rules by which accounts are not judged yet, by venue. */
  readonly #newRules = new Map<string, Set<string>>()
  readonly #changes = new Map<string, { readonly change: Change; readonly isLost: boolean }>()
  readonly #frames: MarketInput[][] = []
  readonly #waiting = new Map<string, ExpectedEvent[]>()
  readonly #published = new Map<string, ExpectedEvent>()
  /** The whole book was given, and changes of it wait. */
  #isLoading = false
  #causes = 0
  /** The cause of the instant that began last. */
  lastInstant: Cause | undefined
  instants = 0

  constructor(rule: LevelRule, books: Readonly<Record<string, RuleBook>>) {
    this.#rule = rule
    this.#books = books
  }

  /** A new process: it knows what was published, and nothing else. */
  restart(): void {
    for (const map of [
      ...[this.#accounts, this.#markets, this.#restored, this.#changes, this.#waiting],
      ...[this.#refusedTerms, this.#newRules, this.#restoredMarkets],
    ])
      map.clear()
    this.#refused.clear()
    this.#frames.length = 0
    this.lastInstant = undefined
    this.instants = 0
    this.#isLoading = false
    for (const [subject, event] of this.#published) {
      if (!isMarginEventExpected(event)) {
        if (isWithoutMark(event.kind)) this.#restoredMarkets.set(subject, event.kind)
      } else if (isRemembered(event.after)) {
        this.#restore(parseMarginAccountId(subject)!.account, subject, event.after)
      }
    }
  }

  #restore(account: string, marginAccount: string, standing: Standing): void {
    const known = this.#restored.get(account)
    if (known === undefined) this.#restored.set(account, new Map([[marginAccount, standing]]))
    else known.set(marginAccount, standing)
  }

  /** Of which subjects a restarted worker has progress. */
  get remembered(): string[] {
    return [
      ...[...this.#restored.values()].flatMap((own) => [...own.keys()]),
      ...this.#restoredMarkets.keys(),
    ]
  }

  /** Events that must come and have not, oldest first within a subject. */
  get waiting(): readonly ExpectedEvent[] {
    return [...this.#waiting.values()].flat()
  }

  /** The event of the subject that must come next. */
  nextOf(subject: string): ExpectedEvent | undefined {
    return this.#waiting.get(subject)?.[0]
  }

  published(event: ExpectedEvent): void {
    const own = this.#waiting.get(event.subject)!
    own.shift()
    if (own.length === 0) this.#waiting.delete(event.subject)
    this.#published.set(event.subject, event)
  }

  get marginAccounts(): number {
    return this.#all().length
  }

  /**
   * Margin accounts without a verdict: a mark is missing, the newest terms cannot be used, or their verdict stood on
   * terms that Redis lost and no tick has given one since.
   */
  get unknownMarginAccounts(): number {
    return this.#all().filter((own) => this.#isBlind(own) || own.standing.unknown).length
  }

  /** Margin accounts with a verdict at each level. */
  get levels(): number[] {
    const counts = this.#rule.names.map(() => 0)
    for (const own of this.#all()) {
      const { level, unknown } = own.standing
      if (!unknown && !this.#isBlind(own)) counts[level]!++
    }
    return counts
  }

  #all(): ModelMarginAccount[] {
    return [...this.#accounts.values()].flatMap(({ margin }) => [...margin.values()])
  }

  #isBlind(own: ModelMarginAccount): boolean {
    return own.owner.isSuspended || [...this.#marksOf(own).values()].includes(undefined)
  }

  /** A frame that is given to the monitor. */
  frame(inputs: readonly MarketInput[]): void {
    if (inputs.length > 0) this.#frames.push([...inputs])
  }

  /** A change that is given to the monitor. Those that wait collapse: the newest of an account, behind all others. */
  apply(change: Change): void {
    const id = change.kind === 'put' ? change.account.id : change.id
    const waiting = this.#changes.get(id)
    if (change.kind === 'lost' && waiting !== undefined) {
      this.#changes.set(id, { change: waiting.change, isLost: true })
      return
    }
    this.#changes.delete(id)
    this.#changes.set(id, { change, isLost: false })
  }

  /** A stored account that cannot be read when the worker starts. */
  refuse(id: string): void {
    this.#refused.add(id)
  }

  /** The whole stored book was put: what is published and was not put is gone. */
  loaded(): void {
    for (const id of this.#restored.keys()) if (!this.#changes.has(id)) this.apply({ kind: 'absent', id })
    this.#isLoading = true
    this.#judgeMarkets({ number: ++this.#causes, times: null })
  }

  #marginAccountsOn(subject: string): number {
    return this.#all().filter((own) => !own.owner.isSuspended && this.#marketsOf(own).includes(subject))
      .length
  }

  /** A change is done: what is to be said of markets that nobody holds now, or that somebody holds again. */
  #judgeMarkets(cause: Cause): void {
    for (const subject of this.#markets.keys()) this.#judgeHolders(subject, cause)
    if (!this.#isLoading || this.#changes.size > 0) return
    this.#isLoading = false
    for (const subject of this.#restoredMarkets.keys()) {
      const [, venue, symbol] = subject.split(' ')
      this.#marketOf(venue!, symbol!)
      this.#judgeHolders(subject, cause)
    }
  }

  #judgeHolders(subject: string, cause: Cause): void {
    const market = this.#markets.get(subject)!
    const isHeld = this.#marginAccountsOn(subject) > 0
    if (!isHeld) {
      if (market.published !== undefined) this.#turnMarket(subject, 'market-closed', cause)
    } else if (market.expiredMs !== undefined) {
      if (market.published !== 'market-expired') this.#turnMarket(subject, 'market-expired', cause)
    } else if (market.isStale && market.published === undefined)
      this.#turnMarket(subject, 'market-stale', cause)
  }

  /** Other rules of a venue that are given to the monitor. */
  pushRules(venue: string, symbols: readonly string[]): void {
    const waiting = this.#newRules.get(venue) ?? new Set()
    this.#newRules.set(venue, waiting)
    for (const symbol of symbols) waiting.add(symbol)
    for (const [id, { account }] of this.#refusedTerms) {
      if (account.venue !== venue) continue
      const { change, isLost } = this.#changes.get(id) ?? { isLost: false }
      if (change?.kind === 'lost')
        this.#changes.set(id, { change: { kind: 'other-rules', id }, isLost: true })
      else if (change === undefined || change.kind === 'absent')
        this.#changes.set(id, { change: { kind: 'other-rules', id }, isLost })
    }
  }

  /**
   * The monitor has done its changes except so many; venues with new rules count as one each, and they come last, account by
   * account in the order of `rank`. `isDone` says whether an account has its new rules.
   */
  changesWaiting(count: number, rank: (id: string) => number, isDone: (id: string) => boolean): void {
    this.#doChanges(count === 0 ? 0 : count - this.#newRules.size)
    if (this.#newRules.size === 0 || this.#changes.size > 0) return
    for (const [id, owner] of [...this.#accounts].sort(([a], [b]) => rank(a) - rank(b))) {
      const book = this.#books[owner.account.venue]!
      if (owner.book !== book && !owner.isSuspended && isDone(id)) this.#takeRules(owner, book)
    }
    if (count === 0) this.#newRules.clear()
  }

  #takeRules(owner: ModelAccount, book: RuleBook): void {
    const { account } = owner
    const symbols = this.#newRules.get(account.venue)
    const isConcerned = account.positions.some(({ symbol }) => symbols?.has(symbol) === true)
    if (!isConcerned) owner.book = book
    else {
      const cause: Cause = { number: ++this.#causes, times: null, isOfRules: true }
      this.#put(account, cause, owner.isLost)
      this.#judgeMarkets(cause)
    }
  }

  #doChanges(left: number): void {
    for (const [id, { change, isLost }] of this.#changes) {
      if (this.#changes.size <= left) return
      this.#changes.delete(id)
      this.#applyNow(change)
      if (isLost) this.#applyNow({ kind: 'lost', id })
    }
  }

  /** The next instant: its marks. undefined where nothing that was given changes a mark. */
  instant(): ObservedMark[] | undefined {
    const inputs = this.#nextInstant()
    if (inputs.length === 0) return undefined
    this.instants++
    const { eventTimeMs, receivedTimeMs } = inputs.at(-1)!
    const cause: Cause = { number: ++this.#causes, times: { eventTimeMs, receivedTimeMs } }
    this.lastInstant = cause
    const changed = new Set(inputs.map(({ venue, symbol }) => marketSubject(venue, symbol)))
    for (const subject of changed) this.#judgeMarket(subject, cause)
    for (const own of this.#all())
      if (this.#marketsOf(own).some((market) => changed.has(market))) this.#judge(own, cause)
    return inputs.map(({ venue, symbol }) => {
      return { venue, symbol, markPrice: this.#marketOf(venue, symbol).markPrice ?? '' }
    })
  }

  /** Sets the marks of one frame, up to the second of one market. */
  #nextInstant(): MarketInput[] {
    const taken: MarketInput[] = []
    for (let frame = this.#frames[0]; frame !== undefined && taken.length === 0; frame = this.#frames[0]) {
      for (let input = frame[0]; input !== undefined; input = frame[0]) {
        const { venue, symbol, kind } = input
        const market = this.#marketOf(venue, symbol)
        const markPrice = kind === 'mark' ? input.markPrice : market.lastMarkPrice
        const isLost = kind === 'stale' || kind === 'expired'
        const changesMark = market.expiredMs !== undefined ? false : changes(kind, market, markPrice)
        if (changesMark) {
          if (taken.some((before) => before.venue === venue && before.symbol === symbol)) return taken
          market.isStale = isLost
          if (kind === 'expired') market.expiredMs = input.eventTimeMs
          market.markPrice = isLost ? undefined : markPrice
          if (!isLost) market.lastMarkPrice = markPrice
          taken.push(input)
        }
        frame.shift()
      }
      this.#frames.shift()
    }
    return taken
  }

  #judgeMarket(subject: string, cause: Cause): void {
    const market = this.#markets.get(subject)!
    if (this.#marginAccountsOn(subject) === 0) return
    if (market.isStale) this.#judgeHolders(subject, cause)
    else if (market.published !== undefined) this.#turnMarket(subject, 'market-fresh', cause)
  }

  #turnMarket(subject: string, kind: MarketEventKind, cause: Cause): void {
    const market = this.#markets.get(subject)!
    const marginAccounts = this.#marginAccountsOn(subject)
    const { isFirst } = market
    market.isFirst = false
    market.published = isWithoutMark(kind) ? kind : undefined
    const markPrice = kind === 'market-fresh' ? market.markPrice! : null
    const expiredMs = kind === 'market-expired' ? market.expiredMs : undefined
    this.#expect({ subject, cause, marginAccounts, isFirst, kind, markPrice, expiredMs })
  }

  #judge(own: ModelMarginAccount, cause: Cause): void {
    const { owner, exact, standing } = own
    if (owner.isSuspended) return
    const marks = this.#marksOf(own)
    const evaluation = evaluationsOf(exact, (symbol) => marks.get(symbol))
    if (evaluation === undefined) {
      const markets = this.#marketsOf(own).map((subject) => this.#markets.get(subject)!)
      const reasons = [
        ...(markets.some(({ expiredMs }) => expiredMs !== undefined) ? ['contract-expired'] : []),
        ...(markets.some(({ isStale, expiredMs }) => isStale && expiredMs === undefined)
          ? ['stale-mark']
          : []),
      ]
      if (reasons.length > 0 && standing.level > 0) this.#loseVerdict(own, reasons, cause)
      return
    }
    const level = heldLevel(evaluation, exact, this.#rule, standing.level)
    if (level === standing.level && !standing.unknown) return
    const isBack = level === 0 || (level < standing.level && !standing.unknown)
    const rose = level === this.#rule.levels.length ? 'liquidation' : 'warning'
    const reasons = owner.isLost ? ['book-lost'] : []
    this.#turn(own, isBack ? 'recovered' : rose, { level, unknown: false }, reasons, cause)
  }

  #loseVerdict(own: ModelMarginAccount, reasons: readonly string[], cause: Cause): void {
    const { level, unknown } = own.standing
    if (!unknown) this.#turn(own, 'unknown', { level, unknown: true }, reasons, cause)
  }

  #close(own: ModelMarginAccount, cause: Cause): void {
    if (isRemembered(own.standing)) this.#turn(own, 'closed', NOTHING, [], cause)
  }

  #turn(
    own: ModelMarginAccount,
    kind: EventKind,
    after: Standing,
    reasons: readonly string[],
    cause: Cause,
  ): void {
    const { id, owner, exact, standing, isFirst } = own
    const { book } = owner
    const { currency } = exact
    own.standing = after
    own.isFirst = false
    const marks = owner.isSuspended ? new Map() : this.#marksOf(own)
    const previousLevel = standing.level
    const { account } = owner
    const of = { book, currency, marks, reasons, isFirst }
    this.#expect({ subject: id, cause, kind, previousLevel, after, account, exact, ...of })
  }

  #turnAbsent(
    subject: string,
    before: Standing,
    kind: EventKind,
    after: Standing,
    reasons: readonly string[],
    cause: Cause,
    account?: Account,
  ): void {
    const book = account === undefined ? this.#lastBookOf(subject) : this.#books[account.venue]!
    const nothing = { exact: undefined, currency: undefined, marks: new Map(), isFirst: false }
    this.#expect({
      book,
      subject,
      cause,
      kind,
      previousLevel: before.level,
      after,
      account,
      reasons,
      ...nothing,
    })
  }

  /** The present book of the venue at which the subject was published last. */
  #lastBookOf(subject: string): RuleBook {
    const last = this.#published.get(subject) as ExpectedMarginEvent
    return this.#books[last.book.venue]!
  }

  #expect(event: ExpectedEvent): void {
    const own = this.#waiting.get(event.subject)
    if (own === undefined) this.#waiting.set(event.subject, [event])
    else own.push(event)
  }

  #applyNow(change: Change): void {
    const isOfRules = change.kind === 'other-rules'
    const cause: Cause = { number: ++this.#causes, times: null, isOfRules }
    if (change.kind === 'put') this.#put(change.account, cause)
    else if (change.kind === 'removed') this.#remove(change.id, cause)
    else if (change.kind === 'unreadable') this.#suspend(change.id, 'account-unreadable', cause)
    else if (change.kind === 'lost') this.#lose(change.id, cause)
    else if (change.kind === 'other-rules') this.#putAgain(change.id, cause)
    else this.#endAbsent(change.id, 'account-refused', cause)
    this.#judgeMarkets(cause)
  }

  #putAgain(id: string, cause: Cause): void {
    const refused = this.#refusedTerms.get(id)
    if (refused === undefined) return
    const symbols = this.#newRules.get(refused.account.venue)
    const isConcerned = refused.account.positions.some(({ symbol }) => symbols?.has(symbol) === true)
    if (isConcerned) this.#put(refused.account, cause, refused.isLost)
    else this.#endAbsent(id, 'account-refused', cause)
  }

  #put(account: Account, cause: Cause, isLost = false): void {
    const book = this.#books[account.venue]!
    let compiled: MarginAccount[]
    try {
      compiled = marginAccountsOf(account, book)
    } catch {
      this.#suspend(account.id, 'account-refused', cause)
      this.#refusedTerms.delete(account.id)
      this.#refusedTerms.set(account.id, { account, isLost })
      return
    }
    this.#refused.delete(account.id)
    this.#refusedTerms.delete(account.id)
    const fresh = { account, book, margin: new Map(), isSuspended: false, isLost }
    const before = this.#accounts.get(account.id)
    if (before !== undefined && before.account.venue !== account.venue) {
      for (const own of before.margin.values()) this.#close(own, cause)
      this.#accounts.delete(account.id)
    }
    const owner: ModelAccount = this.#accounts.get(account.id) ?? fresh
    this.#accounts.set(account.id, owner)
    const ids = new Set(compiled.map(({ id }) => id))
    for (const own of [...owner.margin.values()].filter(({ id }) => !ids.has(id))) {
      this.#close(own, cause)
      owner.margin.delete(own.id)
    }
    Object.assign(owner, { account, book, isSuspended: false, isLost })
    const restored = this.#restored.get(account.id) ?? new Map<string, Standing>()
    this.#restored.delete(account.id)
    for (const [id, standing] of restored) {
      if (!ids.has(id)) this.#turnAbsent(id, standing, 'closed', NOTHING, [], cause, account)
    }
    for (const exact of compiled) {
      const { id } = exact
      const before = restored.get(id)
      const added = { id, owner, exact, standing: before ?? NOTHING, isFirst: before === undefined }
      const own = owner.margin.get(id) ?? added
      own.exact = exact
      owner.margin.set(id, own)
    }
    for (const own of owner.margin.values()) this.#judge(own, cause)
  }

  #remove(id: string, cause: Cause): void {
    this.#refused.delete(id)
    this.#refusedTerms.delete(id)
    this.#endAbsent(id, '', cause)
    for (const own of this.#accounts.get(id)?.margin.values() ?? []) this.#close(own, cause)
    this.#accounts.delete(id)
  }

  #suspend(id: string, reason: string, cause: Cause): void {
    this.#refused.add(id)
    this.#refusedTerms.delete(id)
    const owner = this.#accounts.get(id)
    if (owner === undefined) {
      this.#endAbsent(id, reason, cause)
      return
    }
    for (const own of owner.margin.values()) this.#loseVerdict(own, [reason], cause)
    owner.isSuspended = true
  }

  #lose(id: string, cause: Cause): void {
    const refused = this.#refusedTerms.get(id)
    if (refused !== undefined) refused.isLost = true
    const owner = this.#accounts.get(id)
    if (owner === undefined || owner.isLost) return
    owner.isLost = true
    if (owner.isSuspended) return
    for (const own of owner.margin.values())
      if (own.standing.level > 0) this.#loseVerdict(own, ['book-lost'], cause)
  }

  /** What an earlier run published of an account that is not in the book is over; unknown where its terms cannot be used. */
  #endAbsent(id: string, reason: string, cause: Cause): void {
    const restored = this.#restored.get(id)
    if (restored === undefined) return
    if (!this.#refused.has(id)) {
      this.#restored.delete(id)
      for (const [subject, standing] of restored)
        this.#turnAbsent(subject, standing, 'closed', NOTHING, [], cause)
      return
    }
    for (const [subject, standing] of restored) {
      if (standing.unknown || standing.level === 0) continue
      const after = { level: standing.level, unknown: true }
      restored.set(subject, after)
      this.#turnAbsent(subject, standing, 'unknown', after, [reason], cause)
    }
  }

  #marketsOf({ exact }: ModelMarginAccount): string[] {
    return [...new Set(exact.curves.map(({ symbol }) => marketSubject(exact.venue, symbol)))]
  }

  #marksOf({ exact }: ModelMarginAccount): Map<string, Decimal | undefined> {
    return new Map(exact.curves.map(({ symbol }) => [symbol, this.#marketOf(exact.venue, symbol).markPrice]))
  }

  #marketOf(venue: string, symbol: string): ModelMarket {
    const subject = marketSubject(venue, symbol)
    let market = this.#markets.get(subject)
    if (market === undefined) {
      const published = this.#restoredMarkets.get(subject)
      const nothing = { markPrice: undefined, lastMarkPrice: undefined, isStale: false, expiredMs: undefined }
      market = { ...nothing, published, isFirst: published === undefined }
      this.#markets.set(subject, market)
    }
    return market
  }
}
