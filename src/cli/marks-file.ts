import { text } from 'node:stream/consumers'
import { z } from 'zod'
import {
  type CollateralRules,
  collateralRulesMapSchema,
  type Decimal,
  decimalSchema,
  faultsText,
  IN_OUR_WORDS,
  positiveDecimalSchema,
  schemaFaultsOf,
  symbolSchema,
  type VenueId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { readJson } from '../input/index.ts'
import { reasonAgainstDay } from '../margin/index.ts'
import type { PresentPrices } from '../questions/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { openInput, readable } from './lines.ts'

/** The form of a file of prices, for `--help`. */
export const MARKS_HELP = `
--marks holds one JSON object: {"marks": {"BTCUSDT": "60000"}}. "marksByVenue"
holds such marks by venue, and they go before "marks" there. Accounts with
"pool" need "indexPrices" by asset in the currency of the pool, and
"collateralRules" by asset where the rule book has none. Rules with
fundingInMaintenance need "fundingRates" by symbol. \`plimsoll margin\` takes the
same fields.`

const pricesSchema = z.record(z.string(), positiveDecimalSchema)
const marksSchema = z.record(symbolSchema, positiveDecimalSchema)
const fileSchema = z.strictObject({
  marks: marksSchema.default({}),
  marksByVenue: z.record(z.string(), marksSchema).default({}),
  indexPrices: pricesSchema.default({}),
  fundingRates: z.record(z.string(), decimalSchema).default({}),
  collateralRules: collateralRulesMapSchema.default({}),
})

/** What a file states: prices, and how assets count in pools. */
export interface PresentState {
  readonly present: PresentPrices
  readonly collateralRules: Readonly<Record<string, readonly CollateralRules[]>>
}

/**
 * The state that a file states; nothing without a file. `nowMs`: the present time, Unix milliseconds, which bounds the days of rules.
 * @throws PlimsollError INPUT_INVALID naming the file, the field, its value and the rule.
 */
export async function readPresentState(
  file: string | undefined,
  isFromEntry: boolean,
  nowMs: number,
): Promise<PresentState> {
  const stated = file === undefined ? fileSchema.parse({}) : await readFile(file, nowMs)
  const marksByVenue = new Map<VenueId, ReadonlyMap<string, Decimal>>()
  for (const [name, marks] of Object.entries(stated.marksByVenue)) {
    const venue = VENUE_NAMES.get(name)
    if (venue === undefined) {
      const known = [...VENUE_NAMES.keys()].join(', ')
      throw new PlimsollError(
        'INPUT_INVALID',
        `${file}: marksByVenue.${name} names no venue: it must be one of ${known}`,
      )
    }
    marksByVenue.set(venue, mapOf(marks))
  }
  const present = {
    marks: mapOf(stated.marks),
    marksByVenue,
    indexPrices: mapOf(stated.indexPrices),
    fundingRates: mapOf(stated.fundingRates),
    isFromEntry,
  }
  return { present, collateralRules: stated.collateralRules }
}

async function readFile(file: string, nowMs: number): Promise<z.infer<typeof fileSchema>> {
  const json = readJson(await text(readable<Uint8Array>(await openInput(file))))
  if ('reason' in json) throw refusal(file, `it is not JSON: ${json.reason}`)
  if ('fault' in json) throw refusal(file, `${json.fault.path.join('.')} ${json.fault.rule}`)
  const parsed = fileSchema.safeParse(json.value, IN_OUR_WORDS)
  if (!parsed.success) throw refusal(file, faultsText(json.value, schemaFaultsOf(parsed.error), 'it'))
  for (const [asset, entries] of Object.entries(parsed.data.collateralRules)) {
    for (const { asOf } of entries) {
      const reason = reasonAgainstDay(asOf, nowMs)
      if (reason === undefined) continue
      throw refusal(file, `collateralRules.${asset}.asOf is ${JSON.stringify(asOf)}: ${reason}`)
    }
  }
  return parsed.data
}

function refusal(file: string, reason: string): PlimsollError {
  return new PlimsollError('INPUT_INVALID', `marks of ${file}: ${reason}`)
}

function mapOf(record: Readonly<Record<string, Decimal>>): ReadonlyMap<string, Decimal> {
  return new Map(Object.entries(record))
}
