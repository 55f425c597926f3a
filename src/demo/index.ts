export { type Printer, type Screen, startPrinter } from './printer.ts'
export type { Reporter } from './reporter.ts'
export { type DemoOptions, type DemoOutcome, runDemo, SAMPLE_ACCOUNTS } from './run.ts'
export { type DemoSummary, isProven, renderSummary } from './summary.ts'
