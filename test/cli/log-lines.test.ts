import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { logLines } from '../../src/cli/log-lines.ts'
import { paletteOf } from '../../src/cli/terminal.ts'
import { createFormattedLog, createLog, type LogRecord } from '../../src/log.ts'

const plain = paletteOf(false)

function recordOf(write: (log: ReturnType<typeof createLog>) => void): LogRecord {
  const lines: string[] = []
  write(createLog('info', { write: (text) => void lines.push(text) }))
  return JSON.parse(lines.join(''))
}

const at = (record: LogRecord): LogRecord => ({ ...record, time: '2025-10-09T08:53:20.003Z' })

describe('a record of the log at a terminal', () => {
  it('is one line: time, what happened, the facts', () => {
    const record = recordOf((log) => log.info({ redis: 'started', accounts: 5 }, 'worker runs'))
    expect(logLines(at(record), plain, 80)).toBe('08:53:20Z worker runs  redis started  accounts 5\n')
  })

  it('breaks between facts at the edge of the terminal, under its message', () => {
    const facts = {
      symbols: ['BTCUSDT', 'ETHUSDT'],
      events: { liquidation: 3, warning: 12 },
      gone: undefined,
    }
    const lines = logLines(at(recordOf((log) => log.info(facts, 'worker runs'))), plain, 50)
    expect(lines).toBe(
      '08:53:20Z worker runs  symbols BTCUSDT, ETHUSDT\n' +
        '          events.liquidation 3  events.warning 12\n',
    )
  })

  it('breaks a long message or fact between its words', () => {
    const facts = { shell: 'env LD_LIBRARY_PATH=/somewhere/long redis-cli -s /a/socket' }
    const record = recordOf((log) =>
      log.info(facts, 'a private Redis that has many words to say about itself'),
    )
    const lines = logLines(at(record), plain, 40)
    expect(lines).toBe(
      '08:53:20Z a private Redis that has many\n' +
        '            words to say about itself\n' +
        '          shell env\n' +
        '            LD_LIBRARY_PATH=/somewhere/long\n' +
        '            redis-cli -s /a/socket\n',
    )
  })

  it('is yellow for a warning and red for an error, if colour is wanted', () => {
    const coloured = paletteOf(true)
    const warning = logLines(at(recordOf((log) => log.warn({}, 'late'))), coloured, 80)
    const error = logLines(at(recordOf((log) => log.error({}, 'lost'))), coloured, 80)
    expect(warning).toContain('\x1b[33mlate')
    expect(error).toContain('\x1b[31mlost')
    expect(stripVTControlCharacters(warning)).toBe('08:53:20Z late\n')
  })

  it('obeys nothing that a venue or an account says', () => {
    const hostile = { account: 'a\x1b[2J\u202e', 'x\u009b': ['\x07'] }
    const line = logLines(at(recordOf((log) => log.error(hostile, 'account refused'))), plain, 80)
    expect(line).toBe('08:53:20Z account refused  account a\\x1b[2J\\u202e  x\\x9b \\x07\n')
  })

  it('is what the log writes when it is given that form', () => {
    const lines: string[] = []
    const sink = { write: (line: string) => void lines.push(line) }
    const log = createFormattedLog('warn', sink, (record) => logLines(at(record), plain, 80))
    log.info({}, 'not at this level')
    log.child({ stream: 'bybit-linear' }).warn({ attempts: 3 }, 'connecting')
    expect(lines.join('')).toBe('08:53:20Z connecting  stream bybit-linear  attempts 3\n')
  })
})
