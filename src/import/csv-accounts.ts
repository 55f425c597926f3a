import { counted } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { LINE_LENGTH_MAX, type Line } from '../input/index.ts'
import { type Candidate, lineRefusal, type Refusal, type Refused, refusal } from './candidate.ts'
import { type CsvSeparator, parseCsvRow, separatorOf } from './csv.ts'

/** Ids kept to notice rows of one account that are apart. More accounts in one file are a fault. */
export const CSV_ACCOUNTS_MAX = 5_000_000

/** Must be equal in all rows of an account that state them. */
const ACCOUNT_COLUMNS = [
  'venue',
  'version',
  'asOfMs',
  'separateWallets',
  'levels',
  'poolCurrency',
  'poolKind',
  'liquidationLevel',
] as const
const COLLATERAL_COLUMNS = ['asset', 'amount'] as const
/** What is owed of the asset of the row, and what it costs. */
const LIABILITY_COLUMNS = ['liability', 'principal', 'hourlyInterestRate'] as const
const POSITION_COLUMNS = [
  'symbol',
  'marginMode',
  'size',
  'entryPrice',
  'leverage',
  'isolatedMargin',
  'maintenanceMarginRate',
  'maxLeverage',
  'fourHourlyRolloverRate',
  'rolloverTimeMs',
] as const
/** Columns of an import in CSV, in any order. `id` and `venue` must be there. */
export const CSV_COLUMNS = [
  'id',
  ...ACCOUNT_COLUMNS,
  ...COLLATERAL_COLUMNS,
  ...LIABILITY_COLUMNS,
  ...POSITION_COLUMNS,
] as const

type Column = (typeof CSV_COLUMNS)[number]
type Row = Partial<Record<Column, string>>

/** The rows of one account so far. */
interface Group {
  readonly id: string
  readonly line: number
  readonly stated: Row
  readonly collateral: Row[]
  readonly collateralLines: number[]
  readonly liabilities: Row[]
  readonly liabilityLines: number[]
  readonly positions: Row[]
  readonly positionLines: number[]
  fault: Refusal | undefined
}

/**
 * Joins the rows of a CSV file to accounts. A row holds one position, one asset with what is owned and owed of it, or both; adjacent rows with
 * the same id are one account. An account with a bad row is refused as a whole: a part of its positions would be a
 * different account.
 */
export class CsvAccounts {
  #columns: readonly Column[] | undefined
  #separator: CsvSeparator = ','
  #group: Group | undefined
  /** A row whose id could not be read: it may belong to the account after it. */
  #orphan: Refusal | undefined
  /** The first line of each account. */
  readonly #seen = new Map<string, number>()

  /** Takes a row; returns the accounts that are complete with it. Throws INPUT_INVALID for a header that does not fit. */
  push(line: Line): (Candidate | Refused)[] {
    if (line.text.trim() === '') return []
    if (this.#columns === undefined) {
      this.#separator = separatorOf(line.text)
      this.#columns = readHeader(line, this.#separator)
      return []
    }
    const { fields, fault } = this.#read(line, this.#columns)
    const row = Object.fromEntries(
      fields.map((field, index) => [this.#columns?.[index] ?? '', field]).filter(([, field]) => field !== ''),
    ) as Row
    const broken = fault === undefined ? undefined : lineRefusal(line.number, line.text, fault)
    if (row.id === undefined)
      return this.#pushOrphan(broken ?? refusal(line.number, ['id'], undefined, 'must not be empty'))
    const complete = row.id === this.#group?.id ? [] : this.end()
    this.#group ??= this.#open(row.id, row, line.number)
    add(this.#group, row, line.number)
    this.#group.fault ??= broken
    return complete
  }

  /** Call at the end. Returns the last account. */
  end(): (Candidate | Refused)[] {
    const group = this.#group
    this.#group = undefined
    if (group === undefined) return []
    return [group.fault === undefined ? candidateOf(group) : [group.fault]]
  }

  #read(line: Line, columns: readonly Column[]): { fields: readonly string[]; fault: string | undefined } {
    const { fields, fault } = parseCsvRow(line.text, this.#separator)
    if (line.isCut) return { fields, fault: `must not be longer than ${LINE_LENGTH_MAX} characters` }
    if (fault !== undefined || fields.length === columns.length) return { fields, fault }
    return {
      fields,
      fault: `must have ${counted(columns.length, 'field')} as the header, has ${fields.length}`,
    }
  }

  #pushOrphan(broken: Refusal): (Candidate | Refused)[] {
    this.#orphan = broken
    if (this.#group !== undefined) {
      this.#group.fault ??= neighbour(this.#group.line, this.#group.id, broken.line)
    }
    return [...this.end(), [broken]]
  }

  #open(id: string, row: Row, line: number): Group {
    let fault: Refusal | undefined
    const before = this.#seen.get(id)
    if (before !== undefined) fault = apart(line, id, before)
    else if (this.#orphan !== undefined) fault = neighbour(line, id, this.#orphan.line)
    this.#orphan = undefined
    if (this.#seen.size === CSV_ACCOUNTS_MAX) {
      throw new PlimsollError(
        'INPUT_INVALID',
        `line ${line}: a CSV file may hold ${CSV_ACCOUNTS_MAX} accounts (CSV_ACCOUNTS_MAX); split it or use JSON lines`,
      )
    }
    if (before === undefined) this.#seen.set(id, line)
    return {
      id,
      line,
      stated: part(row, ACCOUNT_COLUMNS) ?? {},
      collateral: [],
      collateralLines: [],
      liabilities: [],
      liabilityLines: [],
      positions: [],
      positionLines: [],
      fault,
    }
  }
}

/** Whether a line is the header of such a file, which no line of JSON is. */
export function isCsvHeader(text: string): boolean {
  const { fields } = parseCsvRow(text.trim(), separatorOf(text))
  return fields.includes('id') && fields.includes('venue')
}

function readHeader(line: Line, separator: CsvSeparator): readonly Column[] {
  const { fields, fault } = parseCsvRow(line.text, separator)
  const fail = (what: string) => new PlimsollError('INPUT_INVALID', `line ${line.number} (header): ${what}`)
  if (fault !== undefined) throw fail(fault)
  for (const [index, name] of fields.entries()) {
    if (name === '') {
      const isLast = index === fields.length - 1
      const hint = isLast
        ? 'the header ends with a separator that must go, as in each row'
        : 'each column needs one'
      throw fail(`column ${index + 1} has no name: ${hint}`)
    }
    if (!(CSV_COLUMNS as readonly string[]).includes(name)) {
      throw fail(`column "${name}" is unknown; known are ${CSV_COLUMNS.join(', ')}`)
    }
    if (fields.indexOf(name) !== index) throw fail(`column "${name}" appears twice`)
  }
  for (const name of ['id', 'venue']) if (!fields.includes(name)) throw fail(`column "${name}" is missing`)
  return fields as Column[]
}

function add(group: Group, row: Row, line: number): void {
  for (const name of ACCOUNT_COLUMNS) {
    if (row[name] !== undefined && row[name] !== group.stated[name]) {
      const rule = `must be the same in all rows of the account (first: ${group.stated[name] ?? 'empty'})`
      group.fault ??= refusal(line, [name], row[name], rule)
    }
  }
  const owed = owedIn(row)
  // A row of a debt alone holds no collateral.
  const isDebtAlone = owed !== undefined && row.amount === undefined
  const collateral = isDebtAlone ? undefined : part(row, COLLATERAL_COLUMNS)
  addOnce(group.collateral, group.collateralLines, collateral, line)
  addOnce(group.liabilities, group.liabilityLines, owed, line)
  const position = part(row, POSITION_COLUMNS)
  if (position !== undefined) {
    group.positions.push(position)
    group.positionLines.push(line)
  }
}

function owedIn(row: Row): Row | undefined {
  const stated = part(row, LIABILITY_COLUMNS)
  if (stated === undefined) return undefined
  const { liability, ...interest } = stated
  return { ...part(row, ['asset']), ...(liability === undefined ? {} : { amount: liability }), ...interest }
}

/** Rows of several positions may repeat an amount. */
function addOnce(list: Row[], lines: number[], entry: Row | undefined, line: number): void {
  if (entry === undefined) return
  if (list.some((known) => isSame(known, entry))) return
  list.push(entry)
  lines.push(line)
}

function isSame(left: Row, right: Row): boolean {
  const names = Object.keys({ ...left, ...right }) as Column[]
  return names.every((name) => left[name] === right[name])
}

function part(row: Row, columns: readonly Column[]): Row | undefined {
  const entries = columns.filter((name) => row[name] !== undefined).map((name) => [name, row[name]])
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Row)
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

/** Stands in the column of levels for an empty list; an empty cell states no levels. */
const NO_LEVELS = 'none'

function levelsIn(cell: string): string[] {
  return cell === NO_LEVELS ? [] : cell.trim().split(/\s+/)
}

function poolIn({ poolCurrency, poolKind, liquidationLevel }: Row): object {
  return {
    ...(poolCurrency === undefined ? {} : { currency: poolCurrency }),
    ...(poolKind === undefined ? {} : { kind: poolKind }),
    ...(liquidationLevel === undefined ? {} : { liquidationLevel }),
  }
}

function positionIn({ rolloverTimeMs, ...terms }: Row): object {
  return rolloverTimeMs === undefined ? terms : { ...terms, rolloverTimeMs: wholeOr(rolloverTimeMs) }
}

function candidateOf(group: Group): Candidate {
  const { id, stated, collateral, liabilities, positions } = group
  const { version, asOfMs, separateWallets, levels, poolCurrency, poolKind, liquidationLevel, ...named } =
    stated
  const statesPool = (poolCurrency ?? poolKind ?? liquidationLevel) !== undefined
  return {
    raw: {
      id,
      ...named,
      ...(version === undefined ? {} : { version: wholeOr(version) }),
      ...(asOfMs === undefined ? {} : { asOfMs: wholeOr(asOfMs) }),
      ...(separateWallets === undefined
        ? {}
        : { separateWallets: BOOLEANS.get(separateWallets) ?? separateWallets }),
      ...(levels === undefined ? {} : { levels: levelsIn(levels) }),
      collateral,
      positions: positions.map(positionIn),
      ...(liabilities.length === 0 ? {} : { liabilities }),
      ...(statesPool ? { pool: poolIn(stated) } : {}),
    },
    lineOf([list, index]) {
      if (typeof index !== 'number') return group.line
      const { positionLines, collateralLines, liabilityLines } = group
      const lines = { positions: positionLines, collateral: collateralLines, liabilities: liabilityLines }
      return lines[list as keyof typeof lines]?.[index] ?? group.line
    },
  }
}

/** A number as JSON would state it; any other text stays, so that the schema refuses it by name. */
function wholeOr(text: string): number | string {
  return /^\d{1,16}$/.test(text) ? Number(text) : text
}

function apart(line: number, id: string, before: number): Refusal {
  const rule =
    `appeared before, in line ${before}: the rows of an account must be adjacent. These rows are left out. ` +
    'If the ones before are taken, the account is stored without these: import it again with all its rows together'
  return refusal(line, ['id'], id, rule)
}

function neighbour(line: number, id: string, brokenLine: number): Refusal {
  return refusal(
    line,
    ['id'],
    id,
    `line ${brokenLine} beside it cannot be read and may belong to the same account`,
  )
}
