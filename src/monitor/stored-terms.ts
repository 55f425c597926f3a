import type { Account, Collateral, Liability, MarginMode, Pool, Position } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { ByteArena } from '../memory/index.ts'
import { TermsReader, TermsWriter } from './terms-bytes.ts'

/** First byte: what the account states beside its lists. */
const SEPARATE_WALLETS_STATED = 1
const SEPARATE_WALLETS = 2
const OWN_LEVELS = 4
const WITH_POOL = 8
/** The pool is of spot margin, and states its level of liquidation. */
const SPOT_MARGIN = 16
const WITH_AS_OF = 32

/** First byte of a debt. */
const WITH_PRINCIPAL = 1
const WITH_INTEREST_RATE = 2

/** First byte of a position. */
const CROSS = 1
const WITH_LEVERAGE = 2
const WITH_ISOLATED_MARGIN = 4
const WITH_OWN_RATE = 8
const WITH_MAX_LEVERAGE = 16
const WITH_ROLLOVER = 32

/** What the watchlist knows of an account beside its terms. */
export type AccountName = Pick<Account, 'id' | 'venue'>

/** Which positions of an account to read. */
export type PositionPart =
  | { readonly marginMode: 'cross' }
  | { readonly marginMode: 'isolated'; readonly symbol: string; readonly isShort: boolean }

const MINUS = '-'.charCodeAt(0)

/** The terms of accounts as bytes: about 30 a position; an object takes 300. */
export class StoredTerms {
  readonly #arena = new ByteArena()
  readonly #writer = new TermsWriter()

  /** Bytes of memory taken for all terms. */
  get byteLength(): number {
    return this.#arena.byteLength
  }

  /** Keeps the terms of the account; returns their address. */
  add(account: Account): number {
    const writer = this.#writer
    writer.begin()
    writeAccount(writer, account)
    return this.#arena.add(writer.bytes, writer.length)
  }

  free(address: number): void {
    this.#arena.free(address)
  }

  /** The account that was added, or the same account with that part of its positions only. */
  read(name: AccountName, address: number, part?: PositionPart): Account {
    return readAccount(new TermsReader(this.#arena.pageOf(address), this.#arena.startOf(address)), name, part)
  }
}

function writeAccount(writer: TermsWriter, account: Account): void {
  const { separateWallets, levels, pool, asOfMs } = account
  writer.byte(
    (separateWallets === undefined ? 0 : SEPARATE_WALLETS_STATED) +
      (separateWallets === true ? SEPARATE_WALLETS : 0) +
      (levels === undefined ? 0 : OWN_LEVELS) +
      (pool === undefined ? 0 : WITH_POOL) +
      (pool?.liquidationLevel === undefined ? 0 : SPOT_MARGIN) +
      (asOfMs === undefined ? 0 : WITH_AS_OF),
  )
  writer.double(account.version)
  if (asOfMs !== undefined) writer.double(asOfMs)
  if (levels !== undefined) {
    writer.byte(levels.length)
    for (const level of levels) writer.text(level)
  }
  writeAmounts(writer, account.collateral)
  if (pool === undefined) assert(account.liabilities.length === 0, 'a debt without a pool is refused')
  else {
    writer.text(pool.currency)
    if (pool.liquidationLevel !== undefined) writer.text(pool.liquidationLevel)
    writer.count(account.liabilities.length)
    for (const debt of account.liabilities) writeDebt(writer, debt)
  }
  writer.count(account.positions.length)
  for (const position of account.positions) writePosition(writer, position)
}

function writeAmounts(writer: TermsWriter, amounts: readonly Collateral[]): void {
  writer.count(amounts.length)
  for (const { asset, amount } of amounts) {
    writer.text(asset)
    writer.text(amount)
  }
}

function writeDebt(writer: TermsWriter, { asset, amount, principal, hourlyInterestRate }: Liability): void {
  writer.byte(
    (principal === undefined ? 0 : WITH_PRINCIPAL) +
      (hourlyInterestRate === undefined ? 0 : WITH_INTEREST_RATE),
  )
  writer.text(asset)
  writer.text(amount)
  if (principal !== undefined) writer.text(principal)
  if (hourlyInterestRate !== undefined) writer.text(hourlyInterestRate)
}

function writePosition(writer: TermsWriter, position: Position): void {
  const { symbol, marginMode, size, entryPrice, leverage, isolatedMargin } = position
  const { maintenanceMarginRate, maxLeverage, fourHourlyRolloverRate, rolloverTimeMs } = position
  writer.byte(
    (marginMode === 'cross' ? CROSS : 0) +
      (leverage === undefined ? 0 : WITH_LEVERAGE) +
      (isolatedMargin === undefined ? 0 : WITH_ISOLATED_MARGIN) +
      (maintenanceMarginRate === undefined ? 0 : WITH_OWN_RATE) +
      (maxLeverage === undefined ? 0 : WITH_MAX_LEVERAGE) +
      (fourHourlyRolloverRate === undefined ? 0 : WITH_ROLLOVER),
  )
  writer.text(symbol)
  writer.text(size)
  writer.text(entryPrice)
  if (leverage !== undefined) writer.text(leverage)
  if (isolatedMargin !== undefined) writer.text(isolatedMargin)
  if (maintenanceMarginRate !== undefined) writer.text(maintenanceMarginRate)
  if (maxLeverage !== undefined) writer.text(maxLeverage)
  if (fourHourlyRolloverRate === undefined) return
  assert(rolloverTimeMs !== undefined, 'a rollover rate without a time is refused')
  writer.text(fourHourlyRolloverRate)
  writer.double(rolloverTimeMs)
}

function readAccount(
  reader: TermsReader,
  { id, venue }: AccountName,
  part: PositionPart | undefined,
): Account {
  const stated = reader.byte()
  const version = reader.double()
  const asOfMs = (stated & WITH_AS_OF) === 0 ? undefined : reader.double()
  const levels = (stated & OWN_LEVELS) === 0 ? undefined : readTexts(reader, reader.byte())
  const collateral = readAmounts(reader)
  const pool = (stated & WITH_POOL) === 0 ? undefined : readPool(reader, (stated & SPOT_MARGIN) !== 0)
  const liabilities = pool === undefined ? [] : readDebts(reader)
  const positions: Position[] = []
  for (let left = reader.count(); left > 0; left--) {
    if (part === undefined || isNextIn(part, reader)) positions.push(readPosition(reader))
    else skipPosition(reader)
  }
  const account: Account = { id, venue, version, collateral, positions, liabilities }
  if ((stated & SEPARATE_WALLETS_STATED) !== 0) account.separateWallets = (stated & SEPARATE_WALLETS) !== 0
  if (pool !== undefined) account.pool = pool
  if (levels !== undefined) account.levels = levels
  if (asOfMs !== undefined) account.asOfMs = asOfMs
  return account
}

function readAmounts(reader: TermsReader): Collateral[] {
  const amounts: Collateral[] = []
  for (let left = reader.count(); left > 0; left--)
    amounts.push({ asset: reader.text(), amount: reader.text() })
  return amounts
}

function readDebts(reader: TermsReader): Liability[] {
  const debts: Liability[] = []
  for (let left = reader.count(); left > 0; left--) {
    const stated = reader.byte()
    const debt: Liability = { asset: reader.text(), amount: reader.text() }
    if ((stated & WITH_PRINCIPAL) !== 0) debt.principal = reader.text()
    if ((stated & WITH_INTEREST_RATE) !== 0) debt.hourlyInterestRate = reader.text()
    debts.push(debt)
  }
  return debts
}

function readPool(reader: TermsReader, isSpotMargin: boolean): Pool {
  const currency = reader.text()
  return isSpotMargin
    ? { currency, kind: 'spot-margin', liquidationLevel: reader.text() }
    : { currency, kind: 'multi-asset' }
}

function readTexts(reader: TermsReader, count: number): string[] {
  const texts: string[] = []
  for (let left = count; left > 0; left--) texts.push(reader.text())
  return texts
}

function readPosition(reader: TermsReader): Position {
  const stated = reader.byte()
  const marginMode: MarginMode = (stated & CROSS) === 0 ? 'isolated' : 'cross'
  const position: Position = {
    symbol: reader.text(),
    marginMode,
    size: reader.text(),
    entryPrice: reader.text(),
  }
  if ((stated & WITH_LEVERAGE) !== 0) position.leverage = reader.text()
  if ((stated & WITH_ISOLATED_MARGIN) !== 0) position.isolatedMargin = reader.text()
  if ((stated & WITH_OWN_RATE) !== 0) position.maintenanceMarginRate = reader.text()
  if ((stated & WITH_MAX_LEVERAGE) !== 0) position.maxLeverage = reader.text()
  if ((stated & WITH_ROLLOVER) !== 0) {
    position.fourHourlyRolloverRate = reader.text()
    position.rolloverTimeMs = reader.double()
  }
  return position
}

/** Whether the position is of that part. */
export function isIn(part: PositionPart, { marginMode, symbol, size }: Position): boolean {
  if (part.marginMode === 'cross' || marginMode === 'cross') return part.marginMode === marginMode
  return symbol === part.symbol && size.startsWith('-') === part.isShort
}

function isNextIn(part: PositionPart, reader: TermsReader): boolean {
  const isCross = (reader.peek(0) & CROSS) !== 0
  if (part.marginMode === 'cross') return isCross
  const symbolLength = reader.peek(1)
  const isShort = reader.peek(2 + symbolLength + 1) === MINUS
  return !isCross && isShort === part.isShort && reader.isNext(1, part.symbol)
}

function skipPosition(reader: TermsReader): void {
  const stated = reader.byte()
  reader.skipText()
  reader.skipText()
  reader.skipText()
  if ((stated & WITH_LEVERAGE) !== 0) reader.skipText()
  if ((stated & WITH_ISOLATED_MARGIN) !== 0) reader.skipText()
  if ((stated & WITH_OWN_RATE) !== 0) reader.skipText()
  if ((stated & WITH_MAX_LEVERAGE) !== 0) reader.skipText()
  if ((stated & WITH_ROLLOVER) !== 0) {
    reader.skipText()
    reader.skipDouble()
  }
}
