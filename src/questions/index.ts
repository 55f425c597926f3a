export { type Sized, type SizeQuestion, sizeOf } from './size.ts'
export type { Backing, SizedMargin } from './size-margin.ts'
export { type Difference, type Verification, verifyEvent } from './verify.ts'
