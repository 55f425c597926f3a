import type { LevelRule } from '../margin/index.ts'
import type { RecordedEntry, RecordedStart, ReplayStep } from '../replay/index.ts'

export interface RecordedStepsOptions {
  /** @throws PlimsollError for levels that are none. */
  readonly ruleOf: (start: RecordedStart) => LevelRule
  /** Of the rule book that judges the venue here. */
  readonly versionOf: (venue: string) => string
  readonly say: (line: string) => void
}

/** The entries of a recording as a replay takes them. Says once of each other rule book that a worker judged by it. */
export async function* recordedSteps(
  entries: AsyncIterable<RecordedEntry>,
  { ruleOf, versionOf, say }: RecordedStepsOptions,
): AsyncGenerator<ReplayStep> {
  const said = new Set<string>()
  for await (const entry of entries) {
    if (entry.kind !== 'start') {
      yield entry
      continue
    }
    for (const [venue, version] of Object.entries(entry.ruleBooks)) {
      const own = versionOf(venue)
      const line = `${venue} was judged by rule book ${version}, and is judged by ${own} here`
      if (own === version || said.has(line)) continue
      said.add(line)
      say(line)
    }
    yield { kind: 'start', timeMs: entry.timeMs, rule: ruleOf(entry) }
  }
}
