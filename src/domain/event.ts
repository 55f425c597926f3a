import { z } from 'zod'
import { marginModeSchema } from './account.ts'
import { decimalSchema, positiveDecimalSchema } from './decimal.ts'

export const EVENT_SCHEMA_VERSION = 2

export const eventKindSchema = z.enum(['warning', 'liquidation', 'recovered', 'unknown', 'closed'])
/**
 * A change of state of a margin account. `warning` and `liquidation`: the margin ratio reached `level`.
 * `recovered`: it fell back to `level`. `unknown`: there is no verdict any more, `reasons` says why
 * (`stale-mark`, `account-refused`, `account-unreadable`, `book-lost`); the next verdict is published even if the
 * level is unchanged, as `recovered` only if it is safe. `closed`: the last position was closed. The last three
 * end the episode.
 */
export type EventKind = z.infer<typeof eventKindSchema>

export const marketEventKindSchema = z.enum(['market-stale', 'market-fresh'])
/**
 * A change of state of a market. `market-stale`: it has no fresh mark, so its margin accounts have no verdict.
 * `market-fresh`: it has one again. A margin account gets an `unknown` of its own only where a level above safe is
 * published.
 */
export type MarketEventKind = z.infer<typeof marketEventKindSchema>

/** What every event carries. */
const envelope = {
  schemaVersion: z.literal(EVENT_SCHEMA_VERSION),
  id: z.string().regex(/^e_[a-z2-7]{26}$/),
  /** Random id of the log of events, made with its stream. A log that starts anew has another one. */
  logId: z.string(),
  shard: z.string(),
  venue: z.string(),
  /** Counts the episodes of the margin account, or the silences of the market; grows, not always from 1. */
  episode: z.int().positive(),
  /** Counts the events of the margin account, or of the market, without gaps; grows, not always from 1. */
  sequence: z.int().positive(),
}

const figure = z.string()
const figureOrNull = z.string().nullable()

/** Payload of an event of a margin account. Money is decimal strings in the settlement asset. Readers ignore fields they do not know. */
export const marginEventSchema = z.object({
  ...envelope,
  kind: eventKindSchema,
  account: z.string(),
  accountVersion: z.int().nonnegative(),
  marginAccount: z.string(),
  marginMode: marginModeSchema,
  settle: z.string(),
  /** Level after the event: `0`, a warning level such as `0.7`, or `1`. */
  level: decimalSchema,
  /** Level before the event. */
  previousLevel: decimalSchema,
  /** Place by shortfall among the events of its instant, worst first, from 1. */
  rank: z.int().positive(),
  marks: z.array(
    z.object({
      symbol: z.string(),
      markPrice: positiveDecimalSchema.nullable(),
      eventTimeMs: z.number().nullable(),
      ageMs: z.number().nullable(),
    }),
  ),
  walletBalance: figureOrNull,
  unrealizedPnl: figureOrNull,
  marginBalance: figureOrNull,
  maintenanceMargin: figureOrNull,
  marginRatio: figureOrNull,
  shortfall: figureOrNull,
  positions: z.array(
    z.object({
      symbol: z.string(),
      size: figure,
      notional: figureOrNull,
      unrealizedPnl: figureOrNull,
      maintenanceMargin: figureOrNull,
      liquidationPrice: figureOrNull,
      bankruptcyPrice: figureOrNull,
    }),
  ),
  cure: z
    .object({
      topUp: figure,
      reductions: z.array(z.object({ symbol: z.string(), size: figureOrNull })),
    })
    .nullable(),
  confidence: z.enum(['confirmed', 'suspect']),
  reasons: z.array(z.string()),
  ruleBook: z.string(),
  /** Age in days of the oldest risk-tier table behind the figures; null where a table has no date. */
  ruleAgeDays: z.int().nonnegative().nullable(),
  /** Venue time of the tick that caused the event; null for changes of the account itself. */
  eventTimeMs: z.number().nullable(),
  receivedTimeMs: z.number(),
  /** From receipt of the frame to the verdict, milliseconds with a fraction. */
  detectionLatencyMs: z.number().nonnegative(),
})
export type MarginEvent = Readonly<z.infer<typeof marginEventSchema>>

/** Payload of an event of a market. Readers ignore fields they do not know. */
export const marketEventSchema = z.object({
  ...envelope,
  kind: marketEventKindSchema,
  symbol: z.string(),
  /** Wall time of the last stated or confirmed mark before the silence, or of the first position where there was none. */
  sinceMs: z.number(),
  /** Margin accounts with a position in this market. */
  marginAccounts: z.int().nonnegative(),
  /** The mark that ended the silence; null for `market-stale`. */
  markPrice: positiveDecimalSchema.nullable(),
  receivedTimeMs: z.number(),
})
export type MarketEvent = Readonly<z.infer<typeof marketEventSchema>>

export const plimsollEventSchema = z.discriminatedUnion('kind', [marginEventSchema, marketEventSchema])
/** Everything that stream and queue carry. `kind` tells which one it is. */
export type PlimsollEvent = MarginEvent | MarketEvent

const numbers = { episode: z.int().nonnegative(), sequence: z.int().nonnegative() }

/** What must survive a restart so that it is known what was published, and ids and sequences go on. */
export const marginAccountProgressSchema = z.object({
  ...numbers,
  account: z.string(),
  venue: z.string(),
  marginMode: marginModeSchema,
  settle: z.string(),
  /** Whether the episode of that number is still open. */
  open: z.boolean(),
  level: decimalSchema,
  /** Whether the level is the last known one only: a mark is stale, or the terms are refused. */
  unknown: z.boolean(),
})
export type MarginAccountProgress = Readonly<z.infer<typeof marginAccountProgressSchema>>

export const marketProgressSchema = z.object({
  ...numbers,
  venue: z.string(),
  symbol: z.string(),
  /** Whether `market-stale` is the last event published. */
  stale: z.boolean(),
})
export type MarketProgress = Readonly<z.infer<typeof marketProgressSchema>>

/** Under which name the progress of a market is kept. The space cannot be part of a margin account's id. */
export function marketSubject(venue: string, symbol: string): string {
  return `market ${venue} ${symbol}`
}

/**
 * One event with what is kept after it, as handed from the monitor to the log of events. `subject` is the margin
 * account's id or `marketSubject`. A `progress` of null is forgotten: nothing of the subject is left, and the log
 * keeps the highest forgotten sequence as the floor of every subject that it does not know.
 */
export interface EventRecord {
  readonly event: PlimsollEvent
  readonly subject: string
  readonly progress: MarginAccountProgress | MarketProgress | null
}
