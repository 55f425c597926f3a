import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../src/system/index.ts'
import {
  type HeldLock,
  isHeld,
  isRunning,
  type LockOwner,
  lockOwnerOf,
  takeLock,
} from '../../src/system/lock-file.ts'
import { deadProcessId, type Racers, startRacers } from '../support/race.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'))
const RACERS = 4
let racers: Racers | undefined
afterEach(async () => {
  await racers?.stop()
  racers = undefined
})
afterAll(() => rmSync(folder, { recursive: true }))
let locks = 0
const freshPath = () => join(folder, `lock-${++locks}`)

function held(result: HeldLock | LockOwner): HeldLock {
  if (!isHeld(result)) throw new Error(`process ${result.pid} has the lock`)
  return result
}

function owner(result: HeldLock | LockOwner): LockOwner {
  if (isHeld(result)) throw new Error('this process got the lock')
  return result
}

describe('a lock', () => {
  it('names the process that has it, and is free after its release', () => {
    const path = freshPath()
    const lock = held(takeLock(path))
    expect(owner(takeLock(path))).toMatchObject({ pid: process.pid })
    expect(isRunning(owner(takeLock(path)))).toBe(true)
    lock.release()
    expect(lockOwnerOf(path)).toBeUndefined()
    held(takeLock(path)).release()
  })

  it('is taken over by one of those that saw the same dead owner', () => {
    const path = freshPath()
    writeFileSync(path, JSON.stringify({ pid: deadProcessId() }))
    const dead = owner(takeLock(path))
    expect(isRunning(dead)).toBe(false)
    held(takeLock(path, dead))
    expect(owner(takeLock(path, dead))).toMatchObject({ pid: process.pid })
  })

  it('is not taken over from an owner that has changed since', () => {
    const path = freshPath()
    const lock = held(takeLock(path))
    const before = owner(takeLock(path))
    lock.record(process.ppid, { url: 'redis://127.0.0.1:1' })
    expect(owner(takeLock(path, before))).toMatchObject({
      pid: process.ppid,
      facts: { url: 'redis://127.0.0.1:1' },
    })
    lock.release()
    expect(lockOwnerOf(path)).toBeUndefined()
  })

  it('does not belong to a process that was given the id of a dead owner', () => {
    const path = freshPath()
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'in another life' }))
    expect(isRunning(owner(takeLock(path)))).toBe(false)
  })

  it.each(['', '[1', 'null', '{"pid":0}', '{"pid":"7"}'])('has no owner where its file holds %j', (text) => {
    const path = freshPath()
    writeFileSync(path, text)
    const dead = owner(takeLock(path))
    expect(isRunning(dead)).toBe(false)
    held(takeLock(path, dead)).release()
  })

  it('leaves no file behind', () => {
    const path = freshPath()
    writeFileSync(path, '')
    held(takeLock(path, owner(takeLock(path)))).release()
    expect(readdirSync(folder).filter((name) => name.startsWith(path.slice(folder.length + 1)))).toEqual([])
  })
})

describe('processes that race for one lock', () => {
  it('get it one after the other while each winner is killed', async () => {
    racers = await startRacers(RACERS, 'subscriber/index.js', 'fileInbox')
    const path = freshPath()
    for (let alive = RACERS; alive > 0; alive--) {
      const finishes = await racers.race(path)
      const winners = finishes.filter(({ won }) => won)
      expect(winners).toHaveLength(1)
      for (const { won, message } of finishes) {
        if (!won) expect(message).toContain(`in use by process ${winners[0]!.pid}`)
      }
      await racers.kill(winners[0]!.pid)
    }
  })
})

it('a lock stands on the disk that it is given, and gives up where every link comes too late', () => {
  const path = freshPath()
  const disk = { ...systemDisk, link: () => false }
  expect(() => takeLock(path, undefined, disk)).toThrow('was lost to another process 100 times')
  expect(readdirSync(folder).filter((name) => join(folder, name).startsWith(path))).toEqual([])
})
