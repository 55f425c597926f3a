import { compareDecimals, type Decimal, type HeardRange, MARK_BAR_MS, minuteOf } from '../domain/index.ts'

interface HeardMark {
  readonly markText: Decimal
  /** Correctly rounded: f64 keeps the order of marks that it tells apart. */
  readonly markValue: number
  /** The venue's time. */
  readonly eventTimeMs: number
}

/** The lowest and the highest mark of a market in the minute of its last one, by the venue's time. Hearing a mark allocates nothing. */
export class HeardMinute implements HeardRange {
  /** 0 before the first mark. */
  minuteMs = 0
  low: Decimal = ''
  high: Decimal = ''
  #lowValue = 0
  #highValue = 0
  /** Called once, with the minute that ends. */
  #ended: ((range: HeardRange) => void) | undefined

  /** Takes the mark of a market, which is passed as a whole because numbers that cross a call are boxed. */
  hear({ markText: mark, markValue: value, eventTimeMs }: HeardMark): void {
    const sinceMs = eventTimeMs - this.minuteMs
    if (sinceMs < 0 || sinceMs >= MARK_BAR_MS) this.#begin(minuteOf(eventTimeMs), mark, value)
    else {
      if (value < this.#lowValue || (value === this.#lowValue && isBelow(mark, this.low))) {
        this.low = mark
        this.#lowValue = value
      }
      if (value > this.#highValue || (value === this.#highValue && isBelow(this.high, mark))) {
        this.high = mark
        this.#highValue = value
      }
    }
  }

  /** What an earlier worker heard in the minute of its last mark. */
  restore({ minuteMs, low, high }: HeardRange): void {
    this.minuteMs = minuteMs
    this.low = low
    this.high = high
    this.#lowValue = Number(low)
    this.#highValue = Number(high)
  }

  /** Calls `ended` with all that is heard in this minute when another one begins. */
  onEnd(ended: (range: HeardRange) => void): void {
    const before = this.#ended
    this.#ended =
      before === undefined
        ? ended
        : (range) => {
            before(range)
            ended(range)
          }
  }

  /** A copy. */
  get range(): HeardRange {
    const { minuteMs, low, high } = this
    return { minuteMs, low, high }
  }

  /** A copy; null before the first mark. */
  get orNull(): HeardRange | null {
    return this.minuteMs === 0 ? null : this.range
  }

  #begin(minuteMs: number, mark: Decimal, value: number): void {
    if (this.#ended !== undefined) {
      this.#ended(this.range)
      this.#ended = undefined
    }
    this.minuteMs = minuteMs
    this.low = mark
    this.high = mark
    this.#lowValue = value
    this.#highValue = value
  }
}

/** Of two texts that f64 does not tell apart. Most often they are the same. */
function isBelow(left: Decimal, right: Decimal): boolean {
  return left !== right && compareDecimals(left, right) < 0
}
