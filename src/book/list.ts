import type { Account, VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type RedisCommands, scanHash } from '../redis/index.ts'
import type { ReadStored } from './stored.ts'

/** Accounts asked of one HSCAN; Redis may give somewhat more. Few, because one account may have 100 kB. */
const SCAN_ACCOUNTS = 100

export interface ListOptions {
  readonly venue?: VenueId | undefined
  /** Accounts with a position in this symbol. */
  readonly symbol?: string | undefined
  /** Called for each stored account that cannot be read. Without it the first one ends the list with ACCOUNT_INVALID. */
  readonly unreadable?: ((id: string, error: PlimsollError) => void) | undefined
}

/**
 * The stored accounts, a page of HSCAN at a time. Only the ids seen so far are held, about 100 bytes each, because
 * HSCAN may give an account twice.
 */
export async function* listAccounts(
  redis: RedisCommands,
  key: string,
  read: ReadStored,
  { venue, symbol, unreadable }: ListOptions = {},
): AsyncGenerator<Account> {
  for await (const [id, stored] of scan(redis, key)) {
    const account = readOrReport(read, id, stored, unreadable)
    if (account === undefined || (venue !== undefined && account.venue !== venue)) continue
    if (symbol !== undefined && !account.positions.some((position) => position.symbol === symbol)) continue
    yield account
  }
}

export async function* listIds(redis: RedisCommands, key: string): AsyncGenerator<string> {
  for await (const [id] of scan(redis, key)) yield id
}

async function* scan(
  redis: RedisCommands,
  key: string,
): AsyncGenerator<readonly [id: string, stored: string]> {
  const seen = new Set<string>()
  for await (const page of scanHash(redis, key, () => SCAN_ACCOUNTS)) {
    for (const [id, stored] of page) {
      if (seen.has(id)) continue
      seen.add(id)
      yield [id, stored]
    }
  }
}

function readOrReport(
  read: ReadStored,
  id: string,
  stored: string,
  unreadable: ListOptions['unreadable'],
): Account | undefined {
  try {
    return read(id, stored)
  } catch (error) {
    if (!(error instanceof PlimsollError) || unreadable === undefined) throw error
    unreadable(id, error)
    return undefined
  }
}
