import { isPrice } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { isObject, type JsonObject } from './frame.ts'

/** What a parser reads of the frames of its venue. */
export interface FrameNames {
  /**
   * Every name that it looks for, at any level: of another one it never notices whether a frame states it. A form matches no
   * frame that states one of these at a place where the form does not have it.
   */
  readonly names: readonly string[]
  /**
   * Names of prices that are texts. A frame that states one of them twice has no form, but for a list or map each of whose items
   * may state it; nor has one in which it is no price, so that a parser need not check one of a known form.
   */
  readonly prices?: readonly string[]
  /** Names whose texts say what a frame is: another text is another form. */
  readonly kinds: readonly string[]
  /** Names of objects whose own names are free, such as symbols. */
  readonly maps?: readonly string[]
  /** Numbers are handed on as their text, which has all of their digits. */
  readonly keepsDigits?: true
}

/** What stands between two members that are looked for, at most. */
export interface Gap {
  readonly scalars: boolean
  readonly lists: boolean
  readonly objects: boolean
}

export interface ObjectShape {
  readonly kind: 'object'
  /** The members that are looked for, in their order. */
  readonly members: readonly (readonly [name: string, shape: Shape])[]
  /** One before each member, and one behind the last. */
  readonly gaps: readonly Gap[]
}

/** How a value is made up, as far as a parser looks. `map`: every item has the same shape. */
export type Shape =
  | ObjectShape
  | { readonly kind: 'text' | 'number' | 'price' }
  | { readonly kind: 'constant'; readonly value: string | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Shape[] }
  | { readonly kind: 'map'; readonly item: ObjectShape }

/** Copies of an object lose it. */
export const NO_NAME = '__proto__'

/** The shape of a frame; undefined where it is no object, or has more than a shape can say. */
export function shapeOf(frame: string, names: FrameNames): ObjectShape | undefined {
  const message = jsonOf(frame)
  const shape = isObject(message) ? shapeOfObject(message, names) : undefined
  return shape !== undefined && (names.prices ?? []).every((name) => isClear(shape, name)) ? shape : undefined
}

function shapeOfValue(value: unknown, name: string, names: FrameNames): Shape | undefined {
  if (names.prices?.includes(name)) return isPrice(value) ? { kind: 'price' } : undefined
  if (typeof value === 'string')
    return names.kinds.includes(name) ? { kind: 'constant', value } : { kind: 'text' }
  if (typeof value === 'number') return { kind: 'number' }
  if (typeof value === 'boolean' || value === null) return { kind: 'constant', value }
  if (Array.isArray(value)) {
    const items = value.map((item) => shapeOfValue(item, name, names))
    return items.some((item) => item === undefined) ? undefined : { kind: 'list', items: items as Shape[] }
  }
  if (!isObject(value)) return undefined
  return names.maps?.includes(name) ? shapeOfMap(value, names) : shapeOfObject(value, names)
}

function shapeOfObject(value: JsonObject, names: FrameNames): ObjectShape | undefined {
  const members: [string, Shape][] = []
  const gaps: Gap[] = []
  let gap = NOTHING
  for (const [name, member] of Object.entries(value)) {
    if (!names.names.includes(name)) gap = joined(gap, gapOf(member))
    else {
      const shape = shapeOfValue(member, name, names)
      if (shape === undefined) return undefined
      members.push([name, shape])
      gaps.push(gap)
      gap = NOTHING
    }
  }
  return { kind: 'object', members, gaps: [...gaps, gap] }
}

/** Its items must be objects of one shape that hold nothing but texts, numbers and prices. */
function shapeOfMap(map: JsonObject, names: FrameNames): Shape | undefined {
  let item: ObjectShape | undefined
  for (const value of Object.values(map)) {
    const shape = isObject(value) ? shapeOfObject(value, names) : undefined
    if (shape === undefined || !shape.members.every(([, member]) => isCaptured(member))) return undefined
    item = item === undefined ? shape : (mergedObjects(item, shape) as ObjectShape | undefined)
    if (item === undefined) return undefined
  }
  return item && { kind: 'map', item }
}

/** The shape of both, which have the same members; undefined where they differ in more than what is not looked for. */
export function mergedObjects(left: ObjectShape, right: ObjectShape): ObjectShape | undefined {
  if (left.members.length !== right.members.length) return undefined
  const members: [string, Shape][] = []
  for (const [index, [name, shape]] of left.members.entries()) {
    const [otherName, other] = right.members[index]!
    const both = name === otherName ? merged(shape, other) : undefined
    if (both === undefined) return undefined
    members.push([name, both])
  }
  return { kind: 'object', members, gaps: left.gaps.map((gap, index) => joined(gap, right.gaps[index]!)) }
}

function merged(left: Shape, right: Shape): Shape | undefined {
  if (left.kind === 'object' && right.kind === 'object') return mergedObjects(left, right)
  if (left.kind === 'map' && right.kind === 'map') {
    const item = mergedObjects(left.item, right.item)
    return item && { kind: 'map', item }
  }
  if (left.kind === 'list' && right.kind === 'list') {
    const items = left.items.map((item, index) => {
      const other = right.items[index]
      return other && merged(item, other)
    })
    const isAlike = left.items.length === right.items.length && !items.includes(undefined)
    return isAlike ? { kind: 'list', items: items as Shape[] } : undefined
  }
  const isSame = left.kind === 'constant' && right.kind === 'constant' && left.value === right.value
  return isSame || (left.kind === right.kind && isCaptured(left)) ? left : undefined
}

/** Whether the shape says the type of a value, and nothing of the value itself. */
function isCaptured({ kind }: Shape): boolean {
  return kind === 'text' || kind === 'number' || kind === 'price'
}

const NOTHING: Gap = { scalars: false, lists: false, objects: false }

function gapOf(value: unknown): Gap {
  const lists = Array.isArray(value)
  const objects = isObject(value)
  return { scalars: !lists && !objects, lists, objects }
}

function joined(left: Gap, right: Gap): Gap {
  return {
    scalars: left.scalars || right.scalars,
    lists: left.lists || right.lists,
    objects: left.objects || right.objects,
  }
}

/** Whether the name is stated at one place, which each item of a list or map may have. */
function isClear(shape: Shape, name: string): boolean {
  const places = placesOf(shape, name)
  return places.length <= 1 || places.every((place) => place.includes(ITEM) && place === places[0])
}

const ITEM = '/*/'

/** Where the name stands, each time that it does: the names on the way. */
function placesOf(shape: Shape, wanted: string): string[] {
  if (shape.kind === 'map') return placesOf(shape.item, wanted).map((place) => ITEM + place)
  if (shape.kind === 'list')
    return shape.items.flatMap((item) => placesOf(item, wanted)).map((place) => ITEM + place)
  if (shape.kind !== 'object') return []
  return shape.members.flatMap(([name, member]) => [
    ...(name === wanted ? [name] : []),
    ...placesOf(member, wanted).map((place) => `${name}/${place}`),
  ])
}
