import { PlimsollError } from '../errors.ts'

/** @throws PlimsollError INPUT_INVALID naming file, line, field, value and rule. */
export function refuseLine(file: string, line: number, field: string, value: unknown, rule: string): never {
  const shown = value === undefined ? 'missing' : JSON.stringify(value)
  throw new PlimsollError('INPUT_INVALID', `${file}, line ${line}: ${field} is ${shown}: ${rule}`)
}
