import type { Book } from '../../src/book/index.ts'
import { type Account, BATCH_ACCOUNTS_MAX } from '../../src/domain/index.ts'

/** Writes any number of accounts into the book, past the checks of an import. A refused write fails the test. */
export async function storeAccounts(
  book: Pick<Book, 'putMany'>,
  accounts: readonly Account[],
): Promise<void> {
  for (let first = 0; first < accounts.length; first += BATCH_ACCOUNTS_MAX) {
    const batch = accounts.slice(first, first + BATCH_ACCOUNTS_MAX)
    const results = await book.putMany(batch.map((account) => ({ account })))
    const refused = results.findIndex((result) => 'conflict' in result)
    if (refused >= 0) throw new Error(`${batch[refused]!.id} is stored in this version or a later one`)
  }
}
