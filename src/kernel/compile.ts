import { Curves } from './curves.ts'
import type { Kernel } from './kernel.ts'
import type { KernelTerms, RowTerms } from './kernel-terms.ts'

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

  /** Adds the margin account at a level; returns its number. Its rows fire until it is re-checked. */
  add({ constant, uncertainty, rows }: KernelTerms, level: number): number {
    const account = this.#kernel.addAccount(constant, level, uncertainty)
    this.#addRows(account, rows)
    return account
  }

  /** Gives an existing account new terms; its level stays. */
  replace(account: number, { constant, uncertainty, rows }: KernelTerms): void {
    this.#kernel.removeRows(account)
    this.#kernel.setConstant(account, constant, uncertainty)
    this.#addRows(account, rows)
  }

  #addRows(account: number, rows: readonly RowTerms[]): void {
    for (const row of rows) {
      const instrument = this.#instrumentOf(row.symbol)
      const curve = this.#curves.of(row.tiers, row.coordinate)
      this.#kernel.addRow(account, instrument, curve, row.intercept, row.slope, row.scale, row.constant)
    }
  }
}
