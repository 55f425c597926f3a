import { add, div, formatDecimal, mul, ONE, parseDecimal, sub } from '../../src/margin/index.ts'

/** The text of 1/a. */
export function inverseOf(a: string): string {
  return formatDecimal(div(ONE, parseDecimal(a)))
}

export function quotientOf(a: string, b: string): string {
  return formatDecimal(div(parseDecimal(a), parseDecimal(b)))
}

export function productOf(a: string, b: string): string {
  return formatDecimal(mul(parseDecimal(a), parseDecimal(b)))
}

export function differenceOf(a: string, b: string): string {
  return formatDecimal(sub(parseDecimal(a), parseDecimal(b)))
}

export function sumOf(a: string, b: string): string {
  return formatDecimal(add(parseDecimal(a), parseDecimal(b)))
}
