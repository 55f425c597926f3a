import { z } from 'zod'
import { marginModeSchema } from './account.ts'
import { contradictionSchema } from './contradiction.ts'
import { decimalSchema, positiveDecimalSchema } from './decimal.ts'
import { eventInterestSchema, eventRolloverSchema } from './event-charges.ts'
import { cureSchema } from './event-cure.ts'
import { envelope, eventKindSchema } from './event-envelope.ts'
import { figureOrNull, termOf, text, timeMs, timeMsOrNull } from './event-fields.ts'
import { eventFundingSchema } from './event-funding.ts'
import { eventIntegritySchema } from './event-integrity.ts'
import { eventPoolSchema } from './event-pool.ts'
import { type RevisionEvent, revisionEventSchema } from './event-revision.ts'
import { eventRulesSchema } from './event-rules.ts'
import { type VenueEvent, venueEventSchema } from './event-venue.ts'
import { gapReasonSchema } from './gap.ts'
import { levelNameSchema } from './level.ts'
import { markSourceSchema } from './mark-source.ts'

export const marketEventKindSchema = z.enum([
  'market-stale',
  'market-expired',
  'market-contradicted',
  'market-fresh',
  'market-closed',
  'market-gap',
])
/**
 * A change of state of a market. `market-stale`: it has no fresh mark, so its margin accounts have no verdict.
 * `market-expired`: its contract has expired or is delisted, so it will have none. `market-contradicted`: its venue states other
 * terms of the contract than the rules, so there is no verdict. `market-fresh`: it has a mark again. `market-closed`: the
 * last margin account left the market while it had none; nothing is published of the market until one comes back. The last two end
 * the episode. `market-gap`: marks of a span were not heard, and what they did is not known. A margin account gets an `unknown` of its
 * own only when a level above safe is published.
 */
export type MarketEventKind = z.infer<typeof marketEventKindSchema>

const markSchema = z.object({
  symbol: text("Venue's name of the contract."),
  markPrice: positiveDecimalSchema
    .nullable()
    .describe('As the venue printed it; null if there is no fresh mark.'),
  eventTimeMs: timeMsOrNull('when the venue says it set the price; null if there is no fresh mark.'),
  ageMs: z
    .number()
    .nullable()
    .describe(
      'Milliseconds since the mark was stated or confirmed, at the verdict; null if there is no fresh mark.',
    ),
  fundingRate: decimalSchema
    .nullable()
    .optional()
    .describe(
      'Funding rate of the next payment, where it counts in the maintenance margin; null if none is known. Absent for other contracts.',
    ),
  markSource: markSourceSchema
    .optional()
    .describe(
      "What stands for the mark where the venue publishes none: `last-trade`, `book-middle` (halfway between best bid and best ask) or `settlement`. Absent for the venue's own mark.",
    ),
})

const eventPositionSchema = z.object({
  symbol: text("Venue's name of the contract."),
  size: text(
    "Signed, above zero is long; in the unit of the account's `size`: its `multiplier` is what one is.",
  ),
  notional: figureOrNull('Value at the mark.'),
  unrealizedPnl: figureOrNull('Profit at the mark.'),
  maintenanceMargin: figureOrNull('What the venue asks for this position.'),
  liquidationPrice: figureOrNull(
    'Mark at which the margin account is liquidated if no other price moves; null if no price above zero does. Where the venue rounds amounts, that of the figures before rounding.',
  ),
  bankruptcyPrice: figureOrNull(
    'Mark at which the margin balance less the fee of closing there, if the venue counts one, is zero; null if no price above zero does.',
  ),
  entryPrice: termOf('Average entry price.'),
  leverage: termOf('As the account states it.'),
  isolatedMargin: termOf('Margin assigned to it, as the account states it and funding has changed it.'),
  maintenanceMarginRate: termOf('Its own rate in place of the table, as the account states it.'),
  maxLeverage: termOf('The greatest leverage kept for it, as the account states it.'),
  fourHourlyRolloverRate: termOf(
    'Share of its value at entry that four hours cost, as the account states it.',
  ),
  rolloverTimeMs: timeMs('a rollover, or the opening of the position, as the account states it.').optional(),
})

export const marginEventSchema = z
  .object({
    ...envelope,
    kind: eventKindSchema.describe('What happened; docs/events.md tells each.'),
    account: text('Id of the account as it was imported.'),
    accountVersion: z.int().nonnegative().describe('Version of the account on which the verdict is based.'),
    marginAccount: text(
      'What is liquidated as a whole: `account:cross:asset` or `account:isolated:symbol:side`.',
    ),
    marginMode: marginModeSchema.describe('`cross` or `isolated`.'),
    settle: text('Asset in which it settles; all money of the event is in it.'),
    level: levelNameSchema.describe(
      'Level after the event: `0` (safe), `1` (the line), or a warning level: a distance from the line such as `5%`, or a margin ratio such as `0.7`.',
    ),
    previousLevel: levelNameSchema.describe('Level before the event.'),
    rank: z
      .int()
      .positive()
      .describe('Place by shortfall among the events of its instant, worst first, from 1.'),
    marks: z.array(markSchema).describe('The marks on which the verdict is based, one for each symbol.'),
    walletBalance: figureOrNull(
      'Wallet of a cross pool, or the margin assigned to an isolated position; of a pool over several currencies the value of its assets less its debts; with the funding in `funding` and without the fees in `rollover`.',
    ),
    unrealizedPnl: figureOrNull('Profit of all positions at the marks.'),
    marginBalance: figureOrNull('What is compared with the maintenance margin: see docs/accounts.md.'),
    maintenanceMargin: figureOrNull(
      'What the venue demands: when marginBalance falls to it, the margin account is liquidated.',
    ),
    marginRatio: figureOrNull(
      'maintenanceMargin / marginBalance: 1 is the line, higher is worse; null if marginBalance is not above 0.',
    ),
    distance: figureOrNull(
      'Equal relative move of all prices, each against the account, that brings it to its line, as a fraction: 0.05 is 5 %; 0 on and below the line. null if no move does, or without a verdict; absent in events of earlier versions.',
    ).optional(),
    shortfall: figureOrNull('maintenanceMargin - marginBalance if that is above 0, otherwise 0.'),
    pool: eventPoolSchema
      .optional()
      .describe(
        'Set for a pool over several currencies, whose `settle` is the currency in which it is valued: all that its assets bring to the verdict. Figures of its positions are in the asset in which each settles.',
      ),
    positions: z
      .array(eventPositionSchema)
      .describe(
        'The positions of the margin account; of `closed` those that it had last, empty if it was closed while no worker ran.',
      ),
    funding: eventFundingSchema
      .optional()
      .describe(
        'Funding that the worker applied to the stated balances. Absent if the account states no `asOfMs`, or the worker applies none.',
      ),
    interest: eventInterestSchema
      .optional()
      .describe(
        'Interest that the worker added to the stated debts. Absent if no debt states a rate, the account states no `asOfMs`, or the worker applies none.',
      ),
    rollover: eventRolloverSchema
      .optional()
      .describe(
        'Rollover fees that the worker took out of the stated wallet. Absent if no position states a rate, the account states no `asOfMs`, or the worker applies none.',
      ),
    cure: cureSchema
      .nullable()
      .describe('What would bring it below every level; null if nothing must or can.'),
    confidence: z
      .enum(['confirmed', 'suspect'])
      .describe(
        '`suspect`: the verdict is based on a price or a balance that `reasons` doubts. It is published anyway. Where it is a price, a `revision` of the same id follows.',
      ),
    integrity: eventIntegritySchema
      .optional()
      .describe(
        'Set where a price of the verdict breaks a rule of price integrity: what each rule compared.',
      ),
    reasons: z
      .array(z.string())
      .describe(
        "Why there is no verdict (`unknown`), why it is suspect, or what is to be known of the rules. `contract-expired`: it holds a contract that has expired. `contract-delisted`: it holds a contract that the venue does not list any more. `rules-contradicted`: the venue states other terms of a contract than the rules, see `contradictions`. `price-jump`, `price-index`, `price-cross-venue`, `price-scale` and `price-clock`: a price of the verdict breaks that rule of price integrity, see `integrity`. `rules-changed`: other rules came into force and are the cause of the event. `funding`: a payment of funding is the cause. `backfill`: the worker did not hear the price, and found it in the venue's record of that minute. `backfill-extremes`: each of several markets is at its worst price of that minute, which may not have come at one moment. `backfill-change`: the account was changed in that minute, before or after that price. `interest`: the interest of a full hour is the cause. `rollover`: a rollover fee is the cause. `funding-unknown`: a payment since `asOfMs` is not known and not in the balances. `rules-old`: the rules are older than the worker takes without a remark (`ruleAgeDays`). `rules-undated`: rules of a position, or of an asset of its pool, bear no day, so that nobody knows how old they are. `rules-later`: rules of a position, or of an asset of its pool, were first seen after the event, and those of its time are not known.",
      ),
    contradictions: z
      .array(contradictionSchema.extend({ symbol: text("Venue's name of the contract.") }))
      .optional()
      .describe(
        'Set with the reason `rules-contradicted`: the terms of contracts that the venue states otherwise than the rules.',
      ),
    ruleBook: text('Version of the rules of the verdict.'),
    levels: z
      .array(z.string())
      .optional()
      .describe(
        'Warning levels by which the account is judged, the farthest from the line first; absent in events of earlier versions.',
      ),
    hysteresis: decimalSchema
      .optional()
      .describe('Share of the maintenance margin to be free before a level is left; absent as `levels` is.'),
    rules: z
      .record(z.string(), eventRulesSchema)
      .optional()
      .describe(
        'Rules of the verdict by symbol, in the full form of docs/rules.md without `settlementAsset` where that is `settle`; a tier is the list cap, maintenanceMarginRate, maintenanceDeduction (if its kind has one), `assumptions` are places in those of the event, from 0. Absent as `levels` is.',
      ),
    assumptions: z
      .array(z.string())
      .optional()
      .describe(
        'What the figures assume where a rule of the venue is not certain, in sentences, each once; empty where nothing is assumed. Absent in events of earlier versions.',
      ),
    ruleAgeDays: z
      .int()
      .nonnegative()
      .nullable()
      .describe(
        'Age in days of the oldest risk-tier table behind the figures; null if a table has no date, or was first seen after the event (`rules-later`).',
      ),
    eventTimeMs: timeMsOrNull(
      'venue time of the tick, funding time, expiry, full hour of interest, or full minute at or after a rollover, that caused the event; null for changes of the account itself.',
    ),
    receivedTimeMs: timeMs('when the frame, or the change of the account, was received.'),
    detectionLatencyMs: z
      .number()
      .nonnegative()
      .describe('From receipt of the frame to the verdict, milliseconds with a fraction.'),
  })
  .meta({
    title: 'MarginEvent',
    description:
      'A change of state of a margin account. Money is decimal strings in the settlement asset; a figure is null where ' +
      'it is not known or does not exist. Readers ignore fields they do not know.',
  })
export type MarginEvent = Readonly<z.infer<typeof marginEventSchema>>

export const marketEventSchema = z
  .object({
    ...envelope,
    kind: marketEventKindSchema.describe(
      '`market-stale`: no fresh mark. `market-expired`: the contract has expired, or is `delisted`, so there will be none. `market-contradicted`: the venue states other terms of the contract than the rules (`contradictions`), so no mark of it is judged. `market-fresh`: there is a fresh mark again. `market-closed`: nobody holds the market any more. `market-gap`: marks were not heard from `sinceMs` to `untilMs`, and not all of it could be filled from the records of the venue.',
    ),
    symbol: text(
      "Venue's name of the contract; or of the index price of an asset in the currency of pools, such as `BTC/USD index`.",
    ),
    sinceMs: timeMs(
      'the last stated or confirmed mark before the silence, or the first position if there was none; of `market-expired`, the expiry, or when the worker found it delisted; of `market-closed` after a restart, the start.',
    ),
    untilMs: timeMs('the first mark behind the gap, by the venue. Only of `market-gap`.').optional(),
    gapReasons: z
      .array(gapReasonSchema)
      .optional()
      .describe(
        'Only of `market-gap`: why it is not filled. `no-record`: the venue keeps no public record of such prices. `too-long`: it is longer than the worker fills. `too-many`: more gaps wait than the worker holds. `unavailable`: the venue did not answer. `bars-missing`: its record lacks minutes. `terms-unknown`: of some margin accounts a price of another market, or their terms of that time, are not known.',
      ),
    delisted: z
      .literal(true)
      .optional()
      .describe(
        'Only of `market-expired`: true where the contract has not expired by its name or by the time that the venue states, but the venue does not list it any more.',
      ),
    contradictions: z
      .array(contradictionSchema)
      .optional()
      .describe('Only of `market-contradicted`: the terms that the venue states otherwise than the rules.'),
    marginAccounts: z
      .int()
      .nonnegative()
      .describe(
        'Margin accounts with a position in this market, or that need this index price; of `market-gap` those without a whole verdict in it: all of the market, where the record lacks a minute.',
      ),
    markPrice: positiveDecimalSchema
      .nullable()
      .describe('The mark that ended the silence; null except for `market-fresh`.'),
    receivedTimeMs: timeMs(
      'when the silence or the expiry was noticed, the frame that ended it was received, or the last margin account left.',
    ),
  })
  .meta({
    title: 'MarketEvent',
    description: 'A change of state of a market. Readers ignore fields they do not know.',
  })
export type MarketEvent = Readonly<z.infer<typeof marketEventSchema>>

export const plimsollEventSchema = z.discriminatedUnion('kind', [
  marginEventSchema,
  marketEventSchema,
  revisionEventSchema,
  venueEventSchema,
])
/** Everything that stream and queue carry. `kind` tells which one it is. */
export type PlimsollEvent = MarginEvent | MarketEvent | RevisionEvent | VenueEvent
