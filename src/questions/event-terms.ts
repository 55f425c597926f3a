import {
  type Account,
  DECIMAL_PATTERN,
  faultsText,
  IN_OUR_WORDS,
  type InstrumentRules,
  type MarginEvent,
  type Position,
  positionSchema,
  type RuleBook,
  rulesOfEvent,
  schemaFaultsOf,
  type VenueId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type LevelRule, levelRule, type MarginAccount, marginAccountsOf } from '../margin/index.ts'

/** What an event says of its margin account; `exact` is undefined for an event without positions. */
export interface EventTerms {
  readonly exact: MarginAccount | undefined
  readonly rule: LevelRule
}

/** The terms and rules of an event, compiled; or why they cannot be, all that it lacks by name. */
export function termsOfEvent(event: MarginEvent): EventTerms | { readonly faults: readonly string[] } {
  const lacking = lacksOf(event)
  if (lacking.length > 0) return { faults: lacking.map((field) => `the event lacks ${field}`) }
  const faults: string[] = []
  const rules = readRules(event, faults)
  const positions = readPositions(event, faults)
  const rule = readLevels(event, faults)
  if (faults.length > 0 || rule === undefined) return { faults }
  if (positions.length === 0) return { exact: undefined, rule }
  try {
    const compiled = marginAccountsOf(accountOf(event, positions), bookOf(event, rules))
    if (compiled.length === 1) return { exact: compiled[0], rule }
    return { faults: [`positions make ${compiled.length} margin accounts, an event is of one`] }
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return { faults: [error.message] }
  }
}

/** Fields that events of an earlier version do not have. */
function lacksOf(event: MarginEvent): string[] {
  const { levels, hysteresis, rules, positions, marginMode, walletBalance } = event
  const lacking: string[] = []
  if (levels === undefined) lacking.push('levels')
  if (hysteresis === undefined) lacking.push('hysteresis')
  if (rules === undefined) lacking.push('rules')
  positions.forEach(({ symbol, entryPrice }, index) => {
    if (entryPrice === undefined) lacking.push(`positions[${index}].entryPrice`)
    if (rules !== undefined && rules[symbol] === undefined) lacking.push(`rules.${symbol}`)
  })
  if (positions.length > 0 && marginMode === 'cross' && walletBalance === null) lacking.push('walletBalance')
  return [...new Set(lacking)]
}

function readRules(event: MarginEvent, faults: string[]): ReadonlyMap<string, InstrumentRules> {
  const read = new Map<string, InstrumentRules>()
  for (const [symbol, stated] of Object.entries(event.rules!)) {
    const rules = rulesOfEvent(stated, event.settle)
    if ('rules' in rules) read.set(symbol, rules.rules)
    else faults.push(`rules.${symbol}: ${faultsText(stated, rules.faults, 'it')}`)
  }
  return read
}

function readPositions(event: MarginEvent, faults: string[]): Position[] {
  return event.positions.flatMap((position, index) => {
    const { symbol, size, entryPrice, leverage, isolatedMargin, maintenanceMarginRate, maxLeverage } =
      position
    const { marginMode } = event
    const stated = {
      symbol,
      marginMode,
      size,
      entryPrice,
      leverage,
      isolatedMargin,
      maintenanceMarginRate,
      maxLeverage,
    }
    const parsed = positionSchema.safeParse(stated, IN_OUR_WORDS)
    if (parsed.success) return [parsed.data]
    faults.push(`positions[${index}]: ${faultsText(stated, schemaFaultsOf(parsed.error), 'it')}`)
    return []
  })
}

function readLevels({ levels, hysteresis }: MarginEvent, faults: string[]): LevelRule | undefined {
  try {
    return levelRule(levels, hysteresis)
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    faults.push(error.message)
    return undefined
  }
}

function accountOf(event: MarginEvent, positions: Position[]): Account {
  const { account: id, venue, accountVersion: version, marginMode, settle, walletBalance } = event
  const isCross = marginMode === 'cross'
  if (isCross && !DECIMAL_PATTERN.test(walletBalance!)) {
    const message = `walletBalance is ${JSON.stringify(walletBalance)}: it must be a decimal string`
    throw new PlimsollError('INPUT_INVALID', message, { path: 'walletBalance' })
  }
  return {
    id,
    venue: venue as VenueId,
    version,
    collateral: isCross ? [{ asset: settle, amount: walletBalance! }] : [],
    positions,
    liabilities: [],
  }
}

/** The rules of the event as a book. Each states its own closing fee and liquidation, so the defaults hold for none. */
function bookOf({ venue, ruleBook }: MarginEvent, rules: ReadonlyMap<string, InstrumentRules>): RuleBook {
  return {
    venue,
    version: ruleBook,
    defaults: { closingFee: 'none', liquidation: 'reached' },
    rulesOf: (symbol) => rules.get(symbol),
    symbols: () => rules.keys(),
    entriesOf: () => [],
  }
}
