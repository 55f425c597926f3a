export { BAR_ORDERS, BARS_MAX, type BarOrder, Bars } from './bars.ts'
export { type Bar, KlineReader } from './klines.ts'
export { type Replayed, replay } from './replay.ts'
