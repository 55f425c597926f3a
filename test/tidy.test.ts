import { describe, expect, it } from 'vitest'
import { VENUES } from '../src/venues/index.ts'
import { importsOf, readTree, type SourceFile, withoutComments } from './support/tree.ts'

/** Where a module belongs: `feed` for src/feed/x.ts, `config` for src/config.ts, `assembly`, `bench`, `test`. */
function partOf(path: string): string {
  const [folder = '', name = ''] = path.split('/')
  return folder === 'src' ? name.replace(/\.ts$/, '') : folder
}

const EDGE = ['domain', 'errors', 'system']
const PRODUCT = [
  ...[
    'domain',
    'errors',
    'log',
    'config',
    'metrics',
    'system',
    'input',
    'memory',
    'margin',
    'rules',
    'venues',
    'kernel',
    'integrity',
  ],
  ...[
    'monitor',
    'feed',
    'book',
    'import',
    'delivery',
    'subscriber',
    'redis',
    'redis-server',
    'questions',
    'replay',
    'worker',
    'api',
  ],
]

/** What each part may import beside itself. A part that is not here is refused: it needs a place first. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  assembly: [],
  errors: [],
  metrics: [],
  log: [],
  domain: ['errors'],
  system: ['domain', 'errors', 'input'],
  input: ['errors'],
  memory: ['errors'],
  margin: ['domain', 'errors'],
  rules: ['domain', 'errors', 'input', 'margin'],
  venues: ['domain', 'errors', 'input', 'margin', 'rules'],
  kernel: ['domain', 'errors', 'margin', 'assembly'],
  integrity: ['domain', 'errors', 'margin'],
  monitor: ['domain', 'errors', 'metrics', 'memory', 'margin', 'kernel', 'integrity'],
  questions: ['domain', 'errors', 'integrity', 'kernel', 'margin', 'monitor'],
  replay: ['domain', 'errors', 'input', 'integrity', 'kernel', 'margin', 'metrics', 'monitor'],
  feed: [...EDGE, 'log', 'input'],
  book: [...EDGE, 'input', 'memory', 'redis'],
  import: [...EDGE, 'input'],
  delivery: [...EDGE, 'input', 'metrics', 'redis'],
  subscriber: [...EDGE, 'input', 'redis'],
  redis: EDGE,
  'redis-server': [...EDGE, 'input', 'redis'],
  config: ['domain', 'errors', 'log', 'integrity', 'margin', 'kernel', 'venues'],
  api: [...EDGE, 'log', 'venues', 'book', 'delivery', 'subscriber', 'redis', 'redis-server'],
  worker: PRODUCT.filter((part) => !['api', 'import', 'redis-server', 'replay', 'subscriber'].includes(part)),
  index: PRODUCT,
  demo: PRODUCT,
  cli: [...PRODUCT, 'demo'],
  bench: [...PRODUCT, 'demo'],
  // What a user would write: the published package alone.
  examples: [],
}

/** The one file that both languages read. */
const SHARED_WITH_ASSEMBLY = 'assembly/layout.ts'

/** The parts that may import each package; every other package is refused. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  ws: ['system', 'demo'],
  bullmq: ['redis', 'delivery', 'subscriber', 'domain', 'examples'],
  plimsoll: ['examples'],
  ioredis: ['redis'],
  pino: ['log'],
  commander: ['cli', 'bench'],
  zod: ['domain', 'config', 'subscriber', 'cli'],
}

/** Words of the language, the platform or Redis, and the files that may use them. */
const HOMES_OF_CALLS: readonly (readonly [word: RegExp, ...homes: string[]])[] = [
  [/\bprocess\s*\.\s*env\b|\bloadEnvFile\b/, 'src/config.ts'],
  [/\bDate\s*\.\s*now\b|\bnew Date\(\s*\)|\bperformance\s*\.\s*now\b|\bhrtime\b/, 'src/system/clock.ts'],
  [
    /\b(?:setTimeout|setInterval|setImmediate)\b|\bAbortSignal\s*\.\s*timeout\b|['"](?:node:)?timers\b/,
    'src/system/clock.ts',
  ],
  [/['"][HSZ]?SCAN['"]/, 'src/redis/scan.ts'],
  // A script of the book reads the newest id inside Redis.
  [/['"]X(?:READ|RANGE|REVRANGE)['"]/, 'src/redis/stream.ts', 'src/book/scripts.ts'],
  // The log formats its own lines and knows no room; a simulated venue reads frames without the product's reader.
  [/\bJSON\s*\.\s*parse\b/, 'src/input/json.ts', 'src/log.ts', 'src/demo/exchange/request.ts'],
  [/\berror\s*\??\.\s*issues\b/, 'src/domain/fault.ts'],
  // It keeps the timer of the loser alive: src/system/time-limit.ts waits with a limit and clears its timer.
  [/\bPromise\s*\.\s*race\b/],
  [/\bMath\s*\.\s*random\b/],
  [/\bconsole\s*\./],
  [/\bprocess\s*\.\s*exit\s*\(/],
]

/** Files outside of src/system/ that may use the file system themselves; all others take a `Disk` or an open file. */
const FILE_SYSTEM_HOMES: readonly (readonly [home: RegExp, reason: string])[] = [
  [/^src\/redis-server\//, 'unpacks and runs a server in a folder of its own'],
  [/^src\/demo\/(?:store|screen\/next-steps)\.ts$/, 'removes and writes what the demo leaves behind'],
  [/^src\/cli\/(?:import|lines)\.ts$/, 'reads a file that a user named'],
  [/^src\/rules\/file\.ts$/, 'reads a file that a user named'],
  [/^src\/config\.ts$/, 'looks for .env'],
  [/^src\/kernel\/wasm-module\.ts$/, 'loads the kernel that ships with the program'],
  [/^src\/cli\/heartbeat\.ts$/, 'writes the time for a health check'],
  [/^src\/(?:cli\/npm-parent|delivery\/lease)\.ts$/, 'asks /proc about this process'],
]

/** From here on a file has to answer whether it holds two ideas. */
const LINES_ASKED = 300
/** Files that hold one idea and are longer. They may shrink, not grow: a longer one is cut, or raised here with a reason. */
const LONGER_FILES: Readonly<Record<string, number>> = {
  // One method of the kernel's interface after the other.
  'src/kernel/wasm.ts': 315,
  // One method of what others call after the other.
  'src/monitor/monitor.ts': 340,
  // Data: one table or history a line.
  'src/venues/binance-usdm-history.ts': 2_143,
  // The composition root: it opens and closes every part.
  'src/worker/worker.ts': 318,
}
/** What is run or published, so that nobody has to import it. */
const ENTRIES = [
  'src/index.ts',
  'src/cli/main.ts',
  'src/demo/exchange/exchange-main.ts',
  'src/demo/screen/screen-main.ts',
  'src/demo/subscriber-main.ts',
  // The demo has no pools over several currencies; `test/differential/pools.test.ts` compares the engine with it.
  'src/demo/referee/pools.ts',
  'bench/main.ts',
  'bench/exchange-main.ts',
  'bench/watcher-main.ts',
  'bench/heap-worker.ts',
  'bench/start-main.ts',
  'examples/follow.ts',
  'examples/plain-bullmq.ts',
  'examples/subscriber.ts',
  'examples/transactional-inbox.ts',
  'assembly/index.ts',
]

/** A second door: a part of a room that commands use without the rest, which takes longer to load than they run. */
const SIDE_DOORS = ['src/api/open-book.ts', 'src/demo/exchange/default-names.ts', 'src/worker/rule-books.ts']

type Rule = (files: readonly SourceFile[]) => string[]

const isProduct = ({ path }: SourceFile) => !path.startsWith('test/')

const importDirection: Rule = (files) =>
  files.filter(isProduct).flatMap((file) => {
    const part = partOf(file.path)
    const allowed = MAY_IMPORT[part]
    if (allowed === undefined) return [`${file.path} belongs to a part that has no place in the order`]
    return importsOf(file).flatMap(({ path }) => {
      if (path === undefined || partOf(path) === part || allowed.includes(partOf(path))) return []
      return [`${file.path} may not import ${path}: ${part} knows only ${allowed.join(', ') || 'itself'}`]
    })
  })

const foldersHaveOneDoor: Rule = (files) =>
  files.filter(isProduct).flatMap((file) =>
    importsOf(file).flatMap(({ path }) => {
      if (path === undefined || partOf(path) === partOf(file.path)) return []
      const isDoor = /^src\/[^/]+\.ts$|^src\/[^/]+\/index\.ts$/.test(path)
      return isDoor || path === SHARED_WITH_ASSEMBLY || SIDE_DOORS.includes(path)
        ? []
        : [`${file.path} imports ${path} past the index.ts of its folder`]
    }),
  )

const packagesHaveOneHome: Rule = (files) =>
  files.filter(isProduct).flatMap((file) =>
    importsOf(file).flatMap(({ specifier, path }) => {
      if (path !== undefined || specifier.startsWith('node:')) return []
      const homes = PACKAGE_HOMES[specifier] ?? []
      return homes.includes(partOf(file.path))
        ? []
        : [`${file.path} imports ${specifier}, whose home is ${homes.join(', ') || 'nowhere'}`]
    }),
  )

const callsHaveOneHome: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text)
      return HOMES_OF_CALLS.flatMap(([word, ...homes]) => {
        const found = homes.includes(path) ? null : word.exec(code)
        return found === null
          ? []
          : [`${path} uses ${found[0]}, whose home is ${homes.join(', ') || 'nowhere'}`]
      })
    })

const filesGoThroughTheDisk: Rule = (files) =>
  files
    .filter(({ path }) => /^src\/(?!system\/)/.test(path))
    .filter(({ path }) => !FILE_SYSTEM_HOMES.some(([home]) => home.test(path)))
    .flatMap((file) =>
      importsOf(file).flatMap(({ specifier }) =>
        /^(?:node:)?fs\b/.test(specifier)
          ? [`${file.path} imports ${specifier}: take a Disk of src/system/ as an argument`]
          : [],
      ),
    )

const testsAreSeeded: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const code = withoutComments(text)
    const [, ...checks] = code.split(/\bfc\.(?:assert|check|sample)\(/)
    const isUnseeded = /\bMath\.random\b/.test(code) || checks.some((check) => !/\bseed\b/.test(check))
    return isUnseeded && path !== 'test/tidy.test.ts' ? [`${path} uses chance without a seed`] : []
  })

const nothingIsSwallowed: Rule = (files) =>
  files.filter(isProduct).flatMap(({ path, text }) => {
    const code = withoutComments(text)
    const empty = /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*\(\s*\w*\s*\)\s*=>\s*\{\s*\}\s*\)/.test(
      code,
    )
    const unexplained = /^(?![ \t]*\/\/).*\n.*\.catch\(\s*\(\s*\w*\s*\)\s*=>\s*undefined\s*\)/m.test(text)
    return [
      ...(empty ? [`${path} has an empty catch`] : []),
      ...(unexplained ? [`${path} drops a rejection without a comment that says why`] : []),
    ]
  })

const nothingIsLeftForLater: Rule = (files) =>
  files
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .flatMap(({ path, text }) => {
      const found = /\b(?:TODO|FIXME|XXX|HACK)\b/.exec(text)
      return found === null ? [] : [`${path} says ${found[0]}`]
    })

const filesStaySmall: Rule = (files) =>
  files
    .filter(({ path }) => /^(?:src|assembly)\//.test(path))
    .flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1
      const most = LONGER_FILES[path] ?? LINES_ASKED
      return lines > most ? [`${path} has ${lines} lines, more than ${most}: does it hold two ideas?`] : []
    })

const literalsAreNotSpread: Rule = (files) =>
  files
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .flatMap(({ path, text }) =>
      /^\s*\.\.\.\{(?: ?['\w]|$)/m.test(text)
        ? [`${path} spreads an object literal: write one field a line`]
        : [],
    )

/** Words that make a sentence of a comment be read twice: they hide who does what. */
const BANNED_WORDS = /\b(?:told|afresh|whoever|of one such|where there is none)\b/i

const commentsUsePlainWords: Rule = (files) =>
  files
    .filter(({ path }) => /^(?:src|bench|assembly|examples)\//.test(path))
    .flatMap(({ path, text }) =>
      commentsOf(text).flatMap((comment) => {
        const word = BANNED_WORDS.exec(comment.replaceAll(/\s*\n\s*\*?\s*/g, ' '))?.[0]
        return word === undefined ? [] : [`${path} says "${word}" in a comment: name who does what`]
      }),
    )

function commentsOf(text: string): string[] {
  return text.match(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g) ?? []
}

/** A paragraph or a list that was joined with the line before it keeps its mark inside the line. */
const commentsKeepTheirParagraphs: Rule = (files) =>
  files
    .filter(({ path }) => /^(?:src|bench|assembly|examples|test)\//.test(path))
    .flatMap(({ path, text }) =>
      /^\s*\*.*[a-z.:;,)] (?:\*|-) [A-Za-z]/m.test(text)
        ? [`${path} has a paragraph or a list inside a line of a comment: give it lines of its own`]
        : [],
    )

/** The referee is a second opinion: it shares the nouns with the product, and nothing that computes. */
const refereeIsIndependent: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith('src/demo/referee/'))
    .flatMap((file) =>
      importsOf(file).flatMap(({ path }) =>
        path === undefined || /^src\/(?:demo\/referee\/|domain\/|errors\.ts$)/.test(path)
          ? []
          : [`${file.path} imports ${path}: the referee knows domain and errors only`],
      ),
    )

const noCircles: Rule = (files) => {
  const byPath = new Map(files.filter(isProduct).map((file) => [file.path, file]))
  const circles = new Set<string>()
  const open: string[] = []
  const done = new Set<string>()
  const visit = (path: string) => {
    const start = open.indexOf(path)
    if (start >= 0) circles.add([...open.slice(start), path].join(' > '))
    const file = byPath.get(path)
    if (start >= 0 || done.has(path) || file === undefined) return
    open.push(path)
    for (const imported of importsOf(file)) if (imported.path !== undefined) visit(imported.path)
    open.pop()
    done.add(path)
  }
  for (const path of byPath.keys()) visit(path)
  return [...circles].map((circle) => `imports in a circle: ${circle}`)
}

const noFileIsDead: Rule = (files) => {
  const byPath = new Map(files.filter(isProduct).map((file) => [file.path, file]))
  const reached = new Set<string>()
  const reach = (path: string) => {
    const file = byPath.get(path)
    if (file === undefined || reached.has(path)) return
    reached.add(path)
    for (const imported of importsOf(file)) if (imported.path !== undefined) reach(imported.path)
  }
  for (const entry of ENTRIES) reach(entry)
  return [...byPath.keys()].filter((path) => !reached.has(path)).map((path) => `nothing imports ${path}`)
}

const noFileIsTwice: Rule = (files) => {
  const byText = new Map<string, string>()
  return files.flatMap(({ path, text }) => {
    const first = byText.get(text)
    byText.set(text, first ?? path)
    return first === undefined || text === '' ? [] : [`${path} is ${first} once more`]
  })
}

const testsKeepToThemselves: Rule = (files) =>
  files.flatMap((file) =>
    importsOf(file).flatMap(({ path }) => {
      if (path === undefined || !path.startsWith('test/')) return []
      if (isProduct(file)) return [`${file.path} imports ${path}: the product knows no test`]
      return path.endsWith('.test.ts') ? [`${file.path} imports the test file ${path}`] : []
    }),
  )

/** Where a venue may be named. Everywhere else a venue is a value that the registry in src/venues/ gave. */
const VENUE_HOMES: readonly RegExp[] = [
  /^src\/venues\//,
  // Each venue is simulated by a file of its own, and the referee writes its formulas down a second time.
  /^src\/demo\/exchange\//,
  /^src\/demo\/referee\/venues\//,
  // The first two venues have public names.
  /^src\/index\.ts$/,
  // The example of an account in the help.
  /^src\/cli\/import\.ts$/,
]
const VENUE_WORDS = new RegExp(
  `\\b(?:${[...new Set(VENUES.flatMap(({ names }) => names))].join('|')})\\b`,
  'i',
)

const venuesAreNamedAtHome: Rule = (files) =>
  files
    .filter(({ path }) => /^(?:src|assembly)\//.test(path) && !VENUE_HOMES.some((home) => home.test(path)))
    .flatMap(({ path, text }) => {
      const found = VENUE_WORDS.exec(withoutComments(text))
      return found === null
        ? []
        : [`${path} names the venue ${found[0]}: only src/venues/ knows venues by name`]
    })

const COUNTED_NOUNS =
  'accounts|assets|bars|changes|checks|contracts|days|entries|events|faults|fields|files|frames|jobs|liquidations|marks|markets|' +
  'minutes|moments|positions|prices|requests|rows|symbols|tables|tiers|ticks|warnings'
const UNCOUNTED = new RegExp(
  `\\$\\{([^{}]+)\\}(?: (?:acknowledged|margin|mark|more))* (?:${COUNTED_NOUNS})\\b`,
  'g',
)
/** A limit is never 1. */
const LIMIT = /[A-Z]_MAX\b|[a-z]Max\b/

const countsAgree: Rule = (files) =>
  files
    // The kernel checks its invariants on the hot path; what a venue counts are decimals.
    .filter(({ path }) => /^src\/(?!kernel\/|venues\/)/.test(path))
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(UNCOUNTED)]
        .filter(([, count = '']) => !LIMIT.test(count) && !/^counted\(/.test(count))
        .map(([found]) => `${path} prints ${found}, also of 1: counted() of src/domain/counted.ts agrees`),
    )

interface House {
  readonly name: string
  readonly rule: Rule
  /** A file that breaks the rule, and what the rule says of it. */
  readonly broken: SourceFile
  readonly says: string
}

const lines = (count: number) => 'const x = 1\n'.repeat(count)

const HOUSE: readonly House[] = [
  {
    name: 'imports point one way',
    rule: importDirection,
    broken: { path: 'src/feed/feed.ts', text: "import { Monitor } from '../monitor/index.ts'\n" },
    says: 'src/feed/feed.ts may not import src/monitor/index.ts',
  },
  {
    name: 'a folder is entered through its index.ts',
    rule: foldersHaveOneDoor,
    broken: { path: 'src/worker/x.ts', text: "import {\n  Book,\n} from '../book/store.ts'\n" },
    says: 'src/worker/x.ts imports src/book/store.ts past the index.ts',
  },
  {
    name: 'every package has its home',
    rule: packagesHaveOneHome,
    broken: { path: 'src/book/store.ts', text: "import type { Redis } from 'ioredis'\n" },
    says: 'src/book/store.ts imports ioredis, whose home is redis',
  },
  {
    name: 'environment, clock, timers, scans and streams have one home, chance and console none',
    rule: callsHaveOneHome,
    broken: { path: 'src/feed/backoff.ts', text: 'const spread = Math.random()\n' },
    says: 'src/feed/backoff.ts uses Math.random, whose home is nowhere',
  },
  {
    name: 'files are reached through the disk of src/system/',
    rule: filesGoThroughTheDisk,
    broken: { path: 'src/subscriber/x.ts', text: "import { openSync } from 'node:fs'\n" },
    says: 'src/subscriber/x.ts imports node:fs: take a Disk',
  },
  {
    name: 'chance in tests has a seed',
    rule: testsAreSeeded,
    broken: { path: 'test/x.test.ts', text: 'const x = Math.random()\n' },
    says: 'test/x.test.ts uses chance without a seed',
  },
  {
    name: 'no error is swallowed',
    rule: nothingIsSwallowed,
    broken: { path: 'src/x.ts', text: 'try {\n  f()\n} catch (error) {\n  // fine\n}\n' },
    says: 'src/x.ts has an empty catch',
  },
  {
    name: 'nothing is left for later',
    rule: nothingIsLeftForLater,
    broken: { path: 'bench/x.ts', text: '// TODO: measure\n' },
    says: 'bench/x.ts says TODO',
  },
  {
    name: 'files stay small enough to hold in the head',
    rule: filesStaySmall,
    broken: { path: 'src/x.ts', text: lines(LINES_ASKED + 1) },
    says: 'src/x.ts has 301 lines, more than 300: does it hold two ideas?',
  },
  {
    name: 'no layout tricks',
    rule: literalsAreNotSpread,
    broken: { path: 'src/x.ts', text: 'f({\n  ...{ a, b },\n  c,\n})\n' },
    says: 'src/x.ts spreads an object literal',
  },
  {
    name: 'comments use plain words',
    rule: commentsUsePlainWords,
    broken: { path: 'src/x.ts', text: '/**\n * Ends where there\n * is none.\n */\n' },
    says: 'src/x.ts says "where there is none" in a comment',
  },
  {
    name: 'comments keep their paragraphs',
    rule: commentsKeepTheirParagraphs,
    broken: { path: 'src/x.ts', text: '/**\n * Ends a turn. * The next one waits.\n */\n' },
    says: 'src/x.ts has a paragraph or a list inside a line of a comment',
  },
  {
    name: 'the referee of the demo is independent',
    rule: refereeIsIndependent,
    broken: { path: 'src/demo/referee/x.ts', text: "import { evaluate } from '../../margin/index.ts'\n" },
    says: 'src/demo/referee/x.ts imports src/margin/index.ts: the referee knows domain and errors only',
  },
  {
    name: 'a venue is named in src/venues/ alone',
    rule: venuesAreNamedAtHome,
    broken: { path: 'src/monitor/x.ts', text: "const isCheap = venue === 'bybit'\n" },
    says: 'src/monitor/x.ts names the venue bybit: only src/venues/ knows venues by name',
  },
  {
    name: 'a printed count agrees with its noun',
    rule: countsAgree,
    broken: { path: 'src/cli/x.ts', text: `tell(\`\${refused.length} margin accounts are refused\`)\n` },
    says: `src/cli/x.ts prints \${refused.length} margin accounts, also of 1`,
  },
  {
    name: 'no imports in a circle',
    rule: noCircles,
    broken: { path: 'src/margin/x.ts', text: "import type { X } from './x.ts'\n" },
    says: 'imports in a circle: src/margin/x.ts > src/margin/x.ts',
  },
  {
    name: 'no file is dead',
    rule: noFileIsDead,
    broken: { path: 'src/margin/old.ts', text: '' },
    says: 'nothing imports src/margin/old.ts',
  },
  {
    name: 'the product knows no test, and no test file another',
    rule: testsKeepToThemselves,
    broken: { path: 'src/x.ts', text: "import { seed } from '../test/support/seed.ts'\n" },
    says: 'src/x.ts imports test/support/seed.ts',
  },
]

const TREE = readTree()

describe.each(HOUSE)('house rule: $name', ({ rule, broken, says }) => {
  it('holds', () => {
    expect(rule(TREE)).toEqual([])
  })

  it('is able to fail', () => {
    expect(rule([broken]).join('\n')).toContain(says)
  })
})

/** Further ways to break a rule that a simpler reading of the text would miss. */
const OTHER_BREACHES: readonly [Rule, string, string][] = [
  [importDirection, 'src/margin/x.ts', "export * from '../venues/index.ts'\n"],
  [importDirection, 'src/monitor/x.ts', "import type { Worker } from '../worker.ts'\n"],
  [importDirection, 'src/monitor/x.ts', "const redis = await import('../redis/index.ts')\n"],
  [importDirection, 'assembly/x.ts', "import { assert } from '../src/errors'\n"],
  [importDirection, 'src/desk/x.ts', ''],
  [foldersHaveOneDoor, 'src/kernel/x.ts', "import { zone } from '../../assembly/zones.ts'\n"],
  [packagesHaveOneHome, 'src/margin/x.ts', "import lodash from 'lodash'\n"],
  [callsHaveOneHome, 'src/worker/worker.ts', 'const url = process.env.REDIS_URL\n'],
  [callsHaveOneHome, 'src/worker/worker.ts', 'const nowMs = Date.now()\n'],
  [callsHaveOneHome, 'src/worker/worker.ts', "import { setTimeout as sleep } from 'node:timers/promises'\n"],
  [callsHaveOneHome, 'src/book/x.ts', "await redis.call('HSCAN', key, cursor)\n"],
  [callsHaveOneHome, 'src/book/x.ts', "await redis.call('XREVRANGE', key, '+', '-')\n"],
  [callsHaveOneHome, 'src/book/x.ts', 'const account = JSON.parse(text)\n'],
  [callsHaveOneHome, 'src/cli/x.ts', 'const rule = parsed.error.issues[0]!.message\n'],
  [callsHaveOneHome, 'src/book/x.ts', 'await Promise.race([reading, sleep(clock, 9)])\n'],
  [nothingIsSwallowed, 'src/x.ts', 'f()\ng().catch(() => undefined)\n'],
  [callsHaveOneHome, 'src/book/x.ts', "await redis.call('HSCAN', key, cursor)\n"],
  [callsHaveOneHome, 'src/book/x.ts', "await redis.call('XREVRANGE', key, '+', '-')\n"],
  [nothingIsSwallowed, 'src/x.ts', 'f().catch(() => {})\n'],
  [venuesAreNamedAtHome, 'src/feed/x.ts', 'const url = `wss://stream.Bybit.com`\n'],
  [filesGoThroughTheDisk, 'src/delivery/x.ts', "import { readFile } from 'node:fs/promises'\n"],
  [testsKeepToThemselves, 'test/x.test.ts', "import { a } from './y.test.ts'\n"],
  [testsAreSeeded, 'test/x.test.ts', 'fc.assert(one, { seed: SEED })\nfc.assert(other, { numRuns: 9 })\n'],
]

it.each(OTHER_BREACHES)('finds the breach %#', (rule, path, text) => {
  expect(rule([{ path, text }])).toHaveLength(1)
})

it('finds a module that is there twice', () => {
  const text = 'export const x = 1\n'
  const twice = [
    { path: 'src/delivery/x.ts', text },
    { path: 'src/monitor/x.ts', text },
  ]
  expect(noFileIsTwice(twice)).toEqual(['src/monitor/x.ts is src/delivery/x.ts once more'])
  expect(noFileIsTwice(TREE)).toEqual([])
})

it('reads comments and URLs as what they are', () => {
  const text = "// Date.now() lives elsewhere\nconst url = 'ws://host' /* setTimeout */\n"
  expect(callsHaveOneHome([{ path: 'src/x.ts', text }])).toEqual([])
})
