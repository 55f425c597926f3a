export type { BookKeys } from './keys.ts'
export type { ListOptions } from './list.ts'
export { type AccountSourceOptions, createAccountSource } from './source.ts'
export { type Book, CHANGES_LENGTH_MAX, createBook } from './store.ts'
