import {
  type ImportedRules,
  type PoolKind,
  type RuleBook,
  rulesOfKind,
  type VenueId,
} from '../domain/index.ts'
import { writeLine } from './lines.ts'
import { collateralDifferencesOf, type Difference, differenceOf, diffLine } from './rules-diff.ts'
import { effectLines, type ReadEffect } from './rules-effect.ts'
import { type Output, paletteFor } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted } from './wrapping.ts'

/** Lines of refusals and of changes that are printed each; JSON has all. */
const LINES_MAX = 20

export interface ImportReport {
  readonly venue: VenueId
  readonly taken: number
  readonly refused: readonly { readonly symbol: string; readonly reason: string }[]
  /** Against the rules in use. */
  readonly changed: readonly Difference[]
}

/** `nowMs`: the time at which the rules of the book are in force. */
export function reportOf(
  venue: VenueId,
  imported: ImportedRules,
  book: RuleBook,
  nowMs: number,
): ImportReport {
  const changed = [...imported.rules].flatMap(([symbol, entries]) => {
    const before = book.rulesOf(symbol, nowMs)
    const after = entries.at(-1)!.rules
    return differenceOf(venue, symbol, before, after, book.defaults) ?? []
  })
  const assets = [...imported.collateral].flatMap(([asset, rules]) => {
    const after = (kind: PoolKind) => rulesOfKind([rules], kind) ?? book.collateralOf?.(asset, kind)
    return collateralDifferencesOf(venue, asset, (kind) => book.collateralOf?.(asset, kind), after)
  })
  const refused = [...imported.refused].map(([symbol, reason]) => ({ symbol, reason }))
  const taken = imported.rules.size + imported.collateral.size
  return { venue, taken, refused, changed: [...changed, ...assets] }
}

/** `effect`: what the rules do to accounts, if it was asked. */
export async function writeReport(
  output: Output,
  { effect, ...report }: ImportReport & { readonly effect: ReadEffect | null },
  json: true | undefined,
): Promise<void> {
  if (json === true) {
    return await writeLine(output, jsonLine(effect === null ? report : { ...report, accounts: effect }))
  }
  const palette = paletteFor(output)
  const { venue, taken, refused, changed } = report
  const tell = (line: string) => writeLine(output, fitted(output, line, '  '))
  await tell(`${palette.strong(venue)}  ${taken} taken  ${refused.length} refused  ${changed.length} changed`)
  for (const { symbol, reason } of refused.slice(0, LINES_MAX)) {
    await tell(`  ${palette.red('refused')} ${visible(symbol)}  ${visible(reason)}`)
  }
  if (refused.length > LINES_MAX) await tell(`  and ${refused.length - LINES_MAX} more are refused`)
  for (const difference of changed.slice(0, LINES_MAX)) await tell(`  ${diffLine(difference, palette)}`)
  if (changed.length > LINES_MAX) await tell(`  and ${changed.length - LINES_MAX} more have changed`)
  for (const line of effect === null ? [] : effectLines(effect, palette)) await tell(line)
}
