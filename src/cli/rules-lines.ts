import { counted, type EffectiveRules, type InstrumentRules, NO_CAP, type RuleBook } from '../domain/index.ts'
import { entryAt } from '../rules/index.ts'
import { capUnitOf } from './rules-asked.ts'
import { ageText, isKnownLater, type Known, knownAt } from './rules-known.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** What a command prints: one object to a program, lines to a person. */
export interface Printed {
  readonly json: object
  text(palette: Palette): string[]
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString()
}

/** A rule book in one line: version, how many contracts it holds, and how old their rules are. */
export function bookLine(book: RuleBook, atMs: number): Printed {
  const held = tablesAt(book, atMs)
  const days = held.flatMap(({ rules }) => rules.asOf ?? []).sort()
  const knownLater = held.filter((table) => isKnownLater(knownOf(table, atMs), atMs)).length
  const [oldest = null, newest = null] = [days[0], days.at(-1)]
  const undated = held.length - days.length
  const { venue, version: ruleBook } = book
  const { closingFee, liquidation } = book.defaults
  const refused = book.refused?.size ?? 0
  const collateral = [...(book.collateralAssets?.() ?? [])].length
  const stated = { contracts: held.length, oldest, newest, undated, knownLater, collateral, refused }
  const json = { venue, ruleBook, ...stated, closingFee, liquidation }
  const text = (palette: Palette) => [
    [
      palette.strong(venue),
      counted(held.length, 'contract'),
      ...(oldest === null ? [] : [`rules seen ${oldest === newest ? oldest : `${oldest} to ${newest}`}`]),
      ...(undated === 0 ? [] : [palette.yellow(`${undated} of no known day`)]),
      ...(knownLater === 0 ? [] : [palette.yellow(`${knownLater} of a later day`)]),
      ...(collateral === 0 ? [] : [`collateral ${counted(collateral, 'asset')}`]),
      ...(refused === 0 ? [] : [palette.red(`${refused} refused`)]),
      palette.dim(ruleBook),
    ].join('  '),
  ]
  return { json, text }
}

/** A rule book with what holds for all its contracts. */
export function bookLines(book: RuleBook, atMs: number): Printed {
  const { json, text } = bookLine(book, atMs)
  const { closingFee, liquidation } = book.defaults
  const defaults = [
    `  closing fee  ${closingFee}`,
    `  liquidated when the margin balance ${liquidation === 'reached' ? 'is at or' : 'is'} below the maintenance margin`,
  ]
  return { json, text: (palette) => [...text(palette), ...defaults] }
}

/** The contracts of a book, each in one line, by symbol. */
export function contractLines(book: RuleBook, atMs: number): Printed[] {
  const held = tablesAt(book, atMs)
  const width = Math.max(0, ...held.map(({ symbol }) => symbol.length))
  return held.map((table) => {
    const { symbol, rules } = table
    const { contribution, settlementAsset, maintenance } = rules
    const { kind } = maintenance
    const known = knownOf(table, atMs)
    const changes = book.entriesOf(symbol).length
    const json = { venue: book.venue, symbol, contribution, settlementAsset, kind, ...known, changes }
    const text = (palette: Palette) => {
      const parts = [contribution, `settles in ${visible(settlementAsset)}`, summaryOf(rules)].join('  ')
      return [
        `${palette.strong(visible(symbol).padEnd(width))}  ${parts}  ${agePainted(known, atMs, palette)}`,
      ]
    }
    return { json, text }
  })
}

/** A table that was first seen later is not to be overlooked. */
export function agePainted(known: Known, atMs: number, palette: Palette): string {
  const text = ageText(known, atMs)
  return isKnownLater(known, atMs) ? palette.yellow(text) : palette.dim(text)
}

type Table = InForce & { readonly symbol: string }

/** The contracts of a book that have rules at a time, by symbol. */
export function tablesAt(book: RuleBook, atMs: number): Table[] {
  return [...book.symbols()].sort().flatMap((symbol) => {
    const entry = entryAt(book.entriesOf(symbol), atMs)
    return entry === undefined || entry.rules === null ? [] : [{ ...entry, rules: entry.rules, symbol }]
  })
}

export function knownOf({ fromMs, rules }: InForce, atMs: number): Known {
  return knownAt({ fromMs, asOf: rules.asOf }, atMs)
}

/** How many tiers, and what the first one asks for. */
function summaryOf({ maintenance }: InstrumentRules): string {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return maintenance.kind
  const { tiers } = maintenance
  return `${counted(tiers.length, 'tier')} from ${percent(tiers[0]!.maintenanceMarginRate)}`
}

/** Moves the point of a decimal by two digits; a fraction, such as 1/30, stays as it is. */
export function percent(rate: string): string {
  if (rate.includes('/')) return rate
  const [whole = '0', fraction = ''] = rate.split('.')
  const digits = `${whole}${fraction.padEnd(2, '0')}`
  const point = whole.length + 2
  const decimals = digits.slice(point).replace(/0+$/, '')
  return `${digits.slice(0, point).replace(/^0+(?=\d)/, '')}${decimals === '' ? '' : `.${decimals}`} %`
}

type InForce = EffectiveRules & { readonly rules: InstrumentRules }

/** The rules of one contract in full. `warning`: what is to be said of them at that time. */
export function rulesLines(
  book: RuleBook,
  symbol: string,
  entry: InForce,
  { atMs, warning }: { readonly atMs: number; readonly warning: string | null },
): Printed {
  const { rules, fromMs, source } = entry
  const known = knownOf(entry, atMs)
  const next = book.entriesOf(symbol).find((other) => other.fromMs > fromMs)
  const json = {
    venue: book.venue,
    symbol,
    ruleBook: book.version,
    effectiveFrom: timeText(fromMs),
    effectiveUntil: timeText(next?.fromMs),
    ...known,
    warning,
    source,
    rules,
  }
  const text = (palette: Palette) => {
    const { contribution, multiplier, settlementAsset, takerFeeRate, maintenance } = rules
    const from = timeText(fromMs)
    const until = timeText(next?.fromMs)
    return [
      `${palette.strong(`${book.venue} ${visible(symbol)}`)}  ${contribution}  multiplier ${multiplier}  settles in ${visible(settlementAsset)}  taker fee ${percent(takerFeeRate)}`,
      `  in force  ${from === null ? 'since a day that is not known' : `from ${from}`}${until === null ? '' : ` until ${until}`}`,
      ...warningLines(warning, palette),
      ...(isKnownLater(known, atMs) ? [] : [`  rules  ${ageText(known, atMs)}`]),
      `  source  ${visible(source)}`,
      `  maintenance  ${[maintenance.kind, ...figuresOf(maintenance)].join('  ')}`,
      ...tierTable(rules),
      ...(rules.assumptions ?? []).map(
        (assumption) => `  ${palette.yellow('assumed')}  ${visible(assumption)}`,
      ),
    ]
  }
  return { json, text }
}

export function warningLines(warning: string | null, palette: Palette): string[] {
  return warning === null ? [] : [`  ${palette.yellow('warning')}  ${visible(warning)}`]
}

/** The numbers of rules that are not a table. */
function figuresOf(maintenance: InstrumentRules['maintenance']): string[] {
  switch (maintenance.kind) {
    case 'size-rate':
      return [percent(maintenance.base), `${maintenance.increment} more a coin`]
    case 'per-contract':
      return [`${maintenance.amount} a contract`]
    case 'side-rates':
      return [`long ${percent(maintenance.long)}`, `short ${percent(maintenance.short)}`]
    case 'initial-share':
      return [`${maintenance.share} of an initial ${percent(maintenance.initialRate)}`]
    case 'option-standard':
      return [`short ${percent(maintenance.maintenanceRate)} of the underlying`]
    default:
      return []
  }
}

function tierTable(rules: InstrumentRules): string[] {
  const { maintenance } = rules
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return []
  const hasDeductions = maintenance.kind === 'marginal-tiers'
  const head = [
    `up to (${visible(capUnitOf(rules)!)})`,
    'rate',
    ...(hasDeductions ? ['deduction'] : []),
    'leverage',
  ]
  const rows = maintenance.tiers.map((tier) => [
    tier.cap === NO_CAP ? 'no cap' : tier.cap,
    percent(tier.maintenanceMarginRate),
    ...('maintenanceDeduction' in tier ? [tier.maintenanceDeduction] : []),
    tier.maxLeverage === undefined ? '' : `${tier.maxLeverage}x`,
  ])
  return tableLines([head, ...rows])
}

/** Rows of cells with a head, their columns under one another. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    `    ${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`.trimEnd(),
  )
}

/** A symbol or an asset of a rules file, after its check. */
export interface Checked {
  readonly venue: string
  readonly symbol: string
  readonly entries: number
  readonly refused: string | null
}

/** `summary`: what the rules of an asset say. */
export function checkedLine(
  { venue, symbol, entries, refused }: Checked,
  summary: string | undefined,
  palette: Palette,
): string {
  const name = palette.strong(`${venue} ${visible(symbol)}`)
  if (refused !== null) return `${name}  ${palette.red(`refused: ${visible(refused)}`)}`
  const details = summary ?? (entries === 1 ? undefined : counted(entries, 'entry', 'entries'))
  return [name, palette.green('can be used'), ...(details === undefined ? [] : [details])].join('  ')
}
