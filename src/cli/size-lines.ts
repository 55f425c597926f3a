import { counted } from '../domain/index.ts'
import type { Sized, SizedMargin } from '../questions/index.ts'
import { shortened } from './figures.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

const DIGITS = 8
const LEVERAGE_DIGITS = 4
/** Width of the names of figures. */
const NAME_WIDTH = 'liquidation price'.length

/** The answer of `plimsoll size`, one figure a line, what matters first. */
export function sizeLines(sized: Sized, palette: Palette): string[] {
  const { venue, symbol, side, entryPrice, stopPrice, exitPrice, risk, margin } = sized
  const settle = visible(sized.settle)
  const line = (name: string, value: string) => `  ${name.padEnd(NAME_WIDTH)}  ${value}`
  const costs = [
    ['price', sized.loss.price],
    ['slippage', sized.loss.slippage],
    ['entry fee', sized.loss.entryFee],
    ['exit fee', sized.loss.exitFee],
    [fundingName(sized.fundingPayments), sized.loss.funding],
  ] as const
  const isZero = sized.size === '0'
  const fill = exitPrice === stopPrice ? '' : `, filled at ${shortened(exitPrice, DIGITS, 'up')}`
  return [
    `${palette.strong(`${venue} ${visible(symbol)}`)}  ${side}  entry ${entryPrice}  stop ${stopPrice}${fill}`,
    line('size', `${palette.strong(sized.size)}  in steps of ${sized.step}`),
    line('notional', `${up(sized.notional)} ${settle}`),
    line('loss at the stop', `${up(sized.loss.total)} ${settle} of ${risk}`),
    ...costs
      .filter(([, cost]) => cost !== '0')
      .map(([name, cost]) => line(`  ${name}`, `${up(cost)} ${settle}`)),
    ...marginLines(sized, line),
    palette.dim(line('rules', `${sized.ruleBook}, ${ageText(sized.ruleAgeDays)}`)),
    ...sized.assumptions.map((assumption) => palette.dim(line('assumed', visible(assumption)))),
    ...(isZero
      ? [
          palette.yellow(
            `One step of ${sized.step} loses ${up(sized.lossOfNextStep)} ${settle}, more than ${risk}: no position fits.`,
          ),
        ]
      : []),
    ...(margin?.isLiquidatedBeforeStop === true
      ? [palette.red(palette.strong(warning(margin, stopPrice)))]
      : []),
  ]
}

function fundingName(payments: number): string {
  return `funding, ${payments} x`
}

function marginLines({ margin, settle }: Sized, line: (name: string, value: string) => string): string[] {
  if (margin === null) return []
  const { marginMode, amount, leverage, liquidationPrice } = margin
  return [
    line(marginMode === 'isolated' ? 'isolated margin' : 'cross balance', `${amount} ${visible(settle)}`),
    line('leverage', `${shortened(leverage, LEVERAGE_DIGITS, 'up')}x`),
    line(
      'liquidation price',
      liquidationPrice === null ? 'none above zero' : shortened(liquidationPrice, DIGITS, 'down'),
    ),
  ]
}

function warning({ liquidationPrice }: SizedMargin, stopPrice: string): string {
  const price = liquidationPrice === null ? '' : ` at ${shortened(liquidationPrice, DIGITS, 'down')}`
  return `WARNING: the venue liquidates${price} before the stop ${stopPrice}: the stop never fills. Use more margin or a closer stop.`
}

function ageText(days: number | null): string {
  return days === null ? 'of no known day' : `${counted(days, 'day')} old`
}

function up(figure: string): string {
  return shortened(figure, DIGITS, 'up')
}
