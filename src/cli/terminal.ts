import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { allowsColour } from '../config.ts'

/** Where lines go: a stream of the process or of a test. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }
export type Input = Readable & { readonly isTTY?: boolean }

/** Whether a command prints JSON: to a pipe and with `--json`. On a terminal it prints lines for people. */
export function speaksJson(output: Pick<Output, 'isTTY'>, json: true | undefined): boolean {
  return json === true || output.isTTY !== true
}

type Paint = (text: string) => string

export interface Palette {
  readonly strong: Paint
  readonly red: Paint
  readonly yellow: Paint
  readonly green: Paint
  readonly dim: Paint
}

/** Colours for lines on that output. None when it is not a terminal or the environment forbids colours. */
export function paletteFor(output: Pick<Output, 'isTTY'>): Palette {
  return paletteOf(output.isTTY === true && allowsColour())
}

export function paletteOf(isColoured: boolean): Palette {
  const paint = (code: number): Paint =>
    isColoured ? (text) => `\x1b[${code}m${text}\x1b[0m` : (text) => text
  return { strong: paint(1), red: paint(31), yellow: paint(33), green: paint(32), dim: paint(2) }
}

/** Asks a person on `output`, usually standard error. Every answer but `y` and `yes` means no. */
export async function confirm(question: string, input: Input, output: Output): Promise<boolean> {
  const reader = createInterface({ input, output })
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      reader.once('close', () => resolve(''))
      reader.question(`${question} [y/N] `).then(resolve, reject)
    })
    return /^\s*y(es)?\s*$/i.test(answer)
  } finally {
    reader.close()
  }
}
