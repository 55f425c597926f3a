import { counted, grouped, suggestionOf } from '../domain/index.ts'
import { EVERY_PRICE, type Reached, type ReachedTotal, type WhatIf } from '../questions/index.ts'
import { shortened } from './figures.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

const MONEY_DIGITS = 8
const RATIO_DIGITS = 5
/** Prices that move, prices that stay, prices that are not known, and accounts that are refused: of each so many are named; JSON has all. */
const NAMED_MAX = 10
/** Widest column of names. A longer name moves the rest of its line to the right. */
const NAME_WIDTH_MAX = 40

/** What says the present prices. */
export type PresentSource = 'marks' | 'entry-prices' | 'marks-and-entry-prices' | 'none'

const PRESENT_LINES: Readonly<Record<PresentSource, readonly string[]>> = {
  marks: [],
  'entry-prices': ['present marks: the entry price of each position, because no --marks states others'],
  'marks-and-entry-prices': [
    'present marks: those of --marks; where it states none, the entry price of each position',
  ],
  none: [
    'present prices: none are stated, so that only what a move states is known; --marks or --from-entry states the others',
  ],
}

/** The answer of `plimsoll what-if` for people: counts, totals, the worst margin accounts, then what is not known. */
export function whatIfLines(
  moves: readonly string[],
  present: PresentSource,
  found: WhatIf,
  palette: Palette,
): string[] {
  const { marginAccounts, safe, warned, liquidated, unknown, reached } = found
  const counts = [
    counted(marginAccounts, 'margin account'),
    palette.red(`${grouped(liquidated)} liquidated`),
    palette.yellow(`${grouped(warned)} warned`),
    palette.green(`${grouped(safe)} safe`),
    ...(unknown === 0 ? [] : [palette.red(`${grouped(unknown)} unknown`)]),
  ]
  const more = liquidated + warned - reached.length
  return [
    palette.strong(moves.length === 0 ? 'present marks' : moves.map(visible).join('  ')),
    ...PRESENT_LINES[present],
    ...movedLines(found),
    counts.join('  '),
    ...(marginAccounts === 0 ? [palette.red('there is no margin account to judge')] : []),
    ...found.totals.map((total) => totalLine(total, palette)),
    ...reachedLines(reached, palette),
    ...(more > 0 ? [palette.dim(`and ${grouped(more)} more; --limit lists them`)] : []),
    ...faultLines(found, palette),
  ]
}

function movedLines({ marks, marksMoved, indexPrices, kept }: WhatIf): string[] {
  const ofMarks = marks.map(({ venue, symbol, before, price }) => {
    const change = price === null ? 'from entry prices' : changeText(before, price)
    return `${visible(symbol)} (${venue}) ${change}`
  })
  const ofIndexPrices = indexPrices.map(
    ({ asset, before, price }) => `${visible(asset)} ${changeText(before, price)}`,
  )
  const ofKept = kept.map(
    ({ kind, venue, name }) => `${kind} of ${visible(name)}${venue === null ? '' : ` (${venue})`}`,
  )
  return [
    ...listLine('marks moved', ofMarks, marksMoved),
    ...listLine('index prices moved', ofIndexPrices, ofIndexPrices.length),
    ...listLine('kept by a move of their own', ofKept, ofKept.length),
  ]
}

function changeText(before: string | null, price: string): string {
  return before === null ? price : `${before} → ${price}`
}

function listLine(title: string, each: readonly string[], count: number): string[] {
  if (count === 0) return []
  const more = count - Math.min(each.length, NAMED_MAX)
  return [`${title}: ${each.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${grouped(more)} more` : ''}`]
}

function totalLine({ level, settle, marginAccounts, notional, shortfall }: ReachedTotal, palette: Palette) {
  return [
    `  ${kindOf(level, palette)}`,
    `${grouped(marginAccounts)} in ${visible(settle)}`,
    `notional ${money(notional)}`,
    ...(shortfall === '0' ? [] : [`shortfall ${money(shortfall)}`]),
  ].join('  ')
}

const KIND_WIDTH = 'liquidated'.length

function kindOf(level: string, palette: Palette): string {
  return level === '1' ? palette.red('liquidated') : palette.yellow(`level ${level}`.padEnd(KIND_WIDTH))
}

function reachedLines(reached: readonly Reached[], palette: Palette): string[] {
  const widest = Math.max(0, ...reached.map(({ marginAccount }) => marginAccount.length))
  const width = Math.min(widest, NAME_WIDTH_MAX)
  return reached.map(({ level, levelBefore, marginAccount, marginRatio, notional, shortfall, settle }) =>
    [
      kindOf(level, palette),
      palette.strong(visible(marginAccount).padEnd(width)),
      `ratio ${marginRatio === null ? 'none' : shortened(marginRatio, RATIO_DIGITS, 'down')}`,
      `notional ${money(notional)} ${visible(settle)}`,
      ...(shortfall === '0' ? [] : [`short ${money(shortfall)}`]),
      palette.dim(beforeText(level, levelBefore)),
    ].join('  '),
  )
}

function beforeText(level: string, before: string | null): string {
  if (before === null) return 'before: not known'
  return before === level ? 'as before' : before === '0' ? 'before: safe' : `before: level ${before}`
}

function faultLines({ missing, unheld, similar, refused }: WhatIf, palette: Palette): string[] {
  const missed = missing.map(missingLine)
  const refusals = refused.map(({ account, reason }) => `${visible(account)} is refused: ${visible(reason)}`)
  return [
    ...named(missed, 'prices are not known'),
    ...unheld.map((name) =>
      name === EVERY_PRICE
        ? `no account depends on a price that ${EVERY_PRICE} moves`
        : `no account depends on ${visible(name)}${visible(suggestionOf(similar[name] ?? []))}`,
    ),
    ...named(refusals, 'accounts are refused'),
  ].map((line) => palette.red(line))
}

/** Which price is not known, and how many margin accounts wait for it. */
export function missingLine({
  kind,
  venue,
  name,
  underlying,
  marginAccounts,
}: WhatIf['missing'][number]): string {
  const price = `${visible(name)}${kind === 'index price' ? '' : ` (${venue})`}`
  const unknown = `${counted(marginAccounts, 'margin account is', 'margin accounts are')} unknown`
  if (underlying === undefined) return `no ${kind} of ${price}: ${unknown}`
  return `the mark of option ${price} does not follow from the move of ${visible(underlying)}: ${unknown}; state it with ${visible(name)}=PRICE`
}

/** The first lines, and how many more there are of them. */
export function named(lines: readonly string[], what: string): string[] {
  const more = lines.length - NAMED_MAX
  return [...lines.slice(0, NAMED_MAX), ...(more > 0 ? [`and ${grouped(more)} more ${what}`] : [])]
}

function money(figure: string): string {
  return shortened(figure, MONEY_DIGITS, 'up')
}
