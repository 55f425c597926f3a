export { LatencyHistogram } from './latency.ts'
