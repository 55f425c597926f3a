import {
  type Account,
  type AccountFault,
  accountSchemaOf,
  firstRule,
  type ImportedRules,
  type InstrumentList,
  indexName,
  type MarkHistory,
  type RuleBook,
  type RulesBody,
  type RulesImportOptions,
  type Venue,
  type VenueId,
  type VenueNames,
  type VenueSource,
  venueIdSchemaOf,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { isOpen, pooledAssetsOf } from '../margin/index.ts'
import { ruleBookOfEntries } from '../rules/index.ts'
import { binance } from './binance.ts'
import { bitmex } from './bitmex.ts'
import { bybit } from './bybit.ts'
import { cme } from './cme.ts'
import { coinbase } from './coinbase.ts'
import { deribit } from './deribit.ts'
import { dydx } from './dydx.ts'
import { hyperliquid } from './hyperliquid.ts'
import { checked } from './imports/check.ts'
import { kraken } from './kraken.ts'
import { okx } from './okx.ts'

export { binance } from './binance.ts'
export { bybit } from './bybit.ts'
export { underlyingOf } from './underlying.ts'

/** Every venue that Plimsoll knows: the only list of them. A new venue is one line here. */
export const VENUES: readonly Venue[] = [
  bybit,
  binance,
  okx,
  bitmex,
  deribit,
  kraken,
  coinbase,
  cme,
  hyperliquid,
  dydx,
]

/** In which most pools are valued, and a coin whose index price every stream with pools brings in them. */
const POOL_CURRENCIES = ['USDT', 'USDC', 'USD']
const POOLED_COIN = 'ETH'

const venues = new Map(VENUES.map((venue) => [venue.id, venue]))
const books = new Map(VENUES.map((venue) => [venue.id, withWaysOut(venue)]))
const sources = new Map(VENUES.flatMap((venue) => venue.sources).map((source) => [source.id, source]))

/** Every name of every venue, with the id that it means. */
export const VENUE_NAMES: VenueNames = new Map(
  VENUES.flatMap(({ id, names }) => names.map((name) => [name, id] as const)),
)

/** An account as it is imported. Unknown fields are refused. */
export const accountSchema = accountSchemaOf(VENUE_NAMES)

const venueIdSchema = venueIdSchemaOf(VENUE_NAMES)

/**
 * The id of the venue that has this name.
 * @throws PlimsollError CONFIGURATION for a name that no venue has; it lists those that are.
 */
export function parseVenueId(name: string): VenueId {
  const parsed = venueIdSchema.safeParse(name)
  if (parsed.success) return parsed.data
  const rule = firstRule(parsed.error)
  throw new PlimsollError('CONFIGURATION', `venue ${JSON.stringify(name)} ${rule}`)
}

/** @throws PlimsollError CONFIGURATION for an id that no venue has. */
export function venueOf(id: VenueId): Venue {
  return venues.get(id) ?? venues.get(parseVenueId(id))!
}

/**
 * The rules of a venue. An id that another version of Plimsoll stored and this one does not know has a book without
 * rules: its accounts are refused by name, and what was published for them can still be closed.
 */
export function ruleBookOf(id: VenueId): RuleBook {
  return books.get(id) ?? bookWithoutRules(id)
}

/** What messages about an account name as a way out. */
function withWaysOut({ id, ruleBook, sources, rulesImport }: Venue): RuleBook {
  const { endpoint, collateral } = rulesImport
  const command = (isFetched: boolean) => `plimsoll rules ${isFetched ? 'fetch' : 'import'} --venue ${id}`
  const ofBody =
    collateral?.isFetched === false ? ` makes one of the body of ${collateral.body}` : ' makes one'
  const poolCurrencies = POOL_CURRENCIES.filter((currency) =>
    sources.some((source) => source.carries(indexName(POOLED_COIN, currency))),
  )
  const defaults = {
    ...ruleBook.defaults,
    rulesCommand: command(!('reason' in endpoint)),
    ...(collateral === undefined ? {} : { collateralWayOut: `${command(collateral.isFetched)}${ofBody}` }),
    ...(poolCurrencies.length === 0 ? {} : { poolCurrencies }),
  }
  return { ...ruleBook, defaults }
}

function bookWithoutRules(venue: VenueId): RuleBook {
  const defaults = { closingFee: 'none', liquidation: 'reached' } as const
  return ruleBookOfEntries({
    venue,
    version: `${venue}-unknown`,
    defaults,
    symbols: () => [],
    entriesOf: () => [],
  })
}

/** What bodies of a venue say, checked: rules that can be in a rules file, and the reason of each symbol that has none. */
export function importRules(
  id: VenueId,
  bodies: readonly RulesBody[],
  options: RulesImportOptions,
): ImportedRules {
  const venue = venueOf(id)
  return checked(venue, venue.rulesImport.read(bodies, options))
}

/** @throws PlimsollError CONFIGURATION for an id that no venue has. */
export function sourceOf(sourceId: string): VenueSource {
  const source = sources.get(sourceId)
  if (source !== undefined) return source
  throw new PlimsollError(
    'CONFIGURATION',
    `stream ${sourceId} is unknown; known are ${[...sources.keys()].join(', ')}`,
  )
}

/** Addresses that the settings give, by source id. */
export type StreamAddresses = Readonly<Record<string, string | undefined>>

/**
 * The source of the venue that carries the mark of `symbol`, or the index price of that name; undefined when none does. One that
 * is opt-in does so if `addresses` has its address, and then stands before the others.
 */
export function sourceCarrying(
  id: VenueId,
  symbol: string,
  addresses: StreamAddresses = {},
): VenueSource | undefined {
  const carrying = venues.get(id)?.sources.filter((source) => source.carries(symbol)) ?? []
  return (
    carrying.find((source) => source.isOptIn && addresses[source.id] !== undefined) ??
    carrying.find((source) => !source.isOptIn)
  )
}

/**
 * The record of past mark prices that holds `symbol`, or the index price of that name; undefined when the venue keeps none.
 * `addresses` hold those of histories too. Where the source has another one than the venue's and the history has none, the answer is
 * undefined: prices of the venue are not those of a test network.
 */
export function historyCarrying(
  id: VenueId,
  symbol: string,
  addresses: StreamAddresses,
): MarkHistory | undefined {
  const history = venues.get(id)?.markHistory?.find((own) => own.carries(symbol))
  return history && beside(history, id, symbol, addresses)
}

/** The list of the venue that holds `symbol`, as `historyCarrying`; undefined when none does. */
export function instrumentsCarrying(
  id: VenueId,
  symbol: string,
  addresses: StreamAddresses,
): InstrumentList | undefined {
  const list = venues.get(id)?.instruments?.find((own) => own.carries(symbol))
  return list && beside(list, id, symbol, addresses)
}

/** undefined where the source of the symbol has another address than the venue's, and the endpoint beside it has not. */
function beside<Endpoint extends { readonly id: string }>(
  endpoint: Endpoint,
  id: VenueId,
  symbol: string,
  addresses: StreamAddresses,
): Endpoint | undefined {
  if (addresses[endpoint.id] !== undefined) return endpoint
  const source = sourceCarrying(id, symbol, addresses)
  const address = source === undefined ? undefined : addresses[source.id]
  const isReplaced = address !== undefined && !(source?.kind === 'socket' && source.url === address)
  return isReplaced ? undefined : endpoint
}

/** Whether any source of the venue could carry it, were its address given. */
function isCarried(id: VenueId, symbol: string): boolean {
  return venues.get(id)?.sources.some((source) => source.carries(symbol)) === true
}

/**
 * The positions whose marks no source of the venue can bring, even if rules are given for their symbols. An account with
 * one would be unknown for ever.
 */
export function symbolFaultsOf({ venue, positions }: Account): AccountFault[] {
  const { symbol: grammar } = venueOf(venue)
  return positions.flatMap(({ symbol }, index) => {
    if (isCarried(venue, symbol)) return []
    const rule = grammar.test(symbol)
      ? `no source of ${venue} brings the mark of this contract; plimsoll margin takes marks beside the account`
      : `must be a name that ${venue} gives to a contract; no source brings the mark of this one`
    return [{ code: 'SYMBOL_UNKNOWN', path: ['positions', index, 'symbol'], rule }]
  })
}

/** When a contract ends by its name, as `Venue.expiryMsOf`; undefined where that says nothing. */
export function expiryMsOf(id: VenueId, symbol: string): number | undefined {
  return venues.get(id)?.expiryMsOf?.(symbol)
}

/** The open positions in contracts that have expired at that time, Unix milliseconds, by their names. */
export function expiryFaultsOf({ venue, positions }: Account, atMs: number): AccountFault[] {
  return positions.flatMap(({ symbol, size }, index) => {
    const expiryMs = isOpen({ size }) ? expiryMsOf(venue, symbol) : undefined
    if (expiryMs === undefined || atMs < expiryMs) return []
    const rule = `must be a contract that has not expired; this one did on ${expiryText(expiryMs)}`
    return [{ code: 'CONTRACT_EXPIRED', path: ['positions', index, 'symbol'], rule }]
  })
}

/** `2024-12-27, 08:00 UTC`; of the last millisecond of a day `2024-12-27, at the end of the day, UTC`. */
export function expiryText(expiryMs: number): string {
  const [day = '', time = ''] = new Date(expiryMs).toISOString().split('T')
  if (time === '23:59:59.999Z') return `${day}, at the end of the day, UTC`
  return `${day}, ${time.slice(0, 'hh:mm'.length)} UTC`
}

/**
 * The assets of a pool whose index prices no source of the venue brings, or only with a contract that the book does not hold:
 * the account would be unknown for ever. `account` has no fault by its rule book.
 */
export function indexFaultsOf(account: Account, book: RuleBook): AccountFault[] {
  const { venue, pool } = account
  if (pool === undefined) return []
  return pooledAssetsOf(account, pool, book).flatMap(({ asset, path }) => {
    const rule =
      asset === pool.currency ? undefined : indexFaultOf(venueOf(venue), asset, pool.currency, book)
    return rule === undefined ? [] : [{ code: 'ACCOUNT_UNSUPPORTED', path, rule }]
  })
}

/** An index price that comes with a contract needs one that the book holds: any name has the form of a contract. */
function indexFaultOf(
  { id, symbol: grammar }: Venue,
  asset: string,
  currency: string,
  book: RuleBook,
): string | undefined {
  const name = indexName(asset, currency)
  const source = sourceCarrying(id, name)
  if (source === undefined && isCarried(id, name)) return undefined
  if (source === undefined)
    return `no source of ${id} brings the index price of ${asset} in ${currency}; plimsoll margin takes it beside the account`
  const channel = source.kind === 'socket' ? source.channelOf?.(name) : undefined
  if (channel === undefined || !grammar.test(channel) || book.rulesOf(channel) !== undefined) return undefined
  return `no contract that rule book ${book.version} holds brings the index price of ${asset} in ${currency}; plimsoll rules import adds ${channel} if the venue lists it, and plimsoll margin takes the price beside the account`
}
