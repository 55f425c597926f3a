import { type Rational, ZERO } from './rational.ts'

/** Computes a value of each distance once. `present` is that of distance 0. The levels of a rule are the same objects in each call. */
export function keptByDistance<Value>(
  present: Value,
  valueAt: (distance: Rational) => Value,
): (distance: Rational) => Value {
  const kept = new Map<Rational, Value>([[ZERO, present]])
  return (distance) => {
    let value = kept.get(distance)
    if (value === undefined) {
      value = distance.n === 0n ? present : valueAt(distance)
      kept.set(distance, value)
    }
    return value
  }
}
