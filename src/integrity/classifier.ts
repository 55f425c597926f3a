import type { Decimal, UnderlyingOf, VenueId } from '../domain/index.ts'
import { brokenRules } from './broken-rules.ts'
import { mayBeBeyond, mayBeOffScale } from './compare.ts'
import { breaksScale, breaksTheSame, type Doubt, type Evidence, type IntegrityFinding } from './doubt.ts'
import { evidenceOf, type StatedPrice } from './evidence.ts'
import { References } from './references.ts'
import type { IntegrityRules } from './rules.ts'
import { type Subject, subjectOf } from './subject.ts'

/** Numbers of a market, side by side. */
const PRICE = 0
const EVENT_MS = 1
const RECEIVED_MS = 2
const HEARD_MS = 3
const ACCEPTED = 4
const ACCEPTED_MS = 5
const BEFORE = 6
/** When the first of the marks came that are off scale up to now, monotonic; 0 while the last one is not. */
const OFF_SCALE_SINCE_MS = 7
const MARKS = 8
const IS_HEARD = 9
/** The last mark that was not off scale, accepted or not. */
const BASE = 10
const FIELDS = 11

/**
 * Classifies the marks of markets. A mark is never changed and never held back: what is doubtful of it goes with the events that
 * it causes. A mark of which nothing is doubtful allocates nothing. Floats nominate, exact arithmetic decides. Pure: times are
 * arguments, `nowMs` is monotonic.
 */
export class Classifier {
  readonly rules: IntegrityRules
  readonly #underlyingOf: UnderlyingOf
  readonly #subjects: Subject[] = []
  #numbers = new Float64Array(0)
  readonly #text: Decimal[] = []
  readonly #acceptedText: Decimal[] = []
  readonly #baseText: Decimal[] = []
  readonly #last: (Doubt | undefined)[] = []
  readonly #references = new References()
  #heard = new Int32Array(0)
  #heardCount = 0
  readonly #scale: number
  readonly #reinstateWithin: number

  constructor(rules: IntegrityRules, underlyingOf: UnderlyingOf) {
    this.rules = rules
    this.#underlyingOf = underlyingOf
    this.#scale = Number(rules.scale)
    this.#reinstateWithin = Number(rules.reinstateWithin)
  }

  /** A market of that number. Numbers count from 0. */
  add(instrument: number, venue: VenueId, symbol: string): void {
    const underlying = this.#underlyingOf(venue, symbol)
    this.#subjects[instrument] = subjectOf(venue, symbol, underlying, this.#references, this.rules)
    this.#text[instrument] = ''
    this.#acceptedText[instrument] = ''
    this.#baseText[instrument] = ''
    this.#last[instrument] = undefined
    if (this.#numbers.length < (instrument + 1) * FIELDS) {
      const numbers = new Float64Array((instrument + 1) * FIELDS * 2)
      numbers.set(this.#numbers)
      this.#numbers = numbers
      const heard = new Int32Array((instrument + 1) * 2)
      heard.set(this.#heard)
      this.#heard = heard
    }
  }

  /** The number of an index price with which a market is compared; undefined for others. */
  indexNumberOf(venue: string, name: string): number | undefined {
    return this.#references.indexNumberOf(venue, name)
  }

  /** An index price as the venue states it. */
  index(number: number, text: Decimal, nowMs: number): void {
    this.#references.stateIndex(number, text, nowMs)
  }

  /** Markets with a mark since `clearHeard`, each once. */
  get heard(): number {
    return this.#heardCount
  }

  heardAt(place: number): number {
    return this.#heard[place]!
  }

  clearHeard(): void {
    for (let place = 0; place < this.#heardCount; place++)
      this.#numbers[this.#heard[place]! * FIELDS + IS_HEARD] = 0
    this.#heardCount = 0
  }

  /** A mark, or the confirmation of the last one. Call `classify` when all prices of its instant are in. */
  mark(instrument: number, text: Decimal, eventTimeMs: number, receivedTimeMs: number, nowMs: number): void {
    const numbers = this.#numbers
    const at = instrument * FIELDS
    if (numbers[at + IS_HEARD] === 0) {
      numbers[at + IS_HEARD] = 1
      this.#heard[this.#heardCount++] = instrument
    }
    const isSamePrice = text === this.#text[instrument]
    const price = isSamePrice ? numbers[at + PRICE]! : Number(text)
    // A venue that states a mark again, of the same time, states no further one.
    if (!isSamePrice || eventTimeMs !== numbers[at + EVENT_MS]) {
      numbers[at + BEFORE] = numbers[at + PRICE]!
      numbers[at + MARKS] = numbers[at + MARKS]! + 1
    }
    numbers[at + PRICE] = price
    numbers[at + EVENT_MS] = eventTimeMs
    numbers[at + RECEIVED_MS] = receivedTimeMs
    numbers[at + HEARD_MS] = nowMs
    this.#text[instrument] = text
    const { marks, place } = this.#subjects[instrument]!
    if (marks !== undefined) marks.state(place, text, price, nowMs)
  }

  /** What is doubtful of the last mark of the market; undefined when it is accepted. */
  classify(instrument: number): Doubt | undefined {
    if (this.#isClean(instrument)) {
      this.#accept(instrument)
      return undefined
    }
    if (this.#isReinstated(instrument)) this.#setAccepted(instrument)
    const findings = this.#findings(instrument)
    const markPrice = this.#text[instrument]!
    const [accepted, base] = [this.#acceptedText[instrument]!, this.#baseText[instrument]!]
    // A jump that other prices share is what the market did.
    const isJumpAlone = findings.length === 1 && findings[0]!.rule === 'jump'
    const isShared =
      isJumpAlone && this.evidenceOf({ instrument, markPrice, accepted, base, findings }) !== undefined
    if (findings.length > 0 && !isShared) return this.#doubt(instrument, findings)
    this.#accept(instrument)
    return undefined
  }

  /** Marks and confirmations of the market so far, each price of one time counted once. */
  marksOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + MARKS]!
  }

  /** Time of the venue of the last one, Unix milliseconds. */
  eventTimeMsOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + EVENT_MS]!
  }

  /** What is doubtful of the last classified mark. */
  doubtOf(instrument: number): Doubt | undefined {
    return this.#last[instrument]
  }

  /** Whether what other prices say now confirms a price that was doubtful, at the time of the last mark of its market. */
  evidenceOf(price: StatedPrice): Evidence | undefined {
    const { instrument } = price
    return evidenceOf(
      price,
      this.#subjects[instrument]!,
      this.#numbers[instrument * FIELDS + HEARD_MS]!,
      this.rules,
    )
  }

  /** Whether f64 proves that no rule is broken. */
  #isClean(instrument: number): boolean {
    const { index, marks, place, jump, toIndex, crossVenue } = this.#subjects[instrument]!
    const { jumpWithinMs, clockSkewMaxMs, freshMs, venuesMin } = this.rules
    const numbers = this.#numbers
    const at = instrument * FIELDS
    const price = numbers[at + PRICE]!
    const nowMs = numbers[at + HEARD_MS]!
    const eventTimeMs = numbers[at + EVENT_MS]!
    if (Math.abs(eventTimeMs - numbers[at + RECEIVED_MS]!) > clockSkewMaxMs) return false
    const accepted = numbers[at + ACCEPTED]!
    if (numbers[at + BASE]! > 0 && mayBeOffScale(price, numbers[at + BASE]!, this.#scale)) return false
    if (accepted > 0) {
      const sinceMs = eventTimeMs - numbers[at + ACCEPTED_MS]!
      if (sinceMs <= jumpWithinMs && mayBeBeyond(price, accepted, jump.value)) return false
    }
    if (index !== undefined && nowMs - index.heardMs <= freshMs)
      if (mayBeBeyond(price, index.price, toIndex.value)) return false
    if (marks === undefined) return true
    const venues = marks.sortOthers(place, nowMs, freshMs)
    return venues < venuesMin || !mayBeBeyond(price, marks.medianFloat(venues), crossVenue.value)
  }

  #findings(instrument: number): IntegrityFinding[] {
    const { index, jump, toIndex, crossVenue } = this.#subjects[instrument]!
    const at = instrument * FIELDS
    const nowMs = this.#numbers[at + HEARD_MS]!
    const compared = {
      mark: this.#text[instrument]!,
      eventTimeMs: this.#numbers[at + EVENT_MS]!,
      receivedTimeMs: this.#numbers[at + RECEIVED_MS]!,
      accepted: this.#acceptedText[instrument]!,
      acceptedTimeMs: this.#numbers[at + ACCEPTED_MS]!,
      base: this.#baseText[instrument]!,
      index: index !== undefined && nowMs - index.heardMs <= this.rules.freshMs ? index.text : '',
      median: this.#medianOf(instrument),
      jump: jump.text,
      toIndex: toIndex.text,
      crossVenue: crossVenue.text,
    }
    return brokenRules(compared, this.rules)
  }

  /** The median of the other venues; empty where too few are fresh. */
  #medianOf(instrument: number): Decimal {
    const { marks, place } = this.#subjects[instrument]!
    const nowMs = this.#numbers[instrument * FIELDS + HEARD_MS]!
    const venues = marks?.sortOthers(place, nowMs, this.rules.freshMs) ?? 0
    return marks !== undefined && venues >= this.rules.venuesMin ? marks.median(venues) : ''
  }

  /** A contract may be counted in other units from some day on. Such a mark stands, within a little, for long. */
  #isReinstated(instrument: number): boolean {
    const { reinstateAfterMs } = this.rules
    const at = instrument * FIELDS
    const [sinceMs, nowMs] = [this.#numbers[at + OFF_SCALE_SINCE_MS]!, this.#numbers[at + HEARD_MS]!]
    if (sinceMs === 0 || nowMs - sinceMs < reinstateAfterMs) return false
    return !mayBeBeyond(this.#numbers[at + PRICE]!, this.#numbers[at + BEFORE]!, this.#reinstateWithin)
  }

  /** What later marks are compared with. */
  #setAccepted(instrument: number): void {
    const numbers = this.#numbers
    const at = instrument * FIELDS
    numbers[at + ACCEPTED] = numbers[at + PRICE]!
    numbers[at + ACCEPTED_MS] = numbers[at + EVENT_MS]!
    this.#acceptedText[instrument] = this.#text[instrument]!
    this.#setBase(instrument, this.#text[instrument]!)
  }

  /** A price that walks far away, mark by mark, is no fault of units. */
  #setBase(instrument: number, text: Decimal): void {
    this.#numbers[instrument * FIELDS + BASE] = Number(text)
    this.#baseText[instrument] = text
  }

  #accept(instrument: number): void {
    this.#setAccepted(instrument)
    this.#numbers[instrument * FIELDS + OFF_SCALE_SINCE_MS] = 0
    const last = this.#last[instrument]
    if (last === undefined) return
    last.stoodAlone ??= true
    this.#last[instrument] = undefined
  }

  #doubt(instrument: number, findings: readonly IntegrityFinding[]): Doubt {
    const { symbol, marks, place } = this.#subjects[instrument]!
    const at = instrument * FIELDS
    const [mark, nowMs] = [this.#numbers[at + MARKS]!, this.#numbers[at + HEARD_MS]!]
    const before = this.#last[instrument]
    if (before?.mark === mark && breaksTheSame(before, findings)) return before
    if (before !== undefined && before.mark !== mark) before.stoodAlone = false
    const isOffScale = breaksScale({ findings })
    // A first mark that is off scale leaves nothing of its own to compare the next ones with.
    if (isOffScale && this.#baseText[instrument] === '') this.#setBase(instrument, this.#medianOf(instrument))
    const doubt: Doubt = {
      instrument,
      symbol,
      markPrice: this.#text[instrument]!,
      eventTimeMs: this.#numbers[at + EVENT_MS]!,
      mark,
      accepted: this.#acceptedText[instrument]!,
      base: this.#baseText[instrument]!,
      findings,
      otherVenues: marks?.sortOthers(place, nowMs, this.rules.freshMs) ?? 0,
      stoodAlone: before === undefined || before.mark === mark ? before?.stoodAlone : false,
    }
    this.#last[instrument] = doubt
    if (!isOffScale) this.#setBase(instrument, doubt.markPrice)
    if (!isOffScale) this.#numbers[at + OFF_SCALE_SINCE_MS] = 0
    else if (this.#numbers[at + OFF_SCALE_SINCE_MS] === 0) this.#numbers[at + OFF_SCALE_SINCE_MS] = nowMs
    return doubt
  }
}
