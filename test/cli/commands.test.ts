import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { finished, runCli, spawnCli, temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

const COMMANDS = ['run', 'demo', 'import', 'accounts', 'margin', 'rules', 'decode', 'tail']

describe('the help', () => {
  it('names every command and the exit codes', async () => {
    const { code, stdout, stderr } = await runCli(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(stdout).toContain('Exit codes: 0 ok, 1 fault, 2 usage or configuration.')
  })

  it('comes with the version of the package', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

/** Each ends with exit code 2 and one message that names the fault. */
const WRONG_USE: readonly (readonly [args: readonly string[], message: string])[] = [
  [['no-such-command'], "unknown command 'no-such-command'"],
  [['run', '--no-such-flag'], "unknown option '--no-such-flag'"],
  [['run', 'argument'], "too many arguments for 'run'"],
  [
    ['run', '--stream-url', 'bybit-linear'],
    "'--stream-url <id=url>' argument 'bybit-linear' is invalid. It must be stream=url",
  ],
  [
    ['run', '--stream-url', 'kraken=ws://host'],
    '--stream-url kraken (PLIMSOLL_STREAM_URL_KRAKEN) is the URL of no stream; known are bybit-linear,',
  ],
  [
    ['run', '--stream-url', 'bybit-linear=http://host'],
    '--stream-url bybit-linear (PLIMSOLL_STREAM_URL_BYBIT_LINEAR) is "http://host": must be a URL',
  ],
  [['run', '--levels', '0.9,0.5'], '--levels (PLIMSOLL_LEVELS): levels[1] is 0.5, levels must rise'],
  [['run', '--levels', 'high'], '--levels (PLIMSOLL_LEVELS) is "high": entry 1 must be a margin ratio'],
  [
    ['run', '--hysteresis', '-1'],
    '--hysteresis (PLIMSOLL_HYSTERESIS): hysteresis is -1, it must be between 0 and 1',
  ],
  [['run', '--kernel', 'gpu'], '--kernel (PLIMSOLL_KERNEL) is "gpu": must be one of wasm-simd,'],
  [['run', '--redis-url', 'http://host'], 'the Redis URL (--redis-url, REDIS_URL) must look like redis://'],
  [
    ['run', '--rules', '/nowhere/rules.json'],
    '--rules (PLIMSOLL_RULES) is "/nowhere/rules.json": the file cannot be read: there is no such file',
  ],
  [['run', '--data-dir', ''], '--data-dir (PLIMSOLL_DATA_DIR) is "": must not be empty'],
  [['run', '--heartbeat-file', ''], '--heartbeat-file (PLIMSOLL_HEARTBEAT_FILE) is "": must not be empty'],
  [['run', '--appendfsync', 'no'], '--appendfsync (PLIMSOLL_APPENDFSYNC) is "no": must be one of always,'],
  [['run', '--consumers', 'risk,risk'], '--consumers (PLIMSOLL_CONSUMERS) is "risk,risk": must not name'],
  [['run', '--log-level', 'loud'], '--log-level (PLIMSOLL_LOG_LEVEL) is "loud": must be one of debug,'],
  [
    ['tail', '--data-dir', '/nowhere/data'],
    'the data folder /nowhere/data does not exist: name that of the worker',
  ],
  ...[
    ['what-if', '*=-10%'],
    ['accounts', 'list'],
    ['accounts', 'show', 'a'],
    ['accounts', 'export'],
    ['accounts', 'remove', 'a', '--yes'],
  ].map((args): [string[], string] => [
    [...args, '--data-dir', '/nowhere/data'],
    'the data folder /nowhere/data does not exist: name that of the worker with --data-dir',
  ]),
  [['accounts', 'list'], '.data does not exist: name that of the worker with --data-dir'],
  [['tail', '--shard', 'a b'], '--shard (PLIMSOLL_SHARD) is "a b": must be 1 to 32'],
  [['accounts', 'list', '--symbol', 'a b'], "'a b' is invalid. It must be a venue symbol"],
  [['demo', '--accounts', '0'], 'must be a whole number'],
  [['import'], "missing required argument 'file'"],
  [['import', '/nowhere/accounts.jsonl'], '/nowhere/accounts.jsonl cannot be read: there is no such file'],
  [['import', '--format', 'xml', '-'], 'Allowed choices are jsonl, csv'],
  [['accounts', 'remove', '--yes'], 'name the accounts to remove, or give --all'],
  [['accounts', 'remove', '--all', 'x', '--yes'], 'name the accounts to remove, or give --all'],
  [['accounts', 'list', '--limit', '0'], 'must be a whole number, 1 or more'],
  [['accounts', 'list', '--venue', 'mtgox'], 'Allowed choices are bybit,'],
  [['accounts', 'show'], "missing required argument 'id'"],
  [['import', '--replace', '--yes', '-'], '--replace reads its file twice'],
  [['margin'], "missing required argument 'file'"],
  [['margin', '/nowhere/lines.jsonl'], '/nowhere/lines.jsonl cannot be read: there is no such file'],
  [['margin', '/'], '/ cannot be read: it is a folder; name a file in it'],
  [['margin', '--levels', '2', '-'], '--levels (PLIMSOLL_LEVELS): levels[0] is 2, levels must rise'],
  [['decode', '-'], "required option '--venue <venue>' not specified"],
  [['decode', '--venue', 'mtgox', '-'], '--venue mtgox is unknown; it must be one of bybit'],
  [['tail', '--count', 'many'], 'must be a whole number, 1 or more'],
  [['tail', '--from', 'yesterday'], 'It must be now, beginning or a stream id'],
]

describe('wrong use', () => {
  it.each(WRONG_USE)('%j is refused with exit code 2 and a message that names it', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args, { cwd: folder.path })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(readdirSync(folder.path)).toEqual([])
  })

  it('takes the levels of the environment in plimsoll margin, and refuses a wrong setting there', async () => {
    const position = {
      symbol: 'BTCUSDT',
      marginMode: 'isolated',
      size: '1',
      entryPrice: '60000',
      leverage: '20',
    }
    const input = JSON.stringify({
      account: { id: 'a', venue: 'bybit', positions: [position] },
      marks: { BTCUSDT: '60000' },
    })
    const judged = async (env: Readonly<Record<string, string>>) =>
      await runCli(['margin', '-'], { env, cwd: folder.path, input })
    const { stdout } = await judged({ PLIMSOLL_LEVELS: '0.05,0.9' })
    expect(JSON.parse(stdout).marginAccounts[0].level).toBe('0.05')
    expect(await judged({ PLIMSOLL_LEVELS: 'abc' })).toMatchObject({ code: 2, stdout: '' })
    const { code, stderr } = await judged({ PLIMSOLL_FOO: '1' })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('PLIMSOLL_FOO is not a setting'),
    })
  })

  it('prints one line for a wrong setting of the environment', async () => {
    const env = { PLIMSOLL_LEVLES: '0.5', PLIMSOLL_SHARD: 'a b' }
    const { code, stderr } = await runCli(['run'], { env, cwd: folder.path })
    expect(code).toBe(2)
    expect(stderr).toBe(
      'plimsoll: CONFIGURATION: wrong settings: PLIMSOLL_LEVLES is not a setting; ' +
        '--shard (PLIMSOLL_SHARD) is "a b": must be 1 to 32 letters, digits, _ or -\n',
    )
  })

  it('shows the help when no command is given', async () => {
    const { code, stderr } = await runCli([])
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: plimsoll')
  })
})

/** What is no usage fault and no success: exit code 1 and one line. */
const FAULTS: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['run', '--redis-url', 'redis://127.0.0.1:1'], /^plimsoll: REDIS_UNAVAILABLE: no Redis at /],
  [['demo', '--redis-url', 'redis://127.0.0.1:1', '--accounts', '1'], /^plimsoll: REDIS_UNAVAILABLE: /m],
  [['tail', '--redis-url', 'redis://127.0.0.1:1'], /^plimsoll: REDIS_UNAVAILABLE: no Redis at /],
  [['accounts', 'list', '--redis-url', 'redis://127.0.0.1:1'], /^plimsoll: REDIS_UNAVAILABLE: no Redis at /],
  [['import', '-', '--redis-url', 'redis://127.0.0.1:1'], /^plimsoll: REDIS_UNAVAILABLE: no Redis at /],
]

describe('a fault that is not wrong use', () => {
  it.each(FAULTS)('%j ends with exit code 1 and one line that names it', async (args, message) => {
    const { code, stderr } = await runCli(args, { cwd: folder.path })
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it.skipIf(process.platform !== 'linux')('an input that the system stops reading is one', async () => {
    const { code, stdout, stderr } = await runCli(['decode', '--venue', 'bybit', '/proc/self/mem'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^plimsoll: INPUT_INVALID: the input cannot be read to its end: EIO.*\n$/)
  })
})

const ACCOUNT = {
  id: 'desk/1',
  venue: 'bybit',
  positions: [
    { symbol: 'BTCUSDT', marginMode: 'isolated', size: '1', entryPrice: '40000', isolatedMargin: '2000' },
  ],
}

describe('margin and decode through pipes', () => {
  it('margin answers line by line, bad lines in their place, and ends with exit code 1', async () => {
    const input = [
      JSON.stringify({ account: ACCOUNT, marks: { BTCUSDT: '40000' } }),
      '{"account"',
      JSON.stringify({ account: { ...ACCOUNT, colour: 'red' }, marks: {} }),
      JSON.stringify({ account: ACCOUNT, marks: { BTCUSDT: '1e5' } }),
      JSON.stringify({ account: ACCOUNT, marks: {} }),
    ].join('\n')
    const { code, stdout, stderr } = await runCli(['margin', '-'], { input })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatchObject({
      account: 'desk/1',
      marginAccounts: [{ walletBalance: '2000', marginBalance: '2000', verdict: 'warning', level: '5%' }],
    })
    expect(lines[1].error).toMatchObject({ code: 'INPUT_INVALID' })
    expect(lines[2].error).toMatchObject({ code: 'ACCOUNT_INVALID', path: 'account.colour' })
    expect(lines[3].error).toMatchObject({ code: 'MARK_INVALID', path: 'marks.BTCUSDT' })
    expect(lines[4].marginAccounts[0]).toMatchObject({ verdict: 'unknown', marginRatio: null })
  })

  it('margin refuses a symbol without rules by its name, and takes it with rules of the line', async () => {
    const account = { ...ACCOUNT, positions: [{ ...ACCOUNT.positions[0], symbol: 'NOSUCHUSDT' }] }
    const tiers = [{ cap: '2000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
    const rules = { NOSUCHUSDT: { kind: 'linear', settle: 'USDT', tiers } }
    const lines = [
      { account, marks: { NOSUCHUSDT: '40000' } },
      { account, marks: { NOSUCHUSDT: '40000' }, rules },
    ]
    const { stdout } = await runCli(['margin', '-'], {
      input: lines.map((line) => JSON.stringify(line)).join('\n'),
    })
    const [refused, taken] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(refused.error.code).toBe('SYMBOL_UNKNOWN')
    expect(refused.error.message).toContain('NOSUCHUSDT')
    expect(taken.marginAccounts[0].positions[0].notional).toBe('40000')
  })

  it('margin reads a file as well', async () => {
    const path = join(folder.path, 'lines.jsonl')
    writeFileSync(path, `${JSON.stringify({ account: ACCOUNT, marks: { BTCUSDT: '40000' } })}\n`)
    const { code, stdout } = await runCli(['margin', path])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).account).toBe('desk/1')
  })

  it('decode prints what each frame is; a text that is not a frame is not a fault', async () => {
    const input = [
      '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","markPrice":"61875.250"},"cs":3,"ts":1715748762463}',
      '{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT"},"cs":4,"ts":1715748762563}',
      'no frame',
    ].join('\n')
    const { code, stdout, stderr } = await runCli(['decode', '--venue', 'bybit', '-'], { input })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'plimsoll: 1 of 3 lines is no JSON: each line must be one whole message\n',
    })
    expect(stdout.trimEnd().split('\n')).toEqual([
      '{"kind":"ticks","ticks":[{"symbol":"BTCUSDT","markPrice":"61875.250","eventTimeMs":1715748762463}]}',
      '{"kind":"ticks","ticks":[]}',
      expect.stringMatching(/^\{"kind":"malformed","ticks":\[\],"reason":".*JSON.*"\}$/),
    ])
  })

  it('end quietly when their reader goes away', async () => {
    const child = spawnCli(['decode', '--venue', 'bybit', '-'])
    const end = finished(child)
    child.stdout.destroy()
    child.stdin.on('error', () => undefined)
    for (let frame = 0; frame < 20_000; frame++) child.stdin.write('{"op":"ping","success":true}\n')
    child.stdin.end()
    const { code, stderr } = await end
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
