import type { Random } from '../domain/index.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'
/** 130 random bits: two names are never the same. */
const LENGTH = 26

/** A random name of 26 letters and digits. */
export function randomName(random: Random): string {
  return Array.from({ length: LENGTH }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
}
