// From which day a table is known. `--at` may ask for a day of which none is.
import { counted } from '../domain/index.ts'
import { ruleAgeDays } from '../margin/index.ts'

/** Since when a table is known to be in force, and what is to be said of it at a time. Part of what JSON prints. */
export interface Known {
  /** The day on which the venue was last seen to state it. */
  readonly asOf: string | null
  /** The day from which it is in force; of a table of which no source says so, the day on which it was seen. */
  readonly knownFrom: string | null
  /** null also before `knownFrom`. */
  readonly ruleAgeDays: number | null
}

/** `fromMs`: −Infinity of a table whose first day no source states, as of all collateral. */
export function knownAt(
  { fromMs, asOf }: { fromMs: number; asOf?: string | undefined },
  atMs: number,
): Known {
  const knownFrom = Number.isFinite(fromMs) ? dayOf(fromMs) : (asOf ?? null)
  const ageDays = ruleAgeDays(asOf === undefined ? null : Date.parse(asOf), atMs)
  return { asOf: asOf ?? null, knownFrom, ruleAgeDays: isLater(knownFrom, atMs) ? null : ageDays }
}

/** Whether a table was first seen after that time. */
export function isKnownLater({ knownFrom }: Known, atMs: number): boolean {
  return isLater(knownFrom, atMs)
}

function isLater(knownFrom: string | null, atMs: number): boolean {
  return knownFrom !== null && Date.parse(knownFrom) > atMs
}

/** `isAsked`: the time was asked for, and is not the present one. null where there is nothing to warn of. */
export function warningOf(known: Known, atMs: number, isAsked: boolean): string | null {
  if (isLater(known.knownFrom, atMs)) {
    return `no table of that day is known; this one was seen on ${known.knownFrom}`
  }
  if (known.knownFrom !== null || !isAsked) return null
  return 'this table bears no day; whether it was in force on that day is not known'
}

export function ageText(known: Known, atMs: number): string {
  const { asOf, ruleAgeDays: days } = known
  if (asOf === null) return 'of no known day'
  if (isLater(known.knownFrom, atMs)) return warningOf(known, atMs, true)!
  return Date.parse(asOf) > atMs ? `seen until ${asOf}` : `seen ${asOf}, ${counted(days!, 'day')} before`
}

export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 'yyyy-mm-dd'.length)
}
