export type { CheckAccount, Refusal } from './candidate.ts'
export {
  type ImportFormat,
  type ImportOptions,
  type ImportSummary,
  importAccounts,
  REFUSED_REPORTED_MAX,
} from './import.ts'
export type { ListOptions } from './list.ts'
export { CSV_COLUMNS } from './rows.ts'
export { type AccountSourceOptions, createAccountSource } from './source.ts'
export {
  type AccountWrite,
  BATCH_ACCOUNTS_MAX,
  type Book,
  type BookKeys,
  type BookRedis,
  CHANGES_LENGTH_MAX,
  createBook,
  type WriteResult,
} from './store.ts'
