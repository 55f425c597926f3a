import { counted } from '../../domain/index.ts'
import type { VenueCount } from '../venue-counts.ts'
import { compact, milliseconds, seconds } from './format.ts'
import type { EventCounts, Latencies } from './snapshot.ts'
import { table } from './table.ts'
import { wrap } from './text.ts'

/** The product's proof, as `plimsoll demo --json` prints it. */
export interface DemoSummary {
  readonly ticks: number
  readonly frames: number
  readonly accounts: number
  readonly positions: number
  readonly suspects: number
  readonly exactChecks: number
  /** `revision`: of events whose prices were suspect. */
  readonly events: EventCounts & { readonly revision: number }
  readonly delivered: number
  /** Events of the sample that the naive replay made and that were not delivered; null if Ctrl-C cut the replay short. */
  readonly lost: number | null
  /** Effects beyond the first of an event, over the whole book. */
  readonly duplicated: number
  /** Events of the sample that were delivered and that the naive replay did not make, or made with other figures; null as above. */
  readonly disagreements: number | null
  readonly latencyMs: Latencies
  /** Accounts that the naive replay judged: `lost` and `disagreements` are about these. */
  readonly replayedAccounts: number
  /** With it, on the same venues, the book and the market can be made again. */
  readonly seed: number
  readonly venues: readonly string[]
  /** The same by venue: what was heard and delivered of the whole book, and what was found wrong. */
  readonly ofVenues: Readonly<Record<string, VenueSummary>>
}

export interface VenueSummary extends VenueCount {
  readonly delivered: number
  readonly lost: number | null
  readonly duplicated: number
  readonly disagreements: number | null
}

/** What the summary for people shows beside `DemoSummary`. */
export interface SummaryContext {
  /** Length of the market as it was planned. */
  readonly seconds: number
  /** How long the market ran. */
  readonly marketMs: number
  readonly samplePositions: number
  /** Mark prices that the simulated venues sent for the markets of the book. */
  readonly sentTicks: number
  readonly reconnects: number
  /** Events of every kind that the worker published. */
  readonly made: number
  readonly replayedTicks: number
  readonly replayChecks: number
  /** Prices that it has to replay. */
  readonly heardTicks: number
  readonly replayEvents: number | null
  readonly examples: readonly string[]
  readonly interrupted: boolean
}

/**
 * Whether the run proves the promises: the worker evaluated every mark price that was sent (unless a connection broke),
 * no event is lost, doubled or different, and every event was delivered.
 */
export function isProven(summary: DemoSummary, context: SummaryContext): boolean {
  return (
    (summary.ticks === context.sentTicks || context.reconnects > 0) &&
    summary.lost === 0 &&
    summary.duplicated === 0 &&
    summary.disagreements === 0 &&
    summary.delivered === context.made
  )
}

const NAME_COLUMNS = 16

/** The summary in words and aligned numbers; a line wider than `columns` continues in the next. */
export function renderSummary(summary: DemoSummary, context: SummaryContext, columns: number): string[] {
  const { events, latencyMs } = summary
  const { warning, liquidation, recovered, revision } = events
  const others = context.made - warning - liquidation - recovered - revision
  const line = (name: string, text: string): string[] =>
    wrap(text, columns - NAME_COLUMNS).map(
      (part, index) => `  ${index === 0 ? name : ''}`.padEnd(NAME_COLUMNS) + part,
    )
  return [
    `plimsoll demo${lengthText(context)} of market, seed ${summary.seed}`,
    ...line('book', `${counted(summary.accounts, 'account')}, ${counted(summary.positions, 'position')}`),
    ...line('market data', `${counted(summary.frames, 'frame')}, ${evaluatedText(summary.ticks, context)}`),
    ...line(
      'kernel',
      `${counted(summary.suspects, 'suspect')}; ${compact(summary.exactChecks)} too close to a line for it; exact arithmetic confirmed every event`,
    ),
    ...line(
      'events',
      [
        counted(warning, 'warning'),
        counted(liquidation, 'liquidation'),
        `${compact(recovered)} recovered`,
        ...(revision === 0 ? [] : [`${counted(revision, 'revision')} of suspect events`]),
        ...(others === 0 ? [] : [`${compact(others)} of prices that are missing or in doubt`]),
      ].join(', '),
    ),
    ...line('delivered', `${compact(summary.delivered)} of ${compact(context.made)} to another process`),
    ...line(
      'frame→verdict',
      `p50 ${milliseconds(latencyMs.detectP50)}, p99 ${milliseconds(latencyMs.detectP99)}`,
    ),
    ...line(
      'verdict→queue',
      `p50 ${milliseconds(latencyMs.queueP50)}, p99 ${milliseconds(latencyMs.queueP99)}`,
    ),
    ...line(
      'naive replay',
      [
        counted(summary.replayedAccounts, 'account'),
        counted(context.samplePositions, 'position'),
        counted(context.replayedTicks, 'tick'),
        counted(context.replayChecks, 'check'),
        ...(context.replayEvents === null ? [] : [counted(context.replayEvents, 'event')]),
      ].join(', '),
    ),
    ...venueLines(summary.ofVenues, columns, line),
    ...line('proof', proofText(summary, context)),
    ...context.examples.flatMap((example) => line('', example)),
  ]
}

const INDENT = '  '
const VENUE_HEADS = [
  'venue',
  'accounts',
  'markets',
  'prices',
  'events',
  'lost',
  'duplicated',
  'disagreements',
]

/** A row a venue, or a sentence a venue where the screen is too narrow for the table. */
function venueLines(
  ofVenues: DemoSummary['ofVenues'],
  columns: number,
  line: (name: string, text: string) => string[],
): string[] {
  const figures = Object.entries(ofVenues).map(([venue, of]) => {
    const counts = [
      of.accounts,
      of.markets,
      of.prices,
      of.delivered,
      of.lost,
      of.duplicated,
      of.disagreements,
    ]
    return [venue, ...counts.map((count) => (count === null ? '–' : compact(count)))]
  })
  const lines = table([VENUE_HEADS, ...figures]).map((row) => INDENT + row)
  if (lines.every(({ length }) => length <= columns)) return lines
  return figures.flatMap(([venue, ...counts]) =>
    line(venue!, counts.map((count, index) => `${VENUE_HEADS[index + 1]} ${count}`).join(', ')),
  )
}

function proofText(summary: DemoSummary, context: SummaryContext): string {
  const { lost, duplicated, disagreements } = summary
  if (lost === null || disagreements === null)
    return `none: the naive replay was cut short at ${compact(context.replayedTicks)} of ${counted(context.heardTicks, 'price')}`
  const found = `${lost} lost, ${duplicated} duplicated, ${counted(disagreements, 'disagreement')}`
  return `${found}: ${isProven(summary, context) ? 'every event is right and arrived once' : 'FAILED'}`
}

function lengthText({ interrupted, marketMs, seconds: planned }: SummaryContext): string {
  return interrupted ? ` (interrupted): ${seconds(marketMs)} of ${planned} s` : `: ${planned} s`
}

/** After a reconnect the first snapshot has marks that the exchange does not count as sent. */
function evaluatedText(ticks: number, { sentTicks, reconnects }: SummaryContext): string {
  if (reconnects === 0) return `${compact(ticks)} of ${counted(sentTicks, 'mark price')} evaluated`
  return `${counted(ticks, 'mark price')} evaluated; ${compact(sentTicks)} sent, ${counted(reconnects, 'reconnect')} with snapshots`
}
