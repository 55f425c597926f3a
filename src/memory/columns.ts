type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array

const LENGTH_FIRST = 256

/** The column if it has that place; otherwise a copy with twice the room, filled up with `fill`. */
export function withRoom<C extends Column>(column: C, place: number, fill = 0): C {
  if (place < column.length) return column
  const length = Math.max(LENGTH_FIRST, 2 * column.length, place + 1)
  const grown = new (column.constructor as new (length: number) => C)(length)
  grown.set(column)
  if (fill !== 0) grown.fill(fill, column.length)
  return grown
}
