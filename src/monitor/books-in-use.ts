import type { RuleBook } from '../domain/index.ts'
import { assert } from '../errors.ts'

/** Rule books that accounts use at one time. A worker has two a venue while it takes new rules, else one. */
const BOOKS_MAX = 65_536

/**
 * The rule books from which the accounts under watch were compiled, by number. A book stays as long as an account uses it,
 * so that exact arithmetic judges each account by the same rules as the kernel.
 */
export class BooksInUse {
  readonly #books: (RuleBook | undefined)[] = []
  readonly #users: number[] = []

  /** The number of the book, which has one user more. */
  take(book: RuleBook): number {
    let number = this.#books.indexOf(book)
    if (number < 0) {
      const free = this.#books.indexOf(undefined)
      number = free < 0 ? this.#books.length : free
      assert(number < BOOKS_MAX, `no more than ${BOOKS_MAX} rule books are in use`)
      this.#books[number] = book
      this.#users[number] = 0
    }
    this.#users[number]!++
    return number
  }

  leave(number: number): void {
    if (--this.#users[number]! === 0) this.#books[number] = undefined
  }

  at(number: number): RuleBook {
    const book = this.#books[number]
    assert(book !== undefined, 'a rule book in use has a number')
    return book
  }
}
