import {
  type Decimal,
  type InstrumentRules,
  isPrice,
  type RuleBook,
  type RulesImport,
  type StatedRules,
} from '../../domain/index.ts'
import {
  ceilTo,
  compare,
  div,
  formatDecimal,
  mul,
  ONE,
  parseDecimal,
  type Rational,
} from '../../margin/index.ts'
import { CME_PRODUCTS } from '../cme-products.ts'
import { decimalOf, refuse, Taken } from './body.ts'

/** A file of margins of one product by day: the columns date, initial and maintenance, in dollars a contract. */
export const cmeImport: RulesImport = {
  source: 'margins a contract by day',
  endpoint: {
    reason: 'its margins are published in licensed files: give one to plimsoll rules import',
  },
  read(bodies, { book }) {
    const taken = new Taken()
    for (const { name, value } of bodies) {
      if (typeof value !== 'string') continue
      const symbol = productOf(name)
      taken.take(symbol, () => {
        const rows = rowsOf(value)
        const good = rowsInLine(symbol, rows, book)
        const beyond = rows[good.length]
        if (beyond !== undefined) {
          const reason = `${beyond.maintenance} is less than a quarter of what was asked for before: it looks like the margin of a spread`
          if (good.length === 0) refuse(`the row of ${beyond.day}: ${reason}`)
          taken.refuse(`${symbol} from ${beyond.day}`, reason)
        }
        return good.map((row): StatedRules => ({ effectiveFrom: row.day, rules: rulesOfRow(symbol, row) }))
      })
    }
    return taken
  },
}

/** The code of the product is the name of the file: BTC of margins/BTC.csv. */
function productOf(name: string): string {
  return name
    .replace(/^.*[/\\]/, '')
    .replace(/\.[^.]*$/, '')
    .toUpperCase()
}

export interface MarginRow {
  /** ISO day. */
  readonly day: string
  readonly initial: Decimal
  readonly maintenance: Decimal
}

const COLUMNS = ['date', 'initial', 'maintenance']

function rowsOf(text: string): MarginRow[] {
  const [head = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const names = head.split(',').map((name) => name.trim().replace(/^#/, '').toLowerCase())
  const columns = COLUMNS.map((name) => names.indexOf(name))
  if (columns.includes(-1)) refuse(`the first line must name the columns ${COLUMNS.join(', ')}`)
  if (lines.length === 0) refuse('it has no rows below the first line')
  const rows = lines.map((line, index) => rowOf(line, columns, index + 2))
  const byDay = new Map<string, MarginRow>()
  for (const row of rows) {
    const { initial, maintenance } = byDay.get(row.day) ?? row
    if (initial !== row.initial || maintenance !== row.maintenance) {
      refuse(`${row.day} has two rows with other margins: must have one`)
    }
    byDay.set(row.day, row)
  }
  return [...byDay.values()].sort((a, b) => (a.day < b.day ? -1 : 1))
}

function rowOf(line: string, columns: readonly number[], number: number): MarginRow {
  const cells = line.split(',').map((cell) => cell.trim())
  const [date = '', initial, maintenance] = columns.map((column) => cells[column])
  const day = date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
  const amounts = { initial: decimalOf(initial), maintenance: decimalOf(maintenance) }
  if (!isDay(day) || !isPrice(amounts.initial) || !isPrice(amounts.maintenance)) {
    refuse(`line ${number} is ${JSON.stringify(line)}: must be a day and two amounts above 0`)
  }
  if (compare(parseDecimal(amounts.initial), parseDecimal(amounts.maintenance)) < 0) {
    refuse(`line ${number} is ${JSON.stringify(line)}: initial must be at least maintenance`)
  }
  return { day, initial: amounts.initial, maintenance: amounts.maintenance }
}

/** A day of the calendar: `Date` turns 2021-02-30 into 2 March. */
function isDay(day: string): boolean {
  const timeMs = Date.parse(day)
  return (
    !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(day) && day.length === ISO_DAY_LENGTH
  )
}

const ISO_DAY_LENGTH = 'yyyy-mm-dd'.length

const QUARTER: Rational = { n: 1n, d: 4n }

/**
 * The rows up to the first that asks for less than a quarter a coin of the one before it, or of what the book then asked
 * for the coin. Public copies of these margins change from outright positions to spreads in May 2021.
 */
function rowsInLine(symbol: string, rows: readonly MarginRow[], book: RuleBook): MarginRow[] {
  const good: MarginRow[] = []
  for (const row of rows) {
    const before = good.at(-1)
    const known =
      before === undefined ? knownByCoin(symbol, row.day, book) : byCoin(symbol, before.maintenance)
    if (known !== undefined && compare(byCoin(symbol, row.maintenance), mul(known, QUARTER)) < 0) break
    good.push(row)
  }
  return good
}

function byCoin(symbol: string, maintenance: Decimal): Rational {
  return div(parseDecimal(maintenance), parseDecimal(productIn(symbol).multiplier))
}

/** What the book asked for a coin of the symbol's kind on that day, in any product. */
function knownByCoin(symbol: string, day: string, book: RuleBook): Rational | undefined {
  const { coin } = productIn(symbol)
  for (const [code, product] of Object.entries(CME_PRODUCTS)) {
    const rules = product.coin === coin ? book.rulesOf(code, Date.parse(day)) : undefined
    if (rules?.maintenance.kind === 'per-contract') return byCoin(code, rules.maintenance.amount)
  }
  return undefined
}

function productIn(symbol: string) {
  const product = Object.hasOwn(CME_PRODUCTS, symbol) ? CME_PRODUCTS[symbol] : undefined
  return (
    product ??
    refuse(
      `the size of its contract is not known; known are ${Object.keys(CME_PRODUCTS).join(', ')}: the file must be called by one of them, standard input with --name BTC.csv`,
    )
  )
}

const INITIAL_FACTOR = '11/10'

export function rulesOfRow(symbol: string, { day, initial, maintenance }: MarginRow): InstrumentRules {
  const asUsual = ceilTo(mul(parseDecimal(maintenance), { n: 11n, d: 10n }), ONE)
  const isUsual = compare(parseDecimal(initial), asUsual) === 0
  const { coin, multiplier } = productIn(symbol)
  return {
    baseAsset: coin,
    contribution: 'linear',
    multiplier,
    settlementAsset: 'USD',
    takerFeeRate: '0',
    asOf: day,
    maintenance: { kind: 'per-contract', amount: formatDecimal(parseDecimal(maintenance)) },
    initial: isUsual
      ? { kind: 'multiple', factor: INITIAL_FACTOR, roundUpTo: '1' }
      : { kind: 'per-contract', amount: initial },
    closingFee: 'none',
    liquidation: 'passed',
    assumptions: ['the margin is that of an outright position; spreads and options are not offset'],
  }
}
