export type { CheckAccount, Refusal } from './candidate.ts'
export { CSV_COLUMNS } from './csv-accounts.ts'
export {
  type ImportFormat,
  type ImportOptions,
  type ImportSummary,
  importAccounts,
  REFUSED_REPORTED_MAX,
  type Repeat,
} from './importer.ts'
