import { withRoom } from '../memory/index.ts'

/** Most exact verdicts between two tries; a power of 2. */
const VERDICTS_BETWEEN_MAX = 256

/**
 * When the proof of how far prices may move is tried of a margin account. After one that failed, the account is decided exactly 1,
 * 2, 4, … times before the next try, up to VERDICTS_BETWEEN_MAX: so all that failed cost at most a few exact verdicts in the long
 * run, and an account that moves away from its levels has its proof again. 2 bytes each.
 */
export class ProofTries {
  /** Exact verdicts since the last proof that held, with that of the tries; 0 where none failed since. */
  #verdictsOf = new Uint16Array()

  /** Whether a proof is due before this exact verdict. */
  isDue(marginAccount: number): boolean {
    const verdicts = this.#verdictsOf[marginAccount] ?? 0
    return verdicts < VERDICTS_BETWEEN_MAX
      ? (verdicts & (verdicts - 1)) === 0
      : verdicts % VERDICTS_BETWEEN_MAX === 0
  }

  /** Its proof is tried at once: it held, or the account, its level or its rules changed. */
  reset(marginAccount: number): void {
    if (marginAccount < this.#verdictsOf.length) this.#verdictsOf[marginAccount] = 0
  }

  /** No proof held: the account is decided exactly. */
  decidedExactly(marginAccount: number): void {
    if (marginAccount >= this.#verdictsOf.length) this.#verdictsOf = withRoom(this.#verdictsOf, marginAccount)
    const verdicts = this.#verdictsOf[marginAccount]! + 1
    this.#verdictsOf[marginAccount] =
      verdicts > 2 * VERDICTS_BETWEEN_MAX ? VERDICTS_BETWEEN_MAX + 1 : verdicts
  }
}
