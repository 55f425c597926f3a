export {
  CHECK_EVERY_MS,
  type CheckedRedis,
  type CheckOptions,
  checkRedis,
  type Durability,
  type WatchOptions,
  watchRedis,
} from './check.ts'
export { loadBullMq } from './clients.ts'
export { pairsOf, type RedisCommands } from './commands.ts'
export {
  BLOCK_MS_MAX,
  type ConnectOptions,
  closeRedis,
  connectRedis,
  type RedisConnection,
  type RedisRole,
  redactUrl,
} from './connection.ts'
export { asRedisFault } from './fault.ts'
export { keysOf, type ShardKeys } from './keys.ts'
export { type PageSize, scanHash, scanKeys } from './scan.ts'
export {
  newestStreamId,
  readStream,
  readStreamRange,
  readStreamRangeBack,
  type StreamEntry,
} from './stream.ts'
