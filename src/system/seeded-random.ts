import type { Random } from '../domain/index.ts'

/** Rounds that spread a small seed over the whole state (PractRand advises 12 or more for sfc32). */
const WARM_UP_ROUNDS = 12

/**
 * Uniform numbers in [0, 1) from sfc32 (Chris Doty-Humphrey). Generators of one seed with different
 * `stream` numbers are independent of each other, so any process can re-create any part of a demo.
 */
export function seededRandom(seed: number, stream = 0): Random {
  let a = seed | 0
  let b = stream | 0
  let c = Math.floor(stream / 2 ** 32) | 0
  let counter = 1
  const random = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + mixed) | 0
    return (mixed >>> 0) / 2 ** 32
  }
  for (let round = 0; round < WARM_UP_ROUNDS; round++) random()
  return random
}

/** A standard normal number (Box–Muller; uses two uniform numbers each time). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

/** Log-normal with the given median; `sigma` is the standard deviation of the logarithm. */
export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random))
}

/** An integer in [0, count). */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count)
}

/** An index drawn with probability in proportion to its weight. `weights` must not be empty. */
export function weighted(random: Random, weights: readonly number[]): number {
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0)
  const index = weights.findIndex((weight) => {
    rest -= weight
    return rest < 0
  })
  return index === -1 ? weights.length - 1 : index
}
