export interface Tally {
  /** Events that the replay made. */
  readonly expected: number
  /** Expected events that were not delivered. */
  readonly lost: number
  /** Events that were delivered and not expected, or delivered with another figure. */
  readonly disagreements: number
}

/** What comparing the delivered events with those of the replay found. */
export interface Judgement extends Tally {
  /** The first few lost events and disagreements, in words. */
  readonly examples: readonly string[]
  /** The same counts by venue. */
  readonly ofVenues: Readonly<Record<string, Tally>>
}

/** The events of one type that the replay made, and how they are matched and compared. */
export interface Expectations<Event> {
  readonly expected: ReadonlyMap<string, Event>
  readonly keyOf: (event: Event) => string
  readonly venueOf: (event: Event) => string
  /** Fields that are compared, beside the parts of the key. */
  readonly fields: readonly (keyof Event)[]
  readonly name: (event: Event) => string
  /** What is wrong with a delivered event beside the fields; undefined for nothing. */
  readonly faultOf?: (event: Event) => string | undefined
}

export const EXAMPLES_MAX = 10

const NOTHING: Tally = { expected: 0, lost: 0, disagreements: 0 }

/** Sums the judgements of several types of events. */
export function sumOf(judgements: readonly Judgement[]): Judgement {
  const ofVenues: Record<string, Tally> = {}
  for (const judgement of judgements)
    for (const [venue, tally] of Object.entries(judgement.ofVenues))
      ofVenues[venue] = added(ofVenues[venue] ?? NOTHING, tally)
  const examples = judgements.flatMap((judgement) => judgement.examples).slice(0, EXAMPLES_MAX)
  return { ...judgements.reduce(added, NOTHING), examples, ofVenues }
}

export function compareEvents<Event extends object>(
  { expected, keyOf, venueOf, fields, name, faultOf }: Expectations<Event>,
  delivered: readonly Event[],
): Judgement {
  const missing = new Map(expected)
  const examples: string[] = []
  const ofVenues: Record<string, Tally> = {}
  const count = (event: Event, tally: Partial<Tally>): void => {
    const venue = venueOf(event)
    ofVenues[venue] = added(ofVenues[venue] ?? NOTHING, { ...NOTHING, ...tally })
  }
  const note = (event: Event, text: string): void => {
    if (examples.length < EXAMPLES_MAX) examples.push(`${name(event)}: ${text}`)
  }
  const differenceOf = (event: Event, expectation: Event | undefined): string | undefined => {
    if (expectation === undefined) return 'not expected'
    const field = fields.find((each) => expectation[each] !== event[each])
    if (field === undefined) return faultOf?.(event)
    return `${String(field)} is ${event[field]}, the replay has ${expectation[field]}`
  }
  for (const event of expected.values()) count(event, { expected: 1 })
  for (const event of delivered) {
    const key = keyOf(event)
    missing.delete(key)
    const difference = differenceOf(event, expected.get(key))
    if (difference === undefined) continue
    count(event, { disagreements: 1 })
    note(event, difference)
  }
  for (const event of missing.values()) {
    count(event, { lost: 1 })
    note(event, 'expected and not delivered')
  }
  return { ...Object.values(ofVenues).reduce(added, NOTHING), examples, ofVenues }
}

function added(one: Tally, other: Tally): Tally {
  return {
    expected: one.expected + other.expected,
    lost: one.lost + other.lost,
    disagreements: one.disagreements + other.disagreements,
  }
}
