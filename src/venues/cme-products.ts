/** Coins of one contract, by product code (contract specifications of the exchange). */
export const CME_PRODUCTS: Readonly<Record<string, { readonly coin: string; readonly multiplier: string }>> =
  {
    BTC: { coin: 'BTC', multiplier: '5' },
    MBT: { coin: 'BTC', multiplier: '0.1' },
    BFF: { coin: 'BTC', multiplier: '0.02' },
    ETH: { coin: 'ETH', multiplier: '50' },
    MET: { coin: 'ETH', multiplier: '0.1' },
  }
