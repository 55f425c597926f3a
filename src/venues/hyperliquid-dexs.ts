import type { Decimal, FrameKind, FrameSink } from '../domain/index.ts'
import {
  isObject,
  isSymbol,
  type OwnFunding,
  priceOrUndefined,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import type { IndexCarriers } from './index-names.ts'

/** Contexts of one frame, and coins of one list of names. The venue had 412 of nine exchanges in 2026. */
const COINS_MAX = 4_096
/** Frames with a context that no list names, before the list is asked for again: about a minute. */
const FRAMES_BETWEEN_QUESTIONS = 20
const METAS = 'allPerpMetas'
const QUESTION = JSON.stringify({
  method: 'post',
  id: 1,
  request: { type: 'info', payload: { type: METAS } },
})

interface CoinState extends OwnFunding {
  price: Decimal
}

/**
 * `allDexsAssetCtxs`: the contexts of every exchange by their places in its list of coins. Places are for good: a coin is added at
 * the end, and a delisted one keeps its place. So an older list names the first contexts rightly, and those beyond it have no name,
 * and no price, until a newer list has come. No list is built in: that of the test network has other coins.
 */
export class DexContexts {
  readonly #carriers: IndexCarriers
  /** By exchange, in the order of its contexts; undefined for a name that no coin can have. */
  readonly #names = new Map<string, readonly (string | undefined)[]>()
  readonly #states = new Map<string, CoinState>()
  #framesSinceQuestion = FRAMES_BETWEEN_QUESTIONS
  #isIndexClear = true

  constructor(carriers: IndexCarriers) {
    this.#carriers = carriers
  }

  /** An answer to a question of ours: the lists of coins, one of each exchange. Errors and other answers are passed over. */
  takeAnswer(data: unknown): FrameKind {
    if (!isObject(data) || !isObject(data.response)) return 'malformed'
    const { payload } = data.response
    if (!isObject(payload) || payload.type !== METAS || !Array.isArray(payload.data)) return 'ignored'
    const lists = payload.data.map(namesOf)
    if (lists.reduce((count, names) => count + (names?.length ?? 0), 0) > COINS_MAX) return 'malformed'
    this.#names.clear()
    this.#states.clear()
    for (const names of lists) if (names !== undefined) this.#names.set(exchangeOf(names[0] ?? ''), names)
    return 'ignored'
  }

  parse(frame: string, data: unknown, sink: FrameSink): FrameKind {
    const exchanges = isObject(data) && Array.isArray(data.ctxs) ? data.ctxs.map(exchangeContexts) : []
    if (exchanges.length === 0 || exchanges.includes(undefined)) return 'malformed'
    const contexts = exchanges.flatMap((one) => one!.contexts)
    if (contexts.length > COINS_MAX || timesStated(frame, 'markPx"') !== stating(contexts, 'markPx'))
      return 'malformed'
    this.#isIndexClear = timesStated(frame, 'oraclePx"') === stating(contexts, 'oraclePx')
    let ticks = 0
    let unnamed = 0
    let unreadable = 0
    for (const { exchange, contexts: own } of exchanges as ExchangeContexts[]) {
      const names = this.#names.get(exchange)
      for (const [place, context] of own.entries()) {
        const name = names?.[place]
        if (name === undefined) unnamed++
        else if (this.#context(name, context, sink)) ticks++
        else unreadable++
      }
    }
    if (unnamed > 0) this.#ask(sink)
    if (ticks > 0) return 'ticks'
    return unreadable > 0 ? 'malformed' : 'ignored'
  }

  restate(symbols: readonly string[], sink: FrameSink): void {
    for (const symbol of symbols) {
      const state = this.#states.get(symbol)
      if (state !== undefined) sink.price('mark', symbol, state.price, undefined, state)
    }
  }

  /** False for a context whose mark cannot be read. */
  #context(coin: string, context: unknown, sink: FrameSink): boolean {
    const stated = isObject(context) ? context : {}
    const price = priceOrUndefined(stated.markPx)
    if (price === undefined) {
      this.#states.delete(coin)
      sink.noMark(coin, undefined)
      return false
    }
    let state = this.#states.get(coin)
    if (state === undefined) {
      state = { price, fundingRate: undefined, nextFundingTimeMs: undefined }
      this.#states.set(coin, state)
    }
    state.price = price
    state.fundingRate = rateOrUndefined(stated.funding)
    sink.price('mark', coin, price, undefined, state)
    const oraclePrice = this.#isIndexClear ? priceOrUndefined(stated.oraclePx) : undefined
    const name = oraclePrice === undefined ? undefined : this.#carriers.nameOf(coin)
    if (name !== undefined) sink.price('index', name, oraclePrice!, undefined, undefined)
    return true
  }

  #ask(sink: FrameSink): void {
    if (this.#framesSinceQuestion++ < FRAMES_BETWEEN_QUESTIONS) return
    this.#framesSinceQuestion = 1
    sink.reply(QUESTION)
  }
}

interface ExchangeContexts {
  readonly exchange: string
  readonly contexts: readonly unknown[]
}

/** `["xyz", [context, …]]`; the venue's own exchange has the name "". */
function exchangeContexts(entry: unknown): ExchangeContexts | undefined {
  if (!Array.isArray(entry)) return undefined
  const [exchange, contexts] = entry as readonly unknown[]
  return typeof exchange === 'string' && Array.isArray(contexts) ? { exchange, contexts } : undefined
}

/** How many of the contexts state the member. */
function stating(contexts: readonly unknown[], member: string): number {
  let count = 0
  for (const context of contexts) if (isObject(context) && member in context) count++
  return count
}

/** The names of one list, which are all of one exchange; undefined for what is no list. */
function namesOf(meta: unknown): readonly (string | undefined)[] | undefined {
  if (!isObject(meta) || !Array.isArray(meta.universe) || meta.universe.length === 0) return undefined
  const names = meta.universe.map((coin) => (isObject(coin) && isSymbol(coin.name) ? coin.name : undefined))
  const [first] = names
  if (first === undefined) return undefined
  return names.map((name) =>
    name !== undefined && exchangeOf(name) === exchangeOf(first) ? name : undefined,
  )
}

/** `xyz` of xyz:TSLA. */
function exchangeOf(coin: string): string {
  return coin.slice(0, Math.max(0, coin.indexOf(':')))
}
