// Days in the names of dated contracts, whose rules follow from the name alone.

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

/** Whether 27DEC24 is a day of the calendar. */
export function isNamedDay(expiry: string): boolean {
  const [, day, month = '', year] = /^(\d{1,2})([A-Z]{3})(\d{2})$/.exec(expiry) ?? []
  return isDay(Number(year), MONTHS.indexOf(month) + 1, Number(day))
}

/** Whether 241227 is a day of the calendar. */
export function isNumberedDay(expiry: string): boolean {
  const [, year, month, day] = /^(\d{2})(\d{2})(\d{2})$/.exec(expiry) ?? []
  return isDay(Number(year), Number(month), Number(day))
}

/** `year`: of the century from 2000. A day beyond the end of its month would be one of the next month. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000 + year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
