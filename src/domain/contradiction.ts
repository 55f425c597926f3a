import { z } from 'zod'

/** A term of a contract that its venue states otherwise than the rules in use. */
export const contradictionSchema = z.object({
  field: z
    .enum(['contribution', 'multiplier', 'settlementAsset'])
    .describe('The term, by its name in the full form of docs/rules.md.'),
  rules: z.string().describe('Its value in the rules.'),
  venue: z.string().describe("Its value in the venue's list of contracts."),
})
export type Contradiction = Readonly<z.infer<typeof contradictionSchema>>

/** `multiplier is 0.01 in the rules and 0.1 at the venue`. */
export function contradictionText({ field, rules, venue }: Contradiction): string {
  return `${field} is ${rules} in the rules and ${venue} at the venue`
}
