import { existsSync } from 'node:fs'
import { z } from 'zod'
import {
  consumersSchema,
  decimalSchema,
  type FieldPath,
  IN_OUR_WORDS,
  levelNameSchema,
  schemaFaultsOf,
  shownValue,
  UNKNOWN_FIELD,
  type VenueSource,
  valueAt,
} from './domain/index.ts'
import { PlimsollError } from './errors.ts'
import { KERNEL_VARIANTS } from './kernel/index.ts'
import { LOG_LEVELS } from './log.ts'
import { DEFAULT_HYSTERESIS, DEFAULT_LEVELS, levelRule } from './margin/index.ts'
import { VENUES } from './venues/index.ts'

const SOURCES = VENUES.flatMap((venue) => venue.sources)
const HISTORIES = VENUES.flatMap((venue) => venue.markHistory ?? [])
const LISTS = VENUES.flatMap((venue) => venue.instruments ?? [])
const STREAM_IDS = [...SOURCES, ...HISTORIES, ...LISTS].map(({ id }) => id)

const configSchema = z.strictObject({
  /** Absent: a private Redis, see `openRedis`. */
  redisUrl: z.string().min(1).optional(),
  /** Where the private Redis keeps its data. */
  dataDir: z.string().min(1).default('.data'),
  /** When the private Redis writes to the disk: `always` loses nothing at a power loss, `everysec` up to two seconds. */
  appendfsync: z.enum(['always', 'everysec']).default('always'),
  /** The worker writes the time into this file while it is alive, for a health check. Without it no file is written. */
  heartbeatFile: z.string().min(1).optional(),
  /** The worker writes what it takes into this folder, for `plimsoll replay`. Without it nothing is recorded. */
  recordDir: z.string().min(1).optional(),
  /** Most that the files of that folder hold together, MiB. */
  recordMaxMib: z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'must be a whole number of MiB from 1 to 9999999')
    .default('1024')
    .transform(Number),
  shard: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, _ or -')
    .default('0'),
  /** Warning levels, the farthest from the line first: distances such as `5%`, or margin ratios such as `0.8`. */
  levels: z.array(levelNameSchema).default([...DEFAULT_LEVELS]),
  /** Share of the maintenance margin that must be free above a level before it is left. */
  hysteresis: decimalSchema.default(DEFAULT_HYSTERESIS),
  /** File of instrument rules that replace or extend the built-in books. */
  rulesFile: z.string().min(1).optional(),
  /** Refuse a file of rules as a whole for one bad symbol. */
  strictRules: z.boolean().default(false),
  /** Days after which the tiers of a contract are called old in the log. */
  rulesMaxAgeDays: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a whole number of days from 1 to 9999')
    .default('14')
    .transform(Number),
  /** `apply`: funding, interest and rollovers since `asOfMs` are applied to accounts that state it. */
  funding: z.enum(['apply', 'ignore']).default('apply'),
  /** Minutes between two readings of the lists of contracts of the venues in the book; 0: they are not read. */
  instrumentsMinutes: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,3})$/, 'must be a whole number of minutes from 0, which reads none, to 9999')
    .default('5')
    .transform(Number),
  kernel: z
    .enum(KERNEL_VARIANTS as [string, ...string[]])
    .transform((name) => name as (typeof KERNEL_VARIANTS)[number])
    .default('wasm-simd'),
  /** Named consumers of events, each with a queue of its own. None: one queue that all subscribers share. */
  consumers: consumersSchema.default([]),
  /** Replace a worker that owns the shard at once, instead of waiting until it stops. */
  takeOver: z.boolean().default(false),
  /** Run on a Redis that may lose data, with an error in the log. */
  allowUnsafeRedis: z.boolean().default(false),
  logLevel: z.enum(LOG_LEVELS).default('info'),
  /** Replaces the URL of a stream, of a record of past prices or of a list of contracts, for a test network or a regional host. */
  streamUrls: z
    .strictObject(
      Object.fromEntries([
        ...SOURCES.map((source) => [source.id, addressOf(source).optional()] as const),
        ...[...HISTORIES, ...LISTS].map(({ id }) => [id, httpAddress().optional()] as const),
      ]),
    )
    .default({}),
})

/** URLs that may replace the address of a source. */
function addressOf({ kind }: VenueSource): z.ZodType<string> {
  if (kind === 'socket')
    return z.url({ protocol: /^wss?$/, error: 'must be a URL that begins with ws:// or wss://' })
  if (kind === 'poll') return httpAddress()
  return z.string().min(1, 'must be the path of a file, or - for standard input')
}

function httpAddress(): z.ZodType<string> {
  return z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
}

export type Config = Readonly<z.infer<typeof configSchema>>
export type ConfigOverrides = z.input<typeof configSchema>

/** Environment variable of each setting. Flags stand above them, a `.env` file and the defaults below. */
const VARIABLES = {
  REDIS_URL: 'redisUrl',
  PLIMSOLL_DATA_DIR: 'dataDir',
  PLIMSOLL_APPENDFSYNC: 'appendfsync',
  PLIMSOLL_HEARTBEAT_FILE: 'heartbeatFile',
  PLIMSOLL_RECORD: 'recordDir',
  PLIMSOLL_RECORD_MAX: 'recordMaxMib',
  PLIMSOLL_SHARD: 'shard',
  PLIMSOLL_LEVELS: 'levels',
  PLIMSOLL_HYSTERESIS: 'hysteresis',
  PLIMSOLL_RULES: 'rulesFile',
  PLIMSOLL_STRICT_RULES: 'strictRules',
  PLIMSOLL_RULES_MAX_AGE: 'rulesMaxAgeDays',
  PLIMSOLL_FUNDING: 'funding',
  PLIMSOLL_INSTRUMENTS: 'instrumentsMinutes',
  PLIMSOLL_KERNEL: 'kernel',
  PLIMSOLL_CONSUMERS: 'consumers',
  PLIMSOLL_TAKE_OVER: 'takeOver',
  PLIMSOLL_ALLOW_UNSAFE_REDIS: 'allowUnsafeRedis',
  PLIMSOLL_LOG_LEVEL: 'logLevel',
} as const

export const SETTING_VARIABLES = Object.keys(VARIABLES)

const STREAM_URL_PREFIX = 'PLIMSOLL_STREAM_URL_'

/**
 * The settings of a command: `overrides` (flags), then the environment, then `.env`, then defaults.
 * Throws CONFIGURATION with every setting that is wrong or unknown, each with its value and rule.
 */
export function loadConfig(overrides: ConfigOverrides = {}, environment?: NodeJS.ProcessEnv): Config {
  if (environment === undefined && existsSync('.env')) process.loadEnvFile('.env')
  const { settings, unknown } = readEnvironment(environment ?? process.env)
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
  const streamUrls = { ...(settings.streamUrls as object), ...overrides.streamUrls }
  const values = { ...settings, ...given, streamUrls }
  const parsed = configSchema.safeParse(values, IN_OUR_WORDS)
  const faults = unknown.map((name) => `${name} is not a setting`)
  if (parsed.success) faults.push(...levelFaults(parsed.data))
  else {
    for (const { path, rule } of schemaFaultsOf(parsed.error))
      faults.push(rule === UNKNOWN_FIELD ? unknownStream(String(path.at(-1))) : faultText(values, path, rule))
  }
  if (faults.length > 0 || !parsed.success) {
    throw new PlimsollError('CONFIGURATION', `wrong settings: ${faults.join('; ')}`)
  }
  return Object.freeze(parsed.data)
}

/** Whether lines on a terminal may have colour: not if NO_COLOR or CI is set, and not on a terminal without colours. */
export function allowsColour(environment: NodeJS.ProcessEnv = process.env): boolean {
  const isSet = (name: string) => (environment[name] ?? '') !== ''
  return !isSet('NO_COLOR') && !isSet('CI') && environment.TERM !== 'dumb'
}

/** npm sets these for what it runs: `npm start`, `npm run`, `npx`. */
export function isStartedByNpm(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.npm_command !== undefined || environment.npm_lifecycle_event !== undefined
}

function unknownStream(id: string): string {
  return `${settingName(['streamUrls', id])} is the URL of no stream; known are ${STREAM_IDS.join(', ')}`
}

/** The fault that the level rule finds in the levels together. */
function levelFaults({ levels, hysteresis }: Pick<Config, 'levels' | 'hysteresis'>): string[] {
  try {
    levelRule(levels, hysteresis)
    return []
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    const setting = error.path?.startsWith('levels') === true ? 'levels' : 'hysteresis'
    return [`${settingName([setting])}: ${error.message}`]
  }
}

/** Setting, value and rule; a list is shown as it is typed. */
function faultText(values: unknown, path: FieldPath, rule: string): string {
  const list = valueAt(values, path.slice(0, 1))
  if (!Array.isArray(list)) return `${settingName(path)} is ${shownValue(valueAt(values, path))}: ${rule}`
  const entry = path[1]
  const place = typeof entry === 'number' ? `entry ${entry + 1} ` : ''
  return `${settingName(path)} is ${shownValue(list.join(','))}: ${place}${rule}`
}

function readEnvironment(environment: NodeJS.ProcessEnv) {
  const settings: Record<string, unknown> = {}
  const streamUrls: Record<string, string> = {}
  const unknown: string[] = []
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue
    if (name in VARIABLES) {
      const setting = VARIABLES[name as keyof typeof VARIABLES]
      settings[setting] = fromText(setting, value)
    } else if (name.startsWith(STREAM_URL_PREFIX)) {
      streamUrls[name.slice(STREAM_URL_PREFIX.length).toLowerCase().replaceAll('_', '-')] = value
    } else if (name.startsWith('PLIMSOLL_')) unknown.push(name)
  }
  settings.streamUrls = streamUrls
  return { settings, unknown }
}

function fromText(setting: string, value: string): unknown {
  if (setting === 'levels' || setting === 'consumers') return value.split(',').map((name) => name.trim())
  if (setting === 'allowUnsafeRedis' || setting === 'strictRules' || setting === 'takeOver')
    return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value
  return value
}

/** The flag and the variable of a setting: every flag has the name of its variable. */
function settingName([setting, stream]: FieldPath): string {
  if (setting === 'streamUrls') {
    const variable = `${STREAM_URL_PREFIX}${String(stream).toUpperCase().replaceAll('-', '_')}`
    return `--stream-url ${String(stream)} (${variable})`
  }
  const variable = Object.entries(VARIABLES).find(([, name]) => name === setting)?.[0] ?? String(setting)
  const flag = variable
    .replace(/^PLIMSOLL_/, '')
    .toLowerCase()
    .replaceAll('_', '-')
  return `--${flag} (${variable})`
}
