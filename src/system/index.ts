export { atMost, sleep, systemClock } from './clock.ts'
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
export { Waiter } from './waiter.ts'
