import { isDeepStrictEqual } from 'node:util'
import {
  type CollateralRules,
  effectiveFromSchema,
  type ImportedRules,
  type InstrumentRules,
  instrumentRulesSchema,
  type StatedRules,
  type VenueId,
  type VenueNames,
} from '../domain/index.ts'
import { COLLATERAL_FIELD } from './collateral.ts'

/** An entry of a rules file. */
export type WrittenEntry = InstrumentRules & { readonly effectiveFrom?: string; readonly source?: string }

/** A rules file as JSON: by a name of a venue and by symbol, an entry or a list of them. */
export type WrittenRules = Record<string, Record<string, unknown>>

/** Imported rules as a rules file. Rules that state no day are in force always. */
export function writtenRules(
  venue: VenueId,
  { rules, collateral }: Pick<ImportedRules, 'rules' | 'collateral'>,
  source: string,
): WrittenRules {
  const bySymbol: (readonly [string, unknown])[] = [...rules].map(([symbol, stated]) => {
    const entries = stated.map((one) => entryOf(one, source))
    return [symbol, entries.length === 1 ? entries[0] : entries] as const
  })
  if (collateral.size > 0) {
    bySymbol.push([COLLATERAL_FIELD, Object.fromEntries(collateral)])
  }
  return { [venue]: Object.fromEntries(bySymbol) }
}

function entryOf({ effectiveFrom, source: own, rules }: StatedRules, source: string): WrittenEntry {
  return {
    ...(effectiveFrom === undefined ? {} : { effectiveFrom: timeOf(effectiveFrom) }),
    source: own ?? source,
    ...rules,
  }
}

function timeOf(day: string): string {
  return `${day}T00:00:00Z`
}

/**
 * A rules file with imported rules added. Rules that state no day are in force from `day` on, ISO; where the file has the
 * same rules in force at that time, only their `asOf` moves to a later day. Rules of an asset replace those of the file, but for
 * what it says of a debt where the imported ones do not. All other entries stay as they are written. `file` holds no refused entry.
 */
export function mergedRules(
  file: WrittenRules,
  names: VenueNames,
  {
    venue,
    imported,
    source,
    day,
  }: {
    readonly venue: VenueId
    readonly imported: Pick<ImportedRules, 'rules' | 'collateral'>
    readonly source: string
    readonly day: string
  },
): WrittenRules {
  const merged: WrittenRules = Object.fromEntries(
    Object.entries(file).map(([name, tables]) => [name, { ...tables }]),
  )
  const own = Object.keys(merged).filter((name) => names.get(name) === venue)
  for (const [symbol, stated] of imported.rules) {
    const name = own.find((one) => Object.hasOwn(merged[one]!, symbol)) ?? own[0] ?? venue
    const tables = merged[name] ?? {}
    merged[name] = tables
    const known = tables[symbol]
    let entries: readonly object[] =
      known === undefined ? [] : Array.isArray(known) ? known : [known as object]
    for (const one of stated)
      entries = withEntry(entries, { ...one, effectiveFrom: one.effectiveFrom ?? day }, source)
    tables[symbol] = entries.length === 1 ? entries[0] : entries
  }
  for (const [asset, rules] of imported.collateral) {
    const name = own.find((one) => Object.hasOwn(assetsIn(merged[one]!), asset)) ?? own[0] ?? venue
    const assets = assetsIn(merged[name] ?? {})
    const added = {
      ...merged[name],
      [COLLATERAL_FIELD]: { ...assets, [asset]: withRulesOfKind(assets[asset], rules) },
    }
    merged[name] = added
  }
  return merged
}

type WrittenCollateral = Partial<CollateralRules>

function assetsIn(
  tables: Record<string, unknown>,
): Record<string, WrittenCollateral | readonly WrittenCollateral[]> {
  return (tables[COLLATERAL_FIELD] ?? {}) as ReturnType<typeof assetsIn>
}

/** The rules in place of those of the same kind of pool, and of those for all kinds; what the file says of other kinds stays. */
function withRulesOfKind(
  stated: WrittenCollateral | readonly WrittenCollateral[] | undefined,
  rules: CollateralRules,
): WrittenCollateral | readonly WrittenCollateral[] {
  const entries: readonly WrittenCollateral[] = stated === undefined ? [] : [stated].flat()
  const { poolKind } = rules
  const isOther = (entry: WrittenCollateral) =>
    poolKind !== undefined && entry.poolKind !== undefined && entry.poolKind !== poolKind
  const others = entries.filter(isOther)
  const before = entries.filter((entry) => !isOther(entry))
  const own = before.find((entry) => entry.poolKind === poolKind) ?? before[0]
  const debt = rules.liabilityMaintenanceRate ?? own?.liabilityMaintenanceRate ?? null
  const added = { ...rules, liabilityMaintenanceRate: debt }
  return others.length === 0 ? added : [...others, added]
}

/** `entries` ascend by their time, and so does the result. */
function withEntry(entries: readonly object[], stated: StatedRules, source: string): readonly object[] {
  const added = entryOf(stated, source)
  const atMs = fromMsOf(added)
  const inForce = entries.findLastIndex((entry) => fromMsOf(entry) <= atMs)
  const before = entries[inForce]
  if (before !== undefined && isSame(before, stated.rules)) {
    const { asOf } = before as WrittenEntry
    const isLater = asOf === undefined || (stated.rules.asOf ?? '') > asOf
    return isLater ? entries.with(inForce, { ...before, asOf: stated.rules.asOf }) : entries
  }
  const kept = before !== undefined && fromMsOf(before) === atMs ? inForce : inForce + 1
  return [...entries.slice(0, kept), added, ...entries.slice(inForce + 1)]
}

function fromMsOf(entry: { readonly effectiveFrom?: unknown }): number {
  return effectiveFromSchema.parse(entry.effectiveFrom)
}

/** Whether the entry states these rules, seen on whatever day. */
function isSame(entry: object, rules: InstrumentRules): boolean {
  const { effectiveFrom: _, source: __, ...table } = entry as WrittenEntry
  const undated = (one: InstrumentRules) => ({ ...one, asOf: undefined })
  return isDeepStrictEqual(
    undated(instrumentRulesSchema.parse(table)),
    undated(instrumentRulesSchema.parse(rules)),
  )
}

/** The text of a rules file, a line an entry, so that a comparison of two files shows the symbols that changed. */
export function rulesFileText(file: WrittenRules): string {
  const venues = Object.entries(file).map(([name, tables]) => {
    const symbols = Object.entries(tables).map(
      ([symbol, stated]) =>
        `    ${JSON.stringify(symbol)}: ${symbol === COLLATERAL_FIELD ? assetsText(stated as object) : entriesText(stated)}`,
    )
    if (symbols.length === 0) return `  ${JSON.stringify(name)}: {}`
    return `  ${JSON.stringify(name)}: {\n${symbols.join(',\n')}\n  }`
  })
  return `{\n${venues.join(',\n')}\n}\n`
}

function entriesText(stated: unknown): string {
  if (!Array.isArray(stated)) return JSON.stringify(stated)
  return `[\n${stated.map((entry) => `      ${JSON.stringify(entry)}`).join(',\n')}\n    ]`
}

function assetsText(assets: object): string {
  const lines = Object.entries(assets).map(
    ([asset, rules]) => `      ${JSON.stringify(asset)}: ${JSON.stringify(rules)}`,
  )
  return `{\n${lines.join(',\n')}\n    }`
}
