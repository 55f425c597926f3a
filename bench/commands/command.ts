import { InvalidArgumentError } from 'commander'

/** A flag of a bench. `read` turns the text into its value and refuses other text. */
export interface BenchOption {
  readonly flags: string
  readonly description: string
  readonly read?: (text: string) => unknown
  readonly standard?: string | number
}

/** A benchmark as a command. */
export interface Bench<Options> {
  readonly name: string
  readonly description: string
  /** Without `--json`, which every bench has. */
  readonly options: readonly BenchOption[]
  /** Prints lines for people, and returns what `--json` prints after name, machine and version of Node. */
  run(options: Options, print: (text: string) => void): Promise<object> | object
}

export const DATA_DIR_OPTION: BenchOption = {
  flags: '--data-dir <folder>',
  description: 'where the private Redis finds or fetches its server',
  standard: '.data',
}

export function notify(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

export function oneOf<const Name extends string>(...names: readonly [Name, Name]): (text: string) => Name {
  return (text) => {
    const name = names.find((known) => known === text)
    if (name !== undefined) return name
    throw new InvalidArgumentError(`must be ${names.join(' or ')}`)
  }
}
