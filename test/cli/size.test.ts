import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sizeCommand } from '../../src/cli/size.ts'
import type { Output } from '../../src/cli/terminal.ts'

const NOW_MS = Date.parse('2026-11-28T12:00:00Z')
const ASKED = ['BTCUSDT', '--venue', 'bybit', '--risk', '100', '--entry', '60000', '--stop', '58800']

/** What the command prints, to a pipe or at a terminal of so many columns. */
async function run(args: readonly string[], columns?: number): Promise<string> {
  let printed = ''
  const output: Output = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        printed += chunk
        done()
      },
    }),
    { isTTY: columns !== undefined, columns: columns ?? 0 },
  )
  const command = sizeCommand({ output, nowMs: NOW_MS }).exitOverride()
  command.configureOutput({ writeErr: () => undefined })
  await command.parseAsync(args, { from: 'user' })
  return stripVTControlCharacters(printed)
}

describe('plimsoll size', () => {
  it('prints one JSON object to a pipe', async () => {
    const sized = JSON.parse(
      await run([...ASKED, '--step', '0.001', '--slippage', '0.1%', '--margin', '500']),
    )
    expect(sized).toMatchObject({
      venue: 'bybit',
      side: 'long',
      size: '0.075',
      exitPrice: '58741.2',
      margin: { leverage: '9', isLiquidatedBeforeStop: false },
      ruleAgeDays: 115,
    })
  })

  it('warns at a terminal, in lines that fit, where the stop never fills', async () => {
    const text = await run([...ASKED, '--step', '0.001', '--margin', '80'], 60)
    expect(text).toMatch(/^ {2}size +0\.\d+ {2}in steps of 0\.001$/m)
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /WARNING: the venue liquidates at 59\d+\.\d+ before the stop 58800/,
    )
    expect(text.split('\n').filter((line) => line.length > 60)).toEqual([])
    expect(await run([...ASKED, '--margin', '800'], 60)).not.toContain('WARNING')
  })

  it('says where no position fits', async () => {
    expect(await run([...ASKED, '--step', '1'], 100)).toMatch(
      /One step of 1 loses 1\d+.* USDT, more than 100/,
    )
  })

  it.each([
    [['--stop', '60000'], /^--stop: stopPrice is "60000": it must differ/],
    [['--balance', '0'], /^--balance: margin is "0": it must be above zero/],
    [['--margin', 'x'], /^--margin: margin is "x"/],
    [['--step', '0'], /^--step: /],
  ])('refuses %j by the flag, as a fault of usage', async (flags, message) => {
    const fault = expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) })
    await expect(run([...ASKED, ...flags])).rejects.toThrow(fault)
  })

  it('refuses a margin of its own by the flag where the venue has no isolated positions', async () => {
    const asked = ['BTCZ26', '--venue', 'cme', '--risk', '90000', '--entry', '60000', '--stop', '58800']
    const fees = ['--entry-fee', '0', '--exit-fee', '0']
    await expect(run([...asked, ...fees, '--margin', '500000'])).rejects.toThrow(
      /^--margin: cme has no isolated positions of this contract: the wallet backs it, "cross"$/,
    )
    expect(await run([...asked, ...fees, '--balance', '500000'], 100)).toMatch(/cross balance +500000 USD/)
  })

  it('takes either a margin or a balance', async () => {
    await expect(run([...ASKED, '--margin', '1', '--balance', '1'])).rejects.toThrow(/cannot be used with/)
  })
})
