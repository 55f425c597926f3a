// How assets count in pools over several currencies, as `plimsoll rules` prints it.
import { type CollateralRules, counted, NO_CAP, type RuleBook } from '../domain/index.ts'
import { collateralPlace, debtRateIn, statedRulesOf } from '../margin/index.ts'
import { ageText, isKnownLater, type Known, knownAt } from './rules-known.ts'
import { agePainted, type Printed, percent, tableLines, warningLines } from './rules-lines.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** The assets of a book by name, a line for each kind of pool in which one counts otherwise. */
export function collateralLines(book: RuleBook, atMs: number): Printed[] {
  return assetsOf(book).map(({ asset, rules }) => {
    const { tiers, basis, discounts, poolKind = null } = rules
    const known = collateralKnownAt(rules, atMs)
    const symbol = collateralPlace(asset)
    const [{ ratio }] = tiers as [(typeof tiers)[number]]
    const json = {
      venue: book.venue,
      symbol,
      poolKind,
      tiers: tiers.length,
      ratio,
      basis,
      discounts,
      ...known,
    }
    const text = (palette: Palette) => [
      `${palette.strong(visible(symbol))}  ${collateralSummary(rules)}  ${agePainted(known, atMs, palette)}`,
    ]
    return { json, text }
  })
}

/** The assets of a book by name, each with all rules that the book holds of it. */
export function assetsOf(book: RuleBook): { readonly asset: string; readonly rules: CollateralRules }[] {
  return [...(book.collateralAssets?.() ?? [])].sort().flatMap((asset) => {
    return statedRulesOf(asset, book).map((rules) => ({ asset, rules }))
  })
}

/** How many tiers, what the first counts, what the tiers weigh, and in which pools. */
export function collateralSummary({ tiers, discounts, poolKind }: CollateralRules): string {
  const first = percent(tiers[0]!.ratio)
  const share = tiers.length === 1 ? first : `${counted(tiers.length, 'tier')} from ${first}`
  return `${share} of the ${discounts}${poolKind === undefined ? '' : ` in ${poolKind} pools`}`
}

/** Since when the rules of an asset are known: they have no first day. */
export function collateralKnownAt({ asOf }: CollateralRules, atMs: number): Known {
  return knownAt({ fromMs: Number.NEGATIVE_INFINITY, asOf }, atMs)
}

/** The rules of one asset in full. `warning`: what is to be said of them at that time. */
export function assetLines(
  book: RuleBook,
  asset: string,
  rules: CollateralRules,
  { atMs, warning }: { readonly atMs: number; readonly warning: string | null },
): Printed {
  const symbol = collateralPlace(asset)
  const { source = null } = rules
  const known = collateralKnownAt(rules, atMs)
  const json = { venue: book.venue, symbol, ruleBook: book.version, ...known, warning, source, rules }
  const text = (palette: Palette) => {
    const { poolKind, discounts, liabilityRatio, assumptions = [] } = rules
    const others = statedRulesOf(asset, book).length === 1 ? 'all' : 'all other'
    const debtRate = debtRateIn(rules, book)
    const debt = debtRate === null ? 'not known' : percent(debtRate)
    return [
      `${palette.strong(`${book.venue} ${visible(symbol)}`)}  in ${poolKind ?? others} pools  tiers weigh the ${discounts}`,
      ...warningLines(warning, palette),
      ...(isKnownLater(known, atMs) ? [] : [`  rules  ${ageText(known, atMs)}`]),
      ...(source === null ? [] : [`  source  ${visible(source)}`]),
      `  an amount below zero counts  ${percent(liabilityRatio)}`,
      `  maintenance of a debt  ${debt}`,
      ...ratioTable(asset, rules),
      ...assumptions.map((assumption) => `  ${palette.yellow('assumed')}  ${visible(assumption)}`),
    ]
  }
  return { json, text }
}

function ratioTable(asset: string, { tiers, basis }: CollateralRules): string[] {
  const unit = basis === 'coin' ? visible(asset) : 'currency of the pool'
  const rows = tiers.map(({ cap, ratio }) => [cap === NO_CAP ? 'no cap' : cap, percent(ratio)])
  return tableLines([[`up to (${unit})`, 'counts'], ...rows])
}
