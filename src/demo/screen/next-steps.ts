import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account, InstrumentRules, MarginEvent, RulesByVenue } from '../../domain/index.ts'
import { ruleBookOf } from '../../venues/index.ts'
import { accountIndexOf, type DemoBook } from '../accounts/synthetic-accounts.ts'
import { demoRules } from '../exchange/instruments.ts'
import { wrap } from './text.ts'

/** Accounts of the demo's book that are written for an import. */
const IMPORTED_ACCOUNTS = 20
const FOLDER = 'demo'
const INDENT = '  '
/** A shell takes the next line for a part of the same command. */
const CONTINUED = ' \\'

export interface NextSteps {
  /** Undefined when the market liquidated no account. */
  readonly worstFile: string | undefined
  readonly accountsFile: string | undefined
}

/**
 * Writes two small files below `dataDir`: the worst liquidations for `plimsoll margin`, and accounts that the built-in
 * rules cover for `plimsoll import`. An empty file is not written.
 */
export async function leaveNextSteps(
  dataDir: string,
  book: DemoBook,
  worst: readonly MarginEvent[],
): Promise<NextSteps> {
  const folder = join(dataDir, FOLDER)
  await mkdir(folder, { recursive: true })
  const leave = async (name: string, lines: readonly object[]): Promise<string | undefined> => {
    if (lines.length === 0) return undefined
    const path = join(folder, name)
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    return path
  }
  const rules = demoRules(book.instruments)
  const states = worst.map((event) =>
    marginInputOf(book.account(accountIndexOf(event.account)), event, rules),
  )
  return {
    worstFile: await leave('worst.jsonl', states),
    accountsFile: await leave('accounts.jsonl', importable(book)),
  }
}

/**
 * The commands with their purpose: beside them, or below them if a line would be wider than `columns`. A command that is
 * wider continues in the next line, after a backslash, so that a shell takes it. `dataDirFlag` is empty for the default
 * data folder, otherwise its flag with a blank before it.
 */
export function renderNextSteps(
  { worstFile, accountsFile }: NextSteps,
  dataDirFlag: string,
  columns: number,
): string[] {
  const steps: [command: string, why: string][] = [['demo --seed 2', 'another market and book']]
  if (accountsFile !== undefined)
    steps.unshift(
      [`import ${accountsFile}${dataDirFlag}`, 'stores some of its accounts'],
      [`run${dataDirFlag}`, 'watches them at the exchanges'],
    )
  if (worstFile !== undefined) steps.unshift([`margin ${worstFile}`, 'checks its worst liquidations'])
  const width = Math.max(...steps.map(([command]) => command.length))
  const table = steps.map(([command, why]) => `${INDENT}npx plimsoll ${command.padEnd(width)}  ${why}`)
  if (table.every((line) => line.length <= columns)) return ['Try next:', ...table]
  return [
    'Try next:',
    ...steps.flatMap(([command, why]) => [
      ...commandLines(`npx plimsoll ${command}`, columns - INDENT.length),
      ...wrap(why, columns - 2 * INDENT.length).map((line) => INDENT + INDENT + line),
    ]),
  ]
}

function commandLines(command: string, columns: number): string[] {
  if (command.length <= columns) return [INDENT + command]
  const lines = wrap(command, columns - INDENT.length - CONTINUED.length)
  return lines.map(
    (line, index) => INDENT + (index > 0 ? INDENT : '') + line + (index < lines.length - 1 ? CONTINUED : ''),
  )
}

/** What `plimsoll margin` needs to compute the margin account of the event again: its positions, marks and rules. */
export function marginInputOf(account: Account, event: MarginEvent, rulesByVenue: RulesByVenue) {
  const { venue } = account
  const isPartOf = ({ symbol, size, marginMode }: Account['positions'][number]) =>
    marginMode === event.marginMode &&
    event.positions.some((position) => position.symbol === symbol && position.size === size)
  const rules: Readonly<Record<string, InstrumentRules>> = rulesByVenue.get(venue) ?? {}
  const symbols = event.marks.map(({ symbol }) => symbol)
  return {
    account: {
      ...account,
      collateral:
        event.marginMode === 'cross' ? account.collateral.filter(({ asset }) => asset === event.settle) : [],
      positions: account.positions.filter(isPartOf),
    },
    marks: Object.fromEntries(event.marks.map(({ symbol, markPrice }) => [symbol, markPrice])),
    rules: Object.fromEntries(symbols.map((symbol) => [symbol, rules[symbol]])),
  }
}

function importable(book: DemoBook): Account[] {
  const accounts: Account[] = []
  for (let index = 0; index < book.accounts && accounts.length < IMPORTED_ACCOUNTS; index++) {
    const account = book.account(index)
    const rules = ruleBookOf(account.venue)
    if (account.positions.every(({ symbol }) => rules.rulesOf(symbol) !== undefined)) accounts.push(account)
  }
  return accounts
}
