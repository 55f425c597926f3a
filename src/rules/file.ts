import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import {
  type CollateralRules,
  type EffectiveRules,
  faultsText,
  firstRule,
  IN_OUR_WORDS,
  pathText,
  symbolSchema,
  type VenueId,
  type VenueNames,
} from '../domain/index.ts'
import { fileReason, PlimsollError, tooLongReason } from '../errors.ts'
import { readJson, textOfBytes } from '../input/index.ts'
import { collateralPlace, reasonAgainstDay } from '../margin/index.ts'
import { COLLATERAL_FIELD, collateralOrFault } from './collateral.ts'
import { entriesOrFault } from './entries.ts'
import type { SymbolRules } from './overlay.ts'

/** Bytes of a rules file. Five thousand contracts with ten tiers each are a tenth of it. A longer file is refused. */
export const RULES_FILE_BYTES_MAX = 64 * 1_024 * 1_024

/** What a file says of one venue. */
export interface VenueRules {
  readonly rules: Readonly<Record<string, SymbolRules>>
  /** By asset: how it counts in a pool over several currencies. */
  readonly collateral: Readonly<Record<string, readonly CollateralRules[]>>
  /** Symbols whose rules cannot be used, and assets as `collateralPlace` says, each with the reason. */
  readonly refused: ReadonlyMap<string, string>
}

/**
 * Reads `{"bybit": {"FOOUSDT": rules or a list of them, "collateralRules": {"BTC": …}, …}, …}`; every name of a venue means the
 * same book. A symbol or an asset whose rules cannot be used is refused by name, and the others are given. `nowMs`: the present
 * time, Unix milliseconds; rules bear no later day than `reasonAgainstDay` allows.
 * `named`: how its user names the file.
 * @throws PlimsollError CONFIGURATION for a file that cannot be read, RULES_INVALID, naming file and place, for one that
 * is not rules by venue and symbol.
 */
export function readRulesFile(
  path: string,
  names: VenueNames,
  nowMs: number,
  named = `rules file ${path}`,
): ReadonlyMap<VenueId, VenueRules> {
  const reading = rulesOfBytes(path, readRulesBytes(path, named), names, nowMs)
  for (;;) {
    const { done, value } = reading.next()
    if (done === true) return value
  }
}

/** Reads the bytes of such a file, one symbol or asset a step, so that its reader can do other work between them. Throws as it does. */
export function* rulesOfBytes(
  path: string,
  bytes: Uint8Array,
  names: VenueNames,
  nowMs: number,
): Generator<void, ReadonlyMap<VenueId, VenueRules>> {
  const venues = readVenues(path, textOfBytes(bytes), names)
  const found = new Map<VenueId, ReturnType<typeof noRules>>()
  for (const [venue, tables] of venues) {
    const own = found.get(venue) ?? noRules()
    found.set(venue, own)
    for (const [symbol, table] of Object.entries(tables)) {
      if (symbol === COLLATERAL_FIELD) {
        readCollateral(table, own, path, nowMs)
        continue
      }
      const isTwice = Object.hasOwn(own.rules, symbol) || own.refused.has(symbol)
      const rules = isTwice
        ? `two names of ${venue} give its rules`
        : rulesOrFault(symbol, table, { source: `rules file ${basename(path)}`, nowMs })
      if (typeof rules !== 'string') own.rules[symbol] = rules
      else {
        delete own.rules[symbol]
        own.refused.set(symbol, `rules file ${basename(path)}: ${rules}`)
      }
      yield
    }
  }
  return found
}

function noRules() {
  return {
    rules: {} as Record<string, readonly EffectiveRules[]>,
    collateral: {} as Record<string, readonly CollateralRules[]>,
    refused: new Map<string, string>(),
  }
}

function readCollateral(
  stated: unknown,
  { collateral, refused }: ReturnType<typeof noRules>,
  path: string,
  nowMs: number,
): void {
  if (!isObject(stated)) {
    const message = `rules file ${path}: ${COLLATERAL_FIELD} must be an object of collateral rules by asset`
    throw new PlimsollError('RULES_INVALID', message, { path: COLLATERAL_FIELD })
  }
  for (const [asset, rules] of Object.entries(stated)) {
    const place = collateralPlace(asset)
    const isTwice = Object.hasOwn(collateral, asset) || refused.has(place)
    const read = isTwice ? 'two names of the venue give its rules' : weightsOrFault(asset, rules, nowMs)
    if (typeof read !== 'string') collateral[asset] = read
    else {
      delete collateral[asset]
      refused.set(place, `rules file ${basename(path)}: ${read}`)
    }
  }
}

function readVenues(path: string, text: string, names: VenueNames): (readonly [VenueId, object])[] {
  const fail = (message: string, at?: string) =>
    new PlimsollError('RULES_INVALID', `rules file ${path}: ${message}`, at === undefined ? {} : { path: at })
  const json = readJson(text)
  if ('reason' in json) {
    const message = `rules file ${path} is no JSON: ${json.reason}`
    throw new PlimsollError('CONFIGURATION', message, { cause: json.cause })
  }
  if ('fault' in json)
    throw fail(`${pathText(json.fault.path)} ${json.fault.rule}`, pathText(json.fault.path))
  const { value } = json
  if (!isObject(value)) throw fail('must be one JSON object by venue and symbol')
  const entries = Object.entries(value)
  const faults = entries.flatMap(([name, tables]) => {
    if (!names.has(name))
      return [{ path: [name], rule: `is no venue; known are ${[...names.keys()].join(', ')}` }]
    return isObject(tables) ? [] : [{ path: [name], rule: 'must be an object of rules by symbol' }]
  })
  if (faults.length > 0) throw fail(faultsText(value, faults), pathText(faults[0]!.path))
  return entries.map(([name, tables]) => [names.get(name)!, tables as object])
}

/** @throws PlimsollError CONFIGURATION where the file cannot be read or is longer than RULES_FILE_BYTES_MAX. */
export function readRulesBytes(path: string, named = `rules file ${path}`): Buffer {
  try {
    const { size } = statSync(path)
    if (size > RULES_FILE_BYTES_MAX) throw new Error(tooLongReason(size, RULES_FILE_BYTES_MAX))
    return readFileSync(path)
  } catch (cause) {
    const message = `${named} cannot be read: ${fileReason(cause)}`
    throw new PlimsollError('CONFIGURATION', message, { cause })
  }
}

/** What the file states for a symbol, or what is wrong with it. */
function rulesOrFault(
  symbol: string,
  stated: unknown,
  { source, nowMs }: { readonly source: string; readonly nowMs: number },
): readonly EffectiveRules[] | string {
  const name = symbolSchema.safeParse(symbol, IN_OUR_WORDS)
  if (!name.success) return `the symbol ${firstRule(name.error)}`
  const entries = entriesOrFault(symbol, stated, source)
  if (typeof entries === 'string') return entries
  return (
    dayFaultOf(
      entries.map(({ rules }) => rules?.asOf),
      nowMs,
    ) ?? entries
  )
}

function weightsOrFault(asset: string, stated: unknown, nowMs: number): readonly CollateralRules[] | string {
  const read = collateralOrFault(asset, stated)
  if (typeof read === 'string') return read
  return (
    dayFaultOf(
      read.map(({ asOf }) => asOf),
      nowMs,
    ) ?? read
  )
}

/** What is wrong with the first day that is too late, of the entries of a symbol or an asset. */
function dayFaultOf(days: readonly (string | undefined)[], nowMs: number): string | undefined {
  for (const [index, asOf] of days.entries()) {
    const reason = reasonAgainstDay(asOf, nowMs)
    if (reason === undefined) continue
    const place = days.length === 1 ? '' : `entry ${index} of the list: `
    return `${place}asOf is ${JSON.stringify(asOf)}: ${reason}`
  }
  return undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
