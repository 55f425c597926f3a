import { Command } from 'commander'
import {
  EVENT_SCHEMA_VERSION,
  type FieldPath,
  faultsText,
  IN_OUR_WORDS,
  type PlimsollEvent,
  pathText,
  plimsollEventSchema,
  schemaFaultsOf,
} from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { type JsonFault, type Line, readJson } from '../input/index.ts'
import { type Difference, type Verification, verifyEvent } from '../questions/index.ts'
import { LINE_CHARACTERS_MAX, linesOf, openInput, writeLine } from './lines.ts'
import { type Output, type Palette, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted } from './wrapping.ts'

/** Differences of one event that a terminal shows; JSON has them all. */
const DIFFERENCES_SHOWN_MAX = 20

/** `plimsoll verify`: recomputes events from the events alone. */
export function verifyCommand(output: Output = process.stdout): Command {
  return new Command('verify')
    .description('Recomputes events from the events alone, and prints what differs')
    .argument('<file>', 'events as JSON lines, as `plimsoll tail --json` prints them; - for standard input')
    .option('--json', 'JSON lines, as on a pipe')
    .addHelpText(
      'after',
      '\nPrints {"line", "id", "kind", "subject", "isOk", "faults", "differences":\n' +
        '[{"field", "stated", "recomputed"}]} for every line; "faults" says why figures\n' +
        'cannot be recomputed, in events of earlier versions which field they lack. A\n' +
        'line may also be an entry of the stream: {"event": "..."}. Blank lines are\n' +
        'skipped. Needs no Redis and no rules. Sizes, entry prices, wallets, marks and\n' +
        'rules are taken as the event states them; docs/events.md lists what else\n' +
        'cannot be checked.\n' +
        'Exit code 1 where a line is not verified, and where the input holds no event.',
    )
    .action(async (file: string, { json }: { json?: true }) => {
      const isJson = speaksJson(output, json)
      const failed = await verifyLines(linesOf(await openInput(file)), output, isJson)
      if (failed > 0) process.exitCode = EXIT_FAULT
    })
}

/**
 * Returns how many lines are not verified.
 * @throws PlimsollError INPUT_INVALID for an input without an event: one that broke off would look verified.
 */
export async function verifyLines(
  lines: AsyncIterable<Line>,
  output: Output,
  isJson: boolean,
): Promise<number> {
  let failed = 0
  let verified = 0
  const palette = paletteFor(output)
  for await (const line of lines) {
    if (line.text.trim() === '') continue
    const read = readEvent(line)
    const verification = 'reason' in read ? unreadable(read.reason) : verifyEvent(read.event)
    const result: Verified = { line: line.number, ...verification }
    if (result.isOk) verified++
    else failed++
    const shown = isJson
      ? [jsonLine(result)]
      : textOf(result, palette).map((one) => fitted(output, one, '    '))
    for (const one of shown) await writeLine(output, one)
  }
  if (verified + failed === 0) {
    throw new PlimsollError('INPUT_INVALID', 'the input holds no event, so nothing is verified')
  }
  if (!isJson) await writeLine(output, `${verified} verified, ${failed} not`)
  return failed
}

/** The names are null for a line that is no event. */
type NamedOrNot = Omit<Verification, 'id' | 'kind' | 'subject'> & {
  readonly [Name in 'id' | 'kind' | 'subject']: string | null
}

type Verified = NamedOrNot & { readonly line: number }

function unreadable(reason: string): NamedOrNot {
  return { id: null, kind: null, subject: null, isOk: false, faults: [reason], differences: [] }
}

function readEvent({ text, isCut }: Line): { readonly event: PlimsollEvent } | { readonly reason: string } {
  if (isCut) return { reason: `the line is longer than ${LINE_CHARACTERS_MAX} characters` }
  const json = readJson(text)
  if ('reason' in json) return { reason: `the line is not JSON: ${json.reason}` }
  if ('fault' in json) return { reason: jsonFaultText(json.fault) }
  return isEntry(json.value) ? readEntry(json.value.event) : parsedEvent(json.value, [])
}

/** An entry of the stream. A line that names a kind is an event, which may have further fields. */
function isEntry(value: unknown): value is { readonly event: unknown } {
  return isObject(value) && 'event' in value && !('kind' in value)
}

function readEntry(event: unknown): { readonly event: PlimsollEvent } | { readonly reason: string } {
  if (typeof event !== 'string') return parsedEvent(event, ['event'])
  const json = readJson(event)
  if ('value' in json) return parsedEvent(json.value, ['event'])
  if ('fault' in json) return { reason: jsonFaultText(json.fault, ['event']) }
  const rule = `must be one event, as an object or as its JSON text (${json.reason})`
  return { reason: `not an event: ${faultsText({ event }, [{ path: ['event'], rule }])}` }
}

/** `before`: the path of the value in its line. */
function parsedEvent(
  value: unknown,
  before: FieldPath,
): { readonly event: PlimsollEvent } | { readonly reason: string } {
  const parsed = plimsollEventSchema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return { event: parsed.data }
  const faults = schemaFaultsOf(parsed.error).map(({ path, rule }) => ({ path: [...before, ...path], rule }))
  const line = before.length === 0 ? value : { event: value }
  const what = isOfAnotherVersion(value) ? 'not an event of this version' : 'not an event'
  return { reason: `${what}: ${faultsText(line, faults, 'the line')}` }
}

function isOfAnotherVersion(value: unknown): boolean {
  if (!isObject(value) || !('schemaVersion' in value)) return false
  return typeof value.schemaVersion === 'number' && value.schemaVersion !== EVENT_SCHEMA_VERSION
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function jsonFaultText({ path, rule }: JsonFault, before: FieldPath = []): string {
  return `${pathText([...before, ...path])} ${rule}`
}

function textOf(
  { line, isOk, kind, subject, id, faults, differences }: Verified,
  palette: Palette,
): string[] {
  const verdict = isOk ? palette.green('ok') : palette.red('NOT VERIFIED')
  const name =
    kind === null ? [`line ${line}`] : [kind, palette.strong(visible(subject ?? '')), palette.dim(id ?? '')]
  const more = differences.length - DIFFERENCES_SHOWN_MAX
  return [
    [verdict, ...name].join('  '),
    ...faults.map((fault) => `  ${visible(fault)}`),
    ...differences.slice(0, DIFFERENCES_SHOWN_MAX).map(differenceText),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

function differenceText({ field, stated, recomputed }: Difference): string {
  return `  ${field}  stated ${shown(stated)}  recomputed ${shown(recomputed)}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  return visible(typeof value === 'string' ? value : JSON.stringify(value))
}
