/**
 * Keeps what was made of one object, as a field of that object, so that both are released together. A copy of
 * the object gets the field too: what was made of the original is not handed out for it.
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
