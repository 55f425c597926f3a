import { describe, expect, it } from 'vitest'
import { splitJson } from '../../src/input/index.ts'

function split(text: string, name?: string) {
  const steps = splitJson(text, name)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

describe('a JSON text split at a list', () => {
  it('gives the entries as they stand and the rest with an empty list in their place', () => {
    expect(split('{"a":"list","b":{"list":[ {"list":[1,2]} , [3] ],"c":1}}', 'list')).toEqual({
      envelope: '{"a":"list","b":{"list":[],"c":1}}',
      entries: ['{"list":[1,2]}', '[3]'],
    })
    expect(split(' [1,"]",{"a":"\\"]"}] ')).toEqual({
      envelope: ' [] ',
      entries: ['1', '"]"', '{"a":"\\"]"}'],
    })
    expect(split('{"list":[]}', 'list')).toEqual({ envelope: '{"list":[]}', entries: [] })
  })

  it('gives the values of an object', () => {
    expect(split('{"markets":{"A":{"b":1}, "B" : [2,{"c":3}] },"z":{}}', 'markets')).toEqual({
      envelope: '{"markets":{},"z":{}}',
      entries: ['{"b":1}', '[2,{"c":3}]'],
    })
    expect(split('{"markets":{}}', 'markets')).toEqual({ envelope: '{"markets":{}}', entries: [] })
  })

  it('has none where the text has no list of that name, or does not end it', () => {
    for (const text of [
      '{"a":[1]}',
      '{"list":{"a":1]}',
      '{"list":[1',
      '{"list":[1}',
      '"list"',
      '{"a":"list":[1',
      '',
    ])
      expect(split(text, 'list')).toBeUndefined()
    expect(split('{"a":[1]}')).toEqual(undefined)
  })

  it('has an empty entry where one is missing beside a comma', () => {
    expect(split('[1,,2]')?.entries).toEqual(['1', '', '2'])
    expect(split('[1,]')?.entries).toEqual(['1', ''])
  })

  it('is split in steps, of which none works at more than 64 Ki characters', () => {
    const text = `[${'"0123456789",'.repeat(40_000)}1]`
    const steps = [...splitJson(text, undefined)]
    expect(steps.length).toBeGreaterThanOrEqual(Math.floor(text.length / 65_536))
    expect(split(text)?.entries).toHaveLength(40_001)
  })
})
