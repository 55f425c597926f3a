export { sleep, systemClock } from './clock.ts'
export { CLOSE_LIMIT_MS, CompressedFile, isDamage, readCompressed } from './compressed-file.ts'
export { type Disk, systemDisk } from './disk.ts'
export { type FileInFolder, filesIn, makeFolder, removeEmptyFolders } from './folder.ts'
export { type FollowedFile, followPipe, type OpenFollowed, openFollowed } from './followed-file.ts'
export { type HttpAnswer, type HttpGet, type HttpPost, httpGet, httpPost } from './http.ts'
export {
  DEAD_OWNERS_MAX,
  type HeldLock,
  isHeld,
  isRunning,
  type LockOwner,
  lockOwnerOf,
  takeLock,
} from './lock-file.ts'
export { systemRandom } from './random.ts'
export { below, logNormal, normal, seededRandom, weighted } from './seeded-random.ts'
export { SLICE_MS, Slices } from './slices.ts'
export { type Connect, connectSocket, type Socket, type SocketEvents, type SocketLimits } from './socket.ts'
export { orAtLimit, waitAtMost } from './time-limit.ts'
export { Waiter } from './waiter.ts'
export { WatchedFile } from './watched-file.ts'
export { kindOfFile, writeWhole } from './whole-file.ts'
