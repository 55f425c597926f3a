import type { OpenedBook } from '../api/index.ts'
import type { Book } from '../book/index.ts'
import { counted } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { ImportOptions, ImportSummary } from '../import/index.ts'
import { isConfirmed, removeAll } from './book.ts'
import type { Input, Output } from './terminal.ts'
import { tell } from './wrapping.ts'

export interface ReplaceOptions {
  readonly book: OpenedBook
  readonly shard: string
  /** Reads the whole file at each call. Without a book it only checks. */
  readonly read: (
    options: Pick<ImportOptions, 'accepted'> & { readonly book?: Book },
  ) => Promise<ImportSummary>
  readonly file: string
  readonly yes: true | undefined
  readonly input: Input
  readonly errors: Output
}

export interface ReplaceSummary extends ImportSummary {
  readonly removed: number
}

/**
 * Makes the file the whole book: checks all of it, asks, writes it, then removes the accounts that it does not hold. When
 * one account is refused, by a rule or by its version, nothing is removed.
 * @throws PlimsollError USAGE for an empty file,
 * for the answer "no", when there is no terminal to ask on, and for a file that changes between its two readings.
 */
export async function replaceBook(options: ReplaceOptions): Promise<ReplaceSummary> {
  const { book, shard, read, file, yes, errors } = options
  const checked = await idsIn(read)
  const keepsAll = (summary: ImportSummary, imported: number): ReplaceSummary => {
    tell(
      errors,
      `plimsoll: ${counted(summary.refusedCount, 'account is', 'accounts are')} refused, so none is removed`,
    )
    return { ...summary, imported, removed: 0 }
  }
  if (checked.summary.refusedCount > 0) return keepsAll(checked.summary, 0)
  if (checked.ids.size === 0) {
    const message = `${file} holds no account, and --replace would remove all; plimsoll accounts remove --all does that`
    throw new PlimsollError('USAGE', message)
  }
  const gone = await count(missingFrom(book, checked.ids))
  const stored = await book.count()
  const question =
    `The book (shard ${shard}) holds ${counted(stored, 'account')}, ${file} holds ${counted(checked.ids.size, 'account')}. ` +
    `Write these and remove the ${counted(gone, 'that is', 'that are')} not among them?`
  if (!(await isConfirmed(options, yes, question))) {
    throw new PlimsollError('USAGE', 'nothing was written and nothing was removed')
  }
  const written = await idsIn((taken) => read({ ...taken, book }))
  if (written.summary.refusedCount > 0) return keepsAll(written.summary, written.summary.imported)
  if (written.ids.size !== checked.ids.size) {
    throw new PlimsollError(
      'USAGE',
      `${file} changed while it was imported, so no account is removed; try again`,
    )
  }
  const { removed } = await removeAll(book, missingFrom(book, written.ids))
  return { ...written.summary, removed }
}

async function idsIn(read: ReplaceOptions['read']) {
  const ids = new Set<string>()
  const summary = await read({ accepted: (id) => void ids.add(id) })
  return { ids, summary }
}

async function* missingFrom(book: OpenedBook, ids: ReadonlySet<string>): AsyncGenerator<string> {
  for await (const id of book.ids()) if (!ids.has(id)) yield id
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0
  for await (const _ of items) found += 1
  return found
}
