// What a name that is not known may mean.

/** Names that a message suggests; where more are as similar, none is. */
export const SUGGESTED_MAX = 3

/** What names of one contract differ by: case, signs, `k` or `1000` for a thousand units, and what follows. */
const SIGNS = /[^\p{L}\p{N}]/gu
const THOUSANDS = /^(?:k(?=[A-Z])|10+(?=\p{L}))/u
/** What some venues write after a perpetual contract. */
const KIND = /(?:PERPETUAL|PERP|SWAP)$/

/** What some venues write before a contract: perpetual or fixed, inverse or multi-collateral. */
const CLASS = /^[PF][FI]_/
/** Currencies in which contracts are quoted. */
const QUOTE = /(?<=.)USD[CT]?$/
/** Two codes of bitcoin. */
const XBT = /^XBT/

type Reduction = (name: string) => string
const letters: Reduction = (name) => name.replace(SIGNS, '').toUpperCase()
const units: Reduction = (name) => letters(name.replace(THOUSANDS, ''))
const pairs: Reduction = (name) => units(name).replace(KIND, '')
const codes: Reduction = (name) => pairs(name.replace(CLASS, '')).replace(XBT, 'BTC')
const coins: Reduction = (name) => codes(name).replace(QUOTE, '')

/** What is left of the text, and of the names; two quotes that differ are not left out of both. */
const COMPARISONS: readonly (readonly [text: Reduction, name: Reduction])[] = [
  [letters, letters],
  [units, units],
  [pairs, pairs],
  [codes, codes],
  [codes, coins],
  [coins, codes],
]

/** Names by what is left of each, made once for all questions to one list. */
export class KnownNames {
  readonly #names: () => Iterable<string>
  #byRest: readonly ReadonlyMap<string, readonly string[]>[] | undefined

  constructor(names: () => Iterable<string>) {
    this.#names = names
  }

  /**
   * `; did you mean BTCUSDT?` for `BTC-USDT`: the names that differ the least from the text, and by nothing but what names of one
   * thing differ by. An empty text if the list holds no such name.
   */
  suggestionFor(text: string): string {
    this.#byRest ??= this.#read()
    for (const [index, [reduced]] of COMPARISONS.entries()) {
      const rest = reduced(text)
      const similar = rest === '' ? [] : (this.#byRest[index]!.get(rest) ?? [])
      if (similar.length > 0 && similar.length <= SUGGESTED_MAX)
        return `; did you mean ${similar.join(' or ')}?`
    }
    return ''
  }

  #read(): Map<string, string[]>[] {
    const names = [...this.#names()]
    return COMPARISONS.map(([, reduced]) => {
      const byRest = new Map<string, string[]>()
      for (const name of names) {
        const rest = reduced(name)
        byRest.set(rest, [...(byRest.get(rest) ?? []), name])
      }
      return byRest
    })
  }
}
