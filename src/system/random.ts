import { randomBytes } from 'node:crypto'
import type { Random } from '../domain/index.ts'

/** Chance of the system, for back-off jitter. Everything else is seeded. */
export const systemRandom: Random = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48
