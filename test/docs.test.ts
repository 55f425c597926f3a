import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decodeCommand } from '../src/cli/decode.ts'
import { runCommand } from '../src/cli/run.ts'
import { SETTING_VARIABLES } from '../src/config.ts'
import { LEASE_MS } from '../src/delivery/index.ts'
import { EVENTS_BYTES_MAX, EVENTS_LENGTH_MAX } from '../src/delivery/stream.ts'
import { JOB_BYTES_MAX, JOB_EVENTS_MAX } from '../src/domain/event-job.ts'
import {
  collateralRulesMapSchema,
  collateralSchema,
  EVENTS_QUEUE_NAME,
  jobDataSchema,
  marginEventJsonSchema,
  marginEventSchema,
  marketEventSchema,
  plimsollEventSchema,
  positionSchema,
  queueNameOf,
  revisionEventSchema,
  venueEventSchema,
} from '../src/domain/index.ts'
import { fullRulesSchema } from '../src/domain/instrument.ts'
import {
  closingFeeSchema,
  contributionSchema,
  liquidationSchema,
  maintenanceSchema,
  riskTierSchema,
} from '../src/domain/margin-model.ts'
import { exitCodeOf, type FaultCode, PlimsollError } from '../src/errors.ts'
import { CSV_COLUMNS, importAccounts } from '../src/import/index.ts'
import {
  accountFaultsOf,
  answersOf,
  levelRule,
  marginAccountsOf,
  marginStateOf,
  positionAnswersOf,
} from '../src/margin/index.ts'
import { keysOf } from '../src/redis/index.ts'
import { entriesOrFault } from '../src/rules/entries.ts'
import { systemClock } from '../src/system/clock.ts'
import { accountSchema, binance, bybit, ruleBookOf, VENUE_NAMES } from '../src/venues/index.ts'
import { refusedRules, ruleBooks } from '../src/worker/rule-books.ts'
import { parsedAccount } from './support/accounts.ts'

const pathOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const read = (name: string) => readFileSync(pathOf(name), 'utf8')

/** Texts of the fenced blocks of a language, in order. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block = '']) => block)
}

/** The names that the document does not show as code. */
const unnamed = (text: string, names: Iterable<string>) =>
  [...names].filter((name) => !text.includes(`\`${name}\``))

async function imported(input: string, format: 'jsonl' | 'csv') {
  async function* bytes() {
    yield new TextEncoder().encode(input)
  }
  return await importAccounts({
    venues: VENUE_NAMES,
    input: bytes(),
    format,
    clock: systemClock,
    check: (account) => accountFaultsOf(account, ruleBookOf(account.venue)),
  })
}

describe('docs/accounts.md', () => {
  const text = read('docs/accounts.md')

  it('names every field of an account, every column, and the command that prints every name of a venue', () => {
    const fields = [accountSchema, positionSchema, collateralSchema].flatMap((schema) =>
      Object.keys(schema.shape),
    )
    expect(unnamed(text, [...fields, ...CSV_COLUMNS, ...bybit.names, ...binance.names])).toEqual([])
    const command = decodeCommand()
    expect(text).toContain(`plimsoll ${command.name()} --help`)
    const described = command.options.map(({ description }) => description).join()
    expect([...VENUE_NAMES.keys()].filter((name) => !described.includes(name))).toEqual([])
  })

  it('names every answer of plimsoll margin', async () => {
    const book = ruleBookOf(bybit.id)
    const position = {
      symbol: 'BTCUSDT',
      marginMode: 'isolated',
      size: '1',
      entryPrice: '60000',
      leverage: '10',
    }
    const account = accountSchema.parse({ id: 'a', venue: 'bybit', positions: [position] })
    const [marginAccount] = marginAccountsOf(account, book)
    const answers = answersOf(marginAccount!, () => '60000')
    const [own] = positionAnswersOf(marginAccount!, () => '60000')
    expect(
      unnamed(text, [
        ...Object.keys(answers),
        ...Object.keys(own!).map((name) => `positions[].${name}`),
        'exitPrices',
        'shortfallAtExit',
      ]),
    ).toEqual([])
  })

  it('shows accounts that import takes', async () => {
    const [json = ''] = blocks(text, 'json')
    expect(await imported(json, 'jsonl')).toMatchObject({ read: 1, imported: 1, refused: [] })
    expect(await imported(blocks(text, 'csv').join(''), 'csv')).toMatchObject({
      read: 1,
      imported: 1,
      refused: [],
    })
  })
})

describe('docs/rules.md', () => {
  const text = read('docs/rules.md')

  it('names every field and every choice of both forms', () => {
    const short = ['kind', 'settle', 'tiers', ...Object.keys(riskTierSchema.shape)]
    const full = Object.keys(fullRulesSchema.shape)
    const kinds = maintenanceSchema.options.flatMap(({ shape }) => [...Object.keys(shape), shape.kind.value])
    const choices = [contributionSchema, closingFeeSchema, liquidationSchema].flatMap(
      ({ options }) => options,
    )
    expect(unnamed(text, [...short, ...full, 'effectiveFrom', ...kinds, ...choices])).toEqual([])
  })

  it('shows collateral rules that a rules file may hold', () => {
    const { bybit } = JSON.parse(blocks(text, 'json')[2]!)
    expect(Object.keys(collateralRulesMapSchema.parse(bybit.collateralRules))).toEqual(['BTC', 'USDC'])
  })

  it('shows rules of an asset for each kind of pool that a rules file may hold', () => {
    const { binance } = JSON.parse(blocks(text, 'json')[3]!)
    const { BTC } = collateralRulesMapSchema.parse(binance.collateralRules)
    expect(BTC?.map(({ poolKind }) => poolKind)).toEqual(['multi-asset', 'spot-margin'])
  })

  it('shows rules in time that a rules file may hold', () => {
    const inTime = JSON.parse(blocks(text, 'json')[4]!)
    expect(entriesOrFault('SOLUSDT', inTime.bybit.SOLUSDT, 'docs')).toMatchObject([
      { fromMs: Number.NEGATIVE_INFINITY, rules: { asOf: '2026-11-02' } },
      { fromMs: Date.UTC(2026, 11, 1, 8), rules: { asOf: '2026-11-28' } },
    ])
  })

  it('shows the rules of examples/rules.json, in both forms', () => {
    const example = JSON.parse(read('examples/rules.json'))
    const [short, full] = blocks(text, 'json').map((block) => JSON.parse(block))
    expect({ ...short, ...full }).toEqual(example)
  })
})

describe('examples/spot-margin-rules.json', () => {
  it('is a rules file whose rules are all computed', () => {
    const { bookOf } = ruleBooks(
      { rulesFile: pathOf('examples/spot-margin-rules.json'), strictRules: true },
      0,
    )
    expect(refusedRules(bookOf)).toEqual([])
  })
})

describe('examples/rules.json', () => {
  const bookOf = ruleBooks(
    { rulesFile: pathOf('examples/rules.json'), strictRules: true },
    Date.UTC(2026, 10, 29),
  ).bookOf

  it('is a rules file whose rules are all computed', () => {
    expect(refusedRules(bookOf)).toEqual([])
    const long = {
      symbol: 'SOLUSDT',
      marginMode: 'isolated',
      size: '2000',
      entryPrice: '150',
      leverage: '10',
    }
    const short = {
      symbol: 'ETHUSD_PERP',
      marginMode: 'isolated',
      size: '-150000',
      entryPrice: '3000',
      leverage: '10',
    }
    const maintenanceOf = (venue: string, position: Record<string, string>, mark: string) => {
      const account = parsedAccount({ venue, positions: [position] })
      const [marginAccount] = marginAccountsOf(account, bookOf(account.venue))
      return marginStateOf(marginAccount!, () => mark, levelRule()).maintenanceMargin
    }
    // 2000·150·0.02 − 2000 = 4000, and the fee 2000·150·(1 − 1/10)·0.00055 = 148.5.
    expect(maintenanceOf('bybit', long, '150')).toBe('4148.5')
    // 150,000·10/3000 = 500 ETH: 500·0.01 − 1 = 4.
    expect(maintenanceOf('binance', short, '3000')).toBe('4')
  })
})

describe('docs/operations.md', () => {
  const text = read('docs/operations.md')
  const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | '))

  it('names every setting by its variable and its flag', () => {
    const streams = '`PLIMSOLL_STREAM_URL_…`'
    const named = rows.filter(([, flag]) => flag?.startsWith('`--')).map(([variable]) => variable)
    expect(named.sort()).toEqual([...SETTING_VARIABLES.map((name) => `\`${name}\``), streams].sort())
    const flags = runCommand()
      .options.map(({ long }) => long)
      .filter((flag) => flag !== '--json')
    expect(
      rows
        .map(([, flag]) => flag)
        .filter((flag) => flag?.startsWith('`--'))
        .sort(),
    ).toEqual(flags.map((flag) => `\`${flag}\``).sort())
  })

  it('names every fault with the exit code that it gives', () => {
    const union =
      /export type FaultCode =([^\n]*\n(?: {2}\|[^\n]*\n)+)/.exec(read('src/errors.ts'))?.[1] ?? ''
    const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code as FaultCode)
    expect(codes.length).toBeGreaterThan(20)
    const documented = rows
      .filter(([, exit]) => /^[12]$/.test(exit ?? ''))
      .map(([code, exit]) => [code, Number(exit)])
    expect(documented.sort()).toEqual(
      codes.map((code) => [`\`${code}\``, exitCodeOf(new PlimsollError(code, ''))]).sort(),
    )
  })
})

type JsonSchema = {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

const formsOf = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? [schema]

/** One row for every field and those inside it: `marks[].symbol`. */
function fieldRows(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const types = formsOf(field).flatMap((form) =>
      form.const === undefined ? (form.type ?? []) : JSON.stringify(form.const),
    )
    const row = `| \`${prefix}${name}\` | ${types.join(' or ')} | ${field.description} |`
    const inner = formsOf(field).flatMap((form) => [
      ...fieldRows(form, `${prefix}${name}.`),
      ...(form.items === undefined ? [] : fieldRows(form.items, `${prefix}${name}[].`)),
    ])
    return [row, ...inner]
  })
}

describe('docs/events.md', () => {
  const text = read('docs/events.md')
  const tableOf = (schema: z.ZodType) =>
    ['| field | type | meaning |', '|---|---|---|', ...fieldRows(z.toJSONSchema(schema) as JsonSchema)].join(
      '\n',
    )

  it.each([
    ['a margin account', marginEventSchema],
    ['a market', marketEventSchema],
    ['a suspect event that is revised', revisionEventSchema],
    ['a venue', venueEventSchema],
  ])('tells every field of an event of %s in the words of its schema', (_what, schema) => {
    expect(text).toContain(`\n\n${tableOf(schema)}\n\n`)
  })

  it('shows real events of all kinds that fit the schema as they are', () => {
    const samples = blocks(text, 'json').map((block) => JSON.parse(block))
    expect(samples.map((sample) => plimsollEventSchema.parse(sample))).toEqual(samples)
    expect(samples.map(({ kind }) => kind)).toEqual([
      'liquidation',
      'revision',
      'venue-suspect',
      'market-stale',
      'market-fresh',
    ])
    const schemas = [
      marginEventSchema,
      revisionEventSchema,
      venueEventSchema,
      marketEventSchema,
      marketEventSchema,
    ]
    samples.forEach((sample, index) => {
      // `pool` and `integrity` are shown apart; only accounts that state `asOfMs` have `funding` or
      // `interest`; the fields of a gap, of a delisting, of a contradiction and of an end are told apart.
      const fields = Object.keys(schemas[index]!.shape).filter(
        (name) =>
          ![
            'pool',
            'funding',
            'interest',
            'rollover',
            'integrity',
            'untilMs',
            'gapReasons',
            'delisted',
            'contradictions',
            'endedBy',
          ].includes(name),
      )
      expect(Object.keys(sample).sort()).toEqual(fields.sort())
    })
  })

  it('names every kind, key and field of the envelope of a job', () => {
    const keys = Object.entries(keysOf('<shard>')).filter(([name]) => name !== 'shard')
    const names = [
      ...marginEventSchema.shape.kind.options,
      ...marketEventSchema.shape.kind.options,
      ...venueEventSchema.shape.kind.options,
      revisionEventSchema.shape.kind.value,
      ...revisionEventSchema.shape.confidence.options,
      ...keys.map(([, key]) => key),
      ...Object.keys(jobDataSchema.shape),
      EVENTS_QUEUE_NAME,
    ]
    expect(unnamed(text, names)).toEqual([])
  })
})

describe('docs/events.md in figures', () => {
  const text = read('docs/events.md').replace(/\s+/g, ' ')
  const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`

  it('tells the entries of the stream, its trim, the jobs, and what stays of them', () => {
    for (const told of [
      '| `event` | one event as JSON text |',
      '| `owner`, `logId` | a worker took the stream over',
      `about ${mebibytes(EVENTS_BYTES_MAX)} of events and ${EVENTS_LENGTH_MAX.toLocaleString('en-US')} entries`,
      `holds 1 to ${JOB_EVENTS_MAX} events and at most ${mebibytes(JOB_BYTES_MAX)} of them`,
      `it ends ${LEASE_MS / 1_000} s after its last renewal`,
      `its prefix is \`${keysOf('<shard>').queuePrefix}\``,
      `\`${queueNameOf('risk')}\` and \`${queueNameOf('alerts')}\``,
    ]) {
      expect(text).toContain(told)
    }
  })
})

describe('README.md', () => {
  const text = read('README.md')

  it('shows accounts that import takes as they stand', async () => {
    expect(await imported(blocks(text, 'json').join(''), 'jsonl')).toMatchObject({ imported: 1, refused: [] })
  })

  it('shows a subscriber made of what the package exports', async () => {
    const [code = ''] = blocks(text, 'ts')
    const names = /import \{ ([^}]+) \} from 'plimsoll'/.exec(code)?.[1]?.split(', ') ?? []
    expect(names).toContain('subscribe')
    const library: Record<string, unknown> = await import('../src/index.ts')
    expect(names.filter((name) => typeof library[name] !== 'function')).toEqual([])
  })

  it.each([
    ['what two services get that subscribe alike', /two services that subscribe [^.]*split the events/i],
    ['how each of several services gets every event', /--consumers risk,alerts[^.]*consumer: 'risk'/],
    [
      'what an inbox in a file promises',
      /With `fileInbox` an effect is repeated at most once for each crash/,
    ],
    ['where an inbox in the transaction of the effect is shown', /\(examples\/transactional-inbox\.ts\)/],
    ['what a service manager starts', /service manager starts `node dist\/src\/cli\/main\.js run`/],
  ])('says %s', (_, sentence) => {
    expect(text.replace(/\s+/g, ' ')).toMatch(sentence)
  })

  it('names consumers by a flag and an option that exist', () => {
    expect(runCommand().options.map(({ long }) => long)).toContain('--consumers')
    expect(pathOf('examples/transactional-inbox.ts')).toSatisfy(existsSync)
  })
})

describe('margin-event.schema.json', () => {
  const file = fileURLToPath(import.meta.resolve('plimsoll/margin-event.schema.json'))

  it('is the schema of the code; `npx vitest run test/docs.test.ts --update` writes it anew', async () => {
    await expect(`${JSON.stringify(marginEventJsonSchema, null, 2)}\n`).toMatchFileSnapshot(file)
  })

  it('has an id and describes every field', () => {
    const schema = JSON.parse(readFileSync(file, 'utf8'))
    expect(schema.$id).toBe('urn:plimsoll:margin-event:2')
    const rows = (schema.oneOf as JsonSchema[]).flatMap((form) => fieldRows(form))
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.filter((row) => row.includes('undefined'))).toEqual([])
  })
})

describe('ARCHITECTURE.md', () => {
  it('names files that exist, and every room of src', () => {
    const text = read('ARCHITECTURE.md')
    const files = [...text.matchAll(/`((?:assembly|[a-z-]+)\/[a-z-]+\.ts)`/g)].map(([, name = '']) => name)
    expect(files.length).toBeGreaterThan(20)
    const missing = files.filter((name) => !existsSync(pathOf(`src/${name}`)) && !existsSync(pathOf(name)))
    expect(missing).toEqual([])
    const rooms = readdirSync(pathOf('src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(rooms.filter(({ name }) => !text.includes(`\`${name}/\``)).map(({ name }) => name)).toEqual([])
  })
})

describe('the prose of docs/ and of the pages beside it', () => {
  const COLUMNS_MAX = 128

  /** Numbers of the lines that are too long, without tables and code. */
  function longLines(text: string): number[] {
    let isCode = false
    return text.split('\n').flatMap((line, index) => {
      const isFence = line.startsWith('```')
      if (isFence) isCode = !isCode
      const isProse = !isFence && !isCode && !/^\s*\||^ {4}/.test(line)
      return isProse && line.length > COLUMNS_MAX ? [index + 1] : []
    })
  }

  it('has no line that is wider than a screen', () => {
    const wide = 'x'.repeat(COLUMNS_MAX + 1)
    expect(longLines(`${wide}\n| ${wide} |\n\`\`\`sh\n${wide}\n\`\`\`\n- ${wide}\n`)).toEqual([1, 6])
    const pagesIn = (folder: string, options = {}) =>
      readdirSync(pathOf(folder), { encoding: 'utf8', ...options })
        .filter((name) => name.endsWith('.md'))
        .map((name) => `${folder}/${name}`)
    const pages = [...pagesIn('docs', { recursive: true }), ...pagesIn('.')]
    expect(pages).toEqual(expect.arrayContaining(['docs/rules.md', './README.md', './CHANGELOG.md']))
    const found = pages.flatMap((page) => longLines(read(page)).map((line) => `${page}:${line}`))
    expect(found).toEqual([])
  })
})
