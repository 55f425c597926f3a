/** Seed of a randomised test: the variable TEST_SEED, or one fixed so that every run is the same. Name it in the test's title. */
export function testSeed(fallback: number): number {
  const given = process.env.TEST_SEED
  return given === undefined ? fallback : Number(given)
}

/** How many cases a randomised test runs: the variable TEST_CASES, or so many. */
export function testCases(fallback: number): number {
  const given = process.env.TEST_CASES
  return given === undefined ? fallback : Number(given)
}
