import { indexName, indexOf, isIndexName, ownText } from '../domain/index.ts'

/** Contracts of which one parser keeps the name of the index; that of a further one is made anew each time. */
const NAMES_MAX = 4_096

/** Contracts that follow the index price of an asset in one currency, and the one in whose channel it is asked for. */
export interface IndexedContracts {
  /** What a pool calls the currency. */
  readonly currency: string
  /** The contract that carries the index price of the asset. */
  contractOf(asset: string): string
  /** Its asset is the first group. Of a contract that carries another index it matches nothing. */
  readonly contract: RegExp
}

/** Which contract of a stream carries which index price. */
export class IndexCarriers {
  readonly #forms: readonly IndexedContracts[]
  /** `null`: the contract carries none. */
  readonly #names = new Map<string, string | null>()

  constructor(forms: readonly IndexedContracts[]) {
    this.#forms = forms
  }

  /** The contract that carries the index price of that name; undefined for a symbol, and for an index that none carries. */
  contractOf(name: string): string | undefined {
    const index = isIndexName(name) ? indexOf(name) : undefined
    if (index === undefined) return undefined
    const contract = this.#forms.find(({ currency }) => currency === index.currency)?.contractOf(index.asset)
    return contract !== undefined && this.nameOf(contract) === name ? contract : undefined
  }

  /** The index price that the contract carries. Each name is made once, so that a tick makes no text. */
  nameOf(contract: string): string | undefined {
    const known = this.#names.get(contract)
    if (known !== undefined) return known ?? undefined
    const name = this.#find(contract)
    if (this.#names.size < NAMES_MAX) this.#names.set(ownText(contract), name ?? null)
    return name
  }

  #find(contract: string): string | undefined {
    for (const { contract: form, currency } of this.#forms) {
      const asset = form.exec(contract)?.[1]
      const name = asset === undefined ? undefined : indexName(asset, currency)
      // A contract may be named longer than an asset can be.
      if (name !== undefined && indexOf(name) !== undefined) return name
    }
    return undefined
  }
}
