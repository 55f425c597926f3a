import { isDeepStrictEqual } from 'node:util'
import {
  type CollateralRules,
  counted,
  type InstrumentRules,
  type MarginDefaults,
  POOL_KINDS,
  type PoolKind,
} from '../domain/index.ts'
import { collateralPlace, compare, formatRate, ONE, parseDecimal } from '../margin/index.ts'
import { shortened } from './figures.ts'
import { type Asked, extremesOf, flatRateOf } from './rules-asked.ts'
import { percent } from './rules-lines.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** Fields that a line names each; JSON has all. */
const CHANGES_SHOWN_MAX = 3
const TIMES_DIGITS = 3

/** A field of the rules, by its path in the full form of a rules file; null where one side does not have it. */
export interface Change {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

export interface Difference {
  readonly venue: string
  readonly symbol: string
  /** Of an asset: the kind of pool that the rules are for; null for all. */
  readonly poolKind?: PoolKind | null
  readonly change: 'added' | 'removed' | 'changed'
  /** null where the rules are not two tables of tiers of one kind and in one unit. */
  readonly most: Asked | null
  readonly least: Asked | null
  /** Empty of rules that are added or removed. */
  readonly changes: readonly Change[]
  readonly before: InstrumentRules | CollateralRules | null
  readonly after: InstrumentRules | CollateralRules | null
}

/**
 * undefined where both ask for the same; the day on which they were seen, ticks and words beside them do not count.
 * `defaults`: what the book of the venue says where the rules do not.
 */
export function differenceOf(
  venue: string,
  symbol: string,
  before: InstrumentRules | undefined,
  after: InstrumentRules | undefined,
  defaults: MarginDefaults,
): Difference | undefined {
  if (before === undefined && after === undefined) return undefined
  const stated = { venue, symbol, before: before ?? null, after: after ?? null }
  const unmeasured = { most: null, least: null, changes: [] }
  if (before === undefined) return { ...stated, change: 'added', ...unmeasured }
  if (after === undefined) return { ...stated, change: 'removed', ...unmeasured }
  const changes = changesOf(
    comparedPartsOf(before, after, defaults),
    comparedPartsOf(after, before, defaults),
    '',
  )
  if (changes.length === 0) return undefined
  return { ...stated, change: 'changed', ...extremesOf(symbol, before, after, defaults), changes }
}

type RulesByKind = (kind: PoolKind) => CollateralRules | undefined

/** The same of an asset as collateral, for each kind of pool; once where both kinds have the same rules before and after. */
export function collateralDifferencesOf(
  venue: string,
  asset: string,
  before: RulesByKind,
  after: RulesByKind,
): Difference[] {
  const [first, second] = POOL_KINDS
  const isOne = before(first) === before(second) && after(first) === after(second)
  const kinds = isOne ? [first] : POOL_KINDS
  return kinds.flatMap(
    (kind) => collateralDifferenceOf(venue, asset, isOne ? null : kind, before(kind), after(kind)) ?? [],
  )
}

/** Named as `collateralPlace` does. `poolKind`: in which pools; null in all. */
function collateralDifferenceOf(
  venue: string,
  asset: string,
  poolKind: PoolKind | null,
  before: CollateralRules | undefined,
  after: CollateralRules | undefined,
): Difference | undefined {
  if (before === undefined && after === undefined) return undefined
  const symbol = collateralPlace(asset)
  const stated = { venue, symbol, poolKind, before: before ?? null, after: after ?? null }
  const unmeasured = { most: null, least: null }
  if (before === undefined) return { ...stated, change: 'added', ...unmeasured, changes: [] }
  if (after === undefined) return { ...stated, change: 'removed', ...unmeasured, changes: [] }
  const changes = changesOf(figuresOf(before), figuresOf(after), '')
  return changes.length === 0 ? undefined : { ...stated, change: 'changed', ...unmeasured, changes }
}

function figuresOf({ asOf: _, source: __, assumptions: ___, ...rules }: CollateralRules): object {
  return rules
}

/** Whether the rules state the greatest leverage of a tier. */
function statesLeverage({ maintenance }: InstrumentRules): boolean {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return false
  return maintenance.tiers.some(({ maxLeverage }) => maxLeverage !== undefined)
}

/** Without the day, the coin, the tick and the words beside the rules, and without leverages if the other rules state none. */
function comparedPartsOf(rules: InstrumentRules, other: InstrumentRules, defaults: MarginDefaults): object {
  const { asOf: _, assumptions: __, baseAsset: ___, tickSize: ____, maintenance, ...own } = rules
  const { closingFee, liquidation } = defaults
  const parts = { closingFee, liquidation, ...own }
  const isCompared = statesLeverage(other)
  if (isCompared || (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers')) {
    return { ...parts, maintenance }
  }
  const tiers = maintenance.tiers.map(({ maxLeverage: _, ...tier }) => tier)
  return { ...parts, maintenance: { ...maintenance, tiers } }
}

/** Lists of different length are one change. */
function changesOf(before: unknown, after: unknown, field: string): Change[] {
  if (isDeepStrictEqual(before, after)) return []
  const areLists = Array.isArray(before) && Array.isArray(after) && before.length === after.length
  const areObjects = isObject(before) && isObject(after) && !Array.isArray(before) && !Array.isArray(after)
  if (!areLists && !areObjects) return [{ field, before: before ?? null, after: after ?? null }]
  const [old, young] = [before as Record<string, unknown>, after as Record<string, unknown>]
  return [...new Set([...Object.keys(old), ...Object.keys(young)])].flatMap((name) =>
    changesOf(
      old[name],
      young[name],
      areLists ? `${field}[${name}]` : field === '' ? name : `${field}.${name}`,
    ),
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** One line for people. */
export function diffLine(difference: Difference, palette: Palette): string {
  const { venue, symbol, poolKind, change, changes, most, least } = difference
  const of = poolKind ? ` of ${poolKind} pools` : ''
  const name = palette.strong(`${venue} ${visible(symbol)}${of}`)
  if (change !== 'changed') return `${name}  ${change}`
  const asked =
    most === null || least === null || isSame(most, least) ? [] : [askedText(most, least, palette)]
  const fractions = fractionsText(difference)
  const unsorted = changes.filter(
    ({ field }) =>
      (asked.length === 0 || !isOfTheTable(field)) && (fractions.length === 0 || !isFraction(field)),
  )
  const isFirst = ({ field }: Change) => /^maintenance(?:\.|$)/.test(field)
  const named = [...unsorted.filter(isFirst), ...unsorted.filter((one) => !isFirst(one))]
  const more = named.length - CHANGES_SHOWN_MAX
  return [
    name,
    ...asked,
    ...fractions,
    ...named.slice(0, CHANGES_SHOWN_MAX).map(changeText),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join('  ')
}

/** Of two rules by a share of the initial margin, what of both fractions changed, as the venue states them (dYdX). */
function fractionsText({ before, after }: Difference): string[] {
  const [old, young] = [before, after].map((rules) => (rules === null ? undefined : ratesOf(rules)))
  if (old === undefined || young === undefined) return []
  return (['initial', 'maintenance'] as const).flatMap((name) =>
    old[name] === young[name] ? [] : [`${name} ${percent(old[name])} → ${percent(young[name])}`],
  )
}

function ratesOf(rules: InstrumentRules | CollateralRules) {
  if (!('maintenance' in rules) || rules.maintenance.kind !== 'initial-share') return undefined
  return { initial: rules.maintenance.initialRate, maintenance: formatRate(flatRateOf(rules)!) }
}

function isFraction(field: string): boolean {
  return ['maintenance.initialRate', 'maintenance.share', 'initial.rate'].includes(field)
}

function isSame(most: Asked, least: Asked): boolean {
  return most.times === '1' && least.times === '1'
}

function isOfTheTable(field: string): boolean {
  return field.startsWith('maintenance.tiers') && !field.endsWith('.maxLeverage')
}

function askedText(most: Asked, least: Asked, palette: Palette): string {
  const paint = isMore(most) ? palette.yellow : palette.green
  if (most.times === least.times) return paint(`asks for ${timesText(most)} at every size`)
  return paint(
    `asks for ${[most, least].map((asked) => `${timesText(asked)} ${placeText(asked)}`).join(', ')}`,
  )
}

/** To the nearest, but away from 1 where more or less would read as the same. */
function timesText(asked: Asked): string {
  const nearest = shortened(asked.times, TIMES_DIGITS, 'nearest')
  const isUnchanged = compare(parseDecimal(nearest), ONE) === 0
  return `${isUnchanged ? shortened(asked.times, TIMES_DIGITS, isMore(asked) ? 'up' : 'down') : nearest}×`
}

function placeText({ at, unit }: Asked): string {
  return at === null ? 'in the limit of large positions' : `at ${at} ${visible(unit)}`
}

function isMore({ times }: Asked): boolean {
  return compare(parseDecimal(times), ONE) > 0
}

function changeText({ field, before, after }: Change): string {
  return `${visible(field)} ${valueText(before)} → ${valueText(after)}`
}

function valueText(value: unknown): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return counted(value.length, 'tier')
  if (!isObject(value)) return visible(String(value))
  return Object.entries(value)
    .map(([name, part]) => `${visible(name)} ${valueText(part)}`)
    .join(', ')
}
