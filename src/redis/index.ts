export { type LocateOptions, locateRedisServer, type RedisBinary } from './binary.ts'
export { runningRedisUrl } from './claim.ts'
export { type RedisServer, type StartOptions, startRedisServer } from './server.ts'
