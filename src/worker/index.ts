export { type BookOf, RuleBooks, refusedRules, ruleBooks } from './rule-books.ts'
export { startWorker, type Worker, type WorkerOptions, type WorkerStats } from './worker.ts'
