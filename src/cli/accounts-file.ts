// A file of accounts, as the commands that read one take it.
import { Option } from 'commander'
import type { ImportFormat, Refusal } from '../import/index.ts'
import { visible } from './visible.ts'

export function formatOption(): Option {
  const description = 'format of the accounts; default: csv for a name that ends in .csv, else jsonl'
  return new Option('--format <format>', description).choices(['jsonl', 'csv'])
}

export function formatOf(file: string, stated: ImportFormat | undefined): ImportFormat {
  return stated ?? (file.toLowerCase().endsWith('.csv') ? 'csv' : 'jsonl')
}

/** One line for people. */
export function refusalText({ line, path, shown, rule }: Refusal): string {
  return `plimsoll: line ${line}:${visible(`${path === '' ? '' : ` ${path}`} is ${shown}: ${rule}`)}`
}

/** The reason alone: field, value and rule. */
export function refusalReason({ path, shown, rule }: Refusal): string {
  return `${path === '' ? 'the line' : path} is ${shown}: ${rule}`
}
