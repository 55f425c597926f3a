import {
  byValue,
  heldOf,
  marginalTiers,
  statedOrInitial,
  sumOf,
  type VenueFormula,
  valueAtMark,
} from './formula.ts'

/** Binance: tiers of the value at the mark; no fee. */
export const binance: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  /** Dated contracts end in `_` and a day. */
  funding: {
    isPerpetual: (symbol) => !/_\d+$/.test(symbol),
    isolatedPays: 'own-margin',
    valueOf: valueAtMark,
  },
  figuresOf: (position, rules) => byValue(heldOf(position, rules), marginalTiers(rules)),
}
