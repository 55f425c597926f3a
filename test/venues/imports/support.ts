import type { CollateralRules, InstrumentRules, RulesImportOptions } from '../../../src/domain/index.ts'
import { readJsonKeepingDigits } from '../../../src/input/index.ts'
import { importRules, parseVenueId, ruleBookOf } from '../../../src/venues/index.ts'

export interface Imported {
  readonly rules: Readonly<Record<string, InstrumentRules>>
  readonly refused: Readonly<Record<string, string>>
}

/** What the bodies say, in the form in which a program reads them. A text that is not JSON is a body as it is. */
export function importedFrom(
  venue: string,
  bodies: readonly unknown[],
  options: Partial<RulesImportOptions> = {},
): Imported {
  const { rules, refused } = read(venue, bodies, options)
  const newest = [...rules].map(([symbol, entries]) => [symbol, entries.at(-1)!.rules] as const)
  return { rules: Object.fromEntries(newest), refused: Object.fromEntries(refused) }
}

/** What the bodies say of assets. */
export function collateralFrom(venue: string, bodies: readonly unknown[]) {
  const { collateral, refused } = read(venue, bodies, {})
  return {
    collateral: Object.fromEntries(collateral) as Readonly<Record<string, CollateralRules>>,
    refused: Object.fromEntries(refused) as Readonly<Record<string, string>>,
  }
}

function read(venue: string, bodies: readonly unknown[], options: Partial<RulesImportOptions>) {
  const id = parseVenueId(venue)
  return importRules(
    id,
    bodies.map((body, index) => ({ name: `body ${index}`, value: bodyValue(body) })),
    { asOf: '2026-08-01', book: ruleBookOf(id), window: 'overnight', ...options },
  )
}

function bodyValue(body: unknown): unknown {
  const json = readJsonKeepingDigits(typeof body === 'string' ? body : JSON.stringify(body))
  return 'value' in json ? json.value : body
}

/** Values that no field of a body may end at. */
export const HOSTILE = [
  '0',
  '-1',
  '2',
  '1e308',
  '1e-300',
  '123456789012345678901',
  '',
  'x',
  null,
  {},
  [],
  true,
]

export type Path = readonly (string | number)[]

/** The paths of all values that hold no others. */
export function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
}

export function withLeaf(value: object, [key, ...rest]: Path, leaf: unknown): object {
  const own = (value as Record<string | number, object>)[key!]!
  const changed = rest.length === 0 ? leaf : withLeaf(own, rest, leaf)
  if (Array.isArray(value)) return value.with(key as number, changed)
  return { ...value, [key!]: changed }
}
