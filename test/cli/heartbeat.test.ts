import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { HEARTBEAT_EVERY_MS, startHeartbeat } from '../../src/cli/heartbeat.ts'
import { temporaryFolder } from '../support/cli.ts'
import { TestClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

it('a heartbeat is written again and again; a failure is reported once, and the next write is tried', async () => {
  const clock = new TestClock(0)
  const file = join(folder.path, 'heartbeat')
  const failures: Error[] = []
  const stop = startHeartbeat({ file, clock, failed: (error) => void failures.push(error) })
  const written = () => until(() => clock.timers === 1)
  const beat = async () => {
    clock.advance(HEARTBEAT_EVERY_MS - 1)
    expect(clock.timers).toBe(1)
    clock.advance(1)
    expect(clock.timers).toBe(0)
    await written()
  }
  await written()
  expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:00.000Z\n')
  await beat()
  expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:05.000Z\n')
  rmSync(file)
  mkdirSync(file)
  await beat()
  await beat()
  expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining('EISDIR')])
  rmSync(file, { recursive: true })
  await beat()
  expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:20.000Z\n')
  stop()
  expect(clock.timers).toBe(0)
})
