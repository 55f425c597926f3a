export type { Difference } from './differences.ts'
export { eachMarginAccount, type RefusedAccount } from './judged.ts'
export {
  type CountedPrice,
  type MissingPrice,
  MissingPrices,
  missingForInitialOf,
  missingPricesOf,
} from './missing-prices.ts'
export { EVERY_PRICE, type Move, parseMove } from './moves.ts'
export type { PresentPrices } from './present-prices.ts'
export { type MovedIndexPrice, Prices } from './prices.ts'
export { type MovedMarginAccount, type RulesEffect, rulesEffect } from './rules-effect.ts'
export { type Sized, type SizeQuestion, sizeOf } from './size.ts'
export type { Backing, SizedMargin } from './size-margin.ts'
export { type Verification, verifyEvent } from './verify.ts'
export { type Reached, type ReachedTotal, type WhatIf, type WhatIfQuestion, whatIf } from './what-if.ts'
