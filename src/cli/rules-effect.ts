import type { Config } from '../config.ts'
import { counted, type ImportedRules, type RuleBook, type VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { levelRule } from '../margin/index.ts'
import { type MovedMarginAccount, type RulesEffect, rulesEffect } from '../questions/index.ts'
import { bookAt, withCollateralRules, withRules } from '../rules/index.ts'
import { type ReadFault, readAccounts } from './accounts-read.ts'
import { shortened } from './figures.ts'
import { readPresentState } from './marks-file.ts'
import type { Output, Palette } from './terminal.ts'
import { visible } from './visible.ts'

const RATIO_DIGITS = 5
/** Margin accounts, prices and refusals that are printed each; JSON has all. */
const LINES_MAX = 20

export interface EffectFlags {
  readonly accounts?: string
  readonly storedAccounts?: true
  readonly marks?: string
}

export interface NewRules {
  readonly venue: VenueId
  readonly imported: ImportedRules
  /** The rules in use. */
  readonly book: RuleBook
  readonly config: Config
  readonly nowMs: number
}

/** An effect on accounts, how many of them cannot be read, and why. */
export interface ReadEffect extends RulesEffect {
  readonly unreadable: number
  readonly faults: readonly ReadFault[]
}

/** What the rules do to the accounts that the flags name; null if they name none. */
export async function effectOf(
  { venue, imported, book, config, nowMs }: NewRules,
  { accounts: file, storedAccounts, marks }: EffectFlags,
  errors: Output,
): Promise<ReadEffect | null> {
  if (file !== undefined && storedAccounts === true) {
    throw new PlimsollError(
      'USAGE',
      '--accounts names a file and --stored-accounts the book; give one of them',
    )
  }
  if (file === undefined && storedAccounts === undefined) {
    if (marks === undefined) return null
    throw new PlimsollError('USAGE', '--marks has no effect without --accounts or --stored-accounts')
  }
  const { present, collateralRules } = await readPresentState(marks, true, nowMs)
  const { accounts, unreadable, faults } = await readAccounts({ file, format: undefined, config, errors })
  const latest = Object.fromEntries(
    [...imported.rules].map(([symbol, entries]) => [symbol, entries.at(-1)!.rules]),
  )
  const weighed = withCollateralRules(book, Object.fromEntries(imported.collateral))
  const effect = rulesEffect({
    accounts: [...accounts].filter((account) => account.venue === venue),
    before: withCollateralRules(book, collateralRules),
    after: withCollateralRules(
      bookAt(withRules(weighed, latest, `${book.version}+imported`), nowMs),
      collateralRules,
    ),
    present,
    rule: levelRule(config.levels, config.hysteresis),
  })
  return { ...effect, unreadable, faults }
}

/** Lines for people, what gets worse first. */
export function effectLines(effect: RulesEffect, palette: Palette): string[] {
  const { marginAccounts, up, down, unknown, missing, refused } = effect
  const counts = [
    counted(marginAccounts, 'margin account'),
    palette.red(`${up.length} move up`),
    palette.green(`${down.length} move down`),
    ...(unknown === 0 ? [] : [palette.red(`${unknown} unknown`)]),
    ...(refused.length === 0 ? [] : [palette.red(`${counted(refused.length, 'account')} refused`)]),
  ]
  return [
    counts.join('  '),
    ...capped(up, (one) => movedLine(one, palette.red, palette), 'move up'),
    ...capped(down, (one) => movedLine(one, palette.green, palette), 'move down'),
    ...capped(
      missing,
      ({ kind, name, marginAccounts }) =>
        `  no ${kind} of ${visible(name)}: ${counted(marginAccounts, 'margin account is', 'margin accounts are')} unknown`,
      'prices are not known',
    ),
    ...capped(
      refused,
      ({ account, reason }) => `  ${palette.red('refused')} ${visible(account)}  ${visible(reason)}`,
      'accounts are refused',
    ),
  ]
}

function movedLine(
  { marginAccount, levelBefore, level, ratioBefore, ratio }: MovedMarginAccount,
  paint: (text: string) => string,
  palette: Palette,
): string {
  return [
    `  ${palette.strong(visible(marginAccount))}`,
    paint(`${levelText(levelBefore)} -> ${levelText(level)}`),
    `ratio ${ratioShown(ratioBefore)} -> ${ratioShown(ratio)}`,
  ].join('  ')
}

function levelText(level: string | null): string {
  if (level === null) return 'not judged'
  return level === '0' ? 'safe' : level === '1' ? 'liquidated' : `level ${level}`
}

function ratioShown(ratio: string | null): string {
  return ratio === null ? 'none' : shortened(ratio, RATIO_DIGITS, 'down')
}

function capped<One>(list: readonly One[], lineOf: (one: One) => string, what: string): string[] {
  const more = list.length - LINES_MAX
  return [...list.slice(0, LINES_MAX).map(lineOf), ...(more > 0 ? [`  and ${more} more ${what}`] : [])]
}
