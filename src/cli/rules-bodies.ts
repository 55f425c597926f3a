import type { RulesBody } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { readJsonKeepingDigits, TextReader } from '../input/index.ts'
import { openInput, readable } from './lines.ts'

/** Bytes of one file of bodies. The largest list of instruments known, of all options of one venue, has 10 MB. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024

/**
 * Reads a file of bodies; `-` is standard input. A file holds a body of JSON, a list of bodies, or a body a line; a file
 * that does not begin as JSON is one body of text. `name`: how standard input is called.
 * @throws PlimsollError USAGE for a file that cannot be opened, INPUT_INVALID for one that is too long or is not JSON.
 */
export async function readBodies(file: string, name = 'standard input'): Promise<RulesBody[]> {
  const text = await textOf(file)
  return bodiesOf(text, file === '-' ? name : file)
}

async function textOf(file: string): Promise<string> {
  const reader = new TextReader()
  let text = ''
  let bytes = 0
  for await (const chunk of readable<Uint8Array>(await openInput(file))) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) {
      throw new PlimsollError('INPUT_INVALID', `${file} is longer than ${BODY_BYTES_MAX} bytes`)
    }
    text += reader.push(chunk)
  }
  return text + reader.end()
}

/** The bodies of a text. */
export function bodiesOf(text: string, name: string): RulesBody[] {
  if (!/^\s*[[{]/.test(text)) return [{ name, value: text }]
  const whole = readJsonKeepingDigits(text)
  if ('value' in whole) return [{ name, value: whole.value }]
  if ('fault' in whole) throw notJson(name, whole.fault.rule)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const bodies = lines.flatMap((line) => {
    const read = readJsonKeepingDigits(line)
    return 'value' in read ? [{ name, value: read.value }] : []
  })
  if (bodies.length < lines.length) throw notJson(name, whole.reason)
  return bodies
}

function notJson(name: string, reason: string): PlimsollError {
  return new PlimsollError('INPUT_INVALID', `${name} is neither JSON nor JSON lines: ${reason}`)
}
