import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { HEARTBEAT_EVERY_MS, startHeartbeat } from '../../src/cli/heartbeat.ts'
import type { Clock } from '../../src/domain/index.ts'
import { temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

it('a heartbeat is written again and again; a failure is reported once, and the next write is tried', async () => {
  let nowMs = 0
  let next: (() => void) | undefined
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      expect(delayMs).toBe(HEARTBEAT_EVERY_MS)
      next = callback
      return () => {
        next = undefined
      }
    },
    nextTurn: (callback) => callback(),
  }
  const file = join(folder.path, 'heartbeat')
  const failures: Error[] = []
  const stop = startHeartbeat({ file, clock, failed: (error) => void failures.push(error) })
  const beat = async () => {
    const callback = next!
    next = undefined
    nowMs += HEARTBEAT_EVERY_MS
    callback()
    await vi.waitFor(() => expect(next).toBeDefined())
  }
  await vi.waitFor(() => expect(next).toBeDefined())
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
  expect(next).toBeUndefined()
})
