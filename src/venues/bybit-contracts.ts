import { coinOfAsset } from './coins.ts'
import { endOfLetteredMonthMs, endOfNamedDayMs } from './expiry.ts'
import type { IndexedContracts } from './index-names.ts'

/** Perpetuals end in USD, dated contracts in USD, a month letter and a year: BTCUSD, BTCUSDZ25. */
export const INVERSE_SYMBOL = /^[\p{Lu}\p{Lo}\d]+USD([FGHJKMNQUVXZ]\d{2})?$/u
/** USDT and USDC perpetuals (BTCUSDT, BTCPERP) and dated contracts (BTC-26DEC25, BTCUSDT-26DEC25). */
export const LINEAR_SYMBOL = /^[\p{Lu}\p{Lo}\d]+(USDT|USDC|PERP|-\d{1,2}[A-Z]{3}\d{2})$/u

/** Perpetuals state the index price of their asset: BTCUSDT and BTCPERP in the currency of their quotes, BTCUSD in dollars. */
export const INDEXES: readonly IndexedContracts[] = [
  { currency: 'USDT', contractOf: (asset) => `${asset}USDT`, contract: /^([\p{Lu}\p{Lo}\d]+)USDT$/u },
  { currency: 'USDC', contractOf: (asset) => `${asset}PERP`, contract: /^([\p{Lu}\p{Lo}\d]+)PERP$/u },
  { currency: 'USD', contractOf: (asset) => `${asset}USD`, contract: /^(?!USD)([\p{Lu}\p{Lo}\d]+)USD$/u },
]

/** BTC of BTCUSDT, BTCPERP, BTCUSDT-26DEC25 and BTCUSDZ25; PEPE of 1000PEPEUSDT. */
export function coinOf(symbol: string): string {
  const asset = INVERSE_SYMBOL.test(symbol)
    ? settlementAssetOf(symbol)
    : symbol.replace(/-\d{1,2}[A-Z]{3}\d{2}$/u, '').replace(/(?<=.)(?:USDT|USDC|PERP)$/u, '')
  return coinOfAsset(asset)
}

/** Taker fee rate of accounts without a discount. */
export const TAKER_FEE_RATE = '0.00055'

/**
 * In July 2025 the venue began to compute margin from the mark price: both margins of a cross position, the maintenance margin of
 * an isolated one. Before, both were computed from the value at entry, with the same closing fee (help centre, "The New Margin
 * Calculation"; positions recorded from 2022 to May 2025). Its announcement names no day of that month.
 */
export const MARK_RULE_FROM = '2025-07-01'
export const RULE_OF_ENTRY = { maintenancePrice: 'entry' } as const

/** Of BTC-26DEC25, and of BTCUSDZ25, whose name says the month alone. */
export function expiryMsOf(symbol: string): number | undefined {
  return INVERSE_SYMBOL.test(symbol)
    ? endOfLetteredMonthMs(symbol.slice(-'Z25'.length))
    : endOfNamedDayMs(symbol.slice(symbol.lastIndexOf('-') + 1))
}

/** The asset in which PnL of a contract is paid. */
export function settlementAssetOf(symbol: string): string {
  if (INVERSE_SYMBOL.test(symbol)) return symbol.replace(/USD(?:[FGHJKMNQUVXZ]\d{2})?$/u, '')
  return symbol.includes('USDT') ? 'USDT' : 'USDC'
}
