export type { ListOptions } from './list.ts'
export type { BookKeys, BookRedis } from './redis.ts'
export { type AccountSourceOptions, createAccountSource } from './source.ts'
export {
  type AccountWrite,
  BATCH_ACCOUNTS_MAX,
  type Book,
  CHANGES_LENGTH_MAX,
  createBook,
  LAST_VERSION_RULE,
  type WriteResult,
} from './store.ts'
