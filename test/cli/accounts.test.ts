import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type OpenedBook, openBook } from '../../src/api/open-book.ts'
import { type AccountsContext, accountsCommand } from '../../src/cli/accounts.ts'
import { importCommand } from '../../src/cli/import.ts'
import { replaceBook } from '../../src/cli/replace.ts'
import { venueId } from '../../src/domain/index.ts'
import { exitCodeOf } from '../../src/errors.ts'
import { importAccounts } from '../../src/import/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { isolatedPosition, testAccount } from '../support/accounts.ts'
import { storeAccounts } from '../support/book.ts'
import { runCli } from '../support/cli.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const SHARD = 'accounts'

let server: TestRedis
let probe: Redis
let book: OpenedBook
let directory: string

beforeAll(async () => {
  server = await startTestRedis()
  probe = new Redis(server.url)
  book = await openBook({ url: server.url, shard: SHARD })
  directory = await mkdtemp(join(tmpdir(), 'plimsoll-accounts-'))
})
afterAll(async () => {
  await book.close()
  probe.disconnect()
  await rm(directory, { recursive: true, force: true })
  await server.stop()
})
beforeEach(async () => {
  await probe.flushall()
  await book.put(testAccount('desk/1', 3))
  await book.put({
    ...testAccount('desk/2', 17, '12000.5'),
    venue: venueId('binance'),
    positions: [isolatedPosition('ETHUSDT', { size: '-4', entryPrice: '3010', isolatedMargin: '900' })],
  })
})
afterEach(() => {
  process.exitCode = undefined
})

const target = () => ['--redis-url', server.url, '--shard', SHARD]

/** The command on pipes, as `main.ts` runs it. */
async function cli(...args: string[]) {
  const context = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  const text = { stdout: '', stderr: '' }
  context.output.on('data', (chunk) => (text.stdout += chunk))
  context.errors.on('data', (chunk) => (text.stderr += chunk))
  const code = await exitCodeAfter(() =>
    accountsCommand(context).parseAsync([...args, ...target()], { from: 'user' }),
  )
  return { ...text, ...code }
}

/** `plimsoll import` in this process, on pipes. */
async function importing(...args: string[]) {
  const text = { stdout: '', stderr: '' }
  const write = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      text[name] += chunk
      return true
    })
  const spies = [write('stdout'), write('stderr')]
  const code = await exitCodeAfter(() => importCommand().parseAsync([...args, ...target()], { from: 'user' }))
  for (const spy of spies) spy.mockRestore()
  return { ...text, ...code }
}

/** The exit code that the process would have, and what a fault says. */
async function exitCodeAfter(run: () => Promise<unknown>) {
  process.exitCode = undefined
  try {
    await run()
    return { code: process.exitCode ?? 0, fault: '' }
  } catch (error) {
    return { code: exitCodeOf(error), fault: (error as Error).message }
  }
}

/** The command at a terminal, and what the person sees. */
function atTerminal(args: readonly string[], columns = 80) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: true, columns })
  const context = { input: stream(), output: stream(), errors: stream() } satisfies AccountsContext
  const seen = { output: '', errors: '' }
  context.output.on('data', (chunk) => (seen.output += chunk))
  context.errors.on('data', (chunk) => (seen.errors += chunk))
  const done = accountsCommand(context).parseAsync([...args, ...target()], { from: 'user' })
  const answer = async (text: string) => {
    await until(() => seen.errors.includes('[y/N]'))
    context.input.write(text)
  }
  return { done, seen, answer }
}

describe('plimsoll accounts list', () => {
  test('prints a line of JSON for each account on a pipe', async () => {
    const { code, stdout, stderr } = await cli('list')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(found.sort((left, right) => (left.id < right.id ? -1 : 1))).toEqual([
      {
        id: 'desk/1',
        venue: 'bybit',
        version: 3,
        positions: [{ symbol: 'BTCUSDT', size: '0.5' }],
        collateral: [{ asset: 'USDT', amount: '3' }],
      },
      {
        id: 'desk/2',
        venue: venueId('binance'),
        version: 17,
        positions: [{ symbol: 'ETHUSDT', size: '-4' }],
        collateral: [{ asset: 'USDT', amount: '12000.5' }],
      },
    ])
  })

  test('prints a line for a person at a terminal', async () => {
    const { done, seen } = atTerminal(['list', '--venue', 'binance'])
    await done
    expect(stripVTControlCharacters(seen.output)).toBe(
      'desk/2                    binance      version 17  ETHUSDT -4  12000.5 USDT\n',
    )
  })

  test('fits a narrow terminal', async () => {
    const { done, seen } = atTerminal(['list', '--venue', 'binance'], 40)
    await done
    expect(stripVTControlCharacters(seen.output)).toBe(
      'desk/2                    binance\n  version 17  ETHUSDT -4  12000.5 USDT\n',
    )
  })

  test.each([
    [['--venue', 'bybit'], ['desk/1']],
    [['--symbol', 'ETHUSDT'], ['desk/2']],
    [['--venue', 'bybit', '--symbol', 'ETHUSDT'], []],
  ])('%j gives %j', async (filters, ids) => {
    const { code, stdout } = await cli('list', ...filters)
    expect(code).toBe(0)
    const found =
      stdout === ''
        ? []
        : stdout
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line).id)
    expect(found).toEqual(ids)
  })

  test('stops at its limit', async () => {
    expect((await cli('list', '--limit', '1')).stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  test('says at a terminal what to do when there is nothing', async () => {
    await probe.flushall()
    const { done, seen } = atTerminal(['list'])
    await done
    expect(seen).toEqual({ output: '', errors: expect.stringMatching(/plimsoll import\s+accounts\.jsonl/) })
  })

  test('names an account that cannot be read, without obeying its name, and ends with exit code 1', async () => {
    await probe.hset(`{plimsoll:${SHARD}}:accounts`, 'x\x1b[2J', '{"id":')
    const { code, stdout, stderr } = await cli('list')
    expect(code).toBe(1)
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toBe('plimsoll: ACCOUNT_INVALID: stored account x\\x1b[2J is not JSON\n')
  })
})

describe('plimsoll accounts show', () => {
  test('prints the account as JSON on a pipe', async () => {
    const { code, stdout } = await cli('show', 'desk/1')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(testAccount('desk/1', 3))
  })

  test('prints its terms a line each at a terminal', async () => {
    const { done, seen } = atTerminal(['show', 'desk/2'])
    await done
    expect(stripVTControlCharacters(seen.output).split('\n')).toEqual([
      'desk/2  binance  version 17',
      '  collateral  12000.5 USDT',
      '  isolated    ETHUSDT -4  entry 3010  margin 900',
      '',
    ])
  })

  test('names an account that is not there, exit code 1', async () => {
    const { code, stdout, stderr } = await runCli(['accounts', 'show', 'desk\u009b2J', ...target()])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^plimsoll: ACCOUNT_NOT_FOUND: no account "desk\\x9b2J" is in the book;.*\n$/)
  })
})

describe('plimsoll accounts export', () => {
  test('prints what import makes the same book of', async () => {
    const { code, stdout } = await cli('export')
    expect(code).toBe(0)
    const file = join(directory, 'book.jsonl')
    await writeFile(file, stdout)
    const before = [await book.get('desk/1'), await book.get('desk/2')]
    await probe.flushall()
    const imported = await importing(file)
    expect(imported).toMatchObject({ code: 0, stdout: '2 accounts read, 2 imported, 0 refused\n' })
    expect([await book.get('desk/1'), await book.get('desk/2')]).toEqual(before)
    const lines = (text: string) => text.trimEnd().split('\n').sort()
    expect(lines((await cli('export')).stdout)).toEqual(lines(stdout))
  })
})

describe('a margin below 0 that a program booked funding to', () => {
  test('is in the book that an import of its export makes', async () => {
    const account = {
      ...testAccount('desk/1', 4),
      asOfMs: 1_790_000_000_000,
      positions: [isolatedPosition('BTCUSDT', { isolatedMargin: '-4.45' })],
    }
    await book.put(account)
    const before = await book.get('desk/1')
    const file = join(directory, 'booked.jsonl')
    await writeFile(file, (await cli('export')).stdout)
    await probe.flushall()
    expect(await importing(file)).toMatchObject({
      code: 0,
      stdout: '2 accounts read, 2 imported, 0 refused\n',
    })
    expect(await book.get('desk/1')).toEqual(before)
  })
})

describe('plimsoll accounts remove', () => {
  test('removes the named accounts with --yes, and informs the followers', async () => {
    const { code, stdout } = await cli('remove', 'desk/1', '--yes')
    expect({ code, stdout: JSON.parse(stdout) }).toEqual({ code: 0, stdout: { removed: 1, missing: [] } })
    expect(await book.get('desk/1')).toBeUndefined()
    expect(await book.count()).toBe(1)
    const [[, fields] = ['', []]] = await probe.xrevrange(`{plimsoll:${SHARD}}:changes`, '+', '-', 'COUNT', 1)
    expect(fields.slice(2)).toEqual(['kind', 'removed', 'id', 'desk/1', 'version', '4'])
  })

  test('names an id that is not there, removes the others, exit code 1', async () => {
    const { code, stdout } = await cli('remove', 'desk/1', 'none', '--yes')
    expect({ code, stdout: JSON.parse(stdout) }).toEqual({
      code: 1,
      stdout: { removed: 1, missing: ['none'] },
    })
  })

  test('refuses to run without a terminal to ask on, exit code 2', async () => {
    const { code, fault } = await cli('remove', '--all')
    expect(code).toBe(2)
    expect(fault).toMatch(/^Remove all 2 accounts from the book \(shard accounts\)\?.*--yes/)
    expect(await book.count()).toBe(2)
  })

  test.each([[[]], [['desk/1', '--all']]])('refuses %j: either ids or --all, exit code 2', async (args) => {
    const { code, fault } = await cli('remove', '--yes', ...args)
    expect(code).toBe(2)
    expect(fault).toContain('name the accounts to remove, or give --all')
    expect(await book.count()).toBe(2)
  })

  test('asks a person, and removes every account at a yes', async () => {
    const { done, seen, answer } = atTerminal(['remove', '--all'])
    await answer('y\n')
    await done
    expect(seen.errors).toContain('Remove all 2 accounts from the book (shard accounts)? [y/N]')
    expect(seen.output).toBe('2 accounts removed\n')
    expect(await book.count()).toBe(0)
  })

  test.each([['n\n'], ['\n'], ['yesterday\n']])('removes nothing at the answer %j', async (text) => {
    const { done, seen, answer } = atTerminal(['remove', 'desk/1'])
    await answer(text)
    await done
    expect(seen.errors).toContain('nothing was removed')
    expect(process.exitCode).toBe(1)
    expect(await book.count()).toBe(2)
  })
})

describe('plimsoll import --replace', () => {
  const file = () => join(directory, 'whole.jsonl')
  const replace = (...args: string[]) => importing(file(), '--replace', ...args)
  const write = (...accounts: object[]) =>
    writeFile(file(), accounts.map((account) => `${JSON.stringify(account)}\n`).join(''))
  const ids = async () => (await probe.hkeys(`{plimsoll:${SHARD}}:accounts`)).sort()

  test('makes the file the whole book', async () => {
    await write(testAccount('desk/1', 4, '7'), testAccount('desk/3', 1))
    const { code, stdout } = await replace('--yes', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ read: 2, imported: 2, refusedCount: 0, removed: 1 })
    expect(await ids()).toEqual(['desk/1', 'desk/3'])
    expect((await book.get('desk/1'))?.collateral[0]?.amount).toBe('7')
  })

  test('does nothing for a file in which a line is refused, exit code 1', async () => {
    await write(testAccount('desk/3', 1), { id: 'broken' })
    const { code, stdout, stderr } = await replace('--yes')
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: '2 accounts read, 0 imported, 1 refused, 0 removed\n',
    })
    expect(stderr).toContain('1 account is refused, so none is removed')
    expect(await ids()).toEqual(['desk/1', 'desk/2'])
  })

  test('removes nothing when a version is refused, exit code 1', async () => {
    await write(testAccount('desk/1', 3))
    const { code, stderr } = await replace('--yes')
    expect(code).toBe(1)
    expect(stderr).toContain('must be above the stored version 3')
    expect(await ids()).toEqual(['desk/1', 'desk/2'])
    expect((await replace('--yes', '--force')).code).toBe(0)
    expect(await ids()).toEqual(['desk/1'])
  })

  test.each([
    ['nobody can be asked', [testAccount('desk/3', 1)], [], 'holds 2 accounts'],
    ['the file is empty', [], ['--yes'], 'plimsoll accounts remove --all does that'],
  ])('does nothing where %s, exit code 2', async (_name, accounts, args, message) => {
    await write(...accounts)
    const { code, fault } = await replace(...args)
    expect(code).toBe(2)
    expect(fault).toContain(message)
    expect(await ids()).toEqual(['desk/1', 'desk/2'])
  })

  test.each([
    ['y\n', ['desk/1', 'desk/3'], undefined],
    ['n\n', ['desk/1', 'desk/2'], 'nothing was written and nothing was removed'],
  ])('asks a person, and does as the answer %j says', async (answer, expected, refusal) => {
    const stream = () => Object.assign(new PassThrough(), { isTTY: true })
    const [input, errors] = [stream(), stream()]
    let asked = ''
    errors.on('data', (chunk) => (asked += chunk))
    const text = [testAccount('desk/1', 4), testAccount('desk/3', 1)]
      .map((one) => JSON.stringify(one))
      .join('\n')
    const replacing = replaceBook({
      book,
      shard: SHARD,
      file: 'whole.jsonl',
      yes: undefined,
      input,
      errors,
      read: (options) =>
        importAccounts({
          venues: VENUE_NAMES,
          input: Readable.from([Buffer.from(text)]),
          format: 'jsonl',
          check: () => [],
          clock: systemClock,
          ...options,
        }),
    }).catch((error: Error) => error.message)
    await until(() => asked.includes('[y/N]'))
    expect(asked).toContain(
      'holds 2 accounts, whole.jsonl holds 2 accounts. Write these and remove the 1 that',
    )
    expect(await ids()).toEqual(['desk/1', 'desk/2'])
    input.write(answer)
    const result = await replacing
    if (refusal === undefined) expect(result).toMatchObject({ imported: 2, removed: 1 })
    else expect(result).toBe(refusal)
    expect(await ids()).toEqual(expected)
  })

  test('takes a file only, since it reads it twice', async () => {
    const { code, fault } = await importing('-', '--replace', '--yes')
    expect(code).toBe(2)
    expect(fault).toContain('--replace reads its file twice')
  })

  test('counts a removal among many', async () => {
    await storeAccounts(
      book,
      Array.from({ length: 500 }, (_, index) => testAccount(`many/${index}`, 1)),
    )
    await write(testAccount('many/7', 2))
    const { stdout } = await replace('--yes', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ imported: 1, removed: 501 })
    expect(await ids()).toEqual(['many/7'])
  })
})
