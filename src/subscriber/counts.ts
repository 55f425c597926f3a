/** What a subscription has done since it was opened. */
export interface HandlerCounts {
  jobs: number
  /** Well-formed events received, repeats included. */
  events: number
  /** Handler calls that succeeded. */
  effects: number
  /** Events that the inbox knew, so the handler was not called. */
  duplicates: number
  /** Events handled after a later one of the same margin account or market. */
  late: number
  malformed: number
  /** Handler calls that failed. */
  failures: number
}

export function noCounts(): HandlerCounts {
  return { jobs: 0, events: 0, effects: 0, duplicates: 0, late: 0, malformed: 0, failures: 0 }
}
