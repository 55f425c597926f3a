import type { Account, RuleBook, VenueId } from '../domain/index.ts'
import { isOpen, pooledAssetsOf } from '../margin/index.ts'
import { leavesPrice, type Move, Moves, nameOfMove } from './moves.ts'
import { type PresentPrices, statedMarksOf } from './present-prices.ts'

/** Coins by venue. */
export type CoinsByVenue = ReadonlyMap<VenueId, ReadonlySet<string>>

/**
 * The coins of which moves by name change the mark of a contract that an account holds, or the index price in its pool. Whatever
 * account that is, options on the coin at that venue are worth something else.
 */
export function movedCoinsOf(
  accounts: Iterable<Account>,
  bookOf: (venue: VenueId) => RuleBook,
  present: PresentPrices,
  stated: ReadonlyMap<string, Move>,
): CoinsByVenue {
  const coins = new Map<VenueId, Set<string>>()
  const moves = new Moves(stated)
  const names = new Set([...stated.keys()].map(nameOfMove))
  for (const account of accounts) {
    const { venue } = account
    const book = bookOf(venue)
    const add = (coin: string) => {
      const known = coins.get(venue)
      if (known === undefined) coins.set(venue, new Set([coin]))
      else known.add(coin)
    }
    coinsOfMarks(account, book, present, moves, names).forEach(add)
    coinsOfPool(account, book, present, moves, names).forEach(add)
  }
  return coins
}

const NONE: readonly string[] = []

/** Those of contracts that are no options. `names`: all that moves name. */
function coinsOfMarks(
  { venue, positions }: Account,
  book: RuleBook,
  present: PresentPrices,
  moves: Moves,
  names: ReadonlySet<string>,
): readonly string[] {
  // Most accounts hold nothing that a move names.
  if (!positions.some(({ symbol }) => names.has(symbol))) return NONE
  const statedMarkOf = statedMarksOf(present, venue)
  return positions.flatMap((position) => {
    const { symbol, entryPrice } = position
    if (!names.has(symbol)) return []
    const { option, baseAsset } = book.rulesOf(symbol) ?? {}
    if (option !== undefined || baseAsset === undefined || !isOpen(position)) return []
    const mark = statedMarkOf(symbol) ?? (present.isFromEntry ? entryPrice : undefined)
    return leavesPrice(moves.ofMarkByName(symbol), mark) ? [] : [baseAsset]
  })
}

function coinsOfPool(
  account: Account,
  book: RuleBook,
  { indexPrices }: PresentPrices,
  moves: Moves,
  names: ReadonlySet<string>,
): readonly string[] {
  const { pool } = account
  if (pool === undefined || names.size === 0) return NONE
  return pooledAssetsOf(account, pool, book).flatMap(({ asset }) =>
    asset === pool.currency || leavesPrice(moves.ofIndexPriceByName(asset), indexPrices.get(asset))
      ? []
      : [asset],
  )
}
