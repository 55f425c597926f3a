import { type EffectiveRules, type InstrumentRules, NO_CAP, type RuleBook } from '../domain/index.ts'
import { ruleAgeDays } from '../margin/index.ts'
import { capUnitOf } from './rules-asked.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** What a command prints: one object to a program, lines to a person. */
export interface Printed {
  readonly json: object
  text(palette: Palette): string[]
}

export function ageOf(asOf: string | undefined, atMs: number): number | null {
  return ruleAgeDays(asOf === undefined ? null : Date.parse(asOf), atMs)
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString()
}

export function ageText(asOf: string | undefined, atMs: number): string {
  if (asOf === undefined) return 'of no known day'
  return Date.parse(asOf) > atMs ? `seen until ${asOf}` : `seen ${asOf}, ${ageOf(asOf, atMs)} days before`
}

/** A rule book in one line: version, how many contracts it holds, and how old their rules are. */
export function bookLine(book: RuleBook, atMs: number): Printed {
  const held = [...book.symbols()].flatMap((symbol) => book.rulesOf(symbol, atMs) ?? [])
  const days = held.flatMap(({ asOf }) => asOf ?? []).sort()
  const [oldest = null, newest = null] = [days[0], days.at(-1)]
  const undated = held.length - days.length
  const { venue, version: ruleBook } = book
  const { closingFee, liquidation } = book.defaults
  const refused = book.refused?.size ?? 0
  const collateral = [...(book.collateralAssets?.() ?? [])].length
  const stated = { contracts: held.length, oldest, newest, undated, collateral, refused }
  const json = { venue, ruleBook, ...stated, closingFee, liquidation }
  const text = (palette: Palette) => [
    [
      palette.strong(venue),
      `${held.length} ${held.length === 1 ? 'contract' : 'contracts'}`,
      ...(oldest === null ? [] : [`rules seen ${oldest === newest ? oldest : `${oldest} to ${newest}`}`]),
      ...(undated === 0 ? [] : [palette.yellow(`${undated} of no known day`)]),
      ...(collateral === 0 ? [] : [`collateral ${collateral} ${collateral === 1 ? 'asset' : 'assets'}`]),
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
  const held = [...book.symbols()].sort().flatMap((symbol) => {
    const rules = book.rulesOf(symbol, atMs)
    return rules === undefined ? [] : [{ symbol, rules }]
  })
  const width = Math.max(0, ...held.map(({ symbol }) => symbol.length))
  return held.map(({ symbol, rules }) => {
    const { contribution, settlementAsset, maintenance, asOf } = rules
    const { kind } = maintenance
    const age = { asOf: asOf ?? null, ruleAgeDays: ageOf(asOf, atMs) }
    const changes = book.entriesOf(symbol).length
    const json = { venue: book.venue, symbol, contribution, settlementAsset, kind, ...age, changes }
    const text = (palette: Palette) => {
      const parts = [contribution, `settles in ${visible(settlementAsset)}`, summaryOf(rules)].join('  ')
      return [
        `${palette.strong(visible(symbol).padEnd(width))}  ${parts}  ${palette.dim(ageText(asOf, atMs))}`,
      ]
    }
    return { json, text }
  })
}

/** How many tiers, and what the first one asks for. */
function summaryOf({ maintenance }: InstrumentRules): string {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return maintenance.kind
  const { tiers } = maintenance
  return `${tiers.length} ${tiers.length === 1 ? 'tier' : 'tiers'} from ${percent(tiers[0]!.maintenanceMarginRate)}`
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

/** The rules of one contract in full. */
export function rulesLines(book: RuleBook, symbol: string, entry: InForce, atMs: number): Printed {
  const { rules, fromMs, source } = entry
  const next = book.entriesOf(symbol).find((other) => other.fromMs > fromMs)
  const json = {
    venue: book.venue,
    symbol,
    ruleBook: book.version,
    effectiveFrom: timeText(fromMs),
    effectiveUntil: timeText(next?.fromMs),
    asOf: rules.asOf ?? null,
    ruleAgeDays: ageOf(rules.asOf, atMs),
    source,
    rules,
  }
  const text = (palette: Palette) => {
    const { contribution, multiplier, settlementAsset, takerFeeRate, asOf, maintenance } = rules
    const from = timeText(fromMs)
    const until = timeText(next?.fromMs)
    return [
      `${palette.strong(`${book.venue} ${visible(symbol)}`)}  ${contribution}  multiplier ${multiplier}  settles in ${visible(settlementAsset)}  taker fee ${percent(takerFeeRate)}`,
      `  in force  ${from === null ? 'always' : `from ${from}`}${until === null ? '' : ` until ${until}`}`,
      `  rules  ${ageText(asOf, atMs)}`,
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
  const details = summary ?? (entries === 1 ? undefined : `${entries} entries`)
  return [name, palette.green('can be used'), ...(details === undefined ? [] : [details])].join('  ')
}
