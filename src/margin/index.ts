export * from './account.ts'
export type { Coordinate, Row } from './contract.ts'
export * from './rational.ts'
export * from './tiers.ts'
