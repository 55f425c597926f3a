import { Command, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { PlimsollError } from '../errors.ts'
import { type SizeQuestion, sizeOf } from '../questions/index.ts'
import { systemClock } from '../system/index.ts'
import { parseVenueId, VENUE_NAMES } from '../venues/index.ts'
import { ruleBooks } from '../worker/rule-books.ts'
import { writeLine } from './lines.ts'
import { sizeLines } from './size-lines.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine } from './visible.ts'
import { fitted } from './wrapping.ts'

interface SizeFlags {
  readonly venue: string
  readonly risk: string
  readonly entry: string
  readonly stop: string
  readonly slippage: string
  readonly entryFee?: string
  readonly exitFee?: string
  readonly fundingRate: string
  readonly hold: string
  readonly fundingInterval: string
  readonly step?: string
  readonly margin?: string
  readonly balance?: string
  readonly rules?: string
  readonly json?: true
}

/** The flag that states a field of the question, so that a refusal names what was typed. */
const FLAGS: Readonly<Record<string, string>> = {
  risk: '--risk',
  entryPrice: '--entry',
  stopPrice: '--stop',
  slippage: '--slippage',
  entryFeeRate: '--entry-fee',
  exitFeeRate: '--exit-fee',
  fundingRate: '--funding-rate',
  holdHours: '--hold',
  fundingIntervalHours: '--funding-interval',
  step: '--step',
}

export interface SizeContext {
  readonly output: Output
  readonly nowMs: number
}

/** `plimsoll size`: how large a position may be, so that its stop loses no more than a budget. */
export function sizeCommand(
  context: SizeContext = { output: process.stdout, nowMs: systemClock.nowMs() },
): Command {
  return new Command('size')
    .description('Computes the position size whose loss at the stop, costs included, fits a risk budget')
    .argument('<symbol>', "the venue's name of the contract")
    .requiredOption('--venue <venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .requiredOption(
      '--risk <money>',
      'what may be lost, in the settlement asset (coin of an inverse contract)',
    )
    .requiredOption('--entry <price>', 'entry price')
    .requiredOption('--stop <price>', 'stop price: below the entry price for a long, above it for a short')
    .option(
      '--slippage <distance>',
      'how much worse than the stop it fills: a price distance, or as 0.1%',
      '0',
    )
    .option('--entry-fee <rate>', 'taker fee of the entry, as 0.00055; default: that of the rules')
    .option('--exit-fee <rate>', 'taker fee of the exit; default: that of the rules')
    .option('--funding-rate <rate>', 'rate of each funding payment; above 0 the long pays', '0')
    .option('--hold <hours>', 'how long the position is held', '0')
    .option('--funding-interval <hours>', 'hours between two funding payments', '8')
    .option('--step <size>', 'the size is rounded down to a multiple of it')
    .addOption(
      new Option('--margin <money>', 'margin of the position, if it is isolated').conflicts('balance'),
    )
    .option('--balance <money>', 'balance of a cross wallet that backs this position alone')
    .option('--rules <file>', 'with the rules of this file over the built-in ones (PLIMSOLL_RULES)')
    .option('--json', 'one JSON object, as on a pipe')
    .addHelpText(
      'after',
      '\nThe size follows from the risk and the stop; leverage is a result of the margin.\n' +
        'Each funding payment counts on the value at entry; a payment that the position\n' +
        'receives counts as 0. With --margin or --balance the liquidation price stands\n' +
        'beside the stop; where the venue liquidates first, the stop never fills, and a\n' +
        'warning says so (exit code 0).',
    )
    .action((symbol: string, flags: SizeFlags) => size(context, symbol, flags))
}

async function size({ output, nowMs }: SizeContext, symbol: string, flags: SizeFlags): Promise<void> {
  const { rulesFile } = loadConfig(flags.rules === undefined ? {} : { rulesFile: flags.rules })
  const book = ruleBooks({ rulesFile }, nowMs).bookOf(parseVenueId(flags.venue))
  const sized = answerOf(
    {
      book,
      symbol,
      risk: flags.risk,
      entryPrice: flags.entry,
      stopPrice: flags.stop,
      slippage: flags.slippage,
      entryFeeRate: flags.entryFee,
      exitFeeRate: flags.exitFee,
      fundingRate: flags.fundingRate,
      holdHours: flags.hold,
      fundingIntervalHours: flags.fundingInterval,
      step: flags.step,
      backing: backingOf(flags),
      nowMs,
    },
    flags,
  )
  if (speaksJson(output, flags.json)) return await writeLine(output, jsonLine(sized))
  for (const line of sizeLines(sized, paletteFor(output))) await writeLine(output, fitted(output, line, '  '))
}

function backingOf({ margin, balance }: SizeFlags): SizeQuestion['backing'] {
  if (margin !== undefined) return { marginMode: 'isolated', amount: margin }
  return balance === undefined ? undefined : { marginMode: 'cross', amount: balance }
}

function answerOf(question: SizeQuestion, { margin }: SizeFlags) {
  try {
    return sizeOf(question)
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.path === undefined) throw error
    const own =
      error.path === 'margin' ? (margin === undefined ? '--balance' : '--margin') : FLAGS[error.path]
    if (own === undefined) throw error
    throw new PlimsollError('USAGE', `${own}: ${error.message}`, { cause: error })
  }
}
