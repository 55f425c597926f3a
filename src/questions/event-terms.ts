import {
  type Account,
  type CollateralRules,
  collateralRulesSchema,
  DECIMAL_PATTERN,
  type EventPool,
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
import {
  type LevelRule,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  parseDecimal,
  sign,
} from '../margin/index.ts'

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
  const collateral = readCollateral(event, faults)
  const rule = readLevels(event, faults)
  if (faults.length > 0 || rule === undefined) return { faults }
  if (positions.length === 0 && event.pool === undefined) return { exact: undefined, rule }
  try {
    const compiled = marginAccountsOf(accountOf(event, positions), bookOf(event, rules, collateral))
    if (compiled.length === 1) return { exact: compiled[0], rule }
    return { faults: [`positions make ${compiled.length} margin accounts, an event is of one`] }
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return { faults: [error.message] }
  }
}

/** Fields that events of an earlier version do not have. */
function lacksOf(event: MarginEvent): string[] {
  const { levels, hysteresis, rules, positions, marginMode, walletBalance, pool } = event
  const lacking: string[] = []
  if (levels === undefined) lacking.push('levels')
  if (hysteresis === undefined) lacking.push('hysteresis')
  if (rules === undefined) lacking.push('rules')
  positions.forEach(({ symbol, entryPrice }, index) => {
    if (entryPrice === undefined) lacking.push(`positions[${index}].entryPrice`)
    if (rules !== undefined && rules[symbol] === undefined) lacking.push(`rules.${symbol}`)
  })
  const needsWallet = positions.length > 0 && marginMode === 'cross' && pool === undefined
  if (needsWallet && walletBalance === null) lacking.push('walletBalance')
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

function readCollateral({ pool }: MarginEvent, faults: string[]): ReadonlyMap<string, CollateralRules> {
  const read = new Map<string, CollateralRules>()
  pool?.assets.forEach(({ asset, rules }, index) => {
    if (rules === undefined) return
    const parsed = collateralRulesSchema.safeParse(rules, IN_OUR_WORDS)
    if (parsed.success) read.set(asset, parsed.data)
    else faults.push(`pool.assets[${index}].rules: ${faultsText(rules, schemaFaultsOf(parsed.error), 'it')}`)
  })
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
    if (parsed.success && sign(parseDecimal(size)) !== 0) return [parsed.data]
    if (parsed.success) faults.push(`positions[${index}].size is "${size}": must be another number than 0`)
    else faults.push(`positions[${index}]: ${faultsText(stated, schemaFaultsOf(parsed.error), 'it')}`)
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
  const { account: id, venue, accountVersion: version, marginMode, settle, walletBalance, pool } = event
  const named = { id, venue: venue as VenueId, version, positions }
  if (pool !== undefined) return { ...named, ...pooledOf(pool, settle) }
  const isCross = marginMode === 'cross'
  if (isCross && !DECIMAL_PATTERN.test(walletBalance!)) {
    const message = `walletBalance is ${JSON.stringify(walletBalance)}: it must be a decimal string`
    throw new PlimsollError('INPUT_INVALID', message, { path: 'walletBalance' })
  }
  return {
    ...named,
    collateral: isCross ? [{ asset: settle, amount: walletBalance! }] : [],
    liabilities: [],
  }
}

function pooledOf(
  { kind, liquidationLevel, assets }: EventPool,
  currency: string,
): Pick<Account, 'pool' | 'collateral' | 'liabilities'> {
  return {
    pool: { currency, kind, ...(liquidationLevel === undefined ? {} : { liquidationLevel }) },
    collateral: assets.map(({ asset, amount }) => ({ asset, amount })),
    liabilities: assets.flatMap(({ asset, liability }) =>
      liability === undefined ? [] : [{ asset, amount: liability }],
    ),
  }
}

/**
 * The rules of the event as a book. Each states its own closing fee and liquidation, so the defaults hold for none but a pool
 * that holds debts alone.
 */
function bookOf(
  { venue, ruleBook, pool }: MarginEvent,
  rules: ReadonlyMap<string, InstrumentRules>,
  collateral: ReadonlyMap<string, CollateralRules>,
): RuleBook {
  return {
    venue,
    version: ruleBook,
    defaults: { closingFee: 'none', liquidation: pool?.liquidation ?? 'reached' },
    rulesOf: (symbol) => rules.get(symbol),
    collateralOf: (asset) => collateral.get(asset),
    symbols: () => rules.keys(),
    entriesOf: () => [],
  }
}
