// What `plimsoll replay --klines` replays: bars of files, and accounts of a file or made up.
import { basename } from 'node:path'
import { loadConfig } from '../config.ts'
import type { Account, VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { ImportFormat } from '../import/index.ts'
import { areKnownLater, isOpen } from '../margin/index.ts'
import { eachMarginAccount, MissingPrices, missingPricesOf } from '../questions/index.ts'
import { Bars, KlineReader } from '../replay/index.ts'
import { parseVenueId, VENUES, venueOf } from '../venues/index.ts'
import type { BookOf } from '../worker/rule-books.ts'
import { readAccounts } from './accounts-read.ts'
import { linesOf, openInput } from './lines.ts'
import type { Output } from './terminal.ts'

export interface KlineFlags {
  readonly klines: readonly string[]
  readonly venue?: string
  readonly without?: readonly string[]
  readonly file?: string
  readonly format?: ImportFormat
  readonly synthetic?: number
  readonly seed: number
}

export function venueNamed(name: string | undefined): VenueId {
  if (name !== undefined) return parseVenueId(name)
  return VENUES.find(({ klines }) => klines !== undefined)!.id
}

export async function barsOf({ klines: files, without = [] }: KlineFlags, venue: VenueId): Promise<Bars> {
  const { symbol, klines } = venueOf(venue)
  const bars = new Bars()
  for (const file of files) {
    const reader = new KlineReader(basename(file), symbol, klines)
    for await (const line of linesOf(await openInput(file))) {
      const bar = reader.read(line)
      if (bar !== undefined && !without.includes(bar.symbol)) bars.add(bar, reader.statedMs)
    }
  }
  if (bars.count === 0) throw new PlimsollError('INPUT_INVALID', 'the files hold no bar to replay')
  return bars
}

export interface Market {
  readonly venue: VenueId
  readonly bars: Bars
  readonly bookOf: BookOf
}

export interface ReplayBook {
  readonly accounts: Iterable<Account>
  readonly unreadable: number
  /** Accounts of other venues, which no price of the files reaches. */
  readonly elsewhere: number
}

/** @throws PlimsollError INPUT_INVALID where the files hold too few contracts for made-up accounts. */
export async function accountsOf(flags: KlineFlags, errors: Output, market: Market): Promise<ReplayBook> {
  const { venue, bars, bookOf } = market
  const { file, format, synthetic, seed } = flags
  if (synthetic === undefined) {
    const config = loadConfig({})
    const { accounts, unreadable } = await readAccounts({ file, format, config, errors })
    const all = [...accounts]
    const own = all.filter((account) => account.venue === venue)
    return { accounts: own, unreadable, elsewhere: all.length - own.length }
  }
  // Loaded for those who ask: it takes longer than a short replay.
  const { CONTRACTS_OF_AN_ACCOUNT_MAX, createBook, marketInstruments } = await import('../demo/index.ts')
  const instruments = marketInstruments(venue, bookOf(venue), bars.firstPrices())
  if (instruments.length < CONTRACTS_OF_AN_ACCOUNT_MAX) {
    const message = `--synthetic needs klines of at least ${CONTRACTS_OF_AN_ACCOUNT_MAX} linear contracts with marginal tiers in the rules of ${venue}, and the files hold ${instruments.length}`
    throw new PlimsollError('INPUT_INVALID', message)
  }
  const book = createBook(seed, synthetic, instruments)
  const accounts = Array.from({ length: book.accounts }, (_, index) => book.account(index))
  return { accounts, unreadable: 0, elsewhere: 0 }
}

/**
 * The prices that accounts wait for during the whole replay: marks of contracts without a bar, index prices and funding rates, which
 * no klines bring. By the rules at its start.
 */
export function neverPriced(accounts: Iterable<Account>, { bars, bookOf }: Market): MissingPrices {
  const marks = bars.firstPrices()
  const never = new MissingPrices()
  eachMarginAccount(accounts, bookOf, (marginAccount) => {
    const missing = missingPricesOf(marginAccount, (symbol) => marks.get(symbol), {})
    if (missing.length > 0) never.add(missing)
  })
  return never
}

/** Open contracts with a bar whose rules were first seen after that time, Unix milliseconds, each with the day of its rules. */
export function laterRules(
  accounts: Iterable<Account>,
  { venue, bars, bookOf }: Market,
  timeMs: number,
): ReadonlyMap<string, string> {
  const book = bookOf(venue)
  const unseen = new Set(bars.symbols)
  const later = new Map<string, string>()
  for (const { positions } of accounts) {
    for (const { symbol, size } of positions) {
      if (!isOpen({ size }) || !unseen.delete(symbol)) continue
      const asOf = book.rulesOf(symbol)?.asOf
      if (areKnownLater(asOf, timeMs, { symbol, book })) later.set(symbol, asOf!)
    }
  }
  return later
}
