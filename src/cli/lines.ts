import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { fileReason, PlimsollError } from '../errors.ts'

/**
 * Most characters of one line of input. Of a longer line one character more than this is kept, so that `isTooLong` knows
 * it.
 */
export const LINE_CHARACTERS_MAX = 16 * 1024 * 1024

/** Opens the file as a stream; `-` is standard input. Throws USAGE when it cannot be read, saying why and what to do. */
export async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  try {
    const handle = await open(file)
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream()
    await handle.close()
  } catch (cause) {
    throw new PlimsollError('USAGE', `${file} cannot be read: ${fileReason(cause)}`, { cause })
  }
  throw new PlimsollError('USAGE', `${file} cannot be read: it is a folder; name a file in it`)
}

/**
 * Lines of a text stream without line ends and without a leading byte order mark, which some editors write. Unlike
 * `node:readline` it passes a read error on to the caller.
 */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8')
  let rest = ''
  let isStart = true
  for await (const chunk of readable(input)) {
    const parts = (isStart ? chunk.replace(/^\ufeff/, '') : chunk).split('\n')
    isStart = false
    const last = parts.pop()!
    for (const part of parts) {
      yield joined(rest, part)
      rest = ''
    }
    rest = joined(rest, last)
  }
  if (rest !== '') yield rest
}

/** The chunks of the input. A read error of the system is thrown as INPUT_INVALID with the system's message. */
export async function* readable<T = string>(input: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* input
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new PlimsollError('INPUT_INVALID', `the input cannot be read to its end: ${cause.message}`, {
      cause,
    })
  }
}

/** Whether the line exceeds LINE_CHARACTERS_MAX; then only its beginning is there. */
export function isTooLong(line: string): boolean {
  return line.length > LINE_CHARACTERS_MAX
}

function joined(line: string, more: string): string {
  if (isTooLong(line)) return line
  return line.length + more.length > LINE_CHARACTERS_MAX
    ? (line + more).slice(0, LINE_CHARACTERS_MAX + 1)
    : line + more
}

/** Writes one line and waits while its reader is behind. When the signal aborts, the wait rejects with an AbortError. */
export async function writeLine(output: Writable, line: string, signal?: AbortSignal): Promise<void> {
  if (!output.write(`${line}\n`)) await once(output, 'drain', signal === undefined ? {} : { signal })
}
