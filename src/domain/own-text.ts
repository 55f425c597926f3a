/**
 * The text in memory of its own. A text that was cut out of a frame may keep the whole frame in memory, so that what is kept for
 * long, or in great numbers, must not be one.
 */
export function ownText(text: string): string {
  return [...text].join('')
}
