import type { FrameKind, Random } from '../../../src/domain/index.ts'
import { below } from '../../../src/system/seeded-random.ts'
import type { Seed } from './seeds.ts'

/** A frame with a fault, or with something that looks like one. */
export interface Spoilt {
  /** What was done to it. */
  readonly says: string
  readonly text: string
  readonly isBinary: boolean
  /** As what it must be counted; absent where that depends on the place of the fault. */
  readonly kind?: FrameKind | undefined
}

interface Span {
  readonly start: number
  readonly end: number
}

const DEEP = 100_000
const HUGE_CHARACTERS = 200_000
const HUGE_ELEMENTS = 20_000
const DIGITS = 400

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** JSON values of every type, and texts that are none. */
const OTHER_VALUES = [
  ...words(String.raw`
    "x" "" "NaN" "Infinity" "null" "-0" "1e999" "0x10" "1,5" "١" "\u0000" "\ud800"
    1 0 -0 -1 1.5 1e3 1e999 -1e999 1e-999 9223372036854775807 0.1e1 5e-324
    null true false [] {} [null] ["1"] [[[]]] {"a":{"b":1}}
    NaN Infinity -Infinity undefined +1 01 .5 1. 0x10 '1'
  `),
  '" "',
  '"\ud800"',
  '',
]
/** Instead of a price; none of them is one, and none that a venue which prints numbers reads as one: a number, or its text. */
const NO_PRICES = [
  ...words(`
    "" "0" "0.000" "-0" "-1" "+1" "NaN" "Infinity" "1e999" "0x10" "1." ".5" "1,5"
    0 -0 0.0 -1 -66667.5 1e999 1e-999 true [] ["1"] {} [[1]] {"a":"1"}
  `),
  '" "',
  '"1 "',
  '"\ud800"',
]
const NO_NUMBERS = words('NaN -NaN Infinity +1 01 .5 1. 1e 0x1f 1_0 ١')
const NO_FRAMES = [
  '',
  ' ',
  '\n',
  '\u0000',
  '\ufeff{}',
  ...words('{ } " null true 0 "pong" []x ping undefined'),
]
const ODD_CHARACTERS = ['\ud800', '\udfff', '\\ud800', '\u0000', '\u2028', '\ufeff']
const NO_UTF_8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5], [0x80]]
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '']

const HUGE_VALUES: readonly (() => string)[] = [
  () => `"${'9'.repeat(HUGE_CHARACTERS)}"`,
  () => '9'.repeat(HUGE_CHARACTERS),
  () => `[${'1,'.repeat(HUGE_ELEMENTS)}1]`,
  () => `{${Array.from({ length: HUGE_ELEMENTS }, (_, member) => `"k${member}":"1"`).join(',')}}`,
]
/** What opens and closes one level; the third does not close. */
const NESTS = [
  ['[', ']'],
  ['{"a":', '}'],
  ['[', ''],
  ['{"data":[', ']}'],
] as const

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)]!

/** The values of a JSON text, objects and lists too, by their places. */
function valuesOf(text: string): readonly Span[] {
  const spans: Span[] = []
  const open: number[] = []
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]|[^\s"{}[\],:]+/g
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const { 0: found, 1: colon, index } = match
    const end = index + found.length
    if (colon !== undefined) continue
    if (found === '{' || found === '[') open.push(index)
    else if (found === '}' || found === ']') spans.push({ start: open.pop() ?? 0, end })
    else spans.push({ start: index, end })
  }
  return spans
}

/** Where a member can begin: after the brace of an object, which may be empty. */
const bracesOf = (text: string): readonly number[] =>
  [...text.matchAll(/\{(?=\s*")/g)].map(({ index }) => index + 1)
/** The members whose values are no objects and no lists. */
const membersOf = (text: string): readonly string[] =>
  [...text.matchAll(/"[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^\s"{}[\],]+)/g)].map(([member]) => member)

function replaced(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}

function withOther(random: Random, text: string, other: (value: string) => string): string {
  const span = pick(random, valuesOf(text))
  return replaced(text, span, other(text.slice(span.start, span.end)))
}

function withMember(random: Random, text: string, member: string): string {
  const at = pick(random, bracesOf(text))
  return `${text.slice(0, at)}${member},${text.slice(at)}`
}

function nested(random: Random, frame: string, depth: number): string {
  const [open, close] = pick(random, NESTS)
  return withOther(random, frame, (value) => open.repeat(depth) + value + close.repeat(depth))
}

/** The price of the seed as another token. */
function priced({ frame, priceMember }: Seed, token: string): string {
  const key = priceMember.slice(0, priceMember.indexOf(':') + 1)
  return frame.replace(priceMember, () => key + token)
}

function flipped(random: Random, text: string, bits: number): string {
  const bytes = Buffer.from(text)
  for (let bit = 0; bit < bits; bit++) bytes[below(random, bytes.length)]! ^= 1 << below(random, 8)
  return bytes.toString()
}

/** The other type of a number, text, or anything else. */
function otherType(value: string): string {
  if (value.startsWith('"')) return value.slice(1, -1) || '0'
  return /^[-\d]/.test(value) ? `"${value}"` : JSON.stringify(value)
}

/** What can be done to any frame with members. */
const GENERAL: Readonly<Record<string, (random: Random, frame: string) => string>> = {
  'a bit flipped': (random, frame) => flipped(random, frame, 1),
  'bits flipped': (random, frame) => flipped(random, frame, 2 + below(random, 8)),
  'a character left out': (random, frame) => {
    const start = below(random, frame.length)
    return replaced(frame, { start, end: start + 1 }, '')
  },
  'bytes that are no UTF-8': (random, frame) => {
    const bytes = [...Buffer.from(frame)]
    bytes.splice(below(random, bytes.length), below(random, 3), ...pick(random, NO_UTF_8))
    return Buffer.from(bytes).toString()
  },
  'an odd character': (random, frame) => {
    const start = below(random, frame.length)
    return replaced(frame, { start, end: start }, pick(random, ODD_CHARACTERS))
  },
  'another value': (random, frame) => withOther(random, frame, () => pick(random, OTHER_VALUES)),
  'two other values': (random, frame) => {
    const once = withOther(random, frame, () => pick(random, OTHER_VALUES))
    return valuesOf(once).length === 0 ? once : withOther(random, once, () => pick(random, OTHER_VALUES))
  },
  'a value of the other type': (random, frame) => withOther(random, frame, otherType),
  'a value in a list': (random, frame) => withOther(random, frame, (value) => `[${value}]`),
  'a value in an object': (random, frame) =>
    withOther(random, frame, (value) => `{"${pick(random, KEYS)}":${value}}`),
  'two values exchanged': (random, frame) => {
    const { start, end } = pick(random, valuesOf(frame))
    return withOther(random, frame, () => frame.slice(start, end))
  },
  'a value nested': (random, frame) => nested(random, frame, pick(random, [2, 5, 31, 32, 33, 100])),
  'a key of every object': (random, frame) =>
    withMember(random, frame, `"${pick(random, KEYS)}":${pick(random, OTHER_VALUES)}`),
  'a key renamed to __proto__': (random, frame) => {
    const { index, 0: key } = pick(random, [...frame.matchAll(/"[^"\\]*"(?=\s*:)/g)])
    return replaced(frame, { start: index, end: index + key.length }, '"__proto__"')
  },
  'a key with an escape': (random, frame) => {
    const letters = [...frame.matchAll(/(?<=[{,]\s*"\w*)[A-Za-z](?=\w*"\s*:)/g)]
    const { index, 0: letter } = pick(random, letters)
    return replaced(frame, { start: index, end: index + 1 }, `\\u00${letter.charCodeAt(0).toString(16)}`)
  },
  'a member stated twice': (random, frame) => {
    const member = pick(random, membersOf(frame))
    const again = withOther(random, member, () => pick(random, [...OTHER_VALUES, '"2"', '2']))
    return withMember(random, frame, pick(random, [member, again]))
  },
  'a member left out': (random, frame) => {
    const member = pick(random, membersOf(frame))
    return frame.replace(`${member},`, '').replace(`,${member}`, '')
  },
  'space inside': (random, frame) =>
    frame.replace(/[:,]/g, (sign) => sign + pick(random, ['', ' ', '\n', '\t'])),
  'a frame in a list': (_, frame) => `[${frame}]`,
}

/** Frames of hundreds of kilobytes, which take as long as a thousand others. */
const BIG: Readonly<Record<string, (random: Random, frame: string) => string>> = {
  'a huge value': (random, frame) => withOther(random, frame, pick(random, HUGE_VALUES)),
  'a value nested deep': (random, frame) => nested(random, frame, DEEP),
  'nothing but nesting': (random) => pick(random, ['[', '{"a":', '{"data":[']).repeat(DEEP),
}

/** What needs the parts of a frame, and as what the result must be counted. */
const KNOWN: Readonly<
  Record<string, (random: Random, seed: Seed) => { text: string; kind?: FrameKind | undefined }>
> = {
  'the price stated twice': (random, { frame, priceMember }) => ({
    text: frame.replace(priceMember, () => `${priceMember},${otherPrice(random, priceMember)}`),
    kind: 'malformed',
  }),
  'no price': (random, seed) => ({ text: priced(seed, pick(random, NO_PRICES)), kind: seed.unpricedKind }),
  'a price that JSON does not know': (random, seed) => ({
    text: priced(seed, pick(random, NO_NUMBERS)),
    kind: 'malformed',
  }),
  'a price of 400 digits': (random, seed) => {
    const digits = pick(random, ['1', '9', '123']).repeat(DIGITS).slice(0, DIGITS)
    const price = pick(random, [digits, `0.${digits}`, `1${digits}.5`, `-${digits}`])
    return { text: priced(seed, pick(random, [price, `"${price}"`])), kind: seed.unpricedKind }
  },
  'another price': (random, { frame, priceMember }) => ({
    text: frame.replace(priceMember, () => otherPrice(random, priceMember)),
    kind: 'ticks',
  }),
  'another channel': (_, { otherChannel, otherKind = 'ignored' }) => ({
    text: otherChannel,
    kind: otherKind,
  }),
  'another market': (_, { foreign, foreignKind }) => ({
    text: foreign,
    ...(foreignKind && { kind: foreignKind }),
  }),
  'two frames in one': (random, { frame, foreign }) => ({
    text: frame + pick(random, ['', ' ', '\n', ',', '\u0000']) + pick(random, [frame, foreign, '}', '{']),
    kind: 'malformed',
  }),
  'no frame': (random) => ({ text: pick(random, NO_FRAMES), kind: 'malformed' }),
  'as it is': (_, { frame }) => ({ text: frame, kind: 'ticks' }),
}

/** A sound price as the member states one: with as many digits as a price may have, or few. */
function otherPrice(random: Random, priceMember: string): string {
  const [key = '', token = ''] = priceMember.split(/(?<=":)/)
  const whole = String(1 + below(random, 10 ** below(random, 7)))
  const digits = Array.from({ length: below(random, 17) }, () => below(random, 10)).join('')
  const price = digits === '' ? whole : `${whole}.${digits}1`
  return token.startsWith('"') ? `${key}"${price}"` : `${key}${price}`
}

const GENERAL_NAMES = Object.keys(GENERAL)
const BIG_NAMES = Object.keys(BIG)
const NAMES = [...GENERAL_NAMES, ...Object.keys(KNOWN)]
/** Every way in which a frame is spoilt. */
export const SPOIL_NAMES: readonly string[] = [...NAMES, ...BIG_NAMES, 'a binary frame', 'a cut']

const BINARY_SHARE = 0.02
/** Of the frames that hold a packed text: so many are spoilt outside of it. */
const OUTSIDE_SHARE = 0.4

/** The frame with every number of bytes left; of a packed one the text inside too. */
export function* cuts({ frame, pack }: Seed): Generator<Spoilt> {
  for (const text of pack === undefined ? [frame] : [pack(frame), frame]) {
    const bytes = Buffer.from(text)
    for (let left = 0; left < bytes.length; left++) {
      const cut = bytes.subarray(0, left).toString()
      const isInside = pack !== undefined && text === frame
      yield { says: 'a cut', text: isInside ? pack(cut) : cut, isBinary: false, kind: 'malformed' }
    }
  }
}

/** These are no text that a frame holds inside. */
const NEVER_PACKED = ['no frame', 'another channel']

/** `bigShare`: of the frames, so many have hundreds of kilobytes. */
export function spoil(random: Random, seed: Seed, bigShare: number): Spoilt {
  const { pack, ...inside } = seed
  if (pack === undefined) return spoilPlain(random, seed, bigShare)
  if (random() < OUTSIDE_SHARE) return spoilAny(random, pack(seed.frame))
  const spoilt = spoilPlain(random, inside, bigShare)
  return NEVER_PACKED.includes(spoilt.says) ? spoilt : { ...spoilt, text: pack(spoilt.text) }
}

function spoilPlain(random: Random, seed: Seed, bigShare: number): Spoilt {
  const { frame } = seed
  if (random() < BINARY_SHARE)
    return { says: 'a binary frame', text: frame, isBinary: true, kind: 'malformed' }
  if (random() < bigShare) return spoilBy(BIG, pick(random, BIG_NAMES), random, frame)
  const says = pick(random, NAMES)
  const known = KNOWN[says]
  if (known !== undefined) return { says, isBinary: false, ...known(random, seed) }
  return spoilBy(GENERAL, says, random, frame)
}

/** Of a frame whose parts are not known. */
export function spoilAny(random: Random, frame: string): Spoilt {
  return spoilBy(GENERAL, pick(random, GENERAL_NAMES), random, frame)
}

function spoilBy(ways: typeof GENERAL, says: string, random: Random, frame: string): Spoilt {
  return { says, isBinary: false, text: ways[says]!(random, frame) }
}

/** Whether `spoilAny` takes the frame: an object with members whose names have letters. */
export function canBeSpoilt(frame: string): boolean {
  return membersOf(frame).length > 0 && /^\s*\{[\s\S]*\}\s*$/.test(frame)
}
