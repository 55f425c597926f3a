import { type Account, venueId } from '../../src/domain/index.ts'

/** A valid account; `walletBalance` tells its versions apart. */
export function testAccount(id: string, version: number, walletBalance = String(version)): Account {
  return {
    id,
    venue: venueId('bybit'),
    version,
    collateral: [{ asset: 'USDT', amount: walletBalance }],
    positions: [
      { symbol: 'BTCUSDT', marginMode: 'cross', size: '0.5', entryPrice: '61250.1', leverage: '10' },
    ],
    liabilities: [],
  }
}
