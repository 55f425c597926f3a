import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { PlimsollError } from '../errors.ts'

/** Characters of one line of input. A longer one is a fault that ends the command. */
export const LINE_CHARACTERS_MAX = 16 * 1024 * 1024

/** The file as a stream, `-` for standard input. Throws USAGE for what cannot be read. */
export async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  try {
    const handle = await open(file)
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream()
    await handle.close()
  } catch (cause) {
    throw new PlimsollError('USAGE', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  throw new PlimsollError('USAGE', `${file} cannot be read: it is a directory`)
}

/** Lines of a text stream, without their ends. Unlike `node:readline`, a read error reaches the caller. */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8')
  let rest = ''
  for await (const chunk of input) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    yield* parts
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw new PlimsollError('INPUT_INVALID', `a line is longer than ${LINE_CHARACTERS_MAX} characters`)
    }
  }
  if (rest !== '') yield rest
}

/** Writes one line and waits while the reader is behind. */
export async function writeLine(output: Writable, line: string): Promise<void> {
  if (!output.write(`${line}\n`)) await once(output, 'drain')
}
