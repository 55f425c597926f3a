// What speaks against two positions of one account that each could be held alone.
import type {
  Account,
  AccountFault,
  InstrumentRules,
  Liquidation,
  Position,
  RuleBook,
} from '../domain/index.ts'
import { sideOf } from './account-id.ts'

/** When the venue liquidates positions under these rules. */
export function liquidationOf(rules: InstrumentRules, book: RuleBook): Liquidation {
  return rules.liquidation ?? book.defaults.liquidation
}

/** What must be true of all cross positions of one margin account, or the reason why one cannot stand with the first. */
function reasonAgainstMate(
  { position, rules }: Ruled,
  first: Ruled,
  { firstName, book }: { readonly firstName: string; readonly book: RuleBook },
): string | undefined {
  const liquidation = liquidationOf(rules, book)
  const other = liquidationOf(first.rules, book)
  if (liquidation !== other) {
    return `its rules have liquidation "${liquidation}", those of ${firstName} in the same cross pool "${other}"; one pool needs one`
  }
  const { partOf } = book.defaults
  if (partOf === undefined || partOf(position.symbol) === partOf(first.position.symbol)) return undefined
  return `${book.venue} keeps one margin account for it and another for ${firstName}: give each of them an account of its own`
}

interface Ruled {
  readonly position: Position
  readonly rules: InstrumentRules
}

/** The faults of the open positions of an account beside one another, given one by one in their order. */
export class MateFaults {
  /** By currency of the margin account: the index of its first cross position. */
  readonly firstOfPool = new Map<string, number>()
  readonly #account: Account
  readonly #book: RuleBook
  readonly #rules = new Map<number, InstrumentRules>()
  /** Of venues that net: the index of the first position of each contract. */
  readonly #firstOfContract = new Map<string, number>()

  constructor(account: Account, book: RuleBook) {
    this.#account = account
    this.#book = book
  }

  of(position: Position, index: number, rules: InstrumentRules): AccountFault[] {
    const faults: AccountFault[] = []
    const netted = this.#nettedWith(position, index)
    if (netted !== undefined) {
      const rule = `${this.#book.venue} nets it with positions[${netted}] of the same contract: state one position of the net size`
      faults.push({ code: 'ACCOUNT_UNSUPPORTED', path: ['positions', index, 'size'], rule })
    }
    if (position.marginMode !== 'cross') return faults
    const currency = this.#account.pool?.currency ?? rules.settlementAsset
    const first = this.firstOfPool.get(currency)
    if (first === undefined) {
      this.firstOfPool.set(currency, index)
      this.#rules.set(index, rules)
      return faults
    }
    const mate = { position: this.#account.positions[first]!, rules: this.#rules.get(first)! }
    const rule = reasonAgainstMate({ position, rules }, mate, {
      firstName: `positions[${first}] (${mate.position.symbol})`,
      book: this.#book,
    })
    if (rule !== undefined)
      faults.push({ code: 'ACCOUNT_UNSUPPORTED', path: ['positions', index, 'symbol'], rule })
    return faults
  }

  #nettedWith(position: Position, index: number): number | undefined {
    if (this.#book.defaults.netsPositions !== true) return undefined
    const first = this.#firstOfContract.get(position.symbol) ?? index
    this.#firstOfContract.set(position.symbol, first)
    return sideOf(this.#account.positions[first]!) === sideOf(position) ? undefined : first
  }
}

/** Whether cross positions may stand in one margin account; not empty. */
export function isOneMarginAccount(positions: readonly Ruled[], book: RuleBook): boolean {
  const [first] = positions
  const names = { firstName: '', book }
  if (positions.some((ruled) => reasonAgainstMate(ruled, first!, names) !== undefined)) return false
  if (book.defaults.netsPositions !== true) return true
  const sides = new Map(positions.map(({ position }) => [position.symbol, sideOf(position)]))
  return positions.every(({ position }) => sides.get(position.symbol) === sideOf(position))
}
