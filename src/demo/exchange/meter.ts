import type { Clock } from '../../domain/index.ts'

/** Shortest window of a rate, so that a person can read it. */
const WINDOW_MS = 1_000

/** Rates per second of counters that only grow. */
export interface Meter<Name extends string> {
  /** Takes the present counters. Returns the rates, per second, of the last complete window. */
  rates(counters: Readonly<Record<Name, number>>): Readonly<Record<Name, number>>
}

export function createMeter<Name extends string>(names: readonly Name[], clock: Clock): Meter<Name> {
  const record = (value: (name: Name) => number) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, number>
  let since: { atMs: number; counters: Record<Name, number> } | undefined
  let rates = record(() => 0)
  return {
    rates(counters) {
      const nowMs = clock.monotonicMs()
      const start = since
      if (start === undefined) since = { atMs: nowMs, counters: record((name) => counters[name]) }
      else if (nowMs - start.atMs >= WINDOW_MS) {
        const seconds = (nowMs - start.atMs) / 1_000
        rates = record((name) => (counters[name] - start.counters[name]) / seconds)
        since = { atMs: nowMs, counters: record((name) => counters[name]) }
      }
      return rates
    },
  }
}
