import { type Command, InvalidArgumentError, Option } from 'commander'
import { VENUES } from '../venues/index.ts'

const EXAMPLE_STREAM = VENUES[0]!.sources[0]!.id

/** Adds the flags of all settings of a worker; names as in `src/config.ts`. */
export function withConfigOptions(command: Command): Command {
  return withStoreOptions(command)
    .addOption(levelsOption())
    .option(
      '--hysteresis <share>',
      'share of the maintenance margin to be free above a level before it is left',
    )
    .option('--rules-max-age <days>', 'days after which rules are called old in the log (default 14)')
    .option('--funding <what>', 'apply (default) or ignore: funding, interest and rollovers after asOfMs')
    .option('--instruments <minutes>', 'between two readings of lists of contracts (default 5; 0: none)')
    .option('--kernel <variant>', 'wasm-simd, wasm-scalar or typescript')
    .option('--allow-unsafe-redis', 'run on a Redis that may lose data')
    .option('--heartbeat-file <file>', 'write the time into this file every 5 s, for a health check')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .option(
      '--stream-url <id=url>',
      `replace the URL of a stream, for example ${EXAMPLE_STREAM}=wss://...; repeatable`,
      streamUrl,
    )
    .hook('preAction', (_, action) => {
      const { streamUrl: urls } = action.opts<{ streamUrl?: Record<string, string> }>()
      if (urls !== undefined) action.setOptionValue('streamUrls', urls)
      action.setOptionValue('streamUrl', undefined)
      action.setOptionValue('rulesFile', action.opts().rules)
      action.setOptionValue('rules', undefined)
      action.setOptionValue('rulesMaxAgeDays', action.opts().rulesMaxAge)
      action.setOptionValue('rulesMaxAge', undefined)
      action.setOptionValue('instrumentsMinutes', action.opts().instruments)
      action.setOptionValue('instruments', undefined)
    })
}

/** Adds the flags that say where the book is and which rules hold. */
export function withStoreOptions(command: Command): Command {
  return withBookOptions(command)
    .option(
      '--rules <file>',
      'instrument rules that replace or extend the built-in books, JSON by venue and symbol',
    )
    .option('--strict-rules', 'refuse the file of rules as a whole for one bad symbol')
}

/** Adds the flags that say where the book is. */
export function withBookOptions(command: Command): Command {
  return command
    .option('--redis-url <url>', 'Redis to use instead of a private one')
    .option('--data-dir <folder>', 'folder of the private Redis (default .data)')
    .option(
      '--appendfsync <policy>',
      'always (default) or everysec: when a private Redis writes to the disk; everysec may lose two seconds at a power loss',
    )
    .option('--shard <name>', 'shard of the book (default 0)')
}

/** The flag for warning levels, a list of their names. */
export function levelsOption(): Option {
  return new Option(
    '--levels <levels>',
    'warning levels, the farthest first: distances from the line (5%) or margin ratios (0.8)',
  ).argParser((text) => (text === '' ? [] : text.split(',').map((part) => part.trim())))
}

function streamUrl(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError(`It must be stream=url, as ${EXAMPLE_STREAM}=wss://host/path.`)
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Reads a whole number from `min` to `max`. Without `max` the limit is the largest safe integer. */
export function whole(min: number, max?: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER)) return value
    const range = max === undefined ? `, ${min} or more` : ` from ${min} to ${max}`
    throw new InvalidArgumentError(`It must be a whole number${range}.`)
  }
}
