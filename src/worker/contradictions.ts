import {
  type Contradiction,
  compareDecimals,
  type InstrumentRules,
  type StatedTerms,
} from '../domain/index.ts'

/** The rules of a contract that its venue's list states too. */
export type ComparedRules = Pick<
  InstrumentRules,
  'contribution' | 'multiplier' | 'settlementAsset' | 'tickSize'
>

/** The terms by which margin is computed that the venue states otherwise than the rules. What it does not state contradicts nothing. */
export function contradictionsOf(stated: StatedTerms, rules: ComparedRules): readonly Contradiction[] {
  const contradictions: Contradiction[] = []
  for (const field of ['contribution', 'settlementAsset'] as const) {
    const venue = stated[field]
    if (venue !== undefined && venue !== rules[field])
      contradictions.push({ field, rules: rules[field], venue })
  }
  const { multiplier: venue } = stated
  if (venue !== undefined && compareDecimals(venue, rules.multiplier) !== 0)
    contradictions.push({ field: 'multiplier', rules: rules.multiplier, venue })
  return contradictions
}

/** Whether the venue states another smallest step of prices. It changes no verdict: prices are printed by it. */
export function isOtherTick({ tickSize: stated }: StatedTerms, { tickSize }: ComparedRules): boolean {
  return stated !== undefined && tickSize !== undefined && compareDecimals(stated, tickSize) !== 0
}

/** What the venue stated, as contradictions that an earlier worker found tell it. */
export function termsOfContradictions(contradictions: readonly Contradiction[]): StatedTerms {
  const statedValueOf = (field: Contradiction['field']) =>
    contradictions.find((contradiction) => contradiction.field === field)?.venue
  return {
    contribution: statedValueOf('contribution') as StatedTerms['contribution'],
    multiplier: statedValueOf('multiplier'),
    settlementAsset: statedValueOf('settlementAsset'),
    tickSize: undefined,
  }
}
