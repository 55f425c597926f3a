/** A property that does not hold. */
class Violation extends Error {
  readonly property: string

  constructor(property: string, message: string) {
    super(message)
    this.property = property
  }
}

/** What must hold in random cases: how often each property was checked, and in which cases it does not hold. */
export class Properties<Name extends string> {
  readonly #fault: Name
  readonly #checks = new Map<Name, number>()
  readonly #violations = new Map<string, string[]>()

  /** `fault` is the property that an error of the program itself violates. */
  constructor(fault: Name) {
    this.#fault = fault
  }

  /** Ends the case where the property does not hold: what comes after the first contradiction says nothing. */
  check(name: Name, holds: boolean, message: () => string): void {
    this.#checks.set(name, this.checksOf(name) + 1)
    if (!holds) throw new Violation(name, message())
  }

  /** Runs one case; `where` names it. */
  run(where: string, part: () => void): void {
    let property: string = this.#fault
    this.#checks.set(this.#fault, this.checksOf(this.#fault) + 1)
    try {
      part()
    } catch (error) {
      if (error instanceof Violation) property = error.property
      const { message } = error as Error
      this.#violations.set(property, [...(this.#violations.get(property) ?? []), `${where}: ${message}`])
    }
  }

  checksOf(name: Name): number {
    return this.#checks.get(name) ?? 0
  }

  violationsOf(name: Name): readonly string[] {
    return this.#violations.get(name) ?? []
  }
}
