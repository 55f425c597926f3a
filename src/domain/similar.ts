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

/** Letters of a name in which one more or one less is a slip: of fewer, another name is as likely. */
const SLIP_LETTERS_MIN = 4

/** Names by what is left of each, made once for all questions to one list. */
export class KnownNames {
  readonly #names: () => Iterable<string>
  readonly #withSlips: boolean
  #byRest: readonly ReadonlyMap<string, readonly string[]>[] | undefined

  /** `withSlips`: for names of which none differs from another one in meaning by one letter more or less. */
  constructor(names: () => Iterable<string>, { withSlips = false }: { readonly withSlips?: boolean } = {}) {
    this.#names = names
    this.#withSlips = withSlips
  }

  /** `; did you mean BTCUSDT?` for `BTC-USDT`; an empty text if no name is similar. */
  suggestionFor(text: string): string {
    return suggestionOf(this.similarTo(text))
  }

  /**
   * The names that differ the least from the text, and by nothing but what names of one thing differ by, or one slip; none where
   * more than SUGGESTED_MAX do.
   */
  similarTo(text: string): readonly string[] {
    this.#byRest ??= this.#read()
    for (const [index, [reduced]] of COMPARISONS.entries()) {
      const rest = reduced(text)
      const similar = rest === '' ? [] : (this.#byRest[index]!.get(rest) ?? [])
      if (similar.length > 0 && similar.length <= SUGGESTED_MAX) return similar
    }
    if (!this.#withSlips) return []
    const slips = [...this.#names()].filter((name) => isSlip(letters(text), letters(name)))
    return slips.length <= SUGGESTED_MAX ? slips : []
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

/** The question that ends a message; an empty text without names. */
export function suggestionOf(similar: readonly string[]): string {
  return similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`
}

/** Whether the names differ by one letter that is left out or added, or by two neighbours that are swapped. */
function isSlip(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (long.length < SLIP_LETTERS_MIN || long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1)
  const isSwap = short[at] === long[at + 1] && short[at + 1] === long[at]
  return isSwap && short.slice(at + 2) === long.slice(at + 2)
}
