import type { DemoCoin, MaintenanceClass } from './instrument.ts'

/** coin, start price, tick decimals, size decimals, beta, popularity, class. Rounded prices of no particular day. */
const COINS = `
BTC 64210.4 1 3 0.85 30 major
ETH 3148.25 2 2 1.0 22 major
SOL 152.48 2 1 1.2 14 large
XRP 0.5934 4 0 1.0 8 large
BNB 588.7 1 2 0.85 6 large
DOGE 0.12473 5 0 1.25 7 large
ADA 0.4521 4 0 1.1 4 large
AVAX 28.415 3 1 1.2 4 large
LINK 14.382 3 1 1.1 4 large
DOT 6.147 3 1 1.1 3 large
LTC 84.65 2 1 0.95 3 large
BCH 381.2 1 2 1.0 2 large
NEAR 5.218 3 1 1.25 3 small
APT 9.1245 4 1 1.25 3 small
ARB 0.8127 4 0 1.3 3 small
OP 1.7384 4 0 1.3 3 small
SUI 1.6129 4 0 1.35 3 small
INJ 22.316 3 1 1.35 2 small
ATOM 7.043 3 1 1.1 2 small
FIL 4.567 3 1 1.2 2 small
TIA 6.392 3 1 1.4 2 small
WIF 2.1348 4 0 1.6 3 small
1000PEPE 0.0113472 7 0 1.6 4 small
1000BONK 0.024385 6 0 1.6 2 small
`

export const DEMO_COINS: readonly DemoCoin[] = COINS.trim()
  .split('\n')
  .map((line) => {
    const [coin, price, tickDecimals, sizeDecimals, beta, popularity, maintenanceClass] = line.split(' ')
    return {
      coin: coin!,
      startPrice: Number(price),
      entryDecimals: Number(tickDecimals),
      markDecimals: Number(tickDecimals),
      sizeDecimals: Number(sizeDecimals),
      beta: Number(beta),
      popularity: Number(popularity),
      maintenanceClass: maintenanceClass as MaintenanceClass,
    }
  })

export function coinOf(name: string): DemoCoin {
  return DEMO_COINS.find(({ coin }) => coin === name)!
}
