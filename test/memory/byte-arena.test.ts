import { describe, expect, test } from 'vitest'
import { ByteArena } from '../../src/memory/byte-arena.ts'
import { below, seededRandom } from '../../src/system/seeded-random.ts'

const textAt = (arena: ByteArena, address: number) => {
  const start = arena.startOf(address)
  return arena.pageOf(address).toString('latin1', start, start + arena.lengthOf(address))
}
const add = (arena: ByteArena, text: string) => arena.add(Buffer.from(text, 'latin1'), text.length)

describe('A byte arena', () => {
  test('holds what a map holds, after random additions and removals of records of all sizes', () => {
    const random = seededRandom(7)
    const arena = new ByteArena()
    const held = new Map<number, string>()
    for (let step = 0; step < 20_000; step++) {
      const [first] = held.keys()
      if (first !== undefined && random() < 0.45) {
        expect(textAt(arena, first)).toBe(held.get(first))
        arena.free(first)
        held.delete(first)
      } else {
        const text = String(step).padEnd(
          below(random, 20) === 0 ? below(random, 50_000) : below(random, 700),
          '.',
        )
        const address = add(arena, text)
        expect(held.has(address)).toBe(false)
        held.set(address, text)
      }
    }
    for (const [address, text] of held) expect(textAt(arena, address)).toBe(text)
  })

  test('gives the place of a freed record to the next one of its size, so that rewriting a record needs no more memory', () => {
    const arena = new ByteArena()
    const addresses = Array.from({ length: 1_000 }, (_, index) => add(arena, `record ${index}`.padEnd(300)))
    const before = arena.byteLength
    for (let round = 0; round < 50; round++) {
      addresses.forEach((address, index) => {
        arena.free(address)
        addresses[index] = add(arena, `round ${round}`.padEnd(296 + (index % 4)))
      })
    }
    expect(arena.byteLength).toBe(before)
  })

  test('gives a record that is larger than a page a page of its own, and its place to the next one as large', () => {
    const arena = new ByteArena()
    const [before, large, after] = ['before', 'x'.repeat(3_000_000), 'after']
    const addresses = [before, large, after].map((text) => add(arena, text))
    expect(addresses.map((address) => textAt(arena, address))).toEqual([before, large, after])
    const { byteLength } = arena
    arena.free(addresses[1]!)
    expect(textAt(arena, add(arena, 'y'.repeat(2_999_990)))).toBe('y'.repeat(2_999_990))
    expect(arena.byteLength).toBe(byteLength)
  })
})
