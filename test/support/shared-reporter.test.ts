import { describe, expect, it } from 'vitest'
import { absentLine } from './shared-reporter.ts'

const TEXTS: Readonly<Record<string, string>> = {
  'reads it': "import { sharedPath } from '../support/shared.ts'",
  'reads it too': "import { recorded } from '../../support/shared.ts'\n",
  'does not': "import { sharedPath } from './elsewhere.ts'",
}
const module = (moduleId: string, skipped: number) => ({
  moduleId,
  children: { allTests: () => Array(skipped).fill('test') },
})
const lineOf = (...modules: ReturnType<typeof module>[]) => absentLine(modules, (path) => TEXTS[path]!)

describe('what the absence of the material beside the project leaves out', () => {
  it('is counted over the tests that read it, and over no others', () => {
    expect(lineOf(module('reads it', 5), module('does not', 7), module('reads it too', 2))).toMatch(
      /^7 tests .* are skipped: \.\.\/shared is absent\./,
    )
  })

  it('is not mentioned if nothing is left out', () => {
    expect(lineOf(module('reads it', 0), module('does not', 7))).toBeUndefined()
  })
})
