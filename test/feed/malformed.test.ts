import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { sourceOf, VENUE_NAMES, VENUES } from '../../src/venues/index.ts'
import { MalformedRun } from '../support/malformed/run.ts'
import { SEEDS } from '../support/malformed/seeds.ts'
import { canBeSpoilt, SPOIL_NAMES } from '../support/malformed/spoil.ts'
import { framesOf, RECORDED_VENUES, recordedFiles } from '../support/recordings.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { sharedPath } from '../support/shared.ts'

const SEED = testSeed(20_261_130)
/** Of each source; a venue has one or two. */
const FRAMES = testCases(10_000)
/** So many are read before memory is measured: the code is compiled, its caches are full, and V8 keeps the pages that it needs. */
const WARM_UP_FRAMES = Math.min(FRAMES, Math.max(2_000, FRAMES / 10))
const GROWTH_BYTES_MAX = 64 * 1_048_576
/** Of what is reachable: resident memory alone would hide a leak below the pages that V8 keeps. */
const REACHABLE_GROWTH_BYTES_MAX = 4 * 1_048_576
const TIMEOUT_MS = 3_600_000

const recordings = sharedPath('recordings')
const suffix = recordings === undefined ? ', none made of recorded ones, which are absent' : ''

/** Recorded frames of the venue that can be spoilt. Its two sources read the same. */
function recordedOf(sourceId: string): readonly string[] {
  if (recordings === undefined) return []
  const venue = VENUE_NAMES.get(sourceId)
  return recordedFiles(recordings)
    .filter((file) => RECORDED_VENUES[file.split('/')[0]!] === venue)
    .flatMap((file) => framesOf(recordings, file))
    .filter(canBeSpoilt)
}

/** After a turn of the event loop, in which Node frees the buffers of an inflation that failed. */
async function measuredBytes(): Promise<{ readonly resident: number; readonly reachable: number }> {
  await new Promise(setImmediate)
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, reachable: heapUsed + external }
}

const inMebibytes = (bytes: number) => `${bytes < 0 ? '' : '+'}${(bytes / 1_048_576).toFixed(1)} MiB`

describe(`${FRAMES} malformed frames of each source${suffix} (seed ${SEED})`, () => {
  it('are made for every source', () => {
    const sources = VENUES.flatMap(({ sources }) => sources.map(({ id }) => id))
    expect(Object.keys(SEEDS).sort()).toEqual(sources.sort())
  })

  it.each(Object.keys(SEEDS))(
    'of %s throw nothing, bring no price that they do not state, are counted as what they are, and stay in no memory',
    async (sourceId) => {
      const run = new MalformedRun(sourceOf(sourceId).id, SEED, recordedOf(sourceId), FRAMES)
      await run.cuts(FRAMES)
      await run.draw(Math.max(WARM_UP_FRAMES, run.frames))
      const before = await measuredBytes()
      await run.draw(FRAMES)
      const after = await measuredBytes()
      const resident = after.resident - before.resident
      const reachable = after.reachable - before.reachable
      if (FRAMES > 10_000)
        console.log(
          `${sourceId}: ${run.frames} frames, ${run.prices} prices, resident ${inMebibytes(resident)}, reachable ${inMebibytes(reachable)}`,
        )
      expect(run.faults).toEqual([])
      expect(run.frames).toBe(FRAMES)
      expect(resident).toBeLessThan(GROWTH_BYTES_MAX)
      expect(reachable).toBeLessThan(REACHABLE_GROWTH_BYTES_MAX)
      if (FRAMES < 10_000) return
      // A run that spoils too much, or too little, would show nothing.
      expect([...run.ways].sort()).toEqual([...SPOIL_NAMES].sort())
      expect(run.prices).toBeGreaterThan(FRAMES / 20)
      expect(run.kinds.get('malformed')).toBeGreaterThan(FRAMES / 4)
    },
    TIMEOUT_MS,
  )
})
