import { Command, InvalidArgumentError, Option } from 'commander'
import type { OpenedBook } from '../api/index.ts'
import type { ListOptions } from '../book/index.ts'
import { type Config, type ConfigOverrides, loadConfig } from '../config.ts'
import { type Account, counted, firstRule, symbolSchema } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { parseVenueId, VENUE_NAMES } from '../venues/index.ts'
import { accountDetails, accountLine, accountSummary } from './account-lines.ts'
import { isConfirmed, removeAll, withStoredBook } from './book.ts'
import { writeLine } from './lines.ts'
import { whole, withBookOptions } from './options.ts'
import { type Input, type Output, type Palette, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

/** Ids not in the book that `accounts remove` names; more are counted. */
const MISSING_NAMED_MAX = 20

interface BookFlags {
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly appendfsync?: string
  readonly shard?: string
  readonly allowUnsafeRedis?: true
}

interface ListFlags extends BookFlags {
  readonly venue?: string
  readonly symbol?: string
  readonly limit?: number
  readonly json?: true
}

interface RemoveFlags extends BookFlags {
  readonly all?: true
  readonly yes?: true
  readonly json?: true
}

export interface AccountsContext {
  readonly input: Input
  readonly output: Output
  readonly errors: Output
}

const REAL: AccountsContext = { input: process.stdin, output: process.stdout, errors: process.stderr }

/** `plimsoll accounts`: lists, shows, exports and removes stored accounts. */
export function accountsCommand(context: AccountsContext = REAL): Command {
  const command = new Command('accounts').description('Lists, shows, exports and removes stored accounts')
  const withFilters = (sub: Command) =>
    sub
      .addOption(
        new Option('--venue <venue>', 'only accounts of this venue').choices([...VENUE_NAMES.keys()]),
      )
      .option('--symbol <symbol>', 'only accounts with a position in this symbol', symbolOf)
      .option('--limit <number>', 'stop after so many accounts', whole(1))
  const list = new Command('list')
    .description('Prints one line for every account, in no order')
    .option('--json', 'JSON lines, as on a pipe: {"id", "venue", "version", "positions", "collateral"}')
    .addHelpText('after', UNREADABLE_HELP)
    .action((flags: ListFlags) => listing(context, flags))
  const show = new Command('show')
    .description('Prints one account in full')
    .argument('<id>', 'id of the account')
    .option('--json', 'one JSON object, as on a pipe; `plimsoll import` takes it back')
    .action((id: string, flags: BookFlags & { json?: true }) => showing(context, id, flags))
  const exporting = new Command('export')
    .description('Prints every account as JSON lines that `plimsoll import` takes back')
    .option('--json', 'JSON lines, which is what this command always prints')
    .addHelpText('after', `\nA backup: plimsoll accounts export > book.jsonl\n${UNREADABLE_HELP}`)
    .action((flags: ListFlags) => exportAll(context, flags))
  const remove = new Command('remove')
    .description('Removes accounts from the book, whatever version is stored')
    .argument('[ids...]', 'ids of accounts')
    .option('--all', 'remove every account of the shard')
    .option('--yes', 'do not ask; needed where there is no terminal to ask on')
    .option('--json', 'print {"removed", "missing"} as one JSON object, as on a pipe')
    .addHelpText(
      'after',
      '\nA running worker stops watching them at once, and publishes `closed` for those\n' +
        'whose warning or liquidation it had published. Exit code 1 where an id is not\n' +
        'in the book.',
    )
    .action((ids: string[], flags: RemoveFlags) => removal(context, ids, flags))
  for (const sub of [withFilters(list), show, withFilters(exporting), remove]) {
    command.addCommand(withBookOptions(sub).option('--allow-unsafe-redis', 'use a Redis that may lose data'))
  }
  return command
}

const UNREADABLE_HELP = '\nA stored account that cannot be read is named on standard error; exit code 1.'

function symbolOf(text: string): string {
  const { error } = symbolSchema.safeParse(text)
  if (error === undefined) return text
  throw new InvalidArgumentError(`It ${firstRule(error)}.`)
}

async function listing(context: AccountsContext, flags: ListFlags): Promise<void> {
  const { output, errors } = context
  const palette = paletteFor(output)
  const toJson = speaksJson(output, flags.json)
  const printed = await printEach(context, flags, (account) =>
    toJson ? jsonLine(accountSummary(account)) : fitted(output, accountLine(account, palette), '  '),
  )
  if (!toJson && printed === 0) tell(errors, NOTHING_FOUND)
}

const NOTHING_FOUND =
  'No account fits. Accounts come into the book with: plimsoll import accounts.jsonl (see plimsoll import --help)'

async function exportAll(context: AccountsContext, flags: ListFlags): Promise<void> {
  await printEach(context, flags, jsonLine)
}

async function printEach(
  context: AccountsContext,
  flags: ListFlags,
  lineOf: (account: Account) => string,
): Promise<number> {
  const { output, errors } = context
  let printed = 0
  await withBook(context, flags, async (book) => {
    for await (const account of book.list(filtersOf(flags, errors))) {
      await writeLine(output, lineOf(account))
      if (++printed === flags.limit) break
    }
  })
  return printed
}

function filtersOf({ venue, symbol }: ListFlags, errors: Output): ListOptions {
  return {
    venue: venue === undefined ? undefined : parseVenueId(venue),
    symbol,
    unreadable(_id, error) {
      process.exitCode = EXIT_FAULT
      tell(errors, `plimsoll: ${error.code}: ${visible(error.message)}`)
    },
  }
}

async function showing(
  context: AccountsContext,
  id: string,
  flags: BookFlags & { json?: true },
): Promise<void> {
  const { output } = context
  await withBook(context, flags, async (book) => {
    const account = await book.get(id)
    if (account === undefined) {
      const message = `no account ${JSON.stringify(id)} is in the book; plimsoll accounts list prints those that are`
      throw new PlimsollError('ACCOUNT_NOT_FOUND', message)
    }
    const toJson = speaksJson(output, flags.json)
    const lines = toJson ? [jsonLine(account)] : accountDetails(account, paletteFor(output))
    for (const line of lines) await writeLine(output, toJson ? line : fitted(output, line, '  '))
  })
}

async function removal(context: AccountsContext, ids: readonly string[], flags: RemoveFlags): Promise<void> {
  if (ids.length > 0 === (flags.all === true)) {
    throw new PlimsollError('USAGE', 'name the accounts to remove, or give --all to remove every one')
  }
  await withBook(context, flags, async (book, { shard }) => {
    const accounts = flags.all === true ? allAccounts(await book.count()) : accountsNamed(ids)
    const isMeant = await isConfirmed(
      context,
      flags.yes,
      `Remove ${accounts} from the book (shard ${shard})?`,
    )
    if (!isMeant) return notRemoved(context)
    const { removed, missing } = await removeAll(book, flags.all === true ? book.ids() : ids)
    const reported = flags.all === true ? [] : missing
    if (reported.length > 0) process.exitCode = EXIT_FAULT
    const { output } = context
    const line = speaksJson(output, flags.json)
      ? jsonLine({ removed, missing: reported })
      : removalLine(removed, reported, paletteFor(output))
    await writeLine(output, line)
  })
}

function notRemoved({ errors }: AccountsContext): void {
  process.exitCode = EXIT_FAULT
  tell(errors, 'plimsoll: nothing was removed')
}

function allAccounts(count: number): string {
  return count === 1 ? 'the only account' : `all ${counted(count, 'account')}`
}

function accountsNamed(ids: readonly string[]): string {
  return ids.length === 1 ? `account ${visible(ids[0]!)}` : counted(ids.length, 'account')
}

function removalLine(removed: number, missing: readonly string[], palette: Palette): string {
  const line = `${counted(removed, 'account')} removed`
  if (missing.length === 0) return line
  const named = missing.slice(0, MISSING_NAMED_MAX).map(visible).join(', ')
  const more = missing.length > MISSING_NAMED_MAX ? ` and ${missing.length - MISSING_NAMED_MAX} more` : ''
  return `${line}; ${palette.red(`not in the book: ${named}${more}`)}`
}

function withBook(
  { errors }: AccountsContext,
  { redisUrl, dataDir, appendfsync, shard, allowUnsafeRedis }: BookFlags,
  use: (book: OpenedBook, config: Config) => Promise<void>,
): Promise<void> {
  const overrides = { redisUrl, dataDir, appendfsync, shard, allowUnsafeRedis } as ConfigOverrides
  return withStoredBook(loadConfig(overrides), errors, use)
}
