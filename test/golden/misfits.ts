import { readFileSync } from 'node:fs'

/** One figure that does not agree. `computed` is what this program says. */
export interface Misfit {
  readonly id: string
  readonly figure: string
  readonly printed: string
  readonly computed: string
  readonly reason: string
}

const FILE = new URL('./MISFITS.md', import.meta.url)

export interface Listed {
  readonly misfits: readonly Misfit[]
  /** Ids of the cases that no function computes. */
  readonly notComputed: readonly string[]
  /** Ids of the examples of figures that venues publish. */
  readonly given: readonly string[]
}

/** The tables of MISFITS.md. */
export function readMisfits(): Listed {
  const [, disagreeing = '', notComputed = '', given = ''] = readFileSync(FILE, 'utf8').split('\n## ')
  const misfits = rowsOf(disagreeing).map(
    ([id = '', figure = '', printed = '', computed = '', reason = '']) => ({
      id,
      figure,
      printed,
      computed,
      reason,
    }),
  )
  const idsOf = (table: string) => rowsOf(table).map(([id = '']) => id)
  return { misfits, notComputed: idsOf(notComputed), given: idsOf(given) }
}

/** The cells of each row of a table, without its head. */
function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| id '))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}
