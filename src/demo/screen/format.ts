import { grouped } from '../../domain/index.ts'
/** `text` cut or padded to a width in characters. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return align === 'left' ? cut.padEnd(width) : cut.padStart(width)
}

/** The nearest whole number, with thousands separated. */
export function compact(value: number): string {
  return grouped(Math.round(value))
}

/** Milliseconds with about three figures: `0.021 ms`, `3.4 ms`, `120 ms`; a dash for no value. */
export function milliseconds(valueMs: number | null): string {
  if (valueMs === null) return '–'
  return `${valueMs < 1 ? valueMs.toFixed(3) : valueMs < 100 ? valueMs.toFixed(1) : valueMs.toFixed(0)} ms`
}

export function seconds(valueMs: number): string {
  return `${(valueMs / 1_000).toFixed(1)} s`
}

export function signedPercent(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)} %`
}

/** Decimals of an amount on the screen: cents of a dollar, a millionth of a coin. */
const DOLLAR_DECIMALS = 2
const COIN_DECIMALS = 6

/** A decimal amount that is not negative, rounded up so that it is enough: `1,234.57 USDT`. */
export function amount(decimal: string, asset: string): string {
  const decimals = asset.startsWith('USD') ? DOLLAR_DECIMALS : COIN_DECIMALS
  const [whole = '', fraction = ''] = decimal.split('.')
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
  const units = String(/[1-9]/.test(fraction.slice(decimals)) ? kept + 1n : kept).padStart(decimals + 1, '0')
  return `${grouped(BigInt(units.slice(0, -decimals)))}.${units.slice(-decimals)} ${asset}`
}

/** A gauge of `width` characters; `share` is cut to 0…1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/** The same decimal without the zeros at its end: Binance prints eight decimals whatever the price. */
export function withoutZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}

const PRICE_DIGITS = 7

/** The first digits of a price, enough to recognise it. */
export function shortPrice(decimal: string): string {
  const rounded = Number(Number(decimal).toPrecision(PRICE_DIGITS))
  return withoutZeros(rounded.toFixed(PRICE_DIGITS + 3))
}
