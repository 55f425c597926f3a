import type { InstrumentRules, Position } from '../../../domain/index.ts'
import { add, divide, type Fraction, multiply, parse, subtract, ZERO } from '../fraction.ts'
import {
  ceilTo,
  type Held,
  heldOf,
  larger,
  nearestTo,
  sumOf,
  tierOf,
  type VenueFormula,
  wholeTiers,
} from './formula.ts'

/**
 * BitMEX: the value of a lot is a whole number of the smallest amount, times the lots. posInit = ceil(|posCost|/leverage),
 * posComm = ceil(taker·(|posCost| + posInit)), posMaint = ceil((maintenance rate + funding to pay)·|posCost| + posComm).
 */
export const bitmex: VenueFormula = {
  liquidatesOnTheLine: () => true,
  maintenanceOf: sumOf,
  /** Perpetuals bear no year. Funding is charged on the position's value ("Perpetual Contracts Guide"), by lots. */
  funding: {
    isPerpetual: (symbol) => !/\d\d$/.test(symbol),
    isolatedPays: 'wallet-first',
    valueOf: (position, rules, mark) => costsOf(position, rules).valueOfLots(mark),
  },
  isolatedMarginOf(position, rules) {
    if (position.isolatedMargin !== undefined) return parse(position.isolatedMargin)
    const { initial, commission } = costsOf(position, rules)
    return add(initial, commission)
  },
  figuresOf(position, rules) {
    const { held, unit, valueOfLots, cost, commission } = costsOf(position, rules)
    const { rate } = tierOf(wholeTiers(rules), cost)
    return ({ mark, fundingRate }) => {
      const change = subtract(valueOfLots(mark), cost)
      const paid = held.isLong ? fundingRate : subtract(ZERO, fundingRate)
      const funding = rules.fundingInMaintenance === true ? larger(ZERO, paid) : ZERO
      return {
        contribution: held.isLong === held.isInverse ? subtract(ZERO, change) : change,
        maintenance: ceilTo(add(multiply(add(rate, funding), cost), commission), unit),
      }
    }
  },
}

function costsOf(position: Position, rules: InstrumentRules) {
  const { rounding } = rules
  if (rounding?.lotSize === undefined) throw new Error(`${position.symbol} has no lots`)
  const held = heldOf(position, rules)
  const unit = parse(rounding.unit)
  const valueOfLots = lotsOf(held, parse(rounding.lotSize), parse(rules.multiplier), unit)
  const cost = valueOfLots(held.entryPrice)
  const initial = held.leverage === undefined ? cost : ceilTo(divide(cost, held.leverage), unit)
  const commission = ceilTo(multiply(parse(rules.takerFeeRate), add(cost, initial)), unit)
  return { held, unit, valueOfLots, cost, initial, commission }
}

function lotsOf(held: Held, lotSize: Fraction, multiplier: Fraction, unit: Fraction) {
  const lots = divide(held.size, lotSize)
  const lot = multiply(lotSize, multiplier)
  return (price: Fraction) =>
    multiply(lots, nearestTo(held.isInverse ? divide(lot, price) : multiply(lot, price), unit))
}
