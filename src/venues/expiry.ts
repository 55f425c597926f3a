// When dated contracts end, by their names. Times are Unix milliseconds.

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
/** Of futures, from January on. */
const MONTH_LETTERS = 'FGHJKMNQUVXZ'
const FRIDAY = 5
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Whether 27DEC24 is a day of the calendar. */
export function isNamedDay(expiry: string): boolean {
  return namedDayMs(expiry) !== undefined
}

/** Whether 241227 is a day of the calendar. */
export function isNumberedDay(expiry: string): boolean {
  return numberedDayMs(expiry) !== undefined
}

/** That hour, UTC, of 27DEC24; undefined where that is no day. */
export function hourOfNamedDayMs(expiry: string, hour: number): number | undefined {
  const dayMs = namedDayMs(expiry)
  return dayMs === undefined ? undefined : dayMs + hour * HOUR_MS
}

/** The last millisecond, UTC, of 27DEC24; undefined where that is no day. */
export function endOfNamedDayMs(expiry: string): number | undefined {
  return endOfDayMs(namedDayMs(expiry))
}

/** The last millisecond, UTC, of 241227; undefined where that is no day. */
export function endOfNumberedDayMs(expiry: string): number | undefined {
  return endOfDayMs(numberedDayMs(expiry))
}

/** The last millisecond, UTC, of the month Z26; undefined where that is no month. */
export function endOfLetteredMonthMs(expiry: string): number | undefined {
  return endOfDayMs(lastDayMs(expiry))
}

/** The last millisecond, UTC, of the last Friday of the month Z26; undefined where that is no month. */
export function endOfLastFridayMs(expiry: string): number | undefined {
  const lastMs = lastDayMs(expiry)
  if (lastMs === undefined) return undefined
  const daysSince = (new Date(lastMs).getUTCDay() - FRIDAY + 7) % 7
  return endOfDayMs(lastMs - daysSince * DAY_MS)
}

function endOfDayMs(dayMs: number | undefined): number | undefined {
  return dayMs === undefined ? undefined : dayMs + DAY_MS - 1
}

function namedDayMs(expiry: string): number | undefined {
  const [, day, month = '', year] = /^(\d{1,2})([A-Z]{3})(\d{2})$/.exec(expiry) ?? []
  return dayMsOf(Number(year), MONTHS.indexOf(month) + 1, Number(day))
}

function numberedDayMs(expiry: string): number | undefined {
  const [, year, month, day] = /^(\d{2})(\d{2})(\d{2})$/.exec(expiry) ?? []
  return dayMsOf(Number(year), Number(month), Number(day))
}

/** The last day of the month Z26. */
function lastDayMs(expiry: string): number | undefined {
  const [, letter = '', year] = /^([FGHJKMNQUVXZ])(\d{2})$/.exec(expiry) ?? []
  if (year === undefined) return undefined
  return Date.UTC(2000 + Number(year), MONTH_LETTERS.indexOf(letter) + 1, 1) - DAY_MS
}

/** `year`: of the century from 2000. A day beyond the end of its month would be one of the next month. */
function dayMsOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(2000 + year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined
}
