// Lines of a recording that say what the lists of venues brought.
import {
  type ContractSink,
  type Contradiction,
  contradictionSchema,
  type VenueId,
  venueId,
} from '../domain/index.ts'
import type { RecordedFields } from './recorded-fields.ts'

interface OfContract {
  readonly timeMs: number
  readonly venue: VenueId
  readonly symbol: string
}

/** As the methods of `ContractSink`. `expiryMs` null: the venue states no time. */
export type RecordedContract =
  | (OfContract & { readonly kind: 'expiry'; readonly expiryMs: number | null })
  | (OfContract & { readonly kind: 'delisted'; readonly sinceMs: number })
  | (OfContract & { readonly kind: 'listed' })
  | (OfContract & { readonly kind: 'contradicted'; readonly contradictions: readonly Contradiction[] })

export function contractLine(entry: RecordedContract): string {
  const { kind, timeMs, venue, symbol } = entry
  return JSON.stringify({ [kind]: timeMs, venue, symbol, ...furtherOf(entry) })
}

function furtherOf(entry: RecordedContract): object {
  if (entry.kind === 'expiry') return { expiryMs: entry.expiryMs }
  if (entry.kind === 'delisted') return { sinceMs: entry.sinceMs }
  return entry.kind === 'contradicted' ? { contradictions: entry.contradictions } : {}
}

/** undefined for a line of another kind. */
export function readContract(
  fields: RecordedFields,
  line: number,
  value: Readonly<Record<string, unknown>>,
): RecordedContract | undefined {
  const of = (kind: string): OfContract => ({
    timeMs: fields.time(line, kind, value[kind]),
    venue: venueId(fields.text(line, 'venue', value.venue)),
    symbol: fields.text(line, 'symbol', value.symbol),
  })
  if ('expiry' in value) {
    const expiryMs = value.expiryMs === null ? null : fields.time(line, 'expiryMs', value.expiryMs)
    return { kind: 'expiry', ...of('expiry'), expiryMs }
  }
  if ('delisted' in value)
    return { kind: 'delisted', ...of('delisted'), sinceMs: fields.time(line, 'sinceMs', value.sinceMs) }
  if ('contradicted' in value) {
    const read = contradictionSchema.array().safeParse(value.contradictions)
    if (!read.success)
      fields.refuse(line, 'contradictions', value.contradictions, 'must be a list of contradicted terms')
    return { kind: 'contradicted', ...of('contradicted'), contradictions: read.data }
  }
  return 'listed' in value ? { kind: 'listed', ...of('listed') } : undefined
}

/** The same sink, what it takes written down before. `nowMs`: Unix milliseconds. */
export function recordedContracts(
  inner: ContractSink,
  nowMs: () => number,
  add: (entry: RecordedContract) => void,
): ContractSink {
  return {
    expiryStated(venue, symbol, expiryMs) {
      add({ kind: 'expiry', timeMs: nowMs(), venue, symbol, expiryMs: expiryMs ?? null })
      inner.expiryStated(venue, symbol, expiryMs)
    },
    delisted(venue, symbol, sinceMs) {
      add({ kind: 'delisted', timeMs: nowMs(), venue, symbol, sinceMs })
      inner.delisted(venue, symbol, sinceMs)
    },
    listed(venue, symbol) {
      add({ kind: 'listed', timeMs: nowMs(), venue, symbol })
      inner.listed(venue, symbol)
    },
    termsContradicted(venue, symbol, contradictions) {
      add({ kind: 'contradicted', timeMs: nowMs(), venue, symbol, contradictions })
      inner.termsContradicted(venue, symbol, contradictions)
    },
  }
}
