// Values that a stated account can hardly mean. Checked where accounts come in: what a worker computed from a stored one is judged.
import type { Account, AccountFault, InstrumentRules, Position, RuleBook } from '../domain/index.ts'
import { isOpen } from './account-faults.ts'
import { paysFunding } from './funding-bookings.ts'
import { compare, mul, ONE, parseDecimal, parseRate } from './rational.ts'

type StatedAccount = Pick<Account, 'positions' | 'asOfMs'>
type Reason = (
  position: Position,
  rules: InstrumentRules,
  book: RuleBook,
  account: StatedAccount,
) => string | undefined

const REASONS: readonly (readonly [keyof Position, Reason])[] = [
  ['isolatedMargin', reasonAgainstMargin],
  ['maintenanceMarginRate', reasonAgainstRate],
  ['maxLeverage', reasonAgainstLeverage],
]

/**
 * The values of open positions that no venue states:
 * - an isolated margin below 0, but where the venue lets profit that is not realised be withdrawn, and where the account says
 *   when its balances were true: funding may have been booked to them since they were assigned, as a worker does it;
 * - a `maintenanceMarginRate` that is not below the initial margin rate of the leverage: usually a percentage;
 * - a `maxLeverage` above that of every table of the contract, and above all that the venue has granted: it would ask for less
 *   margin than the venue ever did.
 */
export function statedFaultsOf(account: StatedAccount, book: RuleBook): readonly AccountFault[] {
  return account.positions.flatMap((position, index) => {
    const rules = isOpen(position) ? book.rulesOf(position.symbol) : undefined
    if (rules === undefined) return []
    return REASONS.flatMap(([field, reasonAgainst]): AccountFault[] => {
      const rule = reasonAgainst(position, rules, book, account)
      return rule === undefined ? [] : [{ code: 'ACCOUNT_INVALID', path: ['positions', index, field], rule }]
    })
  })
}

function reasonAgainstMargin(
  position: Position,
  rules: InstrumentRules,
  { venue, defaults: { funding, isolatedMarginFallsBelowZero } }: RuleBook,
  { asOfMs }: StatedAccount,
): string | undefined {
  const { isolatedMargin } = position
  if (isolatedMargin === undefined || isolatedMarginFallsBelowZero === true) return undefined
  if (parseDecimal(isolatedMargin).n >= 0n) return undefined
  const rule = `must be 0 or more: ${venue} keeps no margin below 0 for a position`
  if (funding?.payment !== 'at-mark' || !paysFunding(position, rules, funding)) return rule
  return asOfMs === undefined
    ? `${rule}; only funding brings one there, in an account that states asOfMs`
    : undefined
}

function reasonAgainstRate(
  { maintenanceMarginRate, marginMode, leverage: stated }: Position,
  rules: InstrumentRules,
  { defaults }: RuleBook,
): string | undefined {
  if (maintenanceMarginRate === undefined) return undefined
  const isNominal = marginMode === 'cross' && defaults.isCrossLeverageNominal === true
  const leverage = isNominal ? undefined : stated
  const ofTable = leveragesOf(rules).sort(ascending)[0]
  const most = leverage ?? ofTable ?? '1'
  if (compare(mul(parseRate(maintenanceMarginRate), parseDecimal(most)), ONE) < 0) return undefined
  const bound =
    leverage !== undefined
      ? `1/${most}, the initial margin rate of its leverage`
      : ofTable !== undefined
        ? `1/${most}, the initial margin rate of the least leverage in the table`
        : '1, since the position would ask for its whole value'
  return `must be a fraction below ${bound}: 0.5 % is 0.005`
}

/** Positions that were opened under an older table keep its leverage (Hyperliquid), so each table that the book holds counts. */
function reasonAgainstLeverage(
  { maxLeverage, symbol }: Position,
  _: InstrumentRules,
  book: RuleBook,
): string | undefined {
  if (maxLeverage === undefined) return undefined
  const tables = book.entriesOf(symbol).flatMap(({ rules }) => (rules === null ? [] : leveragesOf(rules)))
  const { leverageMax } = book.defaults
  const most = [...tables, ...(leverageMax === undefined ? [] : [leverageMax])].sort(ascending).at(-1)
  if (most === undefined || ascending(maxLeverage, most) <= 0) return undefined
  const granted =
    most === leverageMax
      ? `that ${book.venue} has granted`
      : `of any table of this contract in rule book ${book.version}`
  return `must be at most ${most}, the greatest leverage ${granted}: a higher one would ask for less margin than the venue ever did`
}

/** What the tiers of a table grant, where it says so. */
function leveragesOf({ maintenance }: InstrumentRules): string[] {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return []
  return maintenance.tiers.flatMap(({ maxLeverage }) => maxLeverage ?? [])
}

function ascending(left: string, right: string): number {
  return compare(parseDecimal(left), parseDecimal(right))
}
