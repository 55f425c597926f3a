import type { Decimal, FrameKind, FrameSink } from '../domain/index.ts'
import { inflatedText, jsonOf } from '../input/index.ts'
import { isObject, isSymbol, priceOrUndefined, timesStated } from './frame.ts'

/** Of one message when it is inflated. A snapshot of the 412 coins of 2026 has less than 32 KiB. */
const TEXT_BYTES_MAX = 1_048_576
/** Coins that one connection remembers; further ones are passed over. */
const COINS_MAX = 4_096

/**
 * `fastAssetCtxs`: marks by coin as base64 of raw DEFLATE. The first message of a connection states all coins, a later one those that
 * have changed, so that it confirms the others. It has no funding, no oracle price and no time.
 */
export class FastContexts {
  readonly #prices = new Map<string, Decimal>()
  readonly #stated = new Set<string>()

  parse(data: unknown, sink: FrameSink): FrameKind {
    const text = typeof data === 'string' ? inflatedText(data, TEXT_BYTES_MAX) : undefined
    const coins = text === undefined ? undefined : jsonOf(text)
    if (text === undefined || !isObject(coins)) return 'malformed'
    const entries = Object.entries(coins)
    const stating = entries.filter(([, entry]) => isObject(entry) && 'markPx' in entry)
    if (timesStated(text, 'markPx"') !== stating.length) return 'malformed'
    this.#stated.clear()
    let unreadable = 0
    for (const [coin, entry] of entries) {
      if (!isObject(entry)) unreadable += this.#lose(coin, sink)
      else if ('markPx' in entry)
        unreadable += this.#take(coin, entry.markPx, sink) ? 0 : this.#lose(coin, sink)
    }
    for (const coin of this.#prices.keys())
      if (!this.#stated.has(coin)) sink.unchanged(coin, undefined, undefined)
    if (this.#prices.size > 0 && (unreadable === 0 || this.#stated.size > 0)) return 'ticks'
    return unreadable > 0 ? 'malformed' : 'ignored'
  }

  restate(symbols: readonly string[], sink: FrameSink): void {
    for (const symbol of symbols) {
      const price = this.#prices.get(symbol)
      if (price !== undefined) sink.price('mark', symbol, price, undefined, undefined)
    }
  }

  /** False for a mark that cannot be read. */
  #take(coin: string, stated: unknown, sink: FrameSink): boolean {
    const price = priceOrUndefined(stated)
    if (price === undefined || !isSymbol(coin)) return false
    if (!this.#prices.has(coin) && this.#prices.size >= COINS_MAX) return true
    this.#prices.set(coin, price)
    this.#stated.add(coin)
    sink.price('mark', coin, price, undefined, undefined)
    return true
  }

  /** Its new mark cannot be read, so that later messages confirm none of it. */
  #lose(coin: string, sink: FrameSink): number {
    this.#prices.delete(coin)
    sink.noMark(isSymbol(coin) ? coin : undefined, undefined)
    return 1
  }
}
