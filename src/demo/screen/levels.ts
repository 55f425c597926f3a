// Levels for people: a margin ratio such as 0.7, a distance from the line such as 5%, the line itself, 1.
import type { Style } from './text.ts'

function isDistance(level: string): boolean {
  return level.endsWith('%')
}

/** How near a level is to the line, which is 1: a ratio itself, of a distance what is left beside it. For order and colour. */
export function nearnessOf(level: string): number {
  return isDistance(level) ? 1 - Number(level.slice(0, -1)) / 100 : Number(level)
}

/** What is said of an account that has reached the level. */
export function reachedWords(level: string): string {
  return isDistance(level) ? `within ${level} of the line` : `past ${level}`
}

/** What the level is, for somebody who does not know it. */
export function levelWords(level: string): string {
  return isDistance(level) ? reachedWords(level) : `margin ratio ${reachedWords(level)}`
}

/** What follows the warning levels of that kind. */
export function lineWords(warningLevel: string): string {
  return isDistance(warningLevel) ? 'then liquidation' : 'liquidation is at 1'
}

/** A level as the head of a count. */
export function levelHead(level: string): string {
  if (level === '0') return 'safe'
  return `${isDistance(level) ? '≤' : '≥'} ${level}`
}

/** A distance of 5 % and less, and a ratio of 0.7 and more, is red. */
export function styleOf(level: string): Style {
  const nearness = nearnessOf(level)
  if (!isDistance(level) && !(nearness >= 0.5)) return 'green'
  const redFrom = isDistance(level) ? 0.95 : 0.7
  return nearness >= 1 ? ['bold', 'red'] : nearness >= redFrom ? 'red' : 'yellow'
}
