import {
  compareDecimals,
  type Decimal,
  isPrice,
  MARK_BAR_MS,
  type MarkBar,
  shownValue,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { isObject, type JsonObject } from './frame.ts'
import { frameKeepingDigits, priceOfFrame } from './numbers.ts'

/** Unix milliseconds of 13 digits: 2001 to 2286. */
const MILLISECONDS = /^[1-9]\d{12}$/

/** The values of one bar where the body states them, not yet checked. */
export type BarCells = Readonly<Record<keyof MarkBar, unknown>>

/** @throws PlimsollError INPUT_INVALID that names field, value and rule. */
export function refuseBody(field: string, value: unknown, rule: string): never {
  throw new PlimsollError('INPUT_INVALID', `${field} is ${shownValue(value)}: ${rule}`, { path: field })
}

/**
 * The object that a body holds, each number as its text.
 * @throws PlimsollError INPUT_INVALID for a body that holds none.
 */
export function objectOfBody(body: string): JsonObject {
  const value = frameKeepingDigits(body)
  return isObject(value) ? value : refuseBody('the body', body, 'must be a JSON object, no field given twice')
}

/** The list that a body holds, as `objectOfBody`. */
export function listOfBody(body: string): readonly unknown[] {
  const value = frameKeepingDigits(body)
  return Array.isArray(value) ? value : refuseBody('the body', body, 'must be a JSON list of bars')
}

/** The list in a field. */
export function listIn(object: JsonObject, field: string): readonly unknown[] {
  const value = object[field]
  return Array.isArray(value) ? value : refuseBody(field, value, 'must be a list of bars')
}

/** Bars of rows that begin with open time, open, high, low and close. */
export function barsOfRows(rows: readonly unknown[]): readonly MarkBar[] {
  return barsOf(
    rows.map((row, index) => {
      if (!Array.isArray(row)) return refuseBody(placeOf(index), row, 'must be a list')
      const [openTimeMs, open, high, low, close] = row as unknown[]
      return { openTimeMs, open, high, low, close }
    }),
  )
}

/**
 * Bars of one market in time order.
 * @throws PlimsollError INPUT_INVALID for a bar that does not open at a whole minute, has a price that is none, or contradicts
 * itself, and for a second bar of one minute: which of them holds is not known.
 */
export function barsOf(cells: readonly BarCells[]): readonly MarkBar[] {
  const bars = cells.map(barOf).sort((one, other) => one.openTimeMs - other.openTimeMs)
  for (let index = 1; index < bars.length; index++) {
    const { openTimeMs } = bars[index]!
    if (openTimeMs === bars[index - 1]!.openTimeMs)
      refuseBody('openTimeMs', String(openTimeMs), 'must not be that of two bars')
  }
  return bars
}

function barOf(cells: BarCells, index: number): MarkBar {
  const place = placeOf(index)
  const bar = {
    openTimeMs: openTimeOf(cells.openTimeMs, place),
    open: priceOf('open', cells.open, place),
    high: priceOf('high', cells.high, place),
    low: priceOf('low', cells.low, place),
    close: priceOf('close', cells.close, place),
  }
  for (const field of ['open', 'close', 'low'] as const) {
    if (compareDecimals(bar[field], bar.high) > 0)
      refuseBody(`${place} high`, bar.high, `must be at least the ${field}, ${bar[field]}`)
    if (compareDecimals(bar[field], bar.low) < 0)
      refuseBody(`${place} low`, bar.low, `must be at most the ${field}, ${bar[field]}`)
  }
  return bar
}

function openTimeOf(value: unknown, place: string): number {
  const timeMs = typeof value === 'string' && MILLISECONDS.test(value) ? Number(value) : undefined
  return timeMs !== undefined && timeMs % MARK_BAR_MS === 0
    ? timeMs
    : refuseBody(`${place} openTimeMs`, value, 'must be a whole minute in Unix milliseconds of 13 digits')
}

function priceOf(field: string, value: unknown, place: string): Decimal {
  const price = isPrice(value) ? value : priceOfFrame(value)
  return price ?? refuseBody(`${place} ${field}`, value, 'must be a price above zero')
}

function placeOf(index: number): string {
  return `bar ${index + 1}`
}
