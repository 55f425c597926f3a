export * from './account.ts'
export { accountFaultsOf } from './account-faults.ts'
export { type MarginAccountName, marginAccountId, parseMarginAccountId } from './account-id.ts'
export {
  type Coordinate,
  checkRules,
  coordinateOf,
  maintenanceAt,
  pnlAt,
  type Row,
  TAKER_FEE_RATE_MAX,
} from './contract.ts'
export { CURE_CONTRACTS, CURE_STEP, cureOf } from './cure.ts'
export { evaluateByFractions, marginStateByFractions } from './fractions.ts'
export {
  DEFAULT_HYSTERESIS,
  DEFAULT_LEVELS,
  heldLevel,
  type LevelRule,
  levelRule,
  reachedLevel,
  WARNING_LEVEL_MIN,
  WARNING_LEVELS_MAX,
} from './levels.ts'
export { bankruptcyPrice, liquidationPrice } from './prices.ts'
export * from './rational.ts'
export { ruleAgeDays } from './rule-age.ts'
export { marginStateOf, verdictOf } from './state.ts'
export { evaluate } from './sums.ts'
export * from './tiers.ts'
