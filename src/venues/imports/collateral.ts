// How assets count in a pool over several currencies, as bodies of venues state it.
import { type CollateralRules, type Decimal, NO_CAP } from '../../domain/index.ts'
import { compare, parseCap, ZERO } from '../../margin/index.ts'
import { type BodyRecord, boundIn, numberIn, refuse } from './body.ts'
import { byCap, refuseUneven } from './tiers.ts'

type Tier = CollateralRules['tiers'][number]

/** The fields of a tier in a body; an upper bound of `""` is none. */
export interface TierFields {
  readonly from: string
  readonly to: string
  readonly ratio: string
}

/** What is known beside the tiers. */
export type CollateralTerms = Pick<CollateralRules, 'discounts' | 'source'> &
  Partial<Omit<CollateralRules, 'tiers' | 'discounts' | 'source'>>

/** Rules of a multi-asset pool. What a debt asks for is stated by none of the bodies, so it is not known unless `terms` say it. */
export function multiAssetRules(
  tiers: readonly Tier[],
  asOf: string,
  { source, discounts, ...terms }: CollateralTerms,
): CollateralRules {
  return {
    source,
    tiers: [...tiers],
    basis: 'coin',
    discounts,
    liabilityRatio: '1',
    liabilityMaintenanceRate: null,
    poolKind: 'multi-asset',
    asOf,
    ...terms,
  }
}

/** All of an asset at one ratio. */
export function oneRatio(ratio: string): Tier[] {
  return [{ cap: NO_CAP, ratio }]
}

/**
 * The tiers of rows in any order. `beyond`: the ratio above the last cap; undefined where the body states none, and then the last
 * tier must have no end: what counts above it is not known.
 */
export function collateralTiersOf(rows: unknown, fields: TierFields, beyond: Decimal | undefined): Tier[] {
  if (!Array.isArray(rows) || rows.length === 0) refuse('its tiers are missing')
  const sorted = byCap(rows.map((row: BodyRecord) => tierOf(row, fields)))
  refuseUneven(sorted, ZERO)
  const tiers = sorted.map(({ cap, ratio }) => ({ cap, ratio }))
  const { cap } = tiers.at(-1)!
  if (compare(parseCap(cap), parseCap(NO_CAP)) >= 0) return tiers
  if (beyond === undefined) refuse(`its last tier ends at ${cap}: what counts above it is not stated`)
  return [...tiers, { cap: NO_CAP, ratio: beyond }]
}

function tierOf(row: BodyRecord, { from, to, ratio }: TierFields) {
  if (typeof row !== 'object' || row === null) refuse('a tier is not an object')
  return {
    cap: row[to] === '' ? NO_CAP : boundIn(row, to),
    ratio: numberIn(row, ratio),
    from: boundIn(row, from),
  }
}
