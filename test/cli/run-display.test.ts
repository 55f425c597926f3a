import { describe, expect, it } from 'vitest'
import { tellOfEmptyBook } from '../../src/cli/run-display.ts'
import { createLog, type LogRecord } from '../../src/log.ts'

describe('a worker that was started by a person', () => {
  it('says what to do with an empty book, and nothing with a full one', () => {
    const lines: LogRecord[] = []
    const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) })
    tellOfEmptyBook(3, log)
    expect(lines).toEqual([])
    tellOfEmptyBook(0, log)
    const line = { level: 40, msg: 'the book is empty, so nothing is watched', example: 'plimsoll demo' }
    expect(lines).toMatchObject([line])
    expect(lines[0]?.fill).toContain('plimsoll import')
  })
})
