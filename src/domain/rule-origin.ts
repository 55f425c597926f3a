// What every rule says of itself: its day, where it comes from, and what it assumes.
import { z } from 'zod'

const ASSUMPTION_LENGTH_MAX = 300
const ASSUMPTIONS_MAX = 10
const RULE_SOURCE_LENGTH_MAX = 300

/** ISO day on which the venue was last seen to state a rule. */
export const asOfSchema = z.iso.date({ error: 'must be a day such as 2026-07-02' }).optional()

/** Where a rule comes from, in words. */
export const ruleSourceSchema = z
  .string({ error: 'must be a text' })
  .min(1)
  .max(RULE_SOURCE_LENGTH_MAX)
  .optional()

/** What the venue does not state and a rule assumes, in words; printed with every verdict. */
export const assumptionsSchema = z
  .array(z.string({ error: 'must be a text' }).min(1).max(ASSUMPTION_LENGTH_MAX))
  .max(ASSUMPTIONS_MAX)
  .optional()
