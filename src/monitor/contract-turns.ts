import type { Contradiction } from '../domain/index.ts'
import { CONTRADICTED, DELISTED, EXPIRED, REVIVED } from './pending-ticks.ts'

/** The present, on both clocks. */
export interface Now {
  readonly nowMs: number
  readonly nowMonotonicMs: number
}

/** Puts an entry without a mark of its own behind the marks that wait. */
export type PushAlone = (
  kind: number,
  venue: string,
  symbol: string,
  timeMs: number,
  now: Now,
  text?: string,
) => void

/** What becomes of contracts, in the order of the marks. A market that no account has held is passed over. */
export class ContractTurns {
  readonly #push: PushAlone

  constructor(push: PushAlone) {
    this.#push = push
  }

  /**
   * The contract expired at `expiryMs`, Unix milliseconds. Margin accounts that hold it have no verdict from then on, and what
   * comes as its mark is left out.
   */
  expired(venue: string, symbol: string, expiryMs: number, now: Now): void {
    this.#push(EXPIRED, venue, symbol, expiryMs, now)
  }

  /** The same of a contract that the venue lists no more, as was found at `sinceMs`. */
  delisted(venue: string, symbol: string, sinceMs: number, now: Now): void {
    this.#push(DELISTED, venue, symbol, sinceMs, now)
  }

  /** A contract that was taken for ended has not: its market has its next mark again. */
  revived(venue: string, symbol: string, now: Now): void {
    this.#push(REVIVED, venue, symbol, now.nowMs, now)
  }

  /**
   * The venue states other terms than the rules: margin accounts that hold the contract have no verdict, and its marks are left out,
   * until this is called with none. Call it so only when the accounts are compiled by rules that agree.
   */
  contradicted(venue: string, symbol: string, contradictions: readonly Contradiction[], now: Now): void {
    this.#push(CONTRADICTED, venue, symbol, now.nowMs, now, textOfContradictions(contradictions))
  }
}

const SEPARATOR = '\n'

/** As the text of an entry among ticks; empty where there are none. */
function textOfContradictions(contradictions: readonly Contradiction[]): string {
  return contradictions.flatMap(({ field, rules, venue }) => [field, rules, venue]).join(SEPARATOR)
}

export function contradictionsOfText(text: string): readonly Contradiction[] {
  const cells = text === '' ? [] : text.split(SEPARATOR)
  const contradictions: Contradiction[] = []
  for (let at = 0; at + 2 < cells.length; at += 3)
    contradictions.push({
      field: cells[at] as Contradiction['field'],
      rules: cells[at + 1]!,
      venue: cells[at + 2]!,
    })
  return contradictions
}
