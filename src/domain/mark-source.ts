import { z } from 'zod'

/**
 * What stands for the mark of a market whose venue publishes none. `last-trade`: the price of the last trade. `book-middle`: halfway
 * between the best bid and the best ask. `settlement`: the last settlement price. The venue may liquidate by another price.
 */
export const markSourceSchema = z.enum(['last-trade', 'book-middle', 'settlement'])
export type MarkSource = z.infer<typeof markSourceSchema>
