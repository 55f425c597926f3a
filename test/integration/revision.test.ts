import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { subscribe } from '../../src/api/subscribe.ts'
import { inboxId, type PlimsollEvent, revisionSubject } from '../../src/domain/index.ts'
import { fileInbox } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { longAt100 } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { until } from '../support/until.ts'
import { Servers, type Shard } from './harness.ts'

let servers: Servers
let shard: Shard
beforeAll(async () => {
  servers = await Servers.start()
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterAll(() => servers.stop())

const heard = () => until(() => servers.exchange.isHeard('AAAUSDT'))
const named = (events: readonly PlimsollEvent[]) =>
  events.map((event) => `${event.kind} ${'confidence' in event ? event.confidence : ''}`)

/** Every event of the shard that takes effect, noted in an inbox on disk. */
function consume(path: string) {
  const effects: PlimsollEvent[] = []
  const inbox = fileInbox(path, { sync: false })
  const subscription = subscribe({
    connection: { url: servers.redis.url },
    queuePrefix: shard.keys.queuePrefix,
    handler: (event) => void effects.push(event),
    inbox,
    clock: systemClock,
    fault: (error) => {
      throw error
    },
  })
  const close = async () => {
    await subscription.close()
    await inbox.close()
  }
  return { effects, subscription, close }
}

/** A worker that has heard 100 and then 60: the long is liquidated on a price that is too far away. */
async function fallSuddenly(...args: string[]) {
  servers.exchange.setMark('AAAUSDT', '100')
  await shard.store([longAt100('desk/1', '20')])
  const worker = await shard.startWorker(...args)
  await heard()
  await new Promise((resolve) => setTimeout(resolve, 500))
  servers.exchange.setMark('AAAUSDT', '60')
  await until(async () => (await shard.streamed()).length === 1)
  return worker
}

describe('a suspect event', () => {
  it('is revised in the stream, in a job and at a subscriber, each once, and tail and verify know it', async () => {
    const { path, remove } = temporaryFolder()
    onTestFinished(remove)
    const first = consume(`${path}/inbox`)
    const worker = await fallSuddenly('--record', `${path}/recorded`)
    await until(async () => (await shard.revisions()).length === 1)
    await until(() => first.effects.length === 2)
    expect(named(first.effects)).toEqual(['liquidation suspect', 'revision confirmed'])
    const [event, revision] = first.effects
    expect(revision!.id).toBe(event!.id)
    expect(await shard.queued()).toEqual([event!.id, event!.id])
    const ended = await worker.end('SIGTERM')
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, ''])
    await first.close()

    // The inbox knows both, so that neither takes effect again when its job comes again.
    const inbox = fileInbox(`${path}/inbox`)
    expect([await inbox.has(inboxId(event!)), await inbox.has(inboxId(revision!))]).toEqual([true, true])
    await inbox.close()
    const store = ['--redis-url', servers.redis.url, '--shard', shard.name]
    const tail = await runCli(['tail', ...store, '--from', 'beginning', '--count', '2', '--json'])
    expect(
      tail.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([event, revision])
    const verified = await runCli(['verify', '-'], { input: tail.stdout })
    expect([verified.code, verified.stderr]).toEqual([0, ''])

    // A replay of what the worker heard says the same, in a log of its own.
    const replayed = await runCli(['replay', `${path}/recorded`, '--rules', servers.rulesFile])
    const [, again] = replayed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const { id: _, ...said } = revision!
    expect(again).toMatchObject({ ...said, logId: 'replay', shard: 'replay' })
    const twice = await runCli(['replay', `${path}/recorded`, '--rules', servers.rulesFile])
    expect(twice.stdout).toBe(replayed.stdout)
  })

  it('that a killed worker leaves is kept in Redis, and kept until its revision by the next worker', async () => {
    const worker = await fallSuddenly()
    await worker.end('SIGKILL')
    const [event] = await shard.streamed()
    const kept = () => servers.probe.hget(shard.keys.progress, revisionSubject(event!.id))
    expect(JSON.parse((await kept())!)).toMatchObject({
      id: event!.id,
      revisedKind: 'liquidation',
      untilMs: event!.receivedTimeMs + 60_000,
      markets: [{ symbol: 'AAAUSDT', markPrice: '60' }],
    })
    const next = await shard.startWorker('--take-over')
    await heard()
    await until(async () => (await servers.probe.hget(shard.keys.progress, 'log id')) !== null)
    expect((await next.end('SIGTERM')).code).toBe(0)
    expect(await shard.revisions()).toEqual([])
    expect(await kept()).not.toBeNull()
    // The limit has passed when the next worker starts.
    const past = { ...JSON.parse((await kept())!), untilMs: event!.receivedTimeMs }
    await servers.probe.hset(shard.keys.progress, revisionSubject(event!.id), JSON.stringify(past))
    const last = await shard.startWorker()
    await until(async () => (await shard.revisions()).length === 1)
    expect((await last.end('SIGTERM')).code).toBe(0)
    expect(await shard.revisions()).toMatchObject([
      { id: event!.id, confidence: 'undecided', markets: [{ by: 'restart' }] },
    ])
    expect(await kept()).toBeNull()
  })
})
