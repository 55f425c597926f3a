import type { KlineFiles } from '../domain/index.ts'

/**
 * Klines and mark-price klines of the public archive of Binance (data.binance.vision), unpacked: `BTCUSDT-1m-2025-10-10.csv`. Twelve
 * columns; the files of futures name them in their first line, older ones and those of spot do not.
 */
export const binanceKlines: KlineFiles = {
  columns: ['openTime', 'open', 'high', 'low', 'close'],
  symbolIn: /^(.+)-\d{1,2}[smhdw]-\d{4}-\d{2}(?:-\d{2})?\.csv$/u,
}
