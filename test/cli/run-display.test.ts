import { describe, expect, it } from 'vitest'
import { logLines } from '../../src/cli/log-lines.ts'
import { tellOfEmptyBook, waysForPeople } from '../../src/cli/run-display.ts'
import { paletteOf } from '../../src/cli/terminal.ts'
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

  it('names the private Redis by its folder, in few words', () => {
    const shellCommand = `env LD_LIBRARY_PATH=${'/some/where'.repeat(20)} redis-cli -s /a/socket`
    const ways = waysForPeople(
      { source: 'started', url: '/desk/.data/redis/redis.sock', shellCommand },
      '/desk/.data',
    )
    const record = { time: '2025-10-09T08:53:20.003Z', level: 30, msg: 'private redis', ...ways }
    expect(logLines(record, paletteOf(false), 80)).toBe(
      '08:53:20Z private redis  source started\n          follow plimsoll tail --data-dir /desk/.data\n',
    )
  })
})
