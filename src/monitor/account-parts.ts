import type { VenueId } from '../domain/index.ts'
import { type MarginAccountPart, marginAccountId } from '../margin/index.ts'
import type { Markets } from './markets.ts'
import type { PositionPart } from './stored-terms.ts'

/**
 * Which part of its account a margin account is, as one number: a cross pool by its currency, below 0; an isolated position
 * by its instrument and side, 0 and above.
 */
export class AccountParts {
  readonly #markets: Markets
  readonly #currencies: string[] = []

  constructor(markets: Markets) {
    this.#markets = markets
  }

  partOf(venue: VenueId, { marginMode, currency, positions }: MarginAccountPart): number {
    if (marginMode === 'cross') return -1 - this.currencyNumberOf(currency)
    const { symbol, size } = positions[0]!.position
    const { instrument } = this.#markets.require(venue, symbol)
    return 2 * instrument + (size.startsWith('-') ? 1 : 0)
  }

  isCross(part: number): boolean {
    return part < 0
  }

  /** The positions that a margin account of that part may hold. */
  positionsOf(part: number): PositionPart {
    if (part < 0) return { marginMode: 'cross' }
    return { marginMode: 'isolated', symbol: this.#symbolOf(part), isShort: isShort(part) }
  }

  /** Id of the margin account that is that part of the account. */
  idOf(account: string, part: number): string {
    if (part < 0)
      return marginAccountId({ account, marginMode: 'cross', currency: this.currencyAt(-1 - part) })
    const side = isShort(part) ? 'short' : 'long'
    return marginAccountId({ account, marginMode: 'isolated', symbol: this.#symbolOf(part), side })
  }

  /** Settlement assets are few: those of the rule books. */
  currencyNumberOf(currency: string): number {
    const known = this.#currencies.indexOf(currency)
    return known >= 0 ? known : this.#currencies.push(currency) - 1
  }

  currencyAt(number: number): string {
    return this.#currencies[number]!
  }

  #symbolOf(part: number): string {
    return this.#markets.at(part >> 1).symbol
  }
}

function isShort(part: number): boolean {
  return (part & 1) === 1
}
