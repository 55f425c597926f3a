import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import * as layout from '../../assembly/layout.ts'
import { sectionOf } from '../../src/kernel/sections.ts'

/** Hash of all constants of each version of the layout. A change of the layout adds a line here, and a version. */
const HASHES: Readonly<Record<number, string>> = {
  3: 'a1327797d3bd7e5a',
  4: 'd0254ce69470e1f4',
  5: '24a354290eb3d51e',
  6: 'b4cc8390e912de41',
  7: 'f5c947c4cc531a8a',
  8: '9161e5440cf32493',
  9: '5d5bda8445bf1797',
  10: '0aeae701fbed2491',
  11: 'ea2646c381781528',
}

function hashOf(constants: Readonly<Record<string, number | readonly number[]>>): string {
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

  it('gives every column a place of its own, without a gap', () => {
    const places = Object.entries({ ...layout })
      .filter(([name]) => name.startsWith('COLUMN_') && name !== 'COLUMN_COUNT')
      .map(([, place]) => place)
    expect(places).toHaveLength(layout.COLUMN_COUNT)
    expect(new Set(places)).toEqual(new Set(Array.from({ length: layout.COLUMN_COUNT }, (_, at) => at)))
  })

  it('puts every column into the section of its element width and owner', () => {
    expect(sectionOf(layout.COLUMN_ROW_LOW)).toEqual({ bytes: 8, per: layout.PER_ROW })
    expect(sectionOf(layout.COLUMN_ROW_NEXT)).toEqual({ bytes: 4, per: layout.PER_ROW })
    expect(sectionOf(layout.COLUMN_BLOCK_ZONE_BLOCK)).toEqual({ bytes: 4, per: layout.PER_BLOCK_ZONE })
    expect(sectionOf(layout.COLUMN_NOMINATED_ACCOUNT)).toEqual({ bytes: 4, per: layout.PER_ACCOUNT })
    expect(sectionOf(layout.COLUMN_LEVEL_RATIO)).toEqual({ bytes: 8, per: layout.PER_LEVEL })
  })
})
