import type { Decimal, InstrumentRules, RuleBook, VenueId } from '../../domain/index.ts'
import type { DemoInstrument } from '../exchange/instrument.ts'

/** Dollars that one step of a size of a synthetic account is worth at most. */
const SIZE_STEP_USD = 1
const SIZE_DECIMALS_MAX = 3

/**
 * The contracts of a venue on which synthetic accounts can be drawn: linear ones with marginal tiers, which have a first price.
 * Each is as popular as any other, and no leverage is above what its first tier grants.
 */
export function marketInstruments(
  venue: VenueId,
  book: RuleBook,
  prices: ReadonlyMap<string, Decimal>,
): DemoInstrument[] {
  return [...prices].flatMap(([symbol, price]) => {
    const rules = book.rulesOf(symbol)
    if (rules?.contribution !== 'linear' || rules.maintenance.kind !== 'marginal-tiers') return []
    return [instrumentOf(venue, book, symbol, rules, price)]
  })
}

function instrumentOf(
  venue: VenueId,
  { defaults }: RuleBook,
  symbol: string,
  rules: InstrumentRules,
  price: Decimal,
): DemoInstrument {
  const startPrice = Number(price)
  const decimals = price.split('.')[1]?.replace(/0+$/, '').length ?? 0
  const unitUsd = startPrice * Number(rules.multiplier)
  const sizeDecimals = Math.ceil(Math.log10(unitUsd / SIZE_STEP_USD))
  const leverageMax = 'tiers' in rules.maintenance ? rules.maintenance.tiers[0]?.maxLeverage : undefined
  return {
    symbol,
    venue,
    streamId: '',
    coin: symbol,
    kind: 'linear',
    settlementAsset: rules.settlementAsset,
    startPrice,
    markDecimals: decimals,
    entryDecimals: decimals,
    sizeDecimals: Math.min(SIZE_DECIMALS_MAX, Math.max(0, sizeDecimals)),
    multiplier: Number(rules.multiplier),
    rules,
    countsClosingFee: defaults.closingFee !== 'none',
    hasIsolatedMargin: true,
    beta: 1,
    popularity: 1,
    dated: false,
    ...(leverageMax === undefined ? {} : { leverageMax: Number(leverageMax) }),
  }
}
