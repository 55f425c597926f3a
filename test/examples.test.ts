import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inTransaction, type SqlClient } from '../examples/transactional-inbox.ts'
import type { PlimsollEvent } from '../src/domain/index.ts'
import { runCli } from './support/cli.ts'
import { startTestRedis, type TestRedis } from './support/redis.ts'
import { openLog, sampleEvent, sampleRecords } from './support/sample-events.ts'
import { until } from './support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-examples-'))
const running: Example[] = []
let server: TestRedis

beforeAll(async () => {
  server = await startTestRedis()
})
afterEach(async () => {
  for (const example of running.splice(0)) await example.end('SIGKILL')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface Example {
  readonly lines: string[]
  readonly errors: string[]
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Runs an example as its first line says. */
function start(name: string, args: readonly string[]): Example {
  const program = fileURLToPath(new URL(`../dist/examples/${name}.js`, import.meta.url))
  expect(existsSync(program), 'an example runs from dist/: npm run build comes first').toBe(true)
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const errors: string[] = []
  createInterface(child.stdout).on('line', (line) => void lines.push(line))
  createInterface(child.stderr).on('line', (line) => void errors.push(line))
  const example: Example = {
    lines,
    errors,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill(signal)
      const [code] = (await ended) as [number | null]
      return code
    },
  }
  running.push(example)
  return example
}

describe('the example of a subscriber', () => {
  it('prints each event once, also after it was ended and started again', async () => {
    const { log, close } = await openLog(server.url)
    const args = [server.url, join(folder, 'handled.log')]
    const first = start('subscriber', args)
    log.publish(sampleRecords(3))
    await until(() => first.lines.length === 3)
    expect(first.lines[0]).toMatch(
      /^liquidation desk\/0\/cross\/USDT ratio 1\.41\d+ short of 44\.325 USDT \{/,
    )
    expect(await first.end('SIGTERM')).toBe(0)
    expect(first.errors).toEqual([])
    log.publish(sampleRecords(2, 3))
    const second = start('subscriber', args)
    await until(() => second.lines.length === 2)
    expect(await second.end('SIGTERM')).toBe(0)
    expect(second.lines.map((line) => line.split(' ')[1])).toEqual(['desk/3/cross/USDT', 'desk/4/cross/USDT'])
    await close()
  })
})

describe('the example without this package', () => {
  it('prints what a named consumer gets', async () => {
    const { log, close } = await openLog(server.url, { consumers: ['risk'] })
    const reader = start('plain-bullmq', [server.url, 'risk'])
    const records = sampleRecords(120)
    log.publish(records)
    await until(() => reader.lines.length === 120)
    expect(reader.lines).toEqual(records.map(({ event, subject }) => `${event.id} ${event.kind} ${subject}`))
    expect(await reader.end('SIGTERM')).toBe(0)
    expect(reader.errors).toEqual([])
    await close()
  })
})

describe('the example of a reader that keeps its own place', () => {
  it('prints every event in order and continues behind the last one after a restart', async () => {
    const { log, close } = await openLog(server.url)
    const args = [server.url, join(folder, 'place.txt')]
    const records = sampleRecords(40, 100)
    log.publish(records.slice(0, 25))
    const first = start('follow', args)
    const own = ({ lines }: Example) => lines.filter((line) => /cross.USDT$/.test(line))
    const subjects = (example: Example) => own(example).map((line) => line.split(' ').at(-1))
    await until(() => subjects(first).includes(records[24]!.subject))
    expect(await first.end('SIGTERM')).toBe(0)
    expect(first.errors).toEqual([])
    log.publish(records.slice(25))
    const second = start('follow', args)
    await until(() => subjects(second).length === 15)
    expect(subjects(second)).toEqual(records.slice(25).map(({ subject }) => subject))
    expect(await second.end('SIGTERM')).toBe(0)
    await close()
  })
})

describe('the example of accounts in CSV', () => {
  it('is imported as it is: every account is complete and breaks no rule', async () => {
    const path = fileURLToPath(new URL('../examples/accounts.csv', import.meta.url))
    const { code, stdout } = await runCli([
      'import',
      '--redis-url',
      server.url,
      '--shard',
      'csv',
      '--json',
      path,
    ])
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, imported: 3, refusedCount: 0 })
  })
})

/** A database with one table of effects, whose connections can be lost before or after any query. */
class Database {
  readonly handled = new Set<string>()
  readonly effects: string[] = []
  #queries = 0
  #loseAt = Number.POSITIVE_INFINITY
  #isDone = false

  /** The connection is lost at the query of that number, when the database has done it, or before. */
  loseConnectionAt(query: number, isDone: boolean): void {
    this.#queries = 0
    this.#loseAt = query
    this.#isDone = isDone
  }

  async connect(): Promise<SqlClient> {
    const noted: string[] = []
    const written: string[] = []
    const run = (sql: string, [value]: unknown[]): number => {
      if (sql.startsWith('INSERT INTO handled_events')) {
        if (this.handled.has(String(value))) return 0
        return noted.push(String(value))
      }
      if (sql.startsWith('INSERT INTO effects')) return written.push(String(value))
      if (sql === 'COMMIT') {
        for (const id of noted.splice(0)) this.handled.add(id)
        this.effects.push(...written.splice(0))
      }
      return 0
    }
    return {
      query: async (sql, values = []) => {
        const isLost = ++this.#queries === this.#loseAt
        if (isLost && !this.#isDone) throw new Error('connection lost')
        const rowCount = run(sql, values)
        if (isLost) throw new Error('connection lost')
        return { rowCount }
      },
      release: () => undefined,
    }
  }
}

describe('the example of an inbox in the transaction of the effect', () => {
  const QUERIES = 4
  const LOSSES = Array.from(
    { length: QUERIES * 2 },
    (_, loss) => [Math.floor(loss / 2) + 1, loss % 2 === 1] as const,
  )

  it.each(LOSSES)(
    'has one effect where the connection is lost at query %i (done: %s)',
    async (query, isDone) => {
      const database = new Database()
      const handler = inTransaction(database, async ({ id }, client) => {
        await client.query('INSERT INTO effects (id) VALUES ($1)', [id])
      })
      const event: PlimsollEvent = sampleEvent('desk/1', 1)
      database.loseConnectionAt(query, isDone)
      await expect(handler(event)).rejects.toThrow('connection lost')
      await handler(event)
      await handler(event)
      expect(database.effects).toEqual([event.id])
    },
  )
})
