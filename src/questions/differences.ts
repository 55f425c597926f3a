/** A field of an event with another value than its terms, rules and marks give. */
export interface Difference {
  readonly field: string
  readonly stated: unknown
  readonly recomputed: unknown
}

export class Differences {
  readonly found: Difference[] = []

  /** Compares figures and names as text. */
  compare(field: string, stated: unknown, recomputed: unknown): void {
    if (JSON.stringify(stated) !== JSON.stringify(recomputed)) this.add(field, stated, recomputed)
  }

  add(field: string, stated: unknown, recomputed: unknown): void {
    this.found.push({ field, stated, recomputed })
  }
}
