/** The fields of a row; with a mistake, the fields before it and its description. */
export interface CsvRow {
  readonly fields: readonly string[]
  readonly fault: string | undefined
}

/** The separators of fields: a comma, or what spreadsheets write when the comma is the decimal point. */
export const CSV_SEPARATORS = [',', ';', '\t'] as const
export type CsvSeparator = (typeof CSV_SEPARATORS)[number]

/** The separator of a file: the one that divides its header; a comma if none does. */
export function separatorOf(header: string): CsvSeparator {
  return CSV_SEPARATORS.find((separator) => header.includes(separator)) ?? ','
}

/**
 * Reads one row of RFC 4180: fields between separators, a quoted field may hold separators and doubled quotes.
 * One restriction: a row is one line, so a line break inside quotes is a mistake.
 */
export function parseCsvRow(line: string, separator: CsvSeparator = ','): CsvRow {
  const fields: string[] = []
  let at = 0
  for (;;) {
    const field = line[at] === '"' ? quotedField(line, at, separator) : plainField(line, at, separator)
    if ('fault' in field) return { fields, fault: field.fault }
    fields.push(field.value)
    if (field.end === line.length) return { fields, fault: undefined }
    at = field.end + 1
  }
}

type Field = { readonly value: string; readonly end: number } | { readonly fault: string }

function plainField(line: string, start: number, separator: CsvSeparator): Field {
  const next = line.indexOf(separator, start)
  const end = next === -1 ? line.length : next
  const value = line.slice(start, end)
  return value.includes('"') ? { fault: 'a field with a quote must be quoted as a whole' } : { value, end }
}

function quotedField(line: string, start: number, separator: CsvSeparator): Field {
  let value = ''
  let at = start + 1
  for (;;) {
    const quote = line.indexOf('"', at)
    if (quote === -1) return { fault: 'a quoted field must end on its line' }
    value += line.slice(at, quote)
    const next = line[quote + 1]
    if (next === '"') {
      value += '"'
      at = quote + 2
    } else if (next === separator || next === undefined) return { value, end: quote + 1 }
    else return { fault: 'nothing may stand between a closing quote and the next separator' }
  }
}
