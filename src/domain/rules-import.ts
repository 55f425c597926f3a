import type { CollateralRules } from './collateral.ts'
import type { InstrumentRules, RuleBook } from './instrument.ts'

/** A body of a public endpoint of a venue, or a file that the venue publishes. */
export interface RulesBody {
  /** The file or URL that it comes from. */
  readonly name: string
  /** Parsed JSON in which every number is its text, or the whole text of a file that is not JSON. */
  readonly value: unknown
}

/** The margin rates of a venue that asks for more overnight. */
export type SessionWindow = 'intraday' | 'overnight'

export interface RulesImportOptions {
  /** ISO day on which the venue stated the bodies. */
  readonly asOf: string
  /** The rules in use, for what a body leaves out and the venue does not change, such as the size of a contract. */
  readonly book: RuleBook
  readonly window: SessionWindow
}

/** Rules of a symbol that a body states. */
export interface StatedRules {
  /** ISO day from which they are in force; absent when the body states none. */
  readonly effectiveFrom?: string
  /** Where they come from, of a venue with several endpoints; absent where `source` of its `RulesImport` says it. */
  readonly source?: string
  readonly rules: InstrumentRules
}

/** What bodies of a venue say. A symbol or an asset is taken or refused. */
export interface ImportedRules {
  /** By symbol, ascending by `effectiveFrom`. */
  readonly rules: ReadonlyMap<string, readonly StatedRules[]>
  /** By asset: how it counts in a pool over several currencies. */
  readonly collateral: ReadonlyMap<string, CollateralRules>
  /** Why the rules of a symbol are not taken; those of an asset under the name that `collateralPlace` gives it. */
  readonly refused: ReadonlyMap<string, string>
}

/** A request to a public endpoint: a GET, or a POST of a body of JSON. `path` begins with a slash and holds the query. */
export interface RulesRequest {
  readonly path: string
  readonly body?: string
}

/** Where a venue publishes the bodies that its rules are read from. */
export interface RulesEndpoint {
  /** What the command may replace; the path of each request is added to it. */
  readonly url: string
  readonly first: readonly RulesRequest[]
  /** The requests that follow from an answer, such as that for the next page. */
  following(request: RulesRequest, answer: unknown): readonly RulesRequest[]
  /** What the venue objects, in an answer that bears the status of success; undefined for an answer that is one. */
  objectionOf(answer: unknown): string | undefined
  /** Between two requests, milliseconds, so that the venue refuses none. */
  readonly pauseMs: number
}

/** Why no public endpoint states the rules, and what to do instead. */
export interface NoRulesEndpoint {
  readonly reason: string
}

/** Reads what a venue publishes as rules. */
export interface RulesImport {
  readonly endpoint: RulesEndpoint | NoRulesEndpoint
  /** The body that says how assets count in multi-asset pools, and whether `endpoint` brings it; absent where none says it. */
  readonly collateral?: { readonly body: string; readonly isFetched: boolean }
  /** Where the rules come from, for the `source` of each entry that states none. */
  readonly source: string
  /**
   * Several bodies are read together: one may state the tiers and another the sizes of the contracts. Bodies of other
   * kinds are passed over. Does not check the tiers: `importRules` does.
   */
  read(bodies: readonly RulesBody[], options: RulesImportOptions): ImportedRules
}
