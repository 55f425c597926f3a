import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { PlimsollError } from '../src/errors.ts'
import { VENUES } from '../src/venues/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function faultOf(action: () => unknown): PlimsollError {
  try {
    action()
  } catch (error) {
    if (error instanceof PlimsollError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('the source of a setting', () => {
  it('has a default for everything but the Redis URL', () => {
    expect(loadConfig({}, {})).toEqual({
      dataDir: '.data',
      appendfsync: 'always',
      recordMaxMib: 1024,
      shard: '0',
      levels: ['10%', '5%', '2%'],
      hysteresis: '0.01',
      kernel: 'wasm-simd',
      consumers: [],
      takeOver: false,
      allowUnsafeRedis: false,
      logLevel: 'info',
      strictRules: false,
      funding: 'apply',
      rulesMaxAgeDays: 14,
      instrumentsMinutes: 5,
      streamUrls: {},
    })
  })

  it('reads every variable of the environment', () => {
    const environment = {
      REDIS_URL: 'redis://localhost:6379',
      PLIMSOLL_DATA_DIR: '/var/lib/plimsoll',
      PLIMSOLL_SHARD: 'eu-1',
      PLIMSOLL_LEVELS: '0.6, 0.8',
      PLIMSOLL_HYSTERESIS: '0.02',
      PLIMSOLL_RULES: 'rules.json',
      PLIMSOLL_STRICT_RULES: 'true',
      PLIMSOLL_FUNDING: 'ignore',
      PLIMSOLL_RULES_MAX_AGE: '30',
      PLIMSOLL_INSTRUMENTS: '0',
      PLIMSOLL_KERNEL: 'wasm-scalar',
      PLIMSOLL_CONSUMERS: 'risk, alerts',
      PLIMSOLL_TAKE_OVER: 'true',
      PLIMSOLL_ALLOW_UNSAFE_REDIS: '1',
      PLIMSOLL_LOG_LEVEL: 'warn',
      PLIMSOLL_APPENDFSYNC: 'everysec',
      PLIMSOLL_HEARTBEAT_FILE: '/run/plimsoll/heartbeat',
      PLIMSOLL_RECORD: '/var/lib/plimsoll/recording',
      PLIMSOLL_RECORD_MAX: '64',
      PLIMSOLL_STREAM_URL_BYBIT_LINEAR: 'wss://stream.example/v5/public/linear',
    }
    expect(loadConfig({}, environment)).toEqual({
      redisUrl: 'redis://localhost:6379',
      dataDir: '/var/lib/plimsoll',
      appendfsync: 'everysec',
      heartbeatFile: '/run/plimsoll/heartbeat',
      recordDir: '/var/lib/plimsoll/recording',
      recordMaxMib: 64,
      shard: 'eu-1',
      levels: ['0.6', '0.8'],
      hysteresis: '0.02',
      rulesFile: 'rules.json',
      strictRules: true,
      funding: 'ignore',
      rulesMaxAgeDays: 30,
      instrumentsMinutes: 0,
      kernel: 'wasm-scalar',
      consumers: ['risk', 'alerts'],
      takeOver: true,
      allowUnsafeRedis: true,
      logLevel: 'warn',
      streamUrls: { 'bybit-linear': 'wss://stream.example/v5/public/linear' },
    })
  })

  it('puts flags above the environment, stream by stream too', () => {
    const flags = { shard: 'flag', levels: [], streamUrls: { 'bybit-linear': 'ws://flag' } }
    const environment = {
      PLIMSOLL_SHARD: 'environment',
      PLIMSOLL_LEVELS: '0.6',
      PLIMSOLL_STREAM_URL_BYBIT_LINEAR: 'ws://environment',
      PLIMSOLL_STREAM_URL_BYBIT_INVERSE: 'ws://environment',
    }
    expect(loadConfig(flags, environment)).toMatchObject({
      shard: 'flag',
      levels: [],
      streamUrls: { 'bybit-linear': 'ws://flag', 'bybit-inverse': 'ws://environment' },
    })
  })

  it('leaves a flag that was not given, and an empty variable, to the next source', () => {
    expect(loadConfig({ shard: undefined } as object, { PLIMSOLL_SHARD: 'a', REDIS_URL: '' })).toMatchObject({
      shard: 'a',
    })
    expect(loadConfig({}, { REDIS_URL: '' }).redisUrl).toBeUndefined()
  })

  it('takes no notice of the variables of others', () => {
    expect(loadConfig({}, { HOME: '/root', PLIMSOLLX: '1' })).toEqual(loadConfig({}, {}))
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(loadConfig({}, {}))).toBe(true)
  })

  describe('a .env file', () => {
    const before = process.cwd()
    beforeEach(() => process.chdir(folder))
    afterEach(() => {
      process.chdir(before)
      vi.unstubAllEnvs()
      delete process.env.PLIMSOLL_SHARD
    })

    it('is overridden by the environment and overrides the defaults', () => {
      writeFileSync(join(folder, '.env'), 'PLIMSOLL_SHARD=file\nPLIMSOLL_HYSTERESIS=0.03\n')
      vi.stubEnv('PLIMSOLL_HYSTERESIS', '0.05')
      expect(loadConfig()).toMatchObject({ shard: 'file', hysteresis: '0.05' })
    })
  })
})

describe('wrong settings', () => {
  it('are all named at once, each with its value and rule', () => {
    const { code, message } = faultOf(() =>
      loadConfig(
        { streamUrls: { 'bybit-linear': 'http://stream', 'bybit-klines': 'ws://record' } },
        {
          PLIMSOLL_SHARD: 'a b',
          PLIMSOLL_LEVELS: '0.5,high',
          PLIMSOLL_KERNEL: 'gpu',
          PLIMSOLL_CONSUMERS: 'risk,Alerts',
          PLIMSOLL_TAKE_OVER: 'now',
          PLIMSOLL_ALLOW_UNSAFE_REDIS: 'yes',
          PLIMSOLL_LOG_LEVEL: 'loud',
        },
      ),
    )
    expect(code).toBe('CONFIGURATION')
    const named = [
      '--shard (PLIMSOLL_SHARD) is "a b": must be 1 to 32 letters, digits, _ or -;',
      '--levels (PLIMSOLL_LEVELS) is "0.5,high": entry 2 must be a margin ratio, such as 0.8, or a distance',
      '--kernel (PLIMSOLL_KERNEL) is "gpu": must be one of wasm-simd, wasm-scalar, typescript;',
      '--consumers (PLIMSOLL_CONSUMERS) is "risk,Alerts": entry 2 must be 1 to 32 of a-z, 0-9 and -;',
      '--take-over (PLIMSOLL_TAKE_OVER) is "now": must be true or false;',
      '--allow-unsafe-redis (PLIMSOLL_ALLOW_UNSAFE_REDIS) is "yes": must be true or false;',
      '--log-level (PLIMSOLL_LOG_LEVEL) is "loud": must be one of debug, info, warn, error, silent;',
      '--stream-url bybit-linear (PLIMSOLL_STREAM_URL_BYBIT_LINEAR) is "http://stream": must be a URL that begins with ws:// or wss://',
      '--stream-url bybit-klines (PLIMSOLL_STREAM_URL_BYBIT_KLINES) is "ws://record": must be a URL that begins with http:// or https://',
    ]
    for (const text of named) expect(message).toContain(text)
  })

  it('include a variable of ours that is none, by name', () => {
    const { code, message } = faultOf(() => loadConfig({}, { PLIMSOLL_LEVEL: '0.5', PLIMSOLL_SHARD: '' }))
    expect({ code, message }).toEqual({
      code: 'CONFIGURATION',
      message: 'wrong settings: PLIMSOLL_LEVEL is not a setting',
    })
  })

  it.each(['0', '-1', '1.5', '14 days', '10000'])('include the age of rules %j', (days) => {
    const { message } = faultOf(() => loadConfig({}, { PLIMSOLL_RULES_MAX_AGE: days }))
    expect(message).toContain(
      `--rules-max-age (PLIMSOLL_RULES_MAX_AGE) is ${JSON.stringify(days)}: must be a whole number of days from 1 to 9999`,
    )
  })

  it.each(['-1', '1.5', 'off', '10000'])('include the minutes between readings of lists %j', (minutes) => {
    const { message } = faultOf(() => loadConfig({}, { PLIMSOLL_INSTRUMENTS: minutes }))
    expect(message).toContain(
      `--instruments (PLIMSOLL_INSTRUMENTS) is ${JSON.stringify(minutes)}: must be a whole number of minutes from 0`,
    )
  })

  it('include a stream that no venue has', () => {
    const { message } = faultOf(() => loadConfig({}, { PLIMSOLL_STREAM_URL_BYBIT_SPOT: 'wss://stream' }))
    const streams = VENUES.flatMap(({ sources }) => sources)
    const histories = VENUES.flatMap(({ markHistory = [] }) => markHistory)
    const lists = VENUES.flatMap(({ instruments = [] }) => instruments)
    const known = [...streams, ...histories, ...lists].map(({ id }) => id).join(', ')
    expect(message).toBe(
      `wrong settings: --stream-url bybit-spot (PLIMSOLL_STREAM_URL_BYBIT_SPOT) is the URL of no stream; known are ${known}`,
    )
  })

  it.each([
    [
      'levels that do not rise',
      '0.7,0.5',
      '0.01',
      '--levels (PLIMSOLL_LEVELS): levels[1] is 0.5, levels must rise',
    ],
    [
      'a level at the line',
      '0.5,1',
      '0.01',
      '--levels (PLIMSOLL_LEVELS): levels[1] is 1, levels must rise, the first at least 0.05, the last below 1',
    ],
    [
      'a negative hysteresis',
      '0.5',
      '-0.1',
      '--hysteresis (PLIMSOLL_HYSTERESIS): hysteresis is -0.1, it must be between 0 and 1',
    ],
  ])('include %s', (_, levels, hysteresis, expected) => {
    const environment = { PLIMSOLL_LEVELS: levels, PLIMSOLL_HYSTERESIS: hysteresis }
    const { code, message } = faultOf(() => loadConfig({}, environment))
    expect(code).toBe('CONFIGURATION')
    expect(message).toContain(expected)
  })

  it('never show the password of a Redis URL', () => {
    const { message } = faultOf(() => loadConfig({}, { REDIS_URL: 'redis://:secret@host', PLIMSOLL_X: '1' }))
    expect(message).not.toContain('secret')
  })
})
