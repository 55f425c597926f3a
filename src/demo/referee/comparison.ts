/** What comparing the delivered events with those of the replay found. */
export interface Judgement {
  /** Events that the replay made. */
  readonly expected: number
  /** Expected events that were not delivered. */
  readonly lost: number
  /** Events that were delivered and not expected, or delivered with another figure. */
  readonly disagreements: number
  /** The first few of both, in words. */
  readonly examples: readonly string[]
}

/** The events of one type that the replay made, and how they are matched and compared. */
export interface Expectations<Event> {
  readonly expected: ReadonlyMap<string, Event>
  readonly keyOf: (event: Event) => string
  /** Fields that are compared, beside the parts of the key. */
  readonly fields: readonly (keyof Event)[]
  readonly name: (event: Event) => string
  /** What is wrong with a delivered event beside the fields; undefined for nothing. */
  readonly faultOf?: (event: Event) => string | undefined
}

export const EXAMPLES_MAX = 10

/** Sums the judgements of several types of events. */
export function sumOf(judgements: readonly Judgement[]): Judgement {
  const sum = (figure: 'expected' | 'lost' | 'disagreements') =>
    judgements.reduce((total, judgement) => total + judgement[figure], 0)
  return {
    expected: sum('expected'),
    lost: sum('lost'),
    disagreements: sum('disagreements'),
    examples: judgements.flatMap(({ examples }) => examples).slice(0, EXAMPLES_MAX),
  }
}

export function compareEvents<Event extends object>(
  { expected, keyOf, fields, name, faultOf }: Expectations<Event>,
  delivered: readonly Event[],
): Judgement {
  const missing = new Map(expected)
  const examples: string[] = []
  let disagreements = 0
  const note = (text: string): void => {
    if (examples.length < EXAMPLES_MAX) examples.push(text)
  }
  for (const event of delivered) {
    const key = keyOf(event)
    const expectation = expected.get(key)
    missing.delete(key)
    if (expectation === undefined) {
      disagreements += 1
      note(`${name(event)}: not expected`)
      continue
    }
    const field = fields.find((each) => expectation[each] !== event[each])
    const fault =
      field === undefined
        ? faultOf?.(event)
        : `${String(field)} is ${event[field]}, the replay has ${expectation[field]}`
    if (fault === undefined) continue
    disagreements += 1
    note(`${name(event)}: ${fault}`)
  }
  for (const event of missing.values()) note(`${name(event)}: expected and not delivered`)
  return { expected: expected.size, lost: missing.size, disagreements, examples }
}
