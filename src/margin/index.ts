export * from './account.ts'
export { accountFaultsOf, isOpen, refuseFaults, ruleFaultsOf, wayOutOf } from './account-faults.ts'
export {
  type AccountFormula,
  fundingSymbolsOf,
  furtherSymbolsOf,
  initialSymbolsOf,
  symbolsOf,
} from './account-formulas.ts'
export { type MarginAccountName, marginAccountId, parseMarginAccountId } from './account-id.ts'
export { AS_OF_AHEAD_MAX_MS, asOfFaultsOf, isAsOfAhead } from './as-of.ts'
export { assumptionsUnder } from './assumptions.ts'
export {
  type InterestAnswer,
  interestAnswerOf,
  type RolloverAnswer,
  rolloverAnswerOf,
} from './charge-answers.ts'
export {
  type DueTimes,
  dueTimesIn,
  FULL_HOURS,
  FULL_MINUTES,
  lastDueMs,
  nextDueMs,
  timesOf,
} from './charges.ts'
export { checkCollateral } from './collateral-tiers.ts'
export { cureOf } from './cure.ts'
export {
  type Coordinate,
  type Curve,
  coordinateOf,
  maintenanceAt,
  tieredMaintenanceAt,
  valueAt,
} from './curve.ts'
export { decimalToF64 } from './decimal-f64.ts'
export { distanceTextOf, distanceTextSteps } from './distance.ts'
export { evaluationsOf } from './evaluations.ts'
export { checkRules, exactRulesOf, TAKER_FEE_RATE_MAX } from './exact-rules.ts'
export { shortfallAtExitOf } from './exit.ts'
export { type Answers, answersOf, answersOfKnown } from './formula-answers.ts'
export { type FurtherPrices, type Known, knownOf, knownPricesOf, type MarkOf } from './formula-figures.ts'
export { isLinePassedBefore } from './formula-prices.ts'
export { evaluateByFormula, stateByFormula, stateOfKnown } from './formula-state.ts'
export { evaluateByFractions, marginStateByFractions } from './fractions.ts'
export {
  type FundedAccount,
  type FundingBooking,
  type FundingPlace,
  type FundingSince,
  fundedAccountOf,
  fundingPaymentOf,
  walletPlace,
} from './funding-bookings.ts'
export {
  type AccruedInterest,
  accountWithInterest,
  bearsInterest,
  hourlyInterestOf,
  principalAssumption,
  rateAssumption,
} from './interest.ts'
export { isFeeCounted, type Leg } from './leg.ts'
export {
  DEFAULT_HYSTERESIS,
  DEFAULT_LEVELS,
  type Level,
  type LevelRule,
  levelRule,
  levelUpTo,
  ownRulesOver,
  worseLevelFirst,
} from './level-rule.ts'
export { type EvaluationAt, heldLevel, reachedLevel } from './levels.ts'
export { reasonAgainstOptionPrice } from './option-price.ts'
export { lossAssumption } from './pool-account.ts'
export { collateralPlace, debtRateIn, pooledAssetsOf, statedRulesOf } from './pool-assets.ts'
export { indexAssetsOf, indexNamesOf, type PoolTerms } from './pool-formulas.ts'
export { type PositionAnswers, positionAnswersOf, positionAnswersOfKnown } from './position-answers.ts'
export { reasonAgainstMode } from './position-faults.ts'
export type { RuledPosition } from './position-value.ts'
export { bankruptcyPrice, liquidationPrice } from './prices.ts'
export { liquidationPriceByPieces } from './prices-by-pieces.ts'
export { isProvenSafeAt, quietShareOf } from './quiet-share.ts'
export * from './rational.ts'
export { CURE_CONTRACTS, CURE_STEP, reductionStepOf } from './reduction.ts'
export {
  accountWithRollovers,
  bearsRollover,
  type ChargedRollover,
  rolloverFeeOf,
  rolloversIn,
  rolloversOf,
} from './rollover.ts'
export { areKnownLater, RULES_AHEAD_MAX_DAYS, reasonAgainstDay, ruleAgeDays } from './rule-age.ts'
export { marginStateOf, marginStateSteps } from './state.ts'
export { verdictOf } from './state-text.ts'
export { statedFaultsOf } from './stated-values.ts'
export type { Steps } from './steps.ts'
export { type RisingTier, type StraightPosition, straightAccountOf } from './straight.ts'
export { evaluate } from './sums.ts'
export * from './tiers.ts'
export { venueLiquidationPrice } from './venue-price.ts'
