export { type BookOf, RuleBooks, refusedRules, ruleBooks } from './rule-books.ts'
export { startWorker, type Worker, type WorkerOptions } from './worker.ts'
