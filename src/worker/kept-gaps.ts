import { GAPS_KEPT_MAX, RedisGapLog } from '../delivery/index.ts'
import { type Gap, type KeptGap, minuteOf, type Watermark } from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Monitor } from '../monitor/index.ts'
import type { RedisCommands } from '../redis/index.ts'
import type { Filled } from './gap-filler.ts'

const NOTHING_FOUND: Filled = { found: 0, undecided: 0, reasons: [] }

export interface KeptGapsOptions {
  readonly redis: RedisCommands
  /** The hash in Redis. */
  readonly key: string
  readonly log: Log
}

/** The watermarks of markets and their gaps, as Redis is to keep them. */
export class KeptGaps {
  readonly #log: Log
  readonly #gapLog: RedisGapLog
  /** By market, as Redis has them. */
  readonly #watermarks = new Map<string, Watermark>()
  /** Those that Redis does not have so. */
  readonly #changed = new Map<string, KeptGap>()
  readonly #ended = new Map<string, KeptGap>()
  /** Open gaps whose last minute may not be over, with what is kept of what was heard in them. */
  readonly #growing = new Map<Gap, string>()
  #isKeeping = false
  #isInOutage = false

  constructor({ redis, key, log }: KeptGapsOptions) {
    this.#log = log
    this.#gapLog = new RedisGapLog(redis, key)
  }

  /** What earlier workers left. */
  async load(): Promise<{ readonly watermarks: readonly Watermark[]; readonly open: readonly KeptGap[] }> {
    const fault = (error: PlimsollError) => this.#log.error({ code: error.code }, error.message)
    const { watermarks, gaps } = await this.#gapLog.load(fault)
    for (const watermark of watermarks) this.#watermarks.set(marketOf(watermark), watermark)
    const isOpen = ({ state }: KeptGap) => state === 'open'
    for (const gap of gaps) if (!isOpen(gap)) this.#ended.set(keyOf(gap), gap)
    return { watermarks, open: gaps.filter(isOpen) }
  }

  /** The venue's time of the last mark of the market as Redis has it; 0 if it has none. */
  watermarkMsOf(market: Pick<Watermark, 'venue' | 'symbol'>): number {
    const watermark = this.#watermarks.get(marketOf(market))
    return watermark?.heard ? watermark.eventTimeMs : 0
  }

  /** A gap that is to be filled. */
  open(gap: Gap): void {
    this.set(keptOf(gap, NOTHING_FOUND, 'open'))
    this.#growing.set(gap, JSON.stringify(gap.heard))
  }

  /** What is to be kept of a gap that is over, by `set`. */
  ended(gap: Gap, filled: Filled, state: 'filled' | 'unfilled'): KeptGap {
    this.#growing.delete(gap)
    return keptOf(gap, filled, state)
  }

  set(gap: KeptGap): void {
    this.#changed.set(keyOf(gap), gap)
    if (gap.state !== 'open') this.#ended.set(keyOf(gap), gap)
  }

  /** Writes what has changed, all of it at the next call where Redis does not answer. */
  async keep({ missed }: Pick<Monitor, 'missed'>): Promise<void> {
    if (this.#isKeeping) return
    this.#isKeeping = true
    this.#keepHeard(missed)
    const watermarks = [...missed.watermarks()].filter(
      (one) => this.#watermarks.get(marketOf(one))?.eventTimeMs !== one.eventTimeMs,
    )
    const left = [...this.#watermarks.values()].filter(({ venue, symbol }) => !missed.isHeld(venue, symbol))
    const gaps = [...this.#changed.values()]
    const old = this.#tooOld()
    try {
      await this.#gapLog.write(watermarks, gaps, { watermarks: left, gaps: old })
      for (const watermark of watermarks) this.#watermarks.set(marketOf(watermark), watermark)
      for (const watermark of left) this.#watermarks.delete(marketOf(watermark))
      for (const gap of gaps) if (this.#changed.get(keyOf(gap)) === gap) this.#changed.delete(keyOf(gap))
      for (const gap of old) this.#ended.delete(keyOf(gap))
      this.#isInOutage = false
    } catch (error) {
      if (!this.#isInOutage) this.#reportOutage(error)
      this.#isInOutage = true
    } finally {
      this.#isKeeping = false
    }
  }

  /** Those that began first, of more than are kept. */
  #tooOld(): KeptGap[] {
    const excess = this.#ended.size - GAPS_KEPT_MAX
    if (excess <= 0) return []
    return [...this.#ended.values()].sort((left, right) => left.fromMs - right.fromMs).slice(0, excess)
  }

  /** What is heard of the minute in which a gap ends is kept too: the next worker fills the gap without it. */
  #keepHeard(missed: Monitor['missed']): void {
    for (const [gap, known] of this.#growing) {
      const heard = missed.heardIn(gap)
      const text = JSON.stringify(heard)
      if (text !== known) this.set(keptOf({ ...gap, heard }, NOTHING_FOUND, 'open'))
      if (gap.heard.some(({ minuteMs }) => minuteMs === minuteOf(gap.toMs))) this.#growing.delete(gap)
      else this.#growing.set(gap, text)
    }
  }

  #reportOutage(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#log.error(
      { code: 'REDIS_UNAVAILABLE', error: reason },
      'Redis does not keep how far markets are evaluated; a worker that starts now looks at more of the past',
    )
  }
}

function marketOf({ venue, symbol }: Pick<Watermark, 'venue' | 'symbol'>): string {
  return `${venue} ${symbol}`
}

function keyOf({ venue, symbol, fromMs }: KeptGap): string {
  return `${venue} ${symbol} ${fromMs}`
}

function keptOf(gap: Gap, { found, undecided, reasons }: Filled, state: KeptGap['state']): KeptGap {
  const { venue, symbol, fromMs, toMs, heard } = gap
  return { venue, symbol, fromMs, toMs, heard: [...heard], state, found, undecided, reasons: [...reasons] }
}
