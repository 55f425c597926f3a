import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JSON_DEPTH_MAX, jsonFaultOf, jsonOf, readJson } from '../../src/input/index.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(26)

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('faults of JSON that JSON.parse takes', () => {
  it.each([
    ['a name given twice', '{"a":1,"b":{},"a":2}', ['a'], 'must not be given twice'],
    ['however it is written', '{"size":1,"\\u0073ize":2}', ['size'], 'must not be given twice'],
    [
      'inside of others',
      '{"x":{"a":[1,"]",{"q":"\\\\\\"","a":{}, "a" :3}]}}',
      ['x', 'a', 2, 'a'],
      'must not be given twice',
    ],
    ['a prototype', '{"x":[{"__proto__":{"a":1}}]}', ['x', 0, '__proto__'], 'is no field'],
  ])('are named: %s', (_name, text, path, rule) => {
    expect(() => JSON.parse(text)).not.toThrow()
    expect(jsonFaultOf(text)).toEqual({ path, rule })
  })

  it('are none where only other names are looked for', () => {
    expect(jsonFaultOf('{"a":1,"b":{"a":1,"a":2}}', ['b'])).toBeUndefined()
    expect(jsonFaultOf('{"a":1,"b":{"a":1,"a":2}}', ['a'])).toEqual({
      path: ['b', 'a'],
      rule: 'must not be given twice',
    })
  })

  it('are nesting beyond the limit, however deep', () => {
    expect(jsonFaultOf(nested(JSON_DEPTH_MAX))).toBeUndefined()
    for (const depth of [JSON_DEPTH_MAX + 1, 100_000]) {
      expect(jsonFaultOf(nested(depth))).toMatchObject({ rule: 'must not be nested deeper than 32 levels' })
    }
  })

  it('are none when a name is repeated in another object, or as a value', () => {
    const text =
      '{"a":"a","b":{"a":["a","a"],"b":[{"a":1},{"a":1}]},"c":"__proto__","":"{\\"a\\":1,\\"a\\":2}"}'
    expect(jsonFaultOf(text)).toBeUndefined()
  })

  it(`are never in what JSON.stringify made, whatever the strings hold (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        fc.pre(!text.includes('__proto__'))
        expect(jsonFaultOf(text)).toBeUndefined()
      }),
      { seed: SEED },
    )
  })
})

describe('a JSON text', () => {
  it('is its value, or what is wrong with it', () => {
    expect(readJson('{"a":[1]}')).toEqual({ value: { a: [1] } })
    expect(readJson('{"a":1,"a":2}')).toEqual({ fault: { path: ['a'], rule: 'must not be given twice' } })
    expect(readJson('{"a":')).toMatchObject({ reason: expect.stringContaining('JSON') })
  })

  it('that cannot be read is undefined', () => {
    expect([jsonOf('null'), jsonOf('{'), jsonOf('')]).toEqual([null, undefined, undefined])
  })
})
