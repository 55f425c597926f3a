// Why the rules of a contract cannot judge a position as it is stated.
import type { InstrumentRules, Pool, Position, RuleBook } from '../domain/index.ts'
import { reasonAgainstOptionPrice } from './option-price.ts'

/** A field of a position with the reason against it. */
export interface PositionFault {
  readonly field: keyof Position
  readonly rule: string
}

type Check = (
  position: Position,
  rules: InstrumentRules,
  book: RuleBook,
  pool: Pick<Pool, 'kind'> | undefined,
) => string | undefined

const CHECKS: readonly { readonly field: keyof Position; readonly reasonAgainst: Check }[] = [
  { field: 'symbol', reasonAgainst: reasonAgainstPool },
  { field: 'marginMode', reasonAgainst: reasonAgainstMode },
  { field: 'marginMode', reasonAgainst: reasonAgainstIsolatedBesidePool },
  { field: 'size', reasonAgainst: reasonAgainstSize },
  {
    field: 'entryPrice',
    reasonAgainst: ({ entryPrice }, rules) => reasonAgainstOptionPrice(rules, entryPrice),
  },
  { field: 'leverage', reasonAgainst: reasonAgainstLeverage },
  { field: 'maintenanceMarginRate', reasonAgainst: reasonAgainstOwnRate },
  { field: 'maxLeverage', reasonAgainst: reasonAgainstMaxLeverage },
  { field: 'fourHourlyRolloverRate', reasonAgainst: reasonAgainstRollover },
]

/** `pool`: of the account of the position. */
export function positionFaultsOf(
  position: Position,
  rules: InstrumentRules,
  book: RuleBook,
  pool: Pick<Pool, 'kind'> | undefined,
): readonly PositionFault[] {
  return CHECKS.flatMap(({ field, reasonAgainst }) => {
    const rule = reasonAgainst(position, rules, book, pool)
    return rule === undefined ? [] : [{ field, rule }]
  })
}

/** Whether `positionFaultsOf` has anything against the position; makes nothing, since each event asks it. */
export function hasPositionFault(
  position: Position,
  rules: InstrumentRules,
  book: RuleBook,
  pool: Pick<Pool, 'kind'> | undefined,
): boolean {
  for (const { reasonAgainst } of CHECKS) {
    if (reasonAgainst(position, rules, book, pool) !== undefined) return true
  }
  return false
}

function reasonAgainstPool(
  { marginMode, symbol }: Position,
  _: InstrumentRules,
  { venue, defaults }: RuleBook,
  pool: Pick<Pool, 'kind'> | undefined,
): string | undefined {
  if (pool === undefined || marginMode === 'isolated') return undefined
  if (defaults.pools?.[pool.kind]?.holds(symbol) !== false) return undefined
  return `is backed by a wallet of its own at ${venue}, which a ${pool.kind} pool is no part of: give it an account without "pool"`
}

function reasonAgainstIsolatedBesidePool(
  { marginMode, symbol }: Position,
  _: InstrumentRules,
  { venue, defaults }: RuleBook,
  pool: Pick<Pool, 'kind'> | undefined,
): string | undefined {
  const contracts = pool && defaults.pools?.[pool.kind]
  if (marginMode === 'cross' || contracts?.hasIsolatedMargin !== false || !contracts.holds(symbol))
    return undefined
  return `${venue} has no isolated positions of this contract beside a ${pool!.kind} pool: the pool backs it, "cross"`
}

/** A contract with an amount of margin each cannot be divided. */
function reasonAgainstSize({ size }: Position, { maintenance }: InstrumentRules): string | undefined {
  if (maintenance.kind !== 'per-contract' || !/\.\d*[1-9]/.test(size)) return undefined
  return 'must be a whole number of contracts: the rules ask for an amount of margin for each (per-contract)'
}

/** Why the position cannot have its margin mode; undefined if it can. */
export function reasonAgainstMode(
  position: Pick<Position, 'marginMode' | 'symbol'>,
  rules: InstrumentRules,
  book: RuleBook,
): string | undefined {
  if (position.marginMode === 'cross') {
    return rules.onlyIsolated === true
      ? `${book.venue} has no cross positions of this contract (onlyIsolated): only its own margin backs it, "isolated"`
      : undefined
  }
  const reason = reasonAgainstIsolated(position, rules, book)
  return reason && `${reason}: the wallet backs it, "cross"`
}

function reasonAgainstIsolated(
  { symbol }: Pick<Position, 'symbol'>,
  { contribution, maintenance }: InstrumentRules,
  { venue, defaults }: RuleBook,
): string | undefined {
  if (defaults.hasIsolatedMargin?.(symbol) === false)
    return `${venue} has no isolated positions of this contract`
  if (contribution === 'option') return 'no venue states the margin of an isolated option'
  if (maintenance.kind === 'used-margin')
    return 'a margin level over used margin is that of the whole account'
  return undefined
}

/** Whether the rules ask for a share of a used margin that the position does not say. */
function reasonAgainstLeverage(
  { leverage }: Position,
  { maintenance, initial }: InstrumentRules,
): string | undefined {
  if (leverage !== undefined) return undefined
  return maintenance.kind === 'used-margin' || initial?.kind === 'used-margin' ? LEVERAGE_RULE : undefined
}

const LEVERAGE_RULE =
  'must be stated: the margin of this contract is a share of its used margin, value/leverage'

/** A rate of its own would take the place of a rule that is no rate of a table. */
function reasonAgainstOwnRate(
  { maintenanceMarginRate }: Position,
  { maintenance: { kind } }: InstrumentRules,
): string | undefined {
  if (maintenanceMarginRate === undefined) return undefined
  if (!/[1-9]/.test(maintenanceMarginRate))
    return 'must be more than zero, since the venue would ask for no maintenance margin'
  if (kind === 'marginal-tiers' || kind === 'whole-tiers') return undefined
  return `takes the place of the rate in a table of tiers, which this contract does not have: its maintenance margin is ${kind}`
}

function reasonAgainstMaxLeverage(
  { maxLeverage, maintenanceMarginRate }: Position,
  { maintenanceShare }: InstrumentRules,
  { venue }: RuleBook,
): string | undefined {
  if (maxLeverage === undefined) return undefined
  if (maintenanceShare === undefined)
    return `would change nothing: the rules of this contract of ${venue} derive no margin from it (maintenanceShare)`
  if (maintenanceMarginRate !== undefined)
    return 'would change nothing beside maintenanceMarginRate, which is the whole rate: state one of the two'
  return undefined
}

/** A fee of a contract that has none would be charged to its account. */
function reasonAgainstRollover(
  { fourHourlyRolloverRate }: Position,
  { maintenance: { kind } }: InstrumentRules,
): string | undefined {
  if (fourHourlyRolloverRate === undefined || kind === 'used-margin') return undefined
  return `is charged for a position on used margin, which this contract is not: its maintenance margin is ${kind}`
}
