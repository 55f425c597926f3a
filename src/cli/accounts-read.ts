import type { Config } from '../config.ts'
import type { Account, AccountWrite, AccountWriter, WriteResult } from '../domain/index.ts'
import { type ImportFormat, importAccounts, REFUSED_REPORTED_MAX, type Refusal } from '../import/index.ts'
import { systemClock } from '../system/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { formatOf, refusalReason, refusalText } from './accounts-file.ts'
import { withStoredBook } from './book.ts'
import { openInput, readable } from './lines.ts'
import type { Output } from './terminal.ts'
import { visible } from './visible.ts'
import { tell } from './wrapping.ts'

/** Accounts to ask about, in memory. */
export interface ReadAccounts {
  readonly accounts: Iterable<Account>
  /** Accounts that cannot be read; each was named on standard error, up to a most. */
  readonly unreadable: number
  /** Why, the first REFUSED_REPORTED_MAX; an account may have several. */
  readonly faults: readonly ReadFault[]
}

/** Where an account stands that cannot be read: the line of a file, or its id in the stored book. */
export interface ReadFault {
  readonly line: number | null
  readonly account: string | null
  readonly reason: string
}

/** Where the accounts are: a file as `plimsoll import` takes it (`-` for standard input), or the stored book. */
export interface AccountsPlace {
  readonly file: string | undefined
  readonly format: ImportFormat | undefined
  /** Of the stored book. */
  readonly config: Config
  readonly errors: Output
}

export function readAccounts(place: AccountsPlace): Promise<ReadAccounts> {
  return place.file === undefined ? fromBook(place) : fromFile(place.file, place)
}

async function fromFile(file: string, { format, errors }: AccountsPlace): Promise<ReadAccounts> {
  const read = new AccountsInMemory()
  const input = await openInput(file)
  const { refusedCount, refused } = await importAccounts({
    input: readable<Uint8Array>(input),
    format: formatOf(file, format),
    book: read,
    venues: VENUE_NAMES,
    // What the rules have against an account is found when it is judged.
    check: () => [],
    clock: systemClock,
    refused: reporter(errors),
  }).finally(() => input.destroy())
  const faults = refused.map((fault) => ({ line: fault.line, account: null, reason: refusalReason(fault) }))
  return { accounts: read.accounts.values(), unreadable: refusedCount, faults }
}

function reporter(errors: Output): (refusal: Refusal) => void {
  let count = 0
  return (refusal) => {
    if (++count <= REFUSED_REPORTED_MAX) tell(errors, refusalText(refusal))
  }
}

async function fromBook({ config, errors }: AccountsPlace): Promise<ReadAccounts> {
  const accounts: Account[] = []
  const faults: ReadFault[] = []
  let unreadable = 0
  await withStoredBook(config, errors, async (book) => {
    const refused = (account: string, { code, message }: { code: string; message: string }) => {
      if (++unreadable > REFUSED_REPORTED_MAX) return
      faults.push({ line: null, account, reason: message })
      tell(errors, `plimsoll: ${code}: ${visible(message)}`)
    }
    for await (const account of book.list({ unreadable: refused })) accounts.push(account)
  })
  return { accounts, unreadable, faults }
}

/** Takes the accounts of a file as the stored book would, were it empty. */
class AccountsInMemory implements AccountWriter {
  readonly accounts = new Map<string, Account>()

  async putMany(writes: readonly AccountWrite[]): Promise<WriteResult[]> {
    return writes.map(({ account, version }) => {
      const held = this.accounts.get(account.id)?.version
      if (held !== undefined && version === 'stated' && account.version <= held) return { conflict: held }
      const written = version === 'next' ? (held ?? 0) + 1 : account.version
      this.accounts.set(account.id, { ...account, version: written })
      return { written }
    })
  }
}
