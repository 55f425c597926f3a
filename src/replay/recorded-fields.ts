import { DECIMAL_PATTERN, type Decimal } from '../domain/index.ts'
import { refuseLine } from './line-refusal.ts'

/** Reads the fields of the lines of one file. Each method throws PlimsollError INPUT_INVALID naming file, line, field, value and rule. */
export class RecordedFields {
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  time(line: number, field: string, value: unknown): number {
    if (typeof value !== 'number' || !Number.isFinite(value))
      this.refuse(line, field, value, 'must be Unix time in milliseconds')
    return value
  }

  text(line: number, field: string, value: unknown): string {
    if (typeof value !== 'string') this.refuse(line, field, value, 'must be a text')
    return value
  }

  decimal(line: number, field: string, value: unknown): Decimal {
    if (typeof value !== 'string' || !DECIMAL_PATTERN.test(value))
      this.refuse(line, field, value, 'must be a decimal string')
    return value
  }

  refuse(line: number, field: string, value: unknown, rule: string): never {
    return refuseLine(this.file, line, field, value, rule)
  }
}
