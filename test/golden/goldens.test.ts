import { describe, expect, it } from 'vitest'
import { sharedPath } from '../support/shared.ts'
import type { Figures, GoldenCase } from './golden-case.ts'
import { type Misfit, readMisfits } from './misfits.ts'
import { RECORDED } from './recorded/index.ts'
import { agrees } from './support.ts'
import { DOCUMENTS } from './venues/index.ts'

const MISFIT_SHARE_MAX = 0.05

const CASES = [...DOCUMENTS, ...RECORDED].flatMap(({ cases }) => cases)
const { misfits, notComputed, given } = readMisfits()
const misfitIds = new Set(misfits.map(({ id }) => id))
const isPresent = sharedPath('golden') !== undefined

/** The printed figures with which the program does not agree. */
function disagreementsOf({ id, printed, computed }: GoldenCase): Omit<Misfit, 'reason'>[] {
  if (typeof computed === 'string') return []
  const figures = figuresOrRefusal(computed, printed)
  return Object.entries(printed)
    .filter(([figure, value]) => !agrees(figures[figure], value))
    .map(([figure, value]) => ({
      id,
      figure,
      printed: String(value),
      computed: String(figures[figure]),
    }))
}

/** Inputs that the schemas refuse have no figures. */
function figuresOrRefusal(computed: () => Figures, printed: Figures): Figures {
  try {
    return computed()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ZodError') throw error
    return Object.fromEntries(Object.keys(printed).map((figure) => [figure, 'refused']))
  }
}

function fitsOf(cases: readonly GoldenCase[]): GoldenCase[] {
  return cases.filter(({ id, computed }) => typeof computed !== 'string' && !misfitIds.has(id))
}

describe.each(DOCUMENTS)('$name', ({ cases }) => {
  it.each(fitsOf(cases))('$id ($source)', (one) => {
    expect(disagreementsOf(one)).toEqual([])
  })
})

describe.each(RECORDED)('$name', ({ name, count, cases }) => {
  it.each(fitsOf(cases))('$id ($source)', (one) => {
    expect(disagreementsOf(one)).toEqual([])
  })

  it.skipIf(!isPresent)('are all read', () => {
    expect(cases).toHaveLength(count)
  })

  // As many names as cases, so that what is skipped is counted truly.
  const absent = Array.from({ length: isPresent ? 0 : count }, (_, index) => `${name} ${index + 1}`)
  it.skipIf(!isPresent).each(absent)('%s: ../shared/golden is not beside the project', () => {})
})

describe('MISFITS.md', () => {
  // Without the recorded rows their misfits cannot be looked at.
  const known = new Set(CASES.map(({ id }) => id))
  const isKnown = (id: string) => isPresent || known.has(id)
  const idsOf = (computed: GoldenCase['computed']) =>
    CASES.filter((one) => one.computed === computed).map(({ id }) => id)

  it('lists exactly the figures that do not agree, as they are printed and computed', () => {
    const listed = misfits.filter(({ id }) => isKnown(id)).map(({ reason: _, ...misfit }) => misfit)
    expect(listed.sort(byFigure)).toEqual(CASES.flatMap(disagreementsOf).sort(byFigure))
  })

  it('gives each a reason with its arithmetic', () => {
    expect(misfits.filter(({ reason }) => !/\d/.test(reason) || reason.length < 40)).toEqual([])
  })

  it('lists exactly the cases that no function computes', () => {
    expect(notComputed.filter(isKnown).sort()).toEqual(idsOf('not-computed').sort())
  })

  it('lists exactly the examples of figures that are given', () => {
    expect(given.filter(isKnown).sort()).toEqual(idsOf('given').sort())
  })

  it('holds at most one case in twenty that does not agree or is not computed', () => {
    const cases = CASES.filter(({ computed }) => computed !== 'given')
    const misfit = cases.filter(({ id, computed }) => misfitIds.has(id) || computed === 'not-computed')
    expect(misfit.length / cases.length).toBeLessThanOrEqual(MISFIT_SHARE_MAX)
  })
})

it('no two cases have one id', () => {
  const ids = CASES.map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

function byFigure(a: { id: string; figure: string }, b: { id: string; figure: string }): number {
  return `${a.id} ${a.figure}` < `${b.id} ${b.figure}` ? -1 : 1
}
