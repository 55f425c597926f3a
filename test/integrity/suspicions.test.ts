import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { Classifier, integrityRules, Suspicions } from '../../src/integrity/index.ts'
import { underlyingOf } from '../../src/venues/index.ts'

const START_MS = 1_700_000_000_000

/** One market that nothing else is compared with. Every suspect mark is watched. */
function openSuspicions() {
  const classifier = new Classifier(integrityRules(), underlyingOf)
  classifier.add(0, venueId('bybit'), 'SOLUSDT')
  const suspicions = new Suspicions(classifier)
  let nowMs = START_MS
  /** Marks with the second of the venue's time, each heard a tenth of a second after the one before, and at that time at the earliest. */
  const state = (...marks: readonly (readonly [string, number])[]) => {
    for (const [price, second] of marks) {
      const eventTimeMs = START_MS + second * 1_000
      nowMs = Math.max(nowMs + 100, eventTimeMs)
      classifier.mark(0, price, eventTimeMs, nowMs, nowMs)
      classifier.clearHeard()
      const doubt = classifier.classify(0)
      suspicions.heard(0, price, nowMs)
      if (doubt !== undefined) suspicions.watch(doubt, nowMs)
    }
    return suspicions.takeDecided().map(({ doubt, outcome }) => [doubt.markPrice, outcome!.by])
  }
  return { state }
}

describe('a mark that a venue states again, at the same price and time', () => {
  it('confirms a suspect price no more than once', () => {
    const { state } = openSuspicions()
    expect(state(['100', 0], ['70', 1], ['70', 2], ['70', 2], ['70', 2])).toEqual([])
    expect(state(['71', 3])[0]).toEqual(['70', { by: 'own-marks', marks: 2 }])
  })

  it('does not confirm itself', () => {
    const { state } = openSuspicions()
    expect(state(['100', 0], ['70', 1], ['70', 1], ['70', 1], ['70', 2])).toEqual([])
    expect(state(['70', 3])[0]).toEqual(['70', { by: 'own-marks', marks: 2 }])
  })

  it('stands for one mark, and is retracted by three others, each counted once', () => {
    const { state } = openSuspicions()
    expect(state(['100', 0], ['70', 1], ['70', 1], ['100', 2], ['100', 2], ['100', 2], ['100', 4])).toEqual(
      [],
    )
    expect(state(['100', 5])).toEqual([['70', { by: 'market-back', marks: 3 }]])
  })

  it('is no second mark that ends the fifteen minutes off scale', () => {
    const { state } = openSuspicions()
    const off = Array.from({ length: 15 }, (_, minute) => ['1', minute * 60 + 1] as const)
    state(['100', 0], ...off, ['2', 901], ['2', 901])
    state(['3', 902])
    expect(state(['100', 903], ['100', 904], ['100', 905]).at(-1)).toEqual([
      '3',
      { by: 'market-back', marks: 3 },
    ])
  })
})
