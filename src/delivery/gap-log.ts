import {
  describeIssue,
  type GapLogEntries,
  gapTermsSchema,
  IN_OUR_WORDS,
  type KeptGap,
  venueId,
  type Watermark,
  watermarkTermsSchema,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { type RedisCommands, scanHash } from '../redis/index.ts'

const READ_BATCH = 1_000
/** Fields of one command. */
const WRITTEN_FIELDS_MAX = 1_000
/** Gaps that are kept when they are over; of more the oldest are forgotten. */
export const GAPS_KEPT_MAX = 10_000

const WATERMARK = 'watermark'
const GAP = 'gap'

/**
 * Watermarks of markets, and their gaps, in Redis: a hash `watermark <venue> <symbol>` and `gap <venue> <symbol> <fromMs>` → terms as
 * JSON. What one call of `write` is given is kept together, so that no watermark passes a gap that is not kept.
 */
export class RedisGapLog {
  readonly #redis: RedisCommands
  readonly #key: string

  constructor(redis: RedisCommands, key: string) {
    this.#redis = redis
    this.#key = key
  }

  /** An entry that cannot be read is given to `fault` and left out: what it says is not known. */
  async load(fault: (error: PlimsollError) => void): Promise<GapLogEntries> {
    const watermarks = new Map<string, Watermark>()
    const gaps = new Map<string, KeptGap>()
    for await (const page of scanHash(this.#redis, this.#key, () => READ_BATCH)) {
      for (const [field, text] of page) {
        const entry = entryOf(field, text)
        if (entry instanceof PlimsollError) fault(entry)
        else if ('state' in entry) gaps.set(field, entry)
        else watermarks.set(field, entry)
      }
    }
    const inOrder = [...gaps.values()].sort((left, right) => left.fromMs - right.fromMs)
    return { watermarks: [...watermarks.values()], gaps: inOrder }
  }

  async write(
    watermarks: Iterable<Watermark>,
    gaps: Iterable<KeptGap>,
    forgotten: {
      readonly watermarks?: Iterable<Omit<Watermark, 'eventTimeMs' | 'heard'>>
      readonly gaps?: Iterable<KeptGap>
    } = {},
  ): Promise<void> {
    const written: string[] = []
    // Gaps first: where Redis ends between two commands, a watermark of before a gap finds it again.
    for (const gap of gaps) written.push(gapField(gap), gapText(gap))
    for (const { venue, symbol, eventTimeMs, heard } of watermarks)
      written.push(watermarkField({ venue, symbol }), JSON.stringify({ eventTimeMs, heard }))
    for (let at = 0; at < written.length; at += 2 * WRITTEN_FIELDS_MAX)
      await this.#redis.call('HSET', this.#key, ...written.slice(at, at + 2 * WRITTEN_FIELDS_MAX))
    const dropped = [
      ...[...(forgotten.watermarks ?? [])].map(watermarkField),
      ...[...(forgotten.gaps ?? [])].map(gapField),
    ]
    for (let at = 0; at < dropped.length; at += WRITTEN_FIELDS_MAX)
      await this.#redis.call('HDEL', this.#key, ...dropped.slice(at, at + WRITTEN_FIELDS_MAX))
  }
}

function watermarkField({ venue, symbol }: Pick<Watermark, 'venue' | 'symbol'>): string {
  return `${WATERMARK} ${venue} ${symbol}`
}

function gapField({ venue, symbol, fromMs }: Pick<KeptGap, 'venue' | 'symbol' | 'fromMs'>): string {
  return `${GAP} ${venue} ${symbol} ${fromMs}`
}

function gapText({ toMs, heard, state, reasons, found, undecided }: KeptGap): string {
  return JSON.stringify({ toMs, heard, state, reasons, found, undecided })
}

/** Names of index prices hold a space. */
const FIELD = /^(watermark|gap) ([a-z][a-z0-9-]{0,31}) (\S.*?)(?: ([1-9]\d{0,15}))?$/

function entryOf(field: string, text: string): Watermark | KeptGap | PlimsollError {
  const [, kind, venue = '', symbol = '', from] = FIELD.exec(field) ?? []
  const value = jsonOf(text)
  if (kind === WATERMARK && from === undefined) {
    const parsed = watermarkTermsSchema.safeParse(value, IN_OUR_WORDS)
    if (parsed.success) return { venue: venueId(venue), symbol, ...parsed.data }
    return unreadable(field, describeIssue(parsed.error))
  }
  if (kind !== GAP || from === undefined) return unreadable(field, 'it is no watermark and no gap')
  const parsed = gapTermsSchema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return { venue: venueId(venue), symbol, fromMs: Number(from), ...parsed.data }
  return unreadable(field, describeIssue(parsed.error))
}

function unreadable(field: string, rule: string): PlimsollError {
  const message = `stored entry ${JSON.stringify(field)} of gaps is not valid (${rule}); it is left out: what was missed behind it is not looked for`
  return new PlimsollError('INPUT_INVALID', message, { path: field })
}
