import { compareDecimals, type Decimal, isPrice, type KlineColumn, type KlineFiles } from '../domain/index.ts'
import type { Line } from '../input/index.ts'
import { refuseLine } from './line-refusal.ts'

/** One bar of a contract: its prices as the file states them. */
export interface Bar {
  readonly symbol: string
  readonly openTimeMs: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
}

/** Names of the columns that count, without regard to case, `_` and a unit of the time. */
const COLUMNS: Readonly<Record<string, KlineColumn>> = {
  symbol: 'symbol',
  opentime: 'openTime',
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
}
const NEEDED: readonly KlineColumn[] = ['openTime', 'open', 'high', 'low', 'close']

/** Length of the bars in the name of a file, and its units in milliseconds. A month has no one length. */
const LENGTH_IN_NAME = /-(\d{1,3})([smhdw])(?=[-.])/
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Unix milliseconds of 13 digits: 2001 to 2286. */
const MILLISECONDS = /^[1-9]\d{12}$/
/** Unix microseconds, which some files state. */
const MICROSECONDS = /^[1-9]\d{12}000$/

/**
 * Reads the lines of one file of klines in CSV. Its first line may name the columns; else they are those of the venue. Lines
 * without a symbol are of the contract that the name of the file says.
 */
export class KlineReader {
  /** Length of the bars as the name of the file states it, milliseconds; undefined where it states none. */
  readonly statedMs: number | undefined
  readonly #file: string
  readonly #symbol: string | undefined
  readonly #symbolRule: RegExp
  #columns: readonly (KlineColumn | undefined)[] | undefined
  readonly #venueColumns: KlineFiles['columns'] | undefined

  /** `file`: its name without a folder. `symbol`: the names of contracts of the venue. */
  constructor(file: string, symbol: RegExp, klines: KlineFiles | undefined) {
    this.#file = file
    const [, count, unit] = LENGTH_IN_NAME.exec(file) ?? []
    this.statedMs = unit === undefined ? undefined : Number(count) * UNIT_MS[unit]! || undefined
    this.#symbol = klines?.symbolIn.exec(file)?.[1]
    this.#symbolRule = symbol
    this.#venueColumns = klines?.columns
  }

  /**
   * undefined for a line without a bar: an empty one, or the names of the columns.
   * @throws PlimsollError INPUT_INVALID naming file, line, field, value and rule.
   */
  read({ number, text, isCut }: Line): Bar | undefined {
    if (text.trim() === '') return undefined
    if (isCut) this.#refuse(number, 'the line', text.slice(0, 40), 'is too long for a bar')
    const cells = text.split(',')
    if (this.#columns === undefined) {
      const named = columnsNamedBy(cells)
      this.#columns = named ?? this.#venueColumns
      if (this.#columns === undefined) {
        this.#refuse(number, 'the line', text, 'must name the columns: symbol,openTime,open,high,low,close')
      }
      if (named !== undefined) {
        const missing = NEEDED.find((column) => !named.includes(column))
        if (missing !== undefined) this.#refuse(number, 'the line', text, `must name a column ${missing}`)
        return undefined
      }
    }
    return this.#barOf(number, cells, this.#columns)
  }

  #barOf(number: number, cells: readonly string[], columns: readonly (KlineColumn | undefined)[]): Bar {
    const cell = (column: KlineColumn) => cells[columns.indexOf(column)]?.trim() ?? ''
    const price = (column: KlineColumn) => {
      const text = cell(column)
      if (!isPrice(text)) this.#refuse(number, column, text, 'must be a price above zero in decimal digits')
      return text
    }
    const bar: Bar = {
      symbol: this.#symbolOf(number, columns.includes('symbol') ? cell('symbol') : this.#symbol),
      openTimeMs: this.#timeOf(number, cell('openTime')),
      open: price('open'),
      high: price('high'),
      low: price('low'),
      close: price('close'),
    }
    for (const column of ['open', 'close'] as const) {
      if (compareDecimals(bar[column], bar.high) > 0)
        this.#refuse(number, 'high', bar.high, `must be at least the ${column}, ${bar[column]}`)
      if (compareDecimals(bar[column], bar.low) < 0)
        this.#refuse(number, 'low', bar.low, `must be at most the ${column}, ${bar[column]}`)
    }
    return bar
  }

  #symbolOf(number: number, symbol: string | undefined): string {
    if (symbol === undefined) {
      const rule =
        'says no contract: name the file such as BTCUSDT-1m-2025-10-10.csv, or give a column symbol'
      this.#refuse(number, 'the name of the file', this.#file, rule)
    }
    if (!this.#symbolRule.test(symbol))
      this.#refuse(number, 'symbol', symbol, 'is no name of a contract of the venue')
    return symbol
  }

  #timeOf(number: number, text: string): number {
    if (MILLISECONDS.test(text)) return Number(text)
    if (MICROSECONDS.test(text)) return Number(text.slice(0, -3))
    const rule = 'must be Unix time in milliseconds (13 digits) or whole milliseconds in microseconds (16)'
    return this.#refuse(number, 'openTime', text, rule)
  }

  #refuse(line: number, field: string, value: string, rule: string): never {
    return refuseLine(this.#file, line, field, value, rule)
  }
}

/** undefined for a line that names none. */
function columnsNamedBy(cells: readonly string[]): (KlineColumn | undefined)[] | undefined {
  const columns = cells.map((cell) => {
    const name = cell
      .trim()
      .toLowerCase()
      .replaceAll('_', '')
      .replace(/(?<=time)ms$/, '')
    return Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined
  })
  return columns.every((column) => column === undefined) ? undefined : columns
}
