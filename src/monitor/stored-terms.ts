import type { Account, Collateral, MarginMode, Pool, Position } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { ByteArena } from '../memory/index.ts'

/** Bytes of the longest text in the terms of an account: a symbol of 40 characters of any script has 160. */
const TEXT_BYTES_MAX = 255
/** Bytes of the longest terms: 1,000 assets, 1,000 debts and 1,000 positions of the longest texts have 620,000. */
const TERMS_BYTES_MAX = 1_048_576

/** First byte: what the account states beside its lists. */
const SEPARATE_WALLETS_STATED = 1
const SEPARATE_WALLETS = 2
const OWN_LEVELS = 4
const WITH_POOL = 8
/** The pool is of spot margin, and states its level of liquidation. */
const SPOT_MARGIN = 16
const WITH_AS_OF = 32

/** First byte of a position. */
const CROSS = 1
const WITH_LEVERAGE = 2
const WITH_ISOLATED_MARGIN = 4
const WITH_OWN_RATE = 8
const WITH_MAX_LEVERAGE = 16

/** What the watchlist knows of an account beside its terms. */
export type AccountName = Pick<Account, 'id' | 'venue'>

/** Which positions of an account to read. */
export type PositionPart =
  | { readonly marginMode: 'cross' }
  | { readonly marginMode: 'isolated'; readonly symbol: string; readonly isShort: boolean }

const ASCII_MAX = 0x7f
const MINUS = '-'.charCodeAt(0)

/** The terms of accounts as bytes: about 30 a position; an object takes 300. */
export class StoredTerms {
  readonly #arena = new ByteArena()
  readonly #writer = new Writer()

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
    return readAccount(new Reader(this.#arena.pageOf(address), this.#arena.startOf(address)), name, part)
  }
}

function writeAccount(writer: Writer, account: Account): void {
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
    writeAmounts(writer, account.liabilities)
  }
  writer.count(account.positions.length)
  for (const position of account.positions) writePosition(writer, position)
}

function writeAmounts(writer: Writer, amounts: readonly Collateral[]): void {
  writer.count(amounts.length)
  for (const { asset, amount } of amounts) {
    writer.text(asset)
    writer.text(amount)
  }
}

function writePosition(writer: Writer, position: Position): void {
  const { symbol, marginMode, size, entryPrice, leverage, isolatedMargin } = position
  const { maintenanceMarginRate, maxLeverage } = position
  writer.byte(
    (marginMode === 'cross' ? CROSS : 0) +
      (leverage === undefined ? 0 : WITH_LEVERAGE) +
      (isolatedMargin === undefined ? 0 : WITH_ISOLATED_MARGIN) +
      (maintenanceMarginRate === undefined ? 0 : WITH_OWN_RATE) +
      (maxLeverage === undefined ? 0 : WITH_MAX_LEVERAGE),
  )
  writer.text(symbol)
  writer.text(size)
  writer.text(entryPrice)
  if (leverage !== undefined) writer.text(leverage)
  if (isolatedMargin !== undefined) writer.text(isolatedMargin)
  if (maintenanceMarginRate !== undefined) writer.text(maintenanceMarginRate)
  if (maxLeverage !== undefined) writer.text(maxLeverage)
}

function readAccount(reader: Reader, { id, venue }: AccountName, part: PositionPart | undefined): Account {
  const stated = reader.byte()
  const version = reader.double()
  const asOfMs = (stated & WITH_AS_OF) === 0 ? undefined : reader.double()
  const levels = (stated & OWN_LEVELS) === 0 ? undefined : readTexts(reader, reader.byte())
  const collateral = readAmounts(reader)
  const pool = (stated & WITH_POOL) === 0 ? undefined : readPool(reader, (stated & SPOT_MARGIN) !== 0)
  const liabilities = pool === undefined ? [] : readAmounts(reader)
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

function readAmounts(reader: Reader): Collateral[] {
  const amounts: Collateral[] = []
  for (let left = reader.count(); left > 0; left--)
    amounts.push({ asset: reader.text(), amount: reader.text() })
  return amounts
}

function readPool(reader: Reader, isSpotMargin: boolean): Pool {
  const currency = reader.text()
  return isSpotMargin
    ? { currency, kind: 'spot-margin', liquidationLevel: reader.text() }
    : { currency, kind: 'multi-asset' }
}

function readTexts(reader: Reader, count: number): string[] {
  const texts: string[] = []
  for (let left = count; left > 0; left--) texts.push(reader.text())
  return texts
}

function readPosition(reader: Reader): Position {
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
  return position
}

/** Whether the position is of that part. */
export function isIn(part: PositionPart, { marginMode, symbol, size }: Position): boolean {
  if (part.marginMode === 'cross' || marginMode === 'cross') return part.marginMode === marginMode
  return symbol === part.symbol && size.startsWith('-') === part.isShort
}

function isNextIn(part: PositionPart, reader: Reader): boolean {
  const isCross = (reader.peek(0) & CROSS) !== 0
  if (part.marginMode === 'cross') return isCross
  const symbolLength = reader.peek(1)
  const isShort = reader.peek(2 + symbolLength + 1) === MINUS
  return !isCross && isShort === part.isShort && reader.isNext(1, part.symbol)
}

function skipPosition(reader: Reader): void {
  const stated = reader.byte()
  reader.skipText()
  reader.skipText()
  reader.skipText()
  if ((stated & WITH_LEVERAGE) !== 0) reader.skipText()
  if ((stated & WITH_ISOLATED_MARGIN) !== 0) reader.skipText()
  if ((stated & WITH_OWN_RATE) !== 0) reader.skipText()
  if ((stated & WITH_MAX_LEVERAGE) !== 0) reader.skipText()
}

class Writer {
  readonly bytes = Buffer.allocUnsafeSlow(TERMS_BYTES_MAX)
  /** The same bytes. Its methods are compiled in line, those of Buffer are not. */
  readonly #view = new DataView(this.bytes.buffer)
  length = 0

  begin(): void {
    this.length = 0
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  count(value: number): void {
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }

  double(value: number): void {
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  text(text: string): void {
    const { bytes } = this
    const start = this.length + 1
    const characters = text.length
    let length = 0
    // Short texts of ASCII, which nearly all are, are written faster character by character.
    while (length < characters) {
      const code = text.charCodeAt(length)
      if (code > ASCII_MAX) break
      bytes[start + length++] = code
    }
    if (length < characters) length = bytes.write(text, start, 'utf8')
    assert(length <= TEXT_BYTES_MAX, 'a text of an account has at most TEXT_BYTES_MAX bytes')
    bytes[this.length] = length
    this.length += 1 + length
  }
}

class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.#at = start
  }

  byte(): number {
    return this.#bytes[this.#at++]!
  }

  count(): number {
    const count = this.#bytes.readUInt16LE(this.#at)
    this.#at += 2
    return count
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  text(): string {
    const start = this.#at + 1
    this.#at = start + this.#bytes[this.#at]!
    return this.#bytes.toString('utf8', start, this.#at)
  }

  skipText(): void {
    this.#at += 1 + this.#bytes[this.#at]!
  }

  /** The byte so far ahead. */
  peek(ahead: number): number {
    return this.#bytes[this.#at + ahead]!
  }

  /** Whether the text so far ahead is this one. */
  isNext(ahead: number, text: string): boolean {
    const start = this.#at + ahead + 1
    const length = this.peek(ahead)
    // No text has more characters than bytes.
    return length >= text.length && this.#bytes.toString('utf8', start, start + length) === text
  }
}
