import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { CommanderError } from 'commander'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { tailCommand } from '../../src/cli/tail.ts'
import { visible } from '../../src/cli/visible.ts'
import { systemClock } from '../../src/system/clock.ts'
import { useTestRedis } from '../support/redis.ts'
import { KEYS, queueConnection, sampleEvent, sampleMarketEvent } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const run = (...args: string[]) => runOn(new PassThrough(), args)
const runAtTerminal = (...args: string[]) => runOn(Object.assign(new PassThrough(), { isTTY: true }), args)

function runOn(output: PassThrough & { readonly isTTY?: boolean }, args: string[]) {
  const errors = new PassThrough()
  const text = { output: '', errors: '' }
  output.on('data', (chunk) => (text.output += chunk))
  errors.on('data', (chunk) => (text.errors += chunk))
  const connections: Redis[] = []
  const command = tailCommand({
    connect: async () => {
      const redis = queueConnection(harness.server.url)
      connections.push(redis)
      return { redis, eventsKey: KEYS.events, close: async () => undefined }
    },
    clock: systemClock,
    output,
    errors,
  })
  command.exitOverride().configureOutput({ writeErr: () => undefined })
  return { done: command.parseAsync(args, { from: 'user' }), text, output, connections }
}

const append = (id: string, sequence: number) =>
  harness.probe.xadd(KEYS.events, id, 'event', JSON.stringify(sampleEvent('desk/1', sequence)))

async function following(): Promise<void> {
  await until(async () => String(await harness.probe.info('clients')).includes('blocked_clients:1'))
}

describe('plimsoll tail', () => {
  it('prints lines for a person at a terminal', async () => {
    await harness.probe.xadd(KEYS.events, '1-0', 'owner', '1')
    await append('1-1', 1)
    const { done, text } = runAtTerminal('--from', 'beginning', '--count', '1')
    await done
    expect(stripVTControlCharacters(text.output).split('\n').slice(0, 2)).toEqual([
      '-- 2025-10-09 UTC',
      '08:53:20Z  LIQUIDATION   desk/1/cross/USDT  short 44.325 USDT  ratio 1.4128',
    ])
    expect(text.errors).toBe(
      'plimsoll: events of {plimsoll:0}:events from the beginning, then those that follow; Ctrl-C ends\n',
    )
  })

  it('says at a terminal what it waits for', async () => {
    const { done, text } = runAtTerminal()
    await following()
    process.emit('SIGINT')
    await done
    expect(text.errors).toBe('plimsoll: waiting for events in {plimsoll:0}:events; Ctrl-C ends\n')
  })

  it.each([
    ['on a pipe', run],
    ['at a terminal with --json', (...args: string[]) => runAtTerminal(...args, '--json')],
  ])('prints the whole event as one line of JSON %s', async (_where, start) => {
    const hostile = { ...sampleEvent('desk/1', 1), marginAccount: '\u009b2J\u202e' }
    await harness.probe.xadd(KEYS.events, '1-1', 'event', JSON.stringify(hostile))
    const { done, text } = start('--from', 'beginning', '--count', '1')
    await done
    expect(JSON.parse(text.output)).toEqual(hostile)
    expect(visible(text.output.trimEnd())).toBe(text.output.trimEnd())
  })

  it('shows the events of markets too', async () => {
    const stale = sampleMarketEvent('BTCUSDT', 1, { marginAccounts: 2 })
    await harness.probe.xadd(KEYS.events, '1-1', 'event', JSON.stringify(stale))
    const person = runAtTerminal('--from', 'beginning', '--count', '1')
    await person.done
    expect(person.text.output).toContain('2 margin accounts have no verdict')
    const program = run('--from', 'beginning', '--count', '1')
    await program.done
    expect(JSON.parse(program.text.output)).toEqual(stale)
  })

  it('begins with what comes after its start', async () => {
    await append('1-1', 1)
    const { done, text } = run('--count', '2', '--json')
    await following()
    await append('1-2', 2)
    await append('1-3', 3)
    await done
    expect(
      text.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).sequence),
    ).toEqual([2, 3])
  })

  it('begins after the given id', async () => {
    for (const sequence of [1, 2, 3]) await append(`1-${sequence}`, sequence)
    const { done, text } = run('--from', '1-2', '--count', '1', '--json')
    await done
    expect(JSON.parse(text.output).sequence).toBe(3)
  })

  it('reports an entry that is not an event and continues', async () => {
    await harness.probe.xadd(KEYS.events, '1-1', 'event', '{"id":')
    await append('1-2', 2)
    const { done, text } = run('--from', 'beginning', '--count', '1', '--json')
    await done
    expect(text.errors).toContain('entry 1-1 of {plimsoll:0}:events is not an event of this version')
    expect(JSON.parse(text.output).sequence).toBe(2)
  })

  it('continues at its place when Redis restarts', async () => {
    await append('1-1', 1)
    const { done, text } = run('--from', 'beginning', '--count', '2', '--json')
    await until(() => text.output !== '')
    await harness.server.restart()
    await until(async () => (await harness.probe.ping().catch(() => '')) === 'PONG')
    await append('1-2', 2)
    await done
    expect(
      text.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).sequence),
    ).toEqual([1, 2])
  })

  it('ends on Ctrl-C, without a fault and with its connection closed', async () => {
    const listeners = process.listenerCount('SIGINT')
    const { done, text, connections } = run()
    await following()
    process.emit('SIGINT')
    await done
    expect(text).toEqual({ output: '', errors: '' })
    expect(connections[0]?.status).toBe('end')
    expect(process.listenerCount('SIGINT')).toBe(listeners)
    expect(process.exitCode).toBeUndefined()
  })

  it('ends when its reader goes away', async () => {
    const { done, output } = run()
    await following()
    output.emit('error', new Error('EPIPE'))
    await done
  })

  it.each([
    ['--count', '0'],
    ['--count', 'many'],
    ['--from', 'yesterday'],
  ])('refuses %s %s', async (...args) => {
    await expect(run(...args).done).rejects.toBeInstanceOf(CommanderError)
  })
})
