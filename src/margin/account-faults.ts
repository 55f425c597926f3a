import {
  type Account,
  type AccountFault,
  faultsText,
  type InstrumentRules,
  KnownNames,
  type MarginMode,
  type Position,
  pathText,
  type RuleBook,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { checkRules } from './exact-rules.ts'
import { assetFaultsOf, pooledAssetsOf } from './pool-assets.ts'
import { hasPositionFault, positionFaultsOf } from './position-faults.ts'
import { isOneMarginAccount, MateFaults } from './position-mates.ts'

const NONZERO_DIGIT = /[1-9]/

/** A position of size zero is closed: it needs no rules and settles nothing. */
export function isOpen({ size }: Pick<Position, 'size'>): boolean {
  return NONZERO_DIGIT.test(size)
}

/** What `hasFault` needs of a part of an account. */
interface Part {
  readonly marginMode: MarginMode
  readonly currency: string
  readonly positions: readonly { readonly rules: InstrumentRules; readonly position: Position }[]
}

/**
 * All faults for which the rules cannot judge the account:
 * - an open position whose symbol the book does not hold;
 * - a margin mode that the contract does not have, a leverage that its rules need and the position does not state, and a
 *   `maintenanceMarginRate`, `maxLeverage` or `fourHourlyRolloverRate` to which its rules give no meaning;
 * - a contract that the pool of the account does not hold at the venue, and a part of a contract that cannot be divided;
 * - positions that the venue nets, keeps in two margin accounts, or liquidates by two rules (`MateFaults`);
 * - the entry price of a call priced in coin that is above its whole coin;
 * - an asset of a pool over several currencies for which the book has no collateral rules, or not those of a debt;
 * - a cross pool in one currency without a collateral entry for it;
 * - each further asset that could be margin of a cross pool, because it would count as nothing.
 *
 * An account with separate wallets, or without cross positions, may hold any collateral.
 */
export function accountFaultsOf(account: Account, book: RuleBook): readonly AccountFault[] {
  const faults: AccountFault[] = []
  const { pool } = account
  const settledIn = new Set<string>()
  const mates = new MateFaults(account, book)
  account.positions.forEach((position, index) => {
    if (!isOpen(position)) return
    const rules = book.rulesOf(position.symbol)
    if (rules === undefined) {
      faults.push({
        code: 'SYMBOL_UNKNOWN',
        path: ['positions', index, 'symbol'],
        rule: unknownRule(account, position, book),
      })
      return
    }
    settledIn.add(rules.settlementAsset)
    for (const { field, rule } of positionFaultsOf(position, rules, book, pool)) {
      faults.push({ code: 'ACCOUNT_UNSUPPORTED', path: ['positions', index, field], rule })
    }
    faults.push(...mates.of(position, index, rules))
  })
  if (pool !== undefined)
    return [...faults, ...assetFaultsOf(pooledAssetsOf(account, pool, book), account, pool, book)]
  for (const [asset, index] of mates.firstOfPool) {
    if (account.collateral.some((entry) => entry.asset === asset)) continue
    const cross = `cross position positions[${index}] (${account.positions[index]!.symbol})`
    faults.push({
      code: 'ACCOUNT_UNSUPPORTED',
      path: ['collateral'],
      rule: `must hold an entry for ${asset}, in which ${cross} settles; an empty wallet is "0"`,
    })
  }
  // An unknown symbol may settle in any asset.
  const isWhole = !faults.some(({ code }) => code === 'SYMBOL_UNKNOWN')
  if (account.separateWallets !== true && mates.firstOfPool.size > 0 && isWhole) {
    account.collateral.forEach(({ asset, amount }, index) => {
      if (settledIn.has(asset) || !NONZERO_DIGIT.test(amount)) return
      faults.push({
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['collateral', index, 'asset'],
        rule: furtherAssetRule(account, [...mates.firstOfPool.keys()], book),
      })
    })
  }
  return faults
}

/** Whether `accountFaultsOf` has anything against the account, in a third of its time. Takes its parts, so every symbol is known. */
export function hasFault(account: Account, parts: readonly Part[], book: RuleBook): boolean {
  const { collateral, separateWallets, pool } = account
  if (pool !== undefined) return accountFaultsOf(account, book).length > 0
  let hasPool = false
  for (const { marginMode, currency, positions } of parts) {
    for (const { position, rules } of positions) {
      if (hasPositionFault(position, rules, book, undefined)) return true
    }
    if (marginMode === 'isolated') continue
    hasPool = true
    if (!collateral.some(({ asset }) => asset === currency)) return true
    if (!isOneMarginAccount(positions, book)) return true
  }
  if (!hasPool || separateWallets === true) return false
  const isSettledIn = (asset: string) => parts.some(({ currency }) => currency === asset)
  return collateral.some(({ asset, amount }) => !isSettledIn(asset) && NONZERO_DIGIT.test(amount))
}

/** The open positions of an account whose rules the book holds and this version does not compute. */
export function ruleFaultsOf(account: Account, book: RuleBook): readonly AccountFault[] {
  return account.positions.flatMap((position, index) => {
    const rules = isOpen(position) ? book.rulesOf(position.symbol) : undefined
    const reason = rules === undefined ? undefined : reasonAgainst(position.symbol, rules)
    if (reason === undefined) return []
    const path = ['positions', index, 'symbol']
    return [{ code: 'ACCOUNT_UNSUPPORTED', path, rule: `its rules are refused: ${reason}` }]
  })
}

function reasonAgainst(symbol: string, rules: InstrumentRules): string | undefined {
  try {
    checkRules(symbol, rules)
    return undefined
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return error.message
  }
}

/** `settling`: in which its cross positions settle. */
function furtherAssetRule({ positions }: Account, settling: readonly string[], book: RuleBook): string {
  const { pools, poolCurrencies = [] } = book.defaults
  const outside = positions.find(
    (position) =>
      isOpen(position) &&
      position.marginMode === 'cross' &&
      pools?.['multi-asset']?.holds(position.symbol) === false,
  )
  const currency = poolCurrencies.find((name) => settling.includes(name)) ?? poolCurrencies[0]
  const pool =
    currency === undefined
      ? `, and no stream of ${book.venue} brings the index prices that a "pool" needs`
      : outside !== undefined
        ? `, and a "pool" of ${book.venue} does not hold ${outside.symbol}`
        : `; "pool": {"currency": ${JSON.stringify(currency)}} puts all assets behind all cross positions (docs/accounts.md, Pools)`
  const last = '"separateWallets": true says that it stands behind no other position'
  return `no position of the account settles in it${pool}; ${last}`
}

function unknownRule({ venue }: Account, { symbol }: Position, book: RuleBook): string {
  const refusal = book.refused?.get(symbol)
  if (refusal !== undefined) return `its rules are refused: ${refusal}`
  return `rule book ${book.version} of ${venue} does not hold it; ${wayOutOf(book, symbol)}${meantBy(symbol, book)}`
}

/** Names of contracts have no slash: a text with one means the pair, where the venue has a name of its own for that. */
function meantBy(symbol: string, book: RuleBook): string {
  const pair = symbol.includes('/') ? book.defaults.spotPairOf?.(symbol) : undefined
  return pair === undefined ? namesOf(book).suggestionFor(symbol) : `; did you mean ${pair}?`
}

/** How what the symbol names comes into the book, in words. */
export function wayOutOf({ defaults }: RuleBook, symbol: string): string {
  const { rulesCommand, spotPairOf } = defaults
  const pair = spotPairOf?.(symbol)
  if (pair !== undefined)
    return `${pair} names a pair on spot margin, whose rules a rules file states (examples/spot-margin-rules.json)`
  return `a rules file can add it${rulesCommand === undefined ? '' : `: ${rulesCommand} makes one`}`
}

const heldNames = new WeakMap<RuleBook, KnownNames>()

function namesOf(book: RuleBook): KnownNames {
  const { families } = book.defaults
  const isContract = (symbol: string) =>
    book.entriesOf(symbol).at(-1)?.rules !== null && families?.test(symbol) !== true
  const held = heldNames.get(book) ?? new KnownNames(() => [...book.symbols()].filter(isContract))
  heldNames.set(book, held)
  return held
}

/** @throws PlimsollError by the code of the first, with all faults of the account, the path that of the first. */
export function refuseFaults(account: Account, faults: readonly AccountFault[]): void {
  const [first] = faults
  if (first === undefined) return
  throw new PlimsollError(first.code, faultsText(account, faults), { path: pathText(first.path) })
}
