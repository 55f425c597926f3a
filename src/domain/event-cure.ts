import { z } from 'zod'
import { figureOrNull, text } from './event-fields.ts'

/** What would bring a margin account below every level. */
export const cureSchema = z.object({
  topUp: text(
    'Smallest amount of the settlement asset that brings the margin account below every level at the marks. A worker leaves a level only when the hysteresis is free beside it: with this amount alone its next event may still name a level.',
  ),
  reductions: z
    .array(
      z.object({
        symbol: text('Position to reduce.'),
        size: figureOrNull(
          'Smallest part to close, unsigned; null if closing it all is not enough, or if what it loses would be a debt whose margin is not known.',
        ),
      }),
    )
    .describe(
      'Each alone brings it below every level, as topUp does: the smallest reduction of that one position. What is closed is closed at the marks, and what an option is bought back or sold for leaves or enters the wallet; a level by distance is judged at prices moved against the account as it is then.',
    ),
  topUps: z
    .array(
      z.object({
        asset: text('Asset of the pool.'),
        amount: figureOrNull('Smallest amount of it to add; null if no amount is enough.'),
      }),
    )
    .optional()
    .describe(
      'Only of a pool over several currencies: each alone does what topUp does, with another asset of the pool, weighed as the venue weighs it.',
    ),
})
