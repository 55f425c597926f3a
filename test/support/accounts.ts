import { type Account, type Position, venueId } from '../../src/domain/index.ts'
import { accountSchema } from '../../src/venues/index.ts'

/** What a test states of an account; `makeAccount` adds the rest. */
export interface StatedAccount extends Partial<Omit<Account, 'venue'>> {
  readonly venue?: string
}

/** An account as the book holds it. Unless stated: `a` on Bybit, version 1, with an empty wallet and no position. */
export function makeAccount(stated: StatedAccount = {}): Account {
  const { id = 'a', venue = 'bybit', version = 1, collateral = [], separateWallets, positions = [] } = stated
  const { asOfMs } = stated
  return {
    id,
    venue: venueId(venue),
    version,
    ...(asOfMs === undefined ? {} : { asOfMs }),
    collateral,
    ...(separateWallets === undefined ? {} : { separateWallets }),
    positions,
    liabilities: [],
  }
}

/** A cross position. Unless stated: long 1, bought at 100. */
export function crossPosition(symbol: string, stated: Partial<Position> = {}): Position {
  return { symbol, marginMode: 'cross', size: '1', entryPrice: '100', ...stated }
}

/** An isolated position; the test states `isolatedMargin` or `leverage`. Unless stated: long 1, bought at 100. */
export function isolatedPosition(symbol: string, stated: Partial<Position>): Position {
  return { symbol, marginMode: 'isolated', size: '1', entryPrice: '100', ...stated }
}

/** For tests that look at the account only: a cross long behind a wallet, whose balance differs between versions. */
export function testAccount(id: string, version: number, walletBalance = String(version)): Account {
  const long = crossPosition('BTCUSDT', { size: '0.5', entryPrice: '61250.1', leverage: '10' })
  return makeAccount({
    id,
    version,
    collateral: [{ asset: 'USDT', amount: walletBalance }],
    positions: [long],
  })
}

/** A Binance account with one isolated position. Unless stated: long 10 AUSDT, bought at 100, with 200 of margin. */
export function isolatedLong(id: string, stated: Partial<Position> = {}, version = 1): Account {
  const { symbol = 'AUSDT' } = stated
  const long = isolatedPosition(symbol, { size: '10', isolatedMargin: '200', ...stated })
  return makeAccount({ id, venue: 'binance', version, positions: [long] })
}

/** A Bybit account with one isolated position, bought at 100. Unless stated: long 1 AAAUSDT in version 1. */
export function longAt100(
  id: string,
  isolatedMargin: string,
  stated: { readonly version?: number; readonly size?: string; readonly symbol?: string } = {},
): Account {
  const { version = 1, size = '1', symbol = 'AAAUSDT' } = stated
  return makeAccount({ id, version, positions: [isolatedPosition(symbol, { size, isolatedMargin })] })
}

/** Fields of an account that the schema has not checked yet, as worked examples and generators give them. */
export interface AccountInput {
  readonly venue?: string
  readonly collateral?: readonly { asset: string; amount: string }[]
  readonly positions: readonly Record<string, string>[]
}

/** The account that the importer makes of the fields. Unless stated: `a` on Bybit. Fails where the importer refuses. */
export function parsedAccount(input: AccountInput): Account {
  return accountSchema.parse({ id: 'a', venue: 'bybit', ...input })
}
