import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { fileReason, PlimsollError } from '../errors.ts'
import { type Line, LineSplitter, TextReader } from '../input/index.ts'

/** Most characters of one line of input; the rest of a longer one is dropped and the line is refused. */
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

/** Lines of a byte stream. Unlike `node:readline` it passes a read error on to the caller. */
export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const reader = new TextReader()
  const splitter = new LineSplitter(0, LINE_CHARACTERS_MAX)
  for await (const chunk of readable(input)) yield* splitter.push(reader.push(chunk))
  yield* splitter.push(reader.end())
  yield* splitter.end()
}

/** The chunks of the input. A read error of the system is thrown as INPUT_INVALID with the system's message. */
export async function* readable<T>(input: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* input
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new PlimsollError('INPUT_INVALID', `the input cannot be read to its end: ${cause.message}`, {
      cause,
    })
  }
}

/** Writes one line and waits while its reader is behind. When the signal aborts, the wait rejects with an AbortError. */
export async function writeLine(output: Writable, line: string, signal?: AbortSignal): Promise<void> {
  if (!output.write(`${line}\n`)) await once(output, 'drain', signal === undefined ? {} : { signal })
}
