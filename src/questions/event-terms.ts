import {
  type Account,
  type CollateralRules,
  collateralRulesSchema,
  counted,
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
  takePlaces,
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
import { debtOfEvent } from './event-debts.ts'

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
  const { rules, hedgedAssumption } = readRules(event, faults)
  const positions = readPositions(event, faults)
  const collateral = readCollateral(event, faults)
  const rule = readLevels(event, faults)
  if (faults.length > 0 || rule === undefined) return { faults }
  if (positions.length === 0 && event.pool === undefined) return { exact: undefined, rule }
  try {
    const compiled = marginAccountsOf(
      accountOf(event, positions),
      bookOf(event, rules, collateral, hedgedAssumption),
    )
    if (compiled.length === 1) return { exact: compiled[0], rule }
    return { faults: [`positions make ${counted(compiled.length, 'margin account')}, an event is of one`] }
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

function readRules(event: MarginEvent, faults: string[]) {
  const rules = new Map<string, InstrumentRules>()
  let hedgedAssumption: string | undefined
  for (const [symbol, stated] of Object.entries(event.rules!)) {
    const taken = takePlaces(stated, event.assumptions ?? [])
    const read = rulesOfEvent(taken.rules, event.settle)
    if ('rules' in read) rules.set(symbol, withSentences(read.rules, taken.sentences))
    else faults.push(`rules.${symbol}: ${faultsText(taken.rules, read.faults, 'it')}`)
    faults.push(...taken.faults.map((fault) => `rules.${symbol}.${fault}`))
    hedgedAssumption ??= taken.hedged
  }
  return { rules, hedgedAssumption }
}

function withSentences<Rules extends { assumptions?: string[] | undefined }>(
  rules: Rules,
  sentences: readonly string[],
): Rules {
  return sentences.length === 0 ? rules : { ...rules, assumptions: [...sentences] }
}

function readCollateral(
  { pool, assumptions = [] }: MarginEvent,
  faults: string[],
): ReadonlyMap<string, CollateralRules> {
  const read = new Map<string, CollateralRules>()
  pool?.assets.forEach(({ asset, rules }, index) => {
    if (rules === undefined) return
    const field = `pool.assets[${index}].rules`
    const taken = takePlaces(rules, assumptions)
    const parsed = collateralRulesSchema.safeParse(taken.rules, IN_OUR_WORDS)
    if (parsed.success) read.set(asset, withSentences(parsed.data, taken.sentences))
    else faults.push(`${field}: ${faultsText(taken.rules, schemaFaultsOf(parsed.error), 'it')}`)
    faults.push(...taken.faults.map((fault) => `${field}.${fault}`))
  })
  return read
}

function readPositions(event: MarginEvent, faults: string[]): Position[] {
  return event.positions.flatMap((position, index) => {
    const { symbol, size, entryPrice, leverage, isolatedMargin, maintenanceMarginRate, maxLeverage } =
      position
    const { fourHourlyRolloverRate, rolloverTimeMs } = position
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
      fourHourlyRolloverRate,
      rolloverTimeMs,
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
  if (pool !== undefined) return { ...named, ...pooledOf(event, pool) }
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
  event: MarginEvent,
  { kind, liquidationLevel, assets }: EventPool,
): Pick<Account, 'pool' | 'collateral' | 'liabilities'> {
  return {
    pool: { currency: event.settle, kind, ...(liquidationLevel === undefined ? {} : { liquidationLevel }) },
    collateral: assets.map(({ asset, amount }) => ({ asset, amount })),
    liabilities: assets.flatMap(({ asset, liability }) =>
      liability === undefined ? [] : [debtOfEvent(event, asset, liability)],
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
  hedgedAssumption: string | undefined,
): RuleBook {
  return {
    venue,
    version: ruleBook,
    defaults: {
      ...(pool?.debtMargin === undefined ? {} : { debtMargin: pool.debtMargin }),
      closingFee: 'none',
      liquidation: pool?.liquidation ?? 'reached',
      ...(hedgedAssumption === undefined ? {} : { hedgedAssumption }),
    },
    rulesOf: (symbol) => rules.get(symbol),
    collateralOf: (asset) => collateral.get(asset),
    symbols: () => rules.keys(),
    entriesOf: () => [],
  }
}
