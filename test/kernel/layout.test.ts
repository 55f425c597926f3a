import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import * as layout from '../../assembly/layout.ts'

/** Hash of all constants of each version of the layout. A change of the layout adds a line here, and a version. */
const HASHES: Readonly<Record<number, string>> = {
  3: 'a1327797d3bd7e5a',
  4: 'd0254ce69470e1f4',
}

function hashOf(constants: Readonly<Record<string, number>>): string {
  const text = Object.entries(constants)
    .filter(([name]) => name !== 'LAYOUT_VERSION')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

describe('the memory layout of the kernel', () => {
  it('has a version of its own for every set of constants, so that a host refuses a binary of another one', () => {
    expect(hashOf({ ...layout })).toBe(HASHES[layout.LAYOUT_VERSION])
    expect(hashOf({ ...layout, COLUMN_ROW_LOW: 1 })).not.toBe(HASHES[layout.LAYOUT_VERSION])
  })
})
