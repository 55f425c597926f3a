export { type LocateOptions, locateRedisServer, type RedisBinary } from './binary.ts'
export {
  CHECK_EVERY_MS,
  type CheckedRedis,
  type CheckOptions,
  checkRedis,
  type Durability,
  type WatchOptions,
  watchRedis,
} from './check.ts'
export { runningRedisUrl } from './claim.ts'
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
export { type KeepOptions, keepRedis } from './keep.ts'
export { keysOf, type ShardKeys } from './keys.ts'
export { type OpenedRedis, type OpenOptions, openRedis } from './open.ts'
export { type AppendFsync, type RedisServer, type StartOptions, startRedisServer } from './server.ts'
