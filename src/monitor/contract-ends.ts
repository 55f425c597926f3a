import type { Contract } from '../domain/index.ts'

interface KnownContract {
  readonly contract: Contract
  /** Unix milliseconds; undefined where its name says none. */
  readonly byNameMs: number | undefined
  /** The same as the venue states it, which wins. */
  statedMs: number | undefined
  ended: 'expired' | 'delisted' | undefined
}

/** When the contracts of the book end, and which have ended: no more than the markets of the book. */
export class ContractEnds {
  readonly #contracts = new Map<string, KnownContract>()
  /** No contract that has not ended expires before it, Unix milliseconds. */
  #nextMs = Number.POSITIVE_INFINITY

  /** `byNameMs`: when it expires by its name, Unix milliseconds; undefined where that says none. */
  add(contract: Contract, byNameMs: number | undefined): void {
    this.#contracts.set(keyOf(contract), { contract, byNameMs, statedMs: undefined, ended: undefined })
    if (byNameMs !== undefined) this.#nextMs = Math.min(this.#nextMs, byNameMs)
  }

  /**
   * The venue states another expiry, Unix milliseconds; undefined: it states none, so that of the name counts. True when the
   * contract had expired and has not by this.
   */
  state(contract: Contract, expiryMs: number | undefined, nowMs: number): boolean {
    const known = this.#contracts.get(keyOf(contract))
    if (known === undefined) return false
    known.statedMs = expiryMs
    this.#nextMs = Math.min(this.#nextMs, expiryMsOf(known))
    return known.ended === 'expired' && revive(known, nowMs)
  }

  /** The venue lists the contract no more. True when it had not ended. */
  delist(contract: Contract): boolean {
    const known = this.#contracts.get(keyOf(contract))
    if (known === undefined || known.ended !== undefined) return false
    known.ended = 'delisted'
    return true
  }

  /** The venue lists it again. True when it was delisted and has not expired. */
  list(contract: Contract, nowMs: number): boolean {
    const known = this.#contracts.get(keyOf(contract))
    return known?.ended === 'delisted' && revive(known, nowMs)
  }

  /** Takes those that have expired, the first to end first. What is added meanwhile may come with the next call. */
  *takeUntil(nowMs: number): Generator<readonly [expiryMs: number, contracts: readonly Contract[]]> {
    if (nowMs < this.#nextMs) return
    const due = new Map<number, Contract[]>()
    this.#nextMs = Number.POSITIVE_INFINITY
    for (const known of this.#contracts.values()) {
      if (known.ended !== undefined) continue
      const expiryMs = expiryMsOf(known)
      if (expiryMs > nowMs) this.#nextMs = Math.min(this.#nextMs, expiryMs)
      else {
        // First, because the monitor may apply changes of the book meanwhile, which add contracts.
        known.ended = 'expired'
        const others = due.get(expiryMs)
        if (others === undefined) due.set(expiryMs, [known.contract])
        else others.push(known.contract)
      }
    }
    yield* [...due].sort(([one], [other]) => one - other)
  }
}

function expiryMsOf({ statedMs, byNameMs }: KnownContract): number {
  return statedMs ?? byNameMs ?? Number.POSITIVE_INFINITY
}

function revive(known: KnownContract, nowMs: number): boolean {
  if (expiryMsOf(known) <= nowMs) return false
  known.ended = undefined
  return true
}

function keyOf({ venue, symbol }: Contract): string {
  return `${venue} ${symbol}`
}
