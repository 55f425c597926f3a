const GAP_COLUMNS = 1

/** Rows whose columns are as wide as their widest cell: the first one to the left, all others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_head, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column]!
        return column === 0 ? text.padEnd(width) : ' '.repeat(GAP_COLUMNS) + text.padStart(width)
      })
      .join(''),
  )
}
