import { PassThrough, Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { linesOf } from '../../src/cli/lines.ts'
import { writeMargins } from '../../src/cli/margin.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { type Example, type Figures, figuresOf } from './golden-case.ts'
import { DOCUMENTS } from './venues/index.ts'

/** Its only tier has a rate of 0 and a deduction of 5: the command refuses a maintenance margin below 0. */
const REFUSED = 'bybit 11: short with deduction 5'
const LINES = DOCUMENTS.flatMap(({ examples }) => examples).filter(({ id }) => id !== REFUSED)

const MARGIN_ACCOUNT_FIGURES = ['marginBalance', 'maintenanceMargin', 'marginRatio', 'verdict', 'distance']
const POSITION_FIGURES = [
  'notional',
  'unrealizedPnl',
  'initialMargin',
  'maintenanceMargin',
  'liquidationPrice',
  'bankruptcyPrice',
]

/** The example as a line of `plimsoll margin`. Every rule that it leaves open is that of Binance. */
function lineOf({ rules, account, marks, fundingRates, indexPrices, collateralRules }: Example): object {
  return {
    account: { id: 'a', venue: 'binance', ...account },
    marks,
    rules,
    fundingRates,
    indexPrices,
    collateralRules,
  }
}

async function answersTo(lines: readonly object[]) {
  const output = new PassThrough()
  const collected = output.setEncoding('utf8').toArray()
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  const judge = { rule: RATIO_RULE, bookOf: ruleBookOf, nowMs: Date.UTC(2026, 10, 29) }
  await writeMargins(linesOf(Readable.from([Buffer.from(text)])), output, judge)
  output.end()
  const answers = (await collected).join('').trim().split('\n')
  return answers.map((answer) => JSON.parse(answer))
}

it('plimsoll margin computes every worked example from one line of JSON', async () => {
  const answers = await answersTo(LINES.map(lineOf))
  const ofCommand = answers.map(({ error, marginAccounts }, index) => {
    const [own] = marginAccounts ?? []
    const [position = {}] = own?.positions ?? []
    return { id: LINES[index]!.id, ...(error ?? figuresIn(own, position)) }
  })
  const ofEngine = LINES.map((example) => {
    const figures = figuresOf(example)
    return { id: example.id, ...figuresIn(marginAccountIn(figures), figures) }
  })
  expect(ofCommand).toEqual(ofEngine)
})

function marginAccountIn(figures: Figures): Figures {
  return Object.fromEntries(MARGIN_ACCOUNT_FIGURES.map((name) => [name, figures[`account.${name}`] ?? null]))
}

function figuresIn(marginAccount: Figures, position: Figures) {
  return {
    marginAccount: MARGIN_ACCOUNT_FIGURES.map((name) => marginAccount[name]),
    position: POSITION_FIGURES.map((name) => position[name] ?? null),
  }
}
