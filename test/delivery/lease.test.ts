import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { LEASE_MS, type OwnerProcess } from '../../src/delivery/index.ts'
import { useTestRedis } from '../support/redis.ts'
import { KEYS, openLog, ready, sampleRecords } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const HERE: OwnerProcess = { host: 'here', pid: 10, isRunning: () => true }
const THERE: OwnerProcess = { host: 'there', pid: 10, isRunning: () => true }

const isStandby = (line: string) => line.startsWith('standby')

/** Opens a log and says whether that is done. */
function opening(options: Parameters<typeof openLog>[1]) {
  const notices: string[] = []
  const state = { isOpen: false, notices }
  const opened = openLog(harness.server.url, { ...options, notice: (line) => void notices.push(line) })
  const done = opened.then((log) => {
    state.isOpen = true
    return log
  })
  return { state, done }
}

describe('the lease of the owner', () => {
  it('names host and process, lives at most 5 s and is renewed', async () => {
    const { close } = await openLog(harness.server.url, { owner: HERE })
    expect(LEASE_MS).toBeLessThanOrEqual(5_000)
    expect(await harness.probe.get(KEYS.owner)).toMatch(/^\d+ here 10 \S+$/)
    await harness.probe.pexpire(KEYS.owner, 1_500)
    await until(async () => (await harness.probe.pttl(KEYS.owner)) > 2_000)
    await close()
    expect(await harness.probe.exists(KEYS.owner)).toBe(0)
  })

  it('keeps another worker waiting as a standby until the owner stops in order', async () => {
    const first = await openLog(harness.server.url, { owner: HERE })
    const second = opening({ owner: THERE })
    await until(() => second.state.notices.length > 0)
    first.log.publish(sampleRecords(10))
    expect(await first.log.flush(5_000)).toBe(true)
    expect(second.state.isOpen).toBe(false)
    expect(second.state.notices).toEqual([
      expect.stringMatching(/^standby: process 10 on here owns this shard/),
    ])
    await first.close()
    const { log, close } = await second.done
    log.publish(sampleRecords(10, 10))
    expect(await log.flush(5_000)).toBe(true)
    expect(first.faults).toEqual([])
    await close()
  })

  it('expires when its owner does not renew it, and then the standby takes over', async () => {
    await harness.probe.set(KEYS.owner, '1 elsewhere 10 token', 'PX', 700)
    const { done, state } = opening({ owner: THERE })
    const { close } = await done
    expect(state.notices[0]).toContain('standby: process 10 on elsewhere')
    await close()
  })

  it('of an owner that was killed on the same host delays no worker', async () => {
    const killed = spawn('sleep', ['60'])
    const pid = killed.pid ?? 0
    const host = (await leaseOf()).split(' ')[1]
    await harness.probe.set(KEYS.owner, `1 ${host} ${pid} token`, 'PX', 60_000)
    const waiting = opening({})
    await until(() => waiting.state.notices.length > 0)
    killed.kill('SIGKILL')
    await new Promise((resolve) => void killed.once('exit', resolve))
    await (await waiting.done).close()
    await harness.probe.set(KEYS.owner, `1 ${host} ${pid} token`, 'PX', 60_000)
    const { close, notices } = await openLog(harness.server.url)
    expect(notices.filter(isStandby)).toEqual([])
    await close()
  })

  it('of an earlier process that had our own id delays no worker', async () => {
    const host = (await leaseOf()).split(' ')[1]
    await harness.probe.set(KEYS.owner, `1 ${host} ${process.pid} earlier`, 'PX', 60_000)
    const { close, notices } = await openLog(harness.server.url)
    expect(notices.filter(isStandby)).toEqual([])
    await close()
  })

  it('is taken at once on request, and the owner ends though it has nothing to write', async () => {
    const first = await openLog(harness.server.url, { owner: HERE })
    const second = await openLog(harness.server.url, { owner: THERE, takeOver: true })
    await until(() => first.faults.length > 0)
    expect(first.faults.map(({ code }) => code)).toEqual(['STREAM_FENCED'])
    await first.close()
    expect(await harness.probe.get(KEYS.owner)).toContain('there')
    await second.close()
  })

  it('is taken again by its owner after Redis lost it', async () => {
    const { close, faults } = await openLog(harness.server.url, { owner: HERE })
    await harness.probe.del(KEYS.owner)
    await until(async () => (await harness.probe.exists(KEYS.owner)) === 1)
    expect(faults).toEqual([])
    await close()
  })

  it('is waited for through a restart of Redis', async () => {
    const first = await openLog(harness.server.url, { owner: HERE })
    const second = opening({ owner: THERE })
    await until(() => second.state.notices.length > 0)
    process.kill(harness.server.pid, 'SIGKILL')
    await until(() => second.state.notices.length > 1)
    await harness.server.restart()
    await ready(first.redis)
    await first.close()
    const { close, log } = await second.done
    expect(second.state.notices[1]).toMatch(/^standby: Redis is asked again until it answers: ./)
    log.publish(sampleRecords(3))
    expect(await log.flush(5_000)).toBe(true)
    await close()
  })

  it('is not waited for after the start is given up', async () => {
    const first = await openLog(harness.server.url, { owner: HERE })
    const abort = new AbortController()
    const second = opening({ owner: THERE, signal: abort.signal })
    await until(() => second.state.notices.length > 0)
    abort.abort(new Error('enough'))
    await expect(second.done).rejects.toThrow('enough')
    await first.close()
  })
})

/** The lease of this process. */
async function leaseOf(): Promise<string> {
  const { close } = await openLog(harness.server.url)
  const lease = (await harness.probe.get(KEYS.owner)) ?? ''
  await close()
  await harness.probe.flushall()
  return lease
}
