/**
 * Characters that a terminal obeys or hides: control characters (C0, DEL, C1), marks that reorder, join or hide text,
 * separators of lines and paragraphs, and halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Makes text from outside safe for a terminal, in one line: an ESC becomes the four characters `\x1b`. Used for ids,
 * field names, symbols, words of a venue and all that quotes them.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0)!
    if (code <= 0xff) return `\\x${hex(code, 2)}`
    return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`
  })
}

/**
 * The value as one line of JSON without characters that a terminal obeys: JSON.stringify leaves DEL, C1 and the
 * reordering marks as they are. The line parses to the same value.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, index) => `\\u${hex(character.charCodeAt(index), 4)}`).join(
      '',
    ),
  )
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
