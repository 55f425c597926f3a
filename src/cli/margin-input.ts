// What a line of `plimsoll margin` holds, before it is judged.
import { z } from 'zod'
import {
  type Account,
  compareDecimals,
  decimalSchema,
  FUNDING_RATE_MAX,
  faultsText,
  IN_OUR_WORDS,
  isPrice,
  pathText,
  type RuleBook,
  schemaFaultsOf,
  shownValue,
} from '../domain/index.ts'
import { type FaultCode, PlimsollError } from '../errors.ts'
import { type Line, readJson } from '../input/index.ts'
import { type MarginAccount, reasonAgainstOptionPrice, refuseFaults } from '../margin/index.ts'
import { expiryFaultsOf, expiryMsOf, expiryText } from '../venues/index.ts'
import { LINE_CHARACTERS_MAX } from './lines.ts'

const inputSchema = z.strictObject({
  account: z.record(z.string(), z.unknown()),
  marks: z.record(z.string(), z.unknown()),
  indexPrices: z.record(z.string(), z.unknown()).optional(),
  exitPrices: z.record(z.string(), z.unknown()).optional(),
  fundingRates: z.record(z.string(), z.unknown()).optional(),
  collateralRules: z.record(z.string(), z.unknown()).optional(),
  rules: z.record(z.string(), z.unknown()).optional(),
})

export function readInput({ text, isCut }: Line): z.infer<typeof inputSchema> {
  if (isCut) {
    throw new PlimsollError('INPUT_INVALID', `the line is longer than ${LINE_CHARACTERS_MAX} characters`)
  }
  const json = readJson(text)
  if ('reason' in json) {
    throw new PlimsollError('INPUT_INVALID', `the line is no JSON: ${json.reason}`, { cause: json.cause })
  }
  if ('fault' in json) {
    const path = pathText(json.fault.path)
    throw new PlimsollError('INPUT_INVALID', `${path} ${json.fault.rule}`, { path })
  }
  return parseAt(inputSchema, json.value, undefined, 'INPUT_INVALID')
}

/** @throws PlimsollError MARK_INVALID with the path of the price. */
export function readPrices(
  prices: Readonly<Record<string, unknown>>,
  field: 'marks' | 'indexPrices' | 'exitPrices',
): ReadonlyMap<string, string> {
  const checked = new Map<string, string>()
  for (const [name, price] of Object.entries(prices)) {
    if (!isPrice(price)) {
      const path = `${field}.${name}`
      const message = `${path} is ${shownValue(price)}: a price is a decimal string above zero without exponent`
      throw new PlimsollError('MARK_INVALID', message, { path })
    }
    checked.set(name, price)
  }
  return checked
}

/**
 * Balances of a stated time after the expiry hold what the contract settled at.
 * @throws PlimsollError CONTRACT_EXPIRED with the path of the symbol.
 */
export function refuseExpired(account: Account): void {
  const { asOfMs } = account
  if (asOfMs === undefined) return
  const faults = expiryFaultsOf(account, asOfMs).map((fault) => ({
    ...fault,
    rule: `${fault.rule}; asOfMs of a time before asks for the state of then`,
  }))
  refuseFaults(account, faults)
}

/** Without a time the marks beside the account may be those of a time before the expiry. */
export function expiryAssumptionsOf({ venue, formula }: MarginAccount, nowMs: number): string[] {
  const symbols = new Set(formula.positions.map(({ position }) => position.symbol))
  return [...symbols].flatMap((symbol) => {
    const expiryMs = expiryMsOf(venue, symbol)
    if (expiryMs === undefined || nowMs < expiryMs) return []
    return [`${symbol} expired on ${expiryText(expiryMs)}: the prices are taken for those of a time before`]
  })
}

/** @throws PlimsollError MARK_INVALID with the path of the first price that an option cannot have. */
export function refuseOptionPrices(
  field: 'marks' | 'exitPrices',
  prices: ReadonlyMap<string, string>,
  marginAccounts: readonly MarginAccount[],
): void {
  for (const { position, rules } of marginAccounts.flatMap(({ formula }) => formula.positions)) {
    const price = prices.get(position.symbol)
    if (price === undefined || rules.option === undefined) continue
    const reason = reasonAgainstOptionPrice(rules, price, prices.get(rules.option.underlying))
    if (reason === undefined) continue
    const path = `${field}.${position.symbol}`
    throw new PlimsollError('MARK_INVALID', `${path} is "${price}": ${reason}`, { path })
  }
}

/**
 * `underlyings`: symbols beside those of positions whose price counts.
 * @throws PlimsollError INPUT_INVALID for the first name that no position has: a misspelt one would change nothing in silence.
 */
export function refuseUnheld(
  field: 'exitPrices' | 'fundingRates',
  names: Iterable<string>,
  { positions }: Pick<Account, 'positions'>,
  underlyings: ReadonlySet<string> = new Set(),
): void {
  for (const name of names) {
    if (underlyings.has(name) || positions.some(({ symbol }) => symbol === name)) continue
    const path = `${field}.${name}`
    throw new PlimsollError('INPUT_INVALID', `${path}: no position of the account has that symbol`, { path })
  }
}

/**
 * A list of the whole market may be given: every asset that the account has, that its pool counts or that the book knows is one.
 * @throws PlimsollError INPUT_INVALID for the first other name: a misspelt one would change nothing in silence.
 */
export function refuseUnknownAssets(
  names: Iterable<string>,
  { collateral, liabilities, pool }: Account,
  marginAccounts: readonly MarginAccount[],
  { collateralAssets }: RuleBook,
): void {
  const pooled = marginAccounts.flatMap(({ formula }) => formula.pool?.assets ?? [])
  const own = [...collateral, ...liabilities, ...pooled].map(({ asset }) => asset)
  const known = new Set([
    ...own,
    ...(pool === undefined ? [] : [pool.currency]),
    ...(collateralAssets?.() ?? []),
  ])
  for (const name of names) {
    if (known.has(name)) continue
    const path = `indexPrices.${name}`
    const message = `${path}: neither the account nor the collateral rules of its venue have an asset of that name`
    throw new PlimsollError('INPUT_INVALID', message, { path })
  }
}

/** @throws PlimsollError INPUT_INVALID with the path of the rate. */
export function readFundingRates(rates: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const checked = new Map<string, string>()
  for (const [symbol, rate] of Object.entries(rates)) {
    const path = `fundingRates.${symbol}`
    const known = parseAt(decimalSchema, rate, path, 'INPUT_INVALID')
    if (compareDecimals(known.replace('-', ''), FUNDING_RATE_MAX) > 0) {
      const message = `${path} is "${known}": a fraction of at most ${FUNDING_RATE_MAX}, above or below zero, is expected`
      throw new PlimsollError('INPUT_INVALID', message, { path })
    }
    checked.set(symbol, known)
  }
  return checked
}

/** `field`: the field of the line that holds `value`; undefined for the line itself. */
export function parseAt<T>(
  schema: z.ZodType<T>,
  value: unknown,
  field: string | undefined,
  code: FaultCode,
): T {
  const parsed = schema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return parsed.data
  const before = field === undefined ? [] : [field]
  const faults = schemaFaultsOf(parsed.error).map(({ path, rule }) => ({ path: [...before, ...path], rule }))
  const line = field === undefined ? value : { [field]: value }
  const path = pathText(faults[0]!.path)
  throw new PlimsollError(code, faultsText(line, faults, 'the line'), path === '' ? {} : { path })
}
