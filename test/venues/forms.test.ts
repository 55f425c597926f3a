import { describe, expect, it } from 'vitest'
import type { FrameParser } from '../../src/domain/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { FormedParser, FRAMES_BEFORE_FORMS, type MessageReader } from '../../src/venues/formed-parser.ts'
import { FrameForm } from '../../src/venues/frame-form.ts'
import { type FrameNames, shapeOf } from '../../src/venues/frame-shape.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { frameKeepingDigits } from '../../src/venues/numbers.ts'
import { SEEDS } from '../support/malformed/seeds.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { FIXTURES } from './fixtures.ts'
import { DEAF_SINK, listener } from './record.ts'

const SEED = testSeed(20_261_201)
const CASES = testCases(20_000)

/** Sources without forms: their texts are few, or packed. */
const READ_EXACTLY = ['binance-margin-index', 'cme-file', 'cme-poll', 'hyperliquid-fast']

/** Everything that the parser says of the frame. */
function saidOf(parser: FrameParser, frame: string): string {
  const { said, sink } = listener()
  return [parser.parse(frame, sink), ...said].join(' ')
}

/** Two parsers that have read the same. The second has no form, because each of its frames ends with a space. */
function twinsOf(sourceId: string, frames: readonly string[]) {
  const source = sourceOf(sourceId)
  const twins = { formed: source.createParser(), exact: source.createParser() }
  for (const frame of frames) {
    const { formed, exact } = saidOfBoth(twins, frame)
    expect(formed).toBe(exact)
  }
  return twins
}

/** The frames so often that a parser makes their forms. */
function warmed(frames: readonly string[]): readonly string[] {
  return Array.from({ length: FRAMES_BEFORE_FORMS + 1 }, () => frames).flat()
}

function saidOfBoth({ formed, exact }: ReturnType<typeof twinsOf>, frame: string) {
  return { frame, formed: saidOf(formed, frame), exact: saidOf(exact, `${frame} `) }
}

/** Runs `use` while `seen` gets the object of each JSON text and may give another one. Whether there was any. */
function withJson(seen: (value: object) => object | undefined, use: () => void): boolean {
  const { parse } = JSON
  let isUsed = false
  JSON.parse = (text) => {
    isUsed = true
    const value = parse(text)
    return typeof value === 'object' && value !== null ? (seen(value) ?? value) : value
  }
  try {
    use()
  } finally {
    JSON.parse = parse
  }
  return isUsed
}

/** Every name of a member that the parser asks the frames of its fixture for. */
function namesLookedFor(sourceId: string): ReadonlySet<string> {
  const names = new Set<string>()
  const watched = <Value extends object>(value: Value): Value =>
    new Proxy(value, {
      get(target, name) {
        const member = Reflect.get(target, name)
        if (Array.isArray(target))
          return typeof member === 'function' ? member.bind(target.map(inner)) : inner(member)
        if (typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name)) names.add(name)
        return inner(member)
      },
      has(target, name) {
        names.add(String(name))
        return Reflect.has(target, name)
      },
    })
  const inner = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? watched(value) : value
  const parser = sourceOf(sourceId).createParser()
  const frames = [...SEEDS[sourceId]!.seeds, ...FIXTURES[sourceId]!.frames]
  for (const { frame } of frames) withJson(watched, () => void parser.parse(`${frame} `, DEAF_SINK))
  return names
}

describe.each(Object.keys(SEEDS))('a frame of %s of a known form', (sourceId) => {
  const { seeds } = SEEDS[sourceId]!
  const names = new Set(
    FIXTURES[sourceId]!.frames.flatMap(({ frame }) =>
      [...frame.matchAll(/"(\w+)":/g)].map(([, name]) => name!),
    ),
  )
  const values = ['"x"', '"5"', '1', 'true', 'false', 'null', '{}', '[]', '[{"p":"1"}]', '{"symbol":"X"}']

  it('says what it says when it is read exactly, whatever member of other frames it has beside its own', () => {
    for (const { opening, frame } of seeds) {
      const twins = twinsOf(sourceId, warmed([...opening, frame]))
      for (const name of names) {
        for (const { index } of [...frame.matchAll(/(?<=\{)(?=")|(?=\})/g)]) {
          const value = values[(index + name.length) % values.length]!
          const member = frame[index] === '}' ? `,"${name}":${value}` : `"${name}":${value},`
          for (const text of [...opening, frame.slice(0, index) + member + frame.slice(index), frame]) {
            const { formed, exact } = saidOfBoth(twins, text)
            if (formed !== exact) expect({ text, formed }).toEqual({ text, formed: exact })
          }
        }
      }
    }
  })

  it('is read exactly when it has a further name that the parser ever looks for', () => {
    const looked = namesLookedFor(sourceId)
    expect(looked.size).toBeGreaterThan(4)
    for (const { opening, frame } of seeds) {
      const parser = sourceOf(sourceId).createParser()
      for (const each of warmed([...opening, frame])) parser.parse(each, DEAF_SINK)
      for (const name of looked) {
        if (frame.includes(`"${name}":`)) continue
        const isExact = withJson(
          () => undefined,
          () => parser.parse(frame.replace(/\}$/, `,"${name}":null}`), DEAF_SINK),
        )
        expect({ name, isExact }).toEqual({ name, isExact: true })
      }
    }
  })

  it.runIf(!READ_EXACTLY.includes(sourceId))('is read without its exact reader', () => {
    for (const { opening, frame } of seeds) {
      // Too long for a form are a snapshot, which comes once, and the contexts of all coins; a form has no more than one map.
      if (/"partial"|"allDexsAssetCtxs"|"fastAssetCtxs"|"trading"/.test(frame)) continue
      const parser = sourceOf(sourceId).createParser()
      for (const each of [...warmed([...opening, frame]), ...opening]) parser.parse(each, DEAF_SINK)
      const isExact = withJson(
        () => undefined,
        () => parser.parse(frame, DEAF_SINK),
      )
      expect({ frame, isExact }).toEqual({ frame, isExact: false })
    }
  })
})

describe('a form', () => {
  const NAMES: FrameNames = {
    names: ['kind', 'data', 'symbol', 'price', 'time', 'map'],
    prices: ['price'],
    kinds: ['kind'],
    maps: ['map'],
  }
  const formOf = (frame: string, names = NAMES) => {
    const shape = shapeOf(frame, names)
    return shape && FrameForm.of(shape, names)
  }
  const read = (first: string, second: string, names?: FrameNames) => formOf(first, names)?.read(second)

  it('gives the fields of the names alone, each of its type', () => {
    const frame =
      '{"kind":"a-b","x":1,"data":[{"symbol":"A","y":[1],"price":"1.50","time":5,"z":null}],"w":{"v":1}}'
    expect(read(frame, frame)).toEqual({ kind: 'a-b', data: [{ symbol: 'A', price: '1.50', time: 5 }] })
  })

  it('gives a map as one, and none that states a name twice', () => {
    const frame = '{"map":{"A":{"price":"1","x":1},"B":{"price":"2"}}}'
    expect(read(frame, '{"map":{"C":{"price":"3"}}}')).toEqual({ map: new Map([['C', { price: '3' }]]) })
    expect(read(frame, '{"map":{"C":{"price":"3"},"C":{"price":"4"}}}')).toBeUndefined()
    expect(read(frame, '{"map":{"__proto__":{"price":"3"}}}')).toBeUndefined()
    // A name that is looked for, and one that JSON.parse puts before the others.
    for (const name of ['price', 'map', '1', '10'])
      expect(read(frame, `{"map":{"C":{"price":"3"},"${name}":{"price":"4"}}}`)).toBeUndefined()
    expect(read(frame, '{"map":{"1INCH":{"price":"3"}}}')).toEqual({
      map: new Map([['1INCH', { price: '3' }]]),
    })
    expect(read('{"map":{"A":{"price":"1"},"B":{"time":2}}}', frame)).toBeUndefined()
    expect(read('{"map":{"A":{"price":{"x":1}}}}', frame)).toBeUndefined()
    expect(read('{"map":{}}', frame)).toBeUndefined()
    expect(read('{"map":{"A":{"price":"1"}},"data":{"map":{"A":{"price":"1"}}}}', frame)).toBeUndefined()
  })

  it('goes on behind a map', () => {
    const frame = '{"kind":"a","data":{"symbol":"S","map":{"A":{"price":"1"}},"z":[1]},"y":1,"time":5}'
    const other =
      '{"kind":"a","data":{"symbol":"T","map":{"B":{"price":"2"},"C":{"price":"3"}},"z":[]},"y":{"v":2},"time":6}'
    const map = new Map([
      ['B', { price: '2' }],
      ['C', { price: '3' }],
    ])
    const wide = '{"kind":"a","data":{"symbol":"S","map":{"A":{"price":"1"}},"z":[1]},"y":{"v":1},"time":5}'
    expect(read(frame, other)).toBeUndefined()
    expect(read(wide, other)).toEqual({ kind: 'a', data: { symbol: 'T', map }, time: 6 })
    for (const cut of [
      other.slice(0, -1),
      `${other} `,
      other.replace('"z"', '"time"'),
      other.replace('},"C"', '} "C"'),
    ])
      expect({ cut, read: read(wide, cut) }).toEqual({ cut, read: undefined })
  })

  it.each([
    ['another kind', '{"kind":"b","price":"1","x":0}'],
    ['another type of a value', '{"kind":"a","price":1,"x":0}'],
    ['another order', '{"price":"1","kind":"a","x":0}'],
    ['a name more', '{"kind":"a","price":"1","time":1,"x":0}'],
    ['a name where none is looked for', '{"kind":"a","price":"1","x":{"price":"2"}}'],
    ['a name twice', '{"kind":"a","price":"1","price":"1","x":0}'],
    ['__proto__', '{"kind":"a","price":"1","__proto__":0}'],
    ['a price that is none', '{"kind":"a","price":"0","x":0}'],
    ['an escape', '{"kind":"a","price":"1","x":"\\u0041"}'],
    ['space', '{"kind":"a", "price":"1","x":0}'],
    ['a number that is none', '{"kind":"a","price":"1","x":01}'],
    ['a control character', '{"kind":"a","price":"1","x":"\n"}'],
    ['no end', '{"kind":"a","price":"1","x":0'],
    ['a second frame', '{"kind":"a","price":"1","x":0}{}'],
  ])('is not that of a frame with %s', (_, frame) => {
    const known = '{"kind":"a","price":"1","x":0}'
    expect(read(known, known)).toEqual({ kind: 'a', price: '1' })
    expect(read(known, frame)).toBeUndefined()
  })

  it('is made of no frame that states a price at two places, or none where one must be', () => {
    expect(shapeOf('{"price":"1","data":{"price":"1"}}', NAMES)).toBeUndefined()
    expect(shapeOf('{"price":"1","data":[{"price":"1"}]}', NAMES)).toBeUndefined()
    expect(shapeOf('{"data":[{"price":"1"},{"price":"2"}]}', NAMES)).toBeDefined()
    for (const price of ['""', '"-1"', '1', 'null'])
      expect(shapeOf(`{"price":${price}}`, NAMES)).toBeUndefined()
  })

  it(`keeps the digits of ${CASES} numbers of JSON, or gives what JSON.parse does (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    const digits = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 10)).join('')
    const first = '{"symbol":"A","x":1,"price":5,"time":1}'
    const names: FrameNames = { ...NAMES, prices: [] }
    const exact = formOf(first, { ...names, keepsDigits: true })!
    const rounded = formOf(first, names)!
    for (let index = 0; index < CASES; index++) {
      const whole = random() < 0.2 ? '0' : `${1 + Math.floor(random() * 9)}${digits(random() * 20)}`
      const fraction = random() < 0.5 ? '' : `.${digits(1 + random() * 20)}`
      const exponent =
        random() < 0.7
          ? ''
          : `${random() < 0.5 ? 'e' : 'E'}${['', '+', '-'][Math.floor(random() * 3)]}${digits(1 + random() * 3)}`
      const number = `${random() < 0.2 ? '-' : ''}${whole}${fraction}${exponent}`
      const frame = `{"symbol":"A","x":${number},"price":${number},"time":${number}}`
      const kept = exact.read(frame)
      const { x: _, ...all } = frameKeepingDigits(frame, []) as Record<string, unknown>
      if (kept?.price !== number || kept?.time !== number) expect(kept).toEqual(all)
      const { time } = JSON.parse(frame) as { time: number }
      if (!Object.is(rounded.read(frame)?.time, time)) expect(rounded.read(frame)).toEqual({ frame, time })
    }
  })
})

describe('a parser with forms', () => {
  const frameOf = (kind: string, more = '') => `{"kind":"${kind}","price":"1"${more}}`
  const reader = () => {
    const read: string[] = []
    const messages: MessageReader = {
      names: { names: ['kind', 'price'], prices: ['price'], kinds: ['kind'] },
      valueOf(frame) {
        read.push(frame)
        return JSON.parse(frame)
      },
      take: (message) => ((message as { price?: unknown }).price === undefined ? 'ignored' : 'ticks'),
    }
    const parser = new FormedParser(messages)
    for (let time = 0; time < FRAMES_BEFORE_FORMS; time++) parser.parse(frameOf('other'), DEAF_SINK)
    expect(read.splice(0)).toHaveLength(FRAMES_BEFORE_FORMS)
    return { read, parser }
  }
  it('learns the frames that bring prices, and what else stands in them', () => {
    const { read, parser } = reader()
    const frames = [frameOf('a'), frameOf('a'), frameOf('a', ',"x":1'), frameOf('a', ',"x":2'), frameOf('a')]
    for (const frame of frames) parser.parse(frame, DEAF_SINK)
    expect(read).toEqual([frames[0], frames[2]])
    for (let time = 0; time < 2; time++) parser.parse('{"kind":"b"}', DEAF_SINK)
    expect(read.slice(2)).toEqual(['{"kind":"b"}', '{"kind":"b"}'])
  })

  it('keeps the forms that come often, and makes no more than 64', () => {
    const { read, parser } = reader()
    const often = [frameOf('a'), frameOf('b')]
    for (let index = 0; index < 300; index++)
      for (const frame of [...often, frameOf(`k${index}`)]) parser.parse(frame, DEAF_SINK)
    expect(read.filter((frame) => often.includes(frame))).toEqual(often)
    const before = read.length
    for (let time = 0; time < 2; time++) parser.parse(frameOf('new'), DEAF_SINK)
    expect(read).toHaveLength(before + 2)
  })

  it('reads a long frame exactly', () => {
    const { read, parser } = reader()
    for (let time = 0; time < 3; time++) parser.parse(frameOf('a', `,"x":"${'x'.repeat(2_100)}"`), DEAF_SINK)
    expect(read).toHaveLength(3)
  })
})
