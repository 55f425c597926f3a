export type { ListOptions } from './list.ts'
export type { BookKeys, BookRedis } from './redis.ts'
export { type AccountSourceOptions, createAccountSource } from './source.ts'
export { type Book, CHANGES_LENGTH_MAX, createBook } from './store.ts'
