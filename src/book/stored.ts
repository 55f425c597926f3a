import {
  type Account,
  faultsText,
  IN_OUR_WORDS,
  pathText,
  schemaFaultsOf,
  storedAccountSchemaOf,
  type VenueNames,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { accountIn } from './stored-account.ts'
import { textReader } from './stored-text.ts'

/**
 * Reads what Redis holds of the account `id`.
 * @throws PlimsollError ACCOUNT_INVALID naming the account, the field and the rule.
 */
export type ReadStored = (id: string, stored: string) => Account

export function storedReader(venues: VenueNames): ReadStored {
  const schema = storedAccountSchemaOf(venues)
  const isStoredVenue = (venue: string) => venues.get(venue) === venue
  const readText = textReader(venues)
  return (id, stored) => {
    const written = readText(id, stored)
    if (written !== undefined) return written
    const raw = jsonOf(stored)
    if (raw === undefined) throw new PlimsollError('ACCOUNT_INVALID', `stored account ${id} is not JSON`)
    const account = accountIn(raw, isStoredVenue)
    if (account !== undefined) return named(id, account)
    const parsed = schema.safeParse(raw, IN_OUR_WORDS)
    if (parsed.success) return named(id, parsed.data)
    const faults = schemaFaultsOf(parsed.error)
    const path = pathText(faults[0]!.path)
    throw new PlimsollError('ACCOUNT_INVALID', `stored account ${id}: ${faultsText(raw, faults)}`, { path })
  }
}

/** The account, if it has the id under which it is stored: nobody finds it under another one. */
function named(id: string, account: Account): Account {
  if (account.id === id) return account
  const rule = 'must be the id under which the account is stored'
  throw new PlimsollError(
    'ACCOUNT_INVALID',
    `stored account ${id}: id is ${JSON.stringify(account.id)}: ${rule}`,
    { path: 'id' },
  )
}
