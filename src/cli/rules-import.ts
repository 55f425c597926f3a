import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import {
  type ImportedRules,
  type RulesBody,
  type SessionWindow,
  shownValue,
  type VenueId,
} from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { readJson, textOfBytes } from '../input/index.ts'
import { reasonAgainstDay } from '../margin/index.ts'
import {
  mergedRules,
  readRulesBytes,
  readRulesFile,
  rulesFileText,
  type WrittenRules,
  writtenRules,
} from '../rules/index.ts'
import { kindOfFile, writeWhole } from '../system/index.ts'
import { importRules, parseVenueId, VENUE_NAMES, venueOf } from '../venues/index.ts'
import { ruleBooks } from '../worker/rule-books.ts'
import { withBookOptions } from './options.ts'
import { readBodies } from './rules-bodies.ts'
import { type EffectFlags, effectOf, type ReadEffect } from './rules-effect.ts'
import { reportOf, writeReport } from './rules-report.ts'
import type { Output } from './terminal.ts'

export interface ImportContext {
  readonly output: Output
  readonly errors: Output
  readonly nowMs: number
}

export interface ImportFlags extends EffectFlags {
  readonly venue: string
  readonly asOf?: string
  readonly window: SessionWindow
  readonly out?: string
  readonly merge?: string
  readonly rules?: string
  readonly name?: string
  readonly json?: true
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly appendfsync?: string
  readonly shard?: string
  readonly allowUnsafeRedis?: true
}

const HELP = `
A body is what an endpoint of the venue answers, as it comes; several are read
together, since one may state the tiers and another the sizes of contracts.
Prints a rules file to standard output, and on standard error which symbols are
taken, which are refused and why, and what changes against the rules in use
(built-in, under --rules). With --out or --merge the report goes to standard
output. --accounts and --stored-accounts add which margin accounts of the venue
change their level under the new rules while no price moves: by the "levels" of
the account, without them by PLIMSOLL_LEVELS.

Exit code 1 where any symbol is refused, and where an account cannot be read,
is refused under the new rules or has no verdict.`

/** `plimsoll rules import`: bodies that a venue answered, as a rules file. */
export function rulesImportCommand(context: ImportContext): Command {
  const command = new Command('import')
    .description("Makes rules of a venue's own answers, which files hold")
    .argument('<files...>', 'bodies as JSON, JSON lines or CSV; - for standard input')
    .option('--as-of <day>', 'the day on which the venue stated them; default: today, UTC', dayOf)
    .option('--name <name>', 'how standard input is called, for a file that names its product')
  return withImportOptions(command)
    .addHelpText('after', HELP)
    .action(async (files: string[], flags: ImportFlags) => {
      const bodies: RulesBody[] = []
      for (const file of files) bodies.push(...(await readBodies(file, flags.name)))
      await takeRules(context, bodies, flags)
    })
}

/** The options of all commands that take rules from bodies. */
export function withImportOptions(command: Command): Command {
  command
    .requiredOption('--venue <venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .addOption(
      new Option('--window <window>', 'of a venue that asks for more overnight')
        .choices(['overnight', 'intraday'])
        .default('overnight'),
    )
    .option('--out <file>', 'write the rules file there')
    .option('--merge <file>', 'add the rules to this rules file, in force from their day on')
    .option('--rules <file>', 'compare with the rules of this file over the built-in ones (PLIMSOLL_RULES)')
    .option('--accounts <file>', 'what the rules do to these accounts, as `plimsoll import` takes them')
    .option('--stored-accounts', 'what the rules do to the accounts of the stored book')
    .option(
      '--marks <file>',
      'present prices of the accounts, as `plimsoll what-if` takes them; where none is stated, entry prices',
    )
    .option('--json', 'report as one JSON object')
  return withBookOptions(command).option('--allow-unsafe-redis', 'read a Redis that may lose data')
}

function dayOf(text: string): string {
  if (z.iso.date().safeParse(text).success) return text
  throw new InvalidArgumentError('It must be a day such as 2025-10-10.')
}

/** Reads the bodies as rules, writes the rules file and reports. */
export async function takeRules(
  { output, errors, nowMs }: ImportContext,
  bodies: readonly RulesBody[],
  flags: Omit<ImportFlags, 'name'>,
): Promise<void> {
  const { venue: name, window, out, merge, rules: rulesFile, json } = flags
  if (out !== undefined && merge !== undefined) {
    throw new PlimsollError('USAGE', '--out writes a new file and --merge adds to one; give one of them')
  }
  // A pipe would be waited for, without a word.
  if (merge !== undefined && kindOfFile(merge) === 'other') {
    const message = `--merge is ${shownValue(merge)}, which is no regular file: only a file holds rules to add to`
    throw new PlimsollError('USAGE', message)
  }
  const venue = parseVenueId(name)
  const asOf = flags.asOf ?? new Date(nowMs).toISOString().slice(0, 'yyyy-mm-dd'.length)
  const tooLate = reasonAgainstDay(asOf, nowMs)
  if (tooLate !== undefined) throw new PlimsollError('USAGE', `--as-of is ${shownValue(asOf)}: ${tooLate}`)
  const { redisUrl, dataDir, appendfsync, shard, allowUnsafeRedis } = flags
  const place = { redisUrl, dataDir, appendfsync, shard, allowUnsafeRedis }
  const config = loadConfig({ ...place, rulesFile } as ConfigOverrides)
  const book = ruleBooks(config, nowMs).bookOf(venue)
  refuseObjections(venue, bodies)
  const imported = withoutLateDays(importRules(venue, bodies, { asOf, book, window }), nowMs)
  if (imported.rules.size + imported.collateral.size + imported.refused.size === 0) {
    const shown = bodies.map(shownBody).join('; ')
    throw new PlimsollError(
      'INPUT_INVALID',
      `no contract and no collateral of ${venue} is stated in the input: ${shown}`,
    )
  }
  const effect = await effectOf({ venue, imported, book, config, nowMs }, flags, errors)
  const text = rulesFileText(fileOf(venue, imported, { merge, day: asOf, nowMs }))
  const target = merge ?? out
  if (target === undefined) output.write(text)
  else writeWhole(target, text)
  const report = reportOf(venue, imported, book, nowMs)
  await writeReport(target === undefined ? errors : output, { ...report, effect }, json)
  if (report.refused.length > 0 || (effect !== null && isLacking(effect))) process.exitCode = EXIT_FAULT
}

/** A file that states days of its own may state one that has not come. */
function withoutLateDays({ rules, collateral, refused }: ImportedRules, nowMs: number): ImportedRules {
  const late = new Map<string, string>()
  for (const [symbol, entries] of rules) {
    for (const { rules: own } of entries) {
      const reason = reasonAgainstDay(own.asOf, nowMs)
      if (reason !== undefined) late.set(symbol, `asOf is ${shownValue(own.asOf)}: ${reason}`)
    }
  }
  const kept = [...rules].filter(([symbol]) => !late.has(symbol))
  return { rules: new Map(kept), collateral, refused: new Map([...refused, ...late]) }
}

/** A body in which the venue objects may be a page that is missing, so none is taken. */
function refuseObjections(venue: VenueId, bodies: readonly RulesBody[]): void {
  const { endpoint } = venueOf(venue).rulesImport
  if ('reason' in endpoint) return
  for (const { name, value } of bodies) {
    const objection = endpoint.objectionOf(value)
    if (objection === undefined) continue
    throw new PlimsollError('INPUT_INVALID', `${name} is no answer with rules: ${venue} answers ${objection}`)
  }
}

/** A body that states nothing, by its beginning. */
function shownBody({ name, value }: RulesBody): string {
  return typeof value === 'string'
    ? `${name} is no JSON, it begins with ${shownValue(value.trim())}`
    : `${name} is ${shownValue(value)}`
}

function isLacking({ unreadable, unknown, refused }: ReadEffect): boolean {
  return unreadable + unknown + refused.length > 0
}

function fileOf(
  venue: VenueId,
  imported: ImportedRules,
  { merge, day, nowMs }: { readonly merge: string | undefined; readonly day: string; readonly nowMs: number },
): WrittenRules {
  const { source } = venueOf(venue).rulesImport
  if (merge === undefined) return writtenRules(venue, imported, source)
  return mergedRules(readMergeFile(merge, nowMs), VENUE_NAMES, { venue, imported, source, day })
}

/** The rules file that is added to. A file that does not exist is one without rules. */
function readMergeFile(path: string, nowMs: number): WrittenRules {
  if (kindOfFile(path) === 'missing') return {}
  for (const [venue, { refused }] of readRulesFile(path, VENUE_NAMES, nowMs)) {
    for (const [symbol, reason] of refused) {
      throw new PlimsollError('RULES_INVALID', `${path} is left as it is: ${venue} ${symbol}: ${reason}`)
    }
  }
  const json = readJson(textOfBytes(readRulesBytes(path)))
  return 'value' in json ? (json.value as WrittenRules) : {}
}
