import type { Decimal, UnderlyingOf, VenueId } from '../domain/index.ts'
import { brokenRules } from './broken-rules.ts'
import { isBeyond, isOffScale, mayBeBeyond, mayBeOffScale } from './compare.ts'
import { breaksScale, breaksTheSame, type Doubt, type Evidence, type IntegrityFinding } from './doubt.ts'
import { evidenceOf, type StatedPrice } from './evidence.ts'
import { OwnMarks } from './own-marks.ts'
import { References } from './references.ts'
import type { IntegrityRules } from './rules.ts'
import { type Subject, subjectOf } from './subject.ts'

/**
 * Classifies the marks of markets. A mark is never changed and never held back: what is doubtful of it goes with the events that
 * it causes. A mark of which nothing is doubtful allocates nothing. Floats nominate, exact arithmetic decides. Pure: times are
 * arguments, `nowMs` is monotonic.
 */
export class Classifier {
  readonly rules: IntegrityRules
  readonly #underlyingOf: UnderlyingOf
  readonly #subjects: Subject[] = []
  readonly #own: OwnMarks
  readonly #last: (Doubt | undefined)[] = []
  readonly #references = new References()
  #heard = new Int32Array(0)
  #isHeard = new Uint8Array(0)
  #heardCount = 0
  readonly #scale: number
  readonly #reinstateWithin: number

  constructor(rules: IntegrityRules, underlyingOf: UnderlyingOf) {
    this.rules = rules
    this.#underlyingOf = underlyingOf
    this.#own = new OwnMarks(rules.decideWithinMs)
    this.#scale = Number(rules.scale)
    this.#reinstateWithin = Number(rules.reinstateWithin)
  }

  /** A market of that number. Numbers count from 0. */
  add(instrument: number, venue: VenueId, symbol: string): void {
    const underlying = this.#underlyingOf(venue, symbol)
    this.#subjects[instrument] = subjectOf(venue, symbol, underlying, this.#references, this.rules)
    this.#own.add(instrument)
    this.#last[instrument] = undefined
    if (this.#heard.length > instrument) return
    const [heard, isHeard] = [new Int32Array((instrument + 1) * 2), new Uint8Array((instrument + 1) * 2)]
    heard.set(this.#heard)
    isHeard.set(this.#isHeard)
    this.#heard = heard
    this.#isHeard = isHeard
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
    for (let place = 0; place < this.#heardCount; place++) this.#isHeard[this.#heard[place]!] = 0
    this.#heardCount = 0
  }

  /** A mark, or the confirmation of the last one. Call `classify` when all prices of its instant are in. */
  mark(instrument: number, text: Decimal, eventTimeMs: number, receivedTimeMs: number, nowMs: number): void {
    if (this.#isHeard[instrument] === 0) {
      this.#isHeard[instrument] = 1
      this.#heard[this.#heardCount++] = instrument
    }
    const price = this.#own.state(instrument, text, eventTimeMs, receivedTimeMs, nowMs)
    const { marks, place } = this.#subjects[instrument]!
    if (marks !== undefined) marks.state(place, text, price, nowMs)
  }

  /** What is doubtful of the last mark of the market; undefined when it is accepted. */
  classify(instrument: number): Doubt | undefined {
    if (this.isUncompared(instrument)) this.#compare(instrument)
    if (this.#isClean(instrument)) {
      this.#accept(instrument)
      return undefined
    }
    const { reinstateAfterMs } = this.rules
    // A contract may be counted in other units from some day on. Such a mark stands, within a little, for long.
    if (this.#own.standsOffScale(instrument, reinstateAfterMs, this.#reinstateWithin))
      this.#own.accept(instrument)
    const findings = this.#findings(instrument)
    const [accepted, base] = [this.#own.acceptedOf(instrument), this.#own.baseOf(instrument)]
    const price = { instrument, markPrice: this.#own.textOf(instrument), accepted, base, findings }
    // A jump that other prices share is what the market did.
    const isJumpAlone = findings.length === 1 && findings[0]!.rule === 'jump'
    const isShared = isJumpAlone && this.evidenceOf(price) !== undefined
    // The index of its venue alone says so.
    if (!breaksScale(price) && this.#isFarFromBase(instrument)) this.#own.setCompared(instrument, false)
    if (findings.length > 0 && !isShared) return this.#doubt(instrument, findings)
    this.#accept(instrument)
    return undefined
  }

  /** As of `OwnMarks`. */
  marksOf(instrument: number): number {
    return this.#own.countOf(instrument)
  }

  /** Time of the venue of the last mark, Unix milliseconds. */
  eventTimeMsOf(instrument: number): number {
    return this.#own.eventTimeMsOf(instrument)
  }

  /**
   * Whether enough other venues follow the coin to say whether the marks of the market are off scale, but did not yet, since these
   * began or moved by a scale with nothing but their index.
   */
  isUncompared(instrument: number): boolean {
    const { marks } = this.#subjects[instrument]!
    return (
      marks !== undefined && marks.venues > this.rules.venuesAgreeMin && !this.#own.isCompared(instrument)
    )
  }

  /** What is doubtful of an earlier mark of a market that has been compared since. */
  earlierDoubtOf(instrument: number, markPrice: Decimal, eventTimeMs: number): Doubt | undefined {
    const { symbol, marks, place } = this.#subjects[instrument]!
    const { scale } = this.rules
    const agreed = this.#agreedOf(instrument)
    if (agreed === '' || !isOffScale(markPrice, agreed, scale)) return undefined
    const findings: IntegrityFinding[] = [{ rule: 'scale', reference: agreed, limit: scale }]
    const otherVenues = marks?.sortOthers(place, this.#own.heardMsOf(instrument), this.rules.freshMs) ?? 0
    return {
      instrument,
      symbol,
      markPrice,
      eventTimeMs,
      mark: 0,
      accepted: '',
      base: agreed,
      findings,
      otherVenues,
      isSpike: false,
    }
  }

  /** What is doubtful of the last classified mark. */
  doubtOf(instrument: number): Doubt | undefined {
    return this.#last[instrument]
  }

  /** Whether what other prices say now confirms a price that was doubtful, at the time of the last mark of its market. */
  evidenceOf(price: StatedPrice): Evidence | undefined {
    const { instrument } = price
    return evidenceOf(price, this.#subjects[instrument]!, this.#own.heardMsOf(instrument), this.rules)
  }

  /** Once the other venues agree on a scale: what is off it compares no further marks. */
  #compare(instrument: number): void {
    const agreed = this.#agreedOf(instrument)
    if (agreed === '') return
    this.#own.setCompared(instrument, true)
    const known = [this.#own.acceptedOf(instrument), this.#own.baseOf(instrument)]
    if (known.some((price) => price !== '' && isOffScale(price, agreed, this.rules.scale)))
      this.#own.forget(instrument, agreed)
  }

  #isFarFromBase(instrument: number): boolean {
    const base = this.#own.basePriceOf(instrument)
    return base > 0 && mayBeOffScale(this.#own.priceOf(instrument), base, this.#scale)
  }

  /** Whether f64 proves that no rule is broken. */
  #isClean(instrument: number): boolean {
    const { index, marks, place, jump, toIndex, crossVenue } = this.#subjects[instrument]!
    const { jumpWithinMs, clockSkewMaxMs, freshMs, venuesMin, venuesAgreeMin } = this.rules
    const price = this.#own.priceOf(instrument)
    const nowMs = this.#own.heardMsOf(instrument)
    const eventTimeMs = this.#own.eventTimeMsOf(instrument)
    if (Math.abs(eventTimeMs - this.#own.receivedTimeMsOf(instrument)) > clockSkewMaxMs) return false
    if (this.#isFarFromBase(instrument)) return false
    const accepted = this.#own.acceptedPriceOf(instrument)
    if (accepted > 0 && eventTimeMs - this.#own.acceptedTimeMsOf(instrument) <= jumpWithinMs)
      if (mayBeBeyond(price, accepted, jump.value)) return false
    if (index !== undefined && nowMs - index.heardMs <= freshMs)
      if (mayBeBeyond(price, index.price, toIndex.value)) return false
    if (marks === undefined) return true
    const venues = marks.sortOthers(place, nowMs, freshMs)
    // A first mark has only them to be off scale of.
    if (venues >= venuesAgreeMin && this.#own.basePriceOf(instrument) === 0)
      if (mayBeOffScale(price, marks.middleFloat(venues), this.#scale)) return false
    return venues < venuesMin || !mayBeBeyond(price, marks.medianFloat(venues), crossVenue.value)
  }

  #findings(instrument: number): IntegrityFinding[] {
    const { index, jump, toIndex, crossVenue } = this.#subjects[instrument]!
    const nowMs = this.#own.heardMsOf(instrument)
    const compared = {
      mark: this.#own.textOf(instrument),
      eventTimeMs: this.#own.eventTimeMsOf(instrument),
      receivedTimeMs: this.#own.receivedTimeMsOf(instrument),
      accepted: this.#own.acceptedOf(instrument),
      acceptedTimeMs: this.#own.acceptedTimeMsOf(instrument),
      base: this.#own.baseOf(instrument),
      index: index !== undefined && nowMs - index.heardMs <= this.rules.freshMs ? index.text : '',
      median: this.#medianOf(instrument),
      agreed: this.#agreedOf(instrument),
      jump: jump.text,
      toIndex: toIndex.text,
      crossVenue: crossVenue.text,
    }
    return brokenRules(compared, this.rules)
  }

  /** The median of the other venues; empty where too few are fresh. */
  #medianOf(instrument: number): Decimal {
    const { marks, place } = this.#subjects[instrument]!
    const venues = marks?.sortOthers(place, this.#own.heardMsOf(instrument), this.rules.freshMs) ?? 0
    return marks !== undefined && venues >= this.rules.venuesMin ? marks.median(venues) : ''
  }

  /** The middle one of the other venues, where most of them agree on its scale; empty otherwise. */
  #agreedOf(instrument: number): Decimal {
    const { marks, place } = this.#subjects[instrument]!
    const { freshMs, venuesAgreeMin, scale } = this.rules
    const venues = marks?.sortOthers(place, this.#own.heardMsOf(instrument), freshMs) ?? 0
    return marks?.agreed(venues, venuesAgreeMin, scale) ?? ''
  }

  #accept(instrument: number): void {
    this.#own.accept(instrument)
    this.#own.setOffScale(instrument, false)
    const last = this.#last[instrument]
    if (last === undefined) return
    last.isSpike ??= this.#isSpike(last)
    this.#last[instrument] = undefined
  }

  /** Whether a mark that stood for one mark may be none of the market: it is apart from the last accepted one, and was followed soon. */
  #isSpike({ instrument, markPrice, accepted, eventTimeMs }: Doubt): boolean {
    if (this.#own.eventTimeMsOf(instrument) - eventTimeMs > this.rules.freshMs) return false
    return accepted === '' || isBeyond(markPrice, accepted, this.#subjects[instrument]!.toIndex.text)
  }

  #doubt(instrument: number, findings: readonly IntegrityFinding[]): Doubt {
    const { symbol, marks, place } = this.#subjects[instrument]!
    const mark = this.#own.countOf(instrument)
    const before = this.#last[instrument]
    if (before?.mark === mark && breaksTheSame(before, findings)) return before
    if (before !== undefined && before.mark !== mark) before.isSpike = false
    const isOff = breaksScale({ findings })
    // A first mark that is off scale leaves nothing of its own to compare the next ones with.
    if (isOff && this.#own.baseOf(instrument) === '')
      this.#own.setBase(instrument, this.#agreedOf(instrument))
    const doubt: Doubt = {
      instrument,
      symbol,
      markPrice: this.#own.textOf(instrument),
      eventTimeMs: this.#own.eventTimeMsOf(instrument),
      mark,
      accepted: this.#own.acceptedOf(instrument),
      base: this.#own.baseOf(instrument),
      findings,
      otherVenues: marks?.sortOthers(place, this.#own.heardMsOf(instrument), this.rules.freshMs) ?? 0,
      isSpike: before === undefined || before.mark === mark ? before?.isSpike : false,
    }
    this.#last[instrument] = doubt
    this.#own.setOffScale(instrument, isOff)
    if (!isOff) this.#own.setBase(instrument, doubt.markPrice)
    return doubt
  }
}
