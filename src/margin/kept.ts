/**
 * Keeps a value that was computed from an object in a field of that object, so that both are released together. A copy of
 * the object shares the field; `of` returns undefined for the copy.
 */
export class Kept<Made> {
  #source: object | undefined
  #made: Made | undefined

  of(source: object): Made | undefined {
    return this.#source === source ? this.#made : undefined
  }

  set(source: object, made: Made): void {
    this.#source = source
    this.#made = made
  }
}
