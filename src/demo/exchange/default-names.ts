/** What the demo simulates unless `--venues` names others: the fewest names that stand for its streams. The help shows them. */
export const DEFAULT_NAMES: readonly string[] = [
  'bybit',
  'binance',
  'okx',
  'kraken-futures-public',
  'deribit',
  'bitmex',
]
