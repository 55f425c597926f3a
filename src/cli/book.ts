import type { OpenedBook } from '../api/index.ts'
import type { Config } from '../config.ts'
import { BATCH_ACCOUNTS_MAX } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { confirm, type Input, type Output } from './terminal.ts'
import { visible } from './visible.ts'
import { tell } from './wrapping.ts'

/** Opens the stored book that the settings name, runs `use`, and closes the book. */
export async function withOpenBook<T>(
  config: Config,
  errors: Output,
  use: (book: OpenedBook, config: Config) => Promise<T>,
): Promise<T> {
  // A command that ends without the book, on a wrong flag for example, does not load the clients of Redis.
  const { openBook } = await import('../api/open-book.ts')
  const book = await openBook({
    url: config.redisUrl,
    dataDir: config.dataDir,
    appendfsync: config.appendfsync,
    shard: config.shard,
    allowUnsafeRedis: config.allowUnsafeRedis,
    notify: (line) => tell(errors, visible(line)),
  })
  try {
    return await use(book, config)
  } finally {
    await book.close()
  }
}

/**
 * As `withOpenBook`, for a command that needs accounts that are there: a folder that is misspelt is no empty book.
 * @throws PlimsollError CONFIGURATION when the data folder of a private Redis does not exist.
 */
export async function withStoredBook<T>(
  config: Config,
  errors: Output,
  use: (book: OpenedBook, config: Config) => Promise<T>,
): Promise<T> {
  if (config.redisUrl === undefined) {
    const { refuseMissingFolder } = await import('../redis-server/index.ts')
    await refuseMissingFolder(config.dataDir)
  }
  return await withOpenBook(config, errors, use)
}

/** Removes accounts in batches. `missing` names the ids that are not in the book. */
export async function removeAll(
  book: Pick<OpenedBook, 'removeMany'>,
  ids: AsyncIterable<string> | Iterable<string>,
): Promise<{ readonly removed: number; readonly missing: readonly string[] }> {
  const missing: string[] = []
  let removed = 0
  let batch: string[] = []
  const flush = async () => {
    const found = await book.removeMany(batch)
    found.forEach((wasThere, index) => {
      if (wasThere) removed += 1
      else missing.push(batch[index]!)
    })
    batch = []
  }
  for await (const id of ids) {
    batch.push(id)
    if (batch.length === BATCH_ACCOUNTS_MAX) await flush()
  }
  await flush()
  return { removed, missing }
}

/** @throws PlimsollError USAGE when there is no terminal to ask on and `--yes` is not given. */
export async function isConfirmed(
  { input, errors }: { readonly input: Input; readonly errors: Output },
  yes: true | undefined,
  question: string,
): Promise<boolean> {
  if (yes === true) return true
  if (input.isTTY !== true || errors.isTTY !== true) {
    throw new PlimsollError('USAGE', `${question} No terminal can answer: give --yes to do it`)
  }
  return confirm(question, input, errors)
}
