import type { InstrumentRules, RulesImportOptions } from '../../../src/domain/index.ts'
import { readJsonKeepingDigits } from '../../../src/input/index.ts'
import { importRules, parseVenueId, ruleBookOf } from '../../../src/venues/index.ts'

export interface Imported {
  readonly rules: Readonly<Record<string, InstrumentRules>>
  readonly refused: Readonly<Record<string, string>>
}

/** What the bodies say, in the form in which a program reads them. A text that is not JSON is a body as it is. */
export function importedFrom(
  venue: string,
  bodies: readonly unknown[],
  options: Partial<RulesImportOptions> = {},
): Imported {
  const id = parseVenueId(venue)
  const { rules, refused } = importRules(
    id,
    bodies.map((body, index) => ({ name: `body ${index}`, value: bodyValue(body) })),
    { asOf: '2026-08-01', book: ruleBookOf(id), window: 'overnight', ...options },
  )
  const newest = [...rules].map(([symbol, entries]) => [symbol, entries.at(-1)!.rules] as const)
  return { rules: Object.fromEntries(newest), refused: Object.fromEntries(refused) }
}

function bodyValue(body: unknown): unknown {
  const read = readJsonKeepingDigits(typeof body === 'string' ? body : JSON.stringify(body))
  return 'value' in read ? read.value : body
}
