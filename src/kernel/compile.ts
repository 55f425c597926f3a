import { Curves } from './curves.ts'
import type { Kernel } from './kernel.ts'
import type { KernelTerms } from './kernel-terms.ts'

/** A rule that the kernel knows by number. */
export interface CompiledRule {
  readonly number: number
  /** Its warning levels are distances. */
  readonly isByDistance: boolean
}

/** Writes the terms of margin accounts into the kernel as rows, when an account changes and never on a tick. */
export class Compiler {
  readonly #kernel: Kernel
  readonly #instrumentOf: (symbol: string) => number
  readonly #curves: Curves

  /** `instrumentOf` gives the kernel's instrument for a symbol of the margin account's venue. */
  constructor(kernel: Kernel, instrumentOf: (symbol: string) => number) {
    this.#kernel = kernel
    this.#instrumentOf = instrumentOf
    this.#curves = new Curves(kernel)
  }

  /** Adds the margin account at a level of a rule; returns its number. Its rows fire until it is re-checked. */
  add(terms: KernelTerms, level: number, rule: CompiledRule): number {
    const account = this.#kernel.addAccount(terms.constant, level, terms.uncertainty)
    this.#fill(account, terms, rule)
    return account
  }

  /** Gives an existing account new terms and a rule; its level stays. */
  replace(account: number, terms: KernelTerms, rule: CompiledRule): void {
    this.#kernel.removeRows(account)
    this.#kernel.setConstant(account, terms.constant, terms.uncertainty)
    this.#fill(account, terms, rule)
  }

  #fill(account: number, { isOneSided, isAlways, rows }: KernelTerms, rule: CompiledRule): void {
    this.#kernel.setAccountRule(account, rule.number, isOneSided || !rule.isByDistance)
    this.#kernel.setAccountAlways(account, isAlways)
    for (const row of rows) {
      const instrument = this.#instrumentOf(row.symbol)
      const curve = this.#curves.of(row)
      this.#kernel.addRow(account, instrument, curve, row.intercept, row.slope, row.scale, row.constant)
    }
  }
}
