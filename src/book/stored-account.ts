import {
  ACCOUNT_ID_LENGTH_MAX,
  ACCOUNT_ID_PATTERN,
  ACCOUNT_VERSION_MAX,
  type Account,
  AS_OF_MAX_MS,
  AS_OF_MIN_MS,
  ASSET_PATTERN,
  COLLATERAL_ASSETS_MAX,
  type Collateral,
  DECIMAL_PATTERN,
  isPrice,
  POSITIONS_PER_ACCOUNT_MAX,
  type Position,
  positionKey,
  SYMBOL_PATTERN,
} from '../domain/index.ts'

/** Lists of at most so many entries are searched for repeats pair by pair. */
const PAIRWISE_MAX = 8

type Fields = Readonly<Record<string, unknown>>

/**
 * The account in a parsed JSON text as the book writes them: every field stated, none unknown, every value inside the
 * grammar of `storedAccountSchema`. undefined for anything else, which the schema then judges and names. What this reader
 * takes, the schema takes as it is, in eight times the time (three positions: 1.3 and 10.9 µs).
 */
export function accountIn(raw: unknown, isVenue: (venue: string) => boolean): Account | undefined {
  if (!isRecord(raw) || !hasOnly(raw, isAccountField)) return undefined
  const { id, venue, version, asOfMs, collateral, separateWallets, positions, liabilities } = raw
  const isAccount =
    isText(id, ACCOUNT_ID_PATTERN) &&
    id.length <= ACCOUNT_ID_LENGTH_MAX &&
    typeof venue === 'string' &&
    isVenue(venue) &&
    isVersion(version) &&
    (asOfMs === undefined || isAsOf(asOfMs)) &&
    (separateWallets === undefined || typeof separateWallets === 'boolean') &&
    Array.isArray(liabilities) &&
    liabilities.length === 0 &&
    isListOf(collateral, COLLATERAL_ASSETS_MAX, isCollateral) &&
    !hasRepeatedAsset(collateral as Collateral[]) &&
    isListOf(positions, POSITIONS_PER_ACCOUNT_MAX, isPosition) &&
    !hasRepeatedPosition(positions as Position[])
  return isAccount ? (raw as unknown as Account) : undefined
}

function isCollateral(raw: unknown): boolean {
  if (!isRecord(raw) || !hasOnly(raw, isCollateralField)) return false
  return isText(raw.asset, ASSET_PATTERN) && isText(raw.amount, DECIMAL_PATTERN)
}

function isPosition(raw: unknown): boolean {
  if (!isRecord(raw) || !hasOnly(raw, isPositionField)) return false
  const { symbol, marginMode, size, entryPrice, leverage, isolatedMargin } = raw
  if (!isText(symbol, SYMBOL_PATTERN) || !isText(size, DECIMAL_PATTERN) || !isPrice(entryPrice)) return false
  if (leverage !== undefined && !isPrice(leverage)) return false
  if (marginMode === 'cross') return isolatedMargin === undefined
  if (marginMode !== 'isolated') return false
  return isolatedMargin === undefined ? leverage !== undefined : isText(isolatedMargin, DECIMAL_PATTERN)
}

function isListOf(raw: unknown, lengthMax: number, isEntry: (entry: unknown) => boolean): boolean {
  if (!Array.isArray(raw) || raw.length > lengthMax) return false
  for (const entry of raw) if (!isEntry(entry)) return false
  return true
}

export function hasRepeatedAsset(collateral: readonly Collateral[]): boolean {
  return hasRepeat(collateral, assetOf, assetOf)
}

/** Whether two positions are the same part of the account. */
export function hasRepeatedPosition(positions: readonly Position[]): boolean {
  return hasRepeat(positions, symbolOf, positionKey)
}

/** `hintOf`: entries with one key have one hint, which costs less than the key. */
function hasRepeat<Entry>(
  list: readonly Entry[],
  hintOf: (entry: Entry) => string,
  keyOf: (entry: Entry) => string,
): boolean {
  if (list.length > PAIRWISE_MAX) return new Set(list.map(keyOf)).size < list.length
  for (let left = 1; left < list.length; left++) {
    const entry = list[left]!
    for (let right = 0; right < left; right++) {
      const other = list[right]!
      if (hintOf(entry) === hintOf(other) && keyOf(entry) === keyOf(other)) return true
    }
  }
  return false
}

const assetOf = ({ asset }: Collateral) => asset
const symbolOf = ({ symbol }: Position) => symbol

function isRecord(raw: unknown): raw is Fields {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

/** A field that JSON states is never undefined, so what is undefined is absent. */
function hasOnly(raw: Fields, isField: (name: string) => boolean): boolean {
  for (const name in raw) if (!isField(name)) return false
  return true
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

function isVersion(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= ACCOUNT_VERSION_MAX
}

function isAsOf(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= AS_OF_MIN_MS && (value as number) <= AS_OF_MAX_MS
}

function isAccountField(name: string): boolean {
  switch (name) {
    case 'id':
    case 'venue':
    case 'version':
    case 'asOfMs':
    case 'collateral':
    case 'separateWallets':
    case 'positions':
    case 'liabilities':
      return true
    default:
      return false
  }
}

function isCollateralField(name: string): boolean {
  return name === 'asset' || name === 'amount'
}

function isPositionField(name: string): boolean {
  switch (name) {
    case 'symbol':
    case 'marginMode':
    case 'size':
    case 'entryPrice':
    case 'leverage':
    case 'isolatedMargin':
      return true
    default:
      return false
  }
}
